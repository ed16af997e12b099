"""Risk ratios by statsmodels: a generalised linear model of the Poisson family with robust errors.

Without clusters every member is a cluster of its own, which is statsmodels' HC1. Compared: log risk ratios and the
intercept with standard errors, and marginal effects (from statsmodels' fitted risks).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, regression
from family_justice.second_program.refit import STATSMODELS, Refits

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.risk_ratio.model import RiskRatio

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame, cohort: Cohort, analysis: RiskRatio, covariates: Mapping[str, Covariate], shell: pd.DataFrame
) -> Refits:
    """Yield the coefficients and the marginal effects."""
    used = members[design.complete(members, [analysis.variable, *analysis.covariates])]
    event = (used[analysis.variable] == analysis.event_level).to_numpy()
    frame = design.frame(
        design.columns(used, analysis.covariates, covariates), design.left_out(shell), event
    )  # fmt: skip
    groups = design.labels(used, analysis.cluster) if analysis.cluster else np.arange(len(used))
    model, fit = regression.poisson(event[frame.used], frame, None, groups[frame.used])
    grown = regression.set_aside_factor(groups, frame, len(fit.params))
    keys = regression.with_intercept(frame)
    yield from regression.coefficients("log_risk_ratio", analysis.variable, keys, fit.params, fit.bse * grown)
    if analysis.marginal_effects:
        variance = np.asarray(fit.cov_params())
        yield from regression.marginal_effects(model.predict, fit.params, variance, frame, analysis.variable)
