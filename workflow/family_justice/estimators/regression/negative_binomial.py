"""Negative binomial regression: rates that vary more than Poisson rates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, cross_product, inner
from family_justice.estimators.parts.newton import Maximum
from family_justice.estimators.regression.poisson import CountFit, Counts

# The two halves of the search alternate until the logarithm of theta moves less than this.
STILL = 1e-11
ROUNDS = 100


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
    return _NegativeBinomial(count, covariates, exposure).negative_binomial(clusters)


class _NegativeBinomial(Counts):
    """The likelihood of coefficients and theta."""

    def __init__(self, count: ArrayLike, covariates: ArrayLike, exposure: ArrayLike | None) -> None:
        super().__init__(count, covariates, exposure)
        self.gammas = _GammaRatio(*self.distinct)

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
            alone = _NegativeBinomial(self.y, np.empty((self.y.size, 0)), self.exposure).negative_binomial(None)
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
