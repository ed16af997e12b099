"""The mean time in each state of a type, which follows from the shares of states at the times that are shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.model_rows import Rows
from family_justice.kinds.sequence_typology.model import TYPE, time_of


def rows(table: pd.DataFrame, about: Mapping[str, Any] = MappingProxyType({})) -> Rows:
    """Yield for every type the mean time in each state: each share counts for the step that it begins.

    A share that is withheld is taken to lie on a line between its neighbours; where half of them or more are, there is
    no mean time.
    """
    shares = table[table["group"].str.startswith(f"{TYPE}=") & table["term"].str.match(r"time_[\d.]+$")]
    for (group, state), mine in shares.groupby(["group", "level"], sort=False):
        times = np.array([time_of(term) for term in mine["term"]])
        order = np.argsort(times)
        times, part = times[order], mine["estimate"].to_numpy(dtype="float64")[order] / 100
        known = ~np.isnan(part)
        if 2 * known.sum() <= len(part):
            continue
        filled = np.interp(times, times[known], part[known])
        mean = float(filled.sum() * (times[1] - times[0]))
        yield {"measure": "mean_time_in_type", "group": group, "term": state, "estimate": mean}
