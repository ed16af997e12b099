"""Which members the ends of observation are of, with events and censoring in each other's place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from family_justice.analyses.prepare import CENSORED, follow_up
from family_justice.config.schema import Cohort, Covariate
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: None, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what ``events`` and ``censored`` of the reverse curve count, by labels and column."""
    name = str(cohort.follow_up)
    observed = follow_up(members, cohort.outcomes[name], where)
    ended = observed.cause == CENSORED
    nobody = observed.rows[:0]
    yield ("survival", name, "", "", "", "competing"), Counted(nobody, observed.exit[:0])
    for column, mine in (("events", ended), ("censored", ~ended)):
        rows, times = observed.rows[mine], observed.exit[mine]
        yield ("survival", name, "", "", "", column), Counted(rows, times)
        yield ("median_follow_up", name, "", "", "", column), Counted(rows)
