"""The Cox proportional hazards model.

Delayed entry, strata, case weights, clustered standard errors, Efron's or Breslow's ties; the results are those of R
``survival::coxph``. Everything that is computed from a fit (test of proportional hazards, baseline hazard, concordance)
is in ``cox_checks`` and can be imported from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import (
    Floats,
    Ints,
    codes,
    cross_product,
    design_matrix,
    follow_up,
    numbers,
    sums_by,
    varies,
    weights_or_ones,
)
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test
from family_justice.estimators.parts.newton import Maximum, maximise
from family_justice.estimators.survival.cox_checks import BaselineHazard as BaselineHazard
from family_justice.estimators.survival.cox_checks import Concordance as Concordance
from family_justice.estimators.survival.cox_checks import ProportionalHazards as ProportionalHazards
from family_justice.estimators.survival.cox_checks import baseline_hazard as baseline_hazard
from family_justice.estimators.survival.cox_checks import concordance as concordance
from family_justice.estimators.survival.cox_checks import concordance_std_error as concordance_std_error
from family_justice.estimators.survival.cox_checks import proportional_hazards_test as proportional_hazards_test
from family_justice.estimators.survival.cox_checks import robust_score_test as robust_score_test
from family_justice.estimators.survival.distinct_rows import PatternRows, Rows, SingleRows, patterns
from family_justice.estimators.survival.partial_likelihood import PartialLikelihood
from family_justice.estimators.survival.risk_sets import RiskSets


@dataclass(frozen=True, eq=False)
class CoxModel:
    """What a fit was made of, for the checks: rows in the order of the risk sets, columns centred and scaled."""

    likelihood: PartialLikelihood
    parameters: Floats  # (p,) on the scale of the columns; at the limit for columns that run to infinity
    centre: Floats  # (p,)
    scale: Floats  # (p,)
    strata: NDArray  # distinct labels of the strata
    exit: Floats  # (n,) of all rows in the order given, times made equal
    entry: Floats | None
    event: NDArray[np.bool_]
    member: Ints | None  # (n at risk,) code of the cluster, in the order of the risk sets


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model with p columns. Where a column is not estimable its coefficient, its rows of the covariance
    matrices and its standard error are nan and ``reasons`` says why."""

    coef: Floats  # (p,) log hazard ratios
    var_model: Floats  # (p, p) inverse information
    var_robust: Floats | None  # (p, p) sandwich, summed over clusters
    loglik: tuple[float, float]  # all coefficients zero, fitted
    score_test: ChiSquareTest
    likelihood_ratio_test: ChiSquareTest
    wald_test: ChiSquareTest  # with the robust covariance matrix if there is one, as R
    n: int
    n_events: int
    n_clusters: int | None
    iterations: int
    converged: bool
    ties: str
    estimable: NDArray[np.bool_]  # (p,)
    reasons: dict[int, str]
    model: CoxModel = field(repr=False)

    @property
    def std_error(self) -> Floats:
        """Standard errors (p,): robust if there are any, from the model otherwise."""
        return np.sqrt(np.diag(self.var_model if self.var_robust is None else self.var_robust))


