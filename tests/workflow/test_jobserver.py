"""The server of jobs: exit codes, signals, what becomes of jobs whose client, server or Snakemake dies."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Jobs for these tests: what the first argument says is done, in a library that has nothing else.
JOBS = """
import os, signal, sys, time
from pathlib import Path

def main(arguments):
    what, *rest = arguments
    Path(rest[0]).write_text(str(os.getpid())) if rest else None
    if what == "say":
        print(" ".join(rest[1:]), os.getcwd(), os.environ["OF_THE_CLIENT"])
        print("to the terminal", file=sys.stderr)
    if what == "fail":
        raise SystemExit(3)
    if what == "crash":
        raise ValueError("a record")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        try:
            time.sleep(60)
        finally:
            Path(rest[0] + ".cleaned").touch()
    if what == "stay":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(60)
"""
#: Stands in for Snakemake: opens the folder, says the command, and waits to be ended.
OWNER = """
import sys, os
sys.path.insert(0, sys.argv[1])
from family_justice import jobserver
command = jobserver.open_folder()
print(os.environ[jobserver.FOLDER] + chr(10) + command, flush=True)
sys.stdin.read()
"""


@dataclass
class Run:
    """A run without Snakemake."""

    owner: subprocess.Popen[str]
    folder: Path
    command: str
    where: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {"FAMILY_JUSTICE_JOBS": str(self.folder), "OF_THE_CLIENT": "é=1", "PATH": os.environ["PATH"]}
        client = subprocess.Popen(
            ["bash", "-c", f'exec {self.command} "$@"', "bash", *arguments], cwd=self.where, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip
        self.started.append(client)
        return client

    def ask(self, *arguments: str) -> tuple[int, str, str]:
        client = self.start(*arguments)
        out, err = client.communicate(timeout=60)
        return client.returncode, out, err

    def job(self, what: str) -> tuple[subprocess.Popen[str], int, Path]:
        """Start a job that lasts; return its client, its process and the file that it wrote."""
        mark = self.where / f"{what}{len(self.started)}.pid"
        client = self.start(what, str(mark))
        until(lambda: mark.is_file() and mark.read_text() != "")
        return client, int(mark.read_text()), mark

    def server(self) -> int:
        _, job, mark = self.job("wait")
        status = Path(f"/proc/{job}/stat").read_text()
        os.kill(job, signal.SIGKILL)
        mark.unlink()
        return int(status.rpartition(")")[2].split()[1])


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> None:
    """A process started in the background ignores Ctrl-C, and so do those that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.02)


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def library(folder: Path, extra: str = "") -> Path:
    """Make a library with the server and the jobs of these tests, in a folder with a space in its name."""
    package = folder / "a library/family_justice"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "jobs.py").write_text(JOBS)
    shutil.copytree(ROOT / "workflow/family_justice/jobserver", package / "jobserver")
    (package.parent / "duckdb.py").write_text(
        "class C:\n    def close(self): pass\ndef default_connection(): return C()\n" + extra
    )
    server = package / "jobserver/server.py"
    before, start, after = server.read_text().partition("IMPORTED = ")
    server.write_text(before + start + '("duckdb", "family_justice.jobs")' + after[after.index("\n)") + 2 :])
    shutil.copy(ROOT / "workflow/family_justice/fingerprint.py", package)
    return package.parent


def open_run(folder: Path, path: Path, **environment: str) -> Run:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert owner.stdout
    private, command = Path(owner.stdout.readline().strip()), owner.stdout.readline().strip()
    where = folder / "where jobs run"
    where.mkdir(exist_ok=True)
    return Run(owner, private, command, where)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = open_run(tmp_path, library(tmp_path))
    yield made
    made.owner.kill()
    made.owner.wait()
    for client in made.started:
        client.kill()


def test_a_job_has_the_streams_folder_and_environment_of_its_client(run: Run, tmp_path: Path) -> None:
    code, out, err = run.ask("say", str(tmp_path / "pid"), "two words", "")
    assert (code, out) == (0, f"two words  {run.where} é=1\n")
    assert err == "to the terminal\n"


