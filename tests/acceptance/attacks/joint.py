"""Everything that a release tells, at once: all analyses and streams, every level that is a union of others, every
curve on every grid, crossed by integer programmes.

Whom each count counts is known beforehand (``background``). Counts of members are unknowns tied by unions. Of curves,
whatever can happen to a member on one day (a return, which is a competing event elsewhere and a move between states) is
a pattern; what has happened so far to the persons of a curve is the sum of its patterns, each of which adds up over
groups like persons do. Two neighbouring times are looked at together: counts, and their increments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attacks import curves, tables
from attacks.background import Background, SetName, Tie, series_name
from attacks.release import COUNTED, MEASURED, UNKNOWN, Bounds, Name, Release, counted, curves_of, named
from attacks.rules import behind_cumulative, is_rounded, policy_of, steps_of
from attacks.system import LOOSE, System

if TYPE_CHECKING:
    from family_justice.config.schema import Policy

# --- members ----------------------------------------------------------------------------------------------------------


def from_members(release: Release, known: Background, wanted: Collection[Name]) -> dict[Name, Bounds]:
    """Cells of tables and levels of models: what every sum over members leaves."""
    system, cells = _system_of_members(release, known)
    asked = {name: cells[name] for name in wanted if name in cells}
    found = system.solve(asked.values())
    return {name: found[cell] for name, cell in asked.items()}


def _system_of_members(release: Release, known: Background) -> tuple[System, dict[Name, Hashable]]:
    system, cells = System(), {}
    start = {} if release.careful else tables.from_percentages(release)
    for rows in release.rows.values():
        told = rows["measure"].isin(COUNTED) | rows["measure"].str.startswith("log_")
        for row in rows[rows["time"].isna() & told].itertuples():
            what = "n" if row.measure in COUNTED else "level n" if row.level else "whole"
            name = named(row, what)
            if name in known.counts:
                cells[name] = known.counts[name]
                known_by_itself = release.table(row.n, positive=not pd.isna(row.total))
                system.add(known.counts[name], *start.get(name, known_by_itself))
            if name in known.wholes and (not pd.isna(row.total) or not release.careful):
                system.add(known.wholes[name], *release.table(row.total))
        for curve in curves_of(rows):
            row = next(curve.itertuples())
            for series in (series_name(row, what) for what in counted(curve)):
                if series in known.series:
                    system.add(known.series[series][:2], *release.table(row.n))
    for kind, pool in known.pools.items():
        for parts, whole, equal in pool.ties([name for other, name in system.low if other == kind]):
            _tie(system, [(kind, name) for name in parts], [(kind, name) for name in whole], equal)
    return system, cells


def _tie(system: System, parts: Iterable[Hashable], whole: Iterable[Hashable], equal: bool) -> None:
    terms: dict[Hashable, int] = defaultdict(int)
    for sign, names in ((1, whole), (-1, parts)):
        for name in names:
            terms[name] += sign
    system.tie({name: factor for name, factor in terms.items() if factor}, 0, 0 if equal else LOOSE)


# --- curves -----------------------------------------------------------------------------------------------------------


@dataclass
class Shown:
    """What a release tells of one series: bounds of the persons, of the counts at each time, and of what is new."""

    name: Name
    days: list[float]
    persons: Bounds = (0, UNKNOWN)
    left: int = 0  # persons who are at risk at least at every time that is shown
    bounds: list[Bounds] = field(default_factory=list)
    new: list[Bounds] = field(default_factory=list)

    def at(self, day: float) -> Bounds:
        """Bounds by a day: of cumulative counts those at the times around it."""
        low = [bounds[0] for own, bounds in zip(self.days, self.bounds, strict=False) if own <= day]
        high = [bounds[1] for own, bounds in zip(self.days, self.bounds, strict=False) if own >= day]
        return max([0, *low]), min([UNKNOWN, *high])

    def still(self, day: float) -> int:
        """Persons at risk by a day at least."""
        return self.left if self.bounds and day <= self.days[len(self.bounds) - 1] else 0

    def between(self, before: float, now: float) -> Bounds:
        """Bounds of what happened between two of its times, if they follow each other."""
        at = self.days.index(now) if now in self.days else 0
        return self.new[at] if 0 < at < len(self.new) and self.days[at - 1] == before else (0, UNKNOWN)


Own = dict[tuple[SetName, str], list[Shown]]


def from_curves(release: Release, known: Background, wanted: Collection[Name]) -> dict[Name, Bounds]:
    """Cumulative counts and increments of all curves."""
    shown = _series_of(release, known)
    answer: dict[Name, Bounds] = {}
    for kind, pool in known.pools.items():
        own: Own = defaultdict(list)
        for name, (other, *what) in known.series.items():
            if other == kind:
                own[tuple(what)].append(shown[name])
        happened = patterns(pool.happened)
        for part, ties in _components(own, pool.ties({who for who, _ in own})):
            keys = {key for _, key in part}
            kinds = sorted({found & keys for found in happened if found & keys}, key=sorted)
            grids = [found.days for same in part.values() for found in same]
            for before, now in sorted({pair for days in grids for pair in pairwise(days)}):
                asked = dict(_asked(known, part, before, now, wanted))
                if asked:
                    found = window(part, kinds, ties, before, now).solve(asked.values())
                    answer |= {name: found[what] for name, what in asked.items()}
    return answer


def patterns(happened: list[pd.DataFrame]) -> set[frozenset[str]]:
    """What happens to one member on one day, of all that curves count."""
    every = pd.concat(happened or [pd.DataFrame(columns=["place", "zero", "day", "what"])], ignore_index=True)
    codes, names = pd.factorize(every["what"])
    # Everything has a number at random: the sum says what happened together.
    numbers = np.random.default_rng(1).integers(1, 1 << 50, len(names) + 1)
    every["together"] = pd.Series(numbers[codes]).groupby([every[c] for c in ("place", "zero", "day")]).transform("sum")
    return {frozenset(part) for _, part in every.drop_duplicates(["together", "what"]).groupby("together")["what"]}


def _components(own: Own, ties: set[Tie]) -> Iterator[tuple[Own, list[Tie]]]:
    """Split series into those that no tie between their persons connects."""
    parent = {who: who for who, _ in own}

    def root(who: SetName) -> SetName:
        while parent[who] != who:
            parent[who] = parent[parent[who]]
            who = parent[who]
        return who

    for parts, whole, _ in ties:
        for who in (*parts, *whole):
            parent[root(who)] = root(parts[0])
    for top in dict.fromkeys(map(root, parent)):
        part = {key: found for key, found in own.items() if root(key[0]) == top}
        yield part, sorted(tie for tie in ties if root(tie[0][0]) == top)


def _asked(
    known: Background, own: Own, before: float, now: float, wanted: Collection[Name]
) -> Iterator[tuple[Name, Hashable]]:
    """The wanted counts by ``now``, and of what happened since ``before``, and their unknowns."""
    for (who, key), same in own.items():
        for shown in same:
            for at in range(len(shown.days)):
                name = known.names[shown.name][at]
                if shown.days[at] == now and name in wanted:
                    yield name, ("by now", who, key)
                follows = at and (shown.days[at - 1], shown.days[at]) == (before, now)
                name = (*name[:2], f"new {name[2]}", *name[3:])
                if follows and name in wanted:
                    yield name, ("new", who, key)


def window(own: Own, kinds: list[frozenset[str]], ties: list[Tie], before: float, now: float) -> System:
    """Everything that is told of two times."""
    system = System()
    for (who, key), same in own.items():
        here = [at for at, kind in enumerate(kinds) if key in kind]
        for shown in same:
            system.add(("by before", who, key), *shown.at(before))
            system.add(("by now", who, key), *shown.at(now))
            system.add(("new", who, key), *shown.between(before, now))
            system.add(("persons", who), *shown.persons)
        for what in ("by before", "new"):
            system.total((what, who, key), [(what, who, at) for at in here])
        system.total(("by now", who, key), [("by before", who, key), ("new", who, key)])
    for about in {(who, key.rpartition("|")[0]) for who, key in own}:
        _persons(system, own, *about, now)
    for parts, whole, equal in ties:
        _tie(system, [("persons", who) for who in parts], [("persons", who) for who in whole], equal)
        for what in ("by before", "new"):
            for at in range(len(kinds)):
                _tie(system, [(what, who, at) for who in parts], [(what, who, at) for who in whole], equal)
    return system


def _persons(system: System, own: Own, who: SetName, outcome: str, now: float) -> None:
    """Who has left under an outcome, and who is at risk still, are not more than all persons."""
    ends = [what for what in ("events", "competing", "censored") if (who, f"{outcome}|{what}") in own]
    if (who, f"{outcome}|first events") in own:
        ends = [what for what in ends if what != "events"]
    names = [("by now", who, f"{outcome}|{what}") for what in ends]
    least = max((shown.still(now) for what in ends for shown in own[who, f"{outcome}|{what}"]), default=0)
    if names and not outcome.endswith("|states"):
        system.tie({("persons", who): 1, **dict.fromkeys(names, -1)}, least, LOOSE)


def _series_of(release: Release, known: Background) -> dict[Name, Shown]:
    """Return what is told of each series of each curve, also of those that are not shown."""
    start = {} if release.careful else curves.from_files(release)
    found = {name: Shown(name, known.days[name]) for name in known.series}
    for stream, rows in release.rows.items():
        policy = policy_of(release.studies[stream]["policy"])
        told: dict[Hashable, list[tuple[list[float], list[int]]]] = defaultdict(list)
        here = []
        for curve in curves_of(rows):
            lines = list(curve.itertuples())
            for what, numbers in counted(curve).items():
                name = series_name(lines[0], what)
                if name in found:
                    told[*known.series[name][:2], known.rows_of_one[name]].append((numbers, known.exact[name]))
                    here.append((name, what, numbers, lines))
        for name, what, numbers, lines in here:
            own = found[name]
            own.persons = release.table(lines[0].n)
            if release.careful:
                most = known.rows_of_one[name]
                rule = steps_of(told[*known.series[name][:2], most], policy, most)
                own.bounds = bounds_of(
                    numbers, known.exact[name], rule, what == "events" and lines[0].measure in MEASURED
                )
                own.left = policy.minimum_at_risk * known.rows_of_one[name]
            else:
                own.bounds = [start[named(row, what)] for row in lines]
                own.new = [start.get(named(row, f"new {what}"), (0, UNKNOWN)) for row in lines]
    return found


def bounds_of(numbers: list[float], exact: list[int], rule: Policy | None, enough: bool) -> list[Bounds]:
    """Bounds of the counts behind a series as shown. One that is not rounded itself is shown as the sum of others;
    ``enough``: the events of a curve that is shown to its end are those of enough people."""
    if rule is None or not is_rounded(numbers, exact, rule):
        return [(0, UNKNOWN)] * len(numbers)
    bounds = [behind_cumulative(int(number), rule) for number in numbers]
    if enough and len(numbers) == len(exact):
        # Nobody, or enough: a curve of a few events would not be shown.
        if bounds[-1][1] < rule.threshold:
            return [(0, 0)] * len(numbers)
        bounds[-1] = max(bounds[-1][0], rule.threshold), bounds[-1][1]
    return bounds
