"""Survival curves and cumulative incidence from counts at distinct times.

A person is at risk at time t if entry < t <= exit; without entry, if t <= exit. Events come before censorings at the
same time. numpy only: these functions run in every job and inside disclosure control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import TIME_TOLERANCE, Floats, follow_up, numbers, weights_or_ones
from family_justice.estimators.survival.log_rank import (
    LogRank as LogRank,  # one door to the whole non-parametric family
)
from family_justice.estimators.survival.log_rank import log_rank as log_rank

Z95 = 1.959963984540054  # qnorm(0.975)


@dataclass(frozen=True)
class EventTable:
    """What happened at each of the k distinct times at which anybody left, in increasing order.

    Counts are whole numbers, or sums of weights if weights were given.
    """

    time: Floats
    at_risk: NDArray  # (k,) at risk just before the time
    events: NDArray  # (k, n_causes)
    censored: NDArray  # (k,)


@dataclass(frozen=True)
class Curve:
    """A right-continuous step function on k times with 95% limits; ``start`` is its value before the first time."""

    time: Floats
    estimate: Floats
    std_error: Floats
    low: Floats
    high: Floats
    at_risk: NDArray
    start: float

    def at(self, times: ArrayLike) -> Curve:
        """Return the curve at other times. The at-risk count at t is that of the next time in the curve, as in R's
        ``summary.survfit``: exact without delayed entry, otherwise see ``at_risk_at``. Beyond the last time the last
        value holds (with nobody at risk); whether to show it is the caller's decision."""
        wanted = np.asarray(times, dtype=np.float64)
        margin = TIME_TOLERANCE * np.maximum(1.0, np.abs(wanted))
        here = np.searchsorted(self.time, wanted + margin, side="right")
        following = np.searchsorted(self.time, wanted - margin, side="left")

        def step(before: float, values: Floats) -> Floats:
            return np.concatenate([[before], values])[here]

        return Curve(
            time=wanted,
            estimate=step(self.start, self.estimate),
            std_error=step(0.0, self.std_error),
            low=step(np.nan, self.low),
            high=step(np.nan, self.high),
            at_risk=np.concatenate([self.at_risk, np.zeros(1, self.at_risk.dtype)])[following],
            start=self.start,
        )


class Quantile(NamedTuple):
    """A quantile of time with its 95% limits; nan where the curve does not get that far."""

    estimate: float
    low: float
    high: float


def event_table(
    exit: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    n_causes: int | None = None,
) -> EventTable:
    """Count events, censorings and persons at risk.

    ``exit`` (n,) is the time of leaving, ``cause`` (n,) 0 for censored and 1..K for events, ``entry`` (n,) the time
    from which a person is observed, ``weights`` (n,) case weights. ``n_causes`` fixes K where some cause never happens.
    Raises ``ValueError`` for missing values, entry at or after exit, and causes outside 0..K.
    """
    stop, start = follow_up(exit, entry)
    kind = numbers("cause", cause, stop.size).astype(np.int64)
    top = max(int(kind.max(initial=0)), 1) if n_causes is None else n_causes
    if kind.size and (kind.min() < 0 or kind.max() > top or (kind != np.asarray(cause)).any()):
        raise ValueError(f"cause must be a whole number from 0 (censored) to {top}")
    mass = None if weights is None else weights_or_ones(weights, stop.size)
    time, position = np.unique(stop, return_inverse=True)
    k = time.size

    counts = np.bincount(position * (top + 1) + kind, mass, k * (top + 1)).reshape(k, top + 1)
    at_risk = _from_here_on(counts.sum(axis=1))
    if start is not None:
        late = np.searchsorted(time, start, side="right")  # the first time at which the person is at risk
        at_risk = at_risk - np.append(_from_here_on(np.bincount(late, mass, k)), at_risk.dtype.type(0))[1:]
    return EventTable(time, at_risk, counts[:, 1:], counts[:, 0])


def kaplan_meier(table: EventTable) -> Curve:
    """Kaplan-Meier survival from all causes pooled, Greenwood's standard error of S, log-log 95% limits.

    Equals R ``survfit(Surv(...) ~ 1, conf.type = "log-log")``. As there, limits are nan while S = 1 and once S = 0,
    and the standard error is nan once S = 0.
    """
    return _product_limit(table.time, table.at_risk, table.events.sum(axis=1))


