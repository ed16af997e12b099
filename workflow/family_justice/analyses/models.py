"""Model kinds: ``cox``, ``logistic`` and ``aft``. Coefficients are logarithms; tables and figures take exponents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import Design, build_design
from family_justice.analyses.prepare import EVENT, follow_up, require_events
from family_justice.config.models import AcceleratedFailureTime, Cohort, Covariate, Cox, Logistic
from family_justice.errors import AnalysisError
from family_justice.estimators.life_table import Z95

Rows = Iterator[dict[str, Any]]


def cox(members: pd.DataFrame, cohort: Cohort, analysis: Cox, covariates: Mapping[str, Covariate], where: str) -> Rows:
    """Yield coefficients (log hazard ratios), tests of the model and of proportional hazards.

    Competing events end time at risk: the hazard is cause-specific. With ``cluster`` the standard errors are the
    cluster-robust ones (Lin and Wei 1989), otherwise those of the model.
    """
    from family_justice.estimators.cox import concordance, fit_cox, proportional_hazards_test

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates)
    exit_, event = observed.exit[design.rows], observed.cause[design.rows] == EVENT
    require_events(event.sum(), where)
    used = members.iloc[observed.rows].iloc[design.rows]
    clusters = _clusters(used, analysis.cluster, where)
    fit = fit_cox(
        exit_,
        event,
        design.matrix,
        strata=_strata_codes(used, analysis.strata),
        clusters=clusters,
        ties=analysis.ties,
    )
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    reasons = _reasons(fit, design.matrix.shape[1])
    yield from _coefficients(design, event, fit.coef, variance, reasons, "log_hazard_ratio", analysis.outcome)
    totals = {"outcome": analysis.outcome, "n": len(event), "events": int(event.sum())}
    yield from _model_rows(totals, fit.loglik, fit.likelihood_ratio_test)
    yield {**totals, "measure": "concordance", "term": "all", "estimate": concordance(fit).estimate}
    proportional = proportional_hazards_test(fit, terms=list(design.terms.values()))
    for name, test in zip([*design.terms, "all"], [*proportional.terms, proportional.overall], strict=True):
        yield {**totals, "measure": "proportional_hazards_test", "term": name, **_test(test)}


def logistic(
    members: pd.DataFrame, cohort: Cohort, analysis: Logistic, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield coefficients (log odds ratios) with the intercept, and a likelihood-ratio test of the model."""
    from family_justice.estimators.logistic import fit_logistic

    known = members[members[analysis.variable].notna()]
    design = build_design(known, analysis.covariates, covariates)
    used = known.iloc[design.rows]
    event = (used[analysis.variable] == analysis.event_level).to_numpy()
    require_events(event.sum(), where)
    if event.all():
        raise AnalysisError(
            f"{where}: '{analysis.variable}' is '{analysis.event_level}' for everybody; there is nothing to compare"
        )
    clusters = _clusters(used, analysis.cluster, where)
    fit = fit_logistic(event, design.matrix, clusters=clusters)
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    yield from _coefficients(
        design,
        event,
        fit.coef[1:],
        variance[1:, 1:],
        _reasons(fit, design.matrix.shape[1], intercept=True),
        "log_odds_ratio",
        analysis.variable,
    )
    totals = {"outcome": analysis.variable, "n": len(event), "events": int(event.sum())}
    yield {**totals, "term": "intercept", **_estimate("log_odds_ratio", fit.coef[0], math.sqrt(variance[0, 0]))}
    yield from _model_rows(totals, fit.loglik, fit.likelihood_ratio_test)


