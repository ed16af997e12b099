"""Chi-squared tests without scipy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ChiSquareTest:
    """A test statistic, its degrees of freedom and the upper tail probability (nan if there is nothing to test)."""

    statistic: float
    df: int
    p_value: float


def upper_tail(statistic: float, df: int) -> float:
    """Return P(chi-squared with whole ``df`` > ``statistic``) from the recurrence in steps of two.

    Q(x; 1) = erfc(sqrt(x/2)), Q(x; 2) = exp(-x/2), Q(x; k+2) = Q(x; k) + (x/2)^(k/2) exp(-x/2) / Gamma(k/2 + 1).
    All terms are positive, so that small tails keep their relative accuracy.
    """
    if df < 1 or not statistic >= 0:
        return math.nan
    if statistic == 0:
        return 1.0
    if math.isinf(statistic):
        return 0.0
    half = statistic / 2
    tail = math.erfc(math.sqrt(half)) if df % 2 else math.exp(-half)
    for k in range(2 - df % 2, df, 2):
        tail += math.exp(k / 2 * math.log(half) - half - math.lgamma(k / 2 + 1))
    return min(tail, 1.0)


def quadratic_form_test(vector: np.ndarray, variance: np.ndarray) -> ChiSquareTest:
    """Test that ``vector`` (p,) with covariance matrix ``variance`` (p, p) is zero; p degrees of freedom.

    nan if the matrix has not full rank: a sandwich of fewer clusters than coefficients says nothing about all of them.
    """
    if vector.size == 0:
        return ChiSquareTest(math.nan, 0, math.nan)
    error = np.sqrt(np.diag(variance))
    if not (error > 0).all() or np.linalg.matrix_rank(variance / np.outer(error, error), tol=1e-9) < vector.size:
        return ChiSquareTest(math.nan, vector.size, math.nan)
    try:
        statistic = float(vector @ np.linalg.solve(variance, vector))
    except np.linalg.LinAlgError:
        return ChiSquareTest(math.nan, vector.size, math.nan)
    return chi_square_test(statistic, vector.size)


def chi_square_test(statistic: float, df: int) -> ChiSquareTest:
    """Attach the p value; a statistic that rounding made slightly negative counts as zero."""
    if df < 1:
        return ChiSquareTest(math.nan, 0, math.nan)
    statistic = max(statistic, 0.0) if statistic > -1e-6 else math.nan
    return ChiSquareTest(statistic, df, upper_tail(statistic, df))
