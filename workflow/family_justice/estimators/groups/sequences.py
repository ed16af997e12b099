"""How far sequences of states are apart: dynamic Hamming distance and optimal matching.

A sequence is a row of T whole numbers, the states at T equidistant times. Equal sequences stand once, with a weight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, Ints

#: Pairs that optimal matching compares at once: as many as stay in the cache of a processor.
_AT_ONCE = 8_000


def distinct(sequences: ArrayLike) -> tuple[Ints, Ints, Floats]:
    """Return the distinct sequences (m, T) in lexicographic order, which of them each row is (n,), and how often each
    occurs (m,)."""
    values = np.asarray(sequences, dtype=np.int64)
    found, place, times = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    return found, place.reshape(-1), times.astype(np.float64)


def transition_rates(sequences: Ints, weights: Floats, states: int) -> Floats:
    """Return (T - 1, S, S): of those in state a at each time but the last, the share in state b at the next; 0 if
    nobody is in a."""
    steps = sequences.shape[1] - 1
    pairs = np.zeros((steps, states, states))
    for t in range(steps):
        np.add.at(pairs[t], (sequences[:, t], sequences[:, t + 1]), weights)
    return _shares(pairs)


def dynamic_hamming_costs(sequences: Ints, weights: Floats, states: int) -> Floats:
    """Return the costs (T, S, S) of one state for another at each time (Lesnard 2010, Sociol Methods Res 38).

    4 less the rates of moving between the two, either way, in the step before and the step after; at the first and
    the last time the rates of the one step count twice. Never below 0. With these the dynamic Hamming distance is that
    of TraMineR (``seqdist(method = "DHD")``; ``seqcost(method = "TRATE", time.varying = TRUE)``).
    """
    rates = transition_rates(sequences, weights, states)
    both = rates + rates.transpose(0, 2, 1)
    ends = np.concatenate([both[:1], both, both[-1:]])
    costs = np.maximum(4.0 - ends[:-1] - ends[1:], 0.0)
    costs[:, np.arange(states), np.arange(states)] = 0.0
    return costs


def hamming(one: Ints, other: Ints, costs: Floats) -> Floats:
    """Return (n, m): the sum over times of the costs (T, S, S) of the states of one sequence for those of the other."""
    found = np.zeros((len(one), len(other)))
    for t in range(one.shape[1]):
        found += costs[t][one[:, t]][:, other[:, t]]
    return found


def matching_costs(sequences: Ints, weights: Floats, states: int) -> Floats:
    """Return the costs (S, S) of substitution: 2 less the rates of moving between the two states, either way, over all
    times (TraMineR's ``seqcost(method = "TRATE")``)."""
    pairs = np.zeros((states, states))
    for t in range(sequences.shape[1] - 1):
        np.add.at(pairs, (sequences[:, t], sequences[:, t + 1]), weights)
    rates = _shares(pairs)
    costs: Floats = 2.0 - rates - rates.T
    costs[np.arange(states), np.arange(states)] = 0.0
    return costs


def optimal_matching(one: Ints, other: Ints, costs: Floats, indel: float = 1.0) -> Floats:
    """Return (n, m): the least cost of turning one sequence into the other by substitutions (S, S), and insertions and
    deletions at ``indel`` each (Needleman and Wunsch 1970, J Mol Biol 48)."""
    same = one is other
    rows, columns = np.triu_indices(len(one)) if same else np.indices((len(one), len(other))).reshape(2, -1)
    found = np.empty((len(one), len(other)))
    for start in range(0, len(rows), _AT_ONCE):
        first, second = rows[start : start + _AT_ONCE], columns[start : start + _AT_ONCE]
        a, b = one[first].T, other[second].T
        before = np.repeat(indel * np.arange(len(b) + 1, dtype=np.float64)[:, None], len(first), axis=1)
        for i in range(len(a)):
            now = np.empty_like(before)
            now[0] = indel * (i + 1)
            for j in range(len(b)):
                exchanged = before[j] + costs[a[i], b[j]]
                now[j + 1] = np.minimum(np.minimum(before[j + 1], now[j]) + indel, exchanged)
            before = now
        found[first, second] = before[-1]
        if same:
            found[second, first] = before[-1]
    return found


def _shares(pairs: Floats) -> Floats:
    whole = pairs.sum(axis=-1, keepdims=True)
    return np.divide(pairs, whole, out=np.zeros_like(pairs), where=whole > 0)
