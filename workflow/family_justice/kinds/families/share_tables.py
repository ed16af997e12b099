"""Numbers and percentages of levels within groups: what tables of shares have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import NO_VALUE
from family_justice.analyses.prepare import strata
from family_justice.estimators.groups.proportions import wilson


def level_shares(members: pd.DataFrame, variables: list[str], group_by: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members per level of each variable, within each group.

    Percentages have Wilson's 95% limits where every row is another person; rows of one person are alike.
    """
    alone = bool(members.attrs.get("one_row_each"))
    for variable in variables:
        known = members[members[variable].notna()]
        levels = list(known[variable].cat.categories)
        for group, inside in strata(known, group_by):
            counts = np.bincount(known[variable].cat.codes.to_numpy()[inside], minlength=len(levels))
            total = int(counts.sum())
            for level, count in zip(levels, counts, strict=True):
                row = {"measure": "percent", "group": group, "term": variable, "level": level, "n": int(count)}
                if total:
                    low, high = wilson(int(count), total) if alone else (np.nan, np.nan)
                    limits = {"conf_low": 100 * low, "conf_high": 100 * high}
                    yield {**row, "total": total, "estimate": 100 * int(count) / total, **limits}
                else:
                    note = "nobody has a level of the variable"
                    yield {**row, "total": total, "status": "not estimable", "note": note}


def variable_rows(members: pd.DataFrame, variables: list[str], group: str = "") -> Iterator[dict[str, Any]]:
    """Yield the number of members, and for each variable how many have no value: each variable leaves out its own."""
    yield {"measure": "members", "group": group, "n": len(members)}
    for variable in variables:
        lacking = int(members[variable].isna().sum())
        if lacking:
            yield {"measure": "left_out", "group": group, "term": variable, "level": NO_VALUE, "n": lacking}
