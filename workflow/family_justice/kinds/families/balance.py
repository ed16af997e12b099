"""Standardised differences before and after matching, which follow from the tables of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from family_justice.analyses.model_rows import (
    Rows,
)


def balance_rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
    """Yield the standardised difference of every level between treated members and comparisons, before matching and
    after (group ``matched=yes``): the difference of shares over sqrt((p q + p' q')/2) of the shares before (Austin
    2009), so that only the shares can improve. After matching every set counts once, as for numbers
    (``matching.balance``): the table holds weighted numbers of comparisons, in whole sets."""
    shares = table[(table["measure"] == "percent") & (table["term"] != "matching")]
    sides = [label.rpartition("; ") for label in shares["group"]]
    order = list(dict.fromkeys(side for _, _, side in sides))
    if len(order) != 2:
        return
    share = {
        (when, side, term, level): float(n) / float(total) if pd.notna(n) and pd.notna(total) and total else math.nan
        for (when, _, side), term, level, n, total in zip(
            sides, shares["term"], shares["level"], shares["n"], shares["total"], strict=True
        )
    }
    for when in dict.fromkeys(when for when, _, _ in sides):
        for term, level in dict.fromkeys(zip(shares["term"], shares["level"], strict=True)):
            before = [share[("", side, term, level)] for side in order]
            now = [share[(when, side, term, level)] for side in order]
            if math.isnan(sum(before) + sum(now)):
                continue
            unit = math.sqrt(sum(p * (1 - p) for p in before) / 2)
            row = {"measure": "standardised_difference", "group": when, "term": term, "level": level}
            if unit > 0:
                yield {**row, "estimate": (now[0] - now[1]) / unit}
            else:
                # Also where every treated member has the level and no comparison: then they could not differ more.
                yield {**row, "status": "not estimable", "note": "the members of each side are all alike"}
