"""Rows that are functions of the counts of a table: disclosure control computes them again from released counts.

Each function takes the table rows of one analysis, in order, and yields further rows. With exact counts these are the
exact answers; with released counts they tell nothing that the released counts do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.rows import estimate_row
from family_justice.estimators.groups.funnel import control_limits
from family_justice.estimators.groups.inequality import grouped_inequality

Rows = Iterator[dict[str, Any]]

#: Rates are per so many units of time at risk.
PER = 1000.0


def rate_rows(row: dict[str, Any], events: int, persons: int, time: float) -> Rows:
    """Yield the rate of a group per ``PER`` units of time at risk, and that time."""
    rate = PER * events / time if time > 0 else math.nan
    low, high = rate_limits(events, time)
    yield {
        **row, "measure": "rate", "n": events, "total": persons, "estimate": rate, "conf_low": low, "conf_high": high,
    }  # fmt: skip
    yield {**row, "measure": "time_at_risk", "n": persons, "estimate": time}


def rate_limits(events: float, time: float) -> tuple[float, float]:
    """Return the exact 95% limits of a rate per ``PER`` units (Garwood 1936), nan without time at risk."""
    from scipy.special import chdtri

    if not time > 0:
        return math.nan, math.nan
    low = float(chdtri(2 * events, 0.975)) / 2 if events else 0.0
    return PER * low / time, PER * float(chdtri(2 * events + 2, 0.025)) / 2 / time


def inequality_rows(table: pd.DataFrame) -> Rows:
    """Yield slope and relative index of every group of a table of shares or rates, whose last grouping column are the
    ordered groups, best off first. Both compare the worst off end with the best off end."""
    shares = table[table["measure"].isin(["percent", "rate"])]
    outer = [label.rpartition("; ")[0] for label in shares["group"]]
    for group in dict.fromkeys(outer):
        rows = shares[np.array([label == group for label in outer])]
        term = str(rows["group"].iloc[0]).rpartition("; ")[2].partition("=")[0]
        row = {"outcome": rows["outcome"].iloc[0], "group": group, "term": term}
        if rows[["n", "total"]].isna().any(axis=None):
            continue
        time = _times(table, rows) if (rows["measure"] == "rate").any() else None
        events, persons = (rows[column].to_numpy(dtype="float64") for column in ("n", "total"))
        found = grouped_inequality(events, persons, time)
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


def _times(table: pd.DataFrame, rates: pd.DataFrame) -> np.ndarray:
    """Return the time at risk of every row of rates."""
    times = table[table["measure"] == "time_at_risk"].set_index(["outcome", "group"])["estimate"]
    return np.array([float(times[key]) for key in zip(rates["outcome"], rates["group"], strict=True)])


def funnel_rows(table: pd.DataFrame) -> Rows:
    """Yield for every area the limits between which 95% and 99.8% of such areas lie if all have the share (or rate) of
    everybody and nothing but chance is at work (``control_limits``, which see for small areas), and by how much areas
    vary more than that: the mean squared z score, the outermost tenths drawn in (winsorised)."""
    shares = table[table["measure"].isin(["percent", "rate"])]
    whole = shares[shares["group"] == ""]
    areas = shares[(shares["group"] != "") & shares["n"].notna() & shares["total"].notna()]
    if whole.empty or whole[["n", "total"]].isna().any(axis=None) or areas.empty:
        return
    rates = bool((shares["measure"] == "rate").any())
    events, size = (areas[column].to_numpy(dtype="float64") for column in ("n", "total"))
    n, total = float(whole["n"].iloc[0]), float(whole["total"].iloc[0])
    if rates:
        size, total = _times(table, areas), float(_times(table, whole)[0])
    there = size > 0  # an area without time at risk has no rate, and chance no limits for it
    areas, events, size = areas[there], events[there], size[there]
    if not total > 0 or areas.empty:
        return
    mean, scale = n / total, PER if rates else 100.0
    label = {"outcome": whole["outcome"].iloc[0], "term": whole["term"].iloc[0], "level": whole["level"].iloc[0]}
    for measure, level in (("control_limits_95", 0.95), ("control_limits_998", 0.998)):
        limits = control_limits(mean * size, level, size, "poisson" if rates else "binomial") / size
        for group, low, high in zip(areas["group"], *limits, strict=True):
            ends = {"conf_low": scale * low, "conf_high": scale * (high if rates else min(high, 1.0))}
            yield {**label, "group": group, "measure": measure, **ends}
    spread = mean if rates else mean * (1 - mean)
    row = {**label, "measure": "overdispersion"}
    if spread > 0:
        z = (events / size - mean) / np.sqrt(spread / size)
        factor = float(np.mean(np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2))
        more = factor > 1 + 2 * math.sqrt(2 / len(z))
        yield {**row, "estimate": factor, "note": "areas vary more than chance makes them" if more else ""}
    else:
        yield {**row, "status": "not estimable", "note": "all members are alike"}


def balance_rows(table: pd.DataFrame) -> Rows:
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


#: The rows that follow from the table of an analysis of each kind, and their measures.
DERIVED: Mapping[str, Callable[[pd.DataFrame], Rows]] = {
    "inequality": inequality_rows,
    "funnel": funnel_rows,
    "matched_logistic": balance_rows,
    "matched_cox": balance_rows,
}
MEASURES = {"slope_index", "log_relative_index", "standardised_difference"} | {
    "control_limits_95",
    "control_limits_998",
    "overdispersion",
}
