"""Kinds that compare shares or rates of groups: ``inequality`` and ``funnel``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.derived import Rows, funnel_rows, inequality_rows, rate_rows
from family_justice.analyses.prepare import EVENT, follow_up, require_events, strata
from family_justice.config.kinds import Funnel, Inequality
from family_justice.config.models import Cohort, Covariate
from family_justice.estimators.groups.proportions import wilson
from family_justice.results import tidy


def inequality(
    members: pd.DataFrame, cohort: Cohort, analysis: Inequality, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the share (or rate) of every level of ``over``, best off first, and the two indices of inequality.

    Members whose level is the covariate's ``missing`` one are left out.
    """
    over = covariates[analysis.over]
    levels = [level for level in over.levels or [] if level != over.missing]
    if analysis.worst_off == "first":
        levels.reverse()
    used = members[members[analysis.over].isin(levels)]
    event, time, used, name = observed(used, cohort, analysis, where)
    require_events(event.sum(), where)
    rows = []
    for group, inside in strata(used, analysis.group_by):
        for level in levels:
            here = inside & (used[analysis.over] == level).to_numpy()
            label = f"{group}; " * bool(group) + f"{analysis.over}={level}"
            rows += list(share_rows(analysis, label, event[here], None if time is None else time[here], name))
    yield from rows
    yield from inequality_rows(tidy(rows))


def funnel(
    members: pd.DataFrame, cohort: Cohort, analysis: Funnel, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the share (or rate) of everybody and of every area, with the limits of chance."""
    event, time, used, name = observed(members[members[analysis.area].notna()], cohort, analysis, where)
    require_events(event.sum(), where)
    everybody = ("", np.ones(len(used), dtype=bool))
    rows = []
    for label, inside in [everybody, *strata(used, [analysis.area])]:
        rows += [
            {key: value for key, value in row.items() if not key.startswith("conf_")}
            for row in share_rows(analysis, label, event[inside], None if time is None else time[inside], name)
        ]
    yield from rows
    yield from funnel_rows(tidy(rows))


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
