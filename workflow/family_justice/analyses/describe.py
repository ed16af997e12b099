"""Descriptive kinds: ``table_one`` and ``frequency``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import strata
from family_justice.config.kinds import Frequency, TableOne


def table_one(members: pd.DataFrame, analysis: TableOne) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members per level of each variable, within each group."""
    yield from _shares(members, analysis.variables, analysis.group_by)


def frequency(members: pd.DataFrame, analysis: Frequency) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members per level of each variable, within each group."""
    yield from _shares(members, analysis.variables, analysis.group_by)


def _shares(members: pd.DataFrame, variables: list[str], group_by: list[str]) -> Iterator[dict[str, Any]]:
    for variable in variables:
        known = members[members[variable].notna()]
        levels = list(known[variable].cat.categories)
        for group, inside in strata(known, group_by):
            counts = np.bincount(known[variable].cat.codes.to_numpy()[inside], minlength=len(levels))
            total = int(counts.sum())
            for level, count in zip(levels, counts, strict=True):
                yield {
                    "measure": "percent",
                    "group": group,
                    "term": variable,
                    "level": level,
                    "n": int(count),
                    "total": total,
                    "estimate": 100 * int(count) / total,
                }
