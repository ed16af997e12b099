"""Slope and relative index of inequality over ordered groups, and the concentration of events in them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, codes, cross_product, design_matrix, inner, numbers
from family_justice.estimators.parts.newton import independent_columns
from family_justice.estimators.regression.columns import clustered_variance, scale_columns
from family_justice.estimators.regression.poisson import CountFit, fit_poisson, fit_risk_ratio


@dataclass(frozen=True, eq=False)
class Inequality:
    """Both indices contrast the bottom of the order (rank 1) with its top (rank 0)."""

    ridits: Floats  # (K,) mean rank of each group, nan for a group without members
    slope: float  # slope index: difference of risks
    slope_std_error: float
    log_relative: float  # logarithm of the relative index: ratio of risks
    log_relative_std_error: float
    n: int
    n_events: int
    reason: str  # why nothing is estimable
    relative_fit: CountFit


def ridit_scores(group: ArrayLike, groups: int) -> tuple[Floats, Floats]:
    """Return the rank of every row and of every group: the share of rows in groups before it, plus half its own.

    ``group`` (n,) are whole numbers 0, ..., ``groups`` - 1 in order. Groups of 10, 20, 10 rows: 0.125, 0.5, 0.875.
    """
    place = numbers("group", group).astype(np.int64)
    counts = np.bincount(place, minlength=groups).astype(np.float64)
    if place.size and (place.min() < 0 or counts.size > groups):
        raise ValueError(f"group must be whole numbers from 0 to {groups - 1}")
    with np.errstate(invalid="ignore"):
        scores = (np.cumsum(counts) - counts / 2) / counts.sum()
    return scores[place], np.where(counts > 0, scores, np.nan)


def inequality(
    outcome: ArrayLike,
    group: ArrayLike,
    groups: int,
    adjust: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> Inequality:
    """Return the slope and relative index of inequality of ``outcome`` (n,) 0/1 over ordered ``group`` (n,).

    Regression on ridit scores (Mackenbach and Kunst 1997, Social Science and Medicine 44; Moreno-Betancur et al. 2015,
    Epidemiology 26): the slope index is the coefficient of the linear, the relative index of the log-Poisson risk
    model. ``adjust`` (n, p) are further covariates of both. Standard errors are sandwiches over ``clusters`` (every
    row its own without them) with the factor of ``columns.clustered_variance``.
    """
    y = numbers("outcome", outcome)
    rank, ridits = ridit_scores(group, groups)
    others = np.empty((y.size, 0)) if adjust is None else design_matrix(adjust, y.size)
    design = np.column_stack([rank, others])
    relative = fit_risk_ratio(y, design, clusters)
    slope, error, reason = math.nan, math.nan, relative.reasons.get(1, "")
    if reason == "constant":
        reason = "all members are in one group"
    if not reason and relative.converged:
        columns = scale_columns(design)
        x = columns.rows
        gram = cross_product(x, x)
        candidate = relative.estimable | (np.arange(len(gram)) == 0)
        kept = independent_columns(gram, candidate, np.zeros(len(gram)))
        both = np.ix_(kept, kept)
        inverse = np.full_like(gram, np.nan)
        inverse[both] = np.linalg.inv(gram[both])
        beta = np.zeros(len(gram))
        beta[kept] = inverse[both] @ inner(x, y)[kept]
        residual = y - beta @ x
        robust, _ = clustered_variance(inverse, kept, x, residual, np.arange(y.size) if clusters is None else clusters)
        slope, error = beta[1] / columns.scale[1], math.sqrt(robust[1, 1]) / columns.scale[1]
    return Inequality(
        ridits=ridits,
        slope=slope,
        slope_std_error=error,
        log_relative=float(relative.coef[1]),
        log_relative_std_error=float(relative.std_error[1]),
        n=y.size,
        n_events=relative.n_events,
        reason=reason or ("" if relative.converged else "the search for the estimate did not converge"),
        relative_fit=relative,
    )


def ordered_codes(labels: ArrayLike, order: list[str]) -> Floats:
    """Return the position of every label in ``order``; raise ``ValueError`` for labels that it lacks."""
    code, distinct = codes("labels", labels, np.asarray(labels).size)
    lacking = [label for label in distinct if str(label) not in order]
    if lacking:
        raise ValueError(f"{len(lacking)} labels are not in the order given")
    return np.array([order.index(str(label)) for label in distinct], dtype=float)[code]


@dataclass(frozen=True, eq=False)
class GroupedInequality:
    """The two indices of counts per group; nan with a ``reason`` where they cannot be estimated."""

    ridits: Floats  # (K,)
    slope: float  # difference of risks or rates, rank 1 less rank 0
    slope_std_error: float
    log_relative: float  # logarithm of the ratio of risks or rates
    log_relative_std_error: float
    reason: str


def grouped_inequality(events: ArrayLike, size: ArrayLike, time: ArrayLike | None = None) -> GroupedInequality:
    """Return the indices of ``inequality`` from counts: ``events`` (K,) among ``size`` (K,) persons, groups in order.

    Equal to ``inequality`` without ``adjust`` and ``clusters`` on the rows behind the counts. With ``time`` (K,), the
    time at risk, rates take the place of risks: ranks are still those of persons, the slope is the regression of rates
    weighted by time, and events have the variance of Poisson counts.
    """
    d, n = numbers("events", events), numbers("size", size)
    t = n if time is None else numbers("time", time, n.size)
    nan = math.nan
    rank, ridits = np.zeros(n.size), np.full(n.size, nan)
    if n.sum() > 0:
        rank = (np.cumsum(n) - n / 2) / n.sum()
        ridits = np.where(n > 0, rank, nan)
    inside = t > 0
    if inside.sum() < 2:
        return GroupedInequality(ridits, nan, nan, nan, nan, "all members are in one group")
    d, n, t, rank = d[inside], n[inside], t[inside], rank[inside]
    if time is None and (d == n).all():  # no residuals: what is left of them is rounding, and would pass for precision
        return GroupedInequality(ridits, nan, nan, nan, nan, "all members have the event")
    fit = fit_poisson(d, rank[:, None], t)
    reason = fit.reasons.get(1, fit.reasons.get(0, ""))
    if reason or not fit.converged:
        reason = reason or "the search for the estimate did not converge"
        return GroupedInequality(ridits, nan, nan, nan, nan, reason)
    x = np.stack([np.ones(rank.size), rank])
    bread = np.linalg.inv((x * t) @ x.T)
    beta = bread @ (x @ d)
    relative, slope = fit.var_model[1, 1], bread @ ((x * d) @ x.T) @ bread
    if time is None:
        factor = n.sum() / (n.sum() - 2) if n.sum() > 2 else nan
        squares = [d * (1 - mean) ** 2 + (n - d) * mean**2 for mean in (beta @ x, np.exp(fit.coef @ x))]
        slope = factor * bread @ ((x * squares[0]) @ x.T) @ bread
        relative = (factor * fit.var_model @ ((x * squares[1]) @ x.T) @ fit.var_model)[1, 1]
    return GroupedInequality(
        ridits, float(beta[1]), math.sqrt(slope[1, 1]), float(fit.coef[1]), math.sqrt(relative), ""
    )


@dataclass(frozen=True)
class Concentration:
    """Where events are concentrated: ``index`` from -1 (all at the worst off end) to 1 (all at the best off end), its
    standard error, and the curve: cumulative shares of people (K + 1,) and of events (K + 1,) from the worst off on."""

    index: float
    std_error: float
    people: Floats
    events: Floats


def concentration(events: ArrayLike, size: ArrayLike, poisson: bool) -> Concentration:
    """Return the concentration of ``events`` (K,) among ``size`` (K,) people, or time at risk, of groups from the best
    off to the worst off; nan without events, or where all are in one group.

    C = 2 sum(s_k r_k) - 1, with s_k the share of events of a group and r_k its mean rank from the worst off (Kakwani,
    Wagstaff and van Doorslaer 1997, Journal of Econometrics 77): twice the area between diagonal and curve. The
    variance is that of the events, sizes of groups given: of Poisson counts (``poisson``), or of binomial ones.
    """
    d, n = numbers("events", events)[::-1], numbers("size", size)[::-1]
    whole, happened = float(n.sum()), float(d.sum())
    if not happened > 0 or (n > 0).sum() < 2:
        none = np.full(d.size + 1, math.nan)
        return Concentration(math.nan, math.nan, none, none)
    rank = (np.cumsum(n) - n / 2) / whole
    index = 2 * float(d @ rank) / happened - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = d if poisson else np.where(n > 0, d * (1 - d / n), 0.0)
    error = math.sqrt(float(variance @ (2 * rank - 1 - index) ** 2)) / happened
    curves = (np.concatenate([[0.0], np.cumsum(part)]) / part.sum() for part in (n, d))
    return Concentration(index, error, *curves)
