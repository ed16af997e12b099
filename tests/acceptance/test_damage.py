"""A flipped bit in a file that a job reads inside stops the job, which names the file."""

from __future__ import annotations

import csv
import io
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import run_snakemake

from family_justice import jobs
from family_justice.errors import DamageError
from family_justice.rooms import INTERNAL, RESTRICTED

ROOMS = (RESTRICTED, INTERNAL)
#: Files of one job that are damaged, one after the other.
MOST = 4


@dataclass
class Job:
    """A job of a run: its arguments, what it reads inside, and what it writes."""

    arguments: list[str]
    read: list[str]
    written: list[str] = field(default_factory=list)


def jobs_of(run: Path) -> list[Job]:
    """One job of each rule and stream that has files of the rooms inside as its inputs."""
    said = run_snakemake(run, "--detailed-summary").stdout
    csv.field_size_limit(10_000_000)  # the input of the last rule is every file of the release
    found: dict[str, Job] = {}
    for row in csv.DictReader(io.StringIO(said[said.index("output_file\t") :]), delimiter="\t", quoting=csv.QUOTE_NONE):
        words = shlex.split(row["shellcmd"])
        read = sorted(path for path in row["input-file(s)"].split(",") if path.startswith(ROOMS))
        if read:
            job = found.setdefault(row["log-file(s)"], Job(words[words.index("--log") + 2 :], read))
            job.written.append(row["output_file"])
    return list({tuple(job.arguments[:2]): job for job in found.values()}.values())


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """Turn one bit over in a file, or in every file of a folder."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    whole = {file: file.read_bytes() for file in files if not file.name.startswith(".")}
    try:
        for file, content in whole.items():
            middle = len(content) // 2
            file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        yield
    finally:
        for file, content in whole.items():
            file.write_bytes(content)


def damage_said(arguments: list[str]) -> str:
    """Run a job; return what it says of damage, "" if it has noticed none."""
    try:
        jobs.main(arguments)
    except DamageError as error:
        return str(error)
    return ""


def contents(paths: list[str]) -> list[bytes]:
    """The bytes of files; of a folder, those of all in it."""
    files = [f for path in map(Path, paths) for f in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [file.read_bytes() for file in files if file.is_file()]


def test_every_job_notices_damage_to_what_it_depends_on(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    monkeypatch.chdir(run)
    noticed = set()
    for job in jobs_of(run):
        before = contents(job.written)
        for path in job.read[:MOST]:
            with flipped(Path(path)):
                said = damage_said(job.arguments)
            if said:
                assert said.startswith(path)
                assert "is not as it was written" in said
                noticed.add(job.arguments[0])
            else:  # it does not read this one
                assert contents(job.written) == before, (job.arguments, path)
    made_of_files = {"harmonise_records", "extract_cohort", "derive_covariates", "run_analysis", "refit_analyses"}
    assert made_of_files | {"count_quality", "disclose_results"} <= noticed


def test_what_stays_inside_is_sealed_and_private_and_nothing_of_it_is_released(finished_run: Path) -> None:
    assert (finished_run / RESTRICTED).stat().st_mode & 0o777 == 0o700
    for room in ROOMS:
        for path in (finished_run / room).rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                assert path.with_name(f".{path.name}.sha256").is_file(), path
                assert room != RESTRICTED or path.stat().st_mode & 0o077 == 0, path
    assert not list((finished_run / "results/release").rglob("*.sha256"))
    assert not list((finished_run / RESTRICTED / ".spill").iterdir())
