"""Which members are in each cell of a flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.flow.cells import cells
from family_justice.kinds.flow.model import Flow
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: Flow, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what each cell and its denominator count, by labels and column."""
    for cell in cells(members, analysis, where):
        labels = ("percent", "", cell.group, cell.term, cell.level)
        yield (*labels, "n"), Counted(cell.inside)
        yield (*labels, "total"), Counted(cell.whole)
