"""Mean number of repeated events: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.prepare import (
    CENSORED,
    COMPETING,
    require_events,
    strata,
)
from family_justice.analyses.repeated_events import histories, up_to
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.curve_run import grid_of
from family_justice.kinds.mean_cumulative_count.model import MeanCumulativeCount


def run(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: MeanCumulativeCount,
    covariates: Mapping[str, Covariate],
    where: str,
) -> Iterator[dict[str, Any]]:
    """Yield for each outcome, group and time of the grid the mean number of events per member, and who had any.

    ``events`` of the mean are all events up to the time, those of ``first_events`` the members who had one: how events
    are spread over members decides who can be shown, and the standard error. ``at_risk`` counts who is observed just
    before the time.
    """
    from family_justice.estimators.survival import recurrent

    grid = grid_of(analysis.until, analysis.every)
    for name in analysis.outcomes:
        outcome = cohort.outcomes[name]
        seen = histories(members, outcome, f"{where}, outcome '{name}'")
        require_events(seen.event.sum(), f"{where}, outcome '{name}'")
        for group, inside in strata(members, analysis.group_by):
            mine = inside[seen.member]
            mean = recurrent.mean_cumulative_count(
                seen.member[mine], seen.start[mine], seen.stop[mine], seen.event[mine], seen.last[mine], grid + 1e-9
            )
            when, number = seen.stop[mine & seen.event], seen.number[mine & seen.event]
            exit_, cause = seen.exit[inside], seen.cause[inside]
            ends = {"competing": exit_[cause == COMPETING], "censored": exit_[cause == CENSORED]}
            counts = {column: up_to(grid, times) for column, times in ends.items()}
            still = len(exit_) - np.searchsorted(np.sort(exit_), grid - 1e-9, side="left")
            series = {
                "mean_cumulative_count": up_to(grid, when),
                "first_events": up_to(grid, when[number == 1]),
            }
            for measure, events in series.items():
                for i, time in enumerate(grid):
                    row = {"measure": measure, "outcome": name, "group": group, "time": float(time), "n": len(exit_)}
                    row |= {"events": int(events[i])} | {column: int(c[i]) for column, c in counts.items()}
                    row["at_risk"] = int(still[i])
                    if measure == "mean_cumulative_count":
                        row |= {"estimate": mean.estimate[i], "std_error": mean.std_error[i]}
                        row |= {"conf_low": mean.low[i], "conf_high": mean.high[i]}
                    yield row
        _, left_out = first_missing(members, analysis.group_by)
        yield from member_rows(len(members), left_out, outcome=name)
