"""Agreement of two classifications: computed again from the released table of transitions.

The table itself is a frequency table, of the second classification within the levels of the first, and goes through the
ledger like any other. Observed agreement and kappa are functions of what is shown, so they tell nothing more.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from family_justice.config.models import Policy
from family_justice.disclosure.rounding import is_open, rounded
from family_justice.disclosure.rows import conditions, suppress, text
from family_justice.errors import DisclosureError
from family_justice.estimators.groups.agreement import agreement_rows
from family_justice.results import COUNTS, VALUES

# Rounds of fitting; tables of a few classes need a handful.
_ROUNDS = 50


def release_agreement(frame: pd.DataFrame, rows: pd.Index, policy: Policy) -> None:
    """Write agreement and kappa of the released cells into ``frame``, whose table rows are released already.

    A row is withheld if a cell of the diagonal is, or all cells of a level. Hidden cells off the diagonal are filled in
    from what the released margins leave over (see ``fill``). Raises ``DisclosureError`` if a row has no table to rest
    on.
    """
    if is_open(policy):
        return
    tables: dict[tuple[str, str, str], pd.DataFrame | None] = {}
    for row in rows:
        analysis, group, pair = (text(frame, row, column) for column in ("analysis", "group", "term"))
        if (analysis, group, pair) not in tables:
            tables[analysis, group, pair] = _table(frame, analysis, group, pair)
        table = tables[analysis, group, pair]
        levels = text(frame, row, "level").split(":")
        if table is not None and not set(levels) <= set(table.index):
            raise DisclosureError("agreement: levels are compared that the table of transitions does not have")
        chosen = None if table is None else table.loc[levels, levels].to_numpy()
        if chosen is None or np.isnan(chosen).any():
            suppress(frame, row, policy)
            continue
        measure = frame.at[row, "measure"]
        new = next(found for found in agreement_rows(chosen) if found["measure"] == measure)
        for column in (*VALUES, *COUNTS):
            missing = math.nan if column in VALUES else pd.NA
            frame.at[row, column] = new.get(column, missing)
        frame.at[row, "total"] = int(rounded(new["total"], policy.rounding_base, policy))  # a part of it was filled in
        frame.at[row, "status"], frame.at[row, "note"] = new.get("status", "ok"), new.get("note", "")


def _table(frame: pd.DataFrame, analysis: str, group: str, pair: str) -> pd.DataFrame | None:
    """Return the released table of one group: first classification down, second across; nan where it is not known
    enough. None if the whole group is withheld."""
    first, _, second = pair.partition(":")
    cells = frame[(frame["analysis"] == analysis) & (frame["measure"] == "percent")]
    margin = cells[(cells["group"] == group) & (cells["term"] == first)]
    if margin.empty or set(margin["level"]) != set(
        cells.loc[(cells["group"] == group) & (cells["term"] == second), "level"]
    ):
        raise DisclosureError("agreement: a row has no table of transitions that its numbers could rest on")
    levels = [str(level) for level in margin["level"]]
    if margin["n"].isna().all():
        return None
    table = pd.DataFrame(0.0, index=levels, columns=levels)
    downs = _margin(cells[(cells["group"] == group) & (cells["term"] == second)]).reindex(levels).to_numpy()
    acrosses = np.full(len(levels), math.nan)
    for place, level in enumerate(levels):
        whole = conditions(group) | {(first, level)}
        row = cells[(cells["term"] == second) & (cells["group"].map(conditions) == whole)]
        if row.empty:
            continue  # nobody has the level
        table.loc[level] = _margin(row).reindex(levels).to_numpy()
        total = row["total"].dropna()
        if len(total):
            acrosses[place] = float(total.iloc[0])
    filled = fill(table.to_numpy(), acrosses, downs)
    diagonal = np.eye(len(levels), dtype=bool)
    return pd.DataFrame(np.where(diagonal, table.to_numpy(), filled), index=levels, columns=levels)


def _margin(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(rows["n"].astype("float64").to_numpy(), index=rows["level"].astype(str))


def fill(table: np.ndarray, acrosses: np.ndarray, downs: np.ndarray) -> np.ndarray:
    """Return a table of released counts (K, K) with its hidden cells (nan) filled in from released margins.

    ``acrosses`` and ``downs`` (K,) are the released totals of rows and columns, nan if hidden. A hidden cell holds one
    at least, as zeros are shown. What the margins leave beyond that is spread by iterative proportional fitting
    (Deming and Stephan 1940, Annals of Mathematical Statistics 11); the totals of rows are met. A row without a
    released total stays as it is.
    """
    hidden = np.isnan(table) & ~np.isnan(acrosses)[:, None]
    visible = np.where(np.isnan(table), 0.0, table)
    left = np.maximum(acrosses - visible.sum(axis=1) - hidden.sum(axis=1), 0)
    below = np.maximum(downs - visible.sum(axis=0) - np.isnan(table).sum(axis=0), 0)
    spread = hidden.astype(float)
    for _ in range(_ROUNDS):
        for target, axis in ((below, 0), (left, 1)):
            sums = spread.sum(axis=axis)
            factor = np.where(np.isnan(target) | (sums == 0), 1.0, target / np.where(sums == 0, 1.0, sums))
            spread = spread * (factor[None, :] if axis == 0 else factor[:, None])
    # A row all of whose columns have nothing left keeps its rest all the same.
    stuck = hidden.any(axis=1) & (spread.sum(axis=1) == 0)
    spread[stuck] = (hidden / np.maximum(hidden.sum(axis=1, keepdims=True), 1) * np.nan_to_num(left)[:, None])[stuck]
    return np.where(hidden, 1 + spread, table)
