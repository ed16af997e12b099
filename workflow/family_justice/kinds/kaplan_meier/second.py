"""Kaplan-Meier curves by lifelines; with delayed entry by statsmodels.

Compared: survival with Greenwood's standard errors, mean times and their differences (lifelines gives the variance of
the time and not of its mean, so no errors), differences of risks, and the log-rank statistic.

With delayed entry lifelines refuses where a risk set is empty among the first times; statsmodels' ``SurvfuncRight``
goes on. Both have members at risk over (entry, exit], as we and R have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program.curves import Steps, compared_curves, rows_of
from family_justice.second_program.follow_up import Observed, groups, observe
from family_justice.second_program.refit import LIFELINES, STATSMODELS, Refit, Refits
from family_justice.second_program.words import NO_ENTRY_IN_TEST

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.kaplan_meier.model import KaplanMeier

PROGRAMS = (LIFELINES, STATSMODELS)
TOLERANCE = 1e-6  # closed formulas on both sides

Z95 = 1.959963984540054


def refit(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: KaplanMeier,
    covariates: Mapping[str, Covariate],
    shell: pd.DataFrame,
) -> Refits:
    """Yield the curves of all outcomes and groups, what is read from them, and the log-rank tests."""
    for outcome in analysis.outcomes:
        observed = observe(members, cohort.outcomes[outcome])
        measures = ("survival", "restricted_mean_time")
        yield from compared_curves(
            observed, analysis.group_by, survival, measures, outcome, covariates, shell
        )  # fmt: skip
        if len(rows_of(shell, "log_rank_test", outcome)):
            yield _log_rank(observed, analysis.group_by, outcome)


def survival(observed: Observed) -> Steps:
    """Return the Kaplan-Meier curve; a competing event censors."""
    if observed.start is not None:
        from statsmodels.duration.survfunc import SurvfuncRight

        curve = SurvfuncRight(observed.stop, observed.event, entry=observed.start)
        return Steps(STATSMODELS, curve.surv_times, curve.surv_prob, curve.surv_prob_se, 1.0)
    return _steps(product_limit(observed.stop, observed.event))


def product_limit(stop: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """Return lifelines' curve by time, in columns ``estimate`` and ``error``, of who left at ``stop`` (n,).

    Equal rows are counted, which is all that the estimator looks at.
    """
    from lifelines import KaplanMeierFitter

    same = pd.DataFrame({"stop": stop, "event": event}).value_counts().reset_index(name="n")
    curve = KaplanMeierFitter().fit(same["stop"], same["event"], weights=same["n"])
    estimate = curve.survival_function_.iloc[:, 0]
    low, high = (curve.confidence_interval_.iloc[:, column] for column in (0, 1))
    with np.errstate(all="ignore"):
        # The limits are symmetric in log(-log S); their width there is 2 z se / (S |log S|).
        width = np.log(-np.log(low)) - np.log(-np.log(high))
        error = width * -np.log(estimate) * estimate / (2 * Z95)
    return pd.DataFrame({"estimate": estimate, "error": error.where(estimate < 1, 0.0)})


def _steps(curve: pd.DataFrame) -> Steps:
    return Steps(LIFELINES, curve.index.to_numpy(), curve["estimate"].to_numpy(), curve["error"].to_numpy(), 1.0)


def _log_rank(observed: Observed, names: list[str], outcome: str) -> Refit:
    from lifelines.statistics import multivariate_logrank_test

    if observed.start is not None:
        return Refit(STATSMODELS, "log_rank_test", outcome, why=NO_ENTRY_IN_TEST)
    group = np.full(len(observed.stop), -1)
    for number, inside in enumerate(groups(observed.members, names).values()):
        group[inside] = number
    known = pd.DataFrame({"stop": observed.stop, "event": observed.event, "group": group})
    same = known[known["group"] >= 0].value_counts().reset_index(name="n")
    test = multivariate_logrank_test(same["stop"], same["group"], same["event"], weights=same["n"])
    return Refit(LIFELINES, "log_rank_test", outcome, statistic=float(test.test_statistic))
