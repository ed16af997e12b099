"""Kind ``mixed_logistic``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Ratios, event_level_problems
from family_justice.kinds.families.wording import Wording, column_words

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class MixedLogistic(Ratios):
    """Logistic model with an intercept of its own for every area: variation that the covariates leave unexplained."""

    kind: Literal["mixed_logistic"]
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"
    area: str = Field(
        description="cohort column with the areas, such as local_authority; a covariate whose levels are their names "
        "is shown area by area"
    )

    shows_areas: ClassVar[bool] = True
    described_keys: ClassVar[tuple[str, ...]] = (*Ratios.described_keys, "area")

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """The event must be a level of the variable."""
        found = super().problems(where, cohort, covariates)
        return found + event_level_problems(where, self.variable, self.event_level, covariates)

    def columns_needed(self) -> list[str]:
        """Return the column of the areas."""
        return [self.area]

    def sentence(self, words: Wording) -> str:
        """Logistic regression with a random intercept."""
        return (
            f"The odds of {words.label(self.variable)} for {words.who} were modelled by logistic regression on "
            f"{words.named} with a random intercept for each {column_words(self.area)}."
        )

    def notes(self) -> list[str]:
        """How it is fitted, and whom its odds ratios compare."""
        return [
            "Logistic models with random intercepts were fitted by maximum likelihood with adaptive quadrature "
            "(Pinheiro and Bates 1995, as R's glmer); their odds ratios compare members of the same area.",
            *super().notes(),
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome is the variable."""
        return {**super().words_of_rows(cohort, covariates), "outcomes": [self.variable]}


KEYS = MixedLogistic