def fit_cox(
    exit: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
    max_iter: int = 50,
    offset: ArrayLike | None = None,
) -> CoxFit:
    """Fit a Cox model to n rows and p columns.

    ``exit`` (n,) and ``event`` (n,) 0/1; a row is at risk over (``entry``, ``exit``]. ``covariates`` (n, p).
    ``strata`` and ``clusters`` (n,) are labels of any kind. ``weights`` (n,) are case weights; rows of weight zero are
    left out of the likelihood. ``offset`` (n,) is added to the linear predictor. With ``clusters`` the sandwich
    covariance matrix of Lin and Wei (1989, JASA 84) is added, with ``robust`` that with every row its own cluster. No
    small-sample factor, as in R.

    No data make it fail: columns that are constant, collinear with columns before them, or whose coefficient runs to
    infinity are left out or carried to their limit and named in ``reasons``; R reports NA for the first two and a large
    coefficient with a warning for the third. The degrees of freedom of the likelihood ratio and score tests count
    columns that run to infinity, as R's do; the Wald test cannot.

    Raises ``ValueError`` for missing values, entry at or after exit, unequal lengths and negative weights.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError("ties must be efron or breslow")
    stop, start = follow_up(exit, entry)
    n = stop.size
    happened = numbers("event", event, n) > 0
    design = design_matrix(covariates, n)
    stratum, stratum_labels = codes("strata", strata, n)
    weight = None if weights is None else weights_or_ones(weights, n)
    if weight is None:
        risk = RiskSets(stop, happened, start, stratum)
    else:
        risk = RiskSets(stop, happened & (weight > 0), start, np.where(weight > 0, stratum, -1))
        weight = weight[risk.order]
    rows, centre, scale, span = _standardise(design, risk)
    added = None if offset is None else numbers("offset", offset, n)[risk.order]
    likelihood = PartialLikelihood(risk, rows, weight, ties == "efron", added)
    top = _search(likelihood, span, max_iter)
    member, n_clusters = None, None
    if clusters is not None or robust:
        code, labels = codes("clusters", np.arange(n) if clusters is None else clusters, n)
        member, n_clusters = code[risk.order], labels.size
    model = CoxModel(likelihood, top.parameters, centre, scale, stratum_labels, stop, start, happened, member)
    return _fit_of(model, top, n_clusters, ties)


def _search(likelihood: PartialLikelihood, span: Floats, max_iter: int) -> Maximum:
    """Maximise the partial likelihood of columns with range ``span`` (p,), zero for those that do not vary."""
    reason = "constant among those at risk" if likelihood.risk.size else "no events"
    ruled_out = {int(j): reason for j in np.flatnonzero(span == 0)}
    events = float(likelihood.death_weight.sum())
    return maximise(likelihood.objective, np.zeros(span.size), span, events, ruled_out, max_iter)


def _fit_of(model: CoxModel, top: Maximum, n_clusters: int | None, ties: str) -> CoxFit:
    """Return the fit in the units of the columns as they came, with its tests."""
    kept, units = top.estimable, np.outer(model.scale, model.scale)
    coef, var_model, var_robust = np.where(kept, top.parameters / model.scale, np.nan), top.variance / units, None
    if model.member is not None and n_clusters is not None:
        var_robust = _sandwich(model.likelihood, top, model.member, n_clusters) / units
    free = np.ix_(top.independent, top.independent)
    used = var_model if var_robust is None else var_robust
    return CoxFit(
        coef=coef,
        var_model=var_model,
        var_robust=var_robust,
        loglik=(top.loglik_start, top.loglik),
        score_test=quadratic_form_test(top.score_start[top.independent], top.information_start[free]),
        likelihood_ratio_test=chi_square_test(2 * (top.loglik - top.loglik_start), int(top.independent.sum())),
        wald_test=quadratic_form_test(coef[kept], used[np.ix_(kept, kept)]),
        n=model.exit.size,
        n_events=int(model.event.sum()),
        n_clusters=n_clusters,
        iterations=top.iterations,
        converged=top.converged,
        ties=ties,
        estimable=kept,
        reasons=top.reasons,
        model=model,
    )


def _standardise(design: Floats, risk: RiskSets) -> tuple[Rows, Floats, Floats, Floats]:
    """Return the columns of the rows at risk with mean 0 and variance 1, their centre, scale and range.

    A column that does not vary has range 0.
    """
    p = design.shape[1]
    found = patterns(design)
    if found is None:
        x, code, count = _columns(design, risk.order), None, None
    else:
        code, x = np.take(found.code, risk.order).astype(np.int64), found.x
        count = np.bincount(code, minlength=x.shape[1])
    centre, scale, span = np.zeros(p), np.ones(p), np.zeros(p)
    for j in range(p):
        column = x[j]
        inside = column if count is None else column[count > 0]
        if not varies(inside):
            column[:] = 0.0
            continue
        centre[j] = np.average(column, weights=count)
        span[j] = inside.max() - inside.min()
        column -= centre[j]
        scale[j] = np.sqrt(np.average(column**2, weights=count))
        column /= scale[j]
        span[j] /= scale[j]
    rows = SingleRows(x, risk) if found is None or code is None else PatternRows(x, code, found, risk)
    return rows, centre, scale, span


def _columns(design: Floats, order: Ints) -> Floats:
    """Return (p, n): the rows of ``design`` in ``order``, turned in blocks that stay in cache."""
    x = np.empty((design.shape[1], order.size))
    for low in range(0, order.size, 4_096):
        rows = np.take(design, order[low : low + 4_096], axis=0)
        for column, values in zip(x, rows.T, strict=True):
            column[low : low + 4_096] = values
    return x


def _sandwich(likelihood: PartialLikelihood, top: Maximum, member: Ints, count: int) -> Floats:
    """Return the robust covariance matrix (p, p) of the parameters of the search."""
    spread = cluster_scores(likelihood, top.parameters, member, count)
    both = np.ix_(top.informed, top.informed)
    variance = np.full_like(top.inverse, np.nan)
    variance[both] = top.inverse[both] @ spread[both] @ top.inverse[both]
    return top.shown(variance)


def cluster_scores(likelihood: PartialLikelihood, parameters: Floats, member: Ints, count: int) -> Floats:
    """Return L L' (p, p) with L (p, clusters) the sums over each cluster of the weighted score residuals."""
    residuals = likelihood.score_residuals(likelihood.at(parameters))
    by_cluster = np.empty((parameters.size, count))
    for j, residual in enumerate(residuals):
        by_cluster[j] = sums_by(member, likelihood.weight * residual, count)
    return cross_product(by_cluster, by_cluster)
