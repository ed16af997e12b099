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
from family_justice.kinds.state_occupation.model import StateOccupation


@dataclass(frozen=True)
class Moves:
    """Moves of n members between S states, in order of member and time.

    Attributes
    ----------
    member, day, origin, target
        (m,) position of the member, days since time zero, and states (0 is that at time zero).
    end, final
        (n,) day on which observation ends, and the state in which it does.
    dropped
        How many entries were no moves, by reason (names of ``AUDIT``).
    """

    member: np.ndarray
    day: np.ndarray
    origin: np.ndarray
    target: np.ndarray
    end: np.ndarray
    final: np.ndarray
    dropped: dict[str, int]


def find_moves(members: pd.DataFrame, analysis: StateOccupation, where: str) -> Moves:
    """Return the moves of members from state to state, up to the end of their observation.

    On one day the state later in the list counts. Entries after an absorbing state, and with ``ordered`` those to a
    state before the one already reached, are no moves. Raises ``AnalysisError`` for members who are observed for ever.
    """
    n = len(members)
    ends = Outcome(label="end", censoring=analysis.censoring, time_unit="days")
    end = follow_up(members, ends, where).exit
    days = np.full((n, len(analysis.states)), np.nan)
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
    absorbing = np.array([state.absorbing for state in analysis.states.values()])
    dropped = dict.fromkeys(("same_day", "against_order", "after_absorbing"), 0)

    def drop(reason: str, wrong: np.ndarray) -> None:
        nonlocal member, day, target
        dropped[reason] += int(wrong.sum())
        member, day, target = member[~wrong], day[~wrong], target[~wrong]

    drop("same_day", np.append((np.diff(member) == 0) & (np.diff(day) == 0), False)[: len(member)])
    frame = pd.DataFrame({"member": member, "absorbed": absorbing[target].astype(int)})
    drop("after_absorbing", (frame.groupby("member")["absorbed"].cumsum() - frame["absorbed"]).to_numpy() > 0)
    if analysis.ordered:
        highest = pd.Series(target).groupby(member).cummax().to_numpy()
        before = np.where(np.diff(member, prepend=-1) == 0, np.concatenate([[0], highest[:-1]])[: len(member)], 0)
        drop("against_order", target <= before)
    origin = np.where(np.diff(member, prepend=-1) == 0, np.concatenate([[0], target[:-1]])[: len(member)], 0)
    final = np.zeros(n, dtype=np.int64)
    final[member] = target  # the last assignment is that of the last move
    return Moves(member, day, origin, target, end, final, dropped)


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
    begin = np.zeros(n, dtype=np.int64)
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
