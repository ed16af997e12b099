"""Which members are in each group of predicted risk, and when their observation ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from family_justice.analyses.prepare import CENSORED, COMPETING, EVENT
from family_justice.config.schema import Cohort, Covariate
from family_justice.kinds.prediction.groups import predict
from family_justice.kinds.prediction.model import Prediction
from family_justice.prints import Counted


def behind(
    members: pd.DataFrame, cohort: Cohort, analysis: Prediction, covariates: Mapping[str, Covariate], where: str
) -> Iterator[tuple[tuple[str, ...], Counted]]:
    """Yield what the counts of the curve of each group count, by labels and column."""
    found = predict(members, cohort, analysis, covariates, where)
    for group, inside in found.groups(analysis):
        labels = ("cumulative_incidence", analysis.outcome, group, "", "")
        rows, exit_, cause = found.rows[inside], found.exit[inside], found.cause[inside]
        yield (*labels, "n"), Counted(rows)
        for column, code in (("events", EVENT), ("competing", COMPETING), ("censored", CENSORED)):
            yield (*labels, column), Counted(rows[cause == code], exit_[cause == code])
