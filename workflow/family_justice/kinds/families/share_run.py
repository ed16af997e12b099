"""Shares and rates of groups: what kinds that compare them have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.analyses.prepare import (
    EVENT,
    follow_up,
)
from family_justice.analyses.rates import rate_rows
from family_justice.config.models import Cohort
from family_justice.estimators.proportions import wilson


def observed(
    members: pd.DataFrame, cohort: Cohort, analysis: Any, where: str
) -> tuple[np.ndarray, np.ndarray | None, pd.DataFrame, str]:
    """Return who has the event, the time at risk if it is an event in time, the members with either, and its name."""
    if analysis.outcome is None:
        used = members[members[analysis.variable].notna()]
        return (used[analysis.variable] == analysis.event_level).to_numpy(), None, used, analysis.variable
    seen = follow_up(members, cohort.outcomes[analysis.outcome], where)
    return seen.cause == EVENT, seen.time, members.iloc[seen.rows], analysis.outcome


def share_rows(analysis: Any, group: str, event: np.ndarray, time: np.ndarray | None, name: str) -> Rows:
    """Yield the percentage of a group with the event, or its rate and time at risk."""
    n, total = int(event.sum()), len(event)
    if time is not None:
        yield from rate_rows({"outcome": name, "group": group}, n, total, float(time.sum()))
        return
    low, high = wilson(n, total)
    yield {
        "measure": "percent", "outcome": name, "group": group, "term": name, "level": analysis.event_level,
        "n": n, "total": total, "estimate": 100 * n / total if total else np.nan,
        "conf_low": 100 * low, "conf_high": 100 * high,
    }  # fmt: skip
