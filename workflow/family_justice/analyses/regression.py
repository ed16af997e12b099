"""Model kinds ``poisson``, ``negative_binomial``, ``risk_ratio``, ``multinomial`` and ``mixed_logistic``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import Design, build_design, yes_no_design
from family_justice.analyses.prepare import EVENT, follow_up, require_events
from family_justice.analyses.rows import (
    cluster_codes,
    coefficient_rows,
    estimate_row,
    marginal_rows,
    model_rows,
    reasons_of,
    row_of_test,
    t_degrees,
)
from family_justice.config.kinds import MixedLogistic, Multinomial, NegativeBinomial, Poisson, RiskRatio
from family_justice.config.models import Cohort, Covariate
from family_justice.errors import AnalysisError, did_you_mean
from family_justice.estimators.parts.chi_square import quadratic_form_test

Rows = Iterator[dict[str, Any]]


def poisson(
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
    yield from _ratios(fit, design, event, "log_rate_ratio", analysis.outcome, df)
    yield from model_rows(_totals(analysis.outcome, event), fit.loglik, fit.likelihood_ratio_test, robust, df)


def negative_binomial(
    members: pd.DataFrame, cohort: Cohort, analysis: NegativeBinomial, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log rate ratios of a count, the intercept, the shape (log theta) and tests of the model.

    ``events`` are members with a count above zero, not the sum of the counts: disclosure control is about people.
    """
    from family_justice.estimators.regression.negative_binomial import fit_negative_binomial

    numbers = [analysis.count, *([analysis.exposure] if analysis.exposure else [])]
    known = members[members[numbers].notna().all(axis=1)]
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
    event = count > 0
    df, robust = t_degrees(clusters), fit.wald_test if analysis.cluster else None
    yield from _ratios(fit, design, event, "log_rate_ratio", analysis.count, df)
    totals = _totals(analysis.count, event)
    shape = {**totals, "term": "shape"}
    if math.isinf(fit.theta):
        note = "counts vary no more than Poisson counts"
        yield {**shape, "measure": "log_shape", "status": "not estimable", "note": note}
    else:
        yield {**shape, **estimate_row("log_shape", math.log(fit.theta), fit.theta_std_error / fit.theta)}
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, robust, df)


