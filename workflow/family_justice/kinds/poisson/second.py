"""Rate ratios by statsmodels: a generalised linear model of the Poisson family with the logarithm of time as offset.

Compared: log rate ratios and the intercept with standard errors, clustered ones too (both have the factor
G/(G-1) * (n-1)/(n-k)), and log-likelihoods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, regression
from family_justice.second_program.follow_up import observe
from family_justice.second_program.refit import STATSMODELS, Refits

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.poisson.model import Poisson

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame, cohort: Cohort, analysis: Poisson, covariates: Mapping[str, Covariate], shell: pd.DataFrame
) -> Refits:
    """Yield the coefficients and the log-likelihoods."""
    observed = observe(members, cohort.outcomes[analysis.outcome])
    observed = observed.among(design.complete(observed.members, analysis.covariates))
    time = (observed.stop - (0 if observed.start is None else observed.start)) / observed.per_unit
    columns = design.columns(observed.members, analysis.covariates, covariates)
    frame = design.frame(columns, design.left_out(shell), observed.event)
    groups = design.labels(observed.members, analysis.cluster) if analysis.cluster else None
    inside = None if groups is None else groups[frame.used]
    _, fit = regression.poisson(observed.event[frame.used], frame, np.log(time[frame.used]), inside)
    grown = regression.set_aside_factor(groups, frame, len(fit.params))
    keys = regression.with_intercept(frame)
    yield from regression.coefficients("log_rate_ratio", analysis.outcome, keys, fit.params, fit.bse * grown)
    yield from regression.likelihood(analysis.outcome, float(fit.llnull), float(fit.llf), frame)
