"""The Fine-Gray model of the subdistribution hazard of one of several competing events.

There are two programs that people mean, and they differ in the third digit. ``target`` names which one is computed:

- ``crr``: R ``cmprsk::crr``. Breslow's ties; the censoring distribution lets those who have an event count as at risk
  of censoring at the same time; the variance allows for its estimation (Fine and Gray 1999, JASA 94, 496-509).
- ``finegray``: R ``survival::finegray`` and a weighted ``coxph`` with robust variance. Efron's or Breslow's ties;
  events come before censorings; the weights count as known; delayed entry and strata (Geskus 2011, Biometrics 67).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import (
    Floats,
    Ints,
    codes,
    combine,
    cross_product,
    design_matrix,
    follow_up,
    numbers,
    sums_by,
    varies,
)
from family_justice.estimators.parts.chi_square import ChiSquareTest, quadratic_form_test
from family_justice.estimators.parts.newton import Maximum, maximise
from family_justice.estimators.survival.subdistribution import SubdistributionLikelihood, SubdistributionRisk


@dataclass(frozen=True, eq=False)
class FineGrayFit:
    """A fitted Fine-Gray model with p columns; nan with a reason where a column is not estimable."""

    coef: Floats  # (p,) log subdistribution hazard ratios
    var_model: Floats  # (p, p) inverse information: R's ``invinf`` or ``naive.var``
    var_robust: Floats  # (p, p) sandwich
    loglik: tuple[float, float]  # all coefficients zero, fitted: a pseudo-likelihood, whose ratio is no test
    wald_test: ChiSquareTest
    n: int
    n_events: int
    n_competing: int
    n_clusters: int
    iterations: int
    converged: bool
    target: str
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]

    @property
    def std_error(self) -> Floats:
        """Robust standard errors (p,)."""
        return np.sqrt(np.diag(self.var_robust))


def fit_fine_gray(
    exit: ArrayLike,
    cause: ArrayLike,
    covariates: ArrayLike,
    target: Literal["crr", "finegray"],
    of: int = 1,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] | None = None,
    max_iter: int = 50,
) -> FineGrayFit:
    """Fit the subdistribution hazard of cause ``of`` to n rows (one per person) and p columns.

    ``exit`` (n,); ``cause`` (n,) 0 for censored and positive for events, every cause other than ``of`` competes;
    ``covariates`` (n, p), fixed over time. ``clusters`` (n,): influences are summed within clusters, without them each
    row is its own (for ``crr``: Zhou, Fine, Latouche and Labopin 2012, Biostatistics 13). ``entry`` and ``strata``
    (with a censoring distribution for each) are for ``finegray`` only. ``ties``: Breslow's for ``crr``, Efron's by
    default for ``finegray``.

    Columns that are constant, collinear or run to infinity are named in ``reasons``, as in ``fit_cox``. Raises
    ``ValueError`` for missing values, unequal lengths, entry at or after exit, and what ``crr`` does not have.
    """
    if target not in ("crr", "finegray"):
        raise ValueError("target must be crr or finegray")
    if target == "crr" and (entry is not None or strata is not None or ties == "efron"):
        raise ValueError("target crr has no delayed entry, no strata and Breslow's ties only; use finegray")
    stop, start = follow_up(exit, entry)
    n = stop.size
    given = numbers("cause", cause, n)
    kind = np.where(given == 0, 0, np.where(given == of, 1, 2))
    design = design_matrix(covariates, n)
    stratum, _ = codes("strata", strata, n)
    member, labels = codes("clusters", np.arange(n) if clusters is None else clusters, n)
    weighted = SubdistributionRisk(stop, kind, start, stratum, events_first=target == "finegray")
    x, scale, span = _standardise(design, weighted)
    likelihood = SubdistributionLikelihood(weighted, x, efron=target == "finegray" and ties != "breslow")
    reason = "constant among those at risk" if weighted.size else "no events"
    ruled_out, events = {int(j): reason for j in np.flatnonzero(span == 0)}, int((kind == 1).sum())
    top = maximise(likelihood.objective, np.zeros(len(x)), span, float(events), ruled_out, max_iter)
    kept = top.estimable
    coef = np.where(kept, top.parameters / scale, np.nan)
    censored = (stop, kind == 0) if target == "crr" else None
    robust = _sandwich(likelihood, top, member, labels.size, censored) / np.outer(scale, scale)
    return FineGrayFit(
        coef=coef,
        var_model=top.variance / np.outer(scale, scale),
        var_robust=robust,
        loglik=(top.loglik_start, top.loglik),
        wald_test=quadratic_form_test(coef[kept], robust[np.ix_(kept, kept)]),
        n=n,
        n_events=events,
        n_competing=int((kind == 2).sum()),
        n_clusters=labels.size,
        iterations=top.iterations,
        converged=top.converged,
        target=target,
        estimable=kept,
        reasons=top.reasons,
    )


def _sandwich(
    likelihood: SubdistributionLikelihood,
    top: Maximum,
    member: Ints,
    count: int,
    censored: tuple[Floats, NDArray[np.bool_]] | None,
) -> Floats:
    """Return the robust covariance matrix (p, p): influences summed within clusters ``member`` (n,).

    With the times of all rows and who is ``censored`` comes what the estimated censoring distribution adds.
    """
    robust = np.full_like(top.inverse, np.nan)
    if not top.informed.any():
        return robust
    now, order = likelihood.at(top.parameters), likelihood.weighted.order
    summed = [sums_by(member[order], row, count) for row in likelihood.score_residuals(now)]
    if censored is not None:
        for total, row in zip(summed, likelihood.censoring_residuals(now, *censored), strict=True):
            total += sums_by(member, row, count)
    both = np.ix_(top.informed, top.informed)
    by_cluster = np.stack(summed)[top.informed]
    change = np.stack([combine(row, by_cluster) for row in top.inverse[both]])
    robust[both] = cross_product(change, change)
    return top.shown(robust)


def _standardise(design: Floats, weighted: SubdistributionRisk) -> tuple[Floats, Floats, Floats]:
    """Return the columns of the rows at risk as (p, n) with mean 0 and variance 1, their scale and their range."""
    x = np.empty((design.shape[1], weighted.order.size))
    scale, span = np.ones(len(x)), np.zeros(len(x))
    for j, row in enumerate(x):
        row[:] = design[weighted.order, j]
        if varies(row):
            row -= row.mean()
            scale[j] = row.std()
            row /= scale[j]
            span[j] = row.max() - row.min()
        else:
            row[:] = 0.0
    return x, scale, span
