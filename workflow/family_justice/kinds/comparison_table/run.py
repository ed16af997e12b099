"""Two groups beside each other: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.model_rows import Rows
from family_justice.analyses.prepare import strata
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.comparison_table.derived import rows as derived_rows
from family_justice.kinds.comparison_table.model import ComparisonTable
from family_justice.kinds.families.share_tables import level_shares, variable_rows
from family_justice.results import tidy


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: ComparisonTable, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield number and percent of members per level of each variable on each side, and what follows from these.

    Raises ``AnalysisError`` if a side has nobody, everywhere or in a group.
    """
    within = [*analysis.group_by, analysis.compare]
    groups = [label.rpartition("; ")[0] for label, _ in strata(members, within)]
    alone = [label for label in dict.fromkeys(groups) if groups.count(label) < 2]
    if alone:
        among = f" in {len(alone)} groups of {', '.join(analysis.group_by)}" if analysis.group_by else ""
        raise AnalysisError(
            f"{where}: only one level of '{analysis.compare}' has members{among}; there is nothing to compare"
        )
    rows = list(level_shares(members, analysis.variables, within))
    yield from rows
    yield from derived_rows(tidy(rows))
    yield from variable_rows(members, [*analysis.variables, *within])
