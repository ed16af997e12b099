"""Numbers and percentages of levels within groups: what tables of shares have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import strata


def level_shares(members: pd.DataFrame, variables: list[str], group_by: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members per level of each variable, within each group."""
    for variable in variables:
        known = members[members[variable].notna()]
        levels = list(known[variable].cat.categories)
        for group, inside in strata(known, group_by):
            counts = np.bincount(known[variable].cat.codes.to_numpy()[inside], minlength=len(levels))
            total = int(counts.sum())
            for level, count in zip(levels, counts, strict=True):
                row = {"measure": "percent", "group": group, "term": variable, "level": level, "n": int(count)}
                if total:
                    yield {**row, "total": total, "estimate": 100 * int(count) / total}
                else:
                    note = "nobody has a level of the variable"
                    yield {**row, "total": total, "status": "not estimable", "note": note}
