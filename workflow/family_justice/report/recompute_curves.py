"""Curves worked out again from their released counts, and what follows from a released curve.

All functions take the rows of one analysis and those of one measure, and return values for the latter. Where times
are exact (a policy that rounds nothing) a curve does not follow from counts on a grid, but lies between bounds.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.life_table import EventTable, LifeTable, actuarial, log_log_limits
from family_justice.estimators.survival.restricted_mean import (
    restricted_mean_survival,
    restricted_mean_time_lost,
    with_limits,
)
from family_justice.estimators.survival.risk_difference import Risk, risk_difference

CURVES = ("survival", "cumulative_incidence")
_LIMITS = ["estimate", "std_error", "conf_low", "conf_high"]


class Steps:
    """New counts in the steps of the grid of one released curve; the first step is time zero itself."""

    def __init__(self, curve: pd.DataFrame) -> None:
        def new(column: str) -> Floats:
            return np.diff(curve[column].fillna(0).to_numpy(dtype=float), prepend=0.0)

        self.times = curve["time"].to_numpy(dtype=float)
        self.events, self.competing, self.censored = (new(name) for name in ("events", "competing", "censored"))
        late = curve["total"].notna().all()
        first = float(curve["total" if late else "n"].iloc[0])
        self.entered = np.concatenate([[0.0], new("total")[1:]]) if late else np.zeros(len(curve))
        gone = np.cumsum(self.events + self.competing + self.censored - self.entered)
        self.at_end = np.maximum(first - gone, 0.0)
        self.at_start = np.concatenate([[first], self.at_end[:-1]])

    def life_table(self, measure: str) -> LifeTable:
        """Who leaves within a step is exposed for half of it, and so is who enters; for survival, competing events are
        censorings."""
        withdrawn = self.censored - self.entered
        if measure == "survival":
            return actuarial(self.at_start, self.events, withdrawn + self.competing)
        return actuarial(self.at_start, np.column_stack([self.events, self.competing]), withdrawn)


def curve_of(rows: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return the released curve that a row about an outcome and group rests on, in order of time."""
    mine = (rows["outcome"] == row["outcome"]) & (rows["group"] == row["group"]) & rows["estimate"].notna()
    return rows[rows["measure"].isin(CURVES) & mine].sort_values("time")


