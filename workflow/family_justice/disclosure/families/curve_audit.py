"""What follows from released curves when they are crossed with each other.

For each grid of times the auditor knows what each shown cumulative count can have been, that cumulative counts do not
fall, that enough persons are still at risk wherever a curve is shown, and which counts add up to which: outcomes over
the same persons, groups of one column. Where this leaves a small count with fewer than ``SAFE_VALUES`` possible
values, or a small increment between two times with a single one, the smallest curve involved is suppressed.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from family_justice.config.schema import Policy
from family_justice.disclosure.families.curve_series import Curve
from family_justice.disclosure.families.curves import sum_of
from family_justice.disclosure.ledger import SAFE_VALUES
from family_justice.disclosure.result_frame import Conditions
from family_justice.disclosure.rounding import UNBOUNDED, Counts, cumulative_bounds, possible, shown

_ROUNDS = 30

Name = tuple[Hashable, ...]


@dataclass
class _System:
    """Bounds of every series on one grid, (k,) each, and the sums between them."""

    low: dict[Name, Counts] = field(default_factory=dict)
    high: dict[Name, Counts] = field(default_factory=dict)
    exact: dict[Name, Counts] = field(default_factory=dict)
    cumulative: set[Name] = field(default_factory=set)
    sums: list[tuple[Name, tuple[Name, ...]]] = field(default_factory=list)
    curves: dict[Name, list[Curve]] = field(default_factory=dict)

    def add(self, name: Name, exact: Counts, low: Counts, high: Counts, curve: Curve, cumulative: bool = True) -> None:
        if name in self.low:
            low, high = np.maximum(low, self.low[name]), np.minimum(high, self.high[name])
        self.low[name], self.high[name], self.exact[name] = low, high, exact
        self.curves.setdefault(name, []).append(curve)
        if cumulative:
            self.cumulative.add(name)

    def propagate(self) -> None:
        for _ in range(_ROUNDS):
            before = sum(int((self.high[name] - self.low[name]).sum()) for name in self.low)
            for name in self.cumulative:
                self.low[name] = np.maximum.accumulate(self.low[name])
                self.high[name] = np.minimum.accumulate(self.high[name][::-1])[::-1]
            for whole, parts in self.sums:
                low, high = self.low[whole], self.high[whole]
                least = np.sum([self.low[part] for part in parts], axis=0)
                greatest = np.sum([self.high[part] for part in parts], axis=0)
                self.low[whole], self.high[whole] = np.maximum(low, least), np.minimum(high, greatest)
                for part in parts:
                    bottom, top = self.low[part], self.high[part]
                    self.low[part] = np.maximum(bottom, low - (greatest - top))
                    self.high[part] = np.minimum(top, high - (least - bottom))
            if sum(int((self.high[name] - self.low[name]).sum()) for name in self.low) == before:
                return

    def pinned(self, policy: Policy) -> list[Name]:
        """Series with a small count that can have too few values, or a small increment that can have one only."""
        wanted = min(SAFE_VALUES, policy.threshold - 1)
        found = []
        for name in sorted(self.cumulative, key=repr):
            low, high, exact = self.low[name], self.high[name], self.exact[name]
            known = low == high
            small = (high - low + 1 < wanted) & (exact >= 1) & (exact < policy.threshold)
            step = np.diff(exact)
            small_step = known[1:] & known[:-1] & (step >= 1) & (step < policy.threshold)
            if small.any() or small_step.any():
                found.append(name)
        return found


def audit_curves(curves: list[Curve], policy: Policy) -> bool:
    """Suppress one curve if a small count follows from the curves together; True if one was suppressed.

    Call again, after rounding anew, until it returns False.
    """
    if policy.threshold < 3:
        return False
    for times in sorted({curve.times for curve in curves}):
        system = _build([curve for curve in curves if curve.times == times], policy)
        system.propagate()
        for name in system.pinned(policy):
            related = [tie for tie in system.sums if name == tie[0] or name in tie[1]]
            names = {name, *(member for whole, parts in related for member in (whole, *parts))}
            involved = [c for member in names for c in system.curves.get(member, []) if not c.suppressed]
            if involved:
                min(involved, key=lambda c: (c.n, c.total, c.rows[0])).suppressed = True
                return True
    return False


def _build(curves: list[Curve], policy: Policy) -> _System:
    system = _System()
    groups: dict[Hashable, dict[Conditions, Name]] = {}
    pools: dict[Name, set[tuple[int, ...]]] = {}
    for curve in curves:
        pool: Name = (curve.cohort, curve.n)
        k = len(curve.times)
        length = 0 if curve.suppressed else curve.length(policy)
        names: dict[str, Name] = {}
        for series, exact in curve.exact.items():
            names[series] = ("series", *pool, tuple(int(count) for count in exact))
            low, high = _bounds(curve, series, length, policy)
            system.add(names[series], exact, low, high, curve)
            groups.setdefault((curve.analysis, curve.outcome, series), {})[curve.who] = names[series]
            pools.setdefault(pool, set()).add(tuple(int(count) for count in exact))
        n_bounds = possible(shown(curve.n, policy), policy) if length else (0, UNBOUNDED)
        names["persons"] = ("persons", *pool)
        persons = np.full(k, curve.n)
        system.add(names["persons"], persons, np.full(k, n_bounds[0]), np.full(k, n_bounds[1]), curve, cumulative=False)
        enough = np.where(np.arange(k) < length, max(policy.minimum_at_risk, policy.threshold), 0)
        for rest, exact in curve.rests.items():
            names[rest] = ("rest", *pool, tuple(int(count) for count in exact))
            least = enough if rest == "left" else np.zeros(k, dtype=np.int64)
            system.add(names[rest], exact, least, np.full(k, UNBOUNDED), curve, cumulative=False)
        for whole, parts_of in curve.ties:
            system.sums.append((names[whole], tuple(names[part] for part in parts_of)))
    for pool, series_of_pool in pools.items():
        ordered = sorted(series_of_pool, key=lambda counts: counts[-1])
        for position, counts in enumerate(ordered):
            parts = sum_of(counts, ordered[:position])
            if parts:
                system.sums.append((("series", *pool, counts), tuple(("series", *pool, part) for part in parts)))
    for family in groups.values():
        _add_groups(system, family)
    return system


def _add_groups(system: _System, family: dict[Conditions, Name]) -> None:
    parts: dict[tuple[Conditions, str], list[Name]] = {}
    for who, name in family.items():
        for column, level in sorted(who):
            parts.setdefault((who - {(column, level)}, column), []).append(name)
    for (others, _), names in parts.items():
        if others not in family:
            continue
        whole, together = system.exact[family[others]], np.sum([system.exact[name] for name in names], axis=0)
        if (together == whole).all():
            system.sums.append((family[others], tuple(names)))


def _bounds(curve: Curve, series: str, length: int, policy: Policy) -> tuple[Counts, Counts]:
    """What a shown series tells by itself; nothing beyond the end of the curve, or of a sum of other series."""
    k = len(curve.times)
    low, high = np.zeros(k, dtype=np.int64), np.full(k, UNBOUNDED, dtype=np.int64)
    if curve.suppressed and curve.exact[series][-1] < policy.threshold:
        high[:] = policy.threshold - 1
    if length and series not in curve.composite:
        low[:length], high[:length] = cumulative_bounds(curve.rounded[series][:length], policy)
        if series in ("events", "first_events") and length == k and curve.total:
            low[-1] = max(int(low[-1]), policy.threshold)
    return low, high
