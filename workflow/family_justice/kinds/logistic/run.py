"""Logistic regression: from members to tidy rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.design import yes_no_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    cluster_codes,
    coefficient_rows,
    estimate_row,
    marginal_rows,
    model_rows,
    reasons_of,
    t_degrees,
    with_profiles,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.logistic.model import Logistic


def fit(
    members: pd.DataFrame, cohort: Cohort, analysis: Logistic, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield coefficients (log odds ratios) with the intercept, and a likelihood-ratio test of the model."""
    from family_justice.estimators.regression.firth import fit_firth
    from family_justice.estimators.regression.logistic import fit_logistic
    from family_justice.estimators.regression.marginal import average_marginal_effects

    used, design, event = yes_no_design(members, analysis, covariates, where)
    clusters = cluster_codes(used, analysis.cluster, where)
    firth = fit_firth(event, design.matrix) if analysis.penalty == "firth" else None
    fit = firth or fit_logistic(event, design.matrix, clusters=clusters)
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    reasons, df = reasons_of(fit, design.matrix.shape[1], intercept=True), t_degrees(clusters)
    rows = coefficient_rows(
        design, event, fit.coef[1:], variance[1:, 1:], reasons, "log_odds_ratio", analysis.variable, df
    )
    yield from with_profiles(rows, design, firth.conf_low, firth.conf_high, firth.p_value) if firth else rows
    if analysis.marginal_effects:
        effects = average_marginal_effects(fit, design.matrix, list(design.terms.values()))
        yield from marginal_rows(design, event, effects, reasons, analysis.variable, df)
    totals = {"outcome": analysis.variable, "n": len(event), "events": int(event.sum())}
    yield {**totals, "term": "intercept", **estimate_row("log_odds_ratio", fit.coef[0], math.sqrt(variance[0, 0]), df)}
    robust = fit.wald_test if analysis.cluster else None
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, robust, df)
    yield from member_rows(len(members), design.left_out, outcome=analysis.variable)


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Logistic, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the rows of the model; with imputation those of the complete cases and the pooled ones."""
    from family_justice.kinds.families.imputed_run import with_imputation

    if analysis.imputation is None:
        return fit(members, cohort, analysis, covariates, where)
    return with_imputation(fit, members, cohort, analysis, covariates, where)
