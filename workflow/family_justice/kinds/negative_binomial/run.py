"""Negative binomial regression: from members to tidy rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.model_rows import (
    Rows,
    cluster_codes,
    estimate_row,
    model_rows,
    ratio_rows,
    t_degrees,
    totals_of,
)
from family_justice.analyses.prepare import (
    require_events,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.negative_binomial.model import NegativeBinomial


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: NegativeBinomial, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log rate ratios of a count, the intercept, the shape (log theta) and tests of the model.

    ``events`` are members with a count above zero, not the sum of the counts: disclosure control is about people. Where
    rows are areas and the count is of people (``counts`` of the cohort), it is the sum.
    """
    from family_justice.estimators.regression.negative_binomial import fit_negative_binomial

    numbers = [analysis.count, *([analysis.exposure] if analysis.exposure else [])]
    counted, left_out = first_missing(members, numbers)
    known = members[counted]
    design = build_design(known, analysis.covariates, covariates)
    used = known.iloc[design.rows]
    count = used[analysis.count].to_numpy(dtype="float64")
    exposure = used[analysis.exposure].to_numpy(dtype="float64") if analysis.exposure else None
    wrong = int(((count < 0) | (count != np.floor(count))).sum())
    if wrong:
        raise AnalysisError(f"{where}: '{analysis.count}' is no whole number of at least 0 in {wrong} rows")
    if exposure is not None and (exposure <= 0).any():
        raise AnalysisError(f"{where}: '{analysis.exposure}' is not above zero in {int((exposure <= 0).sum())} rows")
    require_events(count.sum(), where)
    clusters = cluster_codes(used, analysis.cluster, where)
    fit = fit_negative_binomial(count, design.matrix, exposure, clusters)
    event = count if cohort.counts == analysis.count else count > 0
    df, robust = t_degrees(clusters), fit.wald_test if analysis.cluster else None
    yield from ratio_rows(fit, design, event, "log_rate_ratio", analysis.count, df)
    totals = totals_of(analysis.count, event)
    shape = {**totals, "term": "shape"}
    if math.isinf(fit.theta):
        note = "counts vary no more than Poisson counts"
        yield {**shape, "measure": "log_shape", "status": "not estimable", "note": note}
    else:
        yield {**shape, **estimate_row("log_shape", math.log(fit.theta), fit.theta_std_error / fit.theta)}
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, robust, df)
    yield from member_rows(len(members), left_out, design.left_out, outcome=analysis.count)
