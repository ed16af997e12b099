"""Negative binomial models by statsmodels: coefficients and shape at the joint maximum, by ``NegativeBinomial``.

Its standard errors come from the observed information of coefficients and shape together, ours (as R ``MASS::glm.nb``)
from the expected information of the coefficients at the shape: these are compared with a generalised linear model of
the negative binomial family at statsmodels' own shape. The standard error of the shape has no counterpart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, regression
from family_justice.second_program.refit import STATSMODELS, NoSecondProgram, Refit, Refits
from family_justice.second_program.words import ERROR_OF_SHAPE, NO_SHAPE

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.negative_binomial.model import NegativeBinomial

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: NegativeBinomial,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield the coefficients, the shape and the log-likelihood."""
    from statsmodels.discrete.discrete_model import NegativeBinomial as Model
    from statsmodels.genmod.families import NegativeBinomial as Family
    from statsmodels.genmod.generalized_linear_model import GLM

    if ("shape", "") in design.left_out(shell):
        raise NoSecondProgram(NO_SHAPE)
    numbers = [analysis.count, *([analysis.exposure] if analysis.exposure else [])]
    used = members[design.complete(members, [*numbers, *analysis.covariates])]
    count = used[analysis.count].to_numpy(float)
    columns = design.columns(used, analysis.covariates, covariates)
    frame = design.frame(columns, design.left_out(shell), count > 0)
    offset = np.log(used[analysis.exposure].to_numpy(float))[frame.used] if analysis.exposure else None
    inside, groups = count[frame.used], design.labels(used, analysis.cluster) if analysis.cluster else None
    model = Model(inside, frame.with_intercept, loglike_method="nb2", offset=offset)
    fit = model.fit(method="bfgs", disp=0, maxiter=1000, gtol=1e-8)
    fit = model.fit(start_params=fit.params, method="newton", disp=0, tol=1e-10)
    alpha = float(fit.params[-1])
    plain = GLM(inside, frame.with_intercept, family=Family(alpha=alpha), offset=offset)
    errors = plain.fit(tol=1e-12)
    bse = errors.bse if groups is None else regression.clustered_errors(errors, groups[frame.used])
    grown = regression.set_aside_factor(groups, frame, len(errors.params))
    keys = regression.with_intercept(frame)
    yield from regression.coefficients("log_rate_ratio", analysis.count, keys, fit.params[:-1], bse * grown)
    yield Refit(
        STATSMODELS, "log_shape", analysis.count, term="shape", estimate=-math.log(alpha), why=ERROR_OF_SHAPE
    )  # fmt: skip
    empty = Model(inside, np.ones((len(inside), 1)), loglike_method="nb2", offset=offset)
    # Far from the answer its search may end where there is none: it starts at the rate of everybody.
    start = np.array([math.log(inside.sum() / (len(inside) if offset is None else np.exp(offset).sum())), alpha])
    null = empty.fit(start_params=start, method="bfgs", disp=0, maxiter=1000, gtol=1e-8)
    yield from regression.likelihood(analysis.count, float(null.llf), float(fit.llf), frame)
