"""A stream on a real Slurm cluster: one grouped job, and the same bytes as on one machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "slurm"))
import cluster

STREAM = "replication"
COMMAND = (
    *(sys.executable, "-m", "snakemake", STREAM),
    *("--workflow-profile", "profiles/slurm"),
    *("--slurm-init-seconds-before-status-checks", "2"),  # the profile's wait is for a cluster with other users
)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the stream's files before and after disclosure control, and those of its source, by path."""
    parts = (f"internal/{STREAM}", f"internal/sources/{STREAM}", f"release/{STREAM}")
    files = (path for part in parts for path in sorted((folder / "results" / part).rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_stream_on_slurm_is_one_job_and_gives_the_same_bytes(finished_run: Path, tmp_path: Path) -> None:
    missing = cluster.missing_programs()
    if missing:
        pytest.skip(f"Slurm is not installed here, nothing to run the stream on: no {', '.join(missing)}")

    checkout = tmp_path / "checkout"
    shutil.copytree(finished_run, checkout, ignore=shutil.ignore_patterns("results", "logs", ".snakemake"))
    with cluster.running(tmp_path / "cluster") as environment:
        answer = subprocess.run(
            COMMAND,
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        jobs = cluster.jobs(environment)
    if answer.returncode:
        pytest.fail(f"{' '.join(COMMAND)} failed:\n{answer.stdout[-6000:]}", pytrace=False)
    assert jobs == ["COMPLETED"]

    local, remote = contents(finished_run), contents(checkout)
    assert f"results/release/{STREAM}/index.html" in local
    assert local.keys() == remote.keys()
    assert [name for name in local if local[name] != remote[name]] == []
