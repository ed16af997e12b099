"""Hazard ratios within matched sets by statsmodels' ``PHReg``, stratified by set, on sets drawn anew.

(lifelines is slow with so many strata: some 15 seconds for 125 sets.)

Compared: log hazard ratios with standard errors and log-likelihoods. Exact matching only; the tables of balance have no
second program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.kinds.cox.second import by_statsmodels
from family_justice.second_program import design, matching
from family_justice.second_program.follow_up import observe
from family_justice.second_program.refit import STATSMODELS, Refit, Refits
from family_justice.second_program.words import LIKELIHOOD_OF_OTHERS

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.matched_cox.model import MatchedCox

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: MatchedCox,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield log hazard ratios and log-likelihoods."""
    observed = observe(members, cohort.outcomes[analysis.outcome])
    named = [analysis.treatment, *analysis.covariates]
    number = matching.sets(observed.members, analysis, named)
    observed = observed.among(observed.members.index.isin(number.index))
    columns = design.columns(observed.members, named, covariates)
    frame = design.frame(columns, design.left_out(shell), observed.event)
    # Sets in which nobody has the event have no part in the likelihood.
    sets = number.loc[observed.members.index].to_numpy()
    telling = np.isin(sets, sets[observed.event])[frame.used]
    used = observed.among(frame.used).among(telling)
    fit = by_statsmodels(used, frame.x[telling], sets[frame.used][telling], None, analysis.ties)
    for (term, level), estimate, error in zip(frame.keys, fit.estimates, np.sqrt(np.diag(fit.variance)), strict=True):
        yield Refit(
            fit.program, "log_hazard_ratio", analysis.outcome, matching.AFTER, term, level,
            estimate=float(estimate), std_error=float(error),
        )  # fmt: skip
    for term, value in (("without_covariates", fit.null), ("fitted", fit.fitted)):
        value, why = (value, "") if frame.whole else (np.nan, LIKELIHOOD_OF_OTHERS)
        yield Refit(fit.program, "log_likelihood", analysis.outcome, matching.AFTER, term, estimate=value, why=why)
