"""Poisson regression: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    cluster_codes,
    model_rows,
    ratio_rows,
    t_degrees,
    totals_of,
)
from family_justice.analyses.prepare import (
    EVENT,
    follow_up,
    require_events,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.poisson.model import Poisson


def fit(
    members: pd.DataFrame, cohort: Cohort, analysis: Poisson, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log rate ratios of an event per time at risk, the intercept (log rate) and tests of the model."""
    from family_justice.estimators.regression.poisson import fit_poisson

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates)
    time, event = observed.time[design.rows], observed.cause[design.rows] == EVENT
    require_events(event.sum(), where)
    none = int((time <= 0).sum())
    if none:
        raise AnalysisError(
            f"{where}: {none} members have no time at risk, and a rate needs it. Let risk start later with "
            f"'at_risk_after_days' of outcome '{analysis.outcome}'; they are then left out"
        )
    used = members.iloc[observed.rows].iloc[design.rows]
    clusters = cluster_codes(used, analysis.cluster, where)
    fit = fit_poisson(event, design.matrix, time, clusters)
    df, robust = t_degrees(clusters), fit.wald_test if analysis.cluster else None
    yield from ratio_rows(fit, design, event, "log_rate_ratio", analysis.outcome, df)
    yield from model_rows(totals_of(analysis.outcome, event), fit.loglik, fit.likelihood_ratio_test, robust, df)
    yield from member_rows(len(members), observed.left_out, design.left_out, outcome=analysis.outcome)


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Poisson, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the rows of the model; with imputation those of the complete cases and the pooled ones."""
    from family_justice.kinds.families.imputed_run import with_imputation

    if analysis.imputation is None:
        return fit(members, cohort, analysis, covariates, where)
    return with_imputation(fit, members, cohort, analysis, covariates, where)
