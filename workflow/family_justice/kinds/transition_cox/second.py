"""Cox models of one move by lifelines (time since the state was entered) and statsmodels (time since time zero).

Compared: coefficients and log-likelihoods. The standard errors are robust to the person, which neither package has as
R has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.kinds.cox.second import partial_likelihood, robust
from family_justice.second_program import design
from family_justice.second_program.follow_up import HALF_DAY, Observed
from family_justice.second_program.refit import LIFELINES, STATSMODELS, Refits

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.transition_cox.model import TransitionCox

PROGRAMS = (LIFELINES, STATSMODELS)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: TransitionCox,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield log hazard ratios and log-likelihoods."""
    stays = stays_of(members[design.complete(members, analysis.covariates)], analysis)
    owners = members.loc[stays["member"]]
    columns = design.columns(owners, analysis.covariates, covariates)
    event = stays["event"].to_numpy()
    frame = design.frame(columns, design.left_out(shell), event)
    begin, stop = stays["start"].to_numpy(), stays["stop"].to_numpy()
    start = begin if analysis.clock == "time_zero" else None
    stop = stop if start is not None else stop - begin
    observed = Observed(owners, stop, event, np.zeros(len(stop), dtype=bool), start, 1.0).among(frame.used)
    fit = partial_likelihood(observed, frame.x, None, None, analysis.ties)
    yield from robust(fit, frame, "")


def stays_of(members: pd.DataFrame, analysis: TransitionCox) -> pd.DataFrame:
    """Return a row per stay in the state that is left: ``member`` (index), ``start`` and ``stop`` in days, and whether
    the move ended it (``event``)."""
    name_of = {word: name for name, about in analysis.states.items() for word in about.spells or [name]}
    final = {name for name, about in analysis.states.items() if about.absorbing}
    ends = members[list(analysis.censoring)].astype("float64").min(axis=1).clip(lower=HALF_DAY)
    told = zip(members.index, members[str(analysis.spells)], members[f"{analysis.spells}_state"], ends, strict=True)
    rows = []
    for member, days, words, end in told:
        since, here = 0.0, name_of[str(words[0])]
        for day, word in zip(days[1:], words[1:], strict=True):
            there = name_of[str(word)]
            if float(day) > end or here in final:
                break
            if there != here:
                rows.append((member, since, float(day), here, there))
                since, here = float(day), there
        if since < end and here not in final:
            rows.append((member, since, float(end), here, ""))
    found = pd.DataFrame(rows, columns=["member", "start", "stop", "here", "there"])
    found = found[found["here"] == analysis.origin].reset_index(drop=True)
    return found.assign(event=(found["there"] == analysis.target).to_numpy())
