"""Curves on a time grid with their cumulative counts: cumulative incidence, survival, and follow-up.

With them come mean times, differences of risks, and tests of the groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import CENSORED, COMPETING, EVENT, FollowUp, follow_up, require_events, strata
from family_justice.config.kinds import CumulativeIncidence, KaplanMeier
from family_justice.config.models import Cohort, Covariate
from family_justice.estimators.survival import life_table, restricted_mean
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.risk_difference import RiskDifference, risk_at, risk_difference

#: Steps of the grid on which follow-up is summarised.
FOLLOW_UP_STEPS = 40
TOO_SHORT = "nobody is observed for so long"


def curves(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: CumulativeIncidence | KaplanMeier,
    where: str,
    covariates: Mapping[str, Covariate] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield one row per outcome, group and time of the grid; then mean times, risk differences and a test.

    ``events``, ``competing`` and ``censored`` are cumulative up to and including ``time``, ``at_risk`` counts who is
    still there just before it. Groups in which the event never happens have a flat curve; an outcome that nobody has
    is an error.
    """
    grid = np.round(np.arange(0, analysis.until + analysis.every / 2, analysis.every), 10)
    for name in analysis.outcomes:
        outcome = cohort.outcomes[name]
        observed = follow_up(members, outcome, f"{where}, outcome '{name}'")
        require_events((observed.cause == EVENT).sum(), f"{where}, outcome '{name}'")
        groups = strata(members.iloc[observed.rows], analysis.group_by)
        reference, drawn = _reference(groups, covariates or {}), {}
        for group, inside in groups:
            exit_, cause = observed.exit[inside], observed.cause[inside]
            entry = None if observed.entry is None else observed.entry[inside]
            table = life_table.event_table(exit_, cause, entry, n_causes=2)
            if analysis.kind == "cumulative_incidence":
                curve, measure = life_table.cumulative_incidence(table, EVENT), "cumulative_incidence"
            else:
                only_events = life_table.event_table(exit_, np.where(cause == EVENT, 1, 0), entry, n_causes=1)
                curve, measure = life_table.kaplan_meier(only_events), "survival"
            drawn[group] = curve
            yield from _on_grid(curve, exit_, cause, grid, entry, measure=measure, outcome=name, group=group)
        for until in analysis.restricted_mean_at:
            for row in _mean_times(observed, groups, analysis.kind, until, reference):
                yield {"outcome": name, "time": until, **row}
        for time in analysis.risk_difference_at:
            for row in _risk_differences(observed, groups, drawn, time, reference):
                yield {"outcome": name, "time": time, **row}
        if analysis.group_by:
            yield {"outcome": name, **_compare(observed, groups, analysis.kind)}


def _reference(groups: list[tuple[str, np.ndarray]], covariates: Mapping[str, Covariate]) -> str:
    """Return the group that others are compared with: the one of reference levels, or else the first."""
    for group, _ in groups:
        pairs = [pair.partition("=") for pair in group.split("; ")] if group else []
        if all(column in covariates and covariates[column].reference == level for column, _, level in pairs):
            return group
    return groups[0][0]


def _mean_times(
    observed: FollowUp, groups: list[tuple[str, np.ndarray]], kind: str, until: float, reference: str
) -> Iterator[dict[str, Any]]:
    """Yield the mean time free of the event (Kaplan-Meier), or lost to it (cumulative incidence), up to ``until`` in
    each group, and how far groups differ from the reference."""
    means: dict[str, tuple[int, restricted_mean.RestrictedMean]] = {}
    for group, inside in groups:
        exit_, cause = observed.exit[inside], observed.cause[inside]
        measure = "restricted_mean_time_lost" if kind == "cumulative_incidence" else "restricted_mean_time"
        row = {"measure": measure, "group": group, "n": len(exit_)}
        ends = np.where(cause == EVENT, EVENT, CENSORED) if kind == "kaplan_meier" else cause
        if _ends_before(exit_, ends, until):
            yield {**row, "status": "not estimable", "note": TOO_SHORT}
            continue
        entry = None if observed.entry is None else observed.entry[inside]
        table = life_table.event_table(exit_, ends, entry, n_causes=2)
        mean = (
            restricted_mean.restricted_mean_time_lost(table, EVENT, until)
            if kind == "cumulative_incidence"
            else restricted_mean.restricted_mean_survival(table, until)
        )
        means[group] = len(exit_), mean
        yield {**row, **_limits(mean)}
    if len(groups) > 1 and reference in means:
        for group, (n, mean) in means.items():
            row = {"measure": "restricted_mean_difference", "group": group, "n": n}
            if group == reference:
                yield {**row, "estimate": 0.0, "status": "reference"}
            else:
                yield {**row, **_limits(restricted_mean.difference(mean, means[reference][1]))}


def _risk_differences(
    observed: FollowUp,
    groups: list[tuple[str, np.ndarray]],
    drawn: Mapping[str, life_table.Curve],
    time: float,
    reference: str,
) -> Iterator[dict[str, Any]]:
    """Yield how far the risk of the event by ``time`` (a proportion) differs from the reference in each group."""
    known = {
        group
        for group, inside in groups
        if not _ends_before(observed.exit[inside], _ends(observed.cause[inside], drawn[group]), time)
    }
    for group, inside in groups:
        row = {"measure": "risk_difference", "group": group, "n": len(observed.exit[inside])}
        if not {group, reference} <= known:
            yield {**row, "status": "not estimable", "note": TOO_SHORT}
        elif group == reference:
            yield {**row, "estimate": 0.0, "status": "reference"}
        else:
            yield {**row, **_limits(risk_difference(risk_at(drawn[group], time), risk_at(drawn[reference], time)))}


