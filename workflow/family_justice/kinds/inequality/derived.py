"""Indices of inequality, which follow from the table of shares or rates."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.model_rows import (
    Rows,
    estimate_row,
)
from family_justice.analyses.rates import PER, times_at_risk
from family_justice.estimators.groups.inequality import concentration, grouped_inequality


def rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
    """Yield the indices of every group of a table of shares or rates, whose last grouping column are ordered groups,
    best off first. Slope and relative index compare the worst off end with the best off end; ``about`` names the
    exposure of rows that count people."""
    shares = table[table["measure"].isin(["percent", "rate"])]
    outer = [label.rpartition("; ")[0] for label in shares["group"]]
    for group in dict.fromkeys(outer):
        part = shares[np.array([label == group for label in outer])]
        term = str(part["group"].iloc[0]).rpartition("; ")[2].partition("=")[0]
        row = {"outcome": part["outcome"].iloc[0], "group": group, "term": term}
        if part[["n", "total"]].isna().any(axis=None):
            continue
        time = times_at_risk(table, part) if (part["measure"] == "rate").any() else None
        events, persons = (part[column].to_numpy(dtype="float64") for column in ("n", "total"))
        # Of areas it is the people in them who are ranked.
        found = grouped_inequality(events, time if time is not None and about.get("exposure") else persons, time)
        row |= {"n": int(persons.sum()), "events": int(events.sum())}
        scale = 100.0 if time is None else PER
        for measure, value, error in (
            ("slope_index", scale * found.slope, scale * found.slope_std_error),
            ("log_relative_index", found.log_relative, found.log_relative_std_error),
        ):
            if found.reason:
                yield {**row, "measure": measure, "status": "not estimable", "note": found.reason}
            else:
                yield {**row, **estimate_row(measure, value, error)}
        where = concentration(events, persons if time is None else time, poisson=time is not None)
        if found.reason:
            yield {**row, "measure": "concentration_index", "status": "not estimable", "note": found.reason}
        else:
            yield {**row, **estimate_row("concentration_index", where.index, where.std_error)}
