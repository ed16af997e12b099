"""What each command does: a few lines around one part of the library, which is imported only then."""

from __future__ import annotations

import argparse
from pathlib import Path

from family_justice.errors import PipelineError, did_you_mean

CONFIG = Path("config")


def run(known: argparse.Namespace, rest: list[str]) -> int:
    """Run the pipeline, or a quick look."""
    from family_justice.command import start

    if known.quick:
        return start.quick_look(rest)
    return start.pipeline(rest)


def test(known: argparse.Namespace, rest: list[str]) -> int:
    """Run the tests."""
    from family_justice.command import start

    return start.tests(rest)


def reproduce(known: argparse.Namespace, rest: list[str]) -> int:
    """Make the release again and compare it."""
    from family_justice.command import start

    return start.pipeline(["reproduce", *rest])


def init(known: argparse.Namespace, rest: list[str]) -> None:
    """Write a study file."""
    from family_justice.command.study_file import Duration, write_study

    duration = Duration(known.time, known.event, known.status, known.entry, known.until)
    print("\n".join(write_study(CONFIG, known.name, known.file, duration)))


def check(known: argparse.Namespace, rest: list[str]) -> None:
    """Check the configuration and all SQL in it."""
    from family_justice.command.check import check

    print("\n".join(check(CONFIG, known.streams)))


def sql(known: argparse.Namespace, rest: list[str]) -> int:
    """Open the console."""
    from family_justice.command.console import console

    return console(CONFIG, known.stream, known.statement)


def plan(known: argparse.Namespace, rest: list[str]) -> None:
    """Lock plans."""
    import datetime

    from family_justice.config.load import Configuration
    from family_justice.config.plan import lock

    configuration = Configuration(CONFIG)
    for name in known.streams:
        print(f"locked: {lock(configuration, CONFIG, name, datetime.datetime.now(datetime.UTC).date())}")


def report(known: argparse.Namespace, rest: list[str]) -> None:
    """Say where pages are."""
    from family_justice.rooms import RELEASE

    release = Path(RELEASE)
    there = {path.parent.name: path for path in sorted(release.glob("*/index.html"))}
    front = release / "index.html"
    missing = [name for name in known.streams if name not in there]
    if missing:
        raise PipelineError(
            f"There is no page of '{missing[0]}' yet. First: ./family-justice run {missing[0]}. "
            f"{did_you_mean(missing[0], there)}"
        )
    pages = [there[name] for name in known.streams] or [*([front] if front.is_file() else []), *there.values()]
    if not pages:
        raise PipelineError("There is no page yet. First: ./family-justice run, or ./family-justice run --quick")
    print("\n".join(str(page.absolute()) for page in pages))
    if known.open:
        import webbrowser

        if not webbrowser.open(pages[0].absolute().as_uri()):
            raise PipelineError("No web browser was found here; open the first of these files in one")


def trace(known: argparse.Namespace, rest: list[str]) -> None:
    """Say where a number comes from."""
    from family_justice.report.trace import traced
    from family_justice.rooms import RELEASE

    folder = Path(known.stream)
    if not folder.is_dir() and Path(RELEASE, known.stream).is_dir():
        folder = Path(RELEASE, known.stream)
    print("\n".join(traced(folder, known.analysis, known.row)))


def changes(known: argparse.Namespace, rest: list[str]) -> None:
    """Compare two releases."""
    from family_justice.report.compare_releases import compare_releases

    for found in compare_releases(known.before, known.after, known.folder):
        said = "changed" if found.state == "in both" else found.state
        print(f"{found.stream}: {'nothing changed' if found.same else said}")
    print(f"written: {known.folder / 'index.html'}")


def unpack(known: argparse.Namespace, rest: list[str]) -> None:
    """Put released files in their places: complete if all was released, or say what was not."""
    from family_justice.report.evidence.checker_page import write_checker_files
    from family_justice.report.unpack import unpack

    number, missing = unpack(known.archive, known.folder)
    print(f"{number} files in {known.folder}")
    for name in missing:
        print(f"not in the archive: {name}")
    if not missing:
        write_checker_files(known.folder)  # the bundle itself, which the viewer does not hand out as it was


def pack(known: argparse.Namespace, rest: list[str]) -> None:
    """Make the archive for a place without a network."""
    import platform

    from family_justice.command.pack import lines_of
    from family_justice.command.pack import pack as make

    python = known.python or ".".join(platform.python_version_tuple()[:2])
    print("\n".join(lines_of(*make(Path(), known.folder, python, known.machine or platform.machine(), known.tests))))
