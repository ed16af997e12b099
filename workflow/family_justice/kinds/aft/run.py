"""Accelerated failure time models: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    coefficient_rows,
    estimate_row,
    model_rows,
    reasons_of,
)
from family_justice.analyses.prepare import (
    EVENT,
    follow_up,
    require_events,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.aft.model import AcceleratedFailureTime


def run(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: AcceleratedFailureTime,
    covariates: Mapping[str, Covariate],
    where: str,
) -> Rows:
    """Yield coefficients of the logarithm of time, the intercept, and the shape (Weibull) or scale (lognormal)."""
    from family_justice.estimators.survival.accelerated_failure_time import fit_aft

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates)
    exit_, event = observed.exit[design.rows], observed.cause[design.rows] == EVENT
    require_events(event.sum(), where)
    fit = fit_aft(exit_, event, design.matrix, distribution=analysis.distribution)
    columns = slice(1, -1)  # position 0 is the intercept, the last one the logarithm of the scale
    reasons = reasons_of(fit, design.matrix.shape[1], intercept=True)
    yield from coefficient_rows(
        design, event, fit.coef[1:], fit.variance[columns, columns], reasons, "log_time_ratio", analysis.outcome
    )
    totals = {"outcome": analysis.outcome, "n": len(event), "events": int(event.sum())}
    yield {**totals, "term": "intercept", **estimate_row("log_time_ratio", fit.coef[0], fit.std_error[0])}
    term, log_value = ("shape", fit.log_shape) if analysis.distribution == "weibull" else ("scale", fit.log_scale)
    yield {**totals, "term": term, **estimate_row(f"log_{term}", log_value, fit.std_error_log_scale)}
    # Textbooks print the likelihood of the logarithm of time; it differs from that of time by a constant.
    constant = fit.loglik_log_time - fit.loglik[1]
    yield from model_rows(totals, (fit.loglik[0] + constant, fit.loglik_log_time), fit.likelihood_ratio_test)
    yield from member_rows(len(members), observed.left_out, design.left_out, outcome=analysis.outcome)
