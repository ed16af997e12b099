"""Restricted mean times, recomputed from the released life table of their group."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from family_justice.config.models import Policy
from family_justice.disclosure.curve_series import Curve
from family_justice.disclosure.rebuild import at_start, new_counts, withdrawn
from family_justice.disclosure.rounding import is_open, shown
from family_justice.disclosure.rows import conditions, real, require_empty, suppress, text
from family_justice.errors import DisclosureError
from family_justice.estimators.life_table import Z95, EventTable, actuarial
from family_justice.estimators.restricted_mean import (
    RestrictedMean,
    difference,
    restricted_mean_survival,
    restricted_mean_time_lost,
)
from family_justice.results import COUNTS

_COLUMNS = {"estimate": "estimate", "std_error": "std_error", "conf_low": "low", "conf_high": "high"}


def release_restricted_means(frame: pd.DataFrame, rows: pd.Index, curves: list[Curve], policy: Policy) -> None:
    """Write mean times up to grid times, and their differences, that follow from the released curves.

    Whatever lies beyond the end of a released curve is suppressed. Raises ``DisclosureError`` for rows without a curve.
    """
    if not len(rows):
        return
    unknown = [column for column in COUNTS if column != "n"]
    require_empty(frame.loc[rows], [*unknown, "statistic", "df", "p_value"], "restricted means")
    if is_open(policy):
        return
    known = {(curve.analysis, curve.outcome, curve.who): curve for curve in curves}
    means: dict[tuple[object, ...], RestrictedMean | None] = {}
    references: dict[tuple[object, ...], RestrictedMean | None] = {}
    for row in rows:
        who = conditions(text(frame, row, "group"))
        about = (text(frame, row, "analysis"), text(frame, row, "outcome"))
        curve = known.get((*about, who))
        if curve is None:
            raise DisclosureError("restricted means: some rows have no curve to rest on")
        key = (*about, real(frame, row, "time"))
        if (*key, who) not in means:
            means[(*key, who)] = _mean(curve, real(frame, row, "time"), policy)
        if text(frame, row, "status") == "reference":
            references[key] = means[(*key, who)]
    for row in rows:
        key = (text(frame, row, "analysis"), text(frame, row, "outcome"), real(frame, row, "time"))
        who = conditions(text(frame, row, "group"))
        status, mean = text(frame, row, "status"), means[(*key, who)]
        if text(frame, row, "measure") == "restricted_mean_difference":
            reference = references.get(key)
            mean = None if mean is None or reference is None else difference(mean, reference)
        if mean is None:
            suppress(frame, row, policy)
            continue
        frame.at[row, "n"] = shown(known[(key[0], key[1], who)].n, policy)
        for column, name in _COLUMNS.items():
            if status == "ok":
                frame.at[row, column] = getattr(mean, name)
            elif column != "estimate" or status != "reference":
                frame.at[row, column] = math.nan


def _mean(curve: Curve, until: float, policy: Policy) -> RestrictedMean | None:
    """The area under the released life table, or None beyond its end.

    Between grid times the curve is a straight line, whose area is that of a curve with all events of a step of the grid
    in its middle: the estimator gets these times, the exposed and the released numbers of events. That events lie
    evenly within the step, not all in its middle, adds S^2 events / exposed^2 times a twelfth of its squared length to
    the variance.
    """
    at = np.flatnonzero(np.abs(np.array(curve.times) - until) < 1e-9)
    length = int(at[0]) + 1 if at.size else 0
    if not at.size or curve.suppressed or length > curve.length(policy):
        return None
    start, _ = at_start(curve, length, policy)
    new = new_counts(curve, length)
    times = np.array(curve.times[:length])
    step = np.diff(times, prepend=times[0])
    lost = curve.kind == "cumulative_incidence"
    events = np.column_stack([new["events"], new["competing"]]) if lost else new["events"][:, None]
    censored = withdrawn(new, "censored") if lost else withdrawn(new, "censored", "competing")
    life = actuarial(start, events, censored)
    table = EventTable(times - step / 2, life.exposed, events, censored)
    mean = restricted_mean_time_lost(table, 1, until) if lost else restricted_mean_survival(table, until)
    before = np.concatenate([[1.0], life.survival[:-1]])
    spread = (before * step) ** 2 * new["events"] / np.where(life.exposed > 0, life.exposed, 1.0) ** 2 / 12
    error = math.hypot(mean.std_error, math.sqrt(float(spread.sum())))
    return RestrictedMean(mean.estimate, error, mean.estimate - Z95 * error, mean.estimate + Z95 * error)
