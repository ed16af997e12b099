"""Comparisons within matched sets: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    model_rows,
)
from family_justice.analyses.prepare import (
    EVENT,
    follow_up,
    require_events,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.families.matched_run import complete, draw_sets, set_rows, set_totals
from family_justice.kinds.matched_cox.model import MatchedCox


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: MatchedCox, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the matching, the balance, and log hazard ratios within sets (Cox regression stratified by set)."""
    from family_justice.estimators.survival.cox import fit_cox

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    named = [analysis.treatment, *analysis.covariates]
    followed = members.iloc[observed.rows].reset_index(drop=True)
    used, left_out = complete(followed, analysis, named)
    sets = draw_sets(used, analysis, covariates, where)
    yield from sets.found
    inside = used.iloc[sets.rows]
    exit_, cause = observed.exit[inside.index], observed.cause[inside.index]
    event = cause == EVENT
    require_events(event.sum(), where)
    design = build_design(inside, named, covariates)
    entry = None if observed.entry is None else observed.entry[inside.index]
    fit = fit_cox(exit_, event, design.matrix, entry, strata=sets.number, ties=analysis.ties)
    yield from set_rows(fit, fit.var_model, design, event, sets.number, "log_hazard_ratio", analysis.outcome)
    yield from model_rows(
        set_totals(analysis.outcome, event, sets.number), fit.loglik, fit.likelihood_ratio_test, fit.wald_test
    )
    yield from member_rows(len(members), observed.left_out, left_out, outcome=analysis.outcome)
