"""The change of a share and its two parts, which follow from the table of shares by group and period."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from family_justice.analyses.model_rows import Rows, estimate_row
from family_justice.estimators.groups.decomposition import decompose
from family_justice.kinds.decomposition.model import CHANGE, COMPOSITION, WITHIN


def rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
    """Yield the change in percentage points, the part of composition and that within groups; nothing where a count of a
    group is not known. ``about`` names the two levels (``between``) of ``compare``."""
    shares = table[table["measure"] == "percent"]
    if shares.empty or shares[["n", "total"]].isna().any(axis=None):
        return
    sides = []
    for level in about["between"]:
        own = shares[shares["group"].str.startswith(f"{about['compare']}={level}; ")]
        sides.append((own["n"].to_numpy(dtype="float64"), own["total"].to_numpy(dtype="float64")))
    found = decompose(*sides[0], *sides[1])
    row = {"outcome": shares["outcome"].iloc[0]}
    for term, value, error in zip((CHANGE, COMPOSITION, WITHIN), found.parts, found.std_errors, strict=True):
        yield {**row, "term": term, **estimate_row("share_difference", 100 * value, 100 * error)}
