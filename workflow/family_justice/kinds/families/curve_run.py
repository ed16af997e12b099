"""Curves of outcomes on a time grid, compared between groups: what the kinds of curves have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.prepare import CENSORED, COMPETING, EVENT, FollowUp, follow_up, require_events, strata
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.survival import life_table, restricted_mean
from family_justice.estimators.survival.risk_difference import RiskDifference, risk_at, risk_difference
from family_justice.kinds.families.curves import Compared

TOO_SHORT = "nobody is observed for so long"

Groups = list[tuple[str, np.ndarray]]


@dataclass(frozen=True)
class Method:
    """How a kind of curve is estimated.

    Attributes
    ----------
    measure, mean_measure
        Measures of the curve, and of the mean time under or above it.
    censors_competing
        True if a competing event ends observation as censoring does.
    fit
        Curve from exit times, causes and entry times.
    mean
        Mean time up to a time from an event table.
    compare
        The row that tests whether the curves of groups differ, from exit times, causes, group numbers, entry times.
    """

    measure: str
    mean_measure: str
    censors_competing: bool
    fit: Callable[[np.ndarray, np.ndarray, np.ndarray | None], life_table.Curve]
    mean: Callable[[Any, float], restricted_mean.RestrictedMean]
    compare: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None], dict[str, Any]]

    def ends(self, cause: np.ndarray) -> np.ndarray:
        """Return how observation ended, with competing events as the method takes them (n,)."""
        return np.where(cause == EVENT, EVENT, CENSORED) if self.censors_competing else cause


def grid_of(until: float, every: float) -> np.ndarray:
    """Return the times 0, every, 2 every, ... up to ``until``."""
    return np.round(np.arange(0, until + every / 2, every), 10)


def compared_curves(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: Compared,
    covariates: Mapping[str, Covariate],
    where: str,
    method: Method,
) -> Iterator[dict[str, Any]]:
    """Yield one row per outcome, group and time of the grid; then mean times, risk differences and a test.

    ``events``, ``competing`` and ``censored`` are cumulative up to and including ``time``, ``at_risk`` counts who is
    still there just before it. Groups in which the event never happens have a flat curve; an outcome that nobody has
    is an error.
    """
    grid = grid_of(analysis.until, analysis.every)
    for name in analysis.outcomes:
        outcome = cohort.outcomes[name]
        observed = follow_up(members, outcome, f"{where}, outcome '{name}'")
        require_events((observed.cause == EVENT).sum(), f"{where}, outcome '{name}'")
        _, left_out = first_missing(members.iloc[observed.rows], analysis.group_by)
        groups = strata(members.iloc[observed.rows], analysis.group_by)
        reference, drawn = _reference(groups, covariates), {}
        for group, inside in groups:
            exit_, cause = observed.exit[inside], observed.cause[inside]
            entry = None if observed.entry is None else observed.entry[inside]
            drawn[group] = curve = method.fit(exit_, cause, entry)
            yield from on_grid(curve, exit_, cause, grid, entry, measure=method.measure, outcome=name, group=group)
        for until in analysis.restricted_mean_at:
            for row in _mean_times(observed, groups, method, until, reference):
                yield {"outcome": name, "time": until, **row}
        for time in analysis.risk_difference_at:
            for row in _risk_differences(observed, groups, drawn, method, time, reference):
                yield {"outcome": name, "time": time, **row}
        if analysis.group_by:
            yield {"outcome": name, **_compare(observed, groups, method)}
        yield from member_rows(len(members), observed.left_out, left_out, outcome=name)


def _reference(groups: Groups, covariates: Mapping[str, Covariate]) -> str:
    """Return the group that others are compared with: the one of reference levels, or else the first."""
    for group, _ in groups:
        pairs = [pair.partition("=") for pair in group.split("; ")] if group else []
        if all(column in covariates and covariates[column].reference == level for column, _, level in pairs):
            return group
    return groups[0][0]


def _mean_times(
    observed: FollowUp, groups: Groups, method: Method, until: float, reference: str
) -> Iterator[dict[str, Any]]:
    """Yield the mean time up to ``until`` in each group, and how far groups differ from the reference."""
    means: dict[str, tuple[int, restricted_mean.RestrictedMean]] = {}
    for group, inside in groups:
        exit_, ends = observed.exit[inside], method.ends(observed.cause[inside])
        row = {"measure": method.mean_measure, "group": group, "n": len(exit_)}
        if _ends_before(exit_, ends, until):
            yield {**row, "status": "not estimable", "note": TOO_SHORT}
            continue
        entry = None if observed.entry is None else observed.entry[inside]
        mean = method.mean(life_table.event_table(exit_, ends, entry, n_causes=2), until)
        means[group] = len(exit_), mean
        yield {**row, **limits_row(mean)}
    if len(groups) > 1 and reference in means:
        for group, (n, mean) in means.items():
            row = {"measure": "restricted_mean_difference", "group": group, "n": n}
            if group == reference:
                yield {**row, "estimate": 0.0, "status": "reference"}
            else:
                yield {**row, **limits_row(restricted_mean.difference(mean, means[reference][1]))}


def _risk_differences(
    observed: FollowUp,
    groups: Groups,
    drawn: Mapping[str, life_table.Curve],
    method: Method,
    time: float,
    reference: str,
) -> Iterator[dict[str, Any]]:
    """Yield how far the risk of the event by ``time`` (a proportion) differs from the reference in each group."""
    known = {
        group
        for group, inside in groups
        if not _ends_before(observed.exit[inside], method.ends(observed.cause[inside]), time)
    }
    for group, inside in groups:
        row = {"measure": "risk_difference", "group": group, "n": len(observed.exit[inside])}
        if not {group, reference} <= known:
            yield {**row, "status": "not estimable", "note": TOO_SHORT}
        elif group == reference:
            yield {**row, "estimate": 0.0, "status": "reference"}
        else:
            yield {**row, **limits_row(risk_difference(risk_at(drawn[group], time), risk_at(drawn[reference], time)))}


def _ends_before(exit_: np.ndarray, ends: np.ndarray, time: float) -> bool:
    """True if observation, not events, ended before ``time``: nothing is known from then on."""
    last = exit_.max()
    return bool(last < time - 1e-9 and (ends[exit_ == last] == CENSORED).any())


def limits_row(found: restricted_mean.RestrictedMean | RiskDifference) -> dict[str, Any]:
    """Return an estimate with its limits, and the words that it has none."""
    values: dict[str, Any] = {
        "estimate": found.estimate, "std_error": found.std_error, "conf_low": found.low, "conf_high": found.high,
    }  # fmt: skip
    return values | ({"note": restricted_mean.NO_ERROR} if np.isnan(found.std_error) else {})


def _compare(observed: FollowUp, groups: Groups, method: Method) -> dict[str, Any]:
    """Return the row that tests whether the curves of the groups differ; members without a group are left out."""
    group = np.full(len(observed.exit), -1)
    for number, (_, inside) in enumerate(groups):
        group[inside] = number
    known = group >= 0
    entry = None if observed.entry is None else observed.entry[known]
    exit_, cause = observed.exit[known], observed.cause[known]
    row = method.compare(exit_, cause, group[known], entry)
    return {**row, "n": len(exit_), "events": int((cause == EVENT).sum())}


def row_of_rank_test(measure: str, test: Any) -> dict[str, Any]:
    """Return the measure with statistic, degrees of freedom and p value, or the words that there is nothing to test."""
    if np.isnan(test.statistic):
        return {"measure": measure, "status": "not estimable", "note": "there are no two groups to compare"}
    return {"measure": measure, "statistic": test.statistic, "df": test.df, "p_value": test.p_value}


def on_grid(
    curve: life_table.Curve,
    exit_: np.ndarray,
    cause: np.ndarray,
    grid: np.ndarray,
    entry: np.ndarray | None = None,
    **labels: str,
) -> Iterator[dict[str, Any]]:
    """Yield a row of a curve for each time of the grid, with its counts."""
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
