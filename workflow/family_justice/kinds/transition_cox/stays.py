"""Stays of members in the state that is left, and who made the move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.analyses.design import Design, build_design
from family_justice.analyses.prepare import DAYS_PER_UNIT
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.moves import absorbing_states, find_moves, histories
from family_justice.kinds.transition_cox.model import TransitionCox


@dataclass(frozen=True)
class Stays:
    """m stays of those of the members who were in the state.

    ``there`` are the positions of these members (n,) among all; ``design`` that of the ones with all covariates, whose
    rows are places among ``there``. Of the stays: ``member`` (m,) the place in the design, ``start`` and ``stop`` (m,)
    in the unit of the analysis since time zero, ``event`` (m,) whether the move ended them.
    """

    there: np.ndarray
    design: Design
    member: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    event: np.ndarray

    @property
    def used(self) -> np.ndarray:
        """Positions of the members in the model, among all."""
        return self.there[self.design.rows]

    @property
    def moved(self) -> np.ndarray:
        """Who of the members in the model made the move (n,)."""
        return np.bincount(self.member[self.event], minlength=len(self.design.rows)) > 0


def find_stays(members: pd.DataFrame, analysis: TransitionCox, covariates: dict[str, Covariate], where: str) -> Stays:
    """Return the stays of members in the state that is left."""
    names = list(analysis.states)
    rows = histories(find_moves(members, analysis, where), absorbing_states(analysis))
    inside = rows.from_state == names.index(analysis.origin)
    there = np.unique(rows.member[inside])
    design = build_design(members.iloc[there], analysis.covariates, covariates)
    place = np.full(len(members), -1)
    place[there[design.rows]] = np.arange(len(design.rows))
    kept = inside & (place[rows.member] >= 0)
    unit = DAYS_PER_UNIT[analysis.time_unit]
    event = rows.to_state[kept] == names.index(analysis.target)
    return Stays(there, design, place[rows.member[kept]], rows.start[kept] / unit, rows.stop[kept] / unit, event)


def persons_of(members: pd.DataFrame, cohort: Cohort, stays: Stays) -> np.ndarray:
    """Return the number of the person of each stay (m,)."""
    column = cohort.person_column
    if column is None or column not in members:
        return stays.member
    return np.asarray(pd.factorize(members[column].iloc[stays.used])[0][stays.member])
