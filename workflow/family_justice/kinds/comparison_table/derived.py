"""Differences, ratios and tests, which follow from the table of shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from family_justice.analyses.model_rows import Rows, estimate_row
from family_justice.estimators.groups.two_groups import (
    chi_squared,
    log_prevalence_ratio,
    share_difference,
    standardised_difference,
)

ALIKE = "the members of each side are all alike"
NOBODY = "nobody on one side has it"


def rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
    """Yield, for each variable of a table of shares, the differences and ratios of its levels between the first and
    the second group of the last grouping column, and the test of the variable. What rests on a withheld number is not
    there."""
    shares = table[table["measure"] == "percent"]
    sides = [label.rpartition("; ") for label in shares["group"]]
    order = list(dict.fromkeys(side for *_, side in sides))
    if len(order) != 2:
        return
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for (outer, _, side), row in zip(sides, shares.to_dict("records"), strict=True):
        found.setdefault((outer, str(row["term"])), {}).setdefault(str(row["level"]), {})[side] = row
    # The order of the levels of the comparison is that in which they stand in any stratum.
    for (outer, term), levels in found.items():
        yield from _of_variable(outer, term, levels, order)


def _of_variable(outer: str, term: str, levels: dict[str, dict[str, dict[str, Any]]], order: list[str]) -> Rows:
    counts: list[list[int]] = []
    for level, by_side in levels.items():
        numbers = [by_side.get(side, {}).get(column) for side in order for column in ("n", "total")]
        if any(pd.isna(number) for number in numbers) or not (numbers[1] and numbers[3]):
            continue
        a, n, b, m = (int(number) for number in numbers)  # type: ignore[arg-type]
        counts.append([a, b])
        row = {"group": outer, "term": term, "level": level}
        apart = standardised_difference(a / n, b / m)
        if math.isnan(apart):
            yield {**row, "measure": "standardised_difference", "status": "not estimable", "note": ALIKE}
        else:
            yield {**row, "measure": "standardised_difference", "estimate": apart}
        for measure, scale, (value, error), note in (
            ("share_difference", 100.0, share_difference(a, n, b, m), ALIKE),
            ("log_prevalence_ratio", 1.0, log_prevalence_ratio(a, n, b, m), NOBODY),
        ):
            if math.isnan(value) or not error > 0:
                yield {**row, "measure": measure, "status": "not estimable", "note": note if value else ALIKE}
            else:
                yield {**row, **estimate_row(measure, scale * value, scale * error)}
    row = {"group": outer, "term": term, "measure": "chi_squared_test"}
    if len(counts) == len(levels):
        test = chi_squared(counts)
        if test.df:
            yield {**row, "statistic": test.statistic, "df": test.df, "p_value": test.p_value}
        else:
            yield {**row, "status": "not estimable", "note": ALIKE}
