"""Accelerated failure time models by lifelines: Weibull and lognormal.

Compared: coefficients of log time, the intercept, shape or scale, all with their standard errors, and log-likelihoods
(of log time, as textbooks print them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design
from family_justice.second_program.follow_up import observe
from family_justice.second_program.refit import LIFELINES, Refit, Refits
from family_justice.second_program.words import LIKELIHOOD_OF_OTHERS

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.aft.model import AcceleratedFailureTime

PROGRAMS = (LIFELINES,)
TOLERANCE = 1e-4  # lifelines' search, by gradients alone, ends at 1e-7 of a standard error, or a little before

#: Names of lifelines' parameters: of the linear predictor, and of the one other parameter.
PARAMETERS = {"weibull": ("lambda_", "rho_", "shape"), "lognormal": ("mu_", "sigma_", "scale")}


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: AcceleratedFailureTime,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield log time ratios, the intercept, shape or scale, and log-likelihoods."""
    from lifelines import LogNormalAFTFitter, WeibullAFTFitter

    observed = observe(members, cohort.outcomes[analysis.outcome])
    observed = observed.among(design.complete(observed.members, analysis.covariates))
    columns = design.columns(observed.members, analysis.covariates, covariates)
    frame = design.frame(columns, design.left_out(shell), observed.event)
    time, event = observed.stop[frame.used] / observed.per_unit, observed.event[frame.used]
    names = [f"x{j}" for j in range(len(frame.keys))]
    table = pd.DataFrame(frame.x, columns=names).assign(stop=time, event=event)
    same = table.value_counts().reset_index(name="n")  # equal rows count as often as they occur
    fitter = (WeibullAFTFitter if analysis.distribution == "weibull" else LogNormalAFTFitter)()
    # lifelines' default search ends at 5e-4 of a standard error, this one at 1e-7.
    fitter._scipy_fit_method = "L-BFGS-B"
    options = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 2000}
    fitter.fit(same, "stop", "event", weights_col="n", fit_options=options)
    main, other, term = PARAMETERS[analysis.distribution]
    errors = fitter.standard_errors_
    for key, name in zip([*frame.keys, design.INTERCEPT], [*names, "Intercept"], strict=True):
        yield Refit(
            LIFELINES, "log_time_ratio", analysis.outcome, term=key[0], level=key[1],
            estimate=float(fitter.params_[main, name]), std_error=float(errors[main, name]),
        )  # fmt: skip
    last = (other, "Intercept")
    yield Refit(
        LIFELINES, f"log_{term}", analysis.outcome, term=term,
        estimate=float(fitter.params_[last]), std_error=float(errors[last]),
    )  # fmt: skip
    fitted = float(fitter.log_likelihood_ + np.log(time[event]).sum())
    null = fitted - float(fitter.log_likelihood_ratio_test().test_statistic) / 2
    for name, value in (("without_covariates", null), ("fitted", fitted)):
        value, why = (value, "") if frame.whole else (np.nan, LIKELIHOOD_OF_OTHERS)
        yield Refit(LIFELINES, "log_likelihood", analysis.outcome, term=name, estimate=value, why=why)
