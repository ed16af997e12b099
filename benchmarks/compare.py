"""Time Cox models of this project beside lifelines, statsmodels and R, on simulated cohorts.

    python benchmarks/compare.py --rows 10000 100000 1000000 --engines ours lifelines statsmodels r

Engines take turns within one run, each fit in a process of its own, so that a busy machine slows all of them alike and
an engine that takes too long is stopped and reported as "over N s". What is printed is the median CPU time of the fit,
how many times longer than ours each engine took, and the peak memory of our fit as a multiple of the design matrix.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from cohorts import COLUMNS, simulate

HERE = Path(__file__).parent
ENGINES = ("ours", "lifelines", "statsmodels", "r")

# What is fitted, and the design it is fitted to.
TASKS = {
    "model errors, mixed columns": ("model", "mixed"),
    "model errors, all categorical": ("model", "categorical"),
    "delayed entry, mixed": ("entry", "mixed"),
    "delayed entry, categorical": ("entry", "categorical"),
    "clustered errors, mixed": ("clustered", "mixed"),
    "clustered errors, categorical": ("clustered", "categorical"),
    "entry and clusters, mixed": ("entry_clustered", "mixed"),
    "proportional hazards test": ("ph_test", "mixed"),
}


def main(given: list[str] | None = None) -> None:
    """Run what the command line asks for and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120, help="seconds after which a fit is stopped")
    asked = parser.parse_args(given)
    engines = [engine for engine in asked.engines if engine != "r" or shutil.which("Rscript")]
    if engines != asked.engines:
        print("Rscript is not installed: the column of R is left out")
    for rows in asked.rows:
        print(f"\n{rows:,} rows x {COLUMNS} columns; median CPU seconds of {asked.repeats}, times ours")
        with tempfile.TemporaryDirectory() as folder:
            for design in sorted({TASKS[task][1] for task in asked.tasks}):
                write_cohort(rows, design, Path(folder) / design)
            _print_table(asked.tasks, engines, time_tasks(asked, engines, Path(folder)))


def write_cohort(rows: int, design: str, folder: Path) -> None:
    """Write a cohort for Python (.npy) and, column after column, for R (.bin)."""
    folder.mkdir()
    cohort = simulate(rows, design)
    for name in ("entry", "exit", "event", "x", "cluster"):
        values = getattr(cohort, name)
        np.save(folder / f"{name}.npy", values)
        np.asarray(values.T, dtype=np.float64).tofile(folder / f"{name}.bin")


def time_tasks(asked: argparse.Namespace, engines: list[str], folder: Path) -> dict[tuple[str, str], list[dict]]:
    """Return the results of all repeats by task and engine; an engine that was stopped is not asked again."""
    results: dict[tuple[str, str], list[dict]] = {(task, engine): [] for task in asked.tasks for engine in engines}
    for _ in range(asked.repeats):
        for (task, engine), runs in results.items():
            if not any("note" in run for run in runs):
                runs.append(run_engine(engine, *TASKS[task], folder, asked.limit))
    return results


def run_engine(engine: str, task: str, design: str, folder: Path, limit: float) -> dict:
    """Return what the engine printed, or a note that it was stopped or failed."""
    command = (
        ["Rscript", str(HERE / "engine.R")] if engine == "r" else [sys.executable, str(HERE / "engines.py"), engine]
    )
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    try:
        done = subprocess.run(
            [*command, task, str(folder / design)],
            env={**os.environ, **one_thread},
            timeout=limit,
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return {"note": f"over {limit:g} s"}
    except subprocess.CalledProcessError as error:
        return {"note": (error.stderr.strip().splitlines() or ["failed"])[-1][:40]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def _print_table(tasks: list[str], engines: list[str], results: dict[tuple[str, str], list[dict]]) -> None:
    print(f"{'':32}" + "".join(f"{engine:>24}" for engine in engines) + f"{'memory':>10}")
    for task in tasks:
        base = _median(results.get((task, "ours"), []), "seconds")
        cells = ""
        for engine in engines:
            runs = results[task, engine]
            seconds = _median(runs, "seconds")
            note = next((run["note"] for run in runs if "note" in run), "")
            ratio = f" ({seconds / base:.1f}x)" if seconds and base and engine != "ours" else ""
            cells += f"{note or f'{seconds:.3f}{ratio}':>24}"
        memory = _median(results.get((task, "ours"), []), "memory")
        print(f"{task:32}{cells}" + (f"{memory:9.1f}x" if memory is not None else ""))


def _median(runs: list[dict], name: str) -> float | None:
    values = [run[name] for run in runs if name in run]
    return statistics.median(values) if values else None


if __name__ == "__main__":
    main()
