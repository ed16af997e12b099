"""Shares of two groups beside each other: differences, ratios and tests, from their counts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test


def chi_squared(table: ArrayLike) -> ChiSquareTest:
    """Return Pearson's test that the shares of the rows (levels) of ``table`` (r, c) are those of all columns (groups),
    without a correction for continuity (R ``chisq.test(table, correct = FALSE)``).

    Rows without anybody are left out; nan with fewer than two rows or columns with people.
    """
    counts = np.asarray(table, dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        return ChiSquareTest(math.nan, 0, math.nan)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return chi_square_test(float(((counts - expected) ** 2 / expected).sum()), df)


def standardised_difference(p: float, q: float) -> float:
    """Return the difference of two shares over sqrt((p(1-p) + q(1-q))/2) (Austin 2009, Statistics in Medicine 28); nan
    where each group is all alike."""
    unit = math.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    return (p - q) / unit if unit > 0 else math.nan


def distance(first: ArrayLike, second: ArrayLike) -> float:
    """Return the standardised difference of a variable of several levels from its counts (levels,) in two groups: the
    Mahalanobis distance of the shares of all levels but one, by the mean of both groups' covariances (Yang and Dalton
    2012, SAS Global Forum 335; R ``tableone``). Of two levels it is the size of ``standardised_difference``.

    Levels without anybody are left out; nan where one group is empty or both are all alike.
    """
    counts = np.asarray([first, second], dtype=np.float64)
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2 or not counts.sum(axis=1).all():
        return math.nan
    shares = (counts / counts.sum(axis=1, keepdims=True))[:, 1:]
    spread = sum(np.diag(p) - np.outer(p, p) for p in shares) / 2
    apart = shares[0] - shares[1]
    if np.linalg.matrix_rank(spread) < len(apart):
        return math.nan
    return math.sqrt(float(apart @ np.linalg.solve(spread, apart)))


def share_difference(a: int, n: int, b: int, m: int) -> tuple[float, float]:
    """Return the difference a/n - b/m and its standard error (Wald)."""
    p, q = a / n, b / m
    return p - q, math.sqrt(p * (1 - p) / n + q * (1 - q) / m)


def log_prevalence_ratio(a: int, n: int, b: int, m: int) -> tuple[float, float]:
    """Return log((a/n) / (b/m)) and its standard error sqrt(1/a - 1/n + 1/b - 1/m) (Katz et al. 1978, Biometrics 34);
    nan unless both groups have somebody with it."""
    if not (a and b):
        return math.nan, math.nan
    return math.log(a / n) - math.log(b / m), math.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
