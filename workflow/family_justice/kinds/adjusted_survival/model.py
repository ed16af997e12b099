"""Kind ``adjusted_survival``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Grid, unknown
from family_justice.kinds.families.notes import CLUSTERS, COMPLETE_CASES
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class AdjustedSurvival(Grid):
    """Survival curves of a Cox model, averaged over all members as if each had every level of one covariate in turn."""

    kind: Literal["adjusted_survival"]
    outcome: Name
    covariates: list[Name] = Field(min_length=1)
    cluster: str | None = Field(default=None, description="cohort column; standard errors are robust to its clusters")
    contrast: Name = Field(description="covariate of the model whose levels are compared")
    ties: Literal["efron", "breslow"] = "efron"

    family: ClassVar[str] = "exact_only"
    measures: ClassVar[tuple[str, ...]] = ("survival",)

    def knows_delayed_entry(self) -> bool:
        """Risk sets take members from their entry on."""
        return True

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """The contrast must be a covariate of the model that has levels."""
        found = super().problems(where, cohort, covariates)
        found += unknown([self.contrast], self.covariates, f"{where}.contrast", "covariate of this model")
        if self.contrast in covariates and covariates[self.contrast].levels is None:
            found.append(f"{where}.contrast: '{self.contrast}' is a number; only levels can be compared")
        return found

    def sentence(self, words: Wording) -> str:
        """Standardised survival, and what counts as censoring."""
        outcome = words.cohort.outcomes[self.outcome]
        others = [label.lower() for label in outcome.competing_labels(words.cohort.events)]
        censored = f"; {' and '.join(others)} counted as censoring" if others else ""
        return (
            f"Survival curves of {outcome.label.lower()} for {words.who} were standardised with a Cox model "
            f"({self.ties.capitalize()}'s method for ties) on {words.named}: averaged over all members, as if each "
            f"had every level of {self.contrast.replace('_', ' ')} in turn{censored}."
        )

    def notes(self) -> list[str]:
        """Standard errors, disclosure control, and complete cases."""
        return [
            "Standardised survival curves have delta-method standard errors that take the covariates as given. They "
            "leave only where exact counts may: their steps would tell counts that are rounded.",
            COMPLETE_CASES,
            *([CLUSTERS] if self.cluster else []),
        ]


KEYS = AdjustedSurvival
