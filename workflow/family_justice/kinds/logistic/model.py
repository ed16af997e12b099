"""Kind ``logistic``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from family_justice.kinds.families.keys import Covariates, Imputation, YesNo
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Logistic(YesNo):
    """Logistic model of a yes/no variable."""

    kind: Literal["logistic"]
    penalty: Literal["none", "firth"] = Field(
        default="none", description="`firth` gives finite odds ratios where outcomes are separated"
    )
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")

    #: Ratios of this model may be compared with planted ones (``truth:`` of a synthetic source).
    planted_measure: ClassVar[str] = "log_odds_ratio"

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Firth's penalty has neither clusters nor imputation."""
        found = super().problems(where, cohort, covariates)
        if self.penalty == "firth":
            found += [
                f"{where}.penalty: 'firth' has no '{key}'; remove one of the two"
                for key in ("cluster", "imputation")
                if getattr(self, key) is not None
            ]
        return found

    def sentence(self, words: Wording) -> str:
        """Logistic regression."""
        return (
            f"The odds of {words.label(self.variable)} for {words.who} were modelled by "
            f"logistic regression on {words.named}{words.clustered}."
        )

    def notes(self) -> list[str]:
        """The factor of clustered errors."""
        return [
            "Clustered standard errors of logistic models carry the small-sample factor G/(G-1) times (n-1)/(n-p), "
            "as R's vcovCL of type HC1.",
            *super().notes(),
        ]


KEYS = Logistic
