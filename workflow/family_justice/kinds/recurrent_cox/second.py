"""Cox models of repeated events by lifelines (gap times) and statsmodels (with entry at the event before).

Compared: coefficients and log-likelihoods. The standard errors are robust to the member, which neither package has as
R has it. Not the Wei-Lin-Weissfeld model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.kinds.cox.second import partial_likelihood, robust
from family_justice.second_program import design
from family_justice.second_program.follow_up import HALF_DAY, Observed, observe
from family_justice.second_program.refit import LIFELINES, STATSMODELS, NoSecondProgram, Refits
from family_justice.second_program.words import MARGINAL

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate, Outcome
    from family_justice.kinds.recurrent_cox.model import RecurrentCox

PROGRAMS = (LIFELINES, STATSMODELS)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: RecurrentCox,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield log hazard ratios and log-likelihoods."""
    if analysis.model == "wlw":
        raise NoSecondProgram(MARGINAL)
    used = members[design.complete(members, analysis.covariates)]
    spells = intervals(used, cohort.outcomes[analysis.outcome], analysis.most_events)
    owners = used.loc[spells["member"]]
    columns = design.columns(owners, analysis.covariates, covariates)
    event, number = spells["event"].to_numpy(), spells["number"].to_numpy()
    frame = design.frame(columns, design.left_out(shell), event)
    begin, stop = spells["start"].to_numpy(), spells["stop"].to_numpy()
    start = None if analysis.model == "pwp_gap" else begin
    if start is None:
        stop = stop - begin
    observed = Observed(owners, stop, event, np.zeros(len(stop), dtype=bool), start, 1.0).among(frame.used)
    strata = None if analysis.model == "andersen_gill" else number[frame.used]
    fit = partial_likelihood(observed, frame.x, strata, None, analysis.ties)
    yield from robust(fit, frame, analysis.outcome)


def intervals(members: pd.DataFrame, outcome: Outcome, most_events: int | None) -> pd.DataFrame:
    """Return a row per time between events: ``member`` (index), ``start`` and ``stop`` in days, ``event`` and its
    ``number``; up to the end of observation or the last event asked for."""
    end = observe(members, outcome.model_copy(update={"event": None})).stop.clip(min=HALF_DAY)
    rows = []
    for member, days, last in zip(members.index, members[str(outcome.event)], end, strict=True):
        seen = [float(day) for day in days if day <= last][:most_events]
        before = [0.0, *seen]
        rows += [(member, before[i], day, True, i + 1) for i, day in enumerate(seen)]
        if before[-1] < last and len(seen) != most_events:
            rows.append((member, before[-1], float(last), False, len(seen) + 1))
    return pd.DataFrame(rows, columns=["member", "start", "stop", "event", "number"])
