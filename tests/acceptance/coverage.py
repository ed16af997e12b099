"""Does the whole chain recover what the population was made with? Coverage of 95% intervals over many seeds.

    python tests/acceptance/coverage.py --seeds 20 --scale 0.1 [--streams recurrence infants private_law]

Each seed makes a population of its own, which is harmonised, from which the cohorts are extracted and the models with
planted effects are fitted, by the library functions that the rules call. The exact estimates before disclosure
control are compared with the truth.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

from family_justice.analyses.run import run_analysis  # noqa: E402
from family_justice.cohorts.extract import extract_cohort  # noqa: E402
from family_justice.config.check import covariates_of  # noqa: E402
from family_justice.config.load import Configuration  # noqa: E402
from family_justice.config.models import Covariate, Stream  # noqa: E402
from family_justice.covariates.derive import derive_covariates  # noqa: E402
from family_justice.harmonise.research_ready import harmonise  # noqa: E402
from family_justice.results import read_results  # noqa: E402
from family_justice.sources.load import load_source, planted_truth  # noqa: E402

CODELISTS = ROOT / "config/codelists"

Estimate = tuple[str, str, str, float, float, float]  # parameter set, term, level, truth, estimate, standard error


def cohort_files(
    stream: Stream, cohort: str, covariates: dict[str, Covariate], tables: dict[str, Path], folder: Path
) -> tuple[Path, Path]:
    """Extract a cohort (after the one it starts from) and its covariates, unless that is done; return the files."""
    here = folder / cohort
    files = here / "cohort.parquet", here / "covariates.parquet"
    if not files[1].exists():
        base = stream.cohorts[cohort].base
        if base:
            tables = {**tables, "base": cohort_files(stream, base, covariates, tables, folder)[0]}
        extract_cohort(stream, cohort, tables, CODELISTS, files[0], here / "attrition.csv")
        derive_covariates(stream, cohort, covariates, tables, CODELISTS, *files)
    return files


def one_seed(seed: int, scale: float, streams: list[str]) -> list[Estimate]:
    """Return truth and estimate of every planted effect of the streams (none named: all) for one seed."""
    configuration = Configuration(ROOT / "config")
    source = configuration.source("synthetic").model_copy(update={"seed": seed, "scale": scale})
    found: list[Estimate] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        load_source(source, ROOT, folder / "raw", folder / "manifest.csv")
        harmonise(folder / "raw", folder / "ready", folder / "quality.csv", CODELISTS)
        truth = {
            (row["parameter_set"], row["term"], row["level"]): float(row["value"])
            for row in planted_truth(source, ROOT)
        }
        tables = {path.stem: path for path in (folder / "ready").glob("*.parquet")}
        for name in streams or configuration.settings.streams:
            stream = configuration.stream(name)
            covariates = covariates_of(stream, configuration.covariates())
            for comparison in stream.comparisons.values():
                if comparison.kind != "planted":
                    continue
                parameter_set = comparison.reference.removeprefix("truth:")
                cohort = stream.analyses[comparison.analysis].cohort
                files = cohort_files(stream, cohort, covariates, tables, folder / name)
                run_analysis(stream, comparison.analysis, covariates, *files, folder / "results.csv")
                rows = read_results(str(folder / "results.csv"))
                for row in rows[rows["status"] == "ok"].itertuples():
                    key = (parameter_set, row.term, row.level)
                    if row.measure.startswith("log_") and key in truth and not math.isnan(row.std_error):
                        found.append((*key, truth[key], row.estimate, row.std_error))
    return found


def main() -> None:
    """Print coverage and bias per effect and in all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--streams", nargs="*", default=[], help="default: all of config.yaml")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    with ProcessPoolExecutor(options.cores) as pool:
        answers = list(pool.map(one_seed, seeds, [options.scale] * len(seeds), [options.streams] * len(seeds)))
    by_effect: dict[tuple[str, str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for answer in answers:
        for *key, truth, estimate, std_error in answer:
            by_effect[tuple(key)].append((truth, estimate, std_error))  # type: ignore[index]
    print(f"{'effect':<75} {'truth':>7} {'mean':>7} {'bias/SE':>8} covered")
    covered: dict[str, list[bool]] = defaultdict(list)
    for (parameter_set, term, level), values in by_effect.items():
        inside = [abs(estimate - truth) <= 1.959964 * error for truth, estimate, error in values]
        covered[parameter_set] += inside
        mean = sum(estimate for _, estimate, _ in values) / len(values)
        # Bias in units of the standard error of the mean over seeds: beyond about 3 it is no accident.
        spread = math.sqrt(sum(error**2 for _, _, error in values)) / len(values)
        truth = values[0][0]
        label = f"{parameter_set} {term}={level}"
        print(f"{label:<75} {truth:7.3f} {mean:7.3f} {(mean - truth) / spread:8.2f} {sum(inside):3d} of {len(inside)}")
    everything = [hit for hits in covered.values() for hit in hits]
    for name, hits in [*covered.items(), ("all effects", everything)]:
        print(f"{name}: {sum(hits)} of {len(hits)} intervals cover the truth ({100 * sum(hits) / len(hits):.1f}%)")


if __name__ == "__main__":
    main()
