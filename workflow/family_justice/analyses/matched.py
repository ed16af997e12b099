"""Matched comparisons: kinds ``matched_logistic`` and ``matched_cox``. Sets are drawn inside the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.derived import balance_rows
from family_justice.analyses.design import Design, build_design
from family_justice.analyses.prepare import EVENT, follow_up, require_events
from family_justice.analyses.rows import Rows, coefficient_rows, model_rows, reasons_of
from family_justice.config.kinds import MatchedCox, MatchedLogistic
from family_justice.config.models import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.results import tidy

Covariates = Mapping[str, Covariate]

AFTER = "matched=yes"
STATUSES = {"ok": "full set", "fewer than asked": "smaller set", "none": "no comparison"}


@dataclass(frozen=True)
class Sets:
    """Members in matched sets, the number of the set of each, and the rows that describe how they were found."""

    rows: np.ndarray
    number: np.ndarray
    found: list[dict[str, Any]]


def matched_logistic(
    members: pd.DataFrame, cohort: Cohort, analysis: MatchedLogistic, covariates: Covariates, where: str
) -> Rows:
    """Yield the matching, the balance, and log odds ratios within sets (conditional logistic regression)."""
    from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic

    outcome, level = analysis.variable or analysis.treatment, analysis.event_level
    if analysis.variable is None:
        level = analysis.treatment_level
    named = [*analysis.covariates] if analysis.variable is None else [analysis.treatment, *analysis.covariates]
    used = _complete(members, analysis, [outcome, *named])
    sets = draw_sets(used, analysis, covariates, where)
    yield from sets.found
    inside = used.iloc[sets.rows]
    event = (inside[outcome] == level).to_numpy()
    require_events(event.sum(), where)
    design = build_design(inside, named, covariates)
    fit = fit_conditional_logistic(event, design.matrix, sets.number)
    yield from _model(fit, fit.variance, design, event, sets.number, "log_odds_ratio", outcome)
    from family_justice.estimators.parts.chi_square import quadratic_form_test

    kept = np.flatnonzero(fit.estimable & fit.converged)
    test = quadratic_form_test(fit.coef[kept], fit.variance[np.ix_(kept, kept)])
    yield from model_rows(_totals(outcome, event, sets.number), fit.loglik, test, test)


def matched_cox(
    members: pd.DataFrame, cohort: Cohort, analysis: MatchedCox, covariates: Covariates, where: str
) -> Rows:
    """Yield the matching, the balance, and log hazard ratios within sets (Cox regression stratified by set)."""
    from family_justice.estimators.survival.cox import fit_cox

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    named = [analysis.treatment, *analysis.covariates]
    followed = members.iloc[observed.rows].reset_index(drop=True)
    used = _complete(followed, analysis, named)
    sets = draw_sets(used, analysis, covariates, where)
    yield from sets.found
    inside = used.iloc[sets.rows]
    exit_, cause = observed.exit[inside.index], observed.cause[inside.index]
    event = cause == EVENT
    require_events(event.sum(), where)
    design = build_design(inside, named, covariates)
    entry = None if observed.entry is None else observed.entry[inside.index]
    fit = fit_cox(exit_, event, design.matrix, entry, strata=sets.number, ties=analysis.ties)
    yield from _model(fit, fit.var_model, design, event, sets.number, "log_hazard_ratio", analysis.outcome)
    yield from model_rows(
        _totals(analysis.outcome, event, sets.number), fit.loglik, fit.likelihood_ratio_test, fit.wald_test
    )


def _complete(members: pd.DataFrame, analysis: Any, named: list[str]) -> pd.DataFrame:
    """Return the members with everything known that matching or the model needs."""
    needed = list(dict.fromkeys([analysis.treatment, *analysis.match_on, *analysis.nearest_on, *named]))
    return members[members[needed].notna().all(axis=1)]


def draw_sets(used: pd.DataFrame, analysis: Any, covariates: Covariates, where: str) -> Sets:
    """Match every treated member to comparisons; raise ``AnalysisError`` if nobody finds one."""
    from family_justice.estimators.groups.matching import comparison_weights, match_exact, match_nearest
    from family_justice.estimators.parts.arrays import combine
    from family_justice.estimators.parts.newton import RUNS_AWAY
    from family_justice.estimators.regression.logistic import fit_logistic

    treated = (used[analysis.treatment] == analysis.treatment_level).to_numpy()
    if treated.all() or not treated.any():
        raise AnalysisError(f"{where}: '{analysis.treatment}' has to have members with either level to match")
    key: np.ndarray = np.zeros(len(used), dtype=np.int64)
    if analysis.match_on:
        key = used.groupby(analysis.match_on, observed=True, sort=True).ngroup().to_numpy()
    if analysis.nearest_on:
        design = build_design(used, analysis.nearest_on, covariates)
        fit = fit_logistic(treated, design.matrix)
        if not fit.converged:
            raise AnalysisError(
                f"{where}: the propensity score could not be fitted; name fewer covariates in 'nearest_on'"
            )
        # A column that tells treated members from others without fail has no coefficient, for it would be infinite:
        # members who differ in it are infinitely far apart, and never matched.
        apart = [j - 1 for j, why in fit.reasons.items() if j > 0 and RUNS_AWAY in why]
        if apart:
            key = np.unique(np.column_stack([key, design.matrix[:, apart]]), axis=0, return_inverse=True)[1].ravel()
        # Column by column, so that members who are alike have the same score to the last bit.
        logit = combine(np.where(fit.estimable[1:], fit.coef[1:], 0.0), design.matrix.T)
        reach = np.inf if analysis.caliper is None else analysis.caliper * float(logit.std())
        matched = match_nearest(treated, logit, analysis.ratio, reach, key)
    else:
        matched = match_exact(treated, key, analysis.ratio, analysis.seed)
    rows = np.flatnonzero(matched.sets >= 0)
    if not rows.size:
        raise AnalysisError(f"{where}: no treated member found a comparison; match on fewer covariates")
    found = list(_found(analysis, matched.status))
    described = list(dict.fromkeys([*analysis.match_on, *analysis.nearest_on, *analysis.covariates]))
    tables = [
        row
        for prefix, frame, who, weight in (
            ("", used, treated, np.ones(len(used))),
            (f"{AFTER}; ", used.iloc[rows], treated[rows], comparison_weights(treated, matched.sets)[rows]),
        )
        for row in _characteristics(frame, who, weight, analysis, described, covariates, prefix)
    ]
    numbers = [name for name in described if covariates[name].levels is None]
    balance = [*_number_balance(used, treated, matched.sets, numbers), *(balance_rows(tidy(tables)) if tables else [])]
    return Sets(rows, matched.sets[rows], [*found, *tables, *balance])


def _found(analysis: Any, status: list[str]) -> Rows:
    for name, level in STATUSES.items():
        n = status.count(name)
        row = {
            "measure": "percent", "group": f"{analysis.treatment}={analysis.treatment_level}", "term": "matching",
            "level": level, "n": n, "total": len(status), "estimate": 100 * n / len(status),
        }  # fmt: skip
        yield row | ({"note": "fewer comparisons than asked for"} if n and name != "ok" else {})


def _characteristics(
    frame: pd.DataFrame,
    treated: np.ndarray,
    weight: np.ndarray,
    analysis: Any,
    names: list[str],
    covariates: Covariates,
    prefix: str,
) -> Rows:
    """Yield the share of every level on either side. Matched comparisons weigh 1 over their number in the set, so that
    their numbers are of sets, rounded to whole ones: shares and their differences follow from them at the door."""
    others = next(level for level in covariates[analysis.treatment].levels or [] if level != analysis.treatment_level)
    for name in names:
        levels = covariates[name].levels
        if levels is None:
            continue
        for side, inside in ((analysis.treatment_level, treated), (others, ~treated)):
            codes = frame[name].cat.codes.to_numpy()[inside]
            counts = _whole(np.bincount(codes, weights=weight[inside], minlength=len(levels)))
            total = int(counts.sum())
            for level, n in zip(levels, counts, strict=True):
                yield {
                    "measure": "percent", "group": f"{prefix}{analysis.treatment}={side}", "term": name,
                    "level": level, "n": int(n), "total": total, "estimate": 100 * int(n) / total,
                }  # fmt: skip


def _whole(sums: np.ndarray) -> np.ndarray:
    """Return whole numbers with the same total: those with the largest fractions are rounded up."""
    down = np.floor(sums + 1e-9).astype(np.int64)
    short = round(float(sums.sum())) - int(down.sum())
    down[np.argsort(down - sums, kind="stable")[:short]] += 1
    return down


def _number_balance(used: pd.DataFrame, treated: np.ndarray, sets: np.ndarray, names: list[str]) -> Rows:
    """Yield standardised differences of numbers, every set counting once (as ``matching.balance``)."""
    from family_justice.estimators.groups.matching import balance

    if not names:
        return
    found = balance(treated, used[names].to_numpy(dtype="float64"), sets)
    for group, values in (("", found.difference), (AFTER, found.matched_difference)):
        for name, value in zip(names, values, strict=True):
            row = {"measure": "standardised_difference", "group": group, "term": name}
            if np.isfinite(value):
                yield {**row, "estimate": float(value)}
            else:
                yield {**row, "status": "not estimable", "note": "the number does not vary on either side"}


def _model(
    fit: Any, variance: np.ndarray, design: Design, event: np.ndarray, sets: np.ndarray, measure: str, outcome: str
) -> Rows:
    """Yield the rows of the model. Their counts are of members in sets with both outcomes and more than one level of
    the covariate: in pairs the discordant ones, on which an odds ratio rests and which disclosure control must see. (A
    hazard ratio rests besides on sets in which all have the event, one after the other; it rests on no fewer.)"""
    reasons = reasons_of(fit, design.matrix.shape[1])
    telling: dict[str, np.ndarray] = {}
    for name in design.terms:
        levels = np.zeros(len(event))
        for place, cell in enumerate(cell for cell in design.cells if cell.term == name):
            levels += np.where(cell.inside, place, 0) if cell.level else design.matrix[:, cell.column or 0]
        telling[name] = _mixed(event, sets) & _mixed(levels, sets)
    for row in coefficient_rows(design, event, fit.coef, variance, reasons, measure, outcome):
        cell = next(c for c in design.cells if (c.term, c.level) == (row["term"], row["level"]))
        here = cell.inside & telling[cell.term]
        yield {**row, "group": AFTER, "n": int(here.sum()), "events": int(event[here].sum())}


def _mixed(values: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Return which members are in a set with more than one value (n,)."""
    within = pd.Series(np.asarray(values, dtype="float64")).groupby(sets)
    return (within.transform("max") > within.transform("min")).to_numpy()


def _totals(outcome: str, event: np.ndarray, sets: np.ndarray) -> dict[str, Any]:
    inside = _mixed(event, sets)
    return {"outcome": outcome, "group": AFTER, "n": int(inside.sum()), "events": int(event[inside].sum())}
