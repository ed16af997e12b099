"""Comparisons within matched sets: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    model_rows,
)
from family_justice.analyses.prepare import (
    require_events,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.matched_run import complete, draw_sets, set_rows, set_totals
from family_justice.kinds.matched_logistic.model import MatchedLogistic


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: MatchedLogistic, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the matching, the balance, and log odds ratios within sets (conditional logistic regression)."""
    from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic

    outcome, level = analysis.variable or analysis.treatment, analysis.event_level
    if analysis.variable is None:
        level = analysis.treatment_level
    named = [*analysis.covariates] if analysis.variable is None else [analysis.treatment, *analysis.covariates]
    used, left_out = complete(members, analysis, [outcome, *named])
    sets = draw_sets(used, analysis, covariates, where)
    yield from sets.found
    inside = used.iloc[sets.rows]
    event = (inside[outcome] == level).to_numpy()
    require_events(event.sum(), where)
    design = build_design(inside, named, covariates)
    fit = fit_conditional_logistic(event, design.matrix, sets.number)
    yield from set_rows(fit, fit.variance, design, event, sets.number, "log_odds_ratio", outcome)
    from family_justice.estimators.parts.chi_square import quadratic_form_test

    kept = np.flatnonzero(fit.estimable & fit.converged)
    test = quadratic_form_test(fit.coef[kept], fit.variance[np.ix_(kept, kept)])
    yield from model_rows(set_totals(outcome, event, sets.number), fit.loglik, test, test)
    yield from member_rows(len(members), left_out, outcome=outcome)
