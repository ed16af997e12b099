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
) -> StateOccupation:
    """Return the Aalen-Johansen probabilities of n rows at ``times`` (by default at every time of a transition).

    p(t) = p(0) times the product over transition times s <= t of (I + dA(s)), dA_ab = transitions from a to b / persons
    in a just before s. p(0) are the shares of the states among the rows with the earliest start and counts as known.
    Standard errors are the infinitesimal jackknife over persons, as in R's multi-state ``survfit``; they do not assume
    that the past of a person is irrelevant. Cost: one pass over the rows for each of ``times``.

    Raises ``ValueError`` for missing values, start at or after stop, and histories that ``audit_histories`` finds wrong
    (gaps are allowed: the person is not at risk meanwhile).
    """
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

    early = begin == begin.min(initial=np.inf)
    initial = np.bincount(here[early], minlength=size) / max(int(early.sum()), 1)
    before, probability = np.empty((k, size)), np.empty((k, size))
    now = initial
    for j in range(k):
        before[j] = now
        now = probability[j] = now @ steps[j]

    wanted = grid if times is None else np.asarray(times, dtype=np.float64)
    upto = np.searchsorted(grid, wanted, side="right")
    share = before / np.maximum(at_risk, 1)  # what a person in a state weighs
    rows = (person, here, there, moves, place, first, last)
    std_error = _jackknife(upto, labels.size, steps, hazard, share, rows)
    return StateOccupation(states, wanted, np.vstack([initial, probability])[upto], std_error, initial)


def _jackknife(
    upto: Ints, persons: int, steps: Floats, hazard: Floats, share: Floats, rows: tuple[NDArray, ...]
) -> Floats:
    """Return (times, S): standard errors after the first ``upto`` (times,) transition times."""
    person, here, there, moves, place, first, last = rows
    size = steps.shape[1]
    influence, std_error = np.zeros((persons, size)), np.zeros((upto.size, size))
    reached = 0
    for which in np.argsort(upto, kind="stable"):
        until = int(upto[which])
        if until > reached:
            influence = _advance(
                influence, steps[reached:until], hazard[reached:until], share[reached:until],
                (person, here, there, moves, place - reached, first - reached, last - reached),
            )  # fmt: skip
            reached = until
        std_error[which] = np.sqrt(np.add.reduce(influence**2, axis=0))
    return std_error


def _advance(influence: Floats, steps: Floats, hazard: Floats, share: Floats, rows: tuple[NDArray, ...]) -> Floats:
    """Return the influence (persons, S) of each person on p at the end of a block of m transition times.

    What has been so far is carried along by the transitions. A row in state a at time s of the block adds
    share_a(s) (its own transition - the transitions expected of it), carried from s to the end.
    """
    person, here, there, moves, place, first, last = rows
    m, size = len(steps), steps.shape[1]
    onward = np.empty((m + 1, size, size))  # from after each time to the end
    onward[m] = np.eye(size)
    for j in range(m - 1, -1, -1):
        onward[j] = steps[j] @ onward[j + 1]
    after = onward[1:]
    # Expected: sum over b of dA_ab (onward_b - onward_a), for each time and state a.
    expected = np.einsum("jab,jbs->jas", hazard, after) - hazard.sum(axis=2)[:, :, None] * after
    drift = np.concatenate([np.zeros((1, size, size)), np.cumsum(share[:, :, None] * expected, axis=0)])
    low, high = np.clip(first, 0, m), np.clip(last, 0, m)
    carried = influence @ onward[0]
    exposed = np.flatnonzero(low < high)
    change = drift[low[exposed], here[exposed]] - drift[high[exposed], here[exposed]]
    jumped = np.flatnonzero(moves & (place >= 0) & (place < m))
    at = place[jumped]
    own = share[at, here[jumped]][:, None] * (after[at, there[jumped]] - after[at, here[jumped]])
    for s in range(size):
        carried[:, s] += sums_by(person[exposed], change[:, s], len(influence))
        carried[:, s] += sums_by(person[jumped], own[:, s], len(influence))
    return carried


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
