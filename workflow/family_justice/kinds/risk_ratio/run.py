"""Modified Poisson regression: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.design import yes_no_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    cluster_codes,
    marginal_rows,
    ratio_rows,
    reasons_of,
    row_of_test,
    t_degrees,
    totals_of,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.risk_ratio.model import RiskRatio


def fit(
    members: pd.DataFrame, cohort: Cohort, analysis: RiskRatio, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log risk ratios of a yes/no variable (modified Poisson), the intercept (log risk) and a Wald test."""
    from family_justice.estimators.regression.marginal import average_marginal_effects
    from family_justice.estimators.regression.poisson import fit_risk_ratio

    used, design, event = yes_no_design(members, analysis, covariates, where)
    clusters = cluster_codes(used, analysis.cluster, where)
    df = t_degrees(clusters)
    fit = fit_risk_ratio(event, design.matrix, clusters)
    yield from ratio_rows(fit, design, event, "log_risk_ratio", analysis.variable, df)
    if analysis.marginal_effects:
        effects = average_marginal_effects(fit, design.matrix, list(design.terms.values()))
        reasons = reasons_of(fit, design.matrix.shape[1], intercept=True)
        yield from marginal_rows(design, event, effects, reasons, analysis.variable, df)
    yield {
        **totals_of(analysis.variable, event),
        "measure": "wald_test",
        "term": "all",
        **row_of_test(fit.wald_test, df),
    }
    yield from member_rows(len(members), design.left_out, outcome=analysis.variable)


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: RiskRatio, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the rows of the model; with imputation those of the complete cases and the pooled ones."""
    from family_justice.kinds.families.imputed_run import with_imputation

    if analysis.imputation is None:
        return fit(members, cohort, analysis, covariates, where)
    return with_imputation(fit, members, cohort, analysis, covariates, where)
