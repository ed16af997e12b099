"""Which members have an event, and how many: counts of a model of repeated events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.repeated_events import histories
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.recurrent_cox.model import MOST_NUMBERS, RecurrentCox
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: RecurrentCox, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield the members with so many events, and those of each level with any, by labels and column."""
    design = build_design(members, analysis.covariates, covariates)
    seen = histories(members.iloc[design.rows], cohort.outcomes[analysis.outcome], where, analysis.most_events)
    had = np.bincount(seen.member[seen.event], minlength=len(design.rows))
    about = (analysis.outcome, "")
    for number in range(1, MOST_NUMBERS + 1):
        labels = ("count", *about, "events_at_least", str(number), "n")
        yield labels, Counted(design.rows[had >= number])
    for cell in design.cells:
        labels = ("log_hazard_ratio", *about, cell.term, cell.level, "events")
        yield labels, Counted(design.rows[cell.inside & (had > 0)])
    everybody = Counted(design.rows[had > 0])
    for term in ("fitted", "without_covariates"):
        yield ("log_likelihood", *about, term, "", "events"), everybody
    for measure, term in (("wald_test", "all"), ("likelihood_ratio_test", "all")):
        yield (measure, *about, term, "", "events"), everybody
    for term in (*design.terms, "all"):
        yield ("proportional_hazards_test", *about, term, "", "events"), everybody
