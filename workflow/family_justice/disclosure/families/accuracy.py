"""How well risks were predicted: in steps of the spread of each number, and of what a few members change.

A measure of performance is an average over pairs of members or over members, with weights that are no whole numbers. It
is shown as other estimates that a model has several of: in steps of a fifth of its standard error, and only beside
the curves of all groups of predicted risk. The mean predicted risk of a group is an average over its members, and is
shown in steps that hold what three of them change.
"""

from __future__ import annotations

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.coarsen import in_steps, step_below
from family_justice.disclosure.ledger import SAFE_VALUES
from family_justice.disclosure.result_frame import count, real, require_empty, suppress, text
from family_justice.disclosure.rounding import is_open
from family_justice.errors import DisclosureError
from family_justice.estimators.survival.life_table import Z95
from family_justice.results import COUNTS

STEPS_OF_ERROR, ERRORS_OF_ERROR = 5, 25
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


def release_accuracy(frame: pd.DataFrame, rows: pd.Index, beyond: list[int], policy: Policy) -> None:
    """Shorten the values whose curves are released at their time, and withhold the others; after the curves.

    A value without a time is of the whole follow-up, and rests on curves that are released at all. ``beyond`` are the
    rows of curves that have ended. Raises ``DisclosureError`` for counts and tests, and for a value without a standard
    error that is of no group.
    """
    given = frame.loc[rows]
    require_empty(given, [*COUNTS, "statistic", "df", "p_value"], "measures of a prediction")
    estimated = given[given["estimate"].notna()]
    if (estimated["std_error"].isna() & (estimated["group"] == "")).any():
        raise DisclosureError("measures of a prediction: some have no standard error")
    if is_open(policy):
        return
    for row in rows:
        if frame.at[row, "status"] != "ok":
            continue
        beside = _curves(frame, row)
        if beside.empty or (beside["status"] != "ok").any() or beside.index.isin(beyond).any():
            suppress(frame, row, policy)
        elif text(frame, row, "group"):
            n = count(frame, int(beside.index[0]), "n") or 1
            unit = next((step for step in STEPS if step * n >= SAFE_VALUES), STEPS[-1])
            frame.at[row, "estimate"] = round(in_steps(real(frame, row, "estimate"), unit), 3)
        else:
            _shorten(frame, row)


def _curves(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    """Return the rows of the curves beside a value: of its group or of all, at its time or at time zero."""
    same = (frame["analysis"] == frame.at[row, "analysis"]) & (frame["outcome"] == frame.at[row, "outcome"])
    curves = frame[same & (frame["measure"] == "cumulative_incidence")]
    group, time = text(frame, row, "group"), real(frame, row, "time")
    if group:
        curves = curves[curves["group"] == group]
    return curves[(curves["time"] - (time if time == time else 0)).abs() < 1e-9]


def _shorten(frame: pd.DataFrame, row: int) -> None:
    """Show an estimate in steps of its standard error; its limits follow."""
    error = real(frame, row, "std_error")
    if not error > 0:
        raise DisclosureError("measures of a prediction: some have no standard error")
    short = in_steps(real(frame, row, "estimate"), step_below(error / STEPS_OF_ERROR))
    short_error = in_steps(error, step_below(error / ERRORS_OF_ERROR))
    frame.at[row, "estimate"], frame.at[row, "std_error"] = short, short_error
    for column, sign in (("conf_low", -1), ("conf_high", 1)):
        if real(frame, row, column) == real(frame, row, column):
            frame.at[row, column] = short + sign * Z95 * short_error
