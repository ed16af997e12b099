"""What the curves of several groups have in common: the rows of a time grid, and differences between groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.config.schema import Covariate
from family_justice.second_program.follow_up import Observed, groups, step_at
from family_justice.second_program.refit import Refit, Refits
from family_justice.second_program.words import EVERYBODY_GONE, NO_ERROR_OF_AREA


@dataclass(frozen=True)
class Steps:
    """A step function with its standard errors, as a package gave it: ``before`` is its value at the start."""

    program: str
    times: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    before: float

    def area(self, until: float) -> float:
        """Return the area under the curve from 0 to ``until``."""
        inside = self.times < until
        ends = np.concatenate([[0.0], self.times[inside], [until]])
        return float(np.diff(ends) @ np.append(self.before, self.values[inside]))


def rows_of(shell: pd.DataFrame, measure: str, outcome: str) -> pd.DataFrame:
    """Return the labels of our rows of a measure that are to be found again."""
    rows = shell[(shell["measure"] == measure) & (shell["outcome"] == outcome)]
    return rows[rows["status"] == "ok"]


def on_grid(curve: Steps, measure: str, outcome: str, group: str, times: np.ndarray, per_unit: float) -> Refits:
    """Yield the curve and its standard error at ``times`` of the outcome's unit."""
    estimates = step_at(curve.times, curve.values, curve.before, times * per_unit)
    errors = step_at(curve.times, curve.errors, 0.0, times * per_unit)
    for time, estimate, error in zip(times, estimates, errors, strict=True):
        yield Refit(
            curve.program, measure, outcome, group, time=float(time), estimate=float(estimate), std_error=float(error),
            why=EVERYBODY_GONE if math.isnan(error) else "",
        )  # fmt: skip


def compared_curves(
    observed: Observed,
    names: list[str],
    fit: Callable[[Observed], Steps],
    measures: tuple[str, str],
    outcome: str,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield the curves of all groups with mean times, and differences of risks and means from the reference group.

    ``measures`` are those of the curve and of its mean time, which is the area under it.
    """
    inside = groups(observed.members, names)
    drawn = {group: fit(observed.among(who)) for group, who in inside.items()}
    unit = observed.per_unit
    for group, rows in rows_of(shell, measures[0], outcome).groupby("group"):
        yield from on_grid(drawn[str(group)], measures[0], outcome, str(group), rows["time"].to_numpy(), unit)
    reference = _reference(list(drawn), covariates, shell)
    for group, time in _places(shell, "risk_difference", outcome):
        (one, e1), (two, e2) = (_risk(drawn[g], time * unit) for g in (group, reference))
        # An error of zero (nobody had the event, or everybody) says nothing of the precision of a difference.
        error = math.nan if 0.0 in (e1, e2) else math.hypot(e1, e2)
        yield Refit(
            drawn[group].program, "risk_difference", outcome, group, time=time,
            estimate=one - two, std_error=error, why=EVERYBODY_GONE if math.isnan(e1 + e2) else "",
        )  # fmt: skip
    for measure in (measures[1], "restricted_mean_difference"):
        for group, until in _places(shell, measure, outcome):
            mean = drawn[group].area(until * unit)
            if measure == "restricted_mean_difference":
                mean -= drawn[reference].area(until * unit)
            yield Refit(
                drawn[group].program, measure, outcome, group, time=until, estimate=mean / unit, why=NO_ERROR_OF_AREA
            )  # fmt: skip


def _places(shell: pd.DataFrame, measure: str, outcome: str) -> list[tuple[str, float]]:
    rows = rows_of(shell, measure, outcome)
    return list(zip(rows["group"].astype(str), rows["time"].astype(float), strict=True))


def _risk(curve: Steps, time: float) -> tuple[float, float]:
    at = np.array([time])
    value = float(step_at(curve.times, curve.values, curve.before, at)[0])
    return (1 - value if curve.before else value), float(step_at(curve.times, curve.errors, 0.0, at)[0])


def _reference(labels: list[str], covariates: Mapping[str, Covariate], shell: pd.DataFrame) -> str:
    """Return the group with the reference level of every covariate, or else the one that our rows say it is."""
    for label in labels:
        pairs = [pair.split("=", 1) for pair in label.split("; ")] if label else []
        if all(covariates[name].reference == level for name, level in pairs):
            return label
    named = shell.loc[shell["status"] == "reference", "group"]
    return str(named.iloc[0]) if len(named) else labels[0]
