"""Characteristics of a cohort: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from family_justice.analyses.prepare import strata
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.share_tables import level_shares, variable_rows
from family_justice.kinds.table_one.model import TableOne


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: TableOne, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members per level of each variable, within each group."""
    yield from level_shares(members, analysis.variables, analysis.group_by)
    if analysis.group_by:
        yield from variable_rows(members, analysis.group_by)  # who is in no group
    for group, inside in strata(members, analysis.group_by):
        yield from variable_rows(members[inside], analysis.variables, group)
