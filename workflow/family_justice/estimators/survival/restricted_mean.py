"""Restricted mean survival time, restricted mean time lost to a cause, and differences between groups."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.life_table import Z95, EventTable

#: Why an area or a difference of risks has no standard error and no limits.
NO_ERROR = "no standard error: in a group nobody, or everybody, had the event"


class RestrictedMean(NamedTuple):
    """An area up to a time with its standard error and 95% limits, in the unit of time.

    Where nobody had an event, or everybody at one time, the formula of the error gives zero, which says nothing of
    precision: error and limits are nan (R has zero, and an interval without width).
    """

    estimate: float
    std_error: float
    low: float
    high: float


def restricted_mean_survival(table: EventTable, until: float) -> RestrictedMean:
    """Return the mean time without any event up to ``until``: the area under the Kaplan-Meier curve of all causes.

    The variance is the sum over event times of (area from there on)^2 d/(n(n-d)), as in R's
    ``print(survfit, rmean = until)`` and in survRM2 (Uno et al. 2014, J Clin Oncol 32). Beyond the last time the curve
    is continued at its last value, as R does. nan if nobody was observed; raises ``ValueError`` unless ``until`` > 0.
    """
    lost = _area(table, table.events.sum(axis=1), until)
    return with_limits(until - lost.estimate, lost.std_error)


def restricted_mean_time_lost(table: EventTable, cause: int, until: float) -> RestrictedMean:
    """Return the mean time lost to ``cause`` (1..K) before ``until``: the area under its cumulative incidence.

    The times lost to all causes and the restricted mean survival time add up to ``until`` (Andersen 2013, Stat Med
    32). The standard error comes from the multinomial counts as in ``life_table.cumulative_incidence``; without delayed
    entry it is the infinitesimal jackknife of R's multi-state ``survfit``.
    """
    return _area(table, table.events[:, cause - 1], until)


def difference(first: RestrictedMean, second: RestrictedMean) -> RestrictedMean:
    """Return first - second for two independent groups."""
    return with_limits(first.estimate - second.estimate, math.hypot(first.std_error, second.std_error))


def _area(table: EventTable, own: Floats, until: float) -> RestrictedMean:
    """The area under F(t), the sum of S(s-) d_own/n over s <= t. An event at s adds S(s-)(until - s) to it directly and
    takes away, through S, what is added after s: B(s), the area between F and its value at s."""
    if not until > 0:
        raise ValueError("until must be after zero")
    if not table.time.size:
        return RestrictedMean(math.nan, math.nan, math.nan, math.nan)
    used = (table.time <= until) & (table.at_risk > 0)
    time, n = table.time[used], table.at_risk[used].astype(np.float64)
    own, total = own[used].astype(np.float64), table.events[used].sum(axis=1).astype(np.float64)
    survival = np.cumprod(1 - total / n)
    before = np.concatenate([[1.0], survival])[:-1]
    direct = before * (until - time)
    added = direct * own / n
    area = float(added.sum())
    # Once everybody has had an event nothing can be added, and there is nothing to take away.
    after = np.where(total == n, 0.0, added[::-1].cumsum()[::-1] - added)
    weight = np.divide(total, n * (n - total), out=np.zeros_like(n), where=total < n)
    terms = after**2 * weight + direct**2 * own * (n - own) / n**3 - 2 * after * direct * own / n**2
    return with_limits(area, math.sqrt(max(float(terms.sum()), 0.0)))


def with_limits(estimate: float, std_error: float) -> RestrictedMean:
    """Return an area with the limits of its standard error; nan for an error of zero."""
    std_error = std_error if std_error > 0 else math.nan
    return RestrictedMean(estimate, std_error, estimate - Z95 * std_error, estimate + Z95 * std_error)
