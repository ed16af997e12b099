"""Checks of a stream file that concern events which repeat: where they may stand, and what needs them."""

from __future__ import annotations

from collections.abc import Mapping

from family_justice.config.kinds import (
    AdjustedSurvival,
    Cox,
    CumulativeIncidence,
    FineGray,
    Funnel,
    Inequality,
    KaplanMeier,
    MatchedCox,
    MeanCumulativeCount,
    Poisson,
    RecurrentCox,
    StateOccupation,
)
from family_justice.config.models import Cohort, Covariate, Event, Outcome
from family_justice.errors import did_you_mean


def repeats(cohort: Cohort, outcome: Outcome) -> bool:
    """True for an outcome whose event a member may have several times."""
    return outcome.event in cohort.events and cohort.events[str(outcome.event)].repeats


def outcome_problems(where: str, cohort: Cohort, name: str) -> list[str]:
    """Say what is wrong with the part that repeated events play in an outcome."""
    outcome = cohort.outcomes[name]
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


def entry_problems(where: str, analysis: object, cohort: Cohort) -> list[str]:
    """Say which outcomes of an analysis have a delayed entry that its kind, or its options, do not know."""
    names = list(getattr(analysis, "outcomes", [])) or [getattr(analysis, "outcome", None)]
    late = [name for name in names if name in cohort.outcomes and cohort.outcomes[name].entry is not None]
    curves = CumulativeIncidence | KaplanMeier | AdjustedSurvival
    known = isinstance(analysis, curves | Cox | MatchedCox | Poisson | Inequality | Funnel) or (
        isinstance(analysis, FineGray) and analysis.target == "finegray"
    )
    if late and not known:
        return [
            f"{where}: outcome '{late[0]}' has a delayed entry ('entry'), which only kaplan_meier, "
            "cumulative_incidence, adjusted_survival, cox, matched_cox, poisson, inequality, funnel and fine_gray with "
            "'target: finegray' know"
        ]
    return []


def analysis_problems(where: str, analysis: object, cohort: Cohort) -> list[str]:
    """Say which outcomes of an analysis have an event that repeats and should not, or does not repeat and should."""
    problems = entry_problems(where, analysis, cohort)
    kind = str(analysis.kind)  # type: ignore[attr-defined]
    wanted = isinstance(analysis, MeanCumulativeCount | RecurrentCox)
    names = list(getattr(analysis, "outcomes", [])) or [getattr(analysis, "outcome", None)]
    for name in names:
        if name not in cohort.outcomes or repeats(cohort, cohort.outcomes[name]) == wanted:
            continue
        event = cohort.outcomes[name].event
        if wanted:
            problems.append(
                f"{where}: kind '{kind}' counts events that repeat, and "
                + (f"event '{event}' does not; write 'repeats: true' there" if event else f"'{name}' is a duration")
            )
        else:
            problems.append(
                f"{where}: event '{event}' of outcome '{name}' repeats, and kind '{kind}' takes one event per member; "
                "use 'mean_cumulative_count' or 'recurrent_cox', or an event with the first date only"
            )
    return problems


def offset_problems(where: str, analysis: Cox, cohort: Cohort, covariates: Mapping[str, Covariate]) -> list[str]:
    """Say why the offset of a model cannot be one."""
    name = analysis.offset
    if name is None:
        return []
    if name not in cohort.covariates or name not in covariates:
        return [
            f"{where}.offset: there is no covariate '{name}' in cohort '{analysis.cohort}'. "
            + did_you_mean(name, cohort.covariates)
        ]
    problems = []
    if covariates[name].levels is not None:
        problems.append(f"{where}.offset: '{name}' has levels; an offset is a number")
    if name in (*analysis.covariates, *analysis.strata):
        problems.append(f"{where}.offset: '{name}' is a covariate or a stratum of the model as well; remove one")
    if analysis.imputation is not None:
        problems.append(f"{where}.offset: imputation does not know an offset; remove one of them")
    return problems


def state_problems(where: str, analysis: StateOccupation, cohort: Cohort) -> list[str]:
    """Say what is wrong with the states of an analysis and the events that lead to them."""
    problems = []
    first, *later = analysis.states
    if analysis.states[first].entered_by is not None:
        problems.append(f"{where}.states.{first}: the first state is that at time zero; remove 'entered_by'")
    if analysis.states[first].absorbing:
        problems.append(f"{where}.states.{first}: everybody starts in it, so that it cannot be absorbing")
    entries: dict[tuple[str, int], str] = {}
    for name in later:
        state, here = analysis.states[name], f"{where}.states.{name}"
        if state.entered_by is None:
            problems.append(f"{here}: 'entered_by' is missing; name the event that takes members there")
            continue
        if state.entered_by not in cohort.events:
            problems.append(
                f"{here}.entered_by: there is no event '{state.entered_by}'. "
                + did_you_mean(state.entered_by, list(cohort.events))
            )
        elif state.number > 1 and not cohort.events[state.entered_by].repeats:
            problems.append(f"{here}.number: '{state.entered_by}' does not repeat; remove 'number'")
        entry = (state.entered_by, state.number)
        if entry in entries:
            problems.append(f"{here}: state '{entries[entry]}' is entered by the same event; a member is in one state")
        entries.setdefault(entry, name)
    for name in analysis.censoring:
        if name not in cohort.events:
            problems.append(f"{where}.censoring: there is no event '{name}'. {did_you_mean(name, list(cohort.events))}")
        elif cohort.events[name].repeats:
            problems.append(f"{where}.censoring: '{name}' repeats, and what ends observation happens once; remove it")
    if cohort.time_zero is None:
        problems.append(f"{where}: cohort '{analysis.cohort}' has no 'time_zero' from which time could count")
    return problems
