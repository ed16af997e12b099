"""Cox regression: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    cluster_codes,
    coefficient_rows,
    model_rows,
    reasons_of,
    row_of_test,
    stratum_codes,
    t_degrees,
)
from family_justice.analyses.prepare import (
    EVENT,
    follow_up,
    require_events,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.cox.model import Cox
from family_justice.kinds.cox.spline_curve import spline_curve


def fit(members: pd.DataFrame, cohort: Cohort, analysis: Cox, covariates: Mapping[str, Covariate], where: str) -> Rows:
    """Yield coefficients (log hazard ratios), tests of the model and of proportional hazards.

    Competing events end time at risk: the hazard is cause-specific. With ``cluster`` the standard errors are the
    cluster-robust ones (Lin and Wei 1989), otherwise those of the model.
    """
    from family_justice.estimators.survival.cox import (
        concordance,
        concordance_std_error,
        fit_cox,
        proportional_hazards_test,
    )

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    needed = [*analysis.strata, *([analysis.offset] if analysis.offset else [])]
    try:
        design = build_design(members.iloc[observed.rows], analysis.covariates, covariates, analysis.splines, needed)
    except ValueError as error:
        raise AnalysisError(f"{where}: splines: {error}") from None
    exit_, event = observed.exit[design.rows], observed.cause[design.rows] == EVENT
    require_events(event.sum(), where)
    used = members.iloc[observed.rows].iloc[design.rows]
    clusters = cluster_codes(used, analysis.cluster, where)
    fit = fit_cox(
        exit_,
        event,
        design.matrix,
        entry=None if observed.entry is None else observed.entry[design.rows],
        offset=used[analysis.offset].to_numpy(dtype="float64") if analysis.offset else None,
        strata=stratum_codes(used, analysis.strata),
        clusters=clusters,
        ties=analysis.ties,
    )
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    reasons, df = reasons_of(fit, design.matrix.shape[1]), t_degrees(clusters)
    yield from coefficient_rows(design, event, fit.coef, variance, reasons, "log_hazard_ratio", analysis.outcome, df)
    totals = {"outcome": analysis.outcome, "n": len(event), "events": int(event.sum())}
    robust = fit.wald_test if analysis.cluster else None
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, robust, df)
    for name, knots in analysis.splines.items():
        columns, values = design.terms[name], used[name].to_numpy(dtype="float64")
        yield from _spline(values, knots, columns, fit.coef, variance, reasons, {**totals, "term": name}, df)
    yield {
        **totals,
        "measure": "concordance",
        "term": "all",
        "estimate": concordance(fit).estimate,
        "std_error": concordance_std_error(fit),
    }
    proportional = proportional_hazards_test(fit, terms=list(design.terms.values()))
    for name, test in zip([*design.terms, "all"], [*proportional.terms, proportional.overall], strict=True):
        yield {**totals, "measure": "proportional_hazards_test", "term": name, **row_of_test(test)}
    yield from member_rows(len(members), observed.left_out, design.left_out, outcome=analysis.outcome)


def _spline(
    values: np.ndarray,
    knots: int,
    columns: list[int],
    coef: np.ndarray,
    variance: np.ndarray,
    reasons: Mapping[int, str],
    about: dict[str, Any],
    df: float,
) -> Rows:
    """Yield the tests of the curve along a number, and the curve itself."""
    from family_justice.estimators.parts.chi_square import quadratic_form_test

    # The first column of a spline is the straight line, the others bend it.
    for measure, tested in {"association_test": columns, "nonlinearity_test": columns[1:]}.items():
        at = [column for column in tested if column not in reasons]
        test = quadratic_form_test(coef[at], variance[np.ix_(at, at)])
        yield {**about, "measure": measure, **row_of_test(test, df)}
    yield from spline_curve(values, knots, coef[columns], variance[np.ix_(columns, columns)], about, df)


def run(members: pd.DataFrame, cohort: Cohort, analysis: Cox, covariates: Mapping[str, Covariate], where: str) -> Rows:
    """Yield the rows of the model; with imputation those of the complete cases and the pooled ones."""
    from family_justice.kinds.families.imputed_run import with_imputation

    if analysis.imputation is None:
        return fit(members, cohort, analysis, covariates, where)
    return with_imputation(fit, members, cohort, analysis, covariates, where)
