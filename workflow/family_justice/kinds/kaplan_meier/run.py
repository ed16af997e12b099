"""Survival by the Kaplan-Meier method: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import EVENT
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.survival import life_table
from family_justice.estimators.survival.restricted_mean import restricted_mean_survival
from family_justice.kinds.families.curve_run import Method, compared_curves, row_of_rank_test
from family_justice.kinds.kaplan_meier.model import KaplanMeier


def _fit(exit_: np.ndarray, cause: np.ndarray, entry: np.ndarray | None) -> life_table.Curve:
    table = life_table.event_table(exit_, np.where(cause == EVENT, 1, 0), entry, n_causes=1)
    return life_table.kaplan_meier(table)


def _compare(exit_: np.ndarray, cause: np.ndarray, group: np.ndarray, entry: np.ndarray | None) -> dict[str, Any]:
    return row_of_rank_test("log_rank_test", life_table.log_rank(exit_, cause == EVENT, group, entry=entry).test)


METHOD = Method("survival", "restricted_mean_time", True, _fit, restricted_mean_survival, _compare)


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: KaplanMeier, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the curves, in which competing events count as censoring, what is asked of them, and the log-rank test."""
    return compared_curves(members, cohort, analysis, covariates, where, METHOD)
