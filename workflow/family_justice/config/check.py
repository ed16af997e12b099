"""Checks across the parts of a stream file that a type cannot express."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from family_justice.config.check_cohort import cohort_problems, label_problems
from family_justice.config.explain import Written
from family_justice.config.findings import finding_problems
from family_justice.config.schema import Cohort, Covariate, Stream
from family_justice.errors import ConfigError, did_you_mean, report_together
from family_justice.kinds.families.keys import Analysis, repeats, unknown
from family_justice.kinds.registry import KINDS


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
        problems += cohort_problems(f"cohorts.{name}", cohort, stream, covariates)
    problems += label_problems(stream.cohorts)
    for name, analysis in stream.analyses.items():
        problems += _analysis(f"analyses.{name}", analysis, stream, covariates)
    problems += _comparisons(stream)
    problems += finding_problems(stream, covariates)
    problems += _impossible_dates(stream)
    problems += _texts_meant_otherwise(stream)
    report_together(str(path), Written(path).with_lines(problems) if problems else [], ConfigError)


def _comparisons(stream: Stream) -> list[str]:
    """Planted ratios can be compared with those of kinds that have them."""
    problems: list[str] = []
    for name, comparison in stream.comparisons.items():
        if comparison.analysis:
            problems += unknown([comparison.analysis], stream.analyses, f"comparisons.{name}.analysis", "analysis")
        elif comparison.reference.startswith("truth:"):
            problems.append(f"comparisons.{name}: a comparison with planted truth needs 'analysis'")
        analysis = stream.analyses.get(comparison.analysis or "")
        if analysis and comparison.reference.startswith("truth:") and not analysis.planted_measure:
            planted = " and ".join(
                f"{KINDS[kind].keys.planted_measure.removeprefix('log_').replace('_', ' ').removesuffix('s')}s ({kind})"  # type: ignore[union-attr]
                for kind in KINDS
                if KINDS[kind].is_asked and KINDS[kind].keys.planted_measure  # type: ignore[union-attr]
            )
            problems.append(
                f"comparisons.{name}: '{comparison.analysis}' is of kind '{analysis.kind}'; planted are {planted}"
            )
    return problems


def check_shared_covariates(covariates: Mapping[str, Covariate], path: Path) -> None:
    """Raise one ``ConfigError`` with everything wrong in the shared covariates."""
    problems = [p for n, c in covariates.items() for p in _covariate(n, c)]
    report_together(str(path), Written(path).with_lines(problems) if problems else [], ConfigError)


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


def _analysis(where: str, analysis: Analysis, stream: Stream, covariates: Mapping[str, Covariate]) -> list[str]:
    problems = unknown([analysis.cohort], stream.cohorts, f"{where}.cohort", "cohort")
    if problems:
        return problems
    cohort = stream.cohorts[analysis.cohort]
    problems = _named_covariates(where, analysis, cohort, covariates)
    within = f" in cohort '{analysis.cohort}'"
    problems += unknown(analysis.restrict_to, cohort.covariates, f"{where}.restrict_to", "covariate", within)
    for name, wanted in analysis.restrict_to.items():
        levels = covariates[name].levels if name in covariates else None
        problems += unknown(wanted, levels or [], f"{where}.restrict_to.{name}", "level")
    problems += unknown(analysis.outcome_names(), cohort.outcomes, f"{where}.outcome", "outcome", within)
    problems += _delayed_entry(where, analysis, cohort)
    problems += _repeated_events(where, analysis, cohort)
    return problems + analysis.problems(where, cohort, covariates)


def _named_covariates(where: str, analysis: Analysis, cohort: Cohort, covariates: Mapping[str, Covariate]) -> list[str]:
    """Covariates must be of the cohort, have levels where these are needed, and stand once."""
    levelled, problems = analysis.levelled(), []
    for key, names in {**levelled, "covariates": list(getattr(analysis, "covariates", []))}.items():
        within = f" in cohort '{analysis.cohort}'"
        problems += unknown(names, cohort.covariates, f"{where}.{key}", "covariate", within)
        if key in levelled:
            numbers = [name for name in names if name in covariates and covariates[name].levels is None]
            problems += [
                f"{where}.{key}: '{name}' is a number; only covariates with levels can stand here" for name in numbers
            ]
    used = [name for names in levelled.values() for name in names] + list(getattr(analysis, "covariates", []))
    twice = sorted({name for name in used if used.count(name) > 1})
    return problems + [f"{where}: covariate '{name}' is named more than once" for name in twice]


def _delayed_entry(where: str, analysis: Analysis, cohort: Cohort) -> list[str]:
    """Say which outcomes of an analysis have a delayed entry that its kind, or its options, do not know."""
    names = analysis.outcome_names()
    late = [name for name in names if name in cohort.outcomes and cohort.outcomes[name].entry is not None]
    if not late or analysis.knows_delayed_entry():
        return []
    knowing = [
        name
        for name, kind in KINDS.items()
        if getattr(kind.keys, "knows_delayed_entry", Analysis.knows_delayed_entry) is not Analysis.knows_delayed_entry
    ]
    return [
        f"{where}: outcome '{late[0]}' has a delayed entry ('entry'), which kind '{analysis.kind}' with these options "
        f"does not know; others do: {', '.join(knowing)}"
    ]


def _repeated_events(where: str, analysis: Analysis, cohort: Cohort) -> list[str]:
    """Say which outcomes of an analysis have an event that repeats and should not, or does not repeat and should."""
    problems, wanted = [], analysis.counts_repeated_events
    for name in analysis.outcome_names():
        if wanted is None or name not in cohort.outcomes or repeats(cohort, cohort.outcomes[name]) == wanted:
            continue
        event = cohort.outcomes[name].event
        if wanted:
            problems.append(
                f"{where}: kind '{analysis.kind}' counts events that repeat, and "
                + (f"event '{event}' does not; write 'repeats: true' there" if event else f"'{name}' is a duration")
            )
        else:
            others = [kind for kind in KINDS if getattr(KINDS[kind].keys, "counts_repeated_events", False)]
            problems.append(
                f"{where}: event '{event}' of outcome '{name}' repeats, and kind '{analysis.kind}' takes one event per "
                f"member; use {_quoted(others)}, or an event with the first date only"
            )
    return problems


def _quoted(kinds: list[str]) -> str:
    return " or ".join(f"'{kind}'" for kind in kinds)


#: Text of a definition that was meant as a number or a day, and is none as it is written.
_MEANT_AS_DAY, _MEANT_AS_NUMBER = (
    re.compile(r"(?!\d{4}-\d\d-\d\d$)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"),
    re.compile(r"-?\d{1,3}([, ]\d{3})+(\.\d+)?"),
)


def _texts_meant_otherwise(stream: Stream) -> list[str]:
    """A definition must be what it looks like: a day or a number, not the text of one."""
    problems = []
    for name, definition in stream.definitions.items():
        text = definition.value
        if not isinstance(text, str):
            continue
        if _MEANT_AS_DAY.fullmatch(text):
            problems.append(f"definitions.{name}: '{text}' is text; write a day as 2021-04-30, without quotes")
        elif _MEANT_AS_NUMBER.fullmatch(text):
            plain = re.sub("[, ]", "", text)
            problems.append(f"definitions.{name}: '{text}' is text; write the number as {plain}, without quotes")
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
