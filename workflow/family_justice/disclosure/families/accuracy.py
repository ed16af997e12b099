"""How well risks were predicted: moved as rounding moves what follows from the curves of the groups, then in steps.

With one yes/no predictor all of it is a function of the persons and events of two groups: in steps of a fifth of the
standard error the area under the curve and the Brier score still singled out the six events of a group which the
released curves leave anywhere from 5 to 12 (``tests/unit/test_prediction_kind.py``). So, like ratios
(``rounding_shift``), each value is moved by as much as rounding moves the crude one, that of members who all have the
risk of their group: with few predictors it is then that of the released curves, with many it keeps its distance from
it. The mean predicted risk of a group keeps its distance from the observed one, in steps that hold what three persons
change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.coarsen import in_steps, step_below
from family_justice.disclosure.families.curve_series import Curve
from family_justice.disclosure.ledger import SAFE_VALUES
from family_justice.disclosure.result_frame import real, require_empty, suppress, text
from family_justice.disclosure.rounding import curve_step, is_open, possible
from family_justice.errors import DisclosureError
from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.life_table import Z95
from family_justice.results import COUNTS

STEPS_OF_ERROR, ERRORS_OF_ERROR = 5, 10
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
#: Measures whose crude value rounding moves, in the order of ``_crude``.
MOVED = ("area_under_curve", "brier_score", "scaled_brier_score")
#: A part of a person, in differences that stand for slopes.
_PART = 1e-4


@dataclass(frozen=True)
class _Groups:
    """Groups of predicted risk, lowest first, at one time: persons and their observed risk (g,), exactly and as
    released, the steps in which their events are shown (g,), and the most rows that one person has."""

    n: Floats
    risk: Floats
    n_shown: Floats
    risk_shown: Floats
    step: Floats
    rows_of_one: int

    @property
    def fewest(self) -> float:
        """The fewer of those with and without the event, as released."""
        events = float(self.n_shown @ self.risk_shown)
        return min(events, float(self.n_shown.sum()) - events)


def release_accuracy(
    frame: pd.DataFrame, rows: pd.Index, beyond: list[int], policy: Policy, exact: pd.DataFrame, curves: Sequence[Curve]
) -> None:
    """Move and shorten the values whose curves are released at their time, and withhold the others; after the curves.

    A value without a time is of the whole follow-up, and rests on curves that are released at all. Where as released
    fewer than the policy's events of a level have happened by its time, or not, nothing is told, not even that there is
    nobody to compare. ``beyond`` are the rows of curves that have ended, ``exact`` the frame before anything was
    released. Raises ``DisclosureError`` for counts and tests, and for a value without a standard error that is of no
    group.
    """
    given = frame.loc[rows]
    require_empty(given, [*COUNTS, "statistic", "df", "p_value"], "measures of a prediction")
    estimated = given[given["estimate"].notna()]
    if (estimated["std_error"].isna() & (estimated["group"] == "")).any():
        raise DisclosureError("measures of a prediction: some have no standard error")
    if is_open(policy):
        return
    curve_of = {row: curve for curve in curves for row in curve.rows}
    least = max(policy.minimum_events_per_level, policy.threshold)
    for row in rows:
        beside = _curves(frame, row)
        if beside.empty or (beside["status"] != "ok").any() or beside.index.isin(beyond).any():
            suppress(frame, row, policy)
            continue
        groups = _groups(frame, exact, beside.index, [curve_of[place] for place in beside.index], policy)
        has_time = not math.isnan(real(frame, row, "time"))
        if text(frame, row, "group"):
            _predicted(frame, row, groups, policy)
        elif has_time and groups.fewest < least * groups.rows_of_one:
            suppress(frame, row, policy)
        elif frame.at[row, "status"] == "ok":
            _shorten(frame, row, groups if has_time else None, groups.rows_of_one)


def _curves(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    """Return the rows of the curves beside a value: of its group or of all, at its time or at time zero."""
    same = (frame["analysis"] == frame.at[row, "analysis"]) & (frame["outcome"] == frame.at[row, "outcome"])
    curves = frame[same & (frame["measure"] == "cumulative_incidence")]
    group, time = text(frame, row, "group"), real(frame, row, "time")
    if group:
        curves = curves[curves["group"] == group]
    return curves[(curves["time"] - (time if time == time else 0)).abs() < 1e-9]


def _groups(
    frame: pd.DataFrame, exact: pd.DataFrame, rows: pd.Index, curves: Sequence[Curve], policy: Policy
) -> _Groups:
    n, risk, n_shown, risk_shown = (
        of.loc[rows, column].to_numpy(dtype=np.float64) for of in (exact, frame) for column in ("n", "estimate")
    )
    step = np.array([curve_step(curve.own(policy, "events")) for curve in curves], dtype=np.float64)
    return _Groups(n, risk, n_shown, risk_shown, step, max(curve.rows_of_one for curve in curves))


def _predicted(frame: pd.DataFrame, row: int, group: _Groups, policy: Policy) -> None:
    """Show the mean predicted risk of a group as far from its released observed risk as it is from the exact one;
    withhold that of a group so small that no step holds what three persons change."""
    n = possible(int(group.n_shown[0]), policy)[0]
    unit = next((step for step in STEPS if step * n >= SAFE_VALUES * group.rows_of_one), None)
    if unit is None:
        suppress(frame, row, policy)
        return
    moved = real(frame, row, "estimate") + float(group.risk_shown[0] - group.risk[0])
    frame.at[row, "estimate"] = round(min(max(in_steps(moved, unit), 0.0), 1.0), 3)


def _shorten(frame: pd.DataFrame, row: int, groups: _Groups | None, rows_of_one: int) -> None:
    """Move an estimate as rounding moves the crude one at its time, and show it in steps of its standard error; its
    limits follow."""
    error = real(frame, row, "std_error")
    if not error > 0:
        raise DisclosureError("measures of a prediction: some have no standard error")
    by, times, variance = (0.0, 1.0, 0.0) if groups is None else _shift(text(frame, row, "measure"), groups)
    error = math.sqrt((error * times) ** 2 + variance)
    short = in_steps(real(frame, row, "estimate") + by, step_below(rows_of_one * error / STEPS_OF_ERROR))
    short_error = in_steps(error, step_below(error / ERRORS_OF_ERROR))
    if text(frame, row, "measure") in MOVED:
        short = min(short, 1.0)
    frame.at[row, "estimate"], frame.at[row, "std_error"] = short, short_error
    for column, sign in (("conf_low", -1), ("conf_high", 1)):
        if real(frame, row, column) == real(frame, row, column):
            frame.at[row, column] = short + sign * Z95 * short_error


def _shift(measure: str, groups: _Groups) -> tuple[float, float, float]:
    """Return by how much rounding moves a measure, what it multiplies the error by, and the variance of the move, were
    the exact events spread evenly over those that round to the released ones (delta method)."""
    times = math.sqrt(_spread(groups.n_shown, groups.risk_shown) / _spread(groups.n, groups.risk))
    if measure not in MOVED:
        return 0.0, times, 0.0
    place = MOVED.index(measure)
    shown = _crude(groups.n_shown, groups.risk_shown)[place]
    variance = 0.0
    for group, step in enumerate(groups.step):
        risk = groups.risk_shown.copy()
        risk[group] += _PART / groups.n_shown[group]
        slope = (_crude(groups.n_shown, risk)[place] - shown) / _PART
        variance += slope**2 * (step**2 - 1) / 12
    return float(shown - _crude(groups.n, groups.risk)[place]), times, float(variance)


def _spread(n: Floats, risk: Floats) -> float:
    """Return the sum of one over the events and one over the others: errors grow as its root."""
    events = float(n @ risk)
    return 1 / max(events, 0.5) + 1 / max(float(n.sum()) - events, 0.5)


def _crude(n: Floats, risk: Floats) -> tuple[float, float, float]:
    """Return area under the curve, Brier score and scaled Brier score where the n (g,) of each group, lowest first, all
    have its ``risk`` (g,)."""
    events, others = n * risk, n * (1 - risk)
    below = np.cumsum(others) - others / 2
    pairs, share = float(events.sum() * others.sum()), float(events.sum() / n.sum())
    brier = float((n * risk * (1 - risk)).sum() / n.sum())
    if not pairs > 0:
        return 0.5, brier, 0.0
    return float(events @ below) / pairs, brier, 1 - brier / (share * (1 - share))
