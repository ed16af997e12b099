"""Kind ``risk_ratio``: the keys of the stream file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from family_justice.kinds.families.keys import Imputation, YesNo
from family_justice.kinds.families.notes import CLUSTER_FACTOR
from family_justice.kinds.families.wording import Wording


class RiskRatio(YesNo):
    """Risk ratios of a yes/no variable: modified Poisson regression, always with robust standard errors."""

    kind: Literal["risk_ratio"]
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")

    def sentence(self, words: Wording) -> str:
        """Modified Poisson regression."""
        return (
            f"The risk of {words.label(self.variable)} for {words.who} was modelled by "
            f"Poisson regression with a robust variance on {words.named}{words.clustered}."
        )

    def notes(self) -> list[str]:
        """The method, and the factor of its errors."""
        said = "Risk ratios are those of modified Poisson regression (Zou 2004), with robust standard errors."
        return [said, CLUSTER_FACTOR, *super().notes()]


KEYS = RiskRatio
