"""Survival and cumulative incidence, mean counts and state probabilities, rebuilt from rounded cumulative counts.

Hiding the number at risk while showing the exact curve protects nothing: d/n = 1 - S(t)/S(t-). So the cumulative
counts on the time grid (of events, competing events and censorings; of transitions between states) are rounded first,
and the curve, its standard error and limits, and the numbers at risk are computed from them (``rebuild``). What is not
computed from released numbers does not leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.families.curve_series import (
    SERIES,
    Curve,
    check_at_risk,
    has_median,
    read_series,
    read_sets,
)
from family_justice.disclosure.families.rebuild import rebuild
from family_justice.disclosure.families.tables import add_group_sums, person_key
from family_justice.disclosure.ledger import Key, Ledger
from family_justice.disclosure.result_frame import (
    Conditions,
    conditions,
    real,
    require_empty,
    require_present,
    suppress,
    text,
)
from family_justice.disclosure.rounding import Counts, is_open, is_small, round_cumulative, shown
from family_justice.disclosure.sets import Sets
from family_justice.errors import DisclosureError

_CURVE = ["analysis", "kind", "cohort", "outcome", "group"]
_LONGEST_GRID = 1000


def read_curves(frame: pd.DataFrame, policy: Policy, sets: Sets) -> list[Curve]:
    """Take the curves apart and suppress those over too few persons or events.

    Raises ``DisclosureError`` unless every curve is on a grid from 0 that all curves of its analysis share, and its
    counts are cumulative and give the numbers at risk.
    """
    require_empty(frame, ["statistic", "df", "p_value"], "curves")
    require_present(frame, ["n", "time"], "curves")
    curves = []
    for labels, rows in frame.groupby(_CURVE, sort=False):
        analysis, kind, cohort, outcome, group = map(str, labels)
        if rows["n"].nunique() != 1:
            raise DisclosureError(f"curves of kind {kind}: n is not the same in all rows")
        curve = Curve(analysis, kind, cohort, outcome, conditions(group), int(rows["n"].iloc[0]))
        read_series(curve, rows)
        read_sets(curve, sets)
        _check(curve)
        check_at_risk(curve, rows)
        curve.suppressed = _is_of_few(curve, rows, sets, policy)
        curves.append(curve)
    grids: dict[str, set[tuple[float, ...]]] = {}
    for curve in curves:
        grids.setdefault(curve.analysis, set()).add(curve.times)
    if any(len(times) > 1 for times in grids.values()):
        raise DisclosureError("curves: the curves of an analysis are not on one grid of times")
    return curves


def _is_of_few(curve: Curve, rows: pd.DataFrame, sets: Sets, policy: Policy) -> bool:
    """True for a curve over too few persons, or in which too few have an event."""
    if sets.is_few(int(rows.index[0]), "n", curve.n, policy) or is_small(curve.total, policy):
        return True
    ends = [(line.rows[-1], str(line.columns.get("events"))) for line in curve.lines]
    return any(
        sets.is_few(row, "events", int(curve.exact[series][-1]), policy)
        for row, series in ends
        if series in ("events", "first_events")
    )


def _check(curve: Curve) -> None:
    gone = curve.gone()
    steps = np.diff(curve.times)
    if curve.times[0] != 0 or len(curve.times) > _LONGEST_GRID or (steps <= 0).any():
        raise DisclosureError(f"curves: times must increase from 0 in at most {_LONGEST_GRID} steps")
    if steps.size and (np.abs(steps / steps.min() - np.round(steps / steps.min())) > 1e-6).any():
        raise DisclosureError("curves: times are not on a regular grid; event times themselves must not leave")
    if any((np.diff(counts) < 0).any() or (counts < 0).any() for counts in curve.exact.values()):
        raise DisclosureError("curves: counts are not cumulative")
    if (gone > curve.entered(curve.exact, curve.n)).any():
        raise DisclosureError("curves: more persons left than there are")
    if any((counts < 0).any() for counts in curve.rests.values()):
        raise DisclosureError("curves: the counts contradict each other")


def enter_curves(curves: list[Curve], ledger: Ledger) -> dict[int, tuple[Key, Key]]:
    """Enter the persons and final events of all curves; ``suppress_hidden`` reads what became of them."""
    names: dict[int, tuple[Key, Key]] = {}
    families: dict[Key, dict[Conditions, Key]] = {}
    for position, curve in enumerate(curves):
        visible = not curve.suppressed
        who = ledger.members(curve.analysis, curve.who)
        name = person_key(curve.cohort, who, curve.n)
        persons = ledger.add(name, curve.n, visible, visible, at=(curve.rows[0], "n"))
        name = ("events", curve.cohort, curve.outcome, who, curve.total)
        events = ledger.add(name, curve.total, visible, visible, in_tables=False, at=_final_events(curve))
        names[position] = (persons, events)
        families.setdefault((curve.analysis, curve.outcome, "persons"), {})[who] = persons
        families.setdefault((curve.analysis, curve.outcome, "events"), {})[who] = events
    for family in families.values():
        add_group_sums(ledger, family)
    return names


def _final_events(curve: Curve) -> tuple[int, str] | None:
    """The row and column in which the members with an event at the end of the grid stand."""
    for line in curve.lines:
        series = line.columns.get("events")
        if series in ("events", "first_events") and int(curve.exact[series][-1]) == curve.total:
            return line.rows[-1], "events"
    return None


def suppress_hidden(curves: list[Curve], names: dict[int, tuple[Key, Key]], ledger: Ledger) -> None:
    """Suppress the curves whose persons or events the ledger had to hide."""
    for position, keys in names.items():
        curves[position].suppressed |= any(ledger.hidden(key) for key in keys)


def round_curves(curves: list[Curve], policy: Policy) -> None:
    """Round the cumulative counts of all curves that are shown.

    Outcomes over the same persons are tied: a new-child and an existing-child return make a return of either kind, and
    each competes with the other. A series that is the sum of others at every time is therefore shown as the sum of
    what is shown for them, so that crossing the curves tells nothing that the parts do not tell.
    """
    pools: dict[Key, list[Curve]] = {}
    for curve in curves:
        if not curve.suppressed:
            # Not by group: persons who are a group in one analysis may be all of them in another.
            pools.setdefault((curve.persons, curve.times), []).append(curve)
    for pool in pools.values():
        series: dict[tuple[int, ...], int] = {}  # and the most that one person adds
        for curve in pool:
            for name, numbers in curve.exact.items():
                series[tuple(numbers)] = max(series.get(tuple(numbers), 1), curve.most_of_one(name))
        for curve in pool:  # what is shown as one number has one rule
            curve.of_one = {name: series[tuple(numbers)] for name, numbers in curve.exact.items()}
        rules = {tuple(numbers): c.own(policy, name) for c in pool for name, numbers in c.exact.items()}
        prints = {tuple(c.exact[name]): c.prints[name] for c in pool for name in c.prints}
        parts: list[tuple[int, ...]] = []
        shown_as: dict[tuple[int, ...], Counts] = {}
        composite: set[tuple[int, ...]] = set()
        for counts in sorted(series, key=lambda counts: (counts[-1], counts)):
            found = sum_of(counts, parts, prints)
            if found:
                shown_as[counts] = np.sum([shown_as[part] for part in found], axis=0).astype(np.int64)
                composite.add(counts)
            else:
                shown_as[counts] = round_cumulative(counts, rules[counts])
                parts.append(counts)
        for curve in pool:
            curve.rounded = {name: shown_as[tuple(counts)] for name, counts in curve.exact.items()}
            curve.composite = {name for name, counts in curve.exact.items() if tuple(counts) in composite}


def sum_of(
    counts: tuple[int, ...], parts: Iterable[tuple[int, ...]], prints: Mapping[tuple[int, ...], Counts]
) -> tuple[tuple[int, ...], ...]:
    """Return two to four of the series ``parts`` that add up to ``counts`` at every time, or nothing.

    ``prints`` has those of the sets that a series counts, where they are known: numbers that only happen to add up are
    then told from members who do.
    """
    candidates = [part for part in parts if 0 < part[-1] < counts[-1]]
    for size in (2, 3, 4):
        for chosen in combinations_with_replacement(candidates, size):
            if sum(part[-1] for part in chosen) == counts[-1] and tuple(np.sum(chosen, axis=0)) == counts:
                known = [prints[series] for series in (counts, *chosen) if series in prints]
                if len(known) <= size or (known[0] == np.sum(known[1:], axis=0)).all():
                    return chosen
    return ()


def release_curves(
    frame: pd.DataFrame, curves: list[Curve], policy: Policy
) -> tuple[list[int], dict[Key, pd.DataFrame]]:
    """Write the rebuilt curves into ``frame``.

    Returns the rows beyond the end of their curves, which are to be left out, and the shown rows of the follow-up
    curves by (analysis, cohort, group).
    """
    beyond: list[int] = []
    follow_up: dict[Key, pd.DataFrame] = {}
    for curve in curves:
        if not curve.suppressed and not curve.rounded:
            raise DisclosureError("curves: a curve was not rounded")
        length = 0 if curve.suppressed else curve.length(policy)
        if length == 0:
            suppress(frame, curve.rows, policy)
            continue
        for line in curve.lines:
            beyond += line.rows[length:]
        if not is_open(policy):
            _write(frame, curve, length, policy)
        if has_median(curve.kind):
            follow_up[(curve.analysis, curve.cohort, curve.who)] = frame.loc[curve.lines[0].rows[:length]]
    return beyond, follow_up


def _write(frame: pd.DataFrame, curve: Curve, length: int, policy: Policy) -> None:
    """Replace everything in the rows of a curve by rounded counts and what is computed from them."""
    for line, values in zip(curve.lines, rebuild(curve, length, policy), strict=True):
        rows = line.rows[:length]
        for column in ("estimate", "std_error", "conf_low", "conf_high"):
            frame.loc[rows, column] = values.get(column, np.nan)
        for column in (*SERIES, "total"):
            if column not in line.columns:
                frame.loc[rows, column] = pd.NA
                continue
            counts = curve.rounded[line.columns[column]][:length]
            given = frame.loc[rows, column].notna().to_numpy()
            frame.loc[rows, column] = pd.array(np.where(given, counts, 0), dtype="Int64")
            frame.loc[[row for row, there in zip(rows, given, strict=True) if not there], column] = pd.NA
        frame.loc[rows, "n"] = shown(curve.n, policy)
        frame.loc[rows, "at_risk"] = pd.array(values.get("at_risk", [np.nan] * length), dtype="Int64")


def release_medians(frame: pd.DataFrame, follow_up: dict[Key, pd.DataFrame], policy: Policy) -> None:
    """Recompute median follow-up from the released follow-up curves, straight lines between grid times; the limits are
    where the limits of the curve reach one half."""
    if is_open(policy):
        return
    for row in frame.index[frame["measure"] == "median_follow_up"]:
        who = conditions(text(frame, row, "group"))
        curve = follow_up.get((text(frame, row, "analysis"), text(frame, row, "cohort"), who))
        if curve is None:
            suppress(frame, row, policy)
            continue
        times = curve["time"].to_numpy(dtype=float)
        sources = {"estimate": "estimate", "conf_low": "conf_low", "conf_high": "conf_high"}
        for target, source in sources.items():
            frame.at[row, target] = time_of_half(times, curve[source].to_numpy(dtype=float))
        for column in ("std_error", "statistic", "df", "p_value"):
            frame.at[row, column] = np.nan
        for column in ("n", "events", "competing", "censored", "at_risk", "total"):
            kept = column in ("n", *SERIES) and not pd.isna(frame.at[row, column])
            frame.at[row, column] = curve[column].iloc[-1] if kept else pd.NA
        if np.isnan(real(frame, row, "estimate")):
            frame.at[row, "status"], frame.at[row, "note"] = "not estimable", "more than half are still observed"


def time_of_half(times: np.ndarray, survival: np.ndarray) -> float:
    """Return when a falling curve reaches one half, straight lines between its points; nan if it does not."""
    level = np.where(np.isnan(survival) & (times <= times[0]), 1.0, survival)
    known = ~np.isnan(level)
    times, level = times[known], level[known]
    below = np.flatnonzero(level <= 0.5)
    if not below.size:
        return float("nan")
    j = int(below[0])
    if j == 0:
        return float(times[0])
    share = (level[j - 1] - 0.5) / (level[j - 1] - level[j])
    return float(times[j - 1] + share * (times[j] - times[j - 1]))
