"""Logistic regression with Firth's penalty: finite estimates where outcomes are separated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.parts.chi_square import chi_square_test, quadratic_form_test, upper_tail
from family_justice.estimators.parts.newton import independent_columns
from family_justice.estimators.regression.columns import scale_columns, transformed
from family_justice.estimators.regression.logistic import LogisticFit, fit_logistic

CONVERGED = 1e-18  # twice the penalised log-likelihood still to gain; steps shrink by a factor, not quadratically
FARTHEST = 1000.0  # standard errors from the estimate to an end of its interval
QUANTILE = 3.841458820694124  # 95% of the chi-squared distribution with one degree of freedom


@dataclass(frozen=True, eq=False)
class FirthFit(LogisticFit):
    """A penalised fit; ``loglik`` and its test are those of the penalised likelihood. Limits and p values are profiles
    of that likelihood, for it is far from symmetric where outcomes are separated; position 0 is the intercept."""

    conf_low: Floats
    conf_high: Floats
    p_value: Floats


def fit_firth(outcome: ArrayLike, covariates: ArrayLike, max_iter: int = 100) -> FirthFit:
    """Fit the logistic model of ``outcome`` (n,) 0/1 and ``covariates`` (n, p) that maximises log-likelihood + half the
    log determinant of the information (Firth 1993, Biometrika 80; Heinze and Schemper 2002, Statistics in Medicine 21).

    Equal to R ``brglm2`` (``AS_mean``) with the inverse information as covariance matrix; limits and p values are those
    of R ``logistf``: profiles with the penalty of the whole model. Columns that are constant or collinear with columns
    before them are named in ``reasons``; separation is no reason. If all outcomes are equal nothing is estimable.

    One binary covariate: the estimates are those of the table with a half added to every cell. Raises ``ValueError`` as
    ``fit_logistic``.
    """
    plain = fit_logistic(outcome, covariates, max_iter=1)  # checks, and the words for what cannot be estimated
    y = numbers("outcome", outcome)
    n, events = y.size, int(y.sum())
    columns = scale_columns(design_matrix(covariates, n))
    size = columns.scale.size
    reasons = dict(columns.constant)
    if events in (0, n):
        reasons = {j: why for j, why in plain.reasons.items() if why.startswith("no ")}
    candidate = np.array([j not in reasons for j in range(size)], dtype=bool)
    gram = cross_product(columns.rows, columns.rows)
    kept = independent_columns(gram, candidate, np.zeros(size))
    for j in np.flatnonzero(candidate & ~kept):
        reasons[int(j)] = "a combination of columns before it"
    nothing = np.full(size, np.nan)
    empty = FirthFit(**vars(plain), conf_low=nothing, conf_high=nothing, p_value=nothing)
    if not kept.any():
        return replace(empty, estimable=kept, reasons=reasons)

    search = _Search(y, columns.rows[kept], max_iter)
    start = np.zeros(int(kept.sum()))
    found = search.climb(start, np.ones(start.size, dtype=bool))
    only_intercept = search.climb(start, np.arange(start.size) == 0)
    ends = np.full((size, 3), np.nan)
    ends[kept] = search.profiles(found, columns.to_own_units[np.ix_(kept, kept)])

    units = float(np.log(columns.scale[kept]).sum())  # the penalty of columns as they came
    coef, variance = np.zeros(size), np.zeros((size, size))
    coef[kept], variance[np.ix_(kept, kept)] = found.beta, found.inverse
    coef = np.where(kept, columns.to_own_units @ coef, np.nan)
    variance = transformed(variance, columns.to_own_units, kept)
    tested = kept & (np.arange(size) > 0)
    return replace(
        empty,
        coef=coef,
        conf_low=ends[:, 0],
        conf_high=ends[:, 1],
        p_value=ends[:, 2],
        var_model=variance,
        loglik=(only_intercept.height + units, found.height + units),
        likelihood_ratio_test=chi_square_test(2 * (found.height - only_intercept.height), int(tested.sum())),
        wald_test=quadratic_form_test(coef[tested], variance[np.ix_(tested, tested)]),
        iterations=found.iterations,
        converged=found.converged,
        estimable=kept,
        reasons=reasons,
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """A conditional maximum of the penalised likelihood."""

    beta: Floats
    height: float
    inverse: Floats  # inverse information
    iterations: int
    converged: bool


class _Search:
    """The penalised likelihood of scaled columns ``x`` (k, n)."""

    def __init__(self, y: Floats, x: Floats, max_iter: int) -> None:
        self.y, self.x, self.max_iter = y, x, max_iter

    def at(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the penalised log-likelihood, its slope and the inverse information."""
        eta = combine(beta, self.x)
        with np.errstate(over="ignore"):
            fitted = 1 / (1 + np.exp(-eta))
        weight = fitted * (1 - fitted)
        information = cross_product(self.x, self.x, weight)
        sign, logarithm = np.linalg.slogdet(information)
        if not sign > 0:
            return -math.inf, np.zeros(beta.size), np.full((beta.size, beta.size), np.nan)
        inverse = np.linalg.inv(information).astype(np.float64)
        leverage = weight * sum(row * combine(part, self.x) for row, part in zip(self.x, inverse, strict=True))
        loglik = float(inner(self.y, eta) - np.logaddexp(0.0, eta).sum())
        return loglik + float(logarithm) / 2, inner(self.x, self.y - fitted + leverage * (0.5 - fitted)), inverse

    def climb(self, beta: Floats, free: NDArray[np.bool_]) -> _Point:
        """Maximise over the ``free`` coefficients, the others held."""
        value, slope, inverse = self.at(beta)
        iterations, converged = 0, not free.any()
        while iterations < self.max_iter and not converged and math.isfinite(value):
            iterations += 1
            step = np.zeros(beta.size)
            information = np.linalg.inv(inverse)
            step[free] = np.linalg.solve(information[np.ix_(free, free)], slope[free])
            step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))  # a first step can be far too long
            left, fraction = float(slope @ step), 1.0
            trial = self.at(beta + step)
            while trial[0] < value - 1e-12 * abs(value) and fraction > 1e-6:
                fraction /= 2
                trial = self.at(beta + fraction * step)
            beta, (value, slope, inverse) = beta + fraction * step, trial
            converged = left < CONVERGED
        return _Point(beta, value, inverse, iterations, converged and math.isfinite(value))

    def profiles(self, top: _Point, change: Floats) -> Floats:
        """Return (k, 3): the ends of the 95% profile interval of every coefficient in its own units, ``change`` (k, k)
        times those of the search, and the p value of its being zero."""
        lines = [_Profile(self, top, direction) for direction in change]
        return np.array([[line.end(-1), line.end(1), line.p_value()] for line in lines])


