"""Model kind ``fine_gray``: the subdistribution hazard of an event with competing events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.prepare import EVENT, follow_up, require_events
from family_justice.analyses.rows import (
    cluster_codes,
    coefficient_rows,
    reasons_of,
    row_of_test,
    stratum_codes,
    t_degrees,
)
from family_justice.config.kinds import FineGray
from family_justice.config.models import Cohort, Covariate


def fine_gray(
    members: pd.DataFrame, cohort: Cohort, analysis: FineGray, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield coefficients (log subdistribution hazard ratios), the log pseudo-likelihood and a Wald test of the model.

    Standard errors are robust, as in both targets. A ratio of pseudo-likelihoods has no chi-squared distribution, so
    that there is no likelihood-ratio test.
    """
    from family_justice.estimators.survival.fine_gray import fit_fine_gray

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates, strata=analysis.strata)
    exit_, cause = observed.exit[design.rows], observed.cause[design.rows]
    event = cause == EVENT
    require_events(event.sum(), where)
    used = members.iloc[observed.rows].iloc[design.rows]
    clusters = cluster_codes(used, analysis.cluster, where)
    fit = fit_fine_gray(
        exit_,
        cause,
        design.matrix,
        target=analysis.target,
        entry=None if observed.entry is None else observed.entry[design.rows],
        of=EVENT,
        strata=stratum_codes(used, analysis.strata),
        clusters=clusters,
        ties=analysis.ties,
    )
    reasons = reasons_of(fit, design.matrix.shape[1])
    measure = "log_subdistribution_hazard_ratio"
    df = t_degrees(clusters)
    yield from coefficient_rows(design, event, fit.coef, fit.var_robust, reasons, measure, analysis.outcome, df)
    totals = {"outcome": analysis.outcome, "n": len(event), "events": int(event.sum())}
    for term, value in zip(("without_covariates", "fitted"), fit.loglik, strict=True):
        yield {**totals, "measure": "log_likelihood", "term": term, "estimate": value}
    yield {**totals, "measure": "wald_test", "term": "all", **row_of_test(fit.wald_test, df)}
