"""Which members the events of a mean count are of: one entry for each event, and for each first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import strata
from family_justice.analyses.repeated_events import histories
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.mean_cumulative_count.model import MeanCumulativeCount
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: MeanCumulativeCount,
    covariates: Mapping[str, Covariate],
    where: str,
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what ``events`` count, by the labels of the rows and the column."""
    for name in analysis.outcomes:
        seen = histories(members, cohort.outcomes[name], where)
        for group, inside in strata(members, analysis.group_by):
            mine: Any = inside[seen.member] & seen.event
            for measure, kept in (("mean_cumulative_count", mine), ("first_events", mine & (seen.number == 1))):
                at = np.flatnonzero(kept)
                yield (measure, name, group, "", "", "events"), Counted(seen.member[at], seen.stop[at])
