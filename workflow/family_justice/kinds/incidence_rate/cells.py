"""Person-time and events of the members of an analysis, in cells of groups, age and calendar time."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import LeftOut, first_missing
from family_justice.analyses.prepare import DAYS_PER_UNIT, EVENT, follow_up, require_events
from family_justice.analyses.repeated_events import histories
from family_justice.config.schema import Cohort
from family_justice.estimators.groups.person_time import cells_at, split_time
from family_justice.kinds.families.keys import CALENDAR_DAY, counted
from family_justice.kinds.families.share_run import counts_of
from family_justice.kinds.incidence_rate.model import AGE, PERIOD, Calendar, IncidenceRate

_EPOCH = datetime.date(1970, 1, 1)
_YEAR = 365.25


@dataclass(frozen=True)
class Observed:
    """What is observed of an analysis.

    Attributes
    ----------
    name
        The outcome, or the number that is counted.
    pieces
        A row for each piece of time: ``member`` (position in the frame of members), ``amount`` (time), and a category
        for each group, stratum, age band and period.
    events
        The same of events; ``amount`` is how many.
    levels
        The levels of each of these columns, in order.
    repeated, counted
        Whether a member may have several events; whether rows are counts of people.
    left_out
        Members without a value or time at risk, by reason.
    """

    name: str
    pieces: pd.DataFrame
    events: pd.DataFrame
    levels: dict[str, list[str]]
    repeated: bool
    counted: bool
    left_out: tuple[LeftOut, ...]

    def columns(self) -> list[str]:
        """Return the columns by which cells are told apart."""
        return list(self.levels)

    def groups(self, columns: list[str]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Yield label, and places among pieces and events, of every combination of levels with time or events."""
        if not columns:
            yield "", np.arange(len(self.pieces)), np.arange(len(self.events))
            return
        shape = [len(self.levels[name]) for name in columns]
        flat = [
            np.ravel_multi_index([frame[name].cat.codes.to_numpy() for name in columns], shape)
            for frame in (self.pieces, self.events)
        ]
        order = [np.argsort(codes, kind="stable") for codes in flat]
        for code in np.unique(np.concatenate(flat)):
            place = np.unravel_index(int(code), shape)
            label = "; ".join(f"{name}={self.levels[name][i]}" for name, i in zip(columns, place, strict=True))
            ends = [np.searchsorted(codes[at], [code, code + 1]) for codes, at in zip(flat, order, strict=True)]
            pieces, events = (np.sort(at[low:high]) for at, (low, high) in zip(order, ends, strict=True))
            yield label, pieces, events


def observe(members: pd.DataFrame, cohort: Cohort, analysis: IncidenceRate, where: str) -> Observed:
    """Return time and events of the members in cells. Raises ``AnalysisError`` if nobody has an event."""
    named = [name for names in analysis.levelled().values() for name in names]
    if analysis.outcome is None:
        found = _of_rows(members, analysis, named, where)
    elif analysis.repeated(cohort):
        found = _repeated(members, cohort, analysis, named, where)
    else:
        found = _first(members, cohort, analysis, named, where)
    require_events(found.events["amount"].sum(), where)
    return found


def _of_rows(members: pd.DataFrame, analysis: IncidenceRate, named: list[str], where: str) -> Observed:
    """Rows that are areas or the like have a number of events and a number of people or person-time."""
    answered, left = first_missing(members, [*counted(analysis), *named])
    rows = np.flatnonzero(answered)
    count, exposure = counts_of(members.iloc[rows], analysis, where)
    pieces = pd.DataFrame({"member": rows, "amount": exposure})
    return _labelled(
        members, analysis, named, str(analysis.count), pieces, pieces.assign(amount=count), {}, (left,), counted=True
    )


def _first(members: pd.DataFrame, cohort: Cohort, analysis: IncidenceRate, named: list[str], where: str) -> Observed:
    outcome = cohort.outcomes[str(analysis.outcome)]
    seen = follow_up(members, outcome, where)
    answered, left = first_missing(members.iloc[seen.rows], [*named, *_born(analysis)])
    rows, stop = seen.rows[answered], seen.exit[answered]
    start = np.zeros(len(rows)) if seen.entry is None else np.maximum(seen.entry[answered], 0.0)
    happened = seen.cause[answered] == EVENT
    return _split(
        members, analysis, named, (rows, start, np.maximum(stop, start)), (rows[happened], stop[happened]),
        outcome.time_unit, outcome.at_risk_after_days, (seen.left_out, left), False,
    )  # fmt: skip


