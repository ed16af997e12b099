"""Logistic models by statsmodels' ``Logit``, clustered errors too: both have the sandwich with the factor
G/(G-1) * (n-1)/(n-k).

Compared: log odds ratios and the intercept with standard errors, marginal effects (from statsmodels' probabilities),
and log-likelihoods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, regression
from family_justice.second_program.refit import STATSMODELS, NoSecondProgram, Refits
from family_justice.second_program.words import PENALISED

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.logistic.model import Logistic

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame, cohort: Cohort, analysis: Logistic, covariates: Mapping[str, Covariate], shell: pd.DataFrame
) -> Refits:
    """Yield the coefficients, the marginal effects and the log-likelihoods."""
    from statsmodels.discrete.discrete_model import Logit

    if analysis.penalty == "firth":
        raise NoSecondProgram(PENALISED)
    used = members[design.complete(members, [analysis.variable, *analysis.covariates])]
    event = (used[analysis.variable] == analysis.event_level).to_numpy()
    columns = design.columns(used, analysis.covariates, covariates)
    frame = design.frame(columns, design.left_out(shell), event, settled_by_all=True)
    groups = design.labels(used, analysis.cluster) if analysis.cluster else None
    model = Logit(event[frame.used].astype(float), frame.with_intercept)
    fit = model.fit(disp=0, maxiter=100, **regression.robust(None if groups is None else groups[frame.used]))
    grown = regression.set_aside_factor(groups, frame, len(fit.params))
    keys = regression.with_intercept(frame)
    yield from regression.coefficients("log_odds_ratio", analysis.variable, keys, fit.params, fit.bse * grown)
    if analysis.marginal_effects:
        variance = np.asarray(fit.cov_params())
        yield from regression.marginal_effects(model.predict, fit.params, variance, frame, analysis.variable)
    yield from regression.likelihood(analysis.variable, float(fit.llnull), float(fit.llf), frame)
