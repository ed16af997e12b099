"""Matching on an index date: each case is given people who are alike, and who may be chosen on its day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.parts.arrays import Floats, Ints

#: Of the people who fit a case so many more than asked for are kept at hand; others are looked up when these are gone.
AT_HAND = 60
#: A difference beyond the calliper by no more than this share is its rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Alike:
    """What people are matched on. ``stratum`` (n,) is the same for those who are alike in what must be equal, -1 for
    those who fit nobody; ``values`` (n, p) numbers that shall be near, nan for those who fit nobody."""

    stratum: Ints
    values: Floats


@dataclass(frozen=True, eq=False)
class Sets:
    """Who is chosen for whom. ``case`` and ``row`` (r,) are positions among the cases and in the pool, by case and in
    the order of choice; ``eligible`` (cases,) people who fit each case, taken by another or not; ``fits`` (m,) rows of
    the pool that fit some case."""

    case: Ints
    row: Ints
    eligible: Ints
    fits: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows from which is chosen: a ``person`` (m,) in one or several periods, from the day ``since`` (m,) to the day
    ``until`` (m,), both included."""

    alike: Alike
    person: Ints
    since: Floats
    until: Floats


def match_on_index(
    cases: Alike, index: Floats, pool: Pool, within: Floats, ratio: int, replacement: bool = False
) -> Sets:
    """Give every case up to ``ratio`` people of the pool who are alike and whose period holds its ``index`` day (n,).

    ``within`` (p,) is the largest difference of each value; the nearest by the sum of |difference| / within is chosen,
    of equally near ones the next in the order of the pool, from a place that each case has for itself. Greedy: cases
    choose one each in every round, those whom the fewest people fit first, then in their order. The order of the rows
    thus decides ties, and nothing else. No person is chosen twice, with ``replacement`` not twice for one case. nan in
    ``index`` fits nobody.
    """
    if ratio < 1 or (within <= 0).any():
        raise ValueError("ratio must be at least 1 and within above 0")
    search = _Search(cases, index, pool, within)
    keep = ratio + AT_HAND
    free = np.ones(int(pool.person.max(initial=-1)) + 1, dtype=bool)
    eligible, fits = np.zeros(index.size, dtype=np.int64), np.zeros(pool.person.size, dtype=bool)
    hand: list[Iterator[int]] = []
    for case in range(index.size):
        rows = search.fitting(case)
        fits[rows] = True
        eligible[case] = rows.size
        hand.append(iter(rows[:keep].tolist()))
    order, chosen = np.lexsort((np.arange(index.size), eligible)).tolist(), list[tuple[int, int]]()
    left = np.maximum(eligible - keep, 0)
    for _ in range(ratio):
        for case in order:
            row = _next(hand[case], free, pool.person)
            if row is None and left[case]:
                rows = search.fitting(case)
                rows = rows[free[pool.person[rows]]]
                left[case] = max(rows.size - keep, 0)
                hand[case] = iter(rows[:keep].tolist())
                row = _next(hand[case], free, pool.person)
            if row is not None:
                chosen.append((case, row))
                free[pool.person[row]] = replacement
    pairs = np.array(chosen, dtype=np.int64).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return Sets(pairs[:, 0], pairs[:, 1], eligible, fits)


def _next(hand: Iterator[int], free: NDArray[np.bool_], person: Ints) -> int | None:
    return next((row for row in hand if free[person[row]]), None)


class _Search:
    """Finds the rows of the pool that fit a case. The rows of a stratum lie together, ordered by the first value."""

    def __init__(self, cases: Alike, index: Floats, pool: Pool, within: Floats) -> None:
        self.cases, self.index, self.within = cases, index, within * (1 + _ROUNDING)
        self.size = pool.person.size
        known = (pool.alike.stratum >= 0) & ~np.isnan(pool.alike.values).any(axis=1)
        rows = np.flatnonzero(known & (pool.since <= pool.until))
        stratum, first = pool.alike.stratum[rows], pool.alike.values[rows, :1]
        rows = rows[np.lexsort((rows, *first.T, stratum))]
        self.rows, self.stratum = rows, pool.alike.stratum[rows]
        self.values = np.ascontiguousarray(pool.alike.values[rows].T)
        self.since, self.until = pool.since[rows], pool.until[rows]
        self.person = pool.person[rows]
        self.one_row_each = bool(np.bincount(self.person).max(initial=0) <= 1)

    def fitting(self, case: int) -> Ints:
        """Return the rows that fit, one for each person, nearest first."""
        day, own = self.index[case], self.cases.values[case]
        if self.cases.stratum[case] < 0 or np.isnan(day) or np.isnan(own).any():
            return np.zeros(0, dtype=np.int64)
        stratum = int(self.cases.stratum[case])
        low, high = np.searchsorted(self.stratum, [stratum, stratum + 1]).tolist()
        if own.size:
            first, reach = self.values[0, low:high], self.within[0]
            high = low + int(np.searchsorted(first, own[0] + reach, side="right"))
            low += int(np.searchsorted(first, own[0] - reach, side="left"))
        at = low + np.flatnonzero((self.since[low:high] <= day) & (day <= self.until[low:high]))
        distance = np.zeros(at.size)
        for values, mine, reach in zip(self.values, own, self.within, strict=True):
            apart = np.abs(values[at] - mine)
            near = apart <= reach
            at, distance = at[near], distance[near] + apart[near] / reach
        rows = self.rows[at]
        # Equally near ones begin at a place of the order that is the case's own: else all would ask for the same few.
        start = case * self.size // self.index.size
        if not own.size:  # all are equally near, and in their order
            cut = int(np.searchsorted(rows, start))
            order = np.concatenate([np.arange(cut, rows.size), np.arange(cut)])
        else:
            # Distances as whole numbers of a millionth, so that equal ones are equal whatever they were added from.
            order = np.lexsort(((rows - start) % self.size, np.rint(distance * 1e6)))
        if self.one_row_each:
            return np.asarray(rows[order])
        person = self.person[at][order]
        return np.asarray(rows[order][np.sort(np.unique(person, return_index=True)[1])])