def reverse_kaplan_meier(exit: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> Curve:
    """Kaplan-Meier curve of the time to censoring: the probability of still being under observation.

    Events come before censorings: whoever has an event at t is not at risk of being censored at t, so that the factor
    is 1 - censored/(at risk - events). (R's ``survfit(Surv(time, 1 - event))`` lets them count and differs under ties.)
    """
    table = event_table(exit, np.asarray(event).astype(bool).astype(np.int64), entry)
    return _product_limit(table.time, table.at_risk - table.events.sum(axis=1), table.censored)


def cumulative_incidence(table: EventTable, cause: int) -> Curve:
    """Aalen-Johansen cumulative incidence of ``cause`` (1..K), exact under ties.

    F(t) = sum of S(t-) d/n over event times, S the Kaplan-Meier curve of all causes. The standard error is the
    delta-method one from the multinomial counts at each time (Greenwood type; Gaynor et al. 1993, JASA 88, 400-409):

        var F(t) = sum over s <= t of
            (F(t) - F(s))^2 d/(n (n-d)) + S(s-)^2 d_c (n - d_c)/n^3 - 2 (F(t) - F(s)) S(s-) d_c/n^2

    Without delayed entry this is the infinitesimal jackknife of R's multi-state ``survfit``, and statsmodels'
    ``CumIncidenceRight``. With delayed entry R's jackknife also counts that a late entrant had no part in the early
    factors, and differs by a percent or so; this one needs the counts only, so that released counts reproduce it.
    ``cmprsk::cuminc`` gives Aalen's (1978) variance, which is a fraction of a percent larger.

    The 95% limits are F^exp(+-1.96 se / (F log F)), the log-log transformation that R applies with
    ``conf.type = "log-log"``; nan where F is 0 or 1.
    """
    own = table.events[:, cause - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, std_error = _incidence(table.at_risk, table.events.sum(axis=1), own[:, None])
    low, high = log_log_limits(estimate[:, 0], std_error[:, 0])
    return Curve(table.time, estimate[:, 0], std_error[:, 0], low, high, table.at_risk, 0.0)


def at_risk_at(exit: ArrayLike, times: ArrayLike, entry: ArrayLike | None = None) -> NDArray[np.int64]:
    """Count the persons at risk just before each of ``times``: entry < t <= exit."""
    stop, start = follow_up(exit, entry)
    wanted = np.asarray(times, dtype=np.float64)
    wanted = wanted - TIME_TOLERANCE * np.maximum(1.0, np.abs(wanted))
    still = stop.size - np.searchsorted(np.sort(stop), wanted, side="left")
    if start is None:
        return still
    return still - (stop.size - np.searchsorted(np.sort(start), wanted, side="left"))


def quantile(curve: Curve, p: float) -> float:
    """Return the first time at which a share ``p`` has had the event: S <= 1 - p, or F >= p.

    R's convention (``quantile.survfit``): where the curve is flat at exactly that level, the middle of the flat
    stretch (its end is the next step, or the last time). nan if the curve does not get that far.
    """
    return _first_reach(curve.time, _share(curve, curve.estimate), p)


def quantile_interval(curve: Curve, p: float) -> Quantile:
    """Return the quantile with the 95% limits that come from reading the limits of the curve at the same level."""
    ends = [_first_reach(curve.time, _share(curve, bound), p) for bound in (curve.low, curve.high)]
    fast, slow = ends if curve.start == 1 else ends[::-1]
    return Quantile(quantile(curve, p), fast, slow)


def median_follow_up(exit: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> Quantile:
    """Return the median time to censoring by reverse Kaplan-Meier (Schemper and Smith 1996, Control Clin Trials 17)."""
    return quantile_interval(reverse_kaplan_meier(exit, event, entry), 0.5)


@dataclass(frozen=True)
class LifeTable:
    """An actuarial life table on k intervals with K causes; row j holds values at the end of interval j."""

    exposed: Floats  # (k,) effective number exposed
    conditional: Floats  # (k, K) probability of each cause in the interval, given event-free at its start
    survival: Floats  # (k,)
    survival_std_error: Floats  # (k,)
    cumulative_incidence: Floats  # (k, K)
    cumulative_incidence_std_error: Floats  # (k, K)


def actuarial(at_start: ArrayLike, events: ArrayLike, censored: ArrayLike) -> LifeTable:
    """Life table from counts on a grid: ``at_start`` (k,), ``events`` (k, K), ``censored`` (k,) in each interval.

    The effective number exposed is at_start - censored/2; standard errors are Greenwood's and, for the cumulative
    incidence, those of ``cumulative_incidence`` with the exposed in place of the numbers at risk. The counts may be
    rounded ones and need not add up: more events than exposed count as all of the exposed. Where nobody starts the
    probabilities are nan from there on. Never raises on zeros.
    """
    begin = np.asarray(at_start, dtype=np.float64)
    happened = np.asarray(events, dtype=np.float64)
    if happened.ndim == 1:  # one cause
        happened = happened[:, None]
    total = happened.sum(axis=1)
    # Rounding may leave more events than exposed: the interval then ends with nobody, not with fewer than nobody.
    exposed = np.where(begin > 0, np.maximum(begin - np.asarray(censored, dtype=np.float64) / 2, total), 0.0)
    base = np.where(exposed > 0, exposed, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - total / base)
        survival_se = survival * np.sqrt(np.cumsum(total / (base * (base - total))))
        incidence, incidence_se = _incidence(base, total, happened)
    return LifeTable(exposed, happened / base[:, None], survival, survival_se, incidence, incidence_se)


def _product_limit(time: Floats, at_risk: NDArray, leaving: NDArray) -> Curve:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(leaving > 0, leaving / at_risk, 0.0)
        survival = np.cumprod(1 - share)
        greenwood = np.cumsum(np.where(leaving > 0, leaving / (at_risk * (at_risk - leaving).astype(float)), 0.0))
        std_error = survival * np.sqrt(greenwood)
    low, high = log_log_limits(survival, std_error)
    return Curve(time, survival, std_error, low, high, at_risk, 1.0)


def _incidence(at_risk: NDArray, total: NDArray, own: NDArray) -> tuple[Floats, Floats]:
    """Cumulative incidence and its standard error, (k, m), from (k,), (k,), (k, m) counts. The sum over s <= t of the
    variance is opened into running sums, so that it costs one pass."""
    n = at_risk.astype(np.float64)
    survival = np.cumprod(1 - total / n)
    before = np.concatenate([[1.0], survival[:-1]])[:, None]
    risk = own / n[:, None]
    incidence = np.cumsum(before * risk, axis=0)
    # If everybody has the event at s then nothing is added later, F(t) = F(s): the infinite weight multiplies a zero.
    pooled = np.where(total == n, 0.0, total / (n * (n - total)))[:, None]
    cross = before * risk / n[:, None]
    variance = (
        incidence**2 * np.cumsum(pooled, axis=0)
        - 2 * incidence * np.cumsum(pooled * incidence + cross, axis=0)
        + np.cumsum(pooled * incidence**2 + before**2 * risk * (1 - risk) / n[:, None] + 2 * cross * incidence, axis=0)
    )
    return incidence, np.sqrt(np.maximum(variance, 0.0))


def log_log_limits(p: Floats, std_error: Floats) -> tuple[Floats, Floats]:
    """Return 95% limits of a probability from the log-log transformation; nan where it is 0 or 1."""
    inner = np.where((p > 0) & (p < 1), p, np.nan)
    width = Z95 * std_error / (inner * np.log(inner))  # negative: log p < 0
    return inner ** np.exp(-width), inner ** np.exp(width)


def _from_here_on(values: NDArray) -> NDArray:
    return np.cumsum(values[::-1])[::-1]


def _share(curve: Curve, values: Floats) -> Floats:
    return 1 - values if curve.start == 1 else values


def _first_reach(time: Floats, share: Floats, p: float, tolerance: float = 1.5e-8) -> float:
    known = ~np.isnan(share)
    time, share = time[known], np.maximum.accumulate(share[known])
    first = int(np.searchsorted(share, p - tolerance, side="left"))
    if first == share.size:
        return np.nan
    beyond = int(np.searchsorted(share, p + tolerance, side="right"))
    return float((time[first] + time[min(beyond, share.size - 1)]) / 2)