class _Profile:
    """The penalised likelihood along one linear combination of the coefficients, ``direction`` (k,), the others at
    their conditional maximum.

    No end of it is infinite, for the penalised likelihood falls without end in every direction (Kosmidis and Firth
    2021, Biometrika 108). nan is an end that the search has not found.
    """

    def __init__(self, search: _Search, top: _Point, direction: Floats) -> None:
        # The combination takes the place of the coefficient that has the largest part in it.
        self.j = int(np.abs(direction).argmax())
        self.unit = float(direction[self.j])
        change = np.eye(direction.size)
        change[self.j] = direction / self.unit
        rows = search.x
        if np.count_nonzero(direction) > 1:
            rows = np.stack([combine(part, search.x) for part in np.linalg.inv(change).T])
        self.search = _Search(search.y, rows, search.max_iter)
        self.free = np.arange(direction.size) != self.j
        beta = change @ top.beta
        height, _, inverse = self.search.at(beta)
        self.top = replace(top, beta=beta, height=height, inverse=inverse)

    def lost(self, point: _Point) -> float:
        """Return twice the penalised log-likelihood that ``point`` lacks to the maximum."""
        return 2 * (self.top.height - point.height)

    def at(self, value: float, near: _Point) -> _Point | None:
        """Return the conditional maximum at ``value``, sought from another one; None if it is not found.

        The others start where they would be if the likelihood were quadratic, in one leap or in smaller ones.
        """
        for leaps in (1, 4, 16):
            point = near
            for leap in np.linspace(near.beta[self.j], value, leaps + 1)[1:]:
                slope = point.inverse[self.j] / point.inverse[self.j, self.j]
                start = point.beta + slope * (leap - point.beta[self.j])
                start[self.j] = leap
                point = self.search.climb(start, self.free)
                if not point.converged:
                    break
            if point.converged:
                return point
        return None

    def end(self, side: int) -> float:
        """Return the lower (``side`` -1) or upper (1) end of the 95% interval."""
        error = math.sqrt(self.top.inverse[self.j, self.j])
        side = side if self.unit > 0 else -side
        inside: _Point = self.top
        outside = self.at(inside.beta[self.j] + 2 * side * error, inside)
        while outside and self.lost(outside) < QUANTILE:
            inside, reach = outside, abs(outside.beta[self.j] - self.top.beta[self.j])
            if reach > FARTHEST * error:
                return math.nan
            outside = self.at(inside.beta[self.j] + side * max(error, reach / 4), inside)
        if not outside:
            return math.nan
        ends = [inside, outside]
        for _ in range(60):  # the square root of what is lost is nearly straight
            roots = [math.sqrt(max(self.lost(end), 0.0)) for end in ends]
            share = min(max((math.sqrt(QUANTILE) - roots[0]) / (roots[1] - roots[0]), 0.02), 0.98)
            low, high = (float(end.beta[self.j]) for end in ends)
            middle = self.at(low + share * (high - low), min(ends, key=lambda end: abs(self.lost(end) - QUANTILE)))
            if not middle:
                return math.nan
            over = self.lost(middle) - QUANTILE
            ends[int(over >= 0)] = middle
            if abs(over) < 1e-9 or abs(high - low) < 1e-12 * error:
                return float(middle.beta[self.j]) * self.unit
        return math.nan

    def p_value(self) -> float:
        """Return the p value of the hypothesis that the combination is zero."""
        none = self.at(0.0, self.top)
        return upper_tail(max(self.lost(none), 0.0), 1) if none else math.nan
