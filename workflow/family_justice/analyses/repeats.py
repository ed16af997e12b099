"""Kinds ``mean_cumulative_count`` and ``recurrent_cox``: events that a member may have several times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.event_methods import MOST_NUMBERS
from family_justice.analyses.prepare import CENSORED, COMPETING, DAYS_PER_UNIT, follow_up, require_events, strata
from family_justice.analyses.rows import Rows, coefficient_rows, model_rows, reasons_of, row_of_test
from family_justice.config.kinds import MeanCumulativeCount, RecurrentCox
from family_justice.config.models import Cohort, Covariate, Outcome

#: What the stream file calls a model, and what the estimator calls it.
MODELS = {
    "andersen_gill": "andersen_gill",
    "pwp_total": "prentice_total",
    "pwp_gap": "prentice_gap",
    "wlw": "wei_lin_weissfeld",
}

#: Whoever leaves on the day of time zero is observed for half a day: an interval must have a length.
HALF_DAY = 0.5


@dataclass(frozen=True)
class Histories:
    """Repeated events of n members as m intervals (start, stop], in the unit of the outcome.

    Attributes
    ----------
    exit, cause
        (n,) end of observation, and 0 if it was censored there, 2 if a competing event ended it.
    member
        (m,) position of the member, 0 to n - 1; the intervals of a member are in order of time.
    start, stop
        (m,) times since time zero.
    event, last
        (m,) whether one of the repeated events ended the interval, and whether a competing event did (after it).
    number
        (m,) 1 if the member was waiting for the first event, 2 for the second ...
    """

    exit: np.ndarray
    cause: np.ndarray
    member: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    event: np.ndarray
    last: np.ndarray
    number: np.ndarray


def histories(members: pd.DataFrame, outcome: Outcome, where: str, most_events: int | None = None) -> Histories:
    """Return the intervals between the events of each member, up to the end of observation or the last event asked for.

    Events after the end of observation do not count; one on its last day does.
    """
    ends = Outcome(**{**outcome.model_dump(), "event": None, "time_unit": "days"})
    observed = follow_up(members, ends, where)
    end, n = np.maximum(observed.exit, HALF_DAY), len(members)
    lists = members[str(outcome.event)]
    owner = np.repeat(np.arange(n), [len(days) for days in lists])
    day = np.concatenate([np.empty(0), *lists]).astype("float64")
    seen = day <= end[owner]
    owner, day = owner[seen], day[seen]
    first = np.searchsorted(owner, np.arange(n))  # owners are in order
    number = np.arange(len(owner)) - first[owner] + 1
    if most_events is not None:
        kept = number <= most_events
        owner, day, number = owner[kept], day[kept], number[kept]
    had = np.bincount(owner, minlength=n)
    final = np.zeros(n)
    final[owner] = day  # the last assignment is that of the last event
    # Time after the last event, unless that was the last one asked for or fell on the last day.
    open_end = (final < end) & ((had < most_events) if most_events is not None else True)
    rest = np.flatnonzero(open_end)
    member = np.concatenate([owner, rest])
    stop = np.concatenate([day, end[rest]])
    event = np.concatenate([np.ones(len(owner), dtype=bool), np.zeros(len(rest), dtype=bool)])
    order = np.lexsort((stop, member))
    member, stop, event = member[order], stop[order], event[order]
    same = np.diff(member, prepend=-1) == 0
    start = np.where(same, np.concatenate([[0.0], stop[:-1]]), 0.0)
    scale = DAYS_PER_UNIT[outcome.time_unit]
    return Histories(
        exit=observed.exit / scale,
        cause=observed.cause,
        member=member,
        start=start / scale,
        stop=stop / scale,
        event=event,
        last=(observed.cause[member] == COMPETING) & (stop == end[member]),
        number=np.arange(len(member)) - np.maximum.accumulate(np.where(same, 0, np.arange(len(member)))) + 1,
    )


def mean_cumulative_count(
    members: pd.DataFrame, cohort: Cohort, analysis: MeanCumulativeCount, where: str
) -> Iterator[dict[str, Any]]:
    """Yield for each outcome, group and time of the grid the mean number of events per member, and who had any.

    ``events`` of the mean are all events up to the time, those of ``first_events`` the members who had one: how events
    are spread over members decides who can be shown, and the standard error. ``at_risk`` counts who is observed just
    before the time.
    """
    from family_justice.estimators.survival import recurrent

    # The margin makes 365.25 days end within one year whatever the rounding of the division.
    grid = np.round(np.arange(0, analysis.until + analysis.every / 2, analysis.every), 10)
    for name in analysis.outcomes:
        outcome = cohort.outcomes[name]
        seen = histories(members, outcome, f"{where}, outcome '{name}'")
        require_events(seen.event.sum(), f"{where}, outcome '{name}'")
        for group, inside in strata(members, analysis.group_by):
            mine = inside[seen.member]
            mean = recurrent.mean_cumulative_count(
                seen.member[mine], seen.start[mine], seen.stop[mine], seen.event[mine], seen.last[mine], grid + 1e-9
            )
            when, number = seen.stop[mine & seen.event], seen.number[mine & seen.event]
            exit_, cause = seen.exit[inside], seen.cause[inside]
            ends = {"competing": exit_[cause == COMPETING], "censored": exit_[cause == CENSORED]}
            counts = {column: _up_to(grid, times) for column, times in ends.items()}
            still = len(exit_) - np.searchsorted(np.sort(exit_), grid - 1e-9, side="left")
            series = {
                "mean_cumulative_count": _up_to(grid, when),
                "first_events": _up_to(grid, when[number == 1]),
            }
            for measure, events in series.items():
                for i, time in enumerate(grid):
                    row = {"measure": measure, "outcome": name, "group": group, "time": float(time), "n": len(exit_)}
                    row |= {"events": int(events[i])} | {column: int(c[i]) for column, c in counts.items()}
                    row["at_risk"] = int(still[i])
                    if measure == "mean_cumulative_count":
                        row |= {"estimate": mean.estimate[i], "std_error": mean.std_error[i]}
                        row |= {"conf_low": mean.low[i], "conf_high": mean.high[i]}
                    yield row


def _up_to(grid: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many of the times lie at or before each time of the grid."""
    return np.searchsorted(np.sort(times), grid + 1e-9, side="right")


