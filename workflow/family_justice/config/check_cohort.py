"""Checks of the cohorts of a stream file: steps, events and outcomes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from family_justice.config.schema import MATCHED_SET, Cohort, Covariate, Event, Outcome, Stream
from family_justice.kinds.attrition.model import matching_rows
from family_justice.kinds.families.keys import repeats, unknown
from family_justice.study_sql import parameters_in

_COMMENT = re.compile(r"--[^\n]*")


def sql_problems(where: str, sql: str, stream: Stream) -> list[str]:
    """Say which ``$name`` of some SQL are no definitions of the stream."""
    return unknown(sorted(parameters_in(sql)), stream.definitions, where, "definition")


def cohort_problems(where: str, cohort: Cohort, stream: Stream, covariates: Mapping[str, Covariate]) -> list[str]:
    """Say what does not fit together in one cohort."""
    problems = [
        *_steps(where, cohort, stream),
        *_people(where, cohort),
        *_matching(f"{where}.matching", cohort, stream),
    ]
    if cohort.base is not None:
        earlier = list(stream.cohorts)[: list(stream.cohorts.values()).index(cohort)]
        problems += unknown([cohort.base], earlier, f"{where}.base", "earlier cohort")
    for part in ("tables", "events"):
        for name, select in getattr(cohort, part).items():
            problems += sql_problems(f"{where}.{part}.{name}", select.sql, stream)
    if cohort.events and cohort.time_zero is None:
        problems.append(f"{where}: 'time_zero' is missing; events need the date from which time counts")
    problems += unknown(cohort.covariates, covariates, f"{where}.covariates", "covariate")
    problems += [
        f"{where}.covariates: '{name}' is also a column of the key; give one of the two another name"
        for name in cohort.covariates
        if name in cohort.key
    ]
    for name in cohort.covariates:
        if name in covariates:
            problems += sql_problems(f"covariate '{name}'", covariates[name].value, stream)
    problems += [
        f"{where}.covariates: '{name}' is named more than once; once is enough"
        for name, times in Counter(cohort.covariates).items()
        if times > 1
    ]
    problems += _follow_up(where, cohort)
    problems += [
        f"{where}.events.{name}: 'states' are of a history of spells, which has many dates anyway; remove 'repeats'"
        for name, event in cohort.events.items()
        if event.states is not None and event.repeats
    ]
    for name in cohort.outcomes:
        problems += _outcome(f"{where}.outcomes.{name}", cohort, name)
    return problems


def _people(where: str, cohort: Cohort) -> list[str]:
    """Every cohort says whom a row stands for: disclosure control counts people."""
    if cohort.person is not None and cohort.counts is not None:
        return [f"{where}: write 'person' (rows of people) or 'counts' (rows of areas), not both"]
    if len(cohort.key) > 1 and cohort.person is None and cohort.counts is None:
        return [
            f"{where}: 'person' is missing. Rows with a key of several columns ({', '.join(cohort.key)}) may be many "
            "of one person; name the column of the person whom a row stands for, or under 'counts' the column that "
            "counts people if rows are areas"
        ]
    return []


def _steps(where: str, cohort: Cohort, stream: Stream) -> list[str]:
    problems = []
    twice = [name for name, times in Counter(step.name for step in cohort.steps).items() if times > 1]
    if twice:
        problems.append(f"{where}.steps: names written twice: {', '.join(twice)}")
    for position, step in enumerate(cohort.steps):
        problems += sql_problems(f"{where}.steps.{step.name}", step.sql, stream)
        reads_previous = re.search(r"\bprevious\b", _COMMENT.sub("", step.sql)) is not None
        if position == 0 and reads_previous:
            problems.append(f"{where}.steps.{step.name}: the first step has no table 'previous' to read")
        if position > 0 and not reads_previous:
            problems.append(f"{where}.steps.{step.name}: a step must select from 'previous', the step before it")
    return problems


def _matching(where: str, cohort: Cohort, stream: Stream) -> list[str]:
    matching = cohort.matching
    if matching is None:
        return []
    problems = sql_problems(f"{where}.pool", matching.pool, stream)
    if cohort.time_zero is None:
        problems.append(f"{where}: 'time_zero' is missing; it is the index date that comparison people get")
    if cohort.counts is not None:
        problems.append(f"{where}: rows of areas are not matched; name under 'person' whom a row stands for")
    columns = [*matching.exact, *matching.nearest]
    if not columns:
        problems.append(f"{where}: write under 'exact' or 'nearest' what people are matched on")
    twice = sorted(name for name, times in Counter([*columns, *matching.shared]).items() if times > 1)
    if twice:
        problems.append(
            f"{where}: {', '.join(twice)} written twice; a column stands once under 'exact', 'nearest' or 'shared'"
        )
    if cohort.person_column in matching.shared:
        problems.append(f"{where}.shared: '{cohort.person_column}' is the person, which cannot be that of the case")
    if matching.at_least > matching.ratio:
        problems.append(f"{where}: 'at_least' is {matching.at_least}, more than the 'ratio' of {matching.ratio}")
    if matching.replacement != (MATCHED_SET in cohort.key):
        problems.append(
            f"{where}: with replacement one person is in several sets; write key: "
            f"[{', '.join([*cohort.case_key, MATCHED_SET])}]"
            if matching.replacement
            else f"{where}: '{MATCHED_SET}' belongs into the key with 'replacement: true' only; remove it"
        )
    if matching.replacement and cohort.case_key != [cohort.person_column]:
        problems.append(f"{where}: with replacement a case is a person; its key is that person and '{MATCHED_SET}'")
    taken = {row.name for row in matching_rows(matching)} & {step.name for step in cohort.steps}
    if taken:
        problems.append(f"{where}: steps may not be called {', '.join(sorted(taken))}, which are rows of matching")
    return problems


def _follow_up(where: str, cohort: Cohort) -> list[str]:
    if cohort.follow_up is None:
        return []
    problems = unknown([cohort.follow_up], cohort.outcomes, f"{where}.follow_up", "outcome")
    if cohort.follow_up in cohort.outcomes and repeats(cohort, cohort.outcomes[cohort.follow_up]):
        problems.append(f"{where}.follow_up: the event of '{cohort.follow_up}' repeats; name an outcome that ends")
    if cohort.follow_up in cohort.outcomes and cohort.outcomes[cohort.follow_up].entry:
        problems.append(f"{where}.follow_up: '{cohort.follow_up}' has a delayed entry; name an outcome without")
    return problems


#: How the code of a status column is told.
STATUS = "status: {column: COLUMN, event: 1, competing: {2: LABEL}}"


def _outcome(where: str, cohort: Cohort, name: str) -> list[str]:
    outcome = cohort.outcomes[name]
    dated, recorded = outcome.event is not None, outcome.duration is not None
    problems = []
    if dated == recorded:
        problems.append(
            f"{where}: write either 'event' (with 'competing' and 'censoring') or 'duration' (with 'indicator' or "
            "'status')"
        )
    if recorded:
        problems += _recorded(where, cohort, outcome)
    else:
        problems += [
            f"{where}: '{key}' goes with 'duration'; remove it"
            for key in ("indicator", "status")
            if getattr(outcome, key) is not None
        ]
    return problems + (_dated(where, cohort, outcome) if dated else [])


def _recorded(where: str, cohort: Cohort, outcome: Outcome) -> list[str]:
    """Say what is wrong with a duration and how its end is told."""
    status = outcome.status
    problems = []
    if (outcome.indicator is None) == (status is None):
        problems.append(
            f"{where}: write either 'indicator', a column that is 1 if the event ended the duration, else 0; or, of a "
            f"column with more codes, {STATUS}"
        )
    if outcome.competing:
        problems.append(f"{where}: 'competing' names events with dates; of a duration write {STATUS}")
    problems += [
        f"{where}: '{key}' goes with dates; a recorded duration has none; remove it"
        for key in ("censoring", "at_risk_after_days")
        if getattr(outcome, key)
    ]
    if outcome.entry in cohort.events:
        problems.append(
            f"{where}.entry: '{outcome.entry}' is an event with a date; of a duration write a number column, counted "
            "as the duration is"
        )
    if status is None:
        return problems
    twice = [str(code) for code, times in Counter(status.codes).items() if times > 1]
    if twice:
        problems.append(f"{where}.status: {', '.join(twice)} written twice; a code has one meaning")
    if not status.events or not status.ends:
        problems.append(f"{where}.status: 'event' and 'censored' need a code each")
    return problems


def _dated(where: str, cohort: Cohort, outcome: Outcome) -> list[str]:
    """Events of an outcome must be there, and play one part each."""
    problems = unknown([outcome.event or ""], cohort.events, f"{where}.event", "event")
    problems += unknown(outcome.competing, cohort.events, f"{where}.competing", "event")
    problems += unknown(outcome.censoring, cohort.events, f"{where}.censoring", "event")
    roles = [outcome.event, *outcome.competing, *outcome.censoring]
    problems += [
        f"{where}: '{event}' stands in more than one of 'event', 'competing' and 'censoring'; "
        "an event that ends follow-up can play one part only"
        for event in sorted({str(role) for role in roles if roles.count(role) > 1})
    ]
    if not outcome.censoring:
        problems.append(f"{where}: 'censoring' is empty; name the event that ends observation")
    problems += [
        f"{where}: '{event}' is a history of spells ('states'), from which no outcome is read; name an event with one "
        "date"
        for event in dict.fromkeys([*roles, outcome.entry])
        if event in cohort.events and cohort.events[event].states is not None
    ]
    return problems + _repeated(where, cohort, outcome)


def _repeated(where: str, cohort: Cohort, outcome: Outcome) -> list[str]:
    """Say what is wrong with the part that repeated events play in an outcome."""
    problems = [
        f"{where}.{role}: '{event}' repeats, and what ends observation happens once; remove it"
        for role in ("competing", "censoring")
        for event in getattr(outcome, role)
        if event in cohort.events and cohort.events[event].repeats
    ]
    if repeats(cohort, outcome) and outcome.at_risk_after_days:
        problems.append(
            f"{where}.at_risk_after_days: '{outcome.event}' repeats and is counted from time zero; remove it"
        )
    entry = outcome.entry
    if entry is not None and repeats(cohort, outcome):
        problems.append(f"{where}.entry: '{outcome.event}' repeats and is counted from time zero; remove 'entry'")
    if entry in cohort.events and cohort.events[entry].repeats:
        problems.append(f"{where}.entry: '{entry}' repeats, and observation starts once; name another event")
    if entry is not None and entry in (outcome.event, *outcome.competing, *outcome.censoring):
        problems.append(f"{where}.entry: '{entry}' also ends observation; name another event or date column")
    return problems


def label_problems(cohorts: Mapping[str, Cohort]) -> list[str]:
    """Say which events and outcomes have one name in two cohorts and not the same labels: pages find labels by name."""
    problems: list[str] = []
    for part in ("events", "outcomes"):
        known: dict[str, tuple[str, Event | Outcome]] = {}
        for cohort, about in cohorts.items():
            for name, own in getattr(about, part).items():
                before, other = known.setdefault(name, (cohort, own))
                problems += [
                    f"cohorts.{cohort}.{part}.{name}.{key}: '{getattr(own, key) or ''}', but in cohort '{before}' "
                    f"'{getattr(other, key) or ''}'; write the same in both, or give one of the two {part} another name"
                    for key in ("label", "short_label")
                    if getattr(own, key) != getattr(other, key)
                ]
    return problems
