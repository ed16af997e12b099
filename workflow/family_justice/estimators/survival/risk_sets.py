"""Who is at risk at which event time: every row is an interval of event times, and a risk set is a running sum.

The distinct (stratum, event time) pairs are numbered 0..K-1, stratum by stratum in order of time. A row that is at
risk over (entry, exit] in its stratum is then at risk at the pairs ``first`` <= j < ``last``. Sums over all risk sets
cost one pass over the rows and a few over the pairs, with delayed entry and strata alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.parts.arrays import LARGEST_TABLE, Floats, Ints, sums_by, whole


class RiskSets:
    """The risk sets of n rows. ``order`` lists the rows that are ever at risk, sorted by their last event time, those
    who die then after the others: all vectors given to and returned by the methods are in that order."""

    def __init__(self, exit: Floats, event: NDArray[np.bool_], entry: Floats | None, stratum: Ints) -> None:
        happened = np.flatnonzero(event)
        times = _distinct_times(np.take(exit, happened))
        step = times.size + 1
        passed = _count_up_to(times, exit)
        places = (int(stratum.max(initial=0)) + 1) * step
        pairs = _distinct(np.take(stratum, happened) * step + np.take(passed, happened) - 1, places)
        self.size = pairs.size
        self.time: Floats = times[pairs % step]
        self.stratum: Ints = pairs // step

        single = not stratum.any()  # then a pair is a time
        last = passed if single else _count_below(pairs, stratum * step + passed, places)
        begin = np.searchsorted(pairs, np.arange(0, places, step))
        first = np.zeros_like(last) if single else np.take(begin, stratum, mode="clip")
        self.delayed = False
        if entry is not None:
            start, first = first, _count_below(pairs, stratum * step + _count_up_to(times, entry), places)
            self.delayed = bool(((first > start) & (first < last)).any())
        # Sorting numbers that hold the place and the row takes half the time of sorting rows by their place.
        shift = int(exit.size).bit_length()
        packed = 2 * last
        packed += event
        packed <<= shift
        packed |= np.arange(exit.size)
        packed.sort()
        if entry is not None or not single or not packed.size or packed[0] >> (shift + 1) == 0:
            packed = packed[np.take(first < last, packed & ((1 << shift) - 1))]
        self.order: Ints = packed & ((1 << shift) - 1)
        self.first: Ints = np.take(first, self.order) if self.delayed or not single else np.zeros_like(self.order)
        self.last: Ints = packed >> (shift + 1)
        self._intervals = _Intervals(self.first, self.last - 1, self.size) if self.delayed else None
        self._leaving = np.flatnonzero(np.diff(self.last, prepend=-1))
        edges = np.flatnonzero(np.diff(self.stratum, prepend=-1, append=-1))
        self._strata = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        # Where a row is put so that ``fold`` makes sums over risk sets of it: (n,) once, or twice with delayed entry.
        self.place: list[Ints] = [self.last - 1]
        self.places = self.size
        if self._intervals is not None:
            self.place, self.places = [self._intervals.left, self._intervals.right], self._intervals.places

        # Deaths are sorted by pair, every pair has one at least.
        self.died: NDArray[np.bool_] = (packed >> shift) & 1 > 0
        self.deaths: Ints = np.flatnonzero(self.died)
        self.death_pair: Ints = self.last[self.deaths] - 1
        self._death_start = np.flatnonzero(np.diff(self.death_pair, prepend=-1))
        self.tied: Ints = np.bincount(self.death_pair, minlength=self.size)
        # From where the deaths of a pair begin to where they end, and on to those of the next pair.
        self._death_edges = np.stack(
            [self.deaths[self._death_start], self.deaths[self._death_start] + self.tied], 1
        ).ravel()
        self._death_edges = self._death_edges[self._death_edges < self.order.size]
        self.tie_rank: Ints = np.arange(self.deaths.size) - np.repeat(self._death_start, self.tied)

    def sums(self, columns: Iterable[Floats], count: int) -> Floats:
        """Return (count, K): for each of ``count`` vectors over rows its sum over everybody at risk at each pair."""
        bins = np.zeros((count, self.size))
        if not self.size:
            return bins
        if self._intervals is not None:
            for row, values in enumerate(columns):
                bins[row] = self._intervals.spread(values)
            return bins
        leaves = self.last[self._leaving] - 1
        for row, values in enumerate(columns):
            bins[row, leaves] = np.add.reduceat(values, self._leaving)
        return self.fold(bins)

    def fold(self, table: Floats) -> Floats:
        """Return (count, K): sums over everybody at risk, from sums (count, places) over the rows put at each place."""
        if self._intervals is not None:
            return np.stack([self._intervals.fold(row) for row in table])
        for low, high in self._strata:
            table[:, low:high] = np.cumsum(table[:, low:high][:, ::-1], axis=1)[:, ::-1]
        return table

    def row_death_sums(self, values: Floats) -> Floats:
        """Return (K,): sums over the deaths at each pair of ``values`` (n,) of all rows."""
        return np.add.reduceat(values, self._death_edges)[::2] if self.size else values

    def death_sums(self, values: Floats) -> Floats:
        """Return (..., K): sums of values over deaths (..., E) at each pair."""
        return np.add.reduceat(values, self._death_start, axis=-1) if self.size else values

    def accumulate(self, increments: Floats) -> Floats:
        """Return (n,): for each row the sum of ``increments`` (K,) over the pairs at which it is at risk."""
        if self._intervals is not None:
            return self._intervals.collect(increments)
        running = np.empty(self.size)
        for low, high in self._strata:
            running[low:high] = np.cumsum(increments[low:high])
        return np.take(running, self.place[0])


def _count_up_to(times: Floats, values: Floats) -> Ints:
    """Return (n,): how many of the sorted ``times`` are at most each value; a table look-up for whole days."""
    if not times.size or not whole(values):
        return np.searchsorted(times, values, side="right")
    days = values.astype(np.int64)
    table = np.searchsorted(times, np.arange(int(days.max()) + 1), side="right")
    return np.take(table, days)


def _distinct_times(values: Floats) -> Floats:
    """Return the sorted distinct values (n,)."""
    if not whole(values):
        return np.unique(values)
    return _distinct(values.astype(np.int64), int(values.max()) + 1).astype(np.float64)


def _distinct(values: Ints, size: int) -> Ints:
    """Return the sorted distinct numbers among ``values`` (n,) in 0..size-1."""
    if size > LARGEST_TABLE:
        return np.unique(values)
    present = np.zeros(size, dtype=bool)
    present[values] = True
    return np.flatnonzero(present)


def _count_below(pairs: Ints, values: Ints, size: int) -> Ints:
    """Return (n,): how many of the sorted distinct ``pairs`` in 0..size-1 are below each value; none are below 0."""
    if size > LARGEST_TABLE:
        return np.searchsorted(pairs, values)
    table = np.zeros(size + 1, dtype=np.int64)
    table[pairs + 1] = 1
    return np.take(np.cumsum(table), np.maximum(values, 0))


class _Intervals:
    """Sums over intervals low..high of 0..K-1 without a single subtraction.

    Everybody who has entered less everybody who has left is a difference of large numbers where few are at risk, and
    noise where their risk scores are small. Instead each interval is cut once, at the border between two neighbouring
    blocks of 2^(h-1) places, h the highest bit in which low and high differ (h = 0: one place). Its left part then
    ends, and its right part begins, with a block, so that running sums inside blocks give both (a disjoint sparse
    table). There is one row of the table for each h, log2(K) in all.
    """

    def __init__(self, low: Ints, high: Ints, size: int) -> None:
        level = np.frexp((low ^ high).astype(np.float64))[1].astype(np.int64)  # bit length
        self.size, self.levels = size, int(level.max()) + 1
        block = 2 ** (self.levels - 1)
        self.width = -(-size // block) * block
        self.left: Ints = level * self.width + low
        nowhere = self.levels * self.width
        self.places = nowhere + 1
        self.right: Ints = np.where(level > 0, level * self.width + high, nowhere)

    def spread(self, values: Floats) -> Floats:
        """Return (K,): at each place the sum of the values (n,) of the intervals that hold it."""
        return self.fold(sums_by(self.left, values, self.places) + sums_by(self.right, values, self.places))

    def fold(self, places: Floats) -> Floats:
        """Return (K,) from the sums (places,) of the values put at ``left`` and at ``right``."""
        table = places[:-1].reshape(self.levels, self.width)
        total = table[0].copy()
        for level in range(1, self.levels):
            left, right = self._halves(table[level], level)
            into_left, into_right = self._halves(total, level)
            into_left += np.cumsum(left, axis=1)
            into_right += np.cumsum(right[:, ::-1], axis=1)[:, ::-1]
        return total[: self.size]

    def collect(self, places: Floats) -> Floats:
        """Return (n,): for each interval the sum of the values (K,) of the places that it holds."""
        table = np.zeros(self.places)
        rows = table[:-1].reshape(self.levels, self.width)
        rows[0, : self.size] = places
        for level in range(1, self.levels):
            left, right = self._halves(rows[0], level)
            into_left, into_right = self._halves(rows[level], level)
            into_left[:] = np.cumsum(left[:, ::-1], axis=1)[:, ::-1]
            into_right[:] = np.cumsum(right, axis=1)
        return table[self.left] + table[self.right]

    @staticmethod
    def _halves(row: Floats, level: int) -> tuple[Floats, Floats]:
        """Return views of the left and the right halves of the blocks of 2^level places, (blocks, half)."""
        blocks = row.reshape(-1, 2, 2 ** (level - 1))
        return blocks[:, 0], blocks[:, 1]
