"""Checks of the arrays that go into an estimator, one meaning of "the same time", and sums whose order is fixed.

A threaded BLAS adds long vectors in an order that depends on the number of threads, so that the last digits of a result
would depend on the machine. The sums over rows below do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Whole numbers below it are counted off in a table, in a tenth of the time of sorting them.
LARGEST_TABLE = 2**22

# Two times closer than this, relative to the mean time, are one time: 58/365.25 - 30/365.25 is 28/365.25.
# The tolerance is that of R's survival::aeqSurv.
TIME_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


def numbers(name: str, values: ArrayLike, n: int | None = None) -> Floats:
    """Return a float vector; raise ``ValueError`` if it is not one-dimensional, finite and of length ``n``."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not {vector.ndim}")
    if n is not None and vector.size != n:
        raise ValueError(f"{name} has {vector.size} rows where exit has {n}")
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} has {int((~np.isfinite(vector)).sum())} rows that are missing or infinite")
    return vector


def binary(name: str, values: ArrayLike) -> Floats:
    """Return a float vector of zeros and ones; raise ``ValueError`` for other values."""
    vector = numbers(name, values)
    if not np.isin(vector, (0.0, 1.0)).all():
        raise ValueError(f"{name} must be 0 or 1")
    return vector


def design_matrix(covariates: ArrayLike, n: int) -> Floats:
    """Return covariates as an (n, p) float array; raise ``ValueError`` for another shape and for missing values."""
    design = np.asarray(covariates, dtype=np.float64)
    if design.ndim != 2 or len(design) != n:
        raise ValueError(f"covariates have shape {design.shape}; {n} rows of columns are needed")
    # Row after row in blocks: a column of a matrix stored by rows costs as much to read as the matrix.
    if not all(np.isfinite(design[low : low + 8192]).all() for low in range(0, n, 8192)):
        missing = [str(j) for j in range(design.shape[1]) if not np.isfinite(design[:, j]).all()]
        raise ValueError(f"covariates have missing or infinite values in columns {', '.join(missing)}")
    return design


# Numbers that differ by less than this share of the largest are one number and its rounding.
ROUNDING = 1e-13


def varies(column: Floats) -> bool:
    """Return whether the values (n,) differ by more than the rounding of arithmetic on them."""
    if not column.size:
        return False
    low, high = float(column.min()), float(column.max())
    return high - low > ROUNDING * max(abs(low), abs(high))


def codes(name: str, labels: ArrayLike | None, n: int) -> tuple[Ints, np.ndarray]:
    """Return labels as whole numbers 0, 1, ... and the distinct labels in sorted order; no labels: 0 for all."""
    if labels is None:
        return np.zeros(n, dtype=np.int64), np.zeros(min(n, 1), dtype=np.int64)
    vector = np.asarray(labels)
    if vector.shape != (n,):
        raise ValueError(f"{name} has shape {vector.shape} where exit has {n} rows")
    if vector.dtype.kind in "iu" and n and int(vector.max()) - int(vector.min()) < 8 * n:
        # Whole numbers are counted off in a table, in a tenth of the time of sorting them.
        place = vector.astype(np.int64) - int(vector.min())
        present = np.zeros(int(place.max()) + 1, dtype=bool)
        present[place] = True
        return np.take(np.cumsum(present) - 1, place), np.flatnonzero(present) + vector.min()
    distinct, code = np.unique(vector, return_inverse=True)
    return code.astype(np.int64), distinct


def weights_or_ones(weights: ArrayLike | None, n: int) -> Floats:
    """Return the case weights; raise ``ValueError`` for a negative one."""
    if weights is None:
        return np.ones(n)
    vector = numbers("weights", weights, n)
    if (vector < 0).any():
        raise ValueError(f"weights has {int((vector < 0).sum())} negative rows")
    return vector


def follow_up(exit: ArrayLike, entry: ArrayLike | None) -> tuple[Floats, Floats | None]:
    """Return the times (entry, exit] at risk, times that differ only by rounding made equal.

    Raises ``ValueError`` for missing times and for rows whose entry is not before their exit.
    """
    stop = numbers("exit", exit)
    start = None if entry is None else numbers("entry", entry, stop.size)
    if all(whole(times) for times in (stop, start) if times is not None):
        _require_order(stop, start)
        return stop, start
    every = np.unique(stop if start is None else np.concatenate([start, stop]))
    gaps = np.diff(every)
    tolerance = TIME_TOLERANCE * max(1.0, float(np.abs(every).mean())) if every.size else 0.0
    if gaps.size and gaps.min() <= tolerance:
        first = every[np.concatenate([[True], gaps > tolerance])]
        stop = first[np.searchsorted(first, stop, side="right") - 1]
        start = None if start is None else first[np.searchsorted(first, start, side="right") - 1]
    _require_order(stop, start)
    return stop, start


def whole(times: Floats) -> bool:
    """Return whether times (n,) are whole numbers, not below zero and small enough to count in a table."""
    if not times.size or times.min() < 0 or times.max() >= LARGEST_TABLE:
        return False
    return np.array_equal(times.astype(np.int32), times)


def _require_order(stop: Floats, start: Floats | None) -> None:
    if start is not None and (start >= stop).any():
        raise ValueError(f"entry must be before exit; it is not in {int((start >= stop).sum())} rows")


# OpenBLAS uses one thread for matrix products of up to 262,144 multiplications.
ONE_THREAD = 2**18


def sums_by(code: NDArray[np.integer], values: Floats, count: int) -> Floats:
    """Return (count,): the sums of ``values`` over the rows with code 0, 1, ..."""
    return np.bincount(code, weights=values, minlength=count).astype(np.float64, copy=False)


def inner(a: Floats, b: Floats) -> Floats:
    """Return the sums of a * b over the last axis."""
    return np.add.reduce(a * b, axis=-1)


def combine(coefficients: Floats, rows: Floats) -> Floats:
    """Return (n,): the linear combination of the rows of a (p, n) array."""
    total, product = np.zeros(rows.shape[1]), np.empty(rows.shape[1])
    for coefficient, row in zip(coefficients, rows, strict=True):
        total += np.multiply(coefficient, row, out=product)
    return total


def outer_product(a: Floats, b: Floats) -> Floats:
    """Return (p, n): a b' for (p, q) and (n, q), in blocks of one thread each."""
    total = np.empty((len(a), len(b)))
    block = max(ONE_THREAD // max(a.size, 1), 1)
    for low in range(0, len(b), block):
        total[:, low : low + block] = a @ b[low : low + block].T
    return total


def cross_product(a: Floats, b: Floats, weight: Floats | None = None) -> Floats:
    """Return (p, q): a diag(weight) b' for (p, n) and (q, n), in blocks that stay in cache and need no copy of a."""
    total = np.zeros((len(a), len(b)))
    block = max(ONE_THREAD // max(total.size, 1), 1)
    for low in range(0, a.shape[1], block):
        part = a[:, low : low + block]
        total += (part if weight is None else part * weight[low : low + block]) @ b[:, low : low + block].T
    return total
