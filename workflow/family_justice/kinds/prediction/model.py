"""Kind ``prediction``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Grid
from family_justice.kinds.families.wording import Wording, listed

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: The grouping of rows about members with similar predicted risks.
RISK_GROUP = "risk_group"
#: Terms of rows: in the members that the model was fitted to, and what is to be expected of others like these.
APPARENT, CORRECTED = "apparent", "corrected"


def group_name(number: int, groups: int) -> str:
    """Return the name of a group of predicted risk from 1, lowest."""
    return f"{number}{' lowest' if number == 1 else ' highest' if number == groups else ''}"


class Prediction(Grid):
    """Internal validation of a Cox model as a prediction: discrimination, calibration and Brier score at stated times,
    with optimism by bootstrap, and observed beside predicted risks."""

    kind: Literal["prediction"]
    outcome: Name
    covariates: list[Name] = Field(min_length=1, description="predictors")
    validate_at: list[float] = Field(
        min_length=1, description="times at which predictions are validated; multiples of `every`"
    )
    risk_groups: int = Field(
        default=5, ge=2, le=10, description="groups of predicted risk in which observed risks are shown beside it"
    )
    samples: int = Field(default=100, ge=20, le=2000, description="bootstrap samples")
    seed: int = Field(default=1, ge=0, description="of the bootstrap samples")

    family: ClassVar[str] = "curve"
    measures: ClassVar[tuple[str, ...]] = (
        "cumulative_incidence", "predicted_risk", "area_under_curve", "brier_score", "scaled_brier_score",
        "observed_over_expected", "calibration_slope",
    )  # fmt: skip
    described_keys: ClassVar[tuple[str, ...]] = (*Grid.described_keys, "validate_at", "risk_groups", "samples")

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Times must lie on the grid, after time zero."""
        found = super().problems(where, cohort, covariates)
        wrong = [time for time in self.validate_at if self.off_grid(time, above_zero=True)]
        if wrong:
            found.append(
                f"{where}.validate_at: {', '.join(map(str, wrong))} not on the grid; "
                f"write multiples of {self.every} up to {self.until}"
            )
        return found

    def sentence(self, words: Wording) -> str:
        """What was predicted, by what, and how it was validated."""
        unit = words.cohort.outcomes[self.outcome].time_unit
        times = listed([f"{time:g}" for time in self.validate_at])
        return (
            f"The risk of {words.outcome(self.outcome)} for {words.who} was predicted by a Cox model (Efron's method "
            f"for ties) of {words.named}, with {words.competing([self.outcome])}, and validated at {times} {unit}: "
            "area under the receiver operating characteristic curve, calibration, and Brier score. Optimism was "
            f"estimated from {self.samples} bootstrap samples (seed {self.seed}), in each of which the model was "
            "fitted again."
        )

    def notes(self) -> list[str]:
        """The weights, the optimism, and what is not validated."""
        return [
            "Predictions were validated among members with a value of every predictor. Members censored before a time "
            "are accounted for by the inverse of the probability of being uncensored (Graf et al. 1999; Blanche et al. "
            "2013); competing events count as no event, and their hazard is taken as the same for everybody. Corrected "
            "values are apparent ones less the optimism (Harrell 2015); their intervals rest on the spread of apparent "
            "values in the bootstrap samples. Predictors were chosen beforehand. This is internal validation: how the "
            "model does elsewhere, or later, is not known from it."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Groups of risk are levels; apparent and corrected are terms."""
        names = [group_name(number + 1, self.risk_groups) for number in range(self.risk_groups)]
        unit = cohort.outcomes[self.outcome].time_unit
        return {"terms": [RISK_GROUP, APPARENT, CORRECTED], "levels": names, "time_unit": unit}


KEYS = Prediction
