"""Kind ``state_occupation``: in which of several states members are, over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.event_methods import AUDIT
from family_justice.analyses.prepare import DAYS_PER_UNIT, follow_up, strata
from family_justice.analyses.repeats import HALF_DAY
from family_justice.config.kinds import StateOccupation
from family_justice.config.models import Cohort, Outcome
from family_justice.errors import AnalysisError
from family_justice.estimators.survival.life_table import log_log_limits
from family_justice.estimators.survival.multistate import audit_histories
from family_justice.estimators.survival.multistate import state_occupation as aalen_johansen


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


def state_occupation(
    members: pd.DataFrame, cohort: Cohort, analysis: StateOccupation, where: str
) -> Iterator[dict[str, Any]]:
    """Yield for each group and time of the grid the probability of each state and the moves between states so far.

    A row of a state has in ``at_risk`` who is in it just before the time, and in ``censored`` whose observation ended
    there so far (empty for an absorbing state). A row of ``transitions`` names two states in ``term``. Last comes the
    audit of the histories.
    """
    names = list(analysis.states)
    absorbing = np.array([state.absorbing for state in analysis.states.values()])
    moves = find_moves(members, analysis, where)
    if not len(moves.member):
        raise AnalysisError(f"{where}: nobody leaves the first state. Check the events that enter the others")
    scale = DAYS_PER_UNIT[analysis.time_unit]
    grid = np.round(np.arange(0, analysis.until + analysis.every / 2, analysis.every), 10)
    pairs = sorted(set(zip(moves.origin.tolist(), moves.target.tolist(), strict=True)))
    rows = histories(moves, absorbing)
    for group, inside in strata(members, analysis.group_by):
        n = int(inside.sum())
        mine, own = inside[rows.member], inside[moves.member]
        found = aalen_johansen(
            rows.member[mine],
            rows.start[mine] / scale,
            rows.stop[mine] / scale,
            rows.from_state[mine],
            rows.to_state[mine],
            times=grid + 1e-9,
        )
        when, origin, target = moves.day[own] / scale, moves.origin[own], moves.target[own]
        end, final = moves.end[inside] / scale, moves.final[inside]
        for s, name in enumerate(names):
            at = np.flatnonzero(found.states == s)
            values, errors = (
                (array[:, at[0]] if at.size else np.zeros(len(grid))) for array in (found.probability, found.std_error)
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = log_log_limits(values, errors)
            left = np.zeros(0) if absorbing[s] else end[final == s]
            censored = _up_to(left, grid)
            here = (
                n * (s == 0) + _before(when[target == s], grid) - _before(when[origin == s], grid) - _before(left, grid)
            )
            for i, time in enumerate(grid):
                row = {"measure": "state_probability", "term": name, "group": group, "time": float(time), "n": n}
                row |= {"at_risk": int(here[i])} | ({} if absorbing[s] else {"censored": int(censored[i])})
                row |= {"estimate": values[i], "std_error": errors[i], "conf_low": low[i], "conf_high": high[i]}
                yield row
        for a, b in pairs:
            events = _up_to(when[(origin == a) & (target == b)], grid)
            for i, time in enumerate(grid):
                yield {
                    "measure": "transitions",
                    "term": f"{names[a]}:{names[b]}",
                    "group": group,
                    "time": float(time),
                    "n": n,
                    "events": int(events[i]),
                }
    audit = audit_histories(rows.member, rows.start, rows.stop, rows.from_state, rows.to_state)
    for reason in AUDIT:
        count = moves.dropped[reason] if reason in moves.dropped else getattr(audit, reason)
        yield {"measure": "count", "term": reason, "n": int(count)}


def _up_to(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return how many of the times lie at or before each time of the grid, whatever the rounding of the division."""
    return np.searchsorted(np.sort(times), grid + 1e-9, side="right")


def _before(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return how many of the times lie before each time of the grid."""
    return np.searchsorted(np.sort(times), grid - 1e-9, side="left")
