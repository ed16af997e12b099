"""Rates and risks: Poisson and negative binomial regression with person-time, modified Poisson for risk ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.arrays import Floats, binary, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test
from family_justice.estimators.newton import Maximum, Objective, maximise
from family_justice.estimators.regression import Columns, own_units, robust_covariance, scale_columns

# The two halves of the negative binomial search alternate until the logarithm of theta moves less than this.
STILL = 1e-11
ROUNDS = 100


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
    return _Counts(count, covariates, exposure).poisson(clusters)


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
    counts = _Counts(y, covariates, None)
    if y.size and y.all():
        counts.nothing = "no non-events"
    return counts.poisson(np.arange(y.size) if clusters is None else clusters)


def fit_negative_binomial(
    count: ArrayLike, covariates: ArrayLike, exposure: ArrayLike | None = None, clusters: ArrayLike | None = None
) -> CountFit:
    """Fit counts whose variance is mean + mean^2/theta (NB2), arguments as ``fit_poisson``.

    Equals R ``MASS::glm.nb``: coefficients and theta at the joint maximum, the covariance matrix of the coefficients
    from their expected information at theta (statsmodels uses the observed joint information, which differs in the
    third digit), the standard error of theta from its own information. Clusters as in ``fit_poisson``.

    Where the counts vary no more than Poisson counts, that is sum((y - mean)^2 - y) <= 0 at the Poisson fit, the
    maximum is at theta = infinity and the Poisson fit is returned (R warns at its limit of iterations, or stops).
    """
    return _Counts(count, covariates, exposure).negative_binomial(clusters)


class _Counts:
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
        self.gammas = _GammaRatio(value, frequency)

    def mean(self, beta: Floats) -> tuple[Floats, Floats]:
        eta = combine(beta, self.columns.rows) + self.offset
        with np.errstate(over="ignore"):
            return eta, np.exp(eta)

    def climb(self, objective: Objective, start: Floats | None = None, known: dict[int, str] | None = None) -> Maximum:
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
        x = self.columns.rows
        eta, mu = self.mean(beta)
        return float(inner(self.y, eta) - mu.sum()), inner(x, self.y - mu), cross_product(x, x, mu)

    def poisson(self, clusters: ArrayLike | None) -> CountFit:
        top = self.climb(self.poisson_objective)
        residual = self.y - self.mean(top.parameters)[1]
        ends = (top.loglik_start - self.log_factorials, top.loglik - self.log_factorials)
        return self.fit(top, top.inverse, residual, ends, clusters)

    def negative_binomial(self, clusters: ArrayLike | None) -> CountFit:
        first = self.climb(self.poisson_objective)
        mu = self.mean(first.parameters)[1]
        if self.nothing or not first.converged or ((self.y - mu) ** 2 - self.y).sum() <= 0:
            return self.poisson(clusters)
        top, theta, error, still = self.alternate(first, mu)
        mu = self.mean(top.parameters)[1]
        x, kept = self.columns.rows, top.estimable
        expected = cross_product(x, x, mu / (1 + mu / theta))
        variance = np.full_like(expected, np.nan)
        variance[np.ix_(top.informed, top.informed)] = np.linalg.inv(expected[np.ix_(top.informed, top.informed)])
        loglik = self.nb_loglik(top.parameters, theta)
        null = loglik
        if kept[1:].any():
            alone = _Counts(self.y, np.empty((self.y.size, 0)), self.exposure).negative_binomial(None)
            null = alone.loglik[1]
        fit = self.fit(top, variance, (self.y - mu) / (1 + mu / theta), (null, loglik), clusters)
        replaced = {"theta": theta, "theta_std_error": error, "converged": top.converged and still}
        return CountFit(**{**vars(fit), **replaced})

    def alternate(self, first: Maximum, mu: Floats) -> tuple[Maximum, float, float, bool]:
        """Coefficients given theta, theta given coefficients, until neither moves: they are nearly orthogonal."""
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.nansum((self.y / mu - 1) ** 2)
        log_theta, top, reasons = math.log(max(self.y.size / spread, 1e-3)), first, first.reasons
        error, still = math.nan, False
        for _ in range(ROUNDS):
            before = log_theta
            log_theta, error = self.climb_theta(log_theta, mu)
            theta = math.exp(log_theta)
            top = self.climb(lambda beta, theta=theta: self.nb_objective(beta, theta), top.parameters, reasons)  # type: ignore[misc]
            reasons = top.reasons
            mu = self.mean(top.parameters)[1]
            still = abs(log_theta - before) < STILL
            if still:
                break
        return top, math.exp(log_theta), error, still

    def climb_theta(self, log_theta: float, mu: Floats) -> tuple[float, float]:
        """Newton's method for log theta at given means; return it and the standard error of theta."""
        error = math.nan
        for _ in range(50):
            theta = math.exp(log_theta)
            share = (self.y + theta) / (mu + theta)
            first, second = self.gammas.derivatives(theta)
            slope = first - float((np.log1p(mu / theta) + share - 1).sum())
            curve = second - float((1 / theta - (2 - share) / (mu + theta)).sum())
            error = 1 / math.sqrt(curve) if curve > 0 else math.nan
            down = theta * theta * curve - theta * slope  # minus the second derivative in log theta
            step = theta * slope / down if down > 0 else math.copysign(1.0, slope)
            log_theta += min(max(step, -2.0), 2.0)
            if abs(step) < STILL:
                break
        return log_theta, error

    def nb_loglik(self, beta: Floats, theta: float) -> float:
        eta, mu = self.mean(beta)
        rest = float(inner(self.y, eta) - inner(self.y + theta, np.log1p(mu / theta)))
        return self.gammas.logarithm(theta) + rest - self.log_factorials

    def nb_objective(self, beta: Floats, theta: float) -> tuple[float, Floats, Floats]:
        x = self.columns.rows
        eta, mu = self.mean(beta)
        with np.errstate(invalid="ignore", over="ignore"):
            loglik = float(inner(self.y, eta) - inner(self.y + theta, np.log1p(mu / theta)))
            score = (self.y - mu) / (1 + mu / theta)
            curve = mu / (1 + mu / theta) * (1 + self.y / theta) / (1 + mu / theta)
        return loglik, inner(x, score), cross_product(x, x, curve)

    def fit(
        self,
        top: Maximum,
        variance: Floats,
        residual: Floats,
        loglik: tuple[float, float],
        clusters: ArrayLike | None,
    ) -> CountFit:
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


