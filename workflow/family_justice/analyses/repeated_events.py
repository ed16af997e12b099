"""Histories of events that a member may have several times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import COMPETING, DAYS_PER_UNIT, HALF_DAY, follow_up
from family_justice.config.schema import Outcome


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


def up_to(grid: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many of the times lie at or before each time of the grid."""
    return np.searchsorted(np.sort(times), grid + 1e-9, side="right")
