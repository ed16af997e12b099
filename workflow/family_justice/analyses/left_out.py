"""Whom an analysis leaves out, and why: every analysis says so, and tables say "n of N".

A member who lacks several things is counted once, under the first: as in the steps of a cohort, the counts add up to
everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

#: Reasons, as levels of result rows. ``NO_VALUE`` names the covariate in ``term``.
NOT_YET_OBSERVED, NO_TIME_AT_RISK, NO_VALUE = "not yet observed", "no time at risk", "no value"
NOT_TO_THE_END = "not observed to the end"
REASONS = (NOT_YET_OBSERVED, NO_TIME_AT_RISK, NO_VALUE, NOT_TO_THE_END)

#: Number of members by covariate (empty for none) and reason.
LeftOut = Mapping[tuple[str, str], int]


def first_missing(members: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, dict[tuple[str, str], int]]:
    """Return who has a value of every name (n,), and how many of the others lack each, the first that they lack."""
    known = np.ones(len(members), dtype=bool)
    left: dict[tuple[str, str], int] = {}
    for name in dict.fromkeys(names):
        lacking = known & members[name].isna().to_numpy()
        if lacking.any():
            left[name, NO_VALUE] = int(lacking.sum())
        known &= ~lacking
    return known, left


def member_rows(everybody: int, *parts: LeftOut, outcome: str = "") -> Iterator[dict[str, Any]]:
    """Yield how many members an analysis of an outcome is about, how many it uses, and the others by reason."""
    left: dict[tuple[str, str], int] = {}
    for part in parts:
        for key, n in part.items():
            left[key] = left.get(key, 0) + n
    yield {"measure": "members", "outcome": outcome, "term": "", "n": everybody}
    yield {"measure": "analysed", "outcome": outcome, "term": "", "n": everybody - sum(left.values())}
    for (name, reason), n in left.items():
        if n:
            yield {"measure": "left_out", "outcome": outcome, "term": name, "level": reason, "n": n}
