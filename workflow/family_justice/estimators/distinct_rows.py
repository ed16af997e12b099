"""The columns of a model, kept once for each distinct row where rows repeat.

Research covariates are mostly categories: a million rows of fifteen indicators hold some twenty-five thousand distinct
rows, their patterns. Whatever depends on the covariates alone is then computed once for each pattern, and sums over
rows become products with a sparse matrix (place in time x pattern). Where rows hardly repeat, each is its own pattern
and plain running sums are as good. Either way the answers are the same but for the order of addition.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.arrays import Floats, cross_product, sums_by
from family_justice.estimators.risk_sets import RiskSets

# Fewer rows are quick in any case, and need no import of scipy.
MANY_ROWS = 20_000
ROWS_PER_PATTERN = 4  # on average at least
LEVELS_PER_COLUMN = 500
SAMPLE = 20_000
BLOCK = 8_192  # rows of some fifteen columns that stay in cache
TABLE = 2**22
LARGEST_KEY = 2.0**52

Codes = NDArray[np.int32]


class SingleRows:
    """Every row by itself: ``x`` (p, n) in the order of ``risk``."""

    def __init__(self, x: Floats, risk: RiskSets) -> None:
        self.x, self.risk = x, risk

    def spread(self, values: Floats) -> Floats:
        """Return (n,): for each row the value (m,) of its pattern."""
        return values

    def at_deaths(self, values: Floats) -> Floats:
        """Return (E,): for each death the value of its pattern."""
        return values[self.risk.deaths]

    def death_sums(self, values: Floats) -> Floats:
        """Return (p, K): sums of the columns times values (n,) over the deaths of each pair."""
        sums = np.empty((len(self.x), self.risk.size))
        for j, row in enumerate(self.x):
            sums[j] = self.risk.row_death_sums(values * row)
        return sums

    def risk_and_death_sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Return (p, K) twice: sums of the columns times values (n,) over everybody at risk and over the deaths."""
        deaths = np.empty((len(self.x), self.risk.size))

        def products() -> Iterator[Floats]:
            product = np.empty_like(values)  # one vector for all columns: new memory costs more than the product
            for j, row in enumerate(self.x):
                np.multiply(row, values, out=product)
                deaths[j] = self.risk.row_death_sums(product)
                yield product

        return self.risk.sums(products(), len(self.x)), deaths

    def second_moments(self, values: Floats) -> Floats:
        """Return (p, p): sums over rows of values (n,) times the products of two columns."""
        return cross_product(self.x, self.x, values)


class PatternRows:
    """Rows that share patterns: ``x`` (p, m), and for each row in the order of ``risk`` the ``code`` of its pattern."""

    def __init__(self, x: Floats, code: Codes, risk: RiskSets) -> None:
        self.x, self.code, self.risk = x, code, risk
        self.death_code = code[risk.deaths]
        self._by_row = np.ascontiguousarray(x.T)
        m = len(self._by_row)
        self._at_risk = [_sparse(place, code, (risk.places, m), not risk.delayed) for place in risk.place]
        self._died = _sparse(risk.death_pair, self.death_code, (risk.size, m), True)

    def spread(self, values: Floats) -> Floats:
        """Return (n,): for each row the value (m,) of its pattern."""
        return np.take(values, self.code)

    def at_deaths(self, values: Floats) -> Floats:
        """Return (E,): for each death the value (m,) of its pattern."""
        return np.take(values, self.death_code)

    def death_sums(self, values: Floats) -> Floats:
        """Return (p, K): sums of the columns times values (n,) over the deaths of each pair."""
        return np.ascontiguousarray(_product(self._died, values[self.risk.deaths], self._by_row).T)

    def risk_and_death_sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Return (p, K) twice: sums of the columns times values (n,) over everybody at risk and over the deaths."""
        table = sum(_product(matrix, values, self._by_row) for matrix in self._at_risk)
        return self.risk.fold(np.ascontiguousarray(np.asarray(table).T)), self.death_sums(values)

    def second_moments(self, values: Floats) -> Floats:
        """Return (p, p): sums over rows of values (n,) times the products of two columns."""
        return cross_product(self.x, self.x, sums_by(self.code, values, len(self._by_row)))


Rows = SingleRows | PatternRows


def _sparse(place: NDArray, code: Codes, shape: tuple[int, int], ordered: bool) -> Any:
    """Return a sparse (places, patterns) matrix with an entry for each row, not added up."""
    from scipy.sparse import coo_array, csr_array

    nothing = np.zeros(code.size)
    if ordered:  # by place: the compressed form costs nothing
        begin = np.searchsorted(place, np.arange(shape[0] + 1)).astype(np.int32)
        return csr_array((nothing, code, begin), shape=shape)
    return coo_array((nothing, (place.astype(np.int32), code)), shape=shape)


def _product(matrix: Any, values: Floats, by_row: Floats) -> Floats:
    matrix.data = values
    return matrix @ by_row


def patterns(design: Floats) -> tuple[Codes, Floats] | None:
    """Return for each row of (n, p) the code of its pattern, and the patterns (p, m); None if too few rows repeat."""
    n, p = design.shape
    if n < MANY_ROWS or not p:
        return None
    sample = design[:: max(n // SAMPLE, 1)].T.copy()
    levels = [np.unique(column) for column in sample]
    while True:
        sizes = [max(level.size, 2) for level in levels]
        if max(sizes) > LEVELS_PER_COLUMN or np.prod([float(size) for size in sizes]) > LARGEST_KEY:
            return None
        key, strange = _keys(design, levels, sizes)
        if not strange.any():
            break
        for j in np.flatnonzero(strange):  # the sample has missed a rare level
            levels[j] = np.unique(design[:, j])
    size = math.prod(sizes)
    if size <= TABLE:
        present = np.zeros(size, dtype=bool)
        present[key] = True
        code = np.take(np.cumsum(present, dtype=np.int32) - 1, key)
        count = int(present.sum())
    else:
        distinct_keys, inverse = np.unique(key, return_inverse=True)
        code, count = inverse.astype(np.int32), distinct_keys.size
    if count * ROWS_PER_PATTERN > n:
        return None
    one_of = np.empty(count, dtype=np.int64)
    one_of[code] = np.arange(n)
    return code, np.ascontiguousarray(design[one_of].T)


def _keys(design: Floats, levels: list[Floats], sizes: list[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return one whole number (n,) for the levels of each row, and which columns have values that are no level.

    The number is that of a clock with one wheel of ``sizes`` positions for each column.
    """
    radix = np.cumprod([1.0, *map(float, sizes)])[:-1]
    least, most = np.array([level[0] for level in levels]), np.array([level[-1] for level in levels])
    many = [j for j, size in enumerate(sizes) if size > 2]
    radix_of_two = np.where(np.array(sizes) == 2, radix, 0.0)
    key = np.empty(len(design), dtype=np.int64)
    for low in range(0, len(design), BLOCK):
        block = design[low : low + BLOCK]
        lowest = block == least
        known = lowest | (block == most)
        total = (~lowest).astype(np.float64) @ radix_of_two
        for j in many:
            code = np.minimum(np.searchsorted(levels[j], block[:, j]), levels[j].size - 1)
            known[:, j] = levels[j][code] == block[:, j]
            total += radix[j] * code
        if not known.all():
            return key, ~known.all(axis=0)
        key[low : low + BLOCK] = total
    return key, np.zeros(len(levels), dtype=bool)
