"""Rate ratios and their changes by statsmodels: a generalised linear model with a column for each group and period.

Compared: log rate ratios and their changes with clustered standard errors, which have the factor
G/(G-1) * (n-1)/(n-k) in both. Ours has a rate ratio for each period; here every group has rates of its own, and ratios
are differences of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, regression
from family_justice.second_program.refit import STATSMODELS, Refit, Refits

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.before_after.model import BeforeAfter

PROGRAMS = (STATSMODELS,)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: BeforeAfter,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield the rate ratios of every group and period, and their changes."""
    names = [analysis.count, analysis.exposure, *analysis.group_by, analysis.compare, analysis.period]
    used = members[design.complete(members, names)]
    groups = pd.Series("", index=used.index)
    for place, name in enumerate(analysis.group_by):
        groups = groups + ("; " if place else "") + f"{name}=" + used[name].astype(str)
    for label in dict.fromkeys(groups):
        yield from _of_group(used[groups == label], analysis, covariates, label)


def _of_group(used: pd.DataFrame, analysis: BeforeAfter, covariates: Mapping[str, Covariate], group: str) -> Refits:
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    case, comparison = list(covariates[analysis.compare].levels or [])
    side, period = used[analysis.compare].astype(str), used[analysis.period].astype(str)
    events = used.groupby([period, side], observed=True)[analysis.count].sum()
    told = [
        p
        for p in covariates[analysis.period].levels or []
        if all(events.get((p, s), 0) > 0 for s in (case, comparison))
    ]
    here = used[period.isin(told)]
    cells = [(p, s) for p in told for s in (case, comparison)]
    if not cells:
        return
    columns = np.column_stack([((period == p) & (side == s)).loc[here.index] for p, s in cells]).astype(float)
    labels = design.labels(here, analysis.cluster)
    model = GLM(
        here[analysis.count].to_numpy(float), columns, family=Poisson(),
        offset=np.log(here[analysis.exposure].to_numpy(float)),
    )  # fmt: skip
    fit = model.fit(tol=1e-12, **regression.robust(labels))

    def contrast(**signs: float) -> tuple[float, float]:
        weights = np.array([signs.get(f"{p}\x1f{s}", 0.0) for p, s in cells])
        return float(weights @ fit.params), float(np.sqrt(weights @ fit.cov_params() @ weights))

    base, within = str(covariates[analysis.period].reference), f"{group}; " * bool(group)
    for p in told:
        ratio = {f"{p}\x1f{case}": 1.0, f"{p}\x1f{comparison}": -1.0}
        value, error = contrast(**ratio)
        yield Refit(
            STATSMODELS,
            "log_rate_ratio",
            analysis.count,
            f"{within}{analysis.period}={p}",
            analysis.compare,
            case,
            estimate=value,
            std_error=error,
        )
        if p != base and base in told:
            value, error = contrast(**ratio, **{f"{base}\x1f{case}": -1.0, f"{base}\x1f{comparison}": 1.0})
            yield Refit(
                STATSMODELS, "log_ratio_of_rate_ratios", analysis.count, f"{within}{analysis.compare}={case}",
                analysis.period, p, estimate=value, std_error=error,
            )  # fmt: skip
