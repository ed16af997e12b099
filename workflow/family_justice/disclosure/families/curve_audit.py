"""What follows from released curves when they are crossed with each other.

The auditor knows what each shown cumulative count can have been, that cumulative counts do not fall, that enough
persons are still at risk wherever a curve is shown, and which counts add up to which: outcomes over the same persons,
groups of one column, and whatever else is a union of members (``disclosure.unions``), in whatever analyses the curves
stand and on whatever grids. Bounds are narrowed by propagation and then, time by time, by integer programmes. Where
this leaves a small count, or a small increment from one time to the next, with fewer than ``SAFE_VALUES`` possible
values, the largest curve involved is shown in wider steps, which matter least to it; where no width of the steps helps,
the smallest one is suppressed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt

from family_justice.config.schema import Policy
from family_justice.disclosure.exact import Combination, Constraints, Programme
from family_justice.disclosure.families.curve_series import Curve, shown_bounds
from family_justice.disclosure.families.curves import sum_of
from family_justice.disclosure.ledger import SAFE_VALUES, Ledger
from family_justice.disclosure.rounding import UNBOUNDED, Counts, possible, shown
from family_justice.disclosure.sets import set_key
from family_justice.disclosure.unions import common_unions, small_unions, unions
from family_justice.prints import BUCKETS

_ROUNDS = 30
#: So many times wider than need be the steps of a curve may become for the sake of another.
_WIDEST = 4
#: Beyond so many more or fewer than there are, it does not matter what a count could be.
_FAR = 1000

Name = tuple[Hashable, ...]
#: A curve and the names of its series.
Named = tuple[Curve, dict[str, Name]]


@dataclass
class _System:
    """Bounds of every series on one grid, (k,) each, and the sums between them. ``rows_of_one``: of a series whose
    persons have several rows each, the most that one of them has."""

    low: dict[Name, Counts] = field(default_factory=dict)
    high: dict[Name, Counts] = field(default_factory=dict)
    exact: dict[Name, Counts] = field(default_factory=dict)
    cumulative: set[Name] = field(default_factory=set)
    sums: dict[tuple[Name, tuple[Name, ...]], None] = field(default_factory=dict)
    curves: dict[Name, list[Curve]] = field(default_factory=dict)
    rows_of_one: dict[Name, int] = field(default_factory=dict)

    def add(
        self,
        name: Name,
        exact: Counts,
        low: Counts,
        high: Counts,
        curve: Curve,
        cumulative: bool = True,
        series: str = "",
    ) -> None:
        if name in self.low:
            low, high = np.maximum(low, self.low[name]), np.minimum(high, self.high[name])
        self.low[name], self.high[name], self.exact[name] = low, high, exact
        self.curves.setdefault(name, []).append(curve)
        self.rows_of_one[name] = max(self.rows_of_one.get(name, 1), curve.most_of_one(series))
        if cumulative:
            self.cumulative.add(name)

    def add_sum(self, left: Sequence[Name], right: Sequence[Name]) -> None:
        """Tie two sums to one another, unless they are the same or are no equal counts."""
        if set(left) == set(right) or not left or not right:
            return
        total = np.sum([self.exact[name] for name in left], axis=0)
        if (total != np.sum([self.exact[name] for name in right], axis=0)).any():
            return
        if len(left) > 1 and len(right) > 1:
            whole: Name = ("union", *sorted(map(repr, left)))
            self.low.setdefault(whole, np.zeros_like(total))
            self.high.setdefault(whole, np.full_like(total, UNBOUNDED))
            self.exact[whole] = total
            self.sums[whole, tuple(left)] = self.sums[whole, tuple(right)] = None
        elif len(left) == 1:
            self.sums[left[0], tuple(right)] = None
        else:
            self.sums[right[0], tuple(left)] = None

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

    def pinned(self, policy: Policy) -> Name | None:
        """The first series with a small count, or a small increment, that can have too few values; None without."""
        for name in sorted(self.cumulative, key=repr):
            wide = self.high[name] - self.low[name] + 1 >= self._wanted(name, policy)
            if (self._is_small(name, self.exact[name], policy) & ~wide).any():
                return name
        for names, sums in self._components():
            found = self._pinned_exactly(names, sums, policy)
            if found:
                return found
        return None

    def _wanted(self, name: Name, policy: Policy) -> int:
        return min(SAFE_VALUES, policy.threshold - 1) * self.rows_of_one.get(name, 1)

    def _is_small(self, name: Name, counts: Counts, policy: Policy) -> npt.NDArray[np.bool_]:
        return (counts >= 1) & (counts < policy.threshold * self.rows_of_one.get(name, 1))

    def _components(self) -> Iterator[tuple[list[Name], list[tuple[Name, tuple[Name, ...]]]]]:
        """Yield the series that sums connect, and these sums."""
        parent = {name: name for name in self.low}

        def root(name: Name) -> Name:
            while parent[name] != name:
                parent[name] = parent[parent[name]]
                name = parent[name]
            return name

        for whole, parts in self.sums:
            for part in parts:
                parent[root(part)] = root(whole)
        members: dict[Name, list[Name]] = {}
        sums: dict[Name, list[tuple[Name, tuple[Name, ...]]]] = {}
        for name in self.low:
            members.setdefault(root(name), []).append(name)
        for tie in self.sums:
            sums.setdefault(root(tie[0]), []).append(tie)
        yield from ((members[top], ties) for top, ties in sums.items())

    def _pinned_exactly(
        self, names: list[Name], sums: list[tuple[Name, tuple[Name, ...]]], policy: Policy
    ) -> Name | None:
        """Look at two neighbouring times at once, with every sum at both."""
        place = {name: position for position, name in enumerate(names)}
        n = len(names)
        table = {key: np.array([getattr(self, key)[name] for name in names]) for key in ("low", "high", "exact")}
        growing = [name for name in names if name in self.cumulative]
        rising: list[Combination] = [((n + place[name], 1), (place[name], -1)) for name in growing]
        zero: list[Combination] = [
            ((place[whole] + at, 1), *((place[part] + at, -1) for part in parts))
            for at in (0, n)
            for whole, parts in sums
        ]
        constraints = Constraints(2 * n, zero, rising)
        for now in range(1, table["exact"].shape[1]):
            both = [now - 1, now]
            truth = table["exact"][:, both].T.ravel()
            targets: list[Combination] = []
            whose: list[Name] = []
            for name in growing:
                counts = self.exact[name][both]
                small = self._is_small(name, np.array([counts[1], counts[1] - counts[0]]), policy)
                if small[0]:
                    targets.append(((n + place[name], 1),))
                if small[1] and counts[0]:
                    targets.append(((n + place[name], 1), (place[name], -1)))
                whose += [name] * (len(targets) - len(whose))
            if not targets:
                continue
            low = np.maximum(table["low"][:, both].T.ravel(), truth - _FAR)
            high = np.minimum(table["high"][:, both].T.ravel(), truth + _FAR)
            wanted = {self._wanted(name, policy) for name in whose}
            programme = Programme(low, high, truth, constraints)
            # The first that has too few values is enough, where all are to have as many.
            ranges = programme.ranges(targets, max(wanted), first=len(wanted) == 1)
            for name, (least, greatest) in zip(whose, ranges, strict=False):
                if greatest - least + 1 < self._wanted(name, policy):
                    return name
        return None


def audit_curves(curves: list[Curve], policy: Policy, ledger: Ledger) -> bool:
    """Make the steps of one curve wider, or suppress one, if a small count follows from the curves together and from
    what the ``ledger`` shows of the same members; True if something was changed.

    Call again, after rounding anew, until it returns False.
    """
    if policy.threshold < 3:
        return False
    grids = {curve.times for curve in curves}
    shared = {tuple(sorted(set(one) & set(other))) for one in grids for other in grids}
    for times in sorted(times for times in shared if len(times) > 1):
        system = _build([curve for curve in curves if set(times) <= set(curve.times)], times, policy, ledger)
        system.propagate()
        name = system.pinned(policy)
        if name is None:
            continue
        related = [tie for tie in system.sums if name == tie[0] or name in tie[1]]
        names = {name, *(member for whole, parts in related for member in (whole, *parts))}
        involved = [c for member in names for c in system.curves.get(member, []) if not c.suppressed]
        if involved:
            _give_way(involved, curves)
            return True
    return False


def _give_way(involved: list[Curve], curves: list[Curve]) -> None:
    """Make the steps of the largest curve wider, with those of all curves over the same persons; or suppress the
    smallest."""
    able = [curve for curve in involved if curve.coarser < _WIDEST]
    if not able:
        min(involved, key=lambda c: (c.n, c.total, c.rows[0])).suppressed = True
        return
    largest = max(able, key=lambda c: (c.n / c.coarser, -c.rows[0]))
    wider = largest.coarser + 1
    for curve in curves:
        if curve.persons == largest.persons:
            curve.coarser = max(curve.coarser, wider)


def _build(curves: list[Curve], times: tuple[float, ...], policy: Policy, ledger: Ledger) -> _System:
    system = _System()
    named: list[Named] = []
    pools: dict[Hashable, dict[Name, tuple[int, ...]]] = {}
    prints: dict[Hashable, dict[tuple[int, ...], Counts]] = {}
    for curve in curves:
        at = np.searchsorted(np.array(curve.times), times)
        own = curve.own(policy)
        length = 0 if curve.suppressed else curve.length(policy)
        names: dict[str, Name] = {}
        for series, exact in curve.exact.items():
            # Without prints, two series are one if they are equal among as many persons of a cohort.
            pool = () if series in curve.prints else (curve.persons,)
            names[series] = ("series", *pool, curve.name_of(series, at))
            low, high = shown_bounds(curve, series, length, policy)
            _narrow_by_tables(low, high, curve, series, ledger)
            low, high = np.maximum.accumulate(low), np.minimum.accumulate(high[::-1])[::-1]
            system.add(names[series], exact[at], low[at], high[at], curve, series=series)
            counts = tuple(int(count) for count in exact[at])
            pools.setdefault(curve.persons, {})[names[series]] = counts
            if series in curve.prints:
                prints.setdefault(curve.persons, {})[counts] = curve.prints[series][at]
        n_bounds = possible(shown(curve.n, policy), policy) if length else (0, UNBOUNDED)
        names["persons"] = ("persons", curve.persons)
        persons, k = np.full(len(at), curve.n), len(at)
        system.add(names["persons"], persons, np.full(k, n_bounds[0]), np.full(k, n_bounds[1]), curve, cumulative=False)
        enough = np.where(at < length, max(own.minimum_at_risk, own.threshold), 0)
        for rest, exact in curve.rests.items():
            names[rest] = ("rest", curve.persons, tuple(int(count) for count in exact[at]))
            least = enough if rest == "left" else np.zeros(k, dtype=np.int64)
            system.add(names[rest], exact[at], least, np.full(k, UNBOUNDED), curve, cumulative=False)
        for whole, parts_of in curve.ties:
            system.add_sum([names[whole]], [names[part] for part in parts_of])
        named.append((curve, names))
    for pool_of, series_of_pool in pools.items():
        _add_compositions(system, series_of_pool, prints.get(pool_of, {}))
    _add_unions(system, named)
    return system


def _add_compositions(
    system: _System, series: dict[Name, tuple[int, ...]], prints: dict[tuple[int, ...], Counts]
) -> None:
    """Tie outcomes over the same persons that add up to others at every time."""
    ordered = sorted(series, key=lambda name: (series[name][-1], repr(name)))
    named = {series[name]: name for name in reversed(ordered)}
    for position, name in enumerate(ordered):
        parts = sum_of(series[name], [series[other] for other in ordered[:position]], prints)
        if parts:
            system.add_sum([name], [named[part] for part in parts])


def _add_unions(system: _System, named: list[Named]) -> None:
    """Tie the same count in groups of persons that make up others: groups of one analysis to all of them, and to the
    groups of another that, put together, are the same persons."""
    partitions: dict[Hashable, list[Named]] = {}
    for curve, names in named:
        columns = frozenset(column for column, _ in curve.who)
        partitions.setdefault((curve.analysis, curve.outcome, columns), []).append((curve, names))
    known = []
    for group in partitions.values():
        if all(curve.who_print is not None for curve, _ in group):
            known.append((group, np.array([curve.who_print for curve, _ in group])))
        else:
            _tie_by_labels(system, group, named)
    for i, (one, prints) in enumerate(known):
        for other, candidates in known if len(one) > 1 else ():
            for place, chosen in unions(prints, candidates):
                _tie_series(system, [other[place]], [one[i] for i in chosen])
        for other, beside in known[i + 1 :]:
            if (prints.sum(axis=0) == beside.sum(axis=0)).all():
                for these, those in common_unions(prints, beside):
                    _tie_series(system, [one[a] for a in these], [other[b] for b in those])

    _add_single_sets(system, named)


def _add_single_sets(system: _System, named: list[Named]) -> None:
    """Tie the same count in persons, of whatever analyses, whom two or three others make up."""
    persons: dict[Hashable, list[Named]] = {}
    for curve, names in named:
        if curve.who_print is not None:
            persons.setdefault(curve.persons, []).append((curve, names))
    sets = list(persons.values())
    table = np.array([group[0][0].who_print for group in sets]).reshape(len(sets), BUCKETS)
    for whole, chosen in small_unions(table):
        for one, *others in product(sets[whole], *(sets[part] for part in chosen)):
            _tie_series(system, [one], others)


def _tie_series(system: _System, one: list[Named], other: list[Named]) -> None:
    """Tie every series of some curves to the series of others that counts the same members among the same persons."""
    if not one or not other:
        return
    for series in one[0][0].prints:
        for theirs in other[0][0].prints:
            sides = [(one, series), (other, theirs)]
            if any(name not in curve.prints for side, name in sides for curve, _ in side):
                continue
            # At the last time that all of them have: who is counted by then tells the series apart.
            last = min(curve.times[-1] for side, _ in sides for curve, _ in side)
            sums = [np.sum([curve.print_at(name, last) for curve, _ in side], axis=0) for side, name in sides]
            if (sums[0] == sums[1]).all() and sums[0].any():
                system.add_sum(*([names[name] for _, names in side] for side, name in sides))


def _tie_by_labels(system: _System, group: list[Named], named: list[Named]) -> None:
    """Tie the groups of one column to the curves of all of them, where only labels are known."""
    about = (group[0][0].analysis, group[0][0].outcome)
    others = {curve.who: names for curve, names in named if (curve.analysis, curve.outcome) == about}
    parts: dict[tuple[Hashable, str], list[dict[str, Name]]] = {}
    for curve, names in group:
        for column, level in sorted(curve.who):
            parts.setdefault((curve.who - {(column, level)}, column), []).append(names)
    for (who, _), found in parts.items():
        for series in group[0][0].exact if who in others else ():
            system.add_sum([others[who][series]], [names[series] for names in found])  # type: ignore[index]


def _narrow_by_tables(low: Counts, high: Counts, curve: Curve, series: str, ledger: Ledger) -> None:
    """Narrow the bounds where a table or a model shows the number of the same members."""
    for place, print_ in enumerate(curve.prints.get(series, ())):
        key = set_key(print_)
        if curve.exact[series][place] and key in ledger.counts and ledger.counts[key].in_tables and ledger.shown(key):
            least, greatest = possible(shown(int(curve.exact[series][place]), ledger.policy), ledger.policy)
            low[place], high[place] = max(low[place], least), min(high[place], greatest)
