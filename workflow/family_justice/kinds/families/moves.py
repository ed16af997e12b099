"""Moves of members between states, and their histories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import (
    HALF_DAY,
    follow_up,
)
from family_justice.config.schema import Outcome
from family_justice.kinds.families.states import States, states_column


@dataclass(frozen=True)
class Moves:
    """Moves of n members between S states, in order of member and time.

    Attributes
    ----------
    member, day, origin, target
        (m,) position of the member, days since time zero, and states.
    begin
        (n,) state at time zero: 0 for everybody, or as spells tell.
    end, final
        (n,) day on which observation ends, and the state in which it does.
    dropped
        How many entries were no moves, by reason (names of ``AUDIT``).
    """

    member: np.ndarray
    day: np.ndarray
    origin: np.ndarray
    target: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    final: np.ndarray
    dropped: dict[str, int]


def absorbing_states(analysis: States) -> np.ndarray:
    """Return which states nobody leaves (S,)."""
    return np.array([state.absorbing for state in analysis.states.values()])


def find_moves(members: pd.DataFrame, analysis: States, where: str) -> Moves:
    """Return the moves of members from state to state, up to the end of their observation.

    Entries after an absorbing state are no moves. Raises ``AnalysisError`` for members who are observed for ever.
    """
    ends = Outcome(label="end", censoring=analysis.censoring, time_unit="days")
    end = follow_up(members, ends, where).exit
    read = _entered if analysis.spells is None else _told
    member, day, target, begin, dropped = read(members, analysis, end)
    absorbing = absorbing_states(analysis)
    gone = pd.Series(absorbing[target].astype(int)).groupby(member).cumsum().to_numpy() - absorbing[target]
    gone = (gone > 0) | absorbing[begin[member]]
    dropped["after_absorbing"] = int(gone.sum())
    member, day, target = member[~gone], day[~gone], target[~gone]
    if analysis.spells is None and analysis.ordered:
        highest = pd.Series(target).groupby(member).cummax().to_numpy()
        before = np.where(np.diff(member, prepend=-1) == 0, np.concatenate([[0], highest[:-1]])[: len(member)], 0)
        against = target <= before
        dropped["against_order"] = int(against.sum())
        member, day, target = member[~against], day[~against], target[~against]
    origin = np.where(
        np.diff(member, prepend=-1) == 0, np.concatenate([[0], target[:-1]])[: len(member)], begin[member]
    )
    final = begin.copy()
    final[member] = target  # the last assignment is that of the last move
    return Moves(member, day, origin, target, begin, end, final, dropped)


Entries = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, int]]


def _entered(members: pd.DataFrame, analysis: States, end: np.ndarray) -> Entries:
    """Return member, day and state of each first entry by its event; on one day the state later in the list counts."""
    days = np.full((len(members), len(analysis.states)), np.nan)
    for position, state in enumerate(analysis.states.values()):
        if state.entered_by is None:
            continue
        column = members[state.entered_by]
        if column.dtype == object:
            days[:, position] = [own[state.number - 1] if len(own) >= state.number else np.nan for own in column]
        else:
            days[:, position] = column.astype("float64")
    member, target = np.nonzero(days <= end[:, None])
    day = days[member, target]
    order = np.lexsort((target, day, member))
    member, day, target = member[order], day[order], target[order]
    twice = np.append((np.diff(member) == 0) & (np.diff(day) == 0), False)[: len(member)]
    dropped = {"same_day": int(twice.sum()), "against_order": 0}
    return member[~twice], day[~twice], target[~twice], np.zeros(len(members), dtype=np.int64), dropped


def _told(members: pd.DataFrame, analysis: States, end: np.ndarray) -> Entries:
    """Return member, day and state of each spell that begins another state than the one before it."""
    place = analysis.state_of()
    days, words = members[analysis.spells], members[states_column(str(analysis.spells))]
    member = np.repeat(np.arange(len(members)), [len(own) for own in days])
    day = np.concatenate([np.asarray(own, dtype="float64") for own in days])
    state = np.array([place[str(word)] for own in words for word in own], dtype=np.int64)
    first = np.diff(member, prepend=-1) != 0
    begin = state[first]
    same = ~first & (np.diff(state, prepend=-1) == 0)
    moved = ~first & ~same & (day <= end[member])
    return member[moved], day[moved], state[moved], begin, {"same_day": 0, "against_order": 0}


@dataclass(frozen=True)
class Histories:
    """Rows (start, stop] of members in states, as the estimator takes them; ``to_state`` is nan where nobody moved."""

    member: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    from_state: np.ndarray
    to_state: np.ndarray


def histories(moves: Moves, absorbing: np.ndarray) -> Histories:
    """Return the intervals between moves. A state entered on day 0 is the one at time zero."""
    n = len(moves.end)
    begin = moves.begin.copy()
    at_once = moves.day <= 0
    begin[moves.member[at_once]] = moves.target[at_once]
    member, day, target = (values[~at_once] for values in (moves.member, moves.day, moves.target))
    last = np.zeros(n)
    last[member] = day
    end = np.maximum(moves.end, HALF_DAY)
    # Time after the last move, unless nobody leaves the state reached; who starts in such a state is there for a while.
    rest = np.flatnonzero((last < end) & (~absorbing[moves.final] | (last == 0)))
    who = np.concatenate([member, rest])
    stop = np.concatenate([day, np.where(absorbing[moves.final[rest]], HALF_DAY, end[rest])])
    to_state = np.concatenate([target.astype(float), np.full(len(rest), np.nan)])
    order = np.lexsort((stop, who))
    who, stop, to_state = who[order], stop[order], to_state[order]
    same = np.diff(who, prepend=-1) == 0
    start = np.where(same, np.concatenate([[0.0], stop[:-1]])[: len(who)], 0.0)
    from_state = np.where(same, np.concatenate([[0.0], to_state[:-1]])[: len(who)], begin[who])
    return Histories(who, start, stop, from_state, to_state)


def states_at(moves: Moves, days: np.ndarray, absorbing: np.ndarray) -> np.ndarray:
    """Return the state of each member at the end of each day (n, k), -1 for who is no longer observed then.

    Whoever has come to a state that nobody leaves is in it for good, whatever becomes of observation.
    """
    found = np.repeat(moves.begin[:, None], len(days), axis=1)
    order = np.argsort(moves.day, kind="stable")
    for member, day, target in zip(moves.member[order], moves.day[order], moves.target[order], strict=True):
        found[member, np.searchsorted(days, day - 1e-9) :] = target
    unseen = moves.end[:, None] < days[None, :] - 1e-9
    return np.where(unseen & ~absorbing[found], -1, found)
