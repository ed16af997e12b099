"""Limits of chance and variation between areas, which follow from the table of areas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.analyses.rates import PER, times_at_risk
from family_justice.estimators.groups.funnel import control_limits


def rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
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
        size, total = times_at_risk(table, areas), float(times_at_risk(table, whole)[0])
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
