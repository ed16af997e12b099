"""Counts that follow from several analyses of the same people: cohorts, steps, models, outcomes, groups and streams."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from attacks import curves
from attacks.release import CHOSEN_FROM, SETS, Bounds, Name, Release, counted, curves_of, levels_of, named, pairs
from attacks.system import LOOSE, System
from attacks.tables import Margin, enter, enter_percentages, margins_of

Who = frozenset[tuple[str, str]]

MODELS = ("logistic", "cox", "risk_ratio")
COEFFICIENTS = ("log_odds_ratio", "log_hazard_ratio", "log_risk_ratio")


def people(release: Release, stream: str, analysis: str, group: str = "") -> tuple[str, str, Who]:
    """Name the people that an analysis is about: stream, cohort, and what is the same of all of them."""
    about = release.studies[stream]["analyses"].get(analysis, {})
    limits = {(column, "|".join(map(str, levels))) for column, levels in (about.get("restrict_to") or {}).items()}
    if about.get("kind") == "sequence_typology":  # of those who are observed for so long
        limits.add(("observed", f"{about.get('until', 24)} {about['time_unit']}"))
    return about.get("population", stream), str(about.get("cohort", "")), pairs(group) | limits


# --- sizes -------------------------------------------------------------------------------------------------------


def from_sizes(release: Release) -> dict[Name, Bounds]:
    """Whom a step excludes, whom a model leaves out, and hidden cells: everything that counts the people of a cohort,
    in whatever analysis of a stream, is one number."""
    answer: dict[Name, Bounds] = {}
    for stream, rows in release.rows.items():
        answer |= _sizes(replace(release, rows={stream: rows}))
    return answer


def from_streams(release: Release) -> dict[Name, Bounds]:
    """The same over all streams that say of themselves that they are about the same people."""
    shared = defaultdict(list)
    for stream, study in release.studies.items():
        for population in {about.get("population", stream) for about in study["analyses"].values()}:
            shared[population].append(stream)
    answer: dict[Name, Bounds] = {}
    for streams in shared.values():
        if len(streams) > 1:
            answer |= _sizes(replace(release, rows={stream: release.rows[stream] for stream in streams}))
    return answer


def _sizes(release: Release) -> dict[Name, Bounds]:
    system, wanted = System(), {}
    margins = list(margins_of(release))
    for margin in margins:
        enter(system, release, margin)
        enter_percentages(system, release, margin)
        _same_people(system, release, margin, wanted)
    for rows in release.rows.values():
        _steps(system, release, rows, wanted)
        _models(system, release, rows, wanted)
        for curve in curves_of(rows):
            first = curve.iloc[0]
            name = people(release, first["stream"], first["analysis"], first["group"])
            system.add(name, *release.table(first["n"]))
    _groups(system, release)
    found = system.solve(wanted.values())
    return {name: found[what] for name, what in wanted.items()}


def _same_people(system: System, release: Release, margin: Margin, wanted: dict[Name, Any]) -> None:
    """The same levels of the same cohort are the same people, also where a table leaves out who has a gap."""
    population, cohort, who = people(release, *margin.analysis)
    about = release.studies[margin.analysis[0]]["analyses"].get(margin.analysis[1], {})
    if about.get("states") and {margin.term, *(column for column, _ in margin.who)} & {*about["terms"]}:
        # States at a time and types are those of this analysis, whatever others call so.
        wanted |= {named(row, "n"): cell for row, cell in margin.cells.items()}
        return
    who |= margin.who
    system.same((population, cohort, who), margin.whole)
    for row, cell in margin.cells.items():
        system.same((population, cohort, who | {(margin.term, row.level)}), cell)
        wanted[named(row, "n")] = cell


def _steps(system: System, release: Release, rows: pd.DataFrame, wanted: dict[Name, Any]) -> None:
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for (analysis, group), steps in rows[rows["kind"] == "attrition"].groupby(["analysis", "group"], sort=False):
        here, before = list(steps.itertuples()), None
        population, cohort, _ = people(release, here[0].stream, here[0].analysis)
        study = release.studies[here[0].stream]
        base = study["cohorts"].get(cohort, {}).get("base")
        # Fewer than as many people; of people with several rows each, the release tells how many these may be.
        rows_of_one = study.get("people", {}).get(here[0].analysis, {}).get("rows_of_one", 1)
        most = release.threshold * rows_of_one - 1
        for row in here:
            left = ("step", row.stream, row.analysis, row.term)
            found.setdefault((str(analysis), str(group)), []).append(left)
            low, high = release.table(row.n)
            # A careful step may hide a few people who went in the steps after it.
            system.add(left, low, high + (most if release.careful and row is not here[-1] else 0))
            if before:
                gone = ("gone", *left)
                system.total(before[0], [left, gone])
                if release.careful and row.n == before[1]:
                    system.add(gone, 0, most)
                wanted[named(row, "excluded")] = gone
            before = (left, row.n)
        if base and here[0].term == "base":  # a cohort starts from all of another
            system.tie({(population, base, frozenset()): 1, ("step", *before[0][1:3], here[0].term): -1}, 0, 0)

    for (analysis, group), steps in found.items():
        if group:
            continue
        stream = steps[0][1]
        _, cohort, _ = whom = people(release, stream, analysis)
        chosen, sets = (found.get((analysis, part), []) for part in (CHOSEN_FROM, SETS))
        if not chosen:
            system.tie({whom: 1, steps[-1]: -1}, 0, 0)
        elif "matched_set" not in release.studies[stream]["cohorts"][cohort]["key"]:
            # Nobody is chosen twice: the members are cases and chosen, who are as many as sets have one, two and more.
            system.total(whom, [steps[-1], chosen[-1]])
            system.total(chosen[-1], sets)
            system.tie({steps[-1]: 1, sets[0]: -1}, 0, 0)


def _models(system: System, release: Release, rows: pd.DataFrame, wanted: dict[Name, Any]) -> None:
    """Members and events of the levels of each term make those of the model, which are some of the cohort."""
    for (analysis, outcome, group), model in rows[rows["kind"].isin(MODELS)].groupby(
        ["analysis", "outcome", "group"], sort=False
    ):
        fitted = model[model["measure"].isin(COEFFICIENTS) & (model["level"] != "") & ~model["term"].str.contains(":")]
        whole = model[(model["level"] == "") & model["n"].notna() & model["events"].notna()]
        if whole.empty:
            continue
        stream = model["stream"].iloc[0]
        members, events, left_out = ((what, stream, analysis, outcome, group) for what in ("members", "having", "out"))
        system.add(members, *release.table(whole["n"].iloc[0]))
        system.add(events, *release.table(whole["events"].iloc[0]))
        system.total(people(release, stream, analysis), [members, left_out])
        for row in whole[(whole["term"] == "without_covariates") & whole["estimate"].notna()].itertuples():
            if row.kind == "logistic":
                _likelihood(system, release, row, (members, events))
        wanted[(stream, analysis, "left out", outcome, group, "without_covariates", "", "")] = left_out
        for _, levels in fitted.groupby(["measure", "term"], sort=False):
            for what, column, total in (("level n", "n", members), ("level events", "events", events)):
                cells = {row: (what, total, row.term, row.level) for row in levels.itertuples()}
                for row, cell in cells.items():
                    system.add(cell, *release.table(getattr(row, column)))
                    wanted[named(row, what)] = cell
                system.total(total, cells.values(), complete="=imputed" not in group)  # who has a gap has no level


def _likelihood(system: System, release: Release, row: Any, names: tuple[Name, Name]) -> None:
    """A log-likelihood without covariates is a function of members and events: it tells both."""
    fits = [
        (n, d) for n in _span(release.table(row.n)) for d in _span(release.table(row.events))
        if 0 < d < n and abs(null(n, d) - row.estimate) < 1e-9 * abs(row.estimate)
    ]  # fmt: skip
    assert fits, "the attack is faulty: no counts fit the likelihood"
    for place, name in enumerate(names):
        counts = [fit[place] for fit in fits]
        system.add(name, min(counts), max(counts))


def null(n: int, d: int) -> float:
    """Log-likelihood of a logistic model without covariates."""
    return d * math.log(d / n) + (n - d) * math.log(1 - d / n)


def _span(bounds: Bounds) -> range:
    return range(bounds[0], bounds[1] + 1)


def _groups(system: System, release: Release) -> None:
    """Tie the people with each level of a column to all of them."""
    names = [name for name in system.low if len(name) == 3 and isinstance(name[2], frozenset) and name[0] != "whole"]
    known = {(name[0], name[1]): release.studies.get(name[0]) for name in names}
    by_part: dict[Any, set[tuple[str, Any]]] = defaultdict(set)
    for name in names:
        for column, level in name[2]:
            by_part[(name[0], name[1], name[2] - {(column, level)}), column].add((level, name))
    for (whole, column), parts in by_part.items():
        study = known.get(whole[:2])
        if whole in system.low and study:
            _parts(system, whole, parts, levels_of(study, column))


def _parts(system: System, whole: Any, parts: Iterable[tuple[str, Any]], levels: set[str]) -> None:
    """Tie parts to their whole; an analysis limited to several levels overlaps with those of each."""
    apart = dict((level, name) for level, name in parts if level in levels)
    if apart:
        system.total(whole, apart.values(), complete=set(apart) == levels)


# --- curves ------------------------------------------------------------------------------------------------------


def from_curves(release: Release) -> dict[Name, Bounds]:
    """Events and ends of observation at each time, from all curves of the same people crossed: groups of a column make
    the whole, and whoever is not censored has had one event or a competing one, whichever outcome is looked at."""
    start = curves.from_files(release)
    system, wanted = System(), {}
    outcomes: dict[Any, dict[str, dict[str, Any]]] = defaultdict(dict)
    for rows in release.rows.values():
        for curve in curves_of(rows):
            first = curve.iloc[0]
            if first["measure"] not in ("cumulative_incidence", "survival") or first["kind"] == "follow_up":
                continue
            who = people(release, first["stream"], first["analysis"], first["group"])
            system.add(("all", *who), *release.table(first["n"]))
            _enter_curve(system, curve, who, start, wanted, outcomes)
    for (*who, _), by_outcome in outcomes.items():
        sets = list(by_outcome.values())
        for counts in sets:
            whole = ("all", *who)
            system.total(whole, counts.values(), complete=False)
        for counts in sets[1:]:
            terms = {counts["events"]: 1, counts["competing"]: 1, sets[0]["events"]: -1, sets[0]["competing"]: -1}
            system.tie(terms, 0, 0)
            system.tie({counts["censored"]: 1, sets[0]["censored"]: -1}, 0, 0)
    _groups_of_curves(system, release)
    for rows in release.rows.values():
        _states(system, release, rows[rows["kind"] == "state_occupation"], start, wanted)
    found = system.solve(wanted.values())
    return {name: found[what] for name, what in wanted.items()}


def _enter_curve(system: System, curve: pd.DataFrame, who: Any, start: dict, wanted: dict, outcomes: dict) -> None:
    rows = list(curve.itertuples())
    for series in counted(curve):
        before = None
        for row in rows:
            count = ("count", *who, row.outcome, series, row.time)
            system.add(count, *start[named(row, series)])
            wanted[named(row, series)] = count
            outcomes[(*who, row.time)].setdefault(row.outcome, {})[series] = count
            if before:
                new = system.add(("new", *count), *start[named(row, f"new {series}")])
                system.total(count, [before, new])
                wanted[named(row, f"new {series}")] = new
            before = count


def _states(system: System, release: Release, rows: pd.DataFrame, start: dict, wanted: dict) -> None:
    """Whoever has come to a state has left it, was last seen there, or is there still."""
    here: dict[Any, dict[str, Any]] = defaultdict(dict)
    for curve in curves_of(rows):
        first = curve.iloc[0]
        series = "events" if first["measure"] == "transitions" else "censored"
        who = people(release, first["stream"], first["analysis"], first["group"])
        system.add(("started", *who), *release.table(first["n"]))
        before = None
        for row in curve.itertuples():
            count = ("state", *who, row.analysis, row.term, row.time)
            system.add(count, *start[named(row, series)])
            wanted[named(row, series)] = count
            here[(who, row.time)][row.term] = count
            if before:
                new = system.add(("new", *count), *start[named(row, f"new {series}")])
                system.total(count, [before, new])
                wanted[named(row, f"new {series}")] = new
            before = count
    for (who, _), counts in here.items():
        moves = [term.partition(":")[::2] for term in counts if ":" in term]
        # Nobody leaves the last states, nor is last seen there; everybody starts in one to which no move leads.
        for state in {origin for origin, _ in moves}:
            came = {counts[f"{a}:{b}"]: 1 for a, b in moves if b == state} or {("started", *who): 1}
            left = [counts[f"{a}:{b}"] for a, b in moves if a == state] + ([counts[state]] if state in counts else [])
            system.tie({**came, **dict.fromkeys(left, -1)}, 0, LOOSE)


def _groups_of_curves(system: System, release: Release) -> None:
    parts: dict[Any, list[tuple[str, Any]]] = defaultdict(list)
    for name in list(system.low):
        if name[0] in ("count", "all"):
            for column, level in name[3]:
                whole = (*name[:3], name[3] - {(column, level)}, *name[4:])
                parts[whole, column].append((level, name))
    for (whole, column), found in parts.items():
        study = release.studies.get(whole[1])
        if whole in system.low and study:
            _parts(system, whole, found, levels_of(study, column))
