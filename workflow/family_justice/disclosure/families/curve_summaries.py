"""Mean times and differences of risks, recomputed from the released life tables of their groups."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.families.curve_series import Curve
from family_justice.disclosure.families.rebuild import at_start, new_counts, rebuild, time_in_states, withdrawn
from family_justice.disclosure.result_frame import conditions, real, require_empty, suppress, text
from family_justice.disclosure.rounding import is_open, shown
from family_justice.errors import DisclosureError
from family_justice.estimators.survival.life_table import EventTable, actuarial
from family_justice.estimators.survival.restricted_mean import (
    NO_ERROR,
    RestrictedMean,
    difference,
    restricted_mean_survival,
    restricted_mean_time_lost,
    with_limits,
)
from family_justice.estimators.survival.risk_difference import Risk, RiskDifference, risk_difference
from family_justice.results import COUNTS

_COLUMNS = {"estimate": "estimate", "std_error": "std_error", "conf_low": "low", "conf_high": "high"}


def release_of_curves(frame: pd.DataFrame, rows: pd.Index, curves: list[Curve], policy: Policy) -> None:
    """Write mean times up to grid times, their differences, and differences of risks, that follow from the released
    curves.

    Whatever lies beyond the end of a released curve is suppressed. Raises ``DisclosureError`` for rows without a curve.
    """
    if not len(rows):
        return
    unknown = [column for column in COUNTS if column != "n"]
    require_empty(frame.loc[rows], [*unknown, "statistic", "df", "p_value"], "summaries of curves")
    if is_open(policy):
        return
    known = {(curve.analysis, curve.outcome, curve.who): curve for curve in curves}
    of_row = {row: known.get((*_about(frame, row), conditions(text(frame, row, "group")))) for row in rows}
    references: dict[tuple[object, ...], Curve] = {}
    for row, curve in of_row.items():
        if curve is None:
            raise DisclosureError("summaries of curves: some rows have no curve to rest on")
        if text(frame, row, "status") == "reference":
            references[(*_about(frame, row), text(frame, row, "measure"), real(frame, row, "time"))] = curve
    for row, curve in of_row.items():
        assert curve is not None
        measure, time, status = text(frame, row, "measure"), real(frame, row, "time"), text(frame, row, "status")
        if measure == "mean_time_in_state":
            found: RestrictedMean | RiskDifference | None = _in_state(curve, text(frame, row, "term"), time, policy)
        else:
            found = _found(measure, curve, references.get((*_about(frame, row), measure, time)), time, policy)
        if found is None:
            suppress(frame, row, policy)
            continue
        frame.at[row, "n"] = shown(curve.n, policy)
        # The remark, too, follows from what is released.
        frame.at[row, "note"] = NO_ERROR if status == "ok" and math.isnan(found.std_error) else ""
        for column, name in _COLUMNS.items():
            if status == "ok":
                frame.at[row, column] = getattr(found, name)
            elif column != "estimate" or status != "reference":
                frame.at[row, column] = math.nan


def _about(frame: pd.DataFrame, row: int) -> tuple[str, str]:
    return text(frame, row, "analysis"), text(frame, row, "outcome")


def _found(
    measure: str, curve: Curve, reference: Curve | None, time: float, policy: Policy
) -> RestrictedMean | RiskDifference | None:
    """The value of a row, or None if its curve, or that of its reference, does not reach so far."""
    if measure == "risk_difference":
        risk, other_risk = _risk(curve, time, policy), reference and _risk(reference, time, policy)
        return risk_difference(risk, other_risk) if risk and other_risk else None
    mean = _mean(curve, time, policy)
    if measure != "restricted_mean_difference":
        return mean
    other_mean = reference and _mean(reference, time, policy)
    return difference(mean, other_mean) if mean and other_mean else None


def _length(curve: Curve, time: float, policy: Policy) -> int:
    """Number of grid times up to ``time``, or 0 if it lies off the grid or beyond the end of the released curve."""
    at = np.flatnonzero(np.abs(np.array(curve.times) - time) < 1e-9)
    length = int(at[0]) + 1 if at.size else 0
    return 0 if curve.suppressed or length > curve.length(policy) else length


def _risk(curve: Curve, time: float, policy: Policy) -> Risk | None:
    """The risk of the event by a grid time in the released life table."""
    length = _length(curve, time, policy)
    if not length:
        return None
    (values,) = rebuild(curve, length, policy)
    estimate, error = float(values["estimate"][-1]), float(values["std_error"][-1])
    return Risk(estimate if curve.measure == "cumulative_incidence" else 1 - estimate, error)


def _in_state(curve: Curve, state: str, until: float, policy: Policy) -> RestrictedMean | None:
    """The mean time in a state up to a grid time in the released life table, or None beyond its end."""
    length = _length(curve, until, policy)
    if not length:
        return None
    if state not in curve.states:
        raise DisclosureError("summaries of curves: a mean time in a state that has no curve")
    mean, error = time_in_states(curve, length, policy)
    place = curve.states.index(state)
    return with_limits(float(mean[place]), float(error[place]))


def _mean(curve: Curve, until: float, policy: Policy) -> RestrictedMean | None:
    """The area under the released life table, or None beyond its end.

    Between grid times the curve is a straight line, whose area is that of a curve with all events of a step of the grid
    in its middle: the estimator gets these times, the exposed and the released numbers of events. That events lie
    evenly within the step, not all in its middle, adds S^2 events / exposed^2 times a twelfth of its squared length to
    the variance.
    """
    length = _length(curve, until, policy)
    if not length:
        return None
    start, _ = at_start(curve, length, policy)
    new = new_counts(curve, length)
    times = np.array(curve.times[:length])
    step = np.diff(times, prepend=times[0])
    lost = curve.measure == "cumulative_incidence"
    events = np.column_stack([new["events"], new["competing"]]) if lost else new["events"][:, None]
    censored = withdrawn(new, "censored") if lost else withdrawn(new, "censored", "competing")
    life = actuarial(start, events, censored)
    table = EventTable(times - step / 2, life.exposed, events, censored)
    mean = restricted_mean_time_lost(table, 1, until) if lost else restricted_mean_survival(table, until)
    before = np.concatenate([[1.0], life.survival[:-1]])
    spread = (before * step) ** 2 * new["events"] / np.where(life.exposed > 0, life.exposed, 1.0) ** 2 / 12
    error = math.hypot(mean.std_error, math.sqrt(float(spread.sum())))
    return with_limits(mean.estimate, error)