def _ends(cause: np.ndarray, curve: life_table.Curve) -> np.ndarray:
    """Competing events end a survival curve (start 1) as censoring does."""
    return np.where(cause == EVENT, EVENT, CENSORED) if curve.start == 1 else cause


def _ends_before(exit_: np.ndarray, ends: np.ndarray, time: float) -> bool:
    """True if observation, not events, ended before ``time``: nothing is known from then on."""
    last = exit_.max()
    return bool(last < time - 1e-9 and (ends[exit_ == last] == CENSORED).any())


def _limits(found: restricted_mean.RestrictedMean | RiskDifference) -> dict[str, Any]:
    values: dict[str, Any] = {
        "estimate": found.estimate, "std_error": found.std_error, "conf_low": found.low, "conf_high": found.high,
    }  # fmt: skip
    return values | ({"note": restricted_mean.NO_ERROR} if np.isnan(found.std_error) else {})


def _compare(observed: FollowUp, groups: list[tuple[str, np.ndarray]], kind: str) -> dict[str, Any]:
    """Return the row that tests whether the curves of the groups differ; members without a group are left out."""
    group = np.full(len(observed.exit), -1)
    for number, (_, inside) in enumerate(groups):
        group[inside] = number
    known = group >= 0
    exit_, cause, group = observed.exit[known], observed.cause[known], group[known]
    entry = None if observed.entry is None else observed.entry[known]
    if kind == "cumulative_incidence" and entry is not None:
        note = "Gray's test does not know delayed entry"
        counts = {"n": len(exit_), "events": int((cause == EVENT).sum())}
        return {"measure": "gray_test", **counts, "status": "not estimable", "note": note}
    if kind == "cumulative_incidence":
        measure, test = "gray_test", gray_test(exit_, cause, group, of=EVENT).test
    else:
        measure, test = "log_rank_test", life_table.log_rank(exit_, cause == EVENT, group, entry=entry).test
    row = {"measure": measure, "n": len(exit_), "events": int((cause == EVENT).sum())}
    if np.isnan(test.statistic):
        return {**row, "status": "not estimable", "note": "there are no two groups to compare"}
    return {**row, "statistic": test.statistic, "df": test.df, "p_value": test.p_value}


def summarise_follow_up(members: pd.DataFrame, cohort: Cohort, where: str) -> Iterator[dict[str, Any]]:
    """Yield the reverse Kaplan-Meier curve of a cohort and its median: for how long could an event have been seen?

    ``events`` counts ends of observation, ``censored`` everybody whose event ended it first (Schemper and Smith 1996).
    """
    name = str(cohort.follow_up)
    observed = follow_up(members, cohort.outcomes[name], where)
    curve = life_table.reverse_kaplan_meier(observed.exit, observed.cause != CENSORED)
    step = _round_step(float(observed.exit.max()) / FOLLOW_UP_STEPS)
    grid = np.round(np.arange(0, float(observed.exit.max()) + step, step), 10)
    swapped = np.where(observed.cause == CENSORED, EVENT, CENSORED)
    yield from _on_grid(curve, observed.exit, swapped, grid, measure="survival", outcome=name, group="")
    yield {
        "measure": "median_follow_up",
        "outcome": name,
        "n": len(observed.exit),
        "events": int((swapped == EVENT).sum()),
        "estimate": life_table.quantile(curve, 0.5),
    }


def _round_step(step: float) -> float:
    """Return the first of 1, 2, 2.5, 5 times a power of ten that is not below ``step``."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= step * (1 - 1e-9)))


def _on_grid(
    curve: life_table.Curve,
    exit_: np.ndarray,
    cause: np.ndarray,
    grid: np.ndarray,
    entry: np.ndarray | None = None,
    **labels: str,
) -> Iterator[dict[str, Any]]:
    values = curve.at(grid)
    cumulative = {
        # The margin makes 365.25 days end within one year whatever the rounding of the division.
        column: np.searchsorted(np.sort(exit_[cause == code]), grid + 1e-9, side="right")
        for column, code in (("events", EVENT), ("competing", COMPETING), ("censored", CENSORED))
    }
    n = len(exit_)
    still = n - np.searchsorted(np.sort(exit_), grid - 1e-9, side="left")
    if entry is not None:
        cumulative["total"] = np.searchsorted(np.sort(entry), grid + 1e-9, side="right")
        # At risk just before t is who entered before it; at time zero, who is there from the start.
        entered = np.searchsorted(np.sort(entry), grid - 1e-9, side="left")
        still = np.where(grid > 0, entered, cumulative["total"]) - (n - still)
    for i, time in enumerate(grid):
        counts = {column: int(counted[i]) for column, counted in cumulative.items()}
        yield {
            **labels,
            "time": float(time),
            "n": n,
            **counts,
            "at_risk": int(still[i]),
            "estimate": values.estimate[i],
            "std_error": values.std_error[i],
            "conf_low": values.low[i],
            "conf_high": values.high[i],
        }
