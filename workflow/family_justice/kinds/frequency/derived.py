"""The trend of each share over the axis, which follows from the table of shares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from family_justice.analyses.model_rows import Rows, estimate_row
from family_justice.estimators.groups.trend import share_trend


def rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
    """Yield for every level of every variable its change from one group of the axis (the first of the grouping columns)
    to the next, within each of the other groups; none where a count of the axis is withheld."""
    shares = table[table["measure"] == "percent"]
    others = shares["group"].map(lambda label: str(label).partition("; ")[2])
    for (group, term, level), mine in shares.groupby([others, "term", "level"], sort=False):
        if mine[["n", "total"]].isna().any(axis=None):
            continue
        found = share_trend(mine["n"].to_numpy(dtype="float64"), mine["total"].to_numpy(dtype="float64"))
        row = {"group": group, "term": term, "level": level}
        if found.reason:
            yield {**row, "measure": "trend", "status": "not estimable", "note": found.reason}
        else:
            yield {**row, **estimate_row("trend", 100 * found.slope, 100 * found.std_error)}
