"""The members in each cell of a flow: in a state at a time, of all or of those in a state at the time before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import DAYS_PER_UNIT, strata
from family_justice.kinds.families.moves import absorbing_states, find_moves, states_at
from family_justice.kinds.flow.model import UNSEEN, Flow, place


class Cell(NamedTuple):
    """Labels of a cell, the positions of the members inside, and of those of whom they are a share."""

    group: str
    term: str
    level: str
    inside: np.ndarray
    whole: np.ndarray


def cells(members: pd.DataFrame, analysis: Flow, where: str) -> Iterator[Cell]:
    """Yield the cells in the order of groups, times, states before and states."""
    days = np.array(analysis.times) * DAYS_PER_UNIT[analysis.time_unit]
    found = states_at(find_moves(members, analysis, where), days, absorbing_states(analysis))
    names = [*analysis.states, UNSEEN]  # the last is also number -1
    for group, inside in strata(members, analysis.group_by):
        for number, time in enumerate(analysis.times):
            before: list[tuple[str, np.ndarray]] = [(group, inside)]
            for s, name in enumerate(names if number else []):
                was = inside & (found[:, number - 1] == (s if name != UNSEEN else -1))
                label = f"{place(analysis.times[number - 1])}={name}"
                before += [(f"{group}; {label}" if group else label, was)] if was.any() else []
            for label, whole in before:
                for s, name in enumerate(names):
                    at = whole & (found[:, number] == (s if name != UNSEEN else -1))
                    yield Cell(label, place(time), name, np.flatnonzero(at), np.flatnonzero(whole))
