"""A flipped bit in any file that a job reads inside stops the job, which names the file."""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import run_snakemake

from family_justice import jobs
from family_justice.errors import PipelineError
from family_justice.rooms import INTERNAL, RESTRICTED

ROOMS = (RESTRICTED, INTERNAL)


def jobs_of(run: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Every job of a run that has files of the rooms inside as its inputs: its arguments, and these files."""
    said = run_snakemake(run, "--detailed-summary", "all", "datasets").stdout
    table = said[said.index("output_file\t") :]
    seen = set()
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        read = sorted(path for path in row["input-file(s)"].split(",") if path.startswith(ROOMS))
        if read and row["log-file(s)"] not in seen and (run / read[0]).exists():
            seen.add(row["log-file(s)"])
            words = shlex.split(row["shellcmd"])
            yield words[words.index("--log") + 2 :], read


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """Turn one bit over in a file, or in every file of a folder."""
    files = [p for p in sorted(path.rglob("*")) if p.is_file()] if path.is_dir() else [path]
    whole = {file: file.read_bytes() for file in files if not file.name.startswith(".")}
    try:
        for file, content in whole.items():
            middle = len(content) // 2
            file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        yield
    finally:
        for file, content in whole.items():
            file.write_bytes(content)


def test_every_job_notices_damage_to_what_it_reads(finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished_run)
    tried, unnoticed = set(), []
    for arguments, read in jobs_of(finished_run):
        for path in read:
            with flipped(finished_run / path):
                try:
                    jobs.main(arguments)
                    unnoticed.append((*arguments, path))
                except PipelineError as error:
                    if "is not as it was written" not in str(error) or str(error).split(":")[0] not in path_names(path):
                        unnoticed.append((*arguments, path, str(error)))
            tried.add(arguments[0])
    assert unnoticed == []
    assert {"extract_cohort", "derive_covariate", "run_analysis", "refit_analyses", "disclose_results"} <= tried


def path_names(path: str) -> set[str]:
    """The names that a message may give a path: its own, or those of the files in it."""
    return {path, *(f"{path}/{name}" for name in (os.listdir(path) if os.path.isdir(path) else ()))}


def test_what_stays_inside_is_sealed_and_private_and_nothing_of_it_is_released(finished_run: Path) -> None:
    assert (finished_run / RESTRICTED).stat().st_mode & 0o777 == 0o700
    for room in ROOMS:
        for path in (finished_run / room).rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                assert path.with_name(f".{path.name}.sha256").is_file(), path
                assert room != RESTRICTED or path.stat().st_mode & 0o077 == 0, path
    assert not list((finished_run / "results/release").rglob("*.sha256"))
    assert not list((finished_run / RESTRICTED / ".spill").iterdir())
