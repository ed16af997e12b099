"""Indices of inequality: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.analyses.prepare import (
    require_events,
    strata,
)
from family_justice.config.models import Cohort, Covariate
from family_justice.kinds.families.share_run import observed, share_rows
from family_justice.kinds.inequality.derived import rows as inequality_rows
from family_justice.kinds.inequality.model import Inequality
from family_justice.results import tidy


def run(
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
