"""Kind ``gee``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Ratios, event_level_problems
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Gee(Ratios):
    """Generalised estimating equations for a yes/no variable: odds ratios averaged over the population."""

    kind: Literal["gee"]
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"
    cluster: str = Field(description="cohort column; members with the same value may be alike")
    correlation: Literal["exchangeable", "independence"] = Field(
        default="exchangeable", description="working correlation of two members of a cluster"
    )

    packages: ClassVar[tuple[str, ...]] = ("statsmodels",)

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """The event must be a level of the variable."""
        found = super().problems(where, cohort, covariates)
        return found + event_level_problems(where, self.variable, self.event_level, covariates)

    def sentence(self, words: Wording) -> str:
        """Estimating equations and their working correlation."""
        return (
            f"The odds of {words.label(self.variable)} for {words.who} were modelled by generalised "
            f"estimating equations on {words.named}, with {self.correlation} correlation of members with the same "
            f"{self.cluster.replace('_', ' ')}."
        )

    def notes(self) -> list[str]:
        """What the odds ratios are, and their errors."""
        return [
            "Generalised estimating equations (Liang and Zeger 1986) give odds ratios averaged over the population, "
            "with robust standard errors without a small-sample factor.",
            *super().notes(),
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome is the variable."""
        return {**super().words_of_rows(cohort, covariates), "outcomes": [self.variable]}


KEYS = Gee
