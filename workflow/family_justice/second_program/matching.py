"""Matched sets drawn anew, as the stream file and the documentation of exact matching describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design
from family_justice.second_program.refit import NoSecondProgram
from family_justice.second_program.words import NEAREST

if TYPE_CHECKING:
    from family_justice.kinds.matched_cox.model import MatchedCox
    from family_justice.kinds.matched_logistic.model import MatchedLogistic

AFTER = "matched=yes"


def sets(members: pd.DataFrame, analysis: MatchedLogistic | MatchedCox, needed: list[str]) -> pd.Series:
    """Return the number of the set of every member who is in one, by the index of ``members``.

    Among members of whom everything is known, those who agree in all of ``match_on`` are shuffled, first those with the
    treatment, then the others, by numpy's generator from the seed and the rank of their combination of levels; then
    others go to the treated in turn, until each has ``ratio`` or there are none left. Raises ``NoSecondProgram`` for
    nearest-neighbour matching.
    """
    if analysis.nearest_on:
        raise NoSecondProgram(NEAREST)
    used = members[design.complete(members, list(dict.fromkeys([analysis.treatment, *analysis.match_on, *needed])))]
    treated = (used[analysis.treatment] == analysis.treatment_level).to_numpy()
    ranks = [used[name].cat.codes if hasattr(used[name], "cat") else used[name] for name in analysis.match_on]
    key = np.unique(np.column_stack([np.zeros(len(used)), *ranks]), axis=0, return_inverse=True)[1].ravel()
    found: dict[int, int] = {}
    for rank in range(int(key.max()) + 1):
        shuffle = np.random.default_rng([analysis.seed, rank]).permutation
        cases, others = np.flatnonzero((key == rank) & treated), np.flatnonzero((key == rank) & ~treated)
        if not len(cases) or not len(others):
            continue
        cases, others = shuffle(cases), shuffle(others)
        for turn, other in enumerate(others[: len(cases) * analysis.ratio]):
            case = int(cases[turn % len(cases)])
            found[case] = found[int(other)] = case
    places = sorted(found)
    return pd.Series([found[place] for place in places], index=used.index[places])
