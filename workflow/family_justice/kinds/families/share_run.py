"""Shares and rates of groups: what kinds that compare them have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import LeftOut, first_missing
from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.analyses.prepare import (
    EVENT,
    follow_up,
    require_events,
)
from family_justice.analyses.rates import rate_rows
from family_justice.config.schema import Cohort
from family_justice.errors import AnalysisError
from family_justice.estimators.groups.proportions import wilson
from family_justice.kinds.families.keys import counted


@dataclass(frozen=True)
class Observed:
    """The members whose share or rate is looked at.

    Attributes
    ----------
    event
        (n,) whether a member has the event; of rows that count people, how many have.
    time
        (n,) time at risk of an event in time; None for a share.
    members
        The n members.
    name
        The variable or the outcome.
    left_out
        Members without either, by reason.
    """

    event: np.ndarray
    time: np.ndarray | None
    members: pd.DataFrame
    name: str
    left_out: LeftOut


def observe(members: pd.DataFrame, cohort: Cohort, analysis: Any, where: str) -> Observed:
    """Return who has the event, and for how long they were at risk of it. Raises ``AnalysisError`` if nobody has."""
    if analysis.count:
        answered, left_out = first_missing(members, counted(analysis))
        used = members[answered]
        found = Observed(*counts_of(used, analysis, where), used, analysis.count, left_out)
    elif analysis.outcome is None:
        answered, left_out = first_missing(members, [analysis.variable])
        used = members[answered]
        event = (used[analysis.variable] == analysis.event_level).to_numpy()
        found = Observed(event, None, used, analysis.variable, left_out)
    else:
        seen = follow_up(members, cohort.outcomes[analysis.outcome], where)
        used = members.iloc[seen.rows]
        found = Observed(seen.cause == EVENT, seen.time, used, analysis.outcome, seen.left_out)
    require_events(found.event.sum(), where)
    return found


def counts_of(members: pd.DataFrame, analysis: Any, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the events (n,) and the person-time (n,) of rows that count people. Raises ``AnalysisError`` for numbers
    that cannot be right."""
    count, exposure = (members[name].astype("float64").to_numpy() for name in counted(analysis))
    wrong = int(((count < 0) | (count != np.floor(count))).sum())
    if wrong:
        raise AnalysisError(f"{where}: '{analysis.count}' is no whole number from 0 in {wrong} rows")
    none = int((~(exposure > 0)).sum())
    if none:
        raise AnalysisError(
            f"{where}: '{analysis.exposure}' is not above zero in {none} rows; leave them out in a step"
        )
    return count, exposure


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
