"""The benchmark command runs; how long anything takes is no test's business."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMAND = Path(__file__).resolve().parents[2] / "benchmarks" / "compare.py"


def test_the_benchmark_prints_a_table() -> None:
    tasks = ["entry and clusters, mixed", "model errors, all categorical"]
    done = subprocess.run(
        [sys.executable, COMMAND, "--rows", "600", "--engines", "ours", "--repeats", "1", "--tasks", *tasks],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = done.stdout.strip().splitlines()
    assert rows[0] == "600 rows x 15 columns; median CPU seconds of 1, times ours"
    for task, row in zip(tasks, rows[2:], strict=True):
        assert row.startswith(task)
        assert float(row.split()[-2]) > 0
