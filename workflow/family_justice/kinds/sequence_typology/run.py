"""Types of careers: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import NOT_TO_THE_END, member_rows
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.sequence_typology.cells import cells
from family_justice.kinds.sequence_typology.derived import rows as mean_times
from family_justice.kinds.sequence_typology.model import TYPE, SequenceTypology, types_name
from family_justice.kinds.sequence_typology.types import find_types
from family_justice.results import tidy


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: SequenceTypology, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield number and percent of members of each type, of states in each type at each shown time, and of levels of
    covariates; the mean time in each state; and how well types hold together."""
    found = find_types(members, analysis, where)
    table = []
    for cell in cells(members, analysis, found):
        n, total = len(cell.inside), len(cell.whole)
        row = {"measure": "percent", "group": cell.group, "term": cell.term, "level": cell.level}
        table.append({**row, "n": n, "total": total, "estimate": 100 * n / total})
    yield from table
    yield from mean_times(tidy(table))
    for number, width in found.silhouettes.items():
        yield {"measure": "silhouette", "term": TYPE, "level": types_name(number), "estimate": width}
    if not np.isnan(found.alike):
        row = {"measure": "adjusted_rand", "term": TYPE, "level": types_name(found.number)}
        yield {**row, "estimate": found.alike}
    yield from member_rows(len(members), {("", NOT_TO_THE_END): int((~found.whole).sum())})
