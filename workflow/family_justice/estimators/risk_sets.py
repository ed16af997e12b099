"""Who is at risk at which event time: every row is an interval of event times, and a risk set is a running sum.

The distinct (stratum, event time) pairs are numbered 0..K-1, stratum by stratum in order of time. A row that is at
risk over (entry, exit] in its stratum is then at risk at the pairs ``first`` <= j < ``last``. Sums over all risk sets
cost one pass over the rows and one running sum over the pairs, with delayed entry and strata alike.
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

        # Rows by the event time at which they leave, and of late entrants the event time before which they come.
        self._leaving = np.flatnonzero(np.diff(self.last, prepend=-1))
        late = self.first > begin[self.order]
        self.delayed = bool(late.any())
        self._entering = np.where(late, self.first - 1, self.size)
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
        leaves = self.last[self._leaving] - 1
        for row, values in enumerate(columns):
            bins[row, leaves] = np.add.reduceat(values, self._leaving)
            if self.delayed:
                bins[row] -= sums_by(self._entering, values, self.size + 1)[:-1]
        for low, high in self._strata:
            bins[:, low:high] = np.cumsum(bins[:, low:high][:, ::-1], axis=1)[:, ::-1]
        return bins

    def death_sums(self, values: Floats) -> Floats:
        """Return (..., K): sums of values over deaths (..., E) at each pair."""
        return np.add.reduceat(values, self._death_start, axis=-1) if self.size else values

    def accumulate(self, increments: Floats) -> Floats:
        """Return (n,): for each row the sum of ``increments`` (K,) over the pairs at which it is at risk."""
        running = np.zeros(self.size + 1)
        for low, high in self._strata:
            # One stratum after another: the sum for a row at risk from the start is then free of cancellation.
            running[low + 1 : high + 1] = np.cumsum(increments[low:high])
        total = running[self.last]
        if self.delayed:
            total -= np.where(self._entering < self.size, running[self.first], 0.0)
        return total
