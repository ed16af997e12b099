"""Agreement of two classifications of the same units: the table of transitions and Cohen's kappa."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, Ints
from family_justice.estimators.survival.life_table import Z95

Weights = Literal["none", "equal", "squared"]


@dataclass(frozen=True, eq=False)
class Agreement:
    """``table`` (K, K): units per first (row) and second (column) class. ``kappa`` is nan if one class has them all,
    for then agreement by chance is complete; ``note`` says so."""

    table: Ints
    classes: tuple[str, ...]
    n: int
    observed: float  # weighted share of agreement
    expected: float  # by chance
    kappa: float
    std_error: float
    note: str


def transition_table(
    first: ArrayLike, second: ArrayLike, classes: list[str] | None = None
) -> tuple[Ints, tuple[str, ...]]:
    """Count the pairs of labels ``first`` (n,) and ``second`` (n,); return (K, K) and the classes in order.

    ``classes`` fixes their order; without it they are sorted. Raises ``ValueError`` for unequal lengths and for labels
    outside ``classes``.
    """
    one, two = np.asarray(first).astype(str), np.asarray(second).astype(str)
    if one.shape != two.shape or one.ndim != 1:
        raise ValueError("first and second must be vectors of the same length")
    names = np.array(sorted({*one, *two}) if classes is None else classes, dtype=str)
    order = np.argsort(names, kind="stable")
    places = []
    for labels in (one, two):
        at = np.searchsorted(names[order], labels).clip(max=max(names.size - 1, 0))
        outside = int((names[order][at] != labels).sum()) if names.size else labels.size
        if outside:
            raise ValueError(f"{outside} labels are not among the classes")
        places.append(order[at] if names.size else at)
    k = names.size
    table = np.bincount(places[0] * k + places[1], minlength=k * k).reshape(k, k)
    return table.astype(np.int64), tuple(str(name) for name in names)


def cohen_kappa(table: ArrayLike, weights: Weights = "none", classes: tuple[str, ...] = ()) -> Agreement:
    """Return Cohen's kappa of a (K, K) table of counts with its large-sample standard error.

    ``weights`` of cell (i, j): ``none`` 1 on the diagonal, else 0; ``equal`` 1 - |i-j|/(K-1); ``squared``
    1 - (i-j)^2/(K-1)^2. The standard error is that of Fleiss, Cohen and Everitt (1969, Psychological Bulletin 72),
    equal to R ``vcd::Kappa``: for shares p_ij, w_i. and w_.j the mean weights of a row and column under the other
    margin, n var = [sum p_ij (w_ij - (w_i. + w_.j)(1 - kappa))^2 - (kappa - p_e (1 - kappa))^2] / (1 - p_e)^2.

    Table 20, 5; 10, 15: agreement 0.7, by chance 0.5, kappa 0.4.
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise ValueError("table must be square with counts not below zero")
    k, n = len(counts), float(counts.sum())
    names = classes or tuple(str(i) for i in range(k))
    whole = counts.astype(np.int64)
    if n == 0 or k == 0:
        return Agreement(whole, names, 0, np.nan, np.nan, np.nan, np.nan, "no units")
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / max(k - 1, 1)
    w: Floats = {"none": np.eye(k), "equal": 1 - apart, "squared": 1 - apart**2}[weights]
    p = counts / n
    rows, cols = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((w * p).sum()), float(rows @ w @ cols)
    if 1 - expected < 1e-12:
        return Agreement(whole, names, round(n), observed, expected, np.nan, np.nan, "all units are in one class")
    kappa = (observed - expected) / (1 - expected)
    means = np.add.outer(w @ cols, rows @ w)
    inside = float((p * (w - means * (1 - kappa)) ** 2).sum() - (kappa - expected * (1 - kappa)) ** 2)
    error = float(np.sqrt(max(inside, 0.0) / n) / (1 - expected))
    return Agreement(whole, names, round(n), observed, expected, kappa, error, "")


def agreement_rows(table: ArrayLike) -> Iterator[dict[str, Any]]:
    """Yield observed agreement in percent and kappa with its 95% interval as rows of the result schema.

    ``table`` (K, K) may hold fractions, where a hidden count is filled in; ``n`` counts the units that agree.
    """
    found = cohen_kappa(table)
    counts = {"n": round(float(np.trace(np.asarray(table, dtype=float)))), "total": found.n}
    if not found.n:
        for measure in ("agreement", "kappa"):
            yield {**counts, "measure": measure, "status": "not estimable", "note": found.note}
        return
    yield {**counts, "measure": "agreement", "estimate": 100 * counts["n"] / counts["total"]}
    if math.isnan(found.kappa):
        yield {**counts, "measure": "kappa", "status": "not estimable", "note": found.note}
        return
    low, high = (found.kappa + sign * Z95 * found.std_error for sign in (-1, 1))
    values = {"estimate": found.kappa, "std_error": found.std_error, "conf_low": low, "conf_high": min(high, 1.0)}
    yield {**counts, "measure": "kappa", **values}
