"""Shares of levels within groups: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.share_tables import level_shares, variable_rows
from family_justice.kinds.frequency.derived import rows as trends
from family_justice.kinds.frequency.model import Frequency
from family_justice.results import tidy


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Frequency, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the number and percent of members per level of each variable, within each group, and trends over these."""
    table = list(level_shares(members, analysis.variables, analysis.group_by))
    yield from table
    if analysis.trend:
        yield from trends(tidy(table))
    yield from variable_rows(members, [*analysis.variables, *analysis.group_by])
