"""Logistic regression with random intercepts: from members to tidy rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import yes_no_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    coefficient_rows,
    estimate_row,
    reasons_of,
    row_of_test,
    totals_of,
)
from family_justice.analyses.prepare import columns_of
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError, did_you_mean
from family_justice.estimators.parts.chi_square import quadratic_form_test
from family_justice.kinds.mixed_logistic.model import MixedLogistic


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: MixedLogistic, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log odds ratios within areas, the intercept, and the log of the standard deviation between areas."""
    from family_justice.estimators.regression.mixed import fit_mixed_logistic

    used, design, event = yes_no_design(members, analysis, covariates, where)
    if analysis.area not in used:
        raise AnalysisError(
            f"{where}: the cohort has no column '{analysis.area}'. {did_you_mean(analysis.area, columns_of(members))}"
        )
    empty = int(used[analysis.area].isna().sum())
    if empty:
        raise AnalysisError(f"{where}: the area column '{analysis.area}' is empty in {empty} rows")
    fit = fit_mixed_logistic(event, design.matrix, pd.factorize(used[analysis.area])[0])
    totals, p = totals_of(analysis.variable, event), design.matrix.shape[1]
    reasons = reasons_of(fit, p, intercept=True)
    variance = fit.variance
    yield from coefficient_rows(
        design, event, fit.coef[1:], variance[1:-1, 1:-1], reasons, "log_odds_ratio", analysis.variable
    )
    yield {**totals, "term": "intercept", **estimate_row("log_odds_ratio", fit.coef[0], fit.std_error[0])}
    if analysis.area in covariates and not fit.note:
        yield from _areas(fit, used[analysis.area], event, analysis)
    scale = {**totals, "term": "scale"}
    if fit.note:
        yield {**scale, "measure": "log_scale", "status": "not estimable", "note": fit.note}
    else:
        error = float(np.sqrt(variance[-1, -1])) / fit.sd
        yield {**scale, **estimate_row("log_scale", math.log(fit.sd), error)}
    kept = np.flatnonzero(fit.estimable[1:] & fit.converged) + 1
    test = quadratic_form_test(fit.coef[kept], variance[np.ix_(kept, kept)])
    yield {**totals, "measure": "wald_test", "term": "all", **row_of_test(test)}
    yield from member_rows(len(members), design.left_out, outcome=analysis.variable)


def _areas(fit: Any, areas: pd.Series, event: np.ndarray, analysis: MixedLogistic) -> Rows:
    """Yield the log odds of every area beside those of the average one, drawn towards it (empirical Bayes)."""
    codes, names = pd.factorize(areas)  # the estimator knows areas by their codes, in this order
    for code, name in enumerate(names):
        inside = codes == code
        row = estimate_row("log_area_odds_ratio", fit.area_effect[code], fit.area_std_error[code])
        labels = {"outcome": analysis.variable, "term": analysis.area, "level": str(name)}
        yield {**labels, "n": int(inside.sum()), "events": int(event[inside].sum()), **row}
