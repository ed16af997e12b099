"""Shares or rates of areas: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
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
from family_justice.kinds.funnel.derived import rows as funnel_rows
from family_justice.kinds.funnel.model import Funnel
from family_justice.results import tidy


def run(
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
