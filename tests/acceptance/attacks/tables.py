"""Counts of tables: from margins, denominators and percentages, and from what several analyses have in common."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pandas as pd

from attacks.release import TABLES, Bounds, Name, Release, levels_of, named, pairs
from attacks.system import System

CLOSE = 1e-7  # results are written with ten digits


class Margin:
    """The cells of one term among the same people: rows of a table that have one denominator."""

    def __init__(self, release: Release, rows: pd.DataFrame) -> None:
        first = rows.iloc[0]
        self.rows = list(rows.itertuples())
        self.analysis = (first["stream"], first["analysis"])
        self.who, self.term = pairs(first["group"]), first["term"]
        self.whole = (*self.analysis, self.who)
        # Figures of several rules have a denominator each; so has an index of inequality its own people.
        totals = rows["total"].dropna()
        self.total = float(totals.iloc[0]) if len(totals) else math.nan
        self.cells = {row: (*self.analysis, self.who | {(self.term, row.level)}) for row in self.rows}
        declared = levels_of(release.studies[self.analysis[0]], self.term)
        self.complete = bool(declared) and declared == set(rows["level"])

    def told(self) -> bool:
        """Whether the percentages are those of the released counts, so that they tell nothing more."""
        shown = [row for row in self.rows if not pd.isna(row.n) and row.total > 0]
        return all(abs(row.estimate - 100 * row.n / row.total) <= CLOSE * max(row.estimate, 1) for row in shown)


def margins_of(release: Release) -> Iterator[Margin]:
    """All margins with a denominator."""
    for rows in release.rows.values():
        tables = rows[rows["kind"].isin(TABLES) & (rows["measure"] == "percent")]
        for _, margin in tables.groupby(["stream", "analysis", "outcome", "group", "term"], sort=False):
            yield Margin(release, margin)


def enter(system: System, release: Release, margin: Margin) -> None:
    """Enter the cells of a margin, its whole, and that one makes the other."""
    seen = not math.isnan(margin.total)
    if seen or not release.careful:
        system.add(margin.whole, *release.table(margin.total))
    for row, cell in margin.cells.items():
        system.add(cell, *release.table(row.n, positive=seen))
        if not margin.complete:
            system.total(margin.whole, [cell], complete=False)
    if margin.complete:
        system.total(margin.whole, margin.cells.values())


def enter_groups(system: System, release: Release, margins: list[Margin]) -> None:
    """Tie the same count in all groups of a column to the count for everybody, where both are there."""
    known: dict[tuple[str, str], dict[frozenset, Name]] = defaultdict(dict)
    for margin in margins:
        for name in (margin.whole, *margin.cells.values()):
            known[margin.analysis][name[2]] = name
    for (stream, _), names in known.items():
        parts: dict[tuple[frozenset, str], list[tuple[str, Name]]] = defaultdict(list)
        for who, name in names.items():
            for column, level in who:
                parts[who - {(column, level)}, column].append((level, name))
        for (others, column), found in parts.items():
            if others in names:
                complete = {level for level, _ in found} == levels_of(release.studies[stream], column)
                system.total(names[others], [name for _, name in found], complete)


def enter_percentages(system: System, release: Release, margin: Margin) -> None:
    """Use percentages that are not those of the released counts: then they are those of the exact ones."""
    if margin.told():
        return
    shown = [row for row in margin.rows if not pd.isna(row.n) and row.total > 0]
    fits: dict[int, dict[Any, int]] = {}
    low, high = release.table(margin.total)
    for total in range(low, high + 1):
        counts = {row: round(row.estimate * total / 100) for row in shown}
        inside = all(_within(n, release.table(row.n)) for row, n in counts.items())
        if inside and all(abs(row.estimate * total / 100 - n) < CLOSE * total for row, n in counts.items()):
            fits[total] = counts
    assert fits, f"the attack is faulty: no denominator fits the percentages of {margin.whole}"
    system.add(margin.whole, min(fits), max(fits))
    for row in shown:
        counts = [fit[row] for fit in fits.values()]
        system.add(margin.cells[row], min(counts), max(counts))


def _within(number: int, bounds: Bounds) -> bool:
    return bounds[0] <= number <= bounds[1]


def enter_agreement(system: System, release: Release) -> None:
    """Observed agreement is the share on the diagonal: one more sum, of the exact counts if it is exact. In a careful
    release it is computed from the released cells, hidden ones filled in from the margins: no news."""
    for rows in () if release.careful else release.rows.values():
        for row in rows[(rows["measure"] == "agreement") & rows["n"].notna()].itertuples():
            if row.total == 0 or abs(row.estimate - 100 * row.n / row.total) <= CLOSE * 100:
                continue
            first, second = row.term.split(":")
            levels, who = row.level.split(":"), pairs(row.group)
            cells = {
                (a, b): (row.stream, row.analysis, who | {(first, a), (second, b)}) for a in levels for b in levels
            }
            low, high = release.table(row.total)
            fits = [
                (total, round(row.estimate * total / 100)) for total in range(low, high + 1)
                if abs(row.estimate * total / 100 - round(row.estimate * total / 100)) < CLOSE * total
            ]  # fmt: skip
            totals, same = [fit[0] for fit in fits], [fit[1] for fit in fits]
            known = {pair: name for pair, name in cells.items() if name in system.low}
            system.tie(dict.fromkeys(known.values(), 1), min(totals), max(totals))
            diagonal = [name for (a, b), name in known.items() if a == b]
            system.tie(dict.fromkeys(diagonal, 1), min(same), max(same))


def answers(system: System, margins: list[Margin]) -> dict[Name, Bounds]:
    """Solve, and name the answers as the exact counts are named."""
    cells = {named(row, "n"): cell for margin in margins for row, cell in margin.cells.items()}
    found = system.solve(cells.values())
    return {name: found[cell] for name, cell in cells.items()}


def from_counts(release: Release) -> dict[Name, Bounds]:
    """Hidden cells from the other cells, the denominators and the tables for everybody: rounded counts alone."""
    system, margins = System(), list(margins_of(release))
    for margin in margins:
        enter(system, release, margin)
    enter_groups(system, release, margins)
    records = enter_records(system, release)
    found = system.solve(records.values())
    return answers(system, margins) | {name: found[cell] for name, cell in records.items()}


def enter_records(system: System, release: Release) -> dict[Name, Name]:
    """Enter the rows that each rule of harmonisation looked at, touched and left; return what to solve for."""
    wanted = {}
    for rows in release.rows.values():
        for row in rows[rows["kind"] == "quality"].itertuples():
            cell = (row.stream, row.analysis, row.group, row.term, row.level)
            wanted[named(row, "n")] = system.add(cell, *release.table(row.n))
            if not pd.isna(row.total):
                whole, rest = ("whole", *cell), ("rest", *cell)
                system.add(whole, *release.table(row.total))
                system.total(whole, [cell, rest])
                wanted[named(row, "not n")] = rest
    return wanted


def from_percentages(release: Release) -> dict[Name, Bounds]:
    """The same with percentages and observed agreement."""
    system, margins = System(), list(margins_of(release))
    for margin in margins:
        enter(system, release, margin)
        enter_percentages(system, release, margin)
    enter_groups(system, release, margins)
    enter_agreement(system, release)
    return answers(system, margins)


def from_percentages_alone(release: Release) -> dict[Name, Bounds]:
    """Hidden cells from percentages without any count: the denominator is a multiple of the least common one of the
    fractions that they are (continued fractions)."""
    found = {}
    for margin in margins_of(release):
        shown = [row for row in margin.rows if not pd.isna(row.estimate)]
        hidden = [row for row in margin.rows if pd.isna(row.estimate)]
        if len(hidden) != 1 or not shown or not margin.complete or margin.told():
            continue
        shares = [Fraction(row.estimate / 100).limit_denominator(30_000) for row in shown]
        if any(abs(float(s) - row.estimate / 100) > 2e-12 + 1e-10 * s for s, row in zip(shares, shown, strict=True)):
            continue  # more people than ten digits can tell apart
        common = math.lcm(*(share.denominator for share in shares))
        rest = common * (1 - sum(shares))
        low, high = release.table(math.nan)
        times = [k for k in range(1, min(high, 1000) + 1) if low <= k * rest <= high]
        if times and common < 30_000:
            found[named(hidden[0], "n")] = (int(times[0] * rest), int(times[-1] * rest))
    return found