def recurrent_cox(
    members: pd.DataFrame, cohort: Cohort, analysis: RecurrentCox, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield coefficients (log hazard ratios) with errors robust to the member, tests, and members by number of events.

    ``n`` and ``events`` count members, and members with an event: disclosure control is about people.
    """
    from family_justice.estimators.survival.cox import proportional_hazards_test
    from family_justice.estimators.survival.recurrent import fit_recurrent

    design = build_design(members, analysis.covariates, covariates)
    used = members.iloc[design.rows]
    seen = histories(used, cohort.outcomes[analysis.outcome], where, analysis.most_events)
    require_events(seen.event.sum(), where)
    model: Any = MODELS[analysis.model]
    fit = fit_recurrent(
        model, seen.member, seen.start, seen.stop, seen.event, seen.number, design.matrix[seen.member], analysis.ties
    )
    had = np.bincount(seen.member[seen.event], minlength=len(used))
    reasons = reasons_of(fit, design.matrix.shape[1])
    assert fit.var_robust is not None
    yield from coefficient_rows(
        design, had > 0, fit.coef, fit.var_robust, reasons, "log_hazard_ratio", analysis.outcome
    )
    totals = {"outcome": analysis.outcome, "n": len(had), "events": int((had > 0).sum())}
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, fit.wald_test)
    proportional = proportional_hazards_test(fit, terms=list(design.terms.values()))
    for name, test in zip([*design.terms, "all"], [*proportional.terms, proportional.overall], strict=True):
        yield {**totals, "measure": "proportional_hazards_test", "term": name, **row_of_test(test)}
    for number in range(1, min(int(had.max()), MOST_NUMBERS) + 1):
        yield {
            "measure": "count",
            "outcome": analysis.outcome,
            "term": "events_at_least",
            "level": str(number),
            "n": int((had >= number).sum()),
        }
