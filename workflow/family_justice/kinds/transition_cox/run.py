"""Cox regression of one move between two states: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from family_justice.analyses.left_out import NO_TIME_AT_RISK, member_rows
from family_justice.analyses.model_rows import Rows, coefficient_rows, model_rows, reasons_of, row_of_test
from family_justice.analyses.prepare import require_events
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.transition_cox.model import TransitionCox
from family_justice.kinds.transition_cox.stays import find_stays, persons_of


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: TransitionCox, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield coefficients (log hazard ratios) with errors robust to the person, and tests.

    ``n`` and ``events`` count members who were in the state, and who made the move: disclosure control is about people.
    """
    from family_justice.estimators.survival.cox import fit_cox, proportional_hazards_test

    stays = find_stays(members, analysis, dict(covariates), where)
    require_events(stays.event.sum(), where)
    of_state = analysis.clock == "state"
    fit = fit_cox(
        stays.stop - stays.start if of_state else stays.stop,
        stays.event,
        stays.design.matrix[stays.member],
        entry=None if of_state else stays.start,
        clusters=persons_of(members, cohort, stays),
        ties=analysis.ties,
    )
    moved, reasons = stays.moved, reasons_of(fit, stays.design.matrix.shape[1])
    assert fit.var_robust is not None
    yield from coefficient_rows(stays.design, moved, fit.coef, fit.var_robust, reasons, "log_hazard_ratio", "")
    totals = {"outcome": "", "n": len(moved), "events": int(moved.sum())}
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, fit.wald_test)
    proportional = proportional_hazards_test(fit, terms=list(stays.design.terms.values()))
    for name, test in zip([*stays.design.terms, "all"], [*proportional.terms, proportional.overall], strict=True):
        yield {**totals, "measure": "proportional_hazards_test", "term": name, **row_of_test(test)}
    never = {("", NO_TIME_AT_RISK): len(members) - len(stays.there)}
    yield from member_rows(len(members), never, stays.design.left_out)
