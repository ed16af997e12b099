"""Agreement of two classifications: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.prepare import (
    strata,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.groups.agreement import agreement_rows, transition_table
from family_justice.kinds.agreement.model import Agreement
from family_justice.kinds.families.share_tables import level_shares


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Agreement, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the shares of each classification, the second one within the first, and how well they agree.

    Members without a level of one of them are left out. In every group the rows are: percent of ``first``; percent of
    ``second``; percent of ``second`` among those with a level of ``first`` (in ``group``); agreement and kappa of all
    levels, then of the levels that are an answer, with the levels compared in ``level``.
    """
    first, second = analysis.first, analysis.second
    answered, left_out = first_missing(members, [first, second])
    known = members[answered]
    yield from level_shares(known, [first, second], analysis.group_by)
    yield from level_shares(known, [second], [*analysis.group_by, first])
    levels = [str(level) for level in known[first].cat.categories]
    answers = [level for level in levels if level not in analysis.unknown]
    for group, inside in strata(known, analysis.group_by):
        table, _ = transition_table(known[first][inside], known[second][inside], levels)
        for among in [levels, answers] if analysis.unknown else [levels]:
            at = [levels.index(level) for level in among]
            labels = {"group": group, "term": f"{first}:{second}", "level": ":".join(among)}
            yield from ({**labels, **row} for row in agreement_rows(table[np.ix_(at, at)]))
    _, ungrouped = first_missing(known, analysis.group_by)
    yield from member_rows(len(members), left_out, ungrouped)
