"""Cumulative incidence with competing events: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.prepare import EVENT
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.survival import life_table
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.restricted_mean import RestrictedMean, restricted_mean_time_lost
from family_justice.kinds.cumulative_incidence.model import CumulativeIncidence
from family_justice.kinds.families.curve_run import Method, compared_curves, row_of_rank_test


def _fit(exit_: np.ndarray, cause: np.ndarray, entry: np.ndarray | None) -> life_table.Curve:
    return life_table.cumulative_incidence(life_table.event_table(exit_, cause, entry, n_causes=2), EVENT)


def _mean(table: life_table.EventTable, until: float) -> RestrictedMean:
    return restricted_mean_time_lost(table, EVENT, until)


def _compare(exit_: np.ndarray, cause: np.ndarray, group: np.ndarray, entry: np.ndarray | None) -> dict[str, Any]:
    if entry is not None:
        note = "Gray's test does not know delayed entry"
        return {"measure": "gray_test", "status": "not estimable", "note": note}
    return row_of_rank_test("gray_test", gray_test(exit_, cause, group, of=EVENT).test)


METHOD = Method("cumulative_incidence", "restricted_mean_time_lost", False, _fit, _mean, _compare)


def run(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: CumulativeIncidence,
    covariates: Mapping[str, Covariate],
    where: str,
) -> Iterator[dict[str, Any]]:
    """Yield the curves by the Aalen-Johansen method, what is asked of them, and Gray's test of the groups."""
    return compared_curves(members, cohort, analysis, covariates, where, METHOD)
