"""Histories of several states: are they consistent, and how many persons are in which state when?

A row says that a person was in ``from_state`` over (start, stop] and then went to ``to_state``, or was no longer
observed (``to_state`` missing or empty).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, codes, follow_up, sums_by

States = ArrayLike | Sequence[str | None]


@dataclass(frozen=True)
class HistoryAudit:
    """How many rows break each rule, how many persons have such a row, and which rows they are (by position)."""

    overlap: int
    gap: int
    jump: int
    teleport: int
    persons: int
    rows: dict[str, Ints]

    @property
    def consistent(self) -> bool:
        """True if no row breaks a rule."""
        return self.overlap + self.gap + self.jump + self.teleport == 0


def audit_histories(
    id: ArrayLike, start: ArrayLike, stop: ArrayLike, from_state: States, to_state: States
) -> HistoryAudit:
    """Compare each row with the person's rows before it, sorted by stop and start, in the words of R ``survcheck``:

    - ``overlap``: it starts before the row before it stops;
    - ``gap``: it starts later, in the state in which the person was left;
    - ``jump``: it starts later, in another state;
    - ``teleport``: it starts at once, but in another state than the one in which the person was left.

    The state in which a person was left is that of the last transition, or the first ``from_state`` of all: a person
    once in a wrong state is wrong until back in the right one or until the next transition. Raises ``ValueError`` for
    missing times, for start at or after stop, and for rows without a ``from_state``.
    """
    end, begin = follow_up(stop, start)
    assert begin is not None
    person, _ = codes("id", id, end.size)
    here, there = _states(from_state, to_state, end.size)[:2]
    order = np.lexsort((begin, end, person))
    same = np.diff(person[order], prepend=-1) == 0
    position = np.arange(end.size)
    first = np.maximum.accumulate(np.where(same, 0, position))
    moved = np.maximum.accumulate(np.where(there[order] >= 0, position, -1))
    later = np.flatnonzero(same)
    now, past, last = order[later], order[later - 1], moved[later - 1]
    left_in = np.where(last >= first[later], there[order][last], here[order][first[later]])
    distance, elsewhere = begin[now] - end[past], here[now] != left_in
    rows = {
        "overlap": np.sort(now[distance < 0]),
        "gap": np.sort(now[(distance > 0) & ~elsewhere]),
        "jump": np.sort(now[(distance > 0) & elsewhere]),
        "teleport": np.sort(now[(distance == 0) & elsewhere]),
    }
    wrong = np.concatenate(list(rows.values()))
    return HistoryAudit(
        overlap=rows["overlap"].size,
        gap=rows["gap"].size,
        jump=rows["jump"].size,
        teleport=rows["teleport"].size,
        persons=np.unique(person[wrong]).size,
        rows=rows,
    )


@dataclass(frozen=True)
class StateOccupation:
    """Probability to be in each of S states at k times."""

    states: np.ndarray  # (S,) labels in sorted order
    time: Floats  # (k,)
    probability: Floats  # (k, S)
    std_error: Floats  # (k, S)
    start: Floats  # (S,) at the beginning


def state_occupation(
    id: ArrayLike,
    start: ArrayLike,
    stop: ArrayLike,
    from_state: States,
    to_state: States,
    times: ArrayLike | None = None,
    start_is_known: bool = True,
) -> StateOccupation:
    """Return the Aalen-Johansen probabilities of n rows at ``times`` (by default at every time of a transition).

    p(t) = p(0) times the product over transition times s <= t of (I + dA(s)), dA_ab = transitions from a to b / persons
    in a just before s. p(0) are the shares of the states among the rows with the earliest start; they count as known
    or, if not ``start_is_known``, as estimated from these rows. Standard errors are the infinitesimal jackknife over
    persons, as in R's multi-state ``survfit`` (where the start is known); they do not assume that the past of a person
    is irrelevant. Cost: one pass over the rows for each of ``times``.

    Raises ``ValueError`` for missing values, start at or after stop, and histories that ``audit_histories`` finds wrong
    (gaps are allowed: the person is not at risk meanwhile).
    """
    table = _table(id, start, stop, from_state, to_state, start_is_known)
    k, size = len(table.grid), table.states.size
    wanted = table.grid if times is None else np.asarray(times, dtype=np.float64)
    upto = np.searchsorted(table.grid, wanted, side="right")
    influence, std_error = table.influence, np.zeros((upto.size, size))
    reached = 0
    for which in np.argsort(upto, kind="stable"):
        until = int(upto[which])
        if until > reached:
            onward = _onward(table.steps[reached:until], np.ones(until - reached), np.eye(size), carry=False)
            influence = influence @ onward[0] + _changes(table, onward[1:], reached)
            reached = until
        std_error[which] = np.sqrt(np.add.reduce(influence**2, axis=0))
    probability = np.vstack([table.initial, table.before[1:], table.last])[: k + 1]
    return StateOccupation(table.states, wanted, probability[upto], std_error, table.initial)


@dataclass(frozen=True)
class TimeInStates:
    """Mean time in each of S states up to a time."""

    states: np.ndarray  # (S,) labels in sorted order
    mean: Floats  # (S,)
    std_error: Floats  # (S,)


def time_in_states(
    id: ArrayLike,
    start: ArrayLike,
    stop: ArrayLike,
    from_state: States,
    to_state: States,
    until: float,
    start_is_known: bool = True,
) -> TimeInStates:
    """Return the mean time in each state from 0 up to ``until``: the areas under ``state_occupation``.

    They add up to ``until``. Standard errors are the infinitesimal jackknife over persons, as for the probabilities: a
    row weighs at each transition time by the time that what it did there is worth up to ``until``. Raises
    ``ValueError`` as ``state_occupation`` does.
    """
    table = _table(id, start, stop, from_state, to_state, start_is_known)
    k = int(np.searchsorted(table.grid, until, side="right"))
    size = table.states.size
    lengths = np.diff(np.concatenate([[0.0], table.grid[:k], [until]]))
    worth = _onward(table.steps[:k], lengths, lengths[-1] * np.eye(size), carry=True)
    influence = table.influence @ worth[0] + _changes(table, worth[1:], 0)
    return TimeInStates(table.states, table.initial @ worth[0], np.sqrt(np.add.reduce(influence**2, axis=0)))


@dataclass(frozen=True)
class _Table:
    """What n rows say at the k times of a transition, in S states.

    ``steps`` (k, S, S) are the I + dA, ``hazard`` (k, S, S) the dA, ``before`` (k, S) the probabilities just before
    each time and ``last`` (S,) those after the last, ``share`` (k, S) what a person in a state weighs, ``influence``
    (persons, S) that of each on the probabilities at the start. Of the rows: ``person``, states ``here`` and ``there``,
    who ``moves``, the ``place`` of their stop, and from the ``first`` to before the ``last_place`` at risk.
    """

    states: np.ndarray
    grid: Floats
    steps: Floats
    hazard: Floats
    before: Floats
    last: Floats
    share: Floats
    initial: Floats
    influence: Floats
    person: Ints
    here: Ints
    there: Ints
    moves: NDArray[np.bool_]
    place: Ints
    first: Ints
    last_place: Ints


def _table(
    id: ArrayLike, start: ArrayLike, stop: ArrayLike, from_state: States, to_state: States, start_is_known: bool
) -> _Table:
    end, begin = follow_up(stop, start)
    assert begin is not None
    n = end.size
    audit = audit_histories(id, begin, end, from_state, to_state)
    wrong = [f"{kind} in {count}" for kind in ("overlap", "jump", "teleport") if (count := getattr(audit, kind))]
    if wrong:
        raise ValueError(f"histories are inconsistent: {', '.join(wrong)} rows; see audit_histories")
    person, labels = codes("id", id, n)
    here, there, states = _states(from_state, to_state, n)
    size = states.size
    moves = there >= 0
    moves &= there != here  # a move to one's own state changes nothing
    grid = np.unique(end[moves])
    k = grid.size
    place = np.searchsorted(grid, end)
    first, last = np.searchsorted(grid, begin, side="right"), np.searchsorted(grid, end, side="right")

    def by_state(position: Ints) -> NDArray:
        return np.bincount(position * size + here, minlength=(k + 1) * size).reshape(k + 1, size)

    at_risk = np.cumsum(by_state(first) - by_state(last), axis=0)[:k]
    transitions = np.bincount(
        (place[moves] * size + here[moves]) * size + there[moves], minlength=k * size * size
    ).reshape(k, size, size)
    hazard = transitions / np.maximum(at_risk, 1)[:, :, None]
    steps = np.eye(size) + hazard - np.eye(size) * hazard.sum(axis=2)[:, :, None]

    early = np.flatnonzero(begin == begin.min(initial=np.inf))
    initial = np.bincount(here[early], minlength=size) / max(early.size, 1)
    influence = np.zeros((labels.size, size))
    if not start_is_known:
        np.add.at(influence, (person[early], here[early]), 1 / max(early.size, 1))
        np.add.at(influence, person[early], -initial / max(early.size, 1))
    before, now = np.empty((k, size)), initial
    for j in range(k):
        before[j] = now
        now = now @ steps[j]
    share = before / np.maximum(at_risk, 1)
    rows = (person, here, there, moves, place, first, last)
    return _Table(states, grid, steps, hazard, before, now, share, initial, influence, *rows)


def _onward(steps: Floats, lengths: Floats, end: Floats, carry: bool) -> Floats:
    """Return (m + 1, S, S), what being in a state before the first and after each of m transition times leads to.

    Without ``carry`` this is the probability of each state after the last. With it, it is the time in each state: the
    ``lengths`` (m + 1,) of the intervals up to each time and after the last add up along the way.
    """
    m, size = len(steps), steps.shape[1]
    found = np.empty((m + 1, size, size))
    found[m] = end
    for j in range(m - 1, -1, -1):
        found[j] = steps[j] @ found[j + 1] + (lengths[j] * np.eye(size) if carry else 0.0)
    return found


def _changes(table: _Table, after: Floats, offset: int) -> Floats:
    """Return (persons, S): what each person's rows change at m transition times from the one at ``offset`` on.

    A row in state a at such a time adds share_a (its own transition - the transitions expected of it), each worth what
    ``after`` (m, S, S) says that being in a state after that time leads to.
    """
    m = len(after)
    size = table.states.size
    hazard, share = table.hazard[offset : offset + m], table.share[offset : offset + m]
    place, first, last = table.place - offset, table.first - offset, table.last_place - offset
    here, there, person = table.here, table.there, table.person
    # Expected: sum over b of dA_ab (after_b - after_a), for each time and state a.
    expected = np.einsum("jab,jbs->jas", hazard, after) - hazard.sum(axis=2)[:, :, None] * after
    drift = np.concatenate([np.zeros((1, size, size)), np.cumsum(share[:, :, None] * expected, axis=0)])
    low, high = np.clip(first, 0, m), np.clip(last, 0, m)
    exposed = np.flatnonzero(low < high)
    change = drift[low[exposed], here[exposed]] - drift[high[exposed], here[exposed]]
    jumped = np.flatnonzero(table.moves & (place >= 0) & (place < m))
    at = place[jumped]
    own = share[at, here[jumped]][:, None] * (after[at, there[jumped]] - after[at, here[jumped]])
    found = np.empty((len(table.influence), size))
    for s in range(size):
        found[:, s] = sums_by(person[exposed], change[:, s], len(found))
        found[:, s] += sums_by(person[jumped], own[:, s], len(found))
    return found


def _states(from_state: States, to_state: States, n: int) -> tuple[Ints, Ints, np.ndarray]:
    """Return both columns as positions in the sorted labels, -1 for no transition, and the labels."""
    origin, target = np.asarray(from_state), np.asarray(to_state)
    if origin.shape != (n,) or target.shape != (n,):
        raise ValueError(f"from_state and to_state need {n} rows")
    if (missing := _missing(origin)).any():
        raise ValueError(f"from_state is missing in {int(missing.sum())} rows")
    moved = ~_missing(target)
    states, code = np.unique(np.concatenate([origin, target[moved]]), return_inverse=True)
    there = np.full(n, -1, dtype=np.int64)
    there[moved] = code[n:]
    return code[:n].astype(np.int64), there, states


def _missing(labels: np.ndarray) -> NDArray[np.bool_]:
    if labels.dtype.kind == "O":
        import pandas as pd

        absent = pd.isna(labels)
        return absent | (np.where(absent, "", labels) == "")
    return labels == "" if labels.dtype.kind in "UT" else np.isnan(labels.astype(np.float64))
