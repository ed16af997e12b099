"""Rates before and after a day: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.model_rows import Rows, cluster_codes, estimate_row, t_degrees
from family_justice.analyses.prepare import require_events, strata
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.before_after.model import BeforeAfter

NO_CONVERGENCE = "the search for the estimate did not converge"
NO_REFERENCE = "the reference period has no rate ratio"


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: BeforeAfter, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield, for each group, the log rate ratio in every period and its change since the reference period.

    ``events`` are rows with a count above zero. Raises ``AnalysisError`` for counts that are no whole numbers and time
    that is not above zero.
    """
    named = [analysis.count, analysis.exposure, *analysis.group_by, analysis.compare, analysis.period]
    known, left_out = first_missing(members, named)
    used = members[known]
    count, time = (used[name].to_numpy(dtype="float64") for name in (analysis.count, analysis.exposure))
    wrong = int(((count < 0) | (count != np.floor(count))).sum())
    if wrong:
        raise AnalysisError(f"{where}: '{analysis.count}' is no whole number of at least 0 in {wrong} rows")
    if (time <= 0).any():
        raise AnalysisError(
            f"{where}: '{analysis.exposure}' is not above zero in {int((time <= 0).sum())} rows; leave periods without "
            "time under observation out in a step of the cohort, or make their time empty"
        )
    require_events(count.sum(), where)
    clusters = cluster_codes(used, analysis.cluster, where)
    assert clusters is not None
    for group, inside in strata(used, analysis.group_by):
        yield from _of_group(analysis, covariates, group, used[inside], clusters[inside])
    yield from member_rows(len(members), left_out, outcome=analysis.count)


def _of_group(
    analysis: BeforeAfter,
    covariates: Mapping[str, Covariate],
    group: str,
    used: pd.DataFrame,
    clusters: np.ndarray,
) -> Rows:
    from family_justice.estimators.regression.before_after import fit_before_after

    periods = list(covariates[analysis.period].levels or [])
    sides = list(covariates[analysis.compare].levels or [])
    base = periods.index(str(covariates[analysis.period].reference))
    when = used[analysis.period].cat.codes.to_numpy()
    case = used[analysis.compare].cat.codes.to_numpy() == 0
    count, time = (used[name].to_numpy(dtype="float64") for name in (analysis.count, analysis.exposure))
    fit = fit_before_after(count, case, when, len(periods), base, time, clusters)
    df = t_degrees(clusters)

    def counts(inside: np.ndarray) -> dict[str, Any]:
        return {"n": int(inside.sum()), "events": int((count[inside] > 0).sum())}

    def estimated(measure: str, k: int, estimate: float, error: float) -> dict[str, Any]:
        why = NO_CONVERGENCE if not fit.converged else fit.reasons.get(k, "" if np.isfinite(estimate) else NO_REFERENCE)
        if why:
            return {"measure": measure, "status": "not estimable", "note": why}
        return estimate_row(measure, estimate, error, df)

    reference = {"estimate": 0.0, "status": "reference"}
    within = f"{group}; " * bool(group)
    for k, period in enumerate(periods):
        row = {"outcome": analysis.count, "group": f"{within}{analysis.period}={period}", "term": analysis.compare}
        here = when == k
        found = estimated("log_rate_ratio", k, fit.ratio[k], fit.ratio_std_error[k])
        yield {**row, "level": sides[0], **counts(here & case), **found}
        yield {**row, "level": sides[1], **counts(here & ~case), "measure": "log_rate_ratio", **reference}
    measure = "log_ratio_of_rate_ratios"
    row = {"outcome": analysis.count, "group": f"{within}{analysis.compare}={sides[0]}", "term": analysis.period}
    for k, period in enumerate(periods):
        found = (
            {"measure": measure, **reference}
            if k == base and base not in fit.reasons
            else estimated(measure, k, fit.change[k], fit.change_std_error[k])
        )
        yield {**row, "level": period, **counts((when == k) & case), **found}
