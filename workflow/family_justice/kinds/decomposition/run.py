"""Decomposition of the change of a share: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.model_rows import Rows
from family_justice.analyses.prepare import require_events
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.decomposition.derived import rows as parts
from family_justice.kinds.decomposition.model import Decomposition
from family_justice.kinds.families.share_run import share_rows
from family_justice.results import tidy


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Decomposition, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the share of each group at both levels, and the change with its two parts.

    Raises ``AnalysisError`` if nobody has the event, or nobody one of the levels.
    """
    known, left_out = first_missing(members, [analysis.variable, analysis.compare, analysis.groups])
    used = members[known]
    event = (used[analysis.variable] == analysis.event_level).to_numpy()
    require_events(event.sum(), where)
    levels = [str(level) for level in covariates[analysis.groups].levels or []]
    present = [level for level in levels if (used[analysis.groups] == level).any()]
    table = []
    for side in analysis.between:
        inside = (used[analysis.compare] == side).to_numpy()
        if not inside.any():
            raise AnalysisError(f"{where}.between: nobody has one of the two levels; choose others")
        for level in present:
            here = inside & (used[analysis.groups] == level).to_numpy()
            label = f"{analysis.compare}={side}; {analysis.groups}={level}"
            table += list(share_rows(analysis, label, event[here], None, analysis.variable))
    yield from table
    about = {"between": analysis.between, "compare": analysis.compare}
    yield from parts(tidy(table), about)
    yield from member_rows(len(members), left_out, outcome=analysis.variable)
