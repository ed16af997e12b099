"""What regression models share: columns brought to one scale and back, and the clustered sandwich."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, codes, combine, cross_product, inner, sums_by, varies
from family_justice.estimators.parts.newton import NOTHING_LEFT, RUNS_AWAY, Maximum, runs_away

# A column without zeros is centred, and any number whose mean lies more standard deviations than this from zero.
FAR_FROM_ZERO = 10.0


@dataclass(frozen=True, eq=False)
class Columns:
    """The rows of a design, position 0 the intercept, position j + 1 column j of the covariates.

    Columns are divided by their standard deviation. A number far from zero (a calendar year, a date) is nearly the
    intercept, and is centred as well. A column in which zero is a value (an indicator, a dose that many have not had)
    is not: when it separates the outcomes, the intercept keeps its own meaning. Columns that do not vary are zero and
    named in ``constant``. ``own_units`` is the way back.
    """

    rows: Floats  # (p + 1, n)
    scale: Floats  # (p + 1,)
    centre: Floats  # (p + 1,) zero where a column is not centred
    span: Floats  # (p + 1,) range after scaling
    constant: dict[int, str]

    @property
    def to_own_units(self) -> Floats:
        """The matrix (p + 1, p + 1) that turns coefficients of ``rows`` into those of the columns as they came."""
        change = np.diag(1 / self.scale)
        change[0] -= self.centre / self.scale
        return change

    def coefficients(self, own: Floats) -> Floats:
        """Return (p + 1,) coefficients of ``rows`` from those of the columns as they came (nan counts as zero)."""
        known = np.where(np.isnan(own), 0.0, own)
        found = known * self.scale
        found[0] += inner(known, self.centre)
        return found


@dataclass(frozen=True, eq=False)
class OwnUnits:
    """A fit in the units of the columns as they came; nan where ``estimable`` is not true."""

    coef: Floats  # (m,)
    estimable: NDArray[np.bool_]  # (m,)
    reasons: dict[int, str]
    change: Floats  # (m, m) from the coefficients of the search

    def covariance(self, matrix: Floats) -> Floats:
        """Return the covariance matrix (m, m) of ``coef`` from that of the coefficients of the search."""
        return transformed(matrix, self.change, self.estimable)


def transformed(matrix: Floats, change: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return change matrix change' of the ``known`` (m,) coefficients, nan for the others."""
    both = np.outer(known, known)
    return np.where(both, change @ np.where(both, matrix, 0.0) @ change.T, np.nan)


def own_units(columns: Columns, top: Maximum, equations: int = 1, first: int = 0) -> OwnUnits:
    """Return the maximum over coefficients of ``columns.rows``, one set for each of ``equations``, in own units.

    The ``first`` parameters of the search are no coefficients and left out. The intercept is a sum over the centred
    columns: it has no estimate where one of theirs has none, and goes the way that the sum goes.
    """
    p = columns.scale.size
    change: Floats = np.kron(np.eye(equations), columns.to_own_units).astype(np.float64, copy=False)
    moved = np.tile(columns.centre != 0, equations)
    estimable, independent = top.estimable[first:].copy(), top.independent[first:]
    reasons = {j - first: why for j, why in top.reasons.items() if j >= first}
    coef = change @ top.parameters[first:]
    for at in range(0, equations * p, p):
        lost = [j for j in range(at + 1, at + p) if moved[j] and independent[j] and not estimable[j]]
        if lost:
            estimable[at] = False
            away = any(RUNS_AWAY in reasons.get(j, "") for j in lost)
            reasons[at] = runs_away(coef[at]) if away else NOTHING_LEFT
    return OwnUnits(np.where(estimable, coef, np.nan), estimable, reasons, change)


def scale_columns(design: Floats) -> Columns:
    """Return the columns of ``design`` (n, p) with an intercept before them."""
    n, p = design.shape
    rows, scale, centre, span = np.ones((p + 1, n)), np.ones(p + 1), np.zeros(p + 1), np.ones(p + 1)
    constant: dict[int, str] = {}
    for j, column in enumerate(design.T, start=1):
        if not varies(column):
            rows[j] = 0.0
            constant[j] = "constant"
            continue
        middle = float(column.mean())
        middle += float((column - middle).mean())  # the first mean of large numbers is rounded
        scale[j] = np.sqrt(np.mean((column - middle) ** 2))
        if column.all() or (abs(middle) > FAR_FROM_ZERO * scale[j] and not np.isin(column, (0.0, 1.0)).all()):
            centre[j] = middle
        rows[j] = (column - centre[j]) / scale[j]
        span[j] = float(np.ptp(column)) / scale[j]
    return Columns(rows, scale, centre, span, constant)


def robust_covariance(
    own: OwnUnits, top: Maximum, variance: Floats, rows: Floats, residuals: Floats, clusters: ArrayLike | None
) -> tuple[Floats | None, int | None]:
    """Return the sandwich of ``clustered_variance`` in own units and the number of clusters; None without clusters."""
    if clusters is None:
        return None, None
    sandwich, count = clustered_variance(variance, top.informed, rows, residuals, clusters)
    return own.covariance(sandwich), count


def undecided_rows(design: Floats, reasons: Mapping[int, str]) -> NDArray[np.bool_]:
    """Return the rows (n,) whose outcome is not settled by a column of ``design`` (n, p) that runs to infinity.

    Where a level has no events (or nothing else) its coefficient has no end, and its rows say nothing about other
    columns. Without its column they would count as rows of the reference level, and move everything.
    ``reasons`` are those of a fit with an intercept at position 0. A number without zeros that runs to infinity leaves
    no row undecided.
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
