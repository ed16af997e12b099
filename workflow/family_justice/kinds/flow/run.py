"""Where members are at fixed times, and how many go from where to where: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.flow.cells import cells
from family_justice.kinds.flow.model import Flow


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Flow, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members in each state at each time, and for each but the first also of those who
    were in each state at the time before (``at_0=foster`` in ``group``)."""
    for cell in cells(members, analysis, where):
        n, total = len(cell.inside), len(cell.whole)
        row = {"measure": "percent", "group": cell.group, "term": cell.term, "level": cell.level}
        yield {**row, "n": n, "total": total, "estimate": 100 * n / total}
    _, left_out = first_missing(members, analysis.group_by)
    yield from member_rows(len(members), left_out)
