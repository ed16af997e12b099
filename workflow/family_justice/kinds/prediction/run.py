"""Internal validation of a prediction model: from members to tidy rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import member_rows
from family_justice.analyses.prepare import EVENT
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.survival import life_table
from family_justice.estimators.survival.life_table import Z95
from family_justice.estimators.survival.prediction import validate
from family_justice.kinds.families.curve_run import grid_of, on_grid
from family_justice.kinds.prediction.groups import Predicted, predict
from family_justice.kinds.prediction.model import APPARENT, CORRECTED, Prediction

#: In the order of ``estimators.survival.prediction.Performance``.
MEASURES = ("area_under_curve", "brier_score", "scaled_brier_score", "observed_over_expected", "calibration_slope")


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Prediction, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the observed risk of each group of predicted risk on the grid and the predicted one at each time; and how
    well risks are predicted, apparently and corrected for optimism.

    The calibration slope is of the whole follow-up and has no time. A measure is not estimable at a time at which there
    is nobody to compare. Raises ``AnalysisError`` if nobody has the event.
    """
    found = predict(members, cohort, analysis, covariates, where)
    times = np.array(analysis.validate_at)
    yield from _groups(found, analysis, times)
    checked = validate(found.exit, found.cause, found.design.matrix, times, analysis.samples, analysis.seed)
    for number, measure in enumerate(MEASURES):
        places = [(0, math.nan)] if measure == "calibration_slope" else list(enumerate(times))
        for column, time in places:
            place = {"measure": measure, "outcome": analysis.outcome, "time": time}
            error = float(checked.std_error[number, column])
            yield {**place, "term": APPARENT, **_value(float(checked.apparent[number, column]), error)}
            corrected = float(checked.corrected[number, column])
            limits = {"conf_low": corrected - Z95 * error, "conf_high": corrected + Z95 * error}
            yield {**place, "term": CORRECTED, **_value(corrected, error, limits)}
    yield from member_rows(len(members), found.observed.left_out, found.design.left_out, outcome=analysis.outcome)


def _groups(found: Predicted, analysis: Prediction, times: np.ndarray) -> Iterator[dict[str, Any]]:
    grid = grid_of(analysis.until, analysis.every)
    risk = found.model.risk(found.model.score(found.design.matrix), times)
    for group, inside in found.groups(analysis):
        exit_, cause = found.exit[inside], found.cause[inside]
        curve = life_table.cumulative_incidence(life_table.event_table(exit_, cause, n_causes=2), EVENT)
        labels = {"measure": "cumulative_incidence", "outcome": analysis.outcome, "group": group}
        yield from on_grid(curve, exit_, cause, grid, None, **labels)
        for time, predicted in zip(times, risk[inside].mean(axis=0), strict=True):
            yield {**labels, "measure": "predicted_risk", "time": float(time), "estimate": float(predicted)}


def _value(estimate: float, error: float, limits: Mapping[str, float] | None = None) -> dict[str, Any]:
    if math.isnan(estimate) or math.isnan(error):
        return {"status": "not estimable", "note": "there is nobody to compare"}
    return {"estimate": estimate, "std_error": error, **(limits or {})}
