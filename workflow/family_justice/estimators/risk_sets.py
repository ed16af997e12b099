"""Who is at risk at which event time: every row is an interval of event times, and a risk set is a running sum.

The distinct (stratum, event time) pairs are numbered 0..K-1, stratum by stratum in order of time. A row that is at
risk over (entry, exit] in its stratum is then at risk at the pairs ``first`` <= j < ``last``. Sums over all risk sets
cost one pass over the rows and a few over the pairs, with delayed entry and strata alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.arrays import Floats, Ints, sums_by


class RiskSets:
    """The risk sets of n rows. ``order`` lists the rows that are ever at risk, sorted by their last event time: all
    vectors given to and returned by the methods are in that order."""

    def __init__(self, exit: Floats, event: NDArray[np.bool_], entry: Floats | None, stratum: Ints) -> None:
        times = np.unique(exit[event])
        step = times.size + 1
        pair = stratum[event] * step + np.searchsorted(times, exit[event])
        pairs = np.unique(pair)
        self.size = pairs.size
        self.time: Floats = times[pairs % step]
        self.stratum: Ints = pairs // step

        begin = np.searchsorted(pairs, stratum * step)
        last = np.searchsorted(pairs, stratum * step + np.searchsorted(times, exit, side="right"))
        first = begin
        if entry is not None:
            first = np.searchsorted(pairs, stratum * step + np.searchsorted(times, entry, side="right"))
        at_risk = np.flatnonzero(first < last)
        self.order: Ints = at_risk[np.argsort(last[at_risk], kind="stable")]
        self.first: Ints = first[self.order]
        self.last: Ints = last[self.order]
        self.delayed = bool((self.first > begin[self.order]).any())
        self._intervals = _Intervals(self.first, self.last - 1, self.size) if self.delayed else None
        self._leaving = np.flatnonzero(np.diff(self.last, prepend=-1))
        edges = np.flatnonzero(np.diff(self.stratum, prepend=-1, append=-1))
        self._strata = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))

        # Deaths are sorted by pair, every pair has one at least.
        self.died: NDArray[np.bool_] = event[self.order]
        self.deaths: Ints = np.flatnonzero(self.died)
        self.death_pair: Ints = self.last[self.deaths] - 1
        self._death_start = np.flatnonzero(np.diff(self.death_pair, prepend=-1))
        self.tied: Ints = np.bincount(self.death_pair, minlength=self.size)
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
        for low, high in self._strata:
            bins[:, low:high] = np.cumsum(bins[:, low:high][:, ::-1], axis=1)[:, ::-1]
        return bins

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
        return running[self.last - 1]


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
        self.right: Ints = np.where(level > 0, level * self.width + high, nowhere)

    def spread(self, values: Floats) -> Floats:
        """Return (K,): at each place the sum of the values (n,) of the intervals that hold it."""
        cells = self.levels * self.width + 1
        table = (sums_by(self.left, values, cells) + sums_by(self.right, values, cells))[:-1]
        table = table.reshape(self.levels, self.width)
        total = table[0].copy()
        for level in range(1, self.levels):
            left, right = self._halves(table[level], level)
            into_left, into_right = self._halves(total, level)
            into_left += np.cumsum(left, axis=1)
            into_right += np.cumsum(right[:, ::-1], axis=1)[:, ::-1]
        return total[: self.size]

    def collect(self, places: Floats) -> Floats:
        """Return (n,): for each interval the sum of the values (K,) of the places that it holds."""
        table = np.zeros(self.levels * self.width + 1)
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
