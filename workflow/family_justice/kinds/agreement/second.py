"""Cohen's kappa by statsmodels, with its standard error; the percentages beside it are recomputed at the door."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from family_justice.second_program import design
from family_justice.second_program.follow_up import groups
from family_justice.second_program.refit import STATSMODELS, Refit, Refits
from family_justice.second_program.words import ALL_AGREE

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.agreement.model import Agreement

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-6  # closed formulas on both sides


def refit(
    members: pd.DataFrame, cohort: Cohort, analysis: Agreement, covariates: Mapping[str, Covariate], shell: pd.DataFrame
) -> Refits:
    """Yield kappa and observed agreement of every group, of all levels and of those that are an answer."""
    from statsmodels.stats.inter_rater import cohens_kappa

    used = members[design.complete(members, [analysis.first, analysis.second])]
    levels = [str(level) for level in covariates[analysis.first].levels or []]
    answers = [level for level in levels if level not in analysis.unknown]
    for group, inside in groups(used, analysis.group_by).items():
        first, second = (used[name].astype(str).to_numpy()[inside] for name in (analysis.first, analysis.second))
        for among in [levels, answers] if analysis.unknown else [levels]:
            table = np.array([[((first == a) & (second == b)).sum() for b in among] for a in among])
            about: dict[str, Any] = {
                "group": group,
                "term": f"{analysis.first}:{analysis.second}",
                "level": ":".join(among),
            }
            if table.sum():
                share = 100 * table.trace() / table.sum()
                yield Refit(STATSMODELS, "agreement", estimate=float(share), **about)
                found = cohens_kappa(table)
                whole = table.trace() == table.sum()
                error, why = (math.nan, ALL_AGREE) if whole else (float(found.std_kappa), "")
                yield Refit(STATSMODELS, "kappa", estimate=found.kappa, std_error=error, why=why, **about)
