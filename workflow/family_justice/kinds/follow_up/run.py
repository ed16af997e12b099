"""For how long the members of a cohort are observed: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import CENSORED, EVENT, follow_up
from family_justice.config.schema import Cohort
from family_justice.estimators.survival import life_table
from family_justice.kinds.families.curve_run import on_grid

#: Steps of the grid on which follow-up is summarised.
STEPS = 40


def summarise_follow_up(members: pd.DataFrame, cohort: Cohort, where: str) -> Iterator[dict[str, Any]]:
    """Yield the reverse Kaplan-Meier curve of a cohort and its median: for how long could an event have been seen?

    ``events`` counts ends of observation, ``censored`` everybody whose event ended it first (Schemper and Smith 1996).
    """
    name = str(cohort.follow_up)
    observed = follow_up(members, cohort.outcomes[name], where)
    curve = life_table.reverse_kaplan_meier(observed.exit, observed.cause != CENSORED)
    step = _round_step(float(observed.exit.max()) / STEPS)
    grid = np.round(np.arange(0, float(observed.exit.max()) + step, step), 10)
    swapped = np.where(observed.cause == CENSORED, EVENT, CENSORED)
    yield from on_grid(curve, observed.exit, swapped, grid, measure="survival", outcome=name, group="")
    yield {
        "measure": "median_follow_up",
        "outcome": name,
        "n": len(observed.exit),
        "events": int((swapped == EVENT).sum()),
        "estimate": life_table.quantile(curve, 0.5),
    }


def _round_step(step: float) -> float:
    """Return the first of 1, 2, 2.5, 5 times a power of ten that is not below ``step``."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= step * (1 - 1e-9)))
