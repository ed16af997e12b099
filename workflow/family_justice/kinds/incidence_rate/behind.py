"""Which members the rates of cells count: a member has time in several, and events in some of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.incidence_rate.cells import observe
from family_justice.kinds.incidence_rate.model import IncidenceRate
from family_justice.kinds.incidence_rate.run import groups_of, in_cell
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: IncidenceRate, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what events, members and rows count, by the labels of the rows and the column."""
    seen = observe(members, cohort, analysis, where)
    for label, pieces, events in groups_of(seen, analysis):
        who = in_cell(seen, pieces, events)
        happened = seen.events.iloc[events]
        having = happened["member"].to_numpy()
        weights = happened["amount"].to_numpy(dtype="float64") if seen.counted else None
        yield ("rate", seen.name, label, "", "", "n"), Counted(np.asarray(having), weights=weights)
        yield ("rate", seen.name, label, "", "", "total"), Counted(who)
        yield ("time_at_risk", seen.name, label, "", "", "n"), Counted(who)