def risk_ratio(
    members: pd.DataFrame, cohort: Cohort, analysis: RiskRatio, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log risk ratios of a yes/no variable (modified Poisson), the intercept (log risk) and a Wald test."""
    from family_justice.estimators.regression.marginal import average_marginal_effects
    from family_justice.estimators.regression.poisson import fit_risk_ratio

    used, design, event = yes_no_design(members, analysis, covariates, where)
    clusters = cluster_codes(used, analysis.cluster, where)
    df = t_degrees(clusters)
    fit = fit_risk_ratio(event, design.matrix, clusters)
    yield from _ratios(fit, design, event, "log_risk_ratio", analysis.variable, df)
    if analysis.marginal_effects:
        effects = average_marginal_effects(fit, design.matrix, list(design.terms.values()))
        reasons = reasons_of(fit, design.matrix.shape[1], intercept=True)
        yield from marginal_rows(design, event, effects, reasons, analysis.variable, df)
    yield {**_totals(analysis.variable, event), "measure": "wald_test", "term": "all", **row_of_test(fit.wald_test, df)}


def mixed_logistic(
    members: pd.DataFrame, cohort: Cohort, analysis: MixedLogistic, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log odds ratios within areas, the intercept, and the log of the standard deviation between areas."""
    from family_justice.estimators.regression.mixed import fit_mixed_logistic

    used, design, event = yes_no_design(members, analysis, covariates, where)
    if analysis.area not in used:
        raise AnalysisError(
            f"{where}: the cohort has no column '{analysis.area}'. {did_you_mean(analysis.area, map(str, used))}"
        )
    empty = int(used[analysis.area].isna().sum())
    if empty:
        raise AnalysisError(f"{where}: the area column '{analysis.area}' is empty in {empty} rows")
    fit = fit_mixed_logistic(event, design.matrix, pd.factorize(used[analysis.area])[0])
    totals, p = _totals(analysis.variable, event), design.matrix.shape[1]
    reasons = reasons_of(fit, p, intercept=True)
    variance = fit.variance
    yield from coefficient_rows(
        design, event, fit.coef[1:], variance[1:-1, 1:-1], reasons, "log_odds_ratio", analysis.variable
    )
    yield {**totals, "term": "intercept", **estimate_row("log_odds_ratio", fit.coef[0], fit.std_error[0])}
    if analysis.area in covariates and not fit.note:
        yield from _areas(fit, used[analysis.area], event, analysis)
    scale = {**totals, "term": "scale"}
    if fit.note:
        yield {**scale, "measure": "log_scale", "status": "not estimable", "note": fit.note}
    else:
        error = float(np.sqrt(variance[-1, -1])) / fit.sd
        yield {**scale, **estimate_row("log_scale", math.log(fit.sd), error)}
    kept = np.flatnonzero(fit.estimable[1:] & fit.converged) + 1
    test = quadratic_form_test(fit.coef[kept], variance[np.ix_(kept, kept)])
    yield {**totals, "measure": "wald_test", "term": "all", **row_of_test(test)}


def _areas(fit: Any, areas: pd.Series, event: np.ndarray, analysis: MixedLogistic) -> Rows:
    """Yield the log odds of every area beside those of the average one, drawn towards it (empirical Bayes)."""
    codes, names = pd.factorize(areas)  # the estimator knows areas by their codes, in this order
    for code, name in enumerate(names):
        inside = codes == code
        row = estimate_row("log_area_odds_ratio", fit.area_effect[code], fit.area_std_error[code])
        labels = {"outcome": analysis.variable, "term": analysis.area, "level": str(name)}
        yield {**labels, "n": int(inside.sum()), "events": int(event[inside].sum()), **row}


def multinomial(
    members: pd.DataFrame, cohort: Cohort, analysis: Multinomial, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log odds ratios of each level of a variable against its reference level, and a Wald test of each.

    ``outcome`` is the level. Its rows count the members with that level or the reference level, and as events those
    with that level: the contrast rests on both, and disclosure control must see both.
    """
    from family_justice.estimators.regression.marginal import MarginalEffects, average_marginal_effects
    from family_justice.estimators.regression.multinomial import fit_multinomial

    known = members[members[analysis.variable].notna()]
    design = build_design(known, analysis.covariates, covariates)
    used = known.iloc[design.rows]
    outcome = covariates[analysis.variable]
    reference = str(outcome.reference)
    levels = [reference, *(level for level in outcome.levels or [] if level != reference)]
    category = np.array([levels.index(str(level)) for level in used[analysis.variable].cat.categories])[
        used[analysis.variable].cat.codes.to_numpy()
    ]
    present = np.bincount(category, minlength=len(levels))
    if not present[0] or not present[1:].any():
        raise AnalysisError(
            f"{where}: '{analysis.variable}' needs members with its reference level and with another one"
        )
    clusters = cluster_codes(used, analysis.cluster, where)
    df = t_degrees(clusters)
    fit = fit_multinomial(category, design.matrix, len(levels), clusters)
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    size = fit.coef.shape[1]
    effects = None
    if analysis.marginal_effects:
        effects = average_marginal_effects(fit, design.matrix, list(design.terms.values()))
    for k, level in enumerate(levels[1:]):
        among = (category == 0) | (category == k + 1)
        event = category == k + 1
        if not fit.converged:
            reasons = dict.fromkeys(range(size - 1), "the search for the estimate did not converge")
        else:
            reasons = {column - 1: why for (row, column), why in fit.reasons.items() if row == k and column > 0}
        block = variance[k * size : (k + 1) * size, k * size : (k + 1) * size]
        rows = [coefficient_rows(design, event, fit.coef[k, 1:], block[1:, 1:], reasons, "log_odds_ratio", level, df)]
        if effects:
            own = MarginalEffects(effects.effect[k], effects.std_error[k])
            rows.append(marginal_rows(design, event, own, reasons, level, df))
        for row in itertools.chain(*rows):
            cell = next(c for c in design.cells if (c.term, c.level) == (row["term"], row["level"]))
            yield {**row, "n": int((cell.inside & among).sum())}
        totals = {"outcome": level, "n": int(among.sum()), "events": int(event.sum())}
        intercept = estimate_row("log_odds_ratio", fit.coef[k, 0], float(np.sqrt(block[0, 0])), df)
        yield {**totals, "term": "intercept", **intercept}
        kept = np.flatnonzero(fit.estimable[k, 1:] & fit.converged) + 1
        test = quadratic_form_test(fit.coef[k, kept], block[np.ix_(kept, kept)])
        yield {**totals, "measure": "wald_test", "term": "all", **row_of_test(test, df)}


def _ratios(fit: Any, design: Design, event: np.ndarray, measure: str, outcome: str, df: float) -> Rows:
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    reasons = reasons_of(fit, design.matrix.shape[1], intercept=True)
    yield from coefficient_rows(design, event, fit.coef[1:], variance[1:, 1:], reasons, measure, outcome, df)
    intercept = estimate_row(measure, fit.coef[0], math.sqrt(variance[0, 0]), df)
    yield {**_totals(outcome, event), "term": "intercept", **intercept}


def _totals(outcome: str, event: np.ndarray) -> dict[str, Any]:
    return {"outcome": outcome, "n": len(event), "events": int(event.sum())}
