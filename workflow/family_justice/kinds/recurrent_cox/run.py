"""Cox regression of repeated events: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import (
    Rows,
    coefficient_rows,
    model_rows,
    reasons_of,
    row_of_test,
)
from family_justice.analyses.prepare import (
    require_events,
)
from family_justice.analyses.repeated_events import histories
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.recurrent_cox.model import MOST_NUMBERS, RecurrentCox

#: What the stream file calls a model, and what the estimator calls it.
MODELS = {
    "andersen_gill": "andersen_gill",
    "pwp_total": "prentice_total",
    "pwp_gap": "prentice_gap",
    "wlw": "wei_lin_weissfeld",
}


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: RecurrentCox, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield coefficients (log hazard ratios) with errors robust to the member, tests, and members by number of events.

    ``n`` and ``events`` count members, and members with an event: disclosure control is about people.
    """
    from family_justice.estimators.survival.cox import proportional_hazards_test
    from family_justice.estimators.survival.recurrent import fit_recurrent

    design = build_design(members, analysis.covariates, covariates)
    used = members.iloc[design.rows]
    seen = histories(used, cohort.outcomes[analysis.outcome], where, analysis.most_events)
    require_events(seen.event.sum(), where)
    model: Any = MODELS[analysis.model]
    fit = fit_recurrent(
        model, seen.member, seen.start, seen.stop, seen.event, seen.number, design.matrix[seen.member], analysis.ties
    )
    had = np.bincount(seen.member[seen.event], minlength=len(used))
    reasons = reasons_of(fit, design.matrix.shape[1])
    assert fit.var_robust is not None
    yield from coefficient_rows(
        design, had > 0, fit.coef, fit.var_robust, reasons, "log_hazard_ratio", analysis.outcome
    )
    totals = {"outcome": analysis.outcome, "n": len(had), "events": int((had > 0).sum())}
    yield from model_rows(totals, fit.loglik, fit.likelihood_ratio_test, fit.wald_test)
    proportional = proportional_hazards_test(fit, terms=list(design.terms.values()))
    for name, test in zip([*design.terms, "all"], [*proportional.terms, proportional.overall], strict=True):
        yield {**totals, "measure": "proportional_hazards_test", "term": name, **row_of_test(test)}
    yield from member_rows(len(members), design.left_out, outcome=analysis.outcome)
    for number in range(1, min(int(had.max()), MOST_NUMBERS) + 1):
        yield {
            "measure": "count",
            "outcome": analysis.outcome,
            "term": "events_at_least",
            "level": str(number),
            "n": int((had >= number).sum()),
        }
