"""The rooms that stay inside: private, sealed, with a place to spill; and what a job says when the system fails it."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from family_justice import rooms
from family_justice.errors import CohortError, DamageError
from family_justice.files import connect, write_csv, write_parquet, write_text
from family_justice.job import SYSTEM, job
from family_justice.results import read_results
from family_justice.study_sql import StudySql


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flip(path: Path) -> None:
    """Turn one bit over, and leave size and time as they were."""
    times, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


# --- checksums --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ["results/restricted", "results/internal"])
def test_what_is_written_inside_is_sealed_and_compared(room: str) -> None:
    path = Path(room, "x/table.parquet")
    write_parquet(connect(), "SELECT 1 AS a", path)
    assert rooms.seal_of(path) == Path(room, "x/.table.parquet.sha256")
    assert connect({"t": path}).execute("SELECT a FROM t").fetchall() == [(1,)]
    flip(path)
    with pytest.raises(
        DamageError, match=r"table.parquet: the file is not as it was written.*Delete it and start again"
    ):
        connect({"t": path})
    rooms.seal_of(path).unlink()
    with pytest.raises(DamageError, match=r"checksum \(.table.parquet.sha256\) is not beside it"):
        connect({"t": path})


def test_what_is_released_or_elsewhere_has_no_checksum() -> None:
    for path in (Path("results/release/a.txt"), Path("a.txt"), Path("results/restricted_not/a.txt")):
        write_text(path, "text")
        assert not rooms.seal_of(path).exists()
        rooms.check(path)


def test_a_file_that_is_written_again_has_its_new_checksum() -> None:
    path = Path("results/internal/a.csv")
    for text in ("one", "two"):
        write_text(path, text)
        rooms.check(path)
    moved = Path("results/internal/moved.csv")
    rooms.move(path, moved)
    rooms.check(moved)
    assert not rooms.seal_of(path).exists()


def test_sql_of_a_study_compares_the_tables_that_it_reads_and_no_others() -> None:
    tables = {name: Path(f"results/restricted/{name}.parquet") for name in ("person", "case")}
    for path in tables.values():
        write_parquet(connect(), "SELECT 1 AS a", path)
    flip(tables["case"])
    study = StudySql(tables, Path("lists"), "", (), about="x", error=CohortError)
    assert study.rows("SELECT a FROM person", "y") == [{"a": 1}]
    with pytest.raises(DamageError, match=r"results/restricted/case.parquet: the file is not as it was written"):
        study.rows('SELECT a FROM "CASE"', "y")


def test_damage_that_cannot_be_opened_is_said_as_damage() -> None:
    path = Path("results/restricted/t.parquet")
    write_parquet(connect(), "SELECT 1 AS a", path)
    path.write_bytes(b"")
    with pytest.raises(DamageError, match="is not as it was written"):
        connect({"t": path}, checked=False)


def test_results_are_compared(folder: Path) -> None:
    import pandas as pd

    path = Path("results/internal/s/a/results.csv")
    write_csv(pd.DataFrame({"stream": ["s"]}), path)
    flip(path)
    with pytest.raises(DamageError, match="is not as it was written"):
        read_results(str(path))


# --- privacy ----------------------------------------------------------------------------------------------------------


def test_the_restricted_room_is_its_owners_alone() -> None:
    Path("results/restricted").mkdir(parents=True, mode=0o755)
    with rooms.private_job():
        for room in ("restricted", "internal"):
            write_parquet(connect(), "SELECT 1 AS a", f"results/{room}/new/t.parquet")
    assert Path("results/restricted").stat().st_mode & 0o777 == 0o700
    assert Path("results/restricted/new/t.parquet").stat().st_mode & 0o077 == 0
    assert rooms.seal_of("results/restricted/new/t.parquet").stat().st_mode & 0o077 == 0
    mask = os.umask(0)
    os.umask(mask)
    assert Path("results/internal/new/t.parquet").stat().st_mode & 0o777 == 0o666 & ~mask


# --- spilling ---------------------------------------------------------------------------------------------------------


def test_a_job_spills_into_its_own_folder_within_its_memory() -> None:
    with rooms.private_job(150):
        connection = connect()
        limit, place = connection.execute(
            "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
        ).fetchall()[0]
        assert (limit, place) == ("119.2 MiB", f"results/restricted/.spill/{socket.gethostname()}-{os.getpid()}")
        connection.execute("CREATE TABLE t AS SELECT md5(range::VARCHAR) AS a FROM range(5000000)")
        assert list(Path(place).glob("*.tmp"))
        assert Path("results/restricted/.spill").stat().st_mode & 0o077 == 0
    assert not list(Path("results/restricted/.spill").iterdir())
    assert not Path(".tmp").exists()


def test_a_job_has_the_memory_that_the_run_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rooms.MEMORY_OF_JOBS, '{"run_analysis": 1200}')
    assert rooms.memory_of("run_analysis") == 1200
    assert rooms.memory_of("extract_cohort") == rooms.MEMORY
    with rooms.private_job(rooms.memory_of("run_analysis")):
        assert rooms.duckdb_limits()["memory_limit"] == "1000MB"


def test_outside_a_job_nothing_is_spilled() -> None:
    assert connect().execute("SELECT current_setting('temp_directory')").fetchall() == [("",)]


def test_what_a_killed_job_left_goes_with_the_next_one() -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    spill, here = Path("results/restricted/.spill"), socket.gethostname()
    for name in (f"{here}-{gone.stdout.strip()}", f"{here}-{os.getppid()}", "another-1"):
        (spill / name).mkdir(parents=True)
        (spill / name / "duckdb_temp_storage_DEFAULT-0.tmp").touch()
    with rooms.private_job():
        assert {path.name for path in spill.iterdir()} == {f"{here}-{os.getppid()}", "another-1"}


# --- words of the system ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", SYSTEM)
@pytest.mark.parametrize("where", ["python", "cause", "duckdb"])
def test_what_the_system_cannot_do_is_said_in_words(
    number: int, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error: Exception = OSError(number, os.strerror(number), "E1100000001")
    if where == "duckdb":
        error = duckdb.IOException(f'Could not write file "E1100000001": {os.strerror(number)}')
    if where == "cause":
        inner, error = error, RuntimeError("E1100000001")
        error.__cause__ = inner
    with pytest.raises(SystemExit), job("logs/x.log"):
        raise error
    said = capsys.readouterr().err
    assert f"{os.strerror(number)}. {SYSTEM[number]}" in said
    assert "E1100000001" not in said + Path("logs/x.log").read_text()


def test_memory_that_runs_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), job("logs/x.log"), rooms.private_job(120):
        connect().execute("SELECT list(md5(range::VARCHAR)) FROM range(20000000)").fetchall()
    assert "--set-resources RULE:mem_mb=" in capsys.readouterr().err


def test_an_error_of_another_kind_is_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (
        OSError("E1100000001"),
        OSError(errno.ENOENT, "x", "E1100000001"),
        ValueError("No space left on device E11"),
    ):
        with pytest.raises(SystemExit), job("logs/x.log"):
            raise error
        said = capsys.readouterr().err
        assert "message withheld" in said
        assert "E11" not in said
