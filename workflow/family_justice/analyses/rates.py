"""Rates per time at risk, with exact limits; robust ones where events repeat."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from family_justice.estimators.survival.life_table import Z95

Rows = Iterator[dict[str, Any]]

#: Rates are per so many units of time at risk.
PER = 1000.0


def rate_rows(row: dict[str, Any], events: int, persons: int, time: float) -> Rows:
    """Yield the rate of a group per ``PER`` units of time at risk, and that time."""
    rate = PER * events / time if time > 0 else math.nan
    low, high = rate_limits(events, time)
    yield {
        **row, "measure": "rate", "n": events, "total": persons, "estimate": rate, "conf_low": low, "conf_high": high,
    }  # fmt: skip
    yield {**row, "measure": "time_at_risk", "n": persons, "estimate": time}


def rate_limits(events: float, time: float) -> tuple[float, float]:
    """Return the exact 95% limits of a rate per ``PER`` units (Garwood 1936), nan without time at risk."""
    from scipy.special import chdtri

    if not time > 0:
        return math.nan, math.nan
    low = float(chdtri(2 * events, 0.975)) / 2 if events else 0.0
    return PER * low / time, PER * float(chdtri(2 * events + 2, 0.025)) / 2 / time


def robust_limits(rate: float, std_error: float) -> tuple[float, float]:
    """Return the 95% limits of a rate with a robust standard error, on the log scale: of events that repeat."""
    if not (rate > 0 and std_error >= 0):
        return math.nan, math.nan
    width = math.exp(Z95 * std_error / rate)
    return rate / width, rate * width


def limits_of(rate: float, std_error: float, events: float, time: float) -> tuple[float, float]:
    """Return the limits of a rate: robust ones if it has a standard error, else exact ones."""
    return rate_limits(events, time) if math.isnan(std_error) else robust_limits(rate, std_error)


def times_at_risk(table: pd.DataFrame, rates: pd.DataFrame) -> np.ndarray:
    """Return the time at risk of every row of rates."""
    times = table[table["measure"] == "time_at_risk"].set_index(["outcome", "group"])["estimate"]
    return np.array([float(times[key]) for key in zip(rates["outcome"], rates["group"], strict=True)])
