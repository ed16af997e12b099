"""Bring the members of a cohort, their covariates and their follow-up together for one analysis."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from family_justice.config.models import Cohort, Covariate, Outcome
from family_justice.errors import AnalysisError
from family_justice.files import connect

DAYS_PER_UNIT = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}

CENSORED, EVENT, COMPETING = 0, 1, 2


@dataclass(frozen=True)
class FollowUp:
    """Time at risk of the members under one outcome.

    Attributes
    ----------
    exit
        (n,) time from the start of risk to the end of observation, in ``unit``.
    cause
        (n,) 0 censored, 1 the event, 2 a competing event.
    rows
        (n,) positions in the frame of members; those whose observation ended before risk or observation began are left
        out.
    entry
        (n,) time at which observation starts, 0 for who is observed from the start of risk; None without delayed entry.
    """

    exit: np.ndarray
    cause: np.ndarray
    rows: np.ndarray
    unit: str
    entry: np.ndarray | None = None

    @property
    def time(self) -> np.ndarray:
        """Time under observation (n,), in ``unit``."""
        return self.exit if self.entry is None else self.exit - self.entry


def load_members(
    cohort: Cohort,
    cohort_path: str | Path,
    folder: str | Path,
    covariates: dict[str, Covariate],
    restrict_to: dict[str, list[str]],
    where: str,
    needed: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return one row per member: columns of the cohort, with every date as days since time zero, and covariates.

    ``folder`` has a file for each covariate (``covariates.derive``), of which the ``needed`` are read; None: all.

    An event that repeats is an array of days per member, in increasing order.
    Categorical covariates are pandas categories in the order of their levels. The order of rows is that of the key.
    Raises ``AnalysisError`` if ``restrict_to`` leaves nobody.
    """
    own = [name for name in cohort.covariates if needed is None or name in needed]
    connection = connect({"cohort": cohort_path, **{f"of {name}": Path(folder, f"{name}.parquet") for name in own}})
    key = ", ".join(f'"{column}"' for column in cohort.key)
    described = connection.execute("DESCRIBE cohort").fetchall()
    columns = []
    for name, kind, *_ in described:
        if name in cohort.covariates:
            continue  # a covariate may share the name of a column of the cohort; the covariate is meant
        if kind == "DATE" and cohort.time_zero:
            # Dates stay inside DuckDB: pandas would make Python objects of them.
            columns.append(f'date_diff(\'day\', cohort."{cohort.time_zero}", cohort."{name}") AS "{name}"')
        elif kind == "DATE[]" and cohort.time_zero:
            since = f"date_diff('day', cohort.\"{cohort.time_zero}\", day)"
            columns.append(f'[{since} FOR day IN cohort."{name}"] AS "{name}"')
        else:
            columns.append(f'cohort."{name}"')
    columns += [f'"of {name}"."{name}"' for name in own]
    where_sql = " AND ".join(
        f'"of {name}"."{name}" IN ({", ".join(_quoted(level) for level in levels)})'
        for name, levels in restrict_to.items()
    )
    members = connection.execute(
        f"SELECT {', '.join(columns)} FROM cohort"
        + "".join(f' JOIN "of {name}" USING ({key})' for name in own)
        + f"{' WHERE ' + where_sql if where_sql else ''} ORDER BY {key}"
    ).df()
    if members.empty:
        raise AnalysisError(f"{where}: 'restrict_to' leaves nobody. Check its levels")
    for name in own:
        levels = covariates[name].levels
        if levels:
            members[name] = pd.Categorical(members[name], categories=levels)
    return members


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def follow_up(members: pd.DataFrame, outcome: Outcome, where: str) -> FollowUp:
    """Return time at risk and how it ended.

    The earliest of event, competing events and censoring ends it; on the same day the event counts before a
    competing event and that before censoring. Raises ``AnalysisError`` for members whose observation ends before time
    zero or never ends.
    """
    if outcome.duration is not None:
        return _recorded(members, outcome, where)
    roles = [(outcome.event, EVENT)] if outcome.event else []
    roles += [(name, COMPETING) for name in outcome.competing] + [(name, CENSORED) for name in outcome.censoring]
    days = np.column_stack([members[str(name)].astype("float64").to_numpy() for name, _ in roles])
    never = int(np.isnan(days).all(axis=1).sum())
    if never:
        raise AnalysisError(
            f"{where}: observation of {never} members never ends; 'censoring' needs a date for everybody"
        )
    end = np.nanmin(days, axis=1)
    # The first role with the earliest day wins; roles stand in the order of precedence.
    first = np.argmax(days == end[:, None], axis=1)
    cause = np.array([code for _, code in roles])[first]
    early = int((end < 0).sum())
    if early:
        raise AnalysisError(
            f"{where}: observation of {early} members ends before time zero; leave them out in a step of the cohort"
        )
    rows = np.arange(len(members))
    start = np.zeros(len(members))
    if outcome.entry is not None:
        start = np.maximum(_entry(members, outcome.entry, where) - outcome.at_risk_after_days, 0.0)
    if outcome.at_risk_after_days:
        end = end - outcome.at_risk_after_days
        rows = rows[end > 0]
    unit = DAYS_PER_UNIT[outcome.time_unit]
    if outcome.entry is None:
        return FollowUp(end[rows] / unit, cause[rows], rows, outcome.time_unit)
    rows = rows[start[rows] < end[rows]]
    return FollowUp(end[rows] / unit, cause[rows], rows, outcome.time_unit, start[rows] / unit)


