"""The attack: what does an intruder learn who has a whole release folder and knows every rule and definition?

    python tests/acceptance/attack.py results [--only JOINT] [--every N] [--json attack.json]

Every attack in ``attacks`` takes the released files (CSV, paths and words of figures, tables for print and on pages),
works out which whole numbers fit, and is scored against the exact results in ``results/internal``. The joint ones take
all analyses of all streams at once, and know beforehand whom each count counts, though not how many. All are made on
the real release and on a naive one of the same results: small cells blank, other counts rounded to the nearest 5,
percentages, estimates and curves exact. A small count that is left with fewer than three values is found; with one, it
is pinned down. If the exact one does not fit, the attack itself is at fault, and the program stops.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests/acceptance")]

from attacks import curves, estimates, joint, printed, related, tables  # noqa: E402
from attacks.background import Background, know  # noqa: E402
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
    "tables: as printed (LaTeX), one decimal": printed.from_latex,
    "tables: on the page (HTML), one decimal": printed.from_html,
    "tables: in Word, one decimal": printed.from_word,
    "cohort steps, models and tables of the same people": related.from_sizes,
    "streams about the same people": related.from_streams,
    "curves: estimates and standard errors (CSV)": curves.from_files,
    "curves: coordinates of the drawn paths (SVG)": curves.from_paths,
    "curves: words on pointing (SVG), one decimal": curves.from_words,
    "curves crossed: groups, outcomes, nested analyses": related.from_curves,
    "odds ratio of a single covariate": estimates.from_odds_ratios,
    "p value of a single covariate": estimates.from_p_values,
    "log-rank test of two groups": estimates.from_rank_tests,
    "rates and time at risk": estimates.from_rates,
    "slope index of inequality": estimates.from_slopes,
}
#: All analyses and streams at once, by an intruder who knows whom each count counts.
JOINT: dict[str, Callable[[Release, Background, Collection[Name]], dict[Name, Bounds]]] = {
    "joint: cells and levels of all streams": joint.from_members,
    "joint: curves of all streams and grids, counts and increments": joint.from_curves,
}
REFRESHES = "two releases a week of records apart"
SAFE = 3  # values that a small count must be able to have


@dataclass
class Line:
    """One attack on one set of results, on the naive and on the real release of them."""

    attack: str
    where: str  # the run, or planted results
    targets: int  # counts that either release lets the attack look at
    small: int  # of them, exact counts from 1 to threshold - 1
    naive_found: int  # left with fewer than three values
    naive_pinned: int  # left with one
    real_found: int
    real_pinned: int
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
        found += [sum(values < SAFE for values in left), left.count(1)]
    return Line(attack, where, len(targets), len(small), *found)


def attack_results(
    results: Path, naive: Path, where: str, only: str = "", joint: bool = True, every: int = 1
) -> list[Line]:
    """Make every attack with ``only`` in its name on ``results/release`` and on ``naive``. The joint ones need the
    records of the run; they look at one of ``every`` so many times of curves."""
    streams, _ = protected_streams(results / "release")
    releases = [read_release(naive, streams, careful=False), read_release(results / "release", streams, careful=True)]
    exact: dict[Name, int] = {}
    for stream in streams:
        exact |= exact_counts(read_rows(results / "internal" / stream), releases[1].studies[stream])
    threshold = releases[1].threshold
    log = [
        score(name, where, exact, *(attack(release) for release in releases), threshold)
        for name, attack in ATTACKS.items()
        if only in name
    ]
    chosen = {name: attack for name, attack in JOINT.items() if only in name and joint}
    known = know(results.parent, streams) if chosen else Background()
    small = {name for name, count in exact.items() if 1 <= count < threshold}
    times = {""} | {*sorted({name[-1] for name in small} - {""}, key=float)[::every]}
    small = {name for name in small if name[-1] in times}
    return log + [
        score(name, where, exact, *(attack(release, known, small) for release in releases), threshold)
        for name, attack in chosen.items()
    ]


def attack_run(run: Path, folder: Path, only: str = "", every: int = 1) -> tuple[list[Line], str]:
    """Attack a finished run (the folder that holds ``results``), planted results and two refreshes; ``folder`` is for
    what has to be written. Returns the log, and what the door says of the second refresh."""
    results = run / "results"
    streams, _ = protected_streams(results / "release")
    write_naive(results / "internal", results / "release", folder / "naive", streams)
    policy = json.loads((results / "release" / streams[0] / "study.json").read_text())["policy"]
    write_planted(folder / "planted", policy)
    log = attack_results(results, folder / "naive", "run", only, every=every)
    log += attack_results(folder / "planted", folder / "planted/naive", "planted", only, joint=False)
    if only not in REFRESHES:
        return log, ""
    both = two_releases(run, folder / "refreshes")
    for attack, real in ((REFRESHES, both.real), (f"{REFRESHES}, no history", both.without_history)):
        log.append(score(attack, "run", both.exact, both.naive, real, policy["threshold"]))
    log[-2].note = "second release refused" if both.refusal else "second release not refused"
    return log, both.refusal


def main() -> None:
    """Print the log of the attack, and write it as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder with internal, release and restricted of a finished run")
    parser.add_argument("--only", default="", help="make only the attacks with these letters in their names")
    parser.add_argument("--every", type=int, default=1, help="of curves, look at one of so many times")
    parser.add_argument("--json", type=Path, help="write the log and the door's refusal here as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, refusal = attack_run(options.results.resolve().parent, Path(folder), options.only, options.every)
    _, left_out = protected_streams(options.results / "release")
    print(f"{'attack':<61} {'on':<8} targets  small  naive: found pinned  real: found pinned")
    for line in log:
        if line.targets:
            numbers = f"{line.targets:7d} {line.small:6d} {line.naive_found:13d} {line.naive_pinned:6d}"
            real = f"{line.real_found:12d} {line.real_pinned:6d}  {line.note}"
            print(f"{line.attack:<61} {line.where:<8} {numbers} {real}".rstrip())
    print("\nsmall: exact counts under the threshold; found: fewer than three numbers fit; pinned: one fits.")
    print(f"Left out, because their records are public and nothing is hidden: {', '.join(left_out) or 'none'}.")
    if refusal:
        print(f"\nThe door on the second of two releases:\n{refusal}")
    if options.json:
        said = {"log": [asdict(line) for line in log], "refusal": refusal}
        options.json.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
