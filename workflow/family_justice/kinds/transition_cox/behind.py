"""Which members were in the state that is left, and which made the move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import NO_TIME_AT_RISK, NO_VALUE
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.transition_cox.model import TransitionCox
from family_justice.kinds.transition_cox.stays import find_stays
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: TransitionCox, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield the members of the model and of its levels, those who moved, and those left out, by labels and column."""
    stays = find_stays(members, analysis, dict(covariates), where)
    used, moved = stays.used, stays.moved
    for cell in stays.design.cells:
        labels = ("log_hazard_ratio", "", "", cell.term, cell.level)
        yield (*labels, "n"), Counted(used[cell.inside])
        yield (*labels, "events"), Counted(used[cell.inside & moved])
    wholes = [("log_likelihood", term) for term in ("fitted", "without_covariates")]
    wholes += [("wald_test", "all"), ("likelihood_ratio_test", "all")]
    wholes += [("proportional_hazards_test", term) for term in (*stays.design.terms, "all")]
    for measure, term in wholes:
        yield (measure, "", "", term, "", "n"), Counted(used)
        yield (measure, "", "", term, "", "events"), Counted(used[moved])
    yield ("analysed", "", "", "", "", "n"), Counted(used)
    never = np.setdiff1d(np.arange(len(members)), stays.there)
    yield ("left_out", "", "", "", NO_TIME_AT_RISK, "n"), Counted(never)
    known = stays.there
    for name in analysis.covariates:
        lacking = members[name].iloc[known].isna().to_numpy()
        yield ("left_out", "", "", name, NO_VALUE, "n"), Counted(known[lacking])
        known = known[~lacking]
