"""The jobs of the pipeline: one function per rule, which needs nothing but names.

A rule runs ``python -m family_justice.jobs JOB NAME...`` in the folder of the pipeline, and so can anybody, in a
debugger as well: ``python -m pdb -m family_justice.jobs run_analysis recurrence return_model``. Which files the names
stand for says ``layout``. Without ``--log`` nothing is caught and nothing redirected: an error shows all that Python
knows of it, which may be a value of a record.

A function imports what it runs, because that is the code that its result depends on (``fingerprint.of_job``).
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.config.schema import Covariate, Stream
from family_justice.errors import DamageError, PipelineError
from family_justice.job import job
from family_justice.kinds.attrition.model import Attrition
from family_justice.kinds.second_program.model import SecondProgram
from family_justice.layout import Layout
from family_justice.planned import check_unchanged
from family_justice.rooms import INTERNAL, RELEASE, RESTRICTED, memory_of, private_job

HERE, CONFIG, CODELISTS = Path("."), Path("config"), Path("config/codelists")
#: What Snakemake was told to change in config.yaml (``--config``, ``--configfile``), as JSON. Never a secret.
OVERRIDES = "FAMILY_JUSTICE_CONFIG"


def read_layout() -> Layout:
    """Return the files of the configuration in ``config/``, with what Snakemake was told to change in it."""
    return Layout(Configuration(CONFIG, json.loads(os.environ.get(OVERRIDES, "{}"))))


def _stream(files: Layout, name: str) -> tuple[Stream, dict[str, Covariate]]:
    stream = files.stream(name)
    return stream, covariates_of(stream, files.configuration.covariates())


def _tables(folder: str) -> dict[str, Path]:
    return {path.stem: path for path in Path(folder).glob("*.parquet")}


def _salt(files: Layout, stream: str) -> bytes:
    """Return the salt of the records that a stream reads; made-up people and public files need none: prints repeat.

    Raises ``DamageError`` if it is gone while releases of records are remembered by it.
    """
    from family_justice.prints import NO_SALT, salt_of

    if files.is_synthetic(files.source_of(stream)) or files.configuration.is_public(files.stream(stream)):
        return NO_SALT
    if not Path(RESTRICTED, ".salt").is_file() and any(Path(INTERNAL, "releases").glob("*.*.*.npz")):
        raise DamageError(
            f"{RESTRICTED}/.salt is gone, and releases are remembered by it. Put back a copy; only if no release may "
            f"ever be compared with these, remove {INTERNAL}/releases"
        )
    return salt_of(Path(RESTRICTED))


# --- records ----------------------------------------------------------------------------------------------------------


def load_source(source: str) -> None:
    """Bring the raw tables of a source into the restricted room."""
    from family_justice.sources.load import load_source as load

    files = read_layout()
    raw, manifest = files.records(source, "raw"), files.counts(source, "manifest")
    load(files.settings_of_source(source), HERE, Path(raw), Path(manifest))


def harmonise_records(source: str, threads: str = "1") -> None:
    """Make the research-ready tables of a source."""
    from family_justice.harmonise.research_ready import harmonise

    files = read_layout()
    raw, ready = (Path(files.records(source, state)) for state in ("raw", "ready"))
    options = files.settings_of_source(source).harmonise_options()
    harmonise(raw, ready, Path(files.counts(source, "quality")), CODELISTS, options, threads=int(threads))


def build_datasets(source: str) -> None:
    """Make the flat data sets of a source from its research-ready tables, and check both."""
    from family_justice.harmonise.datasets import build_datasets as build

    files = read_layout()
    ready, datasets = (Path(files.records(source, state)) for state in ("ready", "datasets"))
    build(ready, datasets, Path(files.counts(source, "checks")), CODELISTS)


def evaluate_harmonisation(source: str) -> None:
    """Compare what harmonisation found in a synthetic source with the defects that were planted."""
    from family_justice.harmonise.recovery import evaluate_harmonisation as evaluate

    files = read_layout()
    raw, ready = (Path(files.records(source, state)) for state in ("raw", "ready"))
    quality, recovery = (Path(files.counts(source, what)) for what in ("quality", "recovery"))
    usable_from = files.settings_of_source(source).harmonise_options().cms_orders_usable_from
    evaluate(raw, ready, quality, recovery, usable_from)


def calibrate_population(source: str) -> None:
    """Set published figures beside what the research-ready tables of a source give."""
    from family_justice.analyses.calibration import calibrate

    files = read_layout()
    scale = getattr(files.settings_of_source(source), "scale", 1.0)
    calibrate(Path(files.records(source, "ready")), CONFIG, scale, Path(files.counts(source, "calibration")))


# --- cohorts and analyses ---------------------------------------------------------------------------------------------


def extract_cohort(stream: str, cohort: str) -> None:
    """Extract a cohort of a stream and count its attrition."""
    from family_justice.cohorts.extract import extract_cohort as extract

    files = read_layout()
    tables = _tables(files.tables(stream))
    if base := files.base_cohort(stream, cohort):
        tables["base"] = Path(base)
    members = Path(files.cohort(stream, cohort))
    attrition = Path(files.internal_results(stream, Attrition.name_of(cohort)))
    about = files.stream(stream)
    codelists = files.configuration.codelists_of(about)
    extract(about, cohort, tables, codelists, members, attrition, _salt(files, stream))


def derive_covariates(stream: str, cohort: str, *names: str) -> None:
    """Derive covariates of a cohort; without a name, all of them."""
    from family_justice.covariates.derive import derive_covariates as derive

    files = read_layout()
    about, covariates = _stream(files, stream)
    members, derived = Path(files.cohort(stream, cohort)), Path(files.covariates(stream, cohort))
    lists = files.configuration.codelists_of(about)
    derive(about, cohort, covariates, _tables(files.tables(stream)), lists, members, derived, names or None)


def run_analysis(stream: str, analysis: str) -> None:
    """Run an analysis of a stream on the members of its cohort."""
    from family_justice.analyses.run import run_analysis as run

    files = read_layout()
    about, covariates = _stream(files, stream)
    cohort = files.cohort_of(stream, analysis)
    members, derived = Path(files.cohort(stream, cohort)), Path(files.covariates(stream, cohort))
    results = Path(files.internal_results(stream, analysis))
    run(about, analysis, covariates, members, derived, results, _salt(files, stream))


def refit_analyses(stream: str) -> None:
    """Fit the analyses of a stream by a second program; fail where its answers are not ours."""
    from family_justice.second_program.check import check_stream

    files = read_layout()
    about, covariates = _stream(files, stream)
    restricted, internal = (Path(room, stream) for room in (RESTRICTED, INTERNAL))
    check_stream(about, covariates, restricted, internal, Path(files.internal_results(stream, SecondProgram.kind)))


def count_quality(stream: str, analysis: str) -> None:
    """Turn counts of the records themselves into results of a stream."""
    from family_justice.kinds.quality.run import count_quality as count

    files = read_layout()
    counted, results = files.counted(stream, analysis), files.internal_results(stream, analysis)
    count(stream, analysis, Path(counted), Path(results))


# --- the door, and what is made of what has passed it -----------------------------------------------------------------


def disclose_results(stream: str, code: str = "") -> None:
    """Open the door for a stream: disclosure control of all its results, or of none. ``code``: what made them."""
    from family_justice import fingerprint
    from family_justice.disclosure.release import release_stream

    files = read_layout()
    internal = {name: Path(files.internal_results(stream, name)) for name in files.analyses(stream)}
    release, suppressions = Path(files.folder(stream)), Path(files.suppressions(stream))
    manifest = Path(files.counts(files.source_of(stream), "manifest"))
    code = code or fingerprint.of_stage(*fingerprint.OF_RESULTS)
    release_stream(files.configuration, stream, internal, release, suppressions, manifest, code)


def compare_results(stream: str) -> None:
    """Set the released results of a stream beside reference values."""
    from family_justice.report.comparisons import compare_results as compare
    from family_justice.sources.load import planted_truth

    files = read_layout()
    about, covariates = _stream(files, stream)
    truth = planted_truth(files.settings_of_source(files.source_of(stream)), HERE)
    compare(about, covariates, Path(files.folder(stream)), truth, HERE, Path(files.comparisons(stream)))


def draw_figures(stream: str, *analyses: str) -> None:
    """Draw the figures of analyses of a stream from their released rows; without a name, all of the stream."""
    from family_justice.figures.draw import draw_figures as draw

    draw(Path(read_layout().folder(stream)), CODELISTS, analyses)


def write_stream_page(stream: str) -> None:
    """Write the page of a stream, and its tables for a paper."""
    from family_justice.report.pages import write_stream_page as write

    files = read_layout()
    write(Path(files.folder(stream)), files.titles())


def write_guide(stream: str) -> None:
    """Write the data dictionary, the data guide and the catalogue entries of a stream's records."""
    from family_justice.report.guide.data_guide import write_guide as write

    files = read_layout()
    write(Path(files.folder(stream)), files.configuration.catalogue(), CODELISTS)


