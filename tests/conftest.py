"""Two real runs of the whole pipeline at a small scale, shared by all tests that look at results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# As the Snakefile does for jobs, before numpy is loaded: one thread, so that sums do not depend on the number of cores.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

#: Small enough to be quick, large enough that every analysis has events in every group that it needs.
SCALE = 0.06


#: Folders whose tests harmonise records, draw many samples or attack a release: slow as a whole.
SLOW_FOLDERS = {"acceptance", "property", "spec"}
#: What is made beside the tests, in this order; tests that need the last of it come last.
WHOLE_RUNS = ("finished_run", "crashed_run", "attacked")
#: Streams of the run in which every job crashes: every rule and, of figures and pages, every family.
CRASHED = ("recurrence", "infants", "adults", "capacity", "replication")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a whole run, and the folders above; ``pytest -m "not slow"`` leaves them out.

    What needs a whole run comes last."""
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in SLOW_FOLDERS or waits_for(item):
            item.add_marker(pytest.mark.slow)
    items.sort(key=waits_for)


def waits_for(item: pytest.Item) -> int:
    """Say how many of the things that are made beside the tests must be there for this one; 0: none."""
    needed = [place for place, name in enumerate(WHOLE_RUNS, 1) if name in getattr(item, "fixturenames", ())]
    return max(needed, default=0)


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


def let_jobs_crash(folder: Path) -> None:
    """Make every job of a copy of the repository crash once, with a record in its message."""
    (folder / "workflow/sabotage.py").write_text(SABOTAGE.replace("CANARY", CANARY))
    path = folder / "workflow/family_justice/jobs.py"
    before, start, block = path.read_text().partition("    with job(log):\n")
    assert start
    path.write_text(f"{before}{start}        import sabotage\n\n        sabotage.crash_once(arguments)\n{block}")


@pytest.fixture(scope="session", autouse=True)
def whole_runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Path]]]:
    """Make what the chosen tests need of whole runs, one after the other beside the other tests, which are busy on one
    core; a run that nobody waits for any longer is ended."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    started: list[subprocess.Popen[str]] = []

    def run(folder: Path, *command: str) -> Path:
        with open(folder / "printed.txt", "w", encoding="utf-8") as printed:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=folder, stdout=printed, stderr=subprocess.STDOUT, text=True
            )
        started.append(process)
        assert process.wait() == 0, (folder / "printed.txt").read_text()[-9000:]
        return folder

    def finish(folder: Path, to_attack: Path) -> Path:
        run(folder, "-m", "snakemake", "--cores", "2")
        if "attacked" in wanted:  # the attack reads a copy, which no test changes meanwhile
            shutil.copytree(folder, to_attack, ignore=shutil.ignore_patterns(".snakemake", "logs"))
        return folder

    with ThreadPoolExecutor(1) as pool:
        runs = {}
        to_attack = tmp_path_factory.mktemp("attack") / "pipeline"
        if not wanted.isdisjoint({"finished_run", "attacked"}):
            folder = copy_of_repository(tmp_path_factory.mktemp("run") / "pipeline")
            runs["finished_run"] = pool.submit(finish, folder, to_attack)
        if "crashed_run" in wanted:
            folder = copy_of_repository(tmp_path_factory.mktemp("crashed") / "pipeline")
            let_jobs_crash(folder)
            command = ("-m", "snakemake", *CRASHED, "--cores", "1", "--retries", "1")
            runs["crashed_run"] = pool.submit(run, folder, *command)
        if "attacked" in wanted:
            program = str(ROOT / "tests/acceptance/attack.py")
            command = (program, "results", "--every", "8", "--json", "attack.json")
            runs["attacked"] = pool.submit(run, to_attack, *command)
        yield runs
        pool.shutdown(wait=False, cancel_futures=True)
        for process in started:
            process.terminate()


@pytest.fixture(scope="session")
def finished_run(whole_runs: dict[str, Future[Path]]) -> Path:
    """Return the folder of a finished run of all streams on two cores."""
    return whole_runs["finished_run"].result()


@pytest.fixture(scope="session")
def crashed_run(whole_runs: dict[str, Future[Path]]) -> Path:
    """Return the folder of a run of some streams on one core in which every job crashed once, with a record in its
    message; what it printed is in ``printed.txt``."""
    folder = whole_runs["crashed_run"].result()
    logs = {path for path in (folder / "logs").rglob("*.log") if path.name != "reproduce_release.log"}
    assert logs == {path.with_suffix("") for path in (folder / "logs").rglob("*.crashed")}
    return folder


@pytest.fixture(scope="session")
def attacked(whole_runs: dict[str, Future[Path]]) -> Path:
    """Return the file with the log of the attack on the finished run, on one of eight times of curves."""
    return whole_runs["attacked"].result() / "attack.json"


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
