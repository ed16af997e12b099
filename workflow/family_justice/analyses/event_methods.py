"""Sentences of the methods paragraph for analyses of repeated events and of states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from family_justice.analyses.sentences import listed
from family_justice.config.kinds import (
    AdjustedSurvival,
    CumulativeIncidence,
    MeanCumulativeCount,
    RecurrentCox,
    StateOccupation,
)
from family_justice.config.models import Cohort, Covariate, Outcome

#: Terms of result rows of a model that are no covariate.
MODEL_TERMS = ["all", "without_covariates", "fitted", "intercept", "shape", "scale"]

#: Members are counted up to so many events; few have more.
MOST_NUMBERS = 5

#: What the audit of histories counts, and how the report says it.
AUDIT = {
    "overlap": "rows that start before the one before them stops",
    "gap": "gaps in which a member was not observed",
    "jump": "gaps across which the state changed",
    "teleport": "rows that start in another state than the one in which the member was left",
    "same_day": "entries on the same day as another, of which the later state of the list counts",
    "against_order": "entries to a state before the one already reached",
    "after_absorbing": "entries after a state that nobody leaves",
}

#: What holds for every analysis of a kind, said once in the methods.
NOTES = {
    "restricted_mean": (
        "Mean times up to a given time are areas under or above the curves (Uno et al. 2014; Andersen 2013), compared "
        "between groups by differences. Where counts are rounded they are the areas under the released life tables, "
        "with straight lines between the times of the grid."
    ),
    "risk_difference": (
        "Risk differences are those of the curves at given times, of each group from its reference, with the standard "
        "errors of the curves and normal limits (Klein et al. 2007). Where counts are rounded they follow from the "
        "released life tables."
    ),
    "mean_cumulative_count": (
        "Mean cumulative counts have the standard error of Ghosh and Lin (2000). Where counts are rounded, mean and "
        "standard error are computed from the released numbers of events and of members with an event: how much the "
        "number of events varies between members is taken from these as if it were negative binomial."
    ),
    "state_occupation": (
        "State probabilities have standard errors by the infinitesimal jackknife over persons. Where counts are "
        "rounded, probabilities are those of an increment-decrement life table (Schoen 1975) of the released numbers "
        "of transitions, with standard errors of Greenwood's type."
    ),
    "adjusted_survival": (
        "Standardised survival curves have delta-method standard errors that take the covariates as given. They leave "
        "only where exact counts may: their steps would tell counts that are rounded."
    ),
    "recurrent_cox": (
        "Standard errors of models of repeated events are robust to the member (Lin and Wei 1989); the numbers shown "
        "are those of members, and of members with an event. Proportional hazards were tested by score tests with the "
        "errors of the model."
    ),
}

_MODELS = {
    "andersen_gill": "the model of Andersen and Gill (1982), one hazard for all events",
    "pwp_total": (
        "the model of Prentice, Williams and Peterson (1981) in total time: a baseline hazard for each number of the "
        "event, time since time zero"
    ),
    "pwp_gap": (
        "the model of Prentice, Williams and Peterson (1981) in gap time: a baseline hazard for each number of the "
        "event, time since the event before"
    ),
    "wlw": "the model of Wei, Lin and Weissfeld (1989): everybody waits for every number of the event from time zero",
}


def describes(analysis: object) -> bool:
    """Say whether the sentence of an analysis is made here."""
    return isinstance(analysis, MeanCumulativeCount | RecurrentCox | StateOccupation | AdjustedSurvival)


def names(analysis: object) -> dict[str, Any]:
    """Return the terms and levels of an analysis that are no covariates and their levels, for the description."""
    if isinstance(analysis, RecurrentCox):
        levels = [str(number) for number in range(1, MOST_NUMBERS + 1)]
        return {"terms": [*MODEL_TERMS, "events_at_least"], "levels": levels}
    if isinstance(analysis, StateOccupation):
        return {
            "terms": [*analysis.states, *AUDIT],
            "states": {name: state.label for name, state in analysis.states.items()},
            "time_unit": analysis.time_unit,
        }
    return {}


def entry(outcome: Outcome, cohort: Cohort) -> str:
    """Say from when members are at risk."""
    start = f"{outcome.at_risk_after_days} days after time zero" if outcome.at_risk_after_days else "time zero"
    if outcome.entry is None:
        return start
    named = cohort.events[outcome.entry].label.lower() if outcome.entry in cohort.events else outcome.entry
    return f"{start}, or {named.replace('_', ' ')} if that is later"


def competing(outcomes: list[str], cohort: Cohort) -> str:
    """Say what competes with the outcomes of an analysis."""
    names = list(dict.fromkeys(e for o in outcomes for e in cohort.outcomes[o].competing if e not in outcomes))
    between = len(outcomes) > 1
    others = listed([cohort.events[name].label.lower() for name in names])
    if between and others:
        return f"each of these and {others} as competing events"
    if between:
        return "each of these competing with the other"
    return f"{others} as competing event" if others else "no competing event"


def outcomes(analysis: Any, cohort: Cohort) -> str:
    """Name the outcomes of an analysis."""
    return listed([cohort.outcomes[name].label.lower() for name in analysis.outcomes])


def mean_times(analysis: object, cohort: Cohort) -> str:
    """Return the sentence about restricted mean times, if an analysis has any."""
    until = getattr(analysis, "restricted_mean_at", [])
    if not until:
        return ""
    unit = cohort.outcomes[analysis.outcomes[0]].time_unit  # type: ignore[attr-defined]
    what = "lost to the event" if isinstance(analysis, CumulativeIncidence) else "free of the event"
    numbers = " and ".join(f"{time:g}" for time in until)
    return f" The mean time {what} was computed up to {numbers} {unit}."


def risk_differences(analysis: object, cohort: Cohort) -> str:
    """Return the sentence about risk differences, if an analysis has any."""
    times = getattr(analysis, "risk_difference_at", [])
    if not times:
        return ""
    unit = cohort.outcomes[analysis.outcomes[0]].time_unit  # type: ignore[attr-defined]
    return f" Risks were compared between groups by their differences at {listed([f'{t:g}' for t in times])} {unit}."


def offset(analysis: object, covariates: Mapping[str, Covariate]) -> str:
    """Return the sentence about an offset, if an analysis has one."""
    name = getattr(analysis, "offset", None)
    return f" {covariates[name].label} entered as an offset, with the coefficient 1." if name else ""


def sentence(analysis: Any, cohort: Cohort, whom: str, named: str) -> str:
    """Return the sentence of an analysis. ``whom``: its members, and by what they are grouped; ``named``: its
    covariates."""
    match analysis:
        case MeanCumulativeCount():
            outcomes = [cohort.outcomes[name] for name in analysis.outcomes]
            events = " and ".join(outcome.label.lower() for outcome in outcomes)
            ends = dict.fromkeys(cohort.events[e].label.lower() for outcome in outcomes for e in outcome.competing)
            after = f" Nobody has events after {' or '.join(ends)}, but everybody stays in the mean." if ends else ""
            return (
                f"The mean number of events per person ({events}) was estimated by the mean cumulative count (Nelson "
                f"1988; Cook and Lawless 1997) for {whom}.{after}"
            )
        case StateOccupation():
            order = "in this order" if analysis.ordered else "in any order, each entered once"
            labels = ", ".join(state.label.lower() for state in analysis.states.values())
            return (
                f"The probabilities of states ({labels}; {order}) were estimated over time by the Aalen-Johansen "
                f"method for {whom}, and the histories audited for overlaps, gaps, jumps and teleports."
            )
        case AdjustedSurvival():
            outcome = cohort.outcomes[analysis.outcome]
            others = [cohort.events[event].label.lower() for event in outcome.competing]
            censored = f"; {' and '.join(others)} counted as censoring" if others else ""
            return (
                f"Survival curves of {outcome.label.lower()} for {whom} were standardised with a Cox model "
                f"({analysis.ties.capitalize()}'s method for ties) on {named}: averaged over all members, as if each "
                f"had every level of {analysis.contrast.replace('_', ' ')} in turn{censored}."
            )
        case RecurrentCox():
            most = f", up to event number {analysis.most_events}" if analysis.most_events else ""
            return (
                f"All events ({cohort.outcomes[analysis.outcome].label.lower()}{most}) of {whom} were modelled by Cox "
                f"regression on {named}, in {_MODELS[analysis.model]} ({analysis.ties.capitalize()}'s method for ties)."
            )
    raise ValueError(f"no methods sentence for kind '{analysis.kind}'")