def _entry(members: pd.DataFrame, name: str, where: str) -> np.ndarray:
    """Return the day on which observation of each member starts."""
    if name not in members:
        raise AnalysisError(
            f"{where}: 'entry' is '{name}', which is no event and no column of the cohort. "
            f"It has: {', '.join(map(str, members.columns))}"
        )
    if not pd.api.types.is_numeric_dtype(members[name]):
        raise AnalysisError(f"{where}: 'entry' is '{name}', which is no date column of the cohort")
    days = members[name].astype("float64").to_numpy()
    missing = int(np.isnan(days).sum())
    if missing:
        raise AnalysisError(
            f"{where}: observation of {missing} members has no start; '{name}' must have a date for everybody, so "
            "leave the others out in a step of the cohort"
        )
    return days


def _recorded(members: pd.DataFrame, outcome: Outcome, where: str) -> FollowUp:
    for column in (outcome.duration, outcome.indicator):
        if column not in members:
            raise AnalysisError(
                f"{where}: the cohort has no column '{column}'. It has: {', '.join(map(str, members.columns))}"
            )
    duration = members[outcome.duration].astype("float64").to_numpy()
    indicator = members[outcome.indicator].astype("float64").to_numpy()
    wrong = int((~np.isfinite(duration) | (duration < 0)).sum())
    if wrong:
        raise AnalysisError(f"{where}: '{outcome.duration}' is missing or negative in {wrong} rows")
    if not np.isin(indicator, (0.0, 1.0)).all():
        raise AnalysisError(f"{where}: '{outcome.indicator}' must be 0 or 1 in every row")
    return FollowUp(duration, indicator.astype(int), np.arange(len(members)), outcome.time_unit)


def require_events(events: Any, where: str) -> None:
    """Raise ``AnalysisError`` if an outcome never happens."""
    if not int(events):
        raise AnalysisError(
            f"{where}: nobody in the cohort has the event, so there is nothing to estimate. "
            "Check the event's SQL, the study period and 'restrict_to'"
        )


def strata(members: pd.DataFrame, group_by: list[str]) -> list[tuple[str, np.ndarray]]:
    """Return label and membership of each group: every combination of levels, in their order, with members."""
    if not group_by:
        return [("", np.ones(len(members), dtype=bool))]
    codes = [members[name].cat.codes.to_numpy() for name in group_by]
    categories = [list(members[name].cat.categories) for name in group_by]
    present = np.unique(np.column_stack(codes), axis=0)
    groups = []
    for combination in present:
        if (combination < 0).any():
            continue  # a member without a level belongs to no group
        label = "; ".join(f"{n}={categories[i][c]}" for i, (n, c) in enumerate(zip(group_by, combination, strict=True)))
        groups.append((label, np.all(np.column_stack(codes) == combination, axis=1)))
    return groups
