"""Bring the members of a cohort, their covariates and their follow-up together for one analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import NO_TIME_AT_RISK, NOT_YET_OBSERVED
from family_justice.config.schema import Code, Cohort, Covariate, Outcome, Status
from family_justice.errors import AnalysisError
from family_justice.files import connect
from family_justice.kinds.families.keys import CALENDAR_DAY, Analysis, columns_read
from family_justice.sql import identifier, identifiers, literal

if TYPE_CHECKING:
    import duckdb

DAYS_PER_UNIT = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}

CENSORED, EVENT, COMPETING = 0, 1, 2

#: Whoever leaves on the day of time zero is observed for half a day: an interval must have a length.
HALF_DAY = 0.5


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
        (n,) time at which observation starts, 0 for who is observed from the start of risk (and half a day before for
        those whose observation ends on that day, so that they count as they do without entry); None without delayed
        entry.
    left_out
        How many members were left out, by reason (``analyses.left_out``).
    """

    exit: np.ndarray
    cause: np.ndarray
    rows: np.ndarray
    unit: str
    entry: np.ndarray | None = None
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def time(self) -> np.ndarray:
        """Time under observation (n,), in ``unit``."""
        return self.exit if self.entry is None else self.exit - np.maximum(self.entry, 0.0)


def load_members(
    cohort: Cohort,
    cohort_path: str | Path,
    folder: str | Path,
    covariates: Mapping[str, Covariate],
    analysis: Analysis | None,
    where: str,
) -> pd.DataFrame:
    """Return one row per member: what an analysis reads (None: the follow-up), with every date as days since time zero.

    ``folder`` has a file for each covariate (``covariates.derive``). An event that repeats is an array of days per
    member, in increasing order. Covariates with levels are pandas categories in the order of their levels. The order of
    rows is that of the key. All columns that the cohort has stand in ``attrs["columns"]``. Raises ``AnalysisError`` if
    ``restrict_to`` leaves nobody.
    """
    own, wanted = columns_read(cohort, analysis)
    wanted += [name for name in (cohort.person_column, cohort.counts) if name and name not in own]
    files = {f"of {name}": Path(folder, f"{name}.parquet") for name in own}
    connection = connect({"cohort": cohort_path, **files})
    key = ", ".join(f"cohort.{identifier(column)}" for column in cohort.key)
    kinds = {str(name): str(kind) for name, kind, *_ in connection.execute("DESCRIBE cohort").fetchall()}
    columns = [_column(name, kinds[name], cohort) for name in dict.fromkeys([*cohort.key, *wanted]) if name in kinds]
    columns += _calendar_day(cohort, wanted)
    for name in own:
        levels = covariates[name].levels
        type_ = f"::ENUM({', '.join(map(literal, levels))})" if levels else ""
        columns.append(f"{identifier(f'of {name}')}.{identifier(name)}{type_} AS {identifier(name)}")
    joins = "".join(f" JOIN {identifier(file)} USING ({identifiers(cohort.key)})" for file in files)
    kept = [
        f"{identifier(f'of {name}')}.{identifier(name)} IN ({', '.join(map(literal, levels))})"
        for name, levels in (analysis.restrict_to if analysis else {}).items()
    ]
    among = f" WHERE {' AND '.join(kept)}" if kept else ""
    members = connection.execute(f"SELECT {', '.join(columns)} FROM cohort{joins}{among} ORDER BY {key}").df()
    if members.empty:
        raise AnalysisError(f"{where}: 'restrict_to' leaves nobody. Check its levels")
    for name in own:
        if covariates[name].levels:
            members[name] = members[name].cat.as_unordered()
    members.attrs["one_row_each"] = _has_one_row_each(connection, cohort)
    members.attrs["columns"] = [*kinds, *(name for name in cohort.covariates if name not in kinds)]
    return members


def _has_one_row_each(connection: duckdb.DuckDBPyConnection, cohort: Cohort) -> bool:
    """Say whether every row of the cohort stands for another person."""
    person = cohort.person_column
    if person is None or cohort.key == [person]:
        return person is not None
    counted = connection.execute(f"SELECT count(*) = count(DISTINCT {identifier(person)}) FROM cohort").fetchone()
    return bool(counted and counted[0])


def _column(name: str, kind: str, cohort: Cohort) -> str:
    """Return the SQL of a column: dates as days since time zero (pandas would make Python objects)."""
    column = f"cohort.{identifier(name)}"
    if cohort.time_zero and kind in ("DATE", "DATE[]"):
        since = f"date_diff('day', cohort.{identifier(cohort.time_zero)}, {{}})"
        column = since.format(column) if kind == "DATE" else f"[{since.format('day')} FOR day IN {column}]"
    return f"{column} AS {identifier(name)}"