def write_evidence(stream: str) -> None:
    """Write what goes with the release of a stream: the checker's page, the checklist, where numbers come from."""
    from family_justice.report.evidence.checker_page import write_checker_files
    from family_justice.report.evidence.checklist import write_checklist
    from family_justice.report.trace import write_trace

    files = read_layout()
    folder = Path(files.folder(stream))
    write_checklist(folder)
    write_trace(folder)
    write_checker_files(folder, [Path(path).relative_to(folder).as_posix() for path in files.release_files(stream)])


def write_index() -> None:
    """Write the front page of the report."""
    from family_justice.report.pages import write_index as write

    write(RELEASE, read_layout().streams, CONFIG / "references/inconsistencies.csv")


def write_crate() -> None:
    """Describe the whole release, the run that made it, and who answers for it, as an RO-Crate."""
    from family_justice.report.evidence.crate import write_crate as write

    files = read_layout()
    main = next(path for path in (Path("workflow/Snakefile"), Path("Snakefile")) if path.is_file())
    write(RELEASE, files.streams, main, files.configuration.settings.project)


def reproduce(report: str) -> None:
    """Make the release again from released rows alone into ``report``; fail if a byte of it comes out differently."""
    from family_justice.report.reproduce import reproduce as again

    catalogue = read_layout().configuration.catalogue()
    different = again(RELEASE, report, CODELISTS, catalogue)
    if different:
        raise PipelineError("the release does not reproduce:\n" + "\n".join(f"  - {line}" for line in different))