def life_tables(_: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The actuarial life table of every curve, and the numbers still at risk."""
    parts = []
    for (measure, *_labels), drawn in part.groupby(["measure", "outcome", "group"], sort=False):
        curve = drawn.sort_values("time")
        steps = Steps(curve)
        table = steps.life_table(str(measure))
        if measure == "survival":
            estimate, error = table.survival, table.survival_std_error
        else:
            estimate, error = table.cumulative_incidence[:, 0], table.cumulative_incidence_std_error[:, 0]
        values = [estimate, error, *log_log_limits(estimate, error), steps.at_end]
        parts.append(pd.DataFrame(np.column_stack(values), curve.index, [*_LIMITS, "at_risk"]))
    return pd.concat(parts)


def curve_bounds(_: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """Least and greatest value of a curve from exact times with these counts on the grid.

    An event weighs S(s-) / at risk: least if all withdrawals of its step come after it, greatest if all come before.
    """
    parts = []
    for (measure, *_labels), drawn in part.groupby(["measure", "outcome", "group"], sort=False):
        curve = drawn.sort_values("time")
        steps = Steps(curve)
        own, leaving = steps.events, steps.censored
        every = own + steps.competing if measure == "cumulative_incidence" else own
        leaving = leaving if measure == "cumulative_incidence" else leaving + steps.competing
        most = steps.at_start + steps.entered
        least = np.maximum(steps.at_start - leaving, every)
        share_low, share_high = (np.divide(1.0, n, out=np.zeros_like(n), where=n > 0) for n in (most, least))
        survival_high, survival_low = np.cumprod(1 - every * share_low), np.cumprod(1 - every * share_high)
        low, high = survival_low, survival_high
        if measure == "cumulative_incidence":
            before_low, before_high = (np.concatenate([[1.0], s[:-1]]) for s in (survival_low, survival_high))
            low, high = np.cumsum(before_low * own * share_low), np.cumsum(before_high * own * share_high)
        parts.append(pd.DataFrame({"low": low, "high": high}, curve.index))
    return pd.concat(parts)


def mean_times(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The area under the released curve, or above it, straight lines between its points.

    The standard error is the estimator's, events in the middle of their steps, plus what their spread within a step
    adds: a twelfth of its squared length for each (the variance of a time that may be anywhere in it).
    """
    lines = []
    for _, row in part.iterrows():
        curve = curve_of(rows, row)
        curve = curve[curve["time"] <= row["time"] + 1e-9]
        steps, until = Steps(curve), float(row["time"])
        lost = row["measure"] == "restricted_mean_time_lost"
        table = steps.life_table("cumulative_incidence" if lost else "survival")
        width = np.diff(steps.times, prepend=0.0)
        events = np.column_stack([steps.events, steps.competing]) if lost else steps.events[:, None]
        middle = EventTable(steps.times - width / 2, table.exposed, events, steps.censored)
        mean = restricted_mean_time_lost(middle, 1, until) if lost else restricted_mean_survival(middle, until)
        weight = np.concatenate([[1.0], table.survival[:-1]]) / np.where(table.exposed > 0, table.exposed, 1.0)
        error = math.hypot(mean.std_error, math.sqrt(float((weight**2 * steps.events * width**2 / 12).sum())))
        area = float(np.trapezoid(curve["estimate"].to_numpy(dtype=float), steps.times))
        lines.append(list(with_limits(area, error)))
    return pd.DataFrame(lines, part.index, _LIMITS)


def mean_time_bounds(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The areas of the steps drawn through the lower and through the upper ends of a released curve."""
    lines = []
    for _, row in part.iterrows():
        curve = curve_of(rows, row)
        curve = curve[curve["time"] <= row["time"] + 1e-9]
        width, level = np.diff(curve["time"].to_numpy(dtype=float)), curve["estimate"].to_numpy(dtype=float)
        lines.append(sorted(float((width * ends).sum()) for ends in (level[:-1], level[1:])))
    return pd.DataFrame(lines, part.index, ["low", "high"])


def differences(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """Difference of the released values of a group and of the reference group, with sqrt(se^2 + se'^2)."""
    lines = []
    for _, row in part.iterrows():
        same = (part["outcome"] == row["outcome"]) & (part["time"] == row["time"])
        reference = part[same & (part["status"] == "reference")]
        if row["status"] == "reference":
            lines.append([0.0, np.nan, np.nan, np.nan])
            continue
        if reference.empty:
            lines.append([np.nan] * 4)
            continue
        here, there = (_released(rows, of) for of in (row, reference.iloc[0]))
        lines.append(list(risk_difference(Risk(*here), Risk(*there))))
    return pd.DataFrame(lines, part.index, _LIMITS)


def _released(rows: pd.DataFrame, row: pd.Series) -> tuple[float, float]:
    """Return the released mean time, or risk of the event, that a difference is of, with its standard error."""
    if row["measure"] == "risk_difference":
        found = curve_of(rows, row)
    else:
        mine = (rows["outcome"] == row["outcome"]) & (rows["group"] == row["group"])
        found = rows[rows["measure"].isin(["restricted_mean_time", "restricted_mean_time_lost"]) & mine]
    found = found[(found["time"] - row["time"]).abs() < 1e-9]
    if found.empty:
        return math.nan, math.nan
    value, error = float(found["estimate"].iloc[0]), float(found["std_error"].iloc[0])
    return (1 - value if found["measure"].iloc[0] == "survival" else value), error


def medians(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """When the released curve of follow-up, and each of its limits, reaches one half on straight lines."""
    curves = [curve_of(rows, row) for _, row in part.iterrows()]
    columns = ["estimate", "conf_low", "conf_high"]
    return pd.DataFrame([[_half(curve, c, "straight") for c in columns] for curve in curves], part.index, columns)


def median_bounds(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The ends of the step in which the released curve of follow-up reaches one half."""
    curves = [curve_of(rows, row) for _, row in part.iterrows()]
    lines = [[_half(curve, "estimate", end) for end in ("before", "after")] for curve in curves]
    return pd.DataFrame(lines, part.index, ["low", "high"])


def _half(curve: pd.DataFrame, column: str, where: str) -> float:
    time, level = curve["time"].to_numpy(dtype=float), curve[column].to_numpy(dtype=float)
    level[time == 0] = np.nan_to_num(level[time == 0], nan=1.0)  # S(0) = 1 has no limits
    time, level = time[~np.isnan(level)], level[~np.isnan(level)]
    if not (level <= 0.5).any():
        return math.nan
    j = int(np.argmax(level <= 0.5))
    if j == 0 or where != "straight":
        return float(time[max(j - 1, 0)] if where == "before" else time[j])
    return float(np.interp(0.5, [level[j], level[j - 1]], [time[j], time[j - 1]]))


FORMULAS = {
    **dict.fromkeys(CURVES, life_tables),
    **dict.fromkeys(("restricted_mean_time", "restricted_mean_time_lost"), mean_times),
    **dict.fromkeys(("restricted_mean_difference", "risk_difference"), differences),
    "median_follow_up": medians,
}
#: Where nothing is rounded.
BOUNDS = {
    **dict.fromkeys(CURVES, curve_bounds),
    **dict.fromkeys(("restricted_mean_time", "restricted_mean_time_lost"), mean_time_bounds),
    "median_follow_up": median_bounds,
}
