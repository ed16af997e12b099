"""Rows that follow from the table of their analysis: computed again from the released counts.

Rates rest on released events and times at risk (``times``), robust standard errors (of events that repeat) on the
relative error to two digits. Whatever ``derived.py`` of a kind makes of a table is made of the released one; where that
is not known enough, the row is withheld.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from family_justice.analyses.rates import PER
from family_justice.config.schema import Policy
from family_justice.disclosure.families.times import release_rates
from family_justice.disclosure.result_frame import real, require_present, suppress
from family_justice.disclosure.rounding import is_open
from family_justice.disclosure.sets import Sets
from family_justice.errors import DisclosureError
from family_justice.kinds.registry import KINDS
from family_justice.measures import of_role
from family_justice.results import COUNTS, VALUES

_LABELS = ["measure", "outcome", "group", "term", "level"]


def check_rates(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless every rate has one time at risk that gives it from its events."""
    rates = frame[frame["measure"] == "rate"]
    times = frame[frame["measure"] == "time_at_risk"]
    require_present(rates, ["n", "total"], "rates")
    require_present(times, ["n", "estimate"], "times at risk")
    keys = ["analysis", "outcome", "group"]
    if rates.duplicated(keys).any() or times.duplicated(keys).any() or len(rates) != len(times):
        raise DisclosureError("rates: every group needs one rate and one time at risk")
    both = rates.merge(times, on=keys, suffixes=("", "_time"))
    expected = PER * both["n"].astype(float) / both["estimate_time"]
    if len(both) != len(rates) or ((both["estimate"] - expected).abs() > 1e-6 * expected.abs() + 1e-12).any():
        raise DisclosureError("rates: the estimate of some rows is not events over time at risk")


def release_derived(
    frame: pd.DataFrame,
    rows: pd.Index,
    policy: Policy,
    studied: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    sets: Sets | None = None,
) -> None:
    """Write times at risk, rates and derived rows into ``frame``, whose table rows are released already; ``studied``
    describes the analyses, by name, and ``sets`` knows whom times are of (None: of persons, one a row)."""
    if is_open(policy):
        return
    release_rates(frame, Sets() if sets is None else sets, policy)
    for (analysis, kind), own in frame.loc[rows].groupby(["analysis", "kind"], sort=False):
        of_analysis = frame[frame["analysis"] == analysis]
        table = of_analysis[of_analysis["measure"].isin(["percent", "count", "rate", "time_at_risk"])]
        fresh = {
            tuple(row.get(c, "") for c in _LABELS): row
            for row in _derive(str(kind), table, studied.get(str(analysis), {}))
        }
        for row in own.index[own["measure"].isin(of_role("index"))]:
            if frame.at[row, "measure"] == "standardised_difference" and frame.at[row, "level"] == "":
                # Of a number: a function of everybody's values, not of counts. Two decimals, as readers need.
                frame.at[row, "estimate"] = round(real(frame, row, "estimate"), 2)
                if table.loc[table["term"] == "matching", "status"].eq("suppressed").all():
                    suppress(frame, row, policy)
                continue
            new = fresh.get(tuple(str(frame.at[row, column]) for column in _LABELS))
            if new is None:
                suppress(frame, row, policy)
                continue
            for column in (*VALUES, *COUNTS):
                frame.at[row, column] = new.get(column, math.nan if column in VALUES else pd.NA)
            frame.at[row, "status"], frame.at[row, "note"] = new.get("status", "ok"), new.get("note", "")


def _derive(kind: str, table: pd.DataFrame, about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that follow from the table of a kind."""
    derived = KINDS[kind].derived
    return [] if derived is None else list(derived(table, about))