JOBS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        *(load_source, harmonise_records, build_datasets, evaluate_harmonisation, calibrate_population),
        *(extract_cohort, derive_covariates, run_analysis, refit_analyses, count_quality),
        *(disclose_results, compare_results, draw_figures, write_stream_page, write_guide, write_evidence),
        *(write_index, write_crate, reproduce),
    )
}


def main(arguments: list[str]) -> None:
    """Run the job ``arguments[0]`` for the names that follow; ``--log FILE`` in front of it keeps its output there."""
    log = arguments[1] if arguments[:1] == ["--log"] else ""
    name, *names = arguments[2:] if log else arguments or [""]
    if name not in JOBS:
        raise SystemExit(f"Usage: python -m family_justice.jobs [--log FILE] JOB NAME...\nJobs: {', '.join(JOBS)}")
    if not log:
        return run_job(name, names)
    with job(log):
        run_job(name, names)


def run_job(name: str, names: list[str]) -> None:
    """Run one job: with a private room, the memory of its rule, and the configuration that it was planned with."""
    stream = inspect.signature(JOBS[name]).bind(*names).arguments.get("stream")
    check_unchanged(CONFIG, stream)
    with private_job(memory_of(name)):
        JOBS[name](*names)
    check_unchanged(CONFIG, stream)


if __name__ == "__main__":
    main(sys.argv[1:])