def accelerated_failure_time(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: AcceleratedFailureTime,
    covariates: Mapping[str, Covariate],
    where: str,
) -> Rows:
    """Yield coefficients of the logarithm of time, the intercept, and the shape (Weibull) or scale (lognormal)."""
    from family_justice.estimators.parametric import fit_aft

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates)
    exit_, event = observed.exit[design.rows], observed.cause[design.rows] == EVENT
    require_events(event.sum(), where)
    fit = fit_aft(exit_, event, design.matrix, distribution=analysis.distribution)
    columns = slice(1, -1)  # position 0 is the intercept, the last one the logarithm of the scale
    reasons = _reasons(fit, design.matrix.shape[1], intercept=True)
    yield from _coefficients(
        design, event, fit.coef[1:], fit.variance[columns, columns], reasons, "log_time_ratio", analysis.outcome
    )
    totals = {"outcome": analysis.outcome, "n": len(event), "events": int(event.sum())}
    yield {**totals, "term": "intercept", **_estimate("log_time_ratio", fit.coef[0], fit.std_error[0])}
    term, log_value = ("shape", fit.log_shape) if analysis.distribution == "weibull" else ("scale", fit.log_scale)
    yield {**totals, "term": term, **_estimate(f"log_{term}", log_value, fit.std_error_log_scale)}
    # Textbooks print the likelihood of the logarithm of time; it differs from that of time by a constant.
    constant = fit.loglik_log_time - fit.loglik[1]
    yield from _model_rows(totals, (fit.loglik[0] + constant, fit.loglik_log_time), fit.likelihood_ratio_test)


def _coefficients(
    design: Design,
    event: np.ndarray,
    coefficients: np.ndarray,
    variance: np.ndarray,
    reasons: Mapping[int, str],
    measure: str,
    outcome: str,
) -> Rows:
    for cell in design.cells:
        row = {
            "outcome": outcome,
            "term": cell.term,
            "level": cell.level,
            "n": int(cell.inside.sum()),
            "events": int(event[cell.inside].sum()),
        }
        if cell.column is None:
            yield {**row, "measure": measure, "estimate": 0.0, "status": "reference"}
        elif cell.column in reasons:
            yield {**row, "measure": measure, "status": "not estimable", "note": reasons[cell.column]}
        else:
            error = math.sqrt(variance[cell.column, cell.column])
            yield {**row, **_estimate(measure, coefficients[cell.column], error)}


def _estimate(measure: str, estimate: float, std_error: float) -> dict[str, Any]:
    """Return a parameter with its Wald interval and test, or the words that it could not be estimated."""
    if not (math.isfinite(estimate) and math.isfinite(std_error)):
        return {"measure": measure, "status": "not estimable", "note": "the model could not be fitted"}
    statistic = estimate / std_error if std_error > 0 else math.nan
    return {
        "measure": measure,
        "estimate": estimate,
        "std_error": std_error,
        "conf_low": estimate - Z95 * std_error,
        "conf_high": estimate + Z95 * std_error,
        "statistic": statistic,
        "p_value": math.erfc(abs(statistic) / math.sqrt(2)),
    }


def _model_rows(totals: dict[str, Any], loglik: tuple[float, float], test: Any) -> Rows:
    for term, value in zip(("null", "fitted"), loglik, strict=True):
        yield {**totals, "measure": "log_likelihood", "term": term, "estimate": value}
    yield {**totals, "measure": "likelihood_ratio_test", "term": "all", **_test(test)}


def _reasons(fit: Any, columns: int, intercept: bool = False) -> dict[int, str]:
    """Return why columns are not estimable; a search that did not converge counts against all of them."""
    if not fit.converged:
        return dict.fromkeys(range(columns), "the search for the estimate did not converge")
    return {column - intercept: reason for column, reason in fit.reasons.items() if column >= intercept}


def _test(test: Any) -> dict[str, Any]:
    row = {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
    return row if test.df else {**row, "status": "not estimable", "note": "no column of the term could be estimated"}


def _clusters(members: pd.DataFrame, column: str | None, where: str) -> np.ndarray | None:
    if column is None:
        return None
    if column not in members:
        raise AnalysisError(
            f"{where}: 'cluster' is '{column}', which is no column of the cohort. "
            f"It has: {', '.join(map(str, members.columns))}"
        )
    empty = int(members[column].isna().sum())
    if empty:
        raise AnalysisError(f"{where}: the cluster column '{column}' is empty in {empty} rows")
    return pd.factorize(members[column])[0]


def _strata_codes(members: pd.DataFrame, names: list[str]) -> np.ndarray | None:
    if not names:
        return None
    return members.groupby(names, observed=True, sort=True).ngroup().to_numpy()
