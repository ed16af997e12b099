"""Model kinds: ``cox``, ``logistic`` and ``aft``. Coefficients are logarithms; tables and figures take exponents."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design, yes_no_design
from family_justice.analyses.prepare import EVENT, follow_up, require_events
from family_justice.analyses.rows import (
    Rows,
    cluster_codes,
    coefficient_rows,
    estimate_row,
    marginal_rows,
    model_rows,
    reasons_of,
    row_of_test,
    stratum_codes,
    t_degrees,
    with_profiles,
)
from family_justice.analyses.spline_curves import spline_curve
from family_justice.config.kinds import AcceleratedFailureTime, Cox, Logistic
from family_justice.config.models import Cohort, Covariate
from family_justice.errors import AnalysisError


def cox(members: pd.DataFrame, cohort: Cohort, analysis: Cox, covariates: Mapping[str, Covariate], where: str) -> Rows:
    """Yield coefficients (log hazard ratios), tests of the model and of proportional hazards.

    Competing events end time at risk: the hazard is cause-specific. With ``cluster`` the standard errors are the
    cluster-robust ones (Lin and Wei 1989), otherwise those of the model.
    """
    from family_justice.estimators.parts.chi_square import quadratic_form_test
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
    for name in analysis.splines:
        # The first column of a spline is the straight line, the others bend it.
        parts = {"association_test": design.terms[name], "nonlinearity_test": design.terms[name][1:]}
        for measure, columns in parts.items():
            at = [column for column in columns if column not in reasons]
            yield {
                **totals,
                "measure": measure,
                "term": name,
                **row_of_test(quadratic_form_test(fit.coef[at], variance[np.ix_(at, at)]), df),
            }
        own = np.ix_(design.terms[name], design.terms[name])
        values = used[name].to_numpy(dtype="float64")
        about = {**totals, "term": name}
        yield from spline_curve(values, analysis.splines[name], fit.coef[design.terms[name]], variance[own], about, df)
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


def logistic(
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


def accelerated_failure_time(
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
