"""Descriptive kinds: ``table_one``, ``frequency`` and ``agreement``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import strata
from family_justice.config.kinds import Agreement, Frequency, TableOne
from family_justice.estimators.groups.agreement import agreement_rows, transition_table


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
                row = {"measure": "percent", "group": group, "term": variable, "level": level, "n": int(count)}
                if total:
                    yield {**row, "total": total, "estimate": 100 * int(count) / total}
                else:
                    note = "nobody has a level of the variable"
                    yield {**row, "total": total, "status": "not estimable", "note": note}


def agreement(members: pd.DataFrame, analysis: Agreement) -> Iterator[dict[str, Any]]:
    """Yield the shares of each classification, the second one within the first, and how well they agree.

    Members without a level of one of them are left out. In every group the rows are: percent of ``first``; percent of
    ``second``; percent of ``second`` among those with a level of ``first`` (in ``group``); agreement and kappa of all
    levels, then of the levels that are an answer, with the levels compared in ``level``.
    """
    first, second = analysis.first, analysis.second
    known = members[members[first].notna() & members[second].notna()]
    yield from _shares(known, [first, second], analysis.group_by)
    yield from _shares(known, [second], [*analysis.group_by, first])
    levels = [str(level) for level in known[first].cat.categories]
    answers = [level for level in levels if level not in analysis.unknown]
    for group, inside in strata(known, analysis.group_by):
        table, _ = transition_table(known[first][inside], known[second][inside], levels)
        for among in [levels, answers] if analysis.unknown else [levels]:
            at = [levels.index(level) for level in among]
            labels = {"group": group, "term": f"{first}:{second}", "level": ":".join(among)}
            yield from ({**labels, **row} for row in agreement_rows(table[np.ix_(at, at)]))
