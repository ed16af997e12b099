"""Simulated cohorts for the benchmark: whole-day times, clusters of about two, delayed entry, fifteen covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLUMNS = 15
HORIZON = 3_650  # days


@dataclass(frozen=True)
class Cohort:
    """``entry`` (n,) and ``exit`` (n,) in whole days, ``event`` (n,) 0/1, ``x`` (n, 15), ``cluster`` (n,)."""

    entry: np.ndarray
    exit: np.ndarray
    event: np.ndarray
    x: np.ndarray
    cluster: np.ndarray


def simulate(rows: int, design: str, seed: int = 1) -> Cohort:
    """Return a cohort of ``rows`` rows: some 40% have the event, a third enter late, and clusters share a frailty.

    ``mixed``: eight indicators, four counts and three normal columns. ``categorical``: fifteen indicators.
    """
    g = np.random.default_rng(seed)
    share = np.linspace(0.15, 0.5, COLUMNS)
    x = (g.random((rows, COLUMNS)) < share).astype(np.float64)
    if design == "mixed":
        x[:, 8:12] = g.poisson(2.0, (rows, 4))
        x[:, 12:] = g.normal(size=(rows, 3))
    elif design != "categorical":
        raise ValueError("design must be mixed or categorical")
    effects = np.where(np.arange(COLUMNS) % 2, -1, 1) * np.linspace(0.05, 0.4, COLUMNS)
    cluster = g.integers(0, max(rows // 2, 1), rows)
    frailty = g.normal(0, 0.4, max(rows // 2, 1))
    hazard = np.exp((x - x.mean(axis=0)) @ effects * 0.5 + frailty[cluster]) / 6_000
    event_day = np.ceil(g.exponential(1 / hazard))
    entry = np.where(g.random(rows) < 1 / 3, g.integers(1, 700, rows), 0).astype(np.float64)
    event_day = entry + event_day  # memoryless: conditional on being event-free at entry
    end = np.maximum(g.integers(400, HORIZON, rows), entry + 1)
    return Cohort(entry, np.minimum(event_day, end), (event_day <= end).astype(np.int64), x, cluster)
