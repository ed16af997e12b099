"""Make figures and pages again from a release folder alone, and say of every file whether it comes out the same.

A reviewer has the release and this repository, and no record. What was drawn and written from released rows must come
out byte for byte; what follows from the released counts is worked out again (``recompute``).
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path

from family_justice import fingerprint
from family_justice.errors import PipelineError
from family_justice.figures.draw import draw_figures, read_study
from family_justice.files import atomic
from family_justice.layout import GIVEN, PAGE, RESULTS, STUDY, goes_with_seal
from family_justice.report.evidence.checker_page import unsealed, write_checker_files
from family_justice.report.evidence.checklist import write_checklist
from family_justice.report.pages import write_index, write_stream_page
from family_justice.report.recompute.results import recompute
from family_justice.report.trace import write_trace

COLUMNS = ("file", "what", "values", "released", "made_again", "verdict")
SAME = "the same"
NOT_MADE = "not made again: the seal of its stream is broken"
UNSEALED = "not the file that passed the door; ask for the release again"


def reproduce(release: str | Path, report: str | Path, codelists: Path, catalogue: object) -> list[str]:
    """Make the release again and write ``report``.

    It has one row per file of results that was changed since it passed the door (``what`` is "seal"), one per file
    (``what`` is "bytes", ``released`` and ``made_again`` its SHA-256) and below them one per
    measure of each file of results: how many values were compared, the one furthest off if any is (of a test always)
    as released and as worked out again, and the verdict, or why the measure cannot be worked out.

    Files that only sealed results may have are not made again of a stream with a broken seal.

    Returns the files that differ, are missing or too many, and the measures whose values do not follow from the
    counts; none of them if the release reproduces. Raises ``PipelineError`` if there is no release.
    """
    folder = Path(release)
    page = folder / PAGE
    if not page.is_file():
        raise PipelineError(f"{folder}: there is no release to reproduce; put the released folder there")
    streams = _streams(page)
    titles = [(stream, str(read_study(folder / stream)["title"])) for stream in streams]
    lines: list[tuple[str, ...]] = []
    wrong: list[str] = []
    broken: set[str] = set()
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch, "release")
        for stream in streams:
            changed = [f"{stream}/{name}" for name in unsealed(folder / stream, read_study(folder / stream))]
            lines += [(name, "seal", "", "", "", UNSEALED) for name in changed]
            wrong += [f"{name}: {UNSEALED}" for name in changed]
            broken |= {stream} if changed else set()
            _make_again(folder / stream, again / stream, titles, codelists, catalogue, sealed=not changed)
        write_index(again, streams, codelists.parent / "references" / "inconsistencies.csv")
        names = sorted({*_files(folder, streams), *_files(again, streams)})
        for name in names:
            before, after = _hash(folder / name), _hash(again / name)
            verdict = SAME if before == after else _difference(before, after)
            if name.split("/")[0] in broken and not after and goes_with_seal(name.partition("/")[2]):
                verdict = NOT_MADE
            lines.append((name, "bytes", "", before, after, verdict))
            wrong += [] if verdict in (SAME, NOT_MADE) else [f"{name}: {verdict}"]
    for name in (name for name in names if name.endswith(f"/{RESULTS}") and (folder / name).is_file()):
        for check in recompute(folder / name):
            about = (check.what, str(check.values), check.released, check.made_again, check.verdict)
            lines.append((name, *about))
            wrong += [] if check.agrees else [f"{name}: {check.what}: {check.verdict}"]
    with atomic(report) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    return wrong


def _make_again(
    released: Path, again: Path, titles: list[tuple[str, str]], codelists: Path, catalogue: object, sealed: bool
) -> None:
    """Make one stream's figures and pages again from what a reviewer is given; what goes with a release is written of
    sealed results only."""
    for path in sorted(released.rglob("*")):
        if path.name in GIVEN and path.is_file():
            target = again / path.relative_to(released)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    draw_figures(again, codelists)
    write_stream_page(again, titles)
    if read_study(again).get("data_guide"):
        from family_justice.report.guide.data_guide import write_guide

        write_guide(again, catalogue, codelists)  # type: ignore[arg-type]
    write_checklist(again)
    write_trace(again)
    if sealed:
        write_checker_files(again)


def _streams(page: Path) -> list[str]:
    """Return the streams of a release in the order of its front page."""
    folders = [path.name for path in page.parent.iterdir() if (path / STUDY).is_file()]
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
    return [*names, PAGE]


def _difference(before: str, after: str) -> str:
    return "different" if before and after else "missing" if after else "too many"


def _hash(path: Path) -> str:
    return fingerprint.of_file(path) if path.is_file() else ""
