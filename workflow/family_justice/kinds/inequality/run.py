"""Indices of inequality: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.left_out import NO_VALUE, first_missing, member_rows
from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.analyses.prepare import (
    strata,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.share_run import observe, share_rows
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
    placed = members[analysis.over].isin(levels).to_numpy()
    grouped, ungrouped = first_missing(members[placed], analysis.group_by)
    seen = observe(members[placed][grouped], cohort, analysis, where)
    rows = []
    for group, inside in strata(seen.members, analysis.group_by):
        for level in levels:
            here = inside & (seen.members[analysis.over] == level).to_numpy()
            label = f"{group}; " * bool(group) + f"{analysis.over}={level}"
            time = None if seen.time is None else seen.time[here]
            rows += list(share_rows(analysis, label, seen.event[here], time, seen.name))
    yield from rows
    yield from inequality_rows(tidy(rows), {"exposure": analysis.exposure})
    unplaced = {(analysis.over, NO_VALUE): int((~placed).sum())}
    yield from member_rows(len(members), unplaced, ungrouped, seen.left_out, outcome=seen.name)
