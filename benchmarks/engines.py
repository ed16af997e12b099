"""One fit of one engine in a process of its own: ``python benchmarks/engines.py ENGINE TASK FOLDER`` prints JSON.

Imports, reading the cohort and building the engine's own frame come first; what is timed is the CPU time of the call
that a user would write. Each engine makes a small fit beforehand, so that nothing is loaded while the clock runs.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

Data = dict[str, np.ndarray]
Fit = Callable[[], np.ndarray]

# What a task needs beside times, events and covariates.
NEEDS = {"model": (), "entry": ("entry",), "clustered": ("cluster",), "entry_clustered": ("entry", "cluster")}


class NotOffered(Exception):
    """The engine has no such fit."""


def ours(data: Data, task: str) -> Fit:
    """Return the fit by this project's kernel."""
    import scipy.sparse  # noqa: F401 - what the fit would import itself

    from family_justice.estimators.survival.cox import fit_cox, proportional_hazards_test

    more = {"entry": data.get("entry"), "clusters": data.get("cluster")}
    if task == "ph_test":
        fitted = fit_cox(data["exit"], data["event"], data["x"])
        return lambda: np.array([part.statistic for part in proportional_hazards_test(fitted).terms])
    return lambda: fit_cox(data["exit"], data["event"], data["x"], **more).std_error


def lifelines(data: Data, task: str) -> Fit:
    """Return the fit by lifelines."""
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    frame = pd.DataFrame(data["x"]).rename(columns=lambda j: f"x{j}")
    frame = frame.assign(**{name: values for name, values in data.items() if name != "x"})
    options = {"duration_col": "exit", "event_col": "event"}
    options |= {f"{name}_col": name for name in ("entry", "cluster") if name in data}
    if task == "ph_test":
        fitted = CoxPHFitter().fit(frame, **options)
        return lambda: np.asarray(proportional_hazard_test(fitted, frame, time_transform="km").test_statistic)
    return lambda: CoxPHFitter().fit(frame, **options).standard_errors_.to_numpy()


def statsmodels(data: Data, task: str) -> Fit:
    """Return the fit by statsmodels; it has no test of proportional hazards."""
    from statsmodels.duration.hazard_regression import PHReg

    if task == "ph_test":
        raise NotOffered
    model = lambda: PHReg(data["exit"], data["x"], data["event"], entry=data.get("entry"), ties="efron")  # noqa: E731
    return lambda: model().fit(groups=data.get("cluster")).bse


ENGINES = {"ours": ours, "lifelines": lifelines, "statsmodels": statsmodels}


def run(engine: str, task: str, folder: Path) -> dict[str, float | str]:
    """Return CPU seconds of the fit, peak memory beyond what was there before, and a check sum of the answer."""
    warnings.simplefilter("ignore")
    names = ("exit", "event", "x", *NEEDS.get(task, ()))
    data = {name: np.load(folder / f"{name}.npy") for name in names}
    try:
        ENGINES[engine]({name: values[:500] for name, values in data.items()}, task)()
        fit = ENGINES[engine](data, task)
    except NotOffered:
        return {"note": "has none"}
    before, start = memory_peak(), time.process_time()
    answer = fit()
    seconds = time.process_time() - start
    found = {"seconds": seconds, "answer": float(np.sum(answer))}
    return found if before is None else found | {"memory": (memory_peak(False) - before) / data["x"].nbytes}


def memory_peak(forget: bool = True) -> int | None:
    """Return the peak memory in bytes, on Linux only; forget earlier peaks, the parent's among them, first."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not clear.exists():
        return None
    if forget:
        clear.write_text("5")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
    print(json.dumps(run(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
