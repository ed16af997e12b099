"""Rates and risks: Poisson regression with person-time, and modified Poisson for risk ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, binary, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test
from family_justice.estimators.parts.newton import Maximum, Objective, maximise
from family_justice.estimators.regression.columns import Columns, own_units, robust_covariance, scale_columns


@dataclass(frozen=True, eq=False)
class CountFit:
    """A fitted model. Position 0 is the intercept, position j + 1 is column j of the covariates, in every array and in
    the keys of ``reasons`` (whose text counts the columns from 0). What is not estimable is nan."""

    coef: Floats  # (p + 1,) logarithms: of the rate or risk, then of ratios
    var_model: Floats  # (p + 1, p + 1) inverse information
    var_robust: Floats | None  # (p + 1, p + 1) clustered sandwich
    loglik: tuple[float, float]  # intercept only, fitted; with all constants, as R logLik
    likelihood_ratio_test: ChiSquareTest
    wald_test: ChiSquareTest  # of the covariates, robust if there are clusters
    n: int
    n_events: int  # sum of the counts
    exposure: float  # sum of the person-time; rows if there is none
    n_clusters: int | None
    iterations: int
    converged: bool
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]
    theta: float = math.inf  # variance of a count = mean + mean^2 / theta; infinite: Poisson
    theta_std_error: float = math.nan

    @property
    def std_error(self) -> Floats:
        """Standard errors (p + 1,): robust if there are any, from the model otherwise."""
        return np.sqrt(np.diag(self.var_model if self.var_robust is None else self.var_robust))


def fit_poisson(
    count: ArrayLike, covariates: ArrayLike, exposure: ArrayLike | None = None, clusters: ArrayLike | None = None
) -> CountFit:
    """Fit log E(count) = log(exposure) + intercept + x b to whole numbers ``count`` (n,) and ``covariates`` (n, p).

    ``exposure`` (n,) is person-time, above zero. Equals R ``glm(family = poisson, offset = log(exposure))``; with
    ``clusters`` (n,) the covariance matrix is that of ``sandwich::vcovCL(type = "HC1")``, see ``regression``.

    Rates of two groups, a events in s years and b events in t years: the rate ratio is (b/t)/(a/s), the variance of
    its logarithm 1/a + 1/b. A group without events has a ratio of zero and is named in ``reasons``.

    Raises ``ValueError`` for missing values, unequal lengths, counts that are no whole numbers and exposure not above
    zero.
    """
    return Counts(count, covariates, exposure).poisson(clusters)


def fit_risk_ratio(outcome: ArrayLike, covariates: ArrayLike, clusters: ArrayLike | None = None) -> CountFit:
    """Fit log P(outcome = 1) = intercept + x b to ``outcome`` (n,) 0/1: modified Poisson (Zou 2004, Am J Epidemiol).

    The Poisson likelihood gives the risk ratios and the sandwich their standard errors; without ``clusters`` every row
    is a cluster of its own, so that the factor is n/(n-k): R ``sandwich::vcovHC(type = "HC1")`` (SAS and Zou's paper
    have no factor). ``var_model`` and the likelihood-ratio test are those of a Poisson model and too wide for risks:
    use ``wald_test``.

    Risks of two groups, a of m and b of n: the ratio is (b/n)/(a/m), the variance of its logarithm without the factor
    1/a - 1/m + 1/b - 1/n.
    """
    y = binary("outcome", outcome)
    counts = Counts(y, covariates, None)
    if y.size and y.all():
        counts.nothing = "no non-events"
    return counts.poisson(np.arange(y.size) if clusters is None else clusters)


class Counts:
    """The rows of a model of counts, checked and scaled once."""

    def __init__(self, count: ArrayLike, covariates: ArrayLike, exposure: ArrayLike | None) -> None:
        self.y = numbers("count", count)
        if (self.y < 0).any() or (self.y != np.floor(self.y)).any():
            raise ValueError("count must be whole numbers, not below zero")
        n = self.y.size
        self.exposure = np.ones(n) if exposure is None else numbers("exposure", exposure, n)
        if (self.exposure <= 0).any():
            raise ValueError(f"exposure must be above zero; it is not in {int((self.exposure <= 0).sum())} rows")
        self.offset = np.log(self.exposure)
        self.columns: Columns = scale_columns(design_matrix(covariates, n))
        self.events = int(self.y.sum())
        self.nothing = "" if self.events else "no events"
        value, frequency = np.unique(self.y, return_counts=True)
        pairs = zip(value.tolist(), frequency.tolist(), strict=True)
        self.log_factorials = float(sum(k * math.lgamma(y + 1) for y, k in pairs))
        self.distinct = value, frequency

    def mean(self, beta: Floats) -> tuple[Floats, Floats]:
        """Return the linear predictor (n,), logarithm of person-time included, and the means (n,)."""
        eta = combine(beta, self.columns.rows) + self.offset
        with np.errstate(over="ignore"):
            return eta, np.exp(eta)

    def climb(self, objective: Objective, start: Floats | None = None, known: dict[int, str] | None = None) -> Maximum:
        """Maximise from ``start``, by default the overall rate; ``known`` columns are ruled out with their reasons."""
        size = self.columns.scale.size
        ruled_out = dict(self.columns.constant)
        if self.nothing:
            ruled_out = dict.fromkeys(range(size), self.nothing)
        if start is None:
            start = np.zeros(size)
            start[0] = np.log(self.events / self.exposure.sum()) if self.events else 0.0
        known = ruled_out | (known or {})
        return maximise(objective, start, self.columns.span, float(max(self.events, 1)), known, intercepts=1)

    def poisson_objective(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the Poisson log-likelihood without its constants, its gradient and the information."""
        x = self.columns.rows
        eta, mu = self.mean(beta)
        return float(inner(self.y, eta) - mu.sum()), inner(x, self.y - mu), cross_product(x, x, mu)

    def poisson(self, clusters: ArrayLike | None) -> CountFit:
        """Return the Poisson fit."""
        top = self.climb(self.poisson_objective)
        residual = self.y - self.mean(top.parameters)[1]
        ends = (top.loglik_start - self.log_factorials, top.loglik - self.log_factorials)
        return self.fit(top, top.inverse, residual, ends, clusters)

    def fit(
        self,
        top: Maximum,
        variance: Floats,
        residual: Floats,
        loglik: tuple[float, float],
        clusters: ArrayLike | None,
    ) -> CountFit:
        """Return a fit in own units: ``variance`` is that of the search, ``residual`` (n,) times the rows the scores,
        ``loglik`` that without covariates and that at the maximum."""
        own = own_units(self.columns, top)
        coef, kept = own.coef, own.estimable
        robust, n_clusters = robust_covariance(own, top, variance, self.columns.rows, residual, clusters)
        var_model = own.covariance(variance)
        slopes = np.arange(kept.size) > 0
        used = var_model if robust is None else robust
        tested = kept & slopes
        return CountFit(
            coef=coef,
            var_model=var_model,
            var_robust=robust,
            loglik=(0.0, 0.0) if self.nothing else loglik,
            likelihood_ratio_test=chi_square_test(2 * (loglik[1] - loglik[0]), int((top.independent & slopes).sum())),
            wald_test=quadratic_form_test(coef[tested], used[np.ix_(tested, tested)]),
            n=self.y.size,
            n_events=self.events,
            exposure=float(self.exposure.sum()),
            n_clusters=n_clusters,
            iterations=top.iterations,
            converged=top.converged,
            estimable=kept,
            reasons=own.reasons,
        )
