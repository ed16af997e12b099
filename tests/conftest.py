"""One real run of the whole pipeline at a small scale, shared by all tests that look at results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Small enough to be quick, large enough that every analysis has events in every group that it needs.
SCALE = 0.06


#: Folders whose tests harmonise records, draw many samples or attack a release: slow as a whole.
SLOW_FOLDERS = {"acceptance", "property", "spec"}
WHOLE_RUNS = {"crashed_run", "finished_run"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a whole run, and the folders above; ``pytest -m "not slow"`` leaves them out."""
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in SLOW_FOLDERS or WHOLE_RUNS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def copy_of_repository(folder: Path) -> Path:
    """Copy what a run needs, without results, and set the synthetic population to the small scale."""
    folder.mkdir(parents=True)
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    source = folder / "config/sources/synthetic.yaml"
    lines = [f"scale: {SCALE}" if line.startswith("scale:") else line for line in source.read_text().splitlines()]
    source.write_text("\n".join(lines) + "\n")
    return folder


def run_snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake with the interpreter of the tests; what it says is in the answer."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=dict(os.environ))


#: What every job says of a record when it is made to crash: an identifier, a date of birth, a small area. Put together
#: here, because the repository is searched for it as well.
CANARY = " ".join(("11" + 8 * "9", f"{1901}-02-04", "W98" + 6 * "9"))
SABOTAGE = """
from pathlib import Path

def crash_once(arguments):
    marker = Path(arguments[arguments.index("--log") + 1] + ".crashed")
    if not marker.is_file():
        marker.touch()
        print("reading the records")
        raise ValueError("cannot convert %s" % "CANARY")
"""


@pytest.fixture(scope="session")
def crashed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on one core in which every job crashed once, with a record in its message."""
    folder = copy_of_repository(tmp_path_factory.mktemp("crashed") / "pipeline")
    (folder / "workflow/sabotage.py").write_text(SABOTAGE.replace("CANARY", CANARY))
    path = folder / "workflow/family_justice/jobs.py"
    before, start, block = path.read_text().partition("    with job(log):\n")
    assert start
    path.write_text(f"{before}{start}        import sabotage\n\n        sabotage.crash_once(arguments)\n{block}")
    answer = run_snakemake(folder, "--cores", "1", "--retries", "1")
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-6000:]
    logs = {path for path in (folder / "logs").rglob("*.log") if path.name != "reproduce_release.log"}
    assert logs == {path.with_suffix("") for path in (folder / "logs").rglob("*.crashed")}
    (folder / "printed.txt").write_text(answer.stdout + answer.stderr)
    return folder


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of all streams on two cores."""
    folder = copy_of_repository(tmp_path_factory.mktemp("run") / "pipeline")
    answer = run_snakemake(folder, "--cores", "2")
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-6000:]
    return folder


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a made-up stream with its figures, those for print as placeholders; nobody may change it."""
    from release_samples import draw_for_lists, write_release  # beside the unit tests, which alone ask for it

    folder = write_release(tmp_path_factory.mktemp("drawn"))
    draw_for_lists(folder)
    return folder


@pytest.fixture(scope="module")
def copy_of_drawn(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return such a stream in a release of its own, to which the tests of a file may add."""
    return Path(shutil.copytree(drawn, tmp_path_factory.mktemp("release") / drawn.name))
