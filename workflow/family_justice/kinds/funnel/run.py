"""Shares or rates of areas: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.analyses.prepare import (
    strata,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.share_run import observe, share_rows
from family_justice.kinds.funnel.derived import rows as funnel_rows
from family_justice.kinds.funnel.model import Funnel
from family_justice.results import tidy


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Funnel, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the share (or rate) of everybody and of every area, with the limits of chance."""
    placed, unplaced = first_missing(members, [analysis.area])
    seen = observe(members[placed], cohort, analysis, where)
    everybody = ("", np.ones(len(seen.members), dtype=bool))
    rows = []
    for label, inside in [everybody, *strata(seen.members, [analysis.area])]:
        time = None if seen.time is None else seen.time[inside]
        rows += [
            {key: value for key, value in row.items() if not key.startswith("conf_")}
            for row in share_rows(analysis, label, seen.event[inside], time, seen.name)
        ]
    yield from rows
    yield from funnel_rows(tidy(rows))
    yield from member_rows(len(members), unplaced, seen.left_out, outcome=seen.name)
