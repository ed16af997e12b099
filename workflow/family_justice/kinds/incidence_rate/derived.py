"""Ratios and differences of rates, and standardised rates, which follow from the table of rates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from family_justice.analyses.model_rows import Rows, estimate_row
from family_justice.analyses.rates import PER
from family_justice.estimators.groups.person_time import (
    direct_rate,
    indirect_ratio,
    log_rate_ratio,
    mantel_haenszel,
    rate_difference,
)

Conditions = frozenset[tuple[str, str]]
NO_EVENTS = "one of the two groups has no events"
NO_COMMON = "no stratum with time and events on both sides is shown"
NOT_ALL = "a stratum of the standard population has no time at risk here"


@dataclass(frozen=True)
class Cell:
    """Events and time of a cell; ``error`` is the standard error of its log rate where events repeat, else nan."""

    events: float
    time: float
    error: float


def rows(table: pd.DataFrame, about: Mapping[str, Any]) -> Rows:
    """Yield what is asked for of an analysis (``words_of_rows``) as far as its cells are shown.

    Differences and standardised rates are per ``PER`` units of time, as rates are.
    """
    cells = _cells(table)
    if not cells:
        return
    outcome = str(table["outcome"].iloc[0])
    by, over = list(about.get("by") or []), list(about.get("all_strata") or [])
    compare = str(about.get("compare") or "")
    outer = _groups(cells, by)
    if compare:
        for group, label in outer.items():
            yield from _compared(cells, group, {"outcome": outcome, "group": label}, compare, over, about)
    if about.get("standardise"):
        for group, label in _groups(cells, [*by, compare] if compare else by).items():
            yield from _standardised(cells, group, {"outcome": outcome, "group": label}, over, about)


def _cells(table: pd.DataFrame) -> dict[Conditions, Cell | None]:
    """Return the cells in the order of the table; None for those that are not shown."""
    times = table[table["measure"] == "time_at_risk"].set_index("group")["estimate"]
    found: dict[Conditions, Cell | None] = {}
    for row in table[table["measure"] == "rate"].to_dict("records"):
        time = times.get(row["group"], math.nan)
        where = _pairs(str(row["group"]))
        if pd.isna(row["n"]) or pd.isna(time):
            found[where] = None
            continue
        error = float(row["std_error"]) / float(row["estimate"]) if pd.notna(row["std_error"]) else math.nan
        found[where] = Cell(float(row["n"]), float(time), error)
    return found


def _pairs(group: str) -> Conditions:
    pairs = [pair.partition("=") for pair in group.split("; ")] if group else []
    return frozenset((column, level) for column, _, level in pairs)


def _groups(cells: Mapping[Conditions, Cell | None], columns: list[str]) -> dict[Conditions, str]:
    """Return the groups of exactly these columns and their labels, in the order of the table."""
    found = {}
    for where in cells:
        if {column for column, _ in where} == set(columns):
            levels = dict(where)
            found[where] = "; ".join(f"{column}={levels[column]}" for column in columns)
    return found


def _compared(
    cells: Mapping[Conditions, Cell | None],
    group: Conditions,
    row: dict[str, Any],
    compare: str,
    over: list[str],
    about: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Yield ratio and difference of each level beside the reference; without one the first level is it."""
    levels = list(dict.fromkeys(dict(where)[compare] for where in cells if compare in dict(where)))
    reference = str(about.get("reference") or (levels[0] if levels else ""))
    for level in levels:
        one, other = (cells.get(group | {(compare, name)}) for name in (level, reference))
        if level == reference or one is None or other is None:
            continue
        line = {**row, "term": compare, "level": level}
        yield from ({**line, **found} for found in _beside(one, other))
        if over:
            names = {compare, *over, *(column for column, _ in group)}
            here, there = (group | {(compare, name)} for name in (level, reference))
            yield {**line, **_stratified(cells, names, here, there)}


def _beside(one: Cell, other: Cell) -> Iterator[dict[str, Any]]:
    """Yield ratio and difference of two rates."""
    pairs = (one.events, other.events), (one.time, other.time)
    log, error = log_rate_ratio(*pairs)
    difference, spread = rate_difference(*pairs)
    if not math.isnan(one.error) and not math.isnan(other.error):
        error = math.hypot(one.error, other.error)
        spread = math.hypot(one.error * one.events / one.time, other.error * other.events / other.time)
    yield _estimated("log_incidence_rate_ratio", log, error, NO_EVENTS)
    yield _estimated("incidence_rate_difference", PER * difference, PER * spread, "no time at risk")


def _stratified(
    cells: Mapping[Conditions, Cell | None], names: set[str], here: Conditions, there: Conditions
) -> dict[str, Any]:
    """Return the ratio over the strata that are shown on both sides; cells of strata have the columns ``names``."""
    strata = [where - here for where in cells if {column for column, _ in where} == names and here <= where]
    sides = [(cells[here | where], cells.get(there | where)) for where in strata]
    both = [(a, b) for a, b in sides if a is not None and b is not None]
    log, error = mantel_haenszel(
        [a.events for a, _ in both], [a.time for a, _ in both], [b.events for _, b in both], [b.time for _, b in both]
    )
    return _estimated("log_stratified_rate_ratio", log, error, NO_COMMON)


def _estimated(measure: str, value: float, error: float, why: str) -> dict[str, Any]:
    if math.isnan(value) or not error > 0:
        return {"measure": measure, "status": "not estimable", "note": why}
    return estimate_row(measure, value, error)


def _standardised(
    cells: Mapping[Conditions, Cell | None],
    group: Conditions,
    row: dict[str, Any],
    over: list[str],
    about: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Yield the directly standardised rate and observed over expected events, if all strata are shown."""
    standard = {where: cell for where, cell in cells.items() if {column for column, _ in where} == set(over)}
    mine = {where: cells.get(group | where, Cell(0.0, 0.0, math.nan)) for where in standard}
    whole, weights = cells.get(group), about.get("weights")
    both = [(where, cell, mine[where]) for where, cell in standard.items()]
    shown = [(where, one, other) for where, one, other in both if one is not None and other is not None]
    if whole is None or not shown or len(shown) < len(both):
        return
    size = [one.time if weights is None else float(weights[next(iter(where))[1]]) for where, one, _ in shown]
    rates = [one.events / one.time if one.time > 0 else 0.0 for _, one, _ in shown]
    events, time = [own.events for _, _, own in shown], [own.time for _, _, own in shown]
    for measure, scale, (value, low, high) in (
        ("standardised_rate", PER, direct_rate(events, time, size)),
        ("standardised_ratio", 1.0, indirect_ratio(whole.events, time, rates)),
    ):
        if math.isnan(value):
            yield {**row, "measure": measure, "status": "not estimable", "note": NOT_ALL}
        else:
            limits = {"conf_low": scale * low, "conf_high": scale * high}
            yield {**row, "measure": measure, "estimate": scale * value, **limits}
