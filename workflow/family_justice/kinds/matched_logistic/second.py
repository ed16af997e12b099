"""Odds ratios within matched sets by statsmodels' ``ConditionalLogit``, on sets drawn anew.

Compared: log odds ratios with standard errors and log-likelihoods. Exact matching only; the tables of balance have no
second program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, matching
from family_justice.second_program.refit import STATSMODELS, Refit, Refits
from family_justice.second_program.words import LIKELIHOOD_OF_OTHERS

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.matched_logistic.model import MatchedLogistic

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-4  # statsmodels takes the information by differences of the score


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: MatchedLogistic,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield log odds ratios and log-likelihoods."""
    from statsmodels.discrete.conditional_models import ConditionalLogit

    outcome = analysis.variable or analysis.treatment
    level = analysis.event_level if analysis.variable else analysis.treatment_level
    named = [*([analysis.treatment] if analysis.variable else []), *analysis.covariates]
    number = matching.sets(members, analysis, [outcome, *named])
    inside = members.loc[number.index]
    event = (inside[outcome] == level).to_numpy()
    columns = design.columns(inside, named, covariates)
    frame = design.frame(columns, design.left_out(shell), event, settled_by_all=True)
    model = ConditionalLogit(event[frame.used].astype(int), frame.x, groups=number.to_numpy()[frame.used])
    fit = model.fit(method="newton", disp=0)  # the default search ends at 6e-4 of a standard error
    for (term, one), estimate, error in zip(frame.keys, fit.params, fit.bse, strict=True):
        yield Refit(
            STATSMODELS, "log_odds_ratio", outcome, matching.AFTER, term, one,
            estimate=float(estimate), std_error=float(error),
        )  # fmt: skip
    for term, value in (("without_covariates", model.loglike(np.zeros(len(fit.params)))), ("fitted", fit.llf)):
        value, why = (value, "") if frame.whole else (np.nan, LIKELIHOOD_OF_OTHERS)
        yield Refit(STATSMODELS, "log_likelihood", outcome, matching.AFTER, term, estimate=float(value), why=why)