def _calendar_day(cohort: Cohort, wanted: list[str]) -> list[str]:
    """Return the SQL of the day of time zero, if it is wanted."""
    if CALENDAR_DAY not in wanted or not cohort.time_zero:
        return []
    since = f"date_diff('day', DATE '1970-01-01', cohort.{identifier(cohort.time_zero)})"
    return [f"{since} AS {identifier(CALENDAR_DAY)}"]


def columns_of(members: pd.DataFrame) -> list[str]:
    """Return the columns that the cohort of members has, for the words of an error."""
    return [str(name) for name in members.attrs.get("columns", members.columns)]


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
        start = np.maximum(_entry(members, outcome.entry, "date", where) - outcome.at_risk_after_days, 0.0)
    left: dict[tuple[str, str], int] = {}
    if outcome.at_risk_after_days:
        end = end - outcome.at_risk_after_days
        rows = rows[end > 0]
        left["", NO_TIME_AT_RISK] = len(members) - len(rows)
    unit = DAYS_PER_UNIT[outcome.time_unit]
    if outcome.entry is None:
        return FollowUp(end[rows] / unit, cause[rows], rows, outcome.time_unit, left_out=left)
    # Who is there from the start and leaves on the first day was at risk on it.
    start = np.where((start == 0) & (end == 0), -HALF_DAY, start)
    before, rows = len(rows), rows[start[rows] < end[rows]]
    left["", NOT_YET_OBSERVED] = before - len(rows)
    return FollowUp(end[rows] / unit, cause[rows], rows, outcome.time_unit, start[rows] / unit, left)


def _entry(members: pd.DataFrame, name: str, what: str, where: str) -> np.ndarray:
    """Return the time at which observation of each member starts; ``what`` is told by the column: a date, a number."""
    if name not in members:
        raise AnalysisError(
            f"{where}: 'entry' is '{name}', which is no event and no column of the cohort. "
            f"It has: {', '.join(columns_of(members))}"
        )
    if not pd.api.types.is_numeric_dtype(members[name]):
        raise AnalysisError(f"{where}: 'entry' is '{name}', which is no {what} column of the cohort")
    days = members[name].astype("float64").to_numpy()
    missing = int(np.isnan(days).sum())
    if missing:
        raise AnalysisError(
            f"{where}: observation of {missing} members has no start; '{name}' must have a {what} for everybody, so "
            "leave the others out in a step of the cohort"
        )
    return days


def _recorded(members: pd.DataFrame, outcome: Outcome, where: str) -> FollowUp:
    """Return time at risk of a recorded duration: how it ended is told by a code, when it began by ``entry``."""
    status = outcome.recorded_status
    assert outcome.duration is not None
    assert status is not None
    for column in (outcome.duration, status.column):
        if column not in members:
            raise AnalysisError(
                f"{where}: the cohort has no column '{column}'. It has: {', '.join(columns_of(members))}"
            )
    if not pd.api.types.is_numeric_dtype(members[outcome.duration]):
        raise AnalysisError(f"{where}: 'duration' is '{outcome.duration}', which is no number column of the cohort")
    duration = members[outcome.duration].astype("float64").to_numpy()
    wrong = int((~np.isfinite(duration) | (duration < 0)).sum())
    if wrong:
        raise AnalysisError(f"{where}: '{outcome.duration}' is missing or negative in {wrong} rows")
    cause, rows = _causes(members[status.column], status, where), np.arange(len(members))
    if outcome.entry is None:
        return FollowUp(duration, cause, rows, outcome.time_unit)
    start = np.maximum(_entry(members, outcome.entry, "number", where), 0.0)
    rows = rows[start < duration]
    left = {("", NOT_YET_OBSERVED): len(members) - len(rows)}
    return FollowUp(duration[rows], cause[rows], rows, outcome.time_unit, start[rows], left)


def _causes(column: pd.Series, status: Status, where: str) -> np.ndarray:
    """Return what each code of a column means (n,): CENSORED, EVENT or COMPETING."""
    codes = column.astype(object)
    cause = np.full(len(codes), -1)
    for meaning, ones in ((CENSORED, status.ends), (EVENT, status.events), (COMPETING, list(status.competing))):
        cause[codes.isin(ones).to_numpy()] = meaning
    missing = int(codes.isna().sum())
    if missing:
        raise AnalysisError(
            f"{where}: '{status.column}' is missing in {missing} rows, so that nobody knows how they ended; leave them "
            "out in a step of the cohort"
        )
    wrong = int((cause < 0).sum())
    if wrong:
        raise AnalysisError(
            f"{where}: '{status.column}' has another value than {_listed(status.codes)} in {wrong} rows. " + OTHER_CODES
        )
    return cause


#: What to do about codes that nobody has told of.
OTHER_CODES = (
    "How a duration may end stands under 'status': {column: ..., event: 1, competing: {2: LABEL}, censored: 0}; codes "
    "that are text go into quotes"
)


def _listed(codes: list[Code]) -> str:
    return " and ".join(filter(None, [", ".join(map(str, codes[:-1])), str(codes[-1])]))


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
