"""Cumulative incidence by statsmodels' ``CumIncidenceRight``, which equals R; not with delayed entry.

(lifelines' ``AalenJohansenFitter`` breaks ties at random and answers differently each time.)

Compared: the curves with their standard errors, differences of risks, and mean times lost and their differences (from
the area under statsmodels' curve; no errors). Gray's test has no second program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program.curves import Steps, compared_curves
from family_justice.second_program.follow_up import Observed, observe
from family_justice.second_program.refit import STATSMODELS, NoSecondProgram, Refits
from family_justice.second_program.words import DELAYED_ENTRY

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.cumulative_incidence.model import CumulativeIncidence

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-6  # closed formulas on both sides


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: CumulativeIncidence,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield the curves of all outcomes and groups and what is read from them."""
    for outcome in analysis.outcomes:
        observed = observe(members, cohort.outcomes[outcome])
        if observed.start is not None:
            raise NoSecondProgram(DELAYED_ENTRY)
        measures = ("cumulative_incidence", "restricted_mean_time_lost")
        yield from compared_curves(
            observed, analysis.group_by, _incidence, measures, outcome, covariates, shell
        )  # fmt: skip


def _incidence(observed: Observed) -> Steps:
    from statsmodels.duration.survfunc import CumIncidenceRight

    if not observed.event.any():
        return Steps(STATSMODELS, np.zeros(0), np.zeros(0), np.zeros(0), 0.0)
    cause = np.where(observed.event, 1, np.where(observed.competing, 2, 0))
    curve = CumIncidenceRight(observed.stop, cause)
    return Steps(STATSMODELS, np.asarray(curve.times), curve.cinc[0], curve.cinc_se[0], 0.0)
