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


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of all streams on two cores."""
    folder = copy_of_repository(tmp_path_factory.mktemp("run") / "pipeline")
    answer = run_snakemake(folder, "--cores", "2")
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-6000:]
    return folder