def test_the_exit_code_is_that_of_the_job_and_a_message_that_nobody_caught_is_withheld(run: Run) -> None:
    assert run.ask("fail") == (3, "", "")
    assert run.ask("crash") == (1, "", "ValueError\n")


def test_a_job_that_a_signal_ended_is_told_with_the_signal(run: Run) -> None:
    code, _, err = run.ask("kill")
    assert code == 128 + signal.SIGKILL
    assert "kill: ended by SIGKILL, as the system does when memory runs out" in err
    assert run.ask("fail")[0] == 3  # the server goes on


def test_folder_and_socket_are_private(run: Run) -> None:
    run.ask("fail")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (run.folder, *run.folder.iterdir())}
    assert modes[run.folder.name] == 0o700
    assert modes["socket"] == 0o600
    assert modes["log"] == 0o600


def test_jobs_that_start_together_have_one_server(run: Run) -> None:
    clients = [run.start("wait", str(run.where / f"{number}.pid")) for number in range(8)]
    marks = [run.where / f"{number}.pid" for number in range(8)]
    until(lambda: all(mark.is_file() and mark.read_text() for mark in marks))
    parents = {Path(f"/proc/{mark.read_text()}/stat").read_text().rpartition(")")[2].split()[1] for mark in marks}
    assert len(parents) == 1
    for client in clients:
        client.kill()
    until(lambda: all(is_gone(int(mark.read_text())) for mark in marks))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_job_ends_with_its_client_and_cleans_up(run: Run, how: signal.Signals) -> None:
    client, job, mark = run.job("wait")
    client.send_signal(how)
    until(lambda: is_gone(job))
    assert mark.with_name(f"{mark.name}.cleaned").is_file()


def test_a_job_that_does_not_want_to_end_is_killed(run: Run) -> None:
    client, job, _ = run.job("stay")
    client.kill()
    until(lambda: is_gone(job))


def test_a_killed_server_ends_its_jobs_and_the_next_job_has_a_new_one(run: Run) -> None:
    server = run.server()
    client, job, _ = run.job("wait")
    os.kill(server, signal.SIGKILL)
    _, err = client.communicate(timeout=30)
    assert client.returncode == 1
    assert "the server of jobs has ended, and this job with it" in err
    until(lambda: is_gone(job))
    assert run.ask("fail")[0] == 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_server_jobs_and_folder_go_with_snakemake(run: Run, how: signal.Signals) -> None:
    server = run.server()
    _, job, _ = run.job("wait")
    run.owner.send_signal(how)
    until(lambda: is_gone(server) and is_gone(job) and not run.folder.exists())


def test_two_runs_have_two_servers(run: Run, tmp_path: Path) -> None:
    other = open_run(tmp_path, tmp_path / "a library")
    try:
        assert other.folder != run.folder
        assert other.server() != run.server()
        other.owner.kill()
        until(lambda: not other.folder.exists())
        assert run.ask("fail")[0] == 3
    finally:
        other.owner.kill()


def test_a_long_path_to_the_folder_of_temporary_files(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("er" * 30)
    deep.mkdir(parents=True)
    run = open_run(tmp_path, library(tmp_path), TMPDIR=str(deep))
    try:
        assert len(str(run.folder)) > 150
        assert run.ask("fail")[0] == 3
    finally:
        run.owner.kill()


def test_an_import_that_starts_a_thread_is_refused_and_said(tmp_path: Path) -> None:
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
    run = open_run(tmp_path, library(tmp_path, extra=thread))
    try:
        code, _, err = run.ask("fail")
        assert code == 1
        assert "an import has started threads" in err
    finally:
        run.owner.kill()


def test_without_a_folder_the_job_fails_and_says_why(run: Run) -> None:
    run.folder = run.where / "none"
    code, _, err = run.ask("fail")
    assert code == 1
    assert "the server of jobs cannot be started in" in err
    assert "No such file or directory" in err


def test_what_jobs_really_import_starts_no_thread(tmp_path: Path) -> None:
    """The real server, with a home that nothing can be written to; a job of the real library says what is wrong."""
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    run = open_run(tmp_path, ROOT / "workflow", HOME=str(home))
    try:
        code, _, err = run.ask("nothing")
        assert code == 1
        assert err.startswith("Usage: python -m family_justice.jobs")
    finally:
        run.owner.kill()
