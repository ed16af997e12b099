"""Multinomial logistic models by statsmodels' ``MNLogit``, clustered errors too.

Compared: log odds ratios and intercepts of every level with standard errors, and marginal effects (from statsmodels'
probabilities).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from family_justice.second_program import design, regression
from family_justice.second_program.refit import STATSMODELS, NoSecondProgram, Refits
from family_justice.second_program.words import MONOTONE

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.multinomial.model import Multinomial

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: Multinomial,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield the coefficients and marginal effects of every level that occurs."""
    from statsmodels.discrete.discrete_model import MNLogit

    used = members[design.complete(members, [analysis.variable, *analysis.covariates])]
    level = used[analysis.variable].astype(str).to_numpy()
    outcome = covariates[analysis.variable]
    others = [one for one in outcome.levels or [] if one != outcome.reference and (level == one).any()]
    category = np.zeros(len(level), dtype=int)
    for k, one in enumerate(others, start=1):
        category[level == one] = k
    without = [design.left_out(shell, one) for one in others]
    if any(one != without[0] for one in without):
        raise NoSecondProgram(MONOTONE)  # of one level against the reference only: its members tell of the other levels
    frame = design.frame(design.columns(used, analysis.covariates, covariates), without[0], category > 0)
    if not frame.whole:
        raise NoSecondProgram(MONOTONE)
    groups = design.labels(used, analysis.cluster) if analysis.cluster else None
    model = MNLogit(category, frame.with_intercept)
    fit = model.fit(disp=0, maxiter=100, **regression.robust(groups))
    size, variance = len(frame.keys) + 1, np.asarray(fit.cov_params())
    estimates, errors = (values.reshape(-1, size) for values in (fit.params.T.ravel(), np.sqrt(np.diag(variance))))
    keys = regression.with_intercept(frame)
    for k, one in enumerate(others):
        yield from regression.coefficients("log_odds_ratio", one, keys, estimates[k], errors[k])
        if analysis.marginal_effects:
            probability = _probability(model, size, k + 1)
            yield from regression.marginal_effects(probability, estimates.ravel(), variance, frame, one)


def _probability(model: Any, size: int, category: int) -> regression.Predict:
    return lambda b, x: model.predict(b.reshape(-1, size).T, x)[:, category]
