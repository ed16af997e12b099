"""A stream on a real Slurm cluster: one grouped job, and the same bytes as on one machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "slurm"))
import cluster

ROOT = Path(__file__).resolve().parents[2]
STREAM = "replication"
ROOMS = ("internal", "release")
LOCAL = ("--cores", "2")
SLURM = (
    *("--workflow-profile", "profiles/slurm"),
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--cores", "4"),  # as many as a node of the test's cluster has
)


def run(folder: Path, options: tuple[str, ...], environment: dict[str, str] | None = None) -> None:
    """Run the stream in a copy of the repository in ``folder``."""
    not_copied = shutil.ignore_patterns(".*", "results", "logs", "__pycache__", "tests")
    shutil.copytree(ROOT, folder, ignore=not_copied)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", STREAM, *options],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"snakemake {STREAM} {' '.join(options)} failed:\n{done.stdout[-6000:]}", pytrace=False)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for room in ROOMS for path in sorted((folder / "results" / room).rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_stream_on_slurm_is_one_job_and_gives_the_same_bytes(tmp_path: Path):
    missing = cluster.missing_programs()
    if missing:
        pytest.skip(f"Slurm is not installed here, nothing to run the stream on: no {', '.join(missing)}")

    run(tmp_path / "local", LOCAL)
    with cluster.running(tmp_path / "cluster") as environment:
        run(tmp_path / "remote", SLURM, environment)
        jobs = cluster.jobs(environment)

    assert jobs == ["COMPLETED"]

    local, remote = contents(tmp_path / "local"), contents(tmp_path / "remote")
    assert {Path(name).parts[1] for name in local} == set(ROOMS)
    assert local.keys() == remote.keys()
    assert [name for name in local if local[name] != remote[name]] == []