class _GammaRatio:
    """The sum over rows of lgamma(y + theta) - lgamma(theta) - y log(theta), and its derivatives but for the last term.

    It is the sum of log(1 + j/theta) over 0 <= j < y, which loses no digits as theta grows. From ``MANY`` on the sum
    over j is that of Euler and Maclaurin, integral + half the ends + a twelfth of the slopes: exact to about 1e-14.
    ``value`` (m,) are the distinct counts, ``frequency`` (m,) rows have them.
    """

    MANY = 4096

    def __init__(self, value: Floats, frequency: NDArray[np.int64]) -> None:
        few = np.minimum(value, self.MANY).astype(np.int64)
        by_count = np.bincount(few, weights=frequency)
        self.above = by_count.sum() - np.cumsum(by_count)[:-1]  # rows with a count above 0, 1, 2, ...
        self.j = np.arange(self.above.size, dtype=np.float64)
        self.far, self.rows = value[value > self.MANY], frequency[value > self.MANY].astype(np.float64)

    def logarithm(self, theta: float) -> float:
        low, high = self.MANY, self.far
        first, last = np.log1p(low / theta), np.log1p(high / theta)
        integral = (theta + high) * last - high - ((theta + low) * first - low)
        beyond = integral + (first - last) / 2 + (1 / (theta + high) - 1 / (theta + low)) / 12
        return float((self.above * np.log1p(self.j / theta)).sum() + inner(self.rows, beyond))

    def derivatives(self, theta: float) -> tuple[float, float]:
        """Return the sums of 1/(theta + j) and of 1/(theta + j)^2 over 0 <= j < y, summed over rows."""
        a, b = 1 / (theta + self.MANY), 1 / (theta + self.far)
        once = np.log1p((self.far - self.MANY) * a) + (a - b) / 2 + (a**2 - b**2) / 12
        twice = a - b + (a**2 - b**2) / 2 + (a**3 - b**3) / 6
        near = self.above / (theta + self.j)
        return (
            float(near.sum() + inner(self.rows, once)),
            float((near / (theta + self.j)).sum() + inner(self.rows, twice)),
        )
