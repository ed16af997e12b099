"""Make figures and pages again from a release folder alone, and say of every file whether it comes out the same.

A reviewer has the release and this repository, and no record. What was drawn and written from released rows must come
out byte for byte; percentages and life tables must follow from the released counts.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from family_justice import fingerprint
from family_justice.errors import PipelineError
from family_justice.figures.draw import draw_stream, read_study
from family_justice.files import atomic
from family_justice.report.checklist import write_checklist
from family_justice.report.evidence import write_checker_files
from family_justice.report.pages import write_index, write_stream_page
from family_justice.report.trace import write_trace
from family_justice.results import read_results

if TYPE_CHECKING:
    import pandas as pd

#: What a reviewer is given; all else is made from it.
GIVEN = ("study.json", "comparisons.csv", "results.csv")
COLUMNS = ("file", "released", "made_again", "verdict")
#: Released values have ten significant digits.
RELATIVE = 1e-8


def reproduce(release: str | Path, report: str | Path, codelists: Path, catalogue: object) -> list[str]:
    """Make the release again and write ``report``: file, SHA-256 released and made again, verdict.

    Returns the files that differ, are missing or too many, and the results whose values do not follow from their
    counts; none of them if the release reproduces. Raises ``PipelineError`` if there is no release.
    """
    folder = Path(release)
    page = folder / "index.html"
    if not page.is_file():
        raise PipelineError(f"{folder}: there is no release to reproduce; put the released folder there")
    streams = _streams(page)
    lines: list[tuple[str, str, str, str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch, "release")
        for stream in streams:
            _make_again(folder / stream, again / stream, codelists, catalogue)
        write_index(again, streams, codelists.parent / "references" / "inconsistencies.csv")
        names = sorted({*_files(folder, streams), *_files(again, streams)})
        for name in names:
            before, after = _hash(folder / name), _hash(again / name)
            verdict = (
                "the same"
                if before == after
                else "different"
                if before and after
                else "missing"
                if after
                else "too many"
            )
            lines.append((name, before, after, verdict))
    for name in (name for name in names if name.endswith("/results.csv")):
        wrong = recomputed_differently(folder / name)
        lines.append(
            (name, "", "", f"{wrong} values do not follow from the counts" if wrong else "follows from its counts")
        )
    with atomic(report) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    return [
        f"{name}: {verdict}" for name, _, _, verdict in lines if verdict not in ("the same", "follows from its counts")
    ]


def recomputed_differently(results: Path) -> int:
    """Return how many percentages and points of life tables in a file of results do not follow from its counts.

    Percentages are 100 n / total. A curve under a policy that rounds is the actuarial life table of its cumulative
    counts; one of public records is exact, and does not follow from counts on a grid.
    """
    rows = read_results(str(results))
    rows = rows[rows["estimate"].notna()]
    percent = rows[rows["measure"] == "percent"]
    expected = 100 * percent["n"].astype(float) / percent["total"].astype(float)
    wrong = int((~np.isclose(percent["estimate"], expected, rtol=RELATIVE)).sum())
    rounds = read_study(results.parents[1])["policy"]["rounding_base"] > 1
    curves = rows[rows["measure"].isin(["survival", "cumulative_incidence"]) & rows["events"].notna() & rounds]
    for (measure, *_), curve in curves.groupby(["measure", "outcome", "group"], sort=False):
        curve = curve[curve["time"].notna()].sort_values("time")
        wrong += int((~np.isclose(curve["estimate"], _life_table(str(measure), curve), rtol=RELATIVE, atol=1e-9)).sum())
    return wrong


def _life_table(measure: str, curve: pd.DataFrame) -> np.ndarray:
    from family_justice.estimators.life_table import actuarial

    cumulative = {name: curve[name].fillna(0).to_numpy(dtype=np.int64) for name in ("events", "competing", "censored")}
    new = {name: np.diff(counts, prepend=0) for name, counts in cumulative.items()}
    left = np.maximum(int(curve["n"].iloc[0]) - sum(cumulative.values()), 0)
    at_start = np.concatenate([[int(curve["n"].iloc[0])], left[:-1]])
    if measure == "survival":
        return actuarial(at_start, new["events"], new["censored"] + new["competing"]).survival
    both = np.column_stack([new["events"], new["competing"]])
    return actuarial(at_start, both, new["censored"]).cumulative_incidence[:, 0]


def _make_again(released: Path, again: Path, codelists: Path, catalogue: object) -> None:
    """Make one stream's figures and pages again from what a reviewer is given."""
    for path in sorted(released.rglob("*")):
        if path.name in GIVEN and path.is_file():
            target = again / path.relative_to(released)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    draw_stream(again, codelists)
    write_stream_page(again)
    if read_study(again).get("data_guide"):
        from family_justice.report.guide import write_guide

        write_guide(again, catalogue, codelists)  # type: ignore[arg-type]
    write_checklist(again)
    write_trace(again)
    write_checker_files(again)


def _streams(page: Path) -> list[str]:
    """Return the streams of a release in the order of its front page."""
    folders = [path.name for path in page.parent.iterdir() if (path / "study.json").is_file()]
    text = page.read_text(encoding="utf-8")
    return sorted(folders, key=lambda name: text.find(f'href="{name}/index.html"'))


def _files(release: Path, streams: list[str]) -> list[str]:
    """Return every file of the streams, and the front page; the crate tells the day it was made and is left out."""
    names = [
        path.relative_to(release).as_posix()
        for name in streams
        for path in (release / name).rglob("*")
        if path.is_file()
    ]
    return [*names, "index.html"]


def _hash(path: Path) -> str:
    return fingerprint.of_file(path) if path.is_file() else ""
