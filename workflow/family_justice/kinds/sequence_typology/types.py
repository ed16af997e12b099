"""The type of each member: sequences of states, their distances, and clusters of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import DAYS_PER_UNIT
from family_justice.errors import AnalysisError
from family_justice.estimators.groups.clusters import adjusted_rand, cut, silhouette, ward
from family_justice.estimators.groups.sequences import (
    distinct,
    dynamic_hamming_costs,
    hamming,
    matching_costs,
    optimal_matching,
)
from family_justice.estimators.parts.arrays import Floats, Ints
from family_justice.kinds.families.moves import absorbing_states, find_moves, states_at
from family_justice.kinds.sequence_typology.model import SequenceTypology

#: Sequences that were not drawn are assigned so many at once.
_AT_ONCE = 500


@dataclass(frozen=True)
class Types:
    """Types of n members.

    ``whole`` (n,) says who is observed to the end; ``states`` (n, T) are the states of all; ``type`` (n,) is the rank
    of the type by size, from 1, and 0 for members not observed to the end. ``silhouettes`` has the average silhouette
    width by number of types, ``number`` is the one that was taken, and ``alike`` the adjusted Rand index with the types
    by the other distance, nan if it was not asked for.
    """

    whole: np.ndarray
    states: Ints
    type: Ints
    silhouettes: dict[int, float]
    number: int
    alike: float


def find_types(members: pd.DataFrame, analysis: SequenceTypology, where: str, compared: bool = True) -> Types:
    """Return the types of members; ``compared``: with those by the other distance, if these are asked for.

    Whoever is in a state that nobody leaves is observed to the end whatever becomes of observation. Raises
    ``AnalysisError`` if there are not more distinct sequences than types.
    """
    scale = DAYS_PER_UNIT[analysis.time_unit]
    moves, absorbing = find_moves(members, analysis, where), absorbing_states(analysis)
    states = states_at(moves, np.array([*analysis.times, analysis.until]) * scale, absorbing)
    whole = states[:, -1] >= 0
    sequences, place, weights = distinct(states[whole, :-1])
    if len(sequences) <= analysis.numbers[-1]:
        raise AnalysisError(
            f"{where}: there are not more different careers among members observed for {analysis.until:g} "
            f"{analysis.time_unit} than types. Ask for fewer 'clusters', or for a shorter 'until'"
        )
    found = _clusters(sequences, weights, analysis, compared)
    labels, silhouettes, number, alike = found
    sizes = np.bincount(labels, weights=weights)
    # By size, then by the first sequence of a type: the same whatever the order of members.
    first = np.array([np.flatnonzero(labels == label)[0] for label in range(number)])
    rank = np.empty(number, dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(1, number + 1)
    type_ = np.zeros(len(members), dtype=np.int64)
    type_[whole] = rank[labels][place]
    return Types(whole, states[:, :-1], type_, silhouettes, number, alike)


def _clusters(
    sequences: Ints, weights: Floats, analysis: SequenceTypology, compared: bool
) -> tuple[Ints, dict[int, float], int, float]:
    """Return the cluster of each distinct sequence, silhouettes, the number of clusters, and how alike others are."""
    drawn = np.arange(len(sequences))
    if len(sequences) > analysis.largest:
        rng = np.random.default_rng(analysis.seed)
        chosen = rng.choice(len(sequences), analysis.largest, replace=False, p=weights / weights.sum())
        drawn = np.sort(chosen)
    size = len(analysis.states)
    costs = {
        "dynamic_hamming": dynamic_hamming_costs(sequences, weights, size),
        "optimal_matching": matching_costs(sequences, weights, size),
    }

    def distances(one: Ints, other: Ints, name: str) -> Floats:
        compare = hamming if name == "dynamic_hamming" else optimal_matching
        return compare(one, other, costs[name])

    some, heavy = sequences[drawn], weights[drawn]
    between = distances(some, some, analysis.distance)
    merges, _ = ward(between, heavy)
    silhouettes = {k: silhouette(between, heavy, cut(merges, k)) for k in analysis.numbers}
    # The smallest number of the best, up to what rounding of sums may do.
    number = next(k for k in silhouettes if silhouettes[k] >= max(silhouettes.values()) - 1e-12)
    labels = np.empty(len(sequences), dtype=np.int64)
    labels[drawn] = cut(merges, number)
    alike = float("nan")
    if compared and analysis.sensitivity:
        (other,) = (name for name in costs if name != analysis.distance)
        others = cut(ward(distances(some, some, other), heavy)[0], number)
        alike = adjusted_rand(labels[drawn], others, heavy)
    inside = np.zeros((len(drawn), number))
    inside[np.arange(len(drawn)), labels[drawn]] = heavy
    rest = np.setdiff1d(np.arange(len(sequences)), drawn)
    for start in range(0, len(rest), _AT_ONCE):
        these = rest[start : start + _AT_ONCE]
        means = distances(sequences[these], some, analysis.distance) @ inside / inside.sum(axis=0)
        labels[these] = means.argmin(axis=1)
    return labels, silhouettes, number, alike


def members_of(found: Types) -> list[tuple[int, np.ndarray]]:
    """Return each type and who is of it (n,)."""
    return [(number, found.type == number) for number in range(1, found.number + 1)]
