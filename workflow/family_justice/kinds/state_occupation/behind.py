"""Which members make a move between two states, and whose observation ends in a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from family_justice.analyses.prepare import DAYS_PER_UNIT, strata
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.moves import find_moves
from family_justice.kinds.families.states import START
from family_justice.kinds.state_occupation.model import StateOccupation
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: StateOccupation, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what the moves, and the ends of observation in each state, count, by labels and column."""
    import numpy as np

    moves = find_moves(members, analysis, where)
    scale = DAYS_PER_UNIT[analysis.time_unit]
    names = list(analysis.states)
    for group, inside in strata(members, analysis.group_by):
        for s, name in enumerate(names if analysis.spells else []):
            at = np.flatnonzero(inside & (moves.begin == s))
            labels = ("transitions", "", group, f"{START}:{name}", "", "events")
            yield labels, Counted(at, np.zeros(len(at)))
        mine = inside[moves.member]
        for a, b in sorted(set(zip(moves.origin.tolist(), moves.target.tolist(), strict=True))):
            at = np.flatnonzero(mine & (moves.origin == a) & (moves.target == b))
            labels = ("transitions", "", group, f"{names[a]}:{names[b]}", "", "events")
            yield labels, Counted(moves.member[at], moves.day[at] / scale)
        for s, name in enumerate(names):
            at = np.flatnonzero(inside & (moves.final == s))
            yield ("state_probability", "", group, name, "", "censored"), Counted(at, moves.end[at] / scale)
