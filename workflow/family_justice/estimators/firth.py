"""Logistic regression with Firth's penalty: finite estimates where outcomes are separated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.arrays import Floats, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.chi_square import chi_square_test, quadratic_form_test, upper_tail
from family_justice.estimators.logistic import LogisticFit, fit_logistic
from family_justice.estimators.newton import independent_columns
from family_justice.estimators.regression import scale_columns

CONVERGED = 1e-18  # twice the penalised log-likelihood still to gain; steps shrink by a factor, not quadratically
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
    free = np.ones(start.size, dtype=bool)
    beta, top, variance, iterations, converged = search.climb(start, free)
    only_intercept = search.climb(start, np.arange(start.size) == 0)
    ends = np.array([search.profile(beta, top, variance, j) for j in range(start.size)])

    scale = columns.scale[kept]
    units = float(np.log(scale).sum())  # the penalty of columns as they came
    filled: dict[str, Any] = {}
    for name, values in (("coef", beta), ("conf_low", ends[:, 0]), ("conf_high", ends[:, 1])):
        filled[name] = nothing.copy()
        filled[name][kept] = values / scale
    p_value = nothing.copy()
    p_value[kept] = ends[:, 2]
    full = np.full((size, size), np.nan)
    full[np.ix_(kept, kept)] = variance / np.outer(scale, scale)
    tested = kept & (np.arange(size) > 0)
    return replace(
        empty,
        **filled,
        p_value=p_value,
        var_model=full,
        loglik=(only_intercept[1] + units, top + units),
        likelihood_ratio_test=chi_square_test(2 * (top - only_intercept[1]), int(tested.sum())),
        wald_test=quadratic_form_test(filled["coef"][tested], full[np.ix_(tested, tested)]),
        iterations=iterations,
        converged=converged,
        estimable=kept,
        reasons=reasons,
    )


class _Search:
    """The penalised likelihood of scaled columns ``x`` (k, n)."""

    def __init__(self, y: Floats, x: Floats, max_iter: int) -> None:
        self.y, self.x, self.max_iter = y, x, max_iter

    def at(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the penalised log-likelihood, its slope and the inverse information."""
        eta = combine(beta, self.x)
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

    def climb(self, beta: Floats, free: NDArray[np.bool_]) -> tuple[Floats, float, Floats, int, bool]:
        """Maximise over the ``free`` coefficients, the others held; return them, the maximum and the inverse."""
        value, slope, inverse = self.at(beta)
        iterations, converged = 0, not free.any()
        while iterations < self.max_iter and not converged:
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
        return beta, value, inverse, iterations, converged

    def profile(self, beta: Floats, top: float, variance: Floats, j: int) -> tuple[float, float, float]:
        """Return the ends of the 95% profile interval of coefficient j, and the p value of its being zero."""
        error = math.sqrt(variance[j, j])
        free = np.arange(beta.size) != j

        def lost(value: float, near: Floats) -> tuple[float, Floats]:
            there = near.copy()
            there[j] = value
            found, height, *_ = self.climb(there, free)
            return 2 * (top - height), found

        ends = []
        for side in (-1, 1):
            inside, outside, near = beta[j], beta[j] + side * 2 * error, beta
            low, (high, near) = 0.0, lost(outside, near)
            while high < QUANTILE and abs(outside - beta[j]) < 100 * error:
                inside, low = outside, high
                outside += side * error
                high, near = lost(outside, near)
            for _ in range(60):  # the square root of what is lost is nearly straight
                share = (math.sqrt(QUANTILE) - math.sqrt(max(low, 0.0))) / (math.sqrt(high) - math.sqrt(max(low, 0.0)))
                middle = inside + min(max(share, 0.02), 0.98) * (outside - inside)
                at, near = lost(middle, near)
                if abs(at - QUANTILE) < 1e-9:
                    break
                if at < QUANTILE:
                    inside, low = middle, at
                else:
                    outside, high = middle, at
            ends.append(middle if high >= QUANTILE else side * math.inf)
        return ends[0], ends[1], upper_tail(max(lost(0.0, beta)[0], 0.0), 1)
