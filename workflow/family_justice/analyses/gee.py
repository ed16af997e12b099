"""Model kind ``gee``: population-averaged odds ratios of a yes/no variable, with correlation within clusters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.design import yes_no_design
from family_justice.analyses.rows import (
    Rows,
    cluster_codes,
    coefficient_rows,
    estimate_row,
    reasons_of,
    row_of_test,
    t_degrees,
)
from family_justice.config.kinds import Gee
from family_justice.config.models import Cohort, Covariate


def gee(members: pd.DataFrame, cohort: Cohort, analysis: Gee, covariates: Mapping[str, Covariate], where: str) -> Rows:
    """Yield log odds ratios with robust errors, the intercept, the correlation within clusters and a Wald test."""
    from family_justice.estimators.parts.chi_square import quadratic_form_test
    from family_justice.estimators.regression.gee import fit_gee

    used, design, event = yes_no_design(members, analysis, covariates, where)
    clusters = cluster_codes(used, analysis.cluster, where)
    fit = fit_gee(event, design.matrix, clusters, correlation=analysis.correlation)  # type: ignore[arg-type]
    reasons = reasons_of(fit, design.matrix.shape[1], intercept=True)
    df = t_degrees(clusters)
    yield from coefficient_rows(
        design, event, fit.coef[1:], fit.var_robust[1:, 1:], reasons, "log_odds_ratio", analysis.variable, df
    )
    totals = {"outcome": analysis.variable, "n": len(event), "events": int(event.sum())}
    yield {**totals, "term": "intercept", **estimate_row("log_odds_ratio", fit.coef[0], fit.std_error[0], df)}
    if analysis.correlation == "exchangeable":
        row = {**totals, "measure": "within_cluster_correlation", "term": "all"}
        if clusters is not None and len(np.unique(clusters)) == len(event):
            yield {**row, "status": "not estimable", "note": "no two members are in one cluster"}
        elif np.isfinite(fit.correlation) and fit.converged:
            yield {**row, "estimate": fit.correlation}
        else:
            yield {**row, "status": "not estimable", "note": "the model could not be fitted"}
    kept = np.array([j + 1 for j in range(design.matrix.shape[1]) if j not in reasons], dtype=np.int64)
    test = quadratic_form_test(fit.coef[kept], fit.var_robust[np.ix_(kept, kept)])
    yield {**totals, "measure": "wald_test", "term": "all", **row_of_test(test, df)}
