"""The columns of a model, kept once for each distinct row where rows repeat.

Research covariates are mostly categories: a million rows of fifteen indicators hold some twenty-five thousand distinct
rows, their patterns. Whatever depends on the covariates alone is then computed once for each pattern, and sums over
rows are those of the few joint levels of some columns at a time. Where rows hardly repeat, each is its own pattern and
plain running sums are as good. Either way the answers are the same but for the order of addition.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, cross_product, outer_product, sums_by
from family_justice.estimators.survival.risk_sets import RiskSets

# Fewer rows are quick in any case.
MANY_ROWS = 20_000
ROWS_PER_PATTERN = 4  # on average at least
LEVELS_PER_COLUMN = 500
SAMPLE = 20_000
BLOCK = 8_192  # rows of some fifteen columns that stay in cache
TABLE = 2**22
LARGEST_KEY = 2.0**52
WIDEST = 64  # joint levels of a block of columns
CELLS = 2**20  # places in time times levels


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
    """Rows that share patterns: ``x`` (p, m) of the patterns ``found``, and for each row in the order of ``risk`` the
    ``code`` of its pattern."""

    def __init__(self, x: Floats, code: Ints, found: Patterns, risk: RiskSets) -> None:
        self.x, self.code, self.risk = x, code, risk
        self.death_code = code[risk.deaths]
        width = max(CELLS // max(risk.places, 1), 2)
        self._blocks = [_Block(x, columns, level, code, risk) for columns, level in found.blocks(width)]

    def spread(self, values: Floats) -> Floats:
        """Return (n,): for each row the value (m,) of its pattern."""
        return np.take(values, self.code)

    def at_deaths(self, values: Floats) -> Floats:
        """Return (E,): for each death the value (m,) of its pattern."""
        return np.take(values, self.death_code)

    def death_sums(self, values: Floats) -> Floats:
        """Return (p, K): sums of the columns times values (n,) over the deaths of each pair."""
        sums, values = np.empty((len(self.x), self.risk.size)), values[self.risk.deaths]
        for block in self._blocks:
            sums[block.columns] = block.sums([block.deaths], values, self.risk.size)
        return sums

    def risk_and_death_sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Return (p, K) twice: sums of the columns times values (n,) over everybody at risk and over the deaths."""
        table = np.empty((len(self.x), self.risk.places))
        for block in self._blocks:
            table[block.columns] = block.sums(block.at_risk, values, self.risk.places)
        return self.risk.fold(table), self.death_sums(values)

    def second_moments(self, values: Floats) -> Floats:
        """Return (p, p): sums over rows of values (n,) times the products of two columns."""
        return cross_product(self.x, self.x, sums_by(self.code, values, self.x.shape[1]))


class _Block:
    """Some ``columns``, whose joint levels ``level`` (m,) of the patterns are few. Sums of a column over the rows at a
    place in time are those of its levels, weighted by the sums of the rows with each: rows are added up once for all
    columns of the block, in a table (places, levels) that stays in cache."""

    def __init__(self, x: Floats, columns: list[int], level: Ints, code: Ints, risk: RiskSets) -> None:
        self.columns = columns
        self.size = int(level.max(initial=0)) + 1
        self.values = np.zeros((len(columns), self.size))
        self.values[:, level] = x[columns]
        of_row = np.take(level, code)
        self.at_risk = [place * self.size + of_row for place in risk.place]
        self.deaths = risk.death_pair * self.size + of_row[risk.deaths]

    def sums(self, keys: list[Ints], values: Floats, places: int) -> Floats:
        """Return (columns, places): sums of the columns times ``values`` over the rows at each place."""
        cells = sum(sums_by(key, values, places * self.size) for key in keys)
        return outer_product(self.values, np.asarray(cells).reshape(places, self.size))


Rows = SingleRows | PatternRows


@dataclass(frozen=True, eq=False)
class Patterns:
    """For each row the ``code`` (n,) of its pattern, the patterns ``x`` (p, m), and for each column the number of its
    ``level`` (p, m) among ``sizes`` (p,)."""

    code: NDArray[np.integer]
    x: Floats
    level: Ints
    sizes: list[int]

    def blocks(self, width: int) -> Iterator[tuple[list[int], Ints]]:
        """Yield columns, as many as have at most ``width`` joint levels, with the joint level (m,) of each pattern."""
        columns: list[int] = []
        joint, size = np.zeros(self.x.shape[1], dtype=np.int64), 1
        for j, levels in enumerate(self.sizes):
            if columns and size * levels > min(width, WIDEST):
                yield columns, joint
                columns, joint, size = [], np.zeros_like(joint), 1
            columns, joint, size = [*columns, j], joint + size * self.level[j], size * levels
        if columns:
            yield columns, joint


def patterns(design: Floats) -> Patterns | None:
    """Return the patterns of the rows of (n, p); None if too few rows repeat."""
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
        for column in np.flatnonzero(strange):  # the sample has missed a rare level
            levels[column] = np.unique(design[:, column])
    distinct: Ints
    code: NDArray[np.integer]
    size = math.prod(sizes)
    if size <= TABLE:
        present = np.zeros(size, dtype=bool)
        present[key] = True
        distinct = np.flatnonzero(present)
        place = np.cumsum(present) - 1
        code = np.take(place.astype(np.min_scalar_type(size)), key)
    else:
        distinct, code = np.unique(key, return_inverse=True)
    if distinct.size * ROWS_PER_PATTERN > n:
        return None
    x, level = np.empty((p, distinct.size)), np.empty((p, distinct.size), dtype=np.int64)
    for j, values in enumerate(levels):
        level[j] = distinct % sizes[j]
        distinct = distinct // sizes[j]
        x[j] = values[np.minimum(level[j], values.size - 1)]
    return Patterns(code, x, level, sizes)


def _keys(design: Floats, levels: list[Floats], sizes: list[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return one whole number (n,) for the levels of each row, and which columns have values that are no level.

    The number is that of a clock with one wheel of ``sizes`` positions for each column.
    """
    radix = np.cumprod([1.0, *map(float, sizes)])[:-1]
    if all(np.isin(level, (0.0, 1.0)).all() for level in levels):
        return _keys_of_indicators(design, radix.astype(np.float64))
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


def _keys_of_indicators(design: Floats, radix: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """``_keys`` of columns of zeros and ones."""
    key = np.empty(len(design), dtype=np.int64)
    for low in range(0, len(design), BLOCK):
        block = design[low : low + BLOCK]
        known = block * block == block
        if not known.all():
            return key, ~known.all(axis=0)
        key[low : low + BLOCK] = block @ radix
    return key, np.zeros(len(radix), dtype=bool)
