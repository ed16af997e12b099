"""Kind ``negative_binomial``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Clustered, Covariates, unknown
from family_justice.kinds.families.notes import CLUSTER_FACTOR
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class NegativeBinomial(Clustered):
    """Rate ratios of a count that varies more than a Poisson count."""

    kind: Literal["negative_binomial"]
    count: Name = Field(description="number covariate that is counted")
    exposure: Name | None = Field(default=None, description="number covariate with the time in which it was counted")

    planted_measure: ClassVar[str] = "log_rate_ratio"

    def _numbers(self) -> list[str]:
        return [self.count, *([self.exposure] if self.exposure else [])]

    def covariates_needed(self) -> list[str]:
        """Return the covariates of the model, the count and the exposure."""
        return list(dict.fromkeys([*super().covariates_needed(), *self._numbers()]))

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Count and exposure must be numbers of the cohort."""
        found = super().problems(where, cohort, covariates)
        within = f" in cohort '{self.cohort}'"
        found += unknown(self._numbers(), cohort.covariates, f"{where}.count", "covariate", within)
        return found + [
            f"{where}: '{name}' has levels; 'count' and 'exposure' must be numbers"
            for name in self._numbers()
            if name in covariates and covariates[name].levels is not None
        ]

    def sentence(self, words: Wording) -> str:
        """Negative binomial regression."""
        per = f" per {words.label(self.exposure)}" if self.exposure else ""
        return (
            f"The {words.label(self.count)}{per} for {words.who} was modelled by "
            f"negative binomial regression on {words.named}{words.clustered}."
        )

    def notes(self) -> list[str]:
        """The variance, whose events are shown, and the factor of clustered errors."""
        return [
            "In negative binomial models the variance of a count is mean + mean^2/theta (NB2, as R's glm.nb); the "
            "number of events shown is that of members with a count above zero.",
            CLUSTER_FACTOR,
            *super().notes(),
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome is the count."""
        return {**super().words_of_rows(cohort, covariates), "outcomes": [self.count]}


KEYS = NegativeBinomial
