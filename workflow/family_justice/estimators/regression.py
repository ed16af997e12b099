"""What regression models share: columns brought to one scale, and the clustered sandwich."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.arrays import Floats, codes, combine, cross_product, sums_by
from family_justice.estimators.newton import RUNS_AWAY


@dataclass(frozen=True, eq=False)
class Columns:
    """The rows of a design, position 0 the intercept, position j + 1 column j of the covariates.

    Columns are divided by their standard deviation but not centred: when one of them separates, the intercept keeps
    its own meaning. Columns that do not vary are zero and named in ``constant``.
    """

    rows: Floats  # (p + 1, n)
    scale: Floats  # (p + 1,)
    span: Floats  # (p + 1,) range after scaling
    constant: dict[int, str]


def scale_columns(design: Floats) -> Columns:
    """Return the columns of ``design`` (n, p) with an intercept before them."""
    n, p = design.shape
    rows, scale, span = np.ones((p + 1, n)), np.ones(p + 1), np.ones(p + 1)
    constant: dict[int, str] = {}
    for j, column in enumerate(design.T, start=1):
        spread = float(np.ptp(column)) if n else 0.0
        if spread > 0:
            scale[j] = column.std()
            rows[j] = column / scale[j]
            span[j] = spread / scale[j]
        else:
            rows[j] = 0.0
            constant[j] = "constant"
    return Columns(rows, scale, span, constant)


def undecided_rows(design: Floats, reasons: Mapping[int, str]) -> NDArray[np.bool_]:
    """Return the rows (n,) whose outcome is not settled by a column of ``design`` (n, p) that runs to infinity.

    Where a level has no events (or nothing else) its coefficient has no end, and its rows say nothing about other
    columns. Without its column they would count as rows of the reference level, and move everything.
    ``reasons`` are those of a fit with an intercept at position 0.
    """
    columns = [j - 1 for j, why in reasons.items() if j > 0 and RUNS_AWAY in why]
    return (design[:, columns] == 0).all(axis=1)


def clustered_variance(
    variance: Floats, kept: NDArray[np.bool_], rows: Floats, residuals: Floats, clusters: ArrayLike
) -> tuple[Floats, int]:
    """Return the sandwich (m (p+1), m (p+1)) of ``variance`` and the number of clusters.

    ``residuals`` (n,), or (m, n) for m equations on the same ``rows`` (p + 1, n), times the rows are the scores. Their
    sums over G clusters carry the factor G/(G-1) * (n-1)/(n-k), k the number of estimated coefficients (HC1 in R
    ``sandwich::vcovCL``). With one cluster, and with no more rows than coefficients, all is nan.
    """
    n, k = rows.shape[1], int(kept.sum())
    member, labels = codes("clusters", clusters, n)
    count = labels.size
    scores = np.stack([sums_by(member, row * residual, count) for residual in np.atleast_2d(residuals) for row in rows])
    factor = count / (count - 1) * (n - 1) / (n - k) if count > 1 and n > k else np.nan
    both = np.ix_(kept, kept)
    robust = np.full_like(variance, np.nan)
    change = np.stack([combine(row, scores[kept]) for row in variance[both]]) if k else np.empty((0, count))
    robust[both] = factor * cross_product(change, change)
    return robust, count
