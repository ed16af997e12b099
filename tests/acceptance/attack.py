"""The attack: what does an intruder learn who has a whole release folder and nothing else?

    python tests/acceptance/attack.py results [--csv attack.csv]

Every attack in ``attacks`` takes the released files alone (CSV, paths and words of figures, tables for print), works
out which whole numbers fit, and is scored against the exact results in ``results/internal``. It is made on the real
release and on a naive one of the same results: small cells blank, other counts rounded to the nearest 5, percentages,
estimates and curves exact. A count is pinned down if one number fits. If the exact one does not fit, the attack itself
is at fault, and the program stops.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests/acceptance")]

from attacks import curves, estimates, printed, related, tables  # noqa: E402
from attacks.planted import write_planted  # noqa: E402
from attacks.refreshes import two_releases  # noqa: E402
from attacks.release import (  # noqa: E402
    Bounds,
    Name,
    Release,
    exact_counts,
    protected_streams,
    read_release,
    read_rows,
    write_naive,
)

ATTACKS: dict[str, Callable[[Release], dict[Name, Bounds]]] = {
    "tables: rounded margins": tables.from_counts,
    "tables: margins, percentages and agreement": tables.from_percentages,
    "tables: percentages alone": tables.from_percentages_alone,
    "tables: as printed (LaTeX), one decimal": printed.from_print,
    "cohort steps, models and tables of the same people": related.from_sizes,
    "streams about the same people": related.from_streams,
    "curves: estimates and standard errors (CSV)": curves.from_files,
    "curves: coordinates of the drawn paths (SVG)": curves.from_paths,
    "curves: words on pointing (SVG), one decimal": curves.from_words,
    "curves crossed: groups, outcomes, nested analyses": related.from_curves,
    "odds ratio of a single covariate": estimates.from_odds_ratios,
    "rates and time at risk": estimates.from_rates,
    "slope index of inequality": estimates.from_slopes,
}
REFRESHES = "two releases a week of records apart"


@dataclass
class Line:
    """One attack on one set of results, on the naive and on the real release of them."""

    attack: str
    where: str  # the run, or planted results
    targets: int  # counts that either release lets the attack look at
    small: int  # of them, exact counts from 1 to threshold - 1
    naive_pinned: int
    naive_two: int  # left with two values
    real_pinned: int
    real_two: int
    note: str = ""


def score(
    attack: str, where: str, exact: dict[Name, int], naive: dict[Name, Bounds], real: dict[Name, Bounds], top: int
) -> Line:
    """Compare what an intruder finds with the exact counts."""
    targets = [name for name in exact if name in naive or name in real]
    small = [name for name in targets if 1 <= exact[name] < top]
    found = []
    for answer in (naive, real):
        wrong = [name for name in targets if name in answer and not answer[name][0] <= exact[name] <= answer[name][1]]
        assert not wrong, f"{attack}: faulty, the exact count is not among those that fit: {wrong[0]}"
        left = [answer[name][1] - answer[name][0] + 1 for name in small if name in answer]
        found += [left.count(1), left.count(2)]
    return Line(attack, where, len(targets), len(small), *found)


def attack_results(results: Path, naive: Path, where: str) -> list[Line]:
    """Make every attack on ``results/release`` and on ``naive``."""
    streams, _ = protected_streams(results / "release")
    releases = [read_release(naive, streams, careful=False), read_release(results / "release", streams, careful=True)]
    exact: dict[Name, int] = {}
    for stream in streams:
        exact |= exact_counts(read_rows(results / "internal" / stream), releases[1].studies[stream])
    return [
        score(name, where, exact, *(attack(release) for release in releases), releases[1].threshold)
        for name, attack in ATTACKS.items()
    ]


def attack_run(run: Path, folder: Path) -> tuple[list[Line], str]:
    """Attack a finished run (the folder that holds ``results``), planted results and two refreshes; ``folder`` is for
    what has to be written. Returns the log, and what the door says of the second refresh."""
    results = run / "results"
    streams, _ = protected_streams(results / "release")
    write_naive(results / "internal", results / "release", folder / "naive", streams)
    policy = json.loads((results / "release" / streams[0] / "study.json").read_text())["policy"]
    write_planted(folder / "planted", policy)
    log = attack_results(results, folder / "naive", "run")
    log += attack_results(folder / "planted", folder / "planted/naive", "planted")
    both = two_releases(run, folder / "refreshes")
    for attack, real in ((REFRESHES, both.real), (f"{REFRESHES}, no history", both.without_history)):
        log.append(score(attack, "run", both.exact, both.naive, real, policy["threshold"]))
    log[-2].note = "second release refused" if both.refusal else "second release not refused"
    return log, both.refusal


def main() -> None:
    """Print the log of the attack, and write it as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder with internal, release and restricted of a finished run")
    parser.add_argument("--csv", type=Path, help="write the log here as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, refusal = attack_run(options.results.resolve().parent, Path(folder))
    _, left_out = protected_streams(options.results / "release")
    print(f"{'attack':<52} {'on':<8} targets  small  naive: pinned of two  real: pinned of two")
    for line in log:
        if line.targets:
            numbers = f"{line.targets:7d} {line.small:6d} {line.naive_pinned:14d} {line.naive_two:6d}"
            real = f"{line.real_pinned:13d} {line.real_two:6d}  {line.note}"
            print(f"{line.attack:<52} {line.where:<8} {numbers} {real}".rstrip())
    print("\nsmall: exact counts under the threshold; pinned: one number fits; of two: two numbers fit.")
    print(f"Left out, because their records are public and nothing is hidden: {', '.join(left_out) or 'none'}.")
    if refusal:
        print(f"\nThe door on the second of two releases:\n{refusal}")
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Line)], lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(line) for line in log)


if __name__ == "__main__":
    main()
