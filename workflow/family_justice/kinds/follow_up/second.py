"""Follow-up (reverse Kaplan-Meier) by lifelines: Kaplan-Meier of the time to censoring, and its median.

Whoever has an event on a day is no longer at risk of being censored on it. lifelines has no such convention, so events
are put just before the censorings of their day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from family_justice.kinds.kaplan_meier.second import product_limit
from family_justice.second_program.curves import Steps, on_grid, rows_of
from family_justice.second_program.follow_up import observe
from family_justice.second_program.refit import LIFELINES, Refit, Refits

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate

PROGRAMS = (LIFELINES,)
TOLERANCE = 1e-6  # closed formulas on both sides


def refit(
    members: pd.DataFrame, cohort: Cohort, analysis: Any, covariates: Mapping[str, Covariate], shell: pd.DataFrame
) -> Refits:
    """Yield the curve of follow-up and its median."""
    outcome = str(cohort.follow_up)
    observed = observe(members, cohort.outcomes[outcome])
    seen = observed.event | observed.competing
    days, place = np.unique(observed.stop, return_inverse=True)
    by_place = product_limit(np.where(seen, place + 0.5, place + 1.0), ~seen)
    by_place = by_place[(by_place.index > 0) & (by_place.index == np.floor(by_place.index))]
    times = days[by_place.index.to_numpy().astype(int) - 1]
    curve = Steps(LIFELINES, times, by_place["estimate"].to_numpy(), by_place["error"].to_numpy(), 1.0)
    rows = rows_of(shell, "survival", outcome)
    yield from on_grid(curve, "survival", outcome, "", rows["time"].to_numpy(), observed.per_unit)
    half = np.flatnonzero(curve.values <= 0.5)
    median = float(times[half[0]]) / observed.per_unit if half.size else float("nan")
    yield Refit(LIFELINES, "median_follow_up", outcome, estimate=median)
