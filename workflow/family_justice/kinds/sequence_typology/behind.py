"""Which members are in each cell of the tables of types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import NOT_TO_THE_END
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.sequence_typology.cells import cells
from family_justice.kinds.sequence_typology.model import SequenceTypology
from family_justice.kinds.sequence_typology.types import find_types
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: SequenceTypology, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what each cell and its denominator count, and who was observed to the end, by labels and column."""
    found = find_types(members, analysis, where, compared=False)
    for cell in cells(members, analysis, found):
        labels = ("percent", "", cell.group, cell.term, cell.level)
        yield (*labels, "n"), Counted(cell.inside)
        yield (*labels, "total"), Counted(cell.whole)
    yield ("analysed", "", "", "", "", "n"), Counted(np.flatnonzero(found.whole))
    yield ("left_out", "", "", "", NOT_TO_THE_END, "n"), Counted(np.flatnonzero(~found.whole))
