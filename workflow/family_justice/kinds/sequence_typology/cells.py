"""The members in each cell of the tables of types: sizes, states at times, levels of covariates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from family_justice.kinds.sequence_typology.model import TYPE, SequenceTypology, step_name, type_name
from family_justice.kinds.sequence_typology.types import Types, members_of


class Cell(NamedTuple):
    """Labels of a cell, the positions of the members inside, and of those of whom they are a share."""

    group: str
    term: str
    level: str
    inside: np.ndarray
    whole: np.ndarray


def cells(members: pd.DataFrame, analysis: SequenceTypology, found: Types) -> Iterator[Cell]:
    """Yield the sizes of the types; of each the states at each time that is shown; and of each, and of all, the levels
    of covariates."""
    everybody = np.flatnonzero(found.whole)
    types = members_of(found)
    for number, mine in types:
        yield Cell("", TYPE, type_name(number), np.flatnonzero(mine), everybody)
    for number, mine in types:
        for time in analysis.shown:
            at = found.states[:, analysis.times.index(time)]
            for s, name in enumerate(analysis.states):
                label = f"{TYPE}={type_name(number)}"
                yield Cell(label, step_name(time), name, np.flatnonzero(mine & (at == s)), np.flatnonzero(mine))
    groups = [("", found.whole), *((f"{TYPE}={type_name(number)}", mine) for number, mine in types)]
    for variable in analysis.variables:
        values = members[variable]
        for label, mine in groups:
            known = mine & values.notna().to_numpy()
            for level in values.cat.categories if known.any() else []:
                here = known & (values == level).to_numpy(dtype=bool)
                yield Cell(label, variable, str(level), np.flatnonzero(here), np.flatnonzero(known))
