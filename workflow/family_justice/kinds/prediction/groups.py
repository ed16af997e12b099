"""The members of a prediction model, and the groups of predicted risk that they are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.analyses.design import Design, build_design
from family_justice.analyses.prepare import EVENT, FollowUp, follow_up, require_events
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.survival.prediction import RiskModel, fit_risk_model, risk_groups
from family_justice.kinds.prediction.model import RISK_GROUP, Prediction, group_name


@dataclass(frozen=True)
class Predicted:
    """Members of a prediction model: follow-up, and of the n who have all predictors ``exit``, ``cause`` (n,), the
    positions of their rows (n,), columns (n, p), and the group of predicted risk (n,) from 0."""

    observed: FollowUp
    design: Design
    exit: np.ndarray
    cause: np.ndarray
    rows: np.ndarray
    model: RiskModel
    group: np.ndarray

    def groups(self, analysis: Prediction) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the label of each group with members, and who is in it (n,)."""
        for number in range(analysis.risk_groups):
            inside = self.group == number
            if inside.any():
                yield f"{RISK_GROUP}={group_name(number + 1, analysis.risk_groups)}", inside


def predict(
    members: pd.DataFrame, cohort: Cohort, analysis: Prediction, covariates: Mapping[str, Covariate], where: str
) -> Predicted:
    """Fit the model to the members with a value of every predictor. Raises ``AnalysisError`` without events."""
    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates)
    exit_, cause = observed.exit[design.rows], observed.cause[design.rows]
    require_events((cause == EVENT).sum(), where)
    model = fit_risk_model(exit_, cause, design.matrix)
    group = risk_groups(model.score(design.matrix), analysis.risk_groups)
    return Predicted(observed, design, exit_, cause, observed.rows[design.rows], model, group)
