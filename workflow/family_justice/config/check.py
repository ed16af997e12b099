"""Checks across the parts of a stream file that a type cannot express."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from family_justice.config import check_events, check_groups
from family_justice.config.kinds import (
    AdjustedSurvival,
    Agreement,
    Cox,
    CumulativeIncidence,
    FineGray,
    KaplanMeier,
    MeanCumulativeCount,
    NegativeBinomial,
    StateOccupation,
)
from family_justice.config.models import Cohort, Covariate, Stream
from family_justice.errors import ConfigError, did_you_mean, report_together

PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_COMMENT = re.compile(r"--[^\n]*")


def parameters_in(sql: str) -> set[str]:
    """Return the names that SQL reads as ``$name``; comments do not count."""
    return set(PARAMETER.findall(_COMMENT.sub("", sql)))


def covariates_of(stream: Stream, shared: Mapping[str, Covariate]) -> dict[str, Covariate]:
    """Return the covariates that a stream can name: its own and the shared ones."""
    return {**shared, **stream.covariates}


def check_stream(stream: Stream, shared: Mapping[str, Covariate], path: Path) -> None:
    """Raise one ``ConfigError`` with everything in a stream file that does not fit together."""
    problems: list[str] = []
    if stream.stream != path.stem:
        problems.append(f"'stream' is '{stream.stream}'; write '{path.stem}', the name of the file")
    for name in sorted(set(stream.covariates) & set(shared)):
        problems.append(f"covariate '{name}' is also in config/covariates.yaml; give it another name or remove it here")
    covariates = covariates_of(stream, shared)
    for name, covariate in stream.covariates.items():
        problems += _covariate(f"covariates.{name}", covariate)
    for name, cohort in stream.cohorts.items():
        problems += _cohort(f"cohorts.{name}", cohort, stream, covariates)
    problems += check_events.label_problems(stream.cohorts)
    for name, analysis in stream.analyses.items():
        problems += _analysis(f"analyses.{name}", analysis, stream, covariates)
    for name, comparison in stream.comparisons.items():
        if comparison.analysis:
            problems += _known([comparison.analysis], stream.analyses, f"comparisons.{name}.analysis", "analysis")
        elif comparison.reference.startswith("truth:"):
            problems.append(f"comparisons.{name}: a comparison with planted truth needs 'analysis'")
        kind = stream.analyses[comparison.analysis].kind if comparison.analysis in stream.analyses else "cox"
        if comparison.reference.startswith("truth:") and kind not in ("cox", "logistic"):
            problems.append(
                f"comparisons.{name}: '{comparison.analysis}' is of kind '{kind}'; planted are hazard ratios (cox) and "
                "odds ratios (logistic)"
            )
    problems += _impossible_dates(stream)
    report_together(str(path), problems, ConfigError)


def check_shared_covariates(covariates: Mapping[str, Covariate], path: Path) -> None:
    """Raise one ``ConfigError`` with everything wrong in the shared covariates."""
    report_together(str(path), [p for n, c in covariates.items() for p in _covariate(n, c)], ConfigError)


def _known(names: Iterable[str], allowed: Iterable[str], where: str, what: str, of: str = "") -> list[str]:
    options = list(allowed)
    return [
        f"{where}: there is no {what} '{name}'{of}. {did_you_mean(name, options)}"
        for name in names
        if name not in options
    ]


#: Terms of result rows that are no covariate.
RESERVED = {"all", "base", "const", "constant", "fitted", "intercept", "scale", "shape", "without_covariates"}


def _covariate(where: str, covariate: Covariate) -> list[str]:
    problems = []
    if where.rpartition(".")[2] in RESERVED:
        problems.append(f"{where}: the name is taken by rows of results; give the covariate another")
    if covariate.levels is None:
        if covariate.reference is not None or covariate.missing is not None:
            problems.append(f"{where}: a number has no 'reference' and no 'missing' level; add 'levels' or remove them")
        return problems
    twice = [level for level, times in Counter(covariate.levels).items() if times > 1]
    if twice:
        problems.append(f"{where}.levels: written twice: {', '.join(twice)}")
    if covariate.reference is None:
        problems.append(f"{where}: 'reference' is missing. {did_you_mean('', covariate.levels)}")
    for key in ("reference", "missing"):
        level = getattr(covariate, key)
        if level is not None and level not in covariate.levels:
            problems.append(
                f"{where}.{key}: '{level}' is not among the levels. {did_you_mean(level, covariate.levels)}"
            )
    return problems


def _cohort(where: str, cohort: Cohort, stream: Stream, covariates: Mapping[str, Covariate]) -> list[str]:
    problems = []
    twice = [name for name, times in Counter(step.name for step in cohort.steps).items() if times > 1]
    if twice:
        problems.append(f"{where}.steps: names written twice: {', '.join(twice)}")
    for position, step in enumerate(cohort.steps):
        problems += _sql(f"{where}.steps.{step.name}", step.sql, stream)
        reads_previous = re.search(r"\bprevious\b", _COMMENT.sub("", step.sql)) is not None
        if position == 0 and reads_previous:
            problems.append(f"{where}.steps.{step.name}: the first step has no table 'previous' to read")
        if position > 0 and not reads_previous:
            problems.append(f"{where}.steps.{step.name}: a step must select from 'previous', the step before it")
    if cohort.base is not None:
        earlier = list(stream.cohorts)[: list(stream.cohorts.values()).index(cohort)]
        problems += _known([cohort.base], earlier, f"{where}.base", "earlier cohort")
    for part in ("tables", "events"):
        for name, select in getattr(cohort, part).items():
            problems += _sql(f"{where}.{part}.{name}", select.sql, stream)
    if cohort.events and cohort.time_zero is None:
        problems.append(f"{where}: 'time_zero' is missing; events need the date from which time counts")
    problems += _known(cohort.covariates, covariates, f"{where}.covariates", "covariate")
    for name in cohort.covariates:
        if name in covariates:
            problems += _sql(f"covariate '{name}'", covariates[name].value, stream)
    if cohort.follow_up is not None:
        problems += _known([cohort.follow_up], cohort.outcomes, f"{where}.follow_up", "outcome")
        if cohort.follow_up in cohort.outcomes and check_events.repeats(cohort, cohort.outcomes[cohort.follow_up]):
            problems.append(f"{where}.follow_up: the event of '{cohort.follow_up}' repeats; name an outcome that ends")
        if cohort.follow_up in cohort.outcomes and cohort.outcomes[cohort.follow_up].entry:
            problems.append(f"{where}.follow_up: '{cohort.follow_up}' has a delayed entry; name an outcome without")
    for name, outcome in cohort.outcomes.items():
        here = f"{where}.outcomes.{name}"
        dated, recorded = outcome.event is not None, outcome.duration is not None
        if dated == recorded:
            problems.append(
                f"{here}: write either 'event' (with 'competing' and 'censoring') or 'duration' and 'indicator'"
            )
        if recorded and outcome.indicator is None:
            problems.append(f"{here}: 'indicator' is missing; it says whether the event ended the duration")
        if recorded:
            dated_keys = ("competing", "censoring", "at_risk_after_days", "entry")
            dates_only = [key for key in dated_keys if getattr(outcome, key)]
            problems += [
                f"{here}: '{key}' goes with dates; a recorded duration has none; remove it" for key in dates_only
            ]
        elif outcome.indicator is not None:
            problems.append(f"{here}: 'indicator' goes with 'duration'; remove it")
        if dated:
            problems += _known([outcome.event or ""], cohort.events, f"{here}.event", "event")
            problems += _known(outcome.competing, cohort.events, f"{here}.competing", "event")
            problems += _known(outcome.censoring, cohort.events, f"{here}.censoring", "event")
            roles = [outcome.event, *outcome.competing, *outcome.censoring]
            for event in sorted({str(role) for role in roles if roles.count(role) > 1}):
                problems.append(
                    f"{here}: '{event}' stands in more than one of 'event', 'competing' and 'censoring'; "
                    "an event that ends follow-up can play one part only"
                )
            if not outcome.censoring:
                problems.append(f"{here}: 'censoring' is empty; name the event that ends observation")
            problems += check_events.outcome_problems(here, cohort, name)
    return problems


def _sql(where: str, sql: str, stream: Stream) -> list[str]:
    return _known(sorted(parameters_in(sql)), stream.definitions, where, "definition")


def _analysis(where: str, analysis: object, stream: Stream, covariates: Mapping[str, Covariate]) -> list[str]:
    cohort_name: str = analysis.cohort  # type: ignore[attr-defined]
    problems = _known([cohort_name], stream.cohorts, f"{where}.cohort", "cohort")
    if problems:
        return problems
    cohort = stream.cohorts[cohort_name]
    named: dict[str, list[str]] = {}
    for key in ("variables", "group_by", "covariates", "strata"):
        named[key] = list(getattr(analysis, key, []))
    variable: str | None = getattr(analysis, "variable", None)
    if variable is not None:
        named["variable"] = [variable]
    named |= check_groups.names(analysis)
    problems += check_groups.problems(where, analysis, cohort, covariates)
    if isinstance(analysis, Agreement):
        named["first"], named["second"] = [analysis.first], [analysis.second]
        problems += _agreement(where, analysis, covariates)
    if isinstance(analysis, NegativeBinomial):
        counted = [analysis.count, *([analysis.exposure] if analysis.exposure else [])]
        problems += _known(counted, cohort.covariates, f"{where}.count", "covariate", f" in cohort '{cohort_name}'")
        problems += [
            f"{where}: '{name}' has levels; 'count' and 'exposure' must be numbers"
            for name in counted
            if name in covariates and covariates[name].levels is not None
        ]
    for key, names in named.items():
        problems += _known(names, cohort.covariates, f"{where}.{key}", "covariate", f" in cohort '{cohort_name}'")
        if key != "covariates":
            numbers = [n for n in names if n in covariates and covariates[n].levels is None]
            problems += [
                f"{where}.{key}: '{name}' is a number; only covariates with levels can stand here" for name in numbers
            ]
    restrict_to: dict[str, list[str]] = analysis.restrict_to  # type: ignore[attr-defined]
    problems += _known(
        restrict_to, cohort.covariates, f"{where}.restrict_to", "covariate", f" in cohort '{cohort_name}'"
    )
    for name, wanted in restrict_to.items():
        levels = covariates[name].levels if name in covariates else None
        problems += _known(wanted, levels or [], f"{where}.restrict_to.{name}", "level")
    used = [name for names in named.values() for name in names]
    for name in sorted({name for name in used if used.count(name) > 1}):
        problems.append(f"{where}: covariate '{name}' is named more than once")
    event_level: str | None = getattr(analysis, "event_level", None)
    if event_level is not None and variable is not None and variable in covariates:
        levels = covariates[variable].levels or []
        if levels and event_level not in levels:
            problems.append(f"{where}.event_level: '{event_level}' is no level. {did_you_mean(event_level, levels)}")
    if isinstance(analysis, Cox):
        problems += _known(analysis.splines, analysis.covariates, f"{where}.splines", "covariate of this model")
        problems += [
            f"{where}.splines: '{name}' has levels; only numbers can be splines"
            for name in analysis.splines
            if name in covariates and covariates[name].levels is not None
        ]
        if set(analysis.covariates) <= set(analysis.splines):
            problems.append(f"{where}.splines: a curve has no hazard ratio to show; add a covariate that is none")
    outcome: str | None = getattr(analysis, "outcome", None)
    outcomes = list(getattr(analysis, "outcomes", [])) or ([outcome] if outcome else [])
    if isinstance(analysis, FineGray) and analysis.target == "crr" and (analysis.strata or analysis.ties == "efron"):
        problems.append(
            f"{where}: target 'crr' has no strata and Breslow's method for ties only; "
            "remove 'strata' and 'ties', or write 'target: finegray'"
        )
    problems += _known(outcomes, cohort.outcomes, f"{where}.outcome", "outcome", f" in cohort '{cohort_name}'")
    problems += check_events.analysis_problems(where, analysis, cohort)
    if isinstance(analysis, Cox):
        problems += check_events.offset_problems(where, analysis, cohort, covariates)
    if isinstance(analysis, StateOccupation):
        problems += check_events.state_problems(where, analysis, cohort)
    if isinstance(analysis, AdjustedSurvival):
        problems += _known([analysis.contrast], analysis.covariates, f"{where}.contrast", "covariate of this model")
        if analysis.contrast in covariates and covariates[analysis.contrast].levels is None:
            problems.append(f"{where}.contrast: '{analysis.contrast}' is a number; only levels can be compared")
    drawn = CumulativeIncidence | KaplanMeier | MeanCumulativeCount | StateOccupation | AdjustedSurvival
    if isinstance(analysis, drawn):
        if analysis.until < analysis.every:
            problems.append(f"{where}: 'until' is before the first step of 'every'")
        for key in ("report_at", "restricted_mean_at", "risk_difference_at"):
            off_grid = [
                t
                for t in getattr(analysis, key, [])
                if abs(t / analysis.every - round(t / analysis.every)) > 1e-9
                or t > analysis.until
                or (key != "report_at" and t <= 0)
            ]
            if off_grid:
                shown = ", ".join(str(t) for t in off_grid)
                problems.append(
                    f"{where}.{key}: {shown} not on the grid; "
                    f"write multiples of {analysis.every} up to {analysis.until}"
                )
        if getattr(analysis, "risk_difference_at", None) and not getattr(analysis, "group_by", None):
            problems.append(f"{where}.risk_difference_at: there are no groups to compare; name some in 'group_by'")
    return problems


def _agreement(where: str, analysis: Agreement, covariates: Mapping[str, Covariate]) -> list[str]:
    """Two classifications can be compared only if they have the same classes."""
    first, second = (covariates[n].levels if n in covariates else None for n in (analysis.first, analysis.second))
    problems = _known(analysis.unknown, first or [], f"{where}.unknown", "level")
    if first and second and first != second:
        problems.append(
            f"{where}: 'first' and 'second' must have the same levels in the same order; "
            f"'{analysis.first}' has {', '.join(first)}, '{analysis.second}' has {', '.join(second)}"
        )
    if any(":" in level for level in first or []):
        problems.append(f"{where}: a level of '{analysis.first}' has a colon in it, which joins levels; write another")
    if first and len(set(first) - set(analysis.unknown)) < 2:
        problems.append(f"{where}.unknown: fewer than two levels are left to agree on; name fewer")
    return problems


def _impossible_dates(stream: Stream) -> list[str]:
    """A period given as two definitions ``x_from`` and ``x_to`` (or ``x_from_wales`` and so on) must run forwards."""
    problems = []
    for name, definition in stream.definitions.items():
        if not isinstance(definition.value, datetime.date):
            continue
        if not datetime.date(1900, 1, 1) <= definition.value <= datetime.date(2100, 1, 1):
            problems.append(
                f"definitions.{name}: {definition.value} is no date of a study; write one between 1900 and 2100"
            )
        start, is_start, country = name.partition("_from")
        if is_start and (not country or country.startswith("_")):
            end_name = f"{start}_to{country}" if f"{start}_to{country}" in stream.definitions else f"{start}_to"
            end = stream.definitions.get(end_name)
            if end and isinstance(end.value, datetime.date) and end.value < definition.value:
                problems.append(f"definitions.{name}: {definition.value} is after '{end_name}', {end.value}; swap them")
    return problems