def _repeated(members: pd.DataFrame, cohort: Cohort, analysis: IncidenceRate, named: list[str], where: str) -> Observed:
    outcome = cohort.outcomes[str(analysis.outcome)]
    seen = histories(members, outcome, where)
    answered, left = first_missing(members, [*named, *_born(analysis)])
    rows = np.flatnonzero(answered)
    mine = seen.event & answered[seen.member]
    return _split(
        members, analysis, named, (rows, np.zeros(len(rows)), seen.exit[rows]), (seen.member[mine], seen.stop[mine]),
        outcome.time_unit, 0, (left,), True,
    )  # fmt: skip


def _born(analysis: IncidenceRate) -> list[str]:
    return [analysis.age.born] if analysis.age else []


def _split(
    members: pd.DataFrame,
    analysis: IncidenceRate,
    named: list[str],
    risk: tuple[np.ndarray, np.ndarray, np.ndarray],
    happened: tuple[np.ndarray, np.ndarray],
    time_unit: str,
    after: int,
    left_out: tuple[LeftOut, ...],
    repeated: bool,
) -> Observed:
    """Split the time at risk (member, start, stop) and place the events (member, time), in units of the outcome."""
    rows, start, stop = risk
    unit = DAYS_PER_UNIT[time_unit]
    cuts, levels = _scales(members, analysis, float(stop.max(initial=0.0)) * unit + after)
    places = [(axis - after) / unit for axis in cuts]
    split = split_time(start, stop, [axis[rows] for axis in places])
    pieces = pd.DataFrame({"member": rows[split.member], "amount": split.time})
    events = pd.DataFrame({"member": happened[0], "amount": np.ones(len(happened[0]))})
    at = cells_at(happened[1], happened[0], places)
    for number, name in enumerate(levels):
        for frame, codes in ((pieces, split.codes), (events, at)):
            frame[name] = pd.Categorical.from_codes(codes[:, number].tolist(), pd.Index(levels[name]))
    name = str(analysis.outcome)
    return _labelled(members, analysis, named, name, pieces, events, levels, left_out, repeated=repeated)


def _scales(
    members: pd.DataFrame, analysis: IncidenceRate, longest: float
) -> tuple[list[np.ndarray], dict[str, list[str]]]:
    """Return, for each time scale, when members pass its cuts (n, k), in days since time zero, and its levels."""
    cuts: list[np.ndarray] = []
    levels: dict[str, list[str]] = {}
    if analysis.age:
        born = members[analysis.age.born].astype("float64").to_numpy()
        cuts.append(born[:, None] + _YEAR * np.array(analysis.age.cuts, dtype="float64")[None, :])
        levels[AGE] = analysis.age.labels()
    if analysis.calendar:
        zero = members[CALENDAR_DAY].astype("float64").to_numpy()
        starts, levels[PERIOD] = periods(analysis.calendar, float(np.nanmin(zero)), float(np.nanmax(zero)) + longest)
        cuts.append(np.array(starts[1:])[None, :] - zero[:, None])
    return cuts, levels


def periods(calendar: Calendar, first: float, last: float) -> tuple[list[float], list[str]]:
    """Return the days on which the periods from day ``first`` to ``last`` begin (days since 1970), and their names."""
    month = 1 if calendar.by == "year" else 4
    earliest = (_EPOCH + datetime.timedelta(days=int(first))).year - 1
    earliest -= (earliest - (calendar.first or earliest)) % calendar.every
    starts, names = [], []
    for year in range(earliest, 10_000, calendar.every):
        day = (datetime.date(year, month, 1) - _EPOCH).days
        after = (datetime.date(year + calendar.every, month, 1) - _EPOCH).days
        if day > last:
            break
        if after > first:
            final = year + calendar.every - 1
            starts.append(float(day))
            names.append(
                _year(year, calendar) if final == year else f"{_year(year, calendar)} to {_year(final, calendar)}"
            )
    return starts, names


def _year(year: int, calendar: Calendar) -> str:
    return str(year) if calendar.by == "year" else f"{year}/{(year + 1) % 100:02}"


def _labelled(
    members: pd.DataFrame,
    analysis: IncidenceRate,
    named: list[str],
    name: str,
    pieces: pd.DataFrame,
    events: pd.DataFrame,
    scales: dict[str, list[str]],
    left_out: tuple[LeftOut, ...],
    repeated: bool = False,
    counted: bool = False,
) -> Observed:
    """Give pieces and events the groups and strata of their members."""
    for column in dict.fromkeys(named):
        for frame in (pieces, events):
            frame[column] = members[column].to_numpy()[frame["member"].to_numpy()]
            frame[column] = pd.Categorical(frame[column], categories=list(members[column].cat.categories))
    levels = {column: list(members[column].cat.categories) for column in dict.fromkeys(named)} | scales
    return Observed(name, pieces, events, levels, repeated, counted, left_out)
