"""Keys, checks and sentences of comparisons within matched sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from family_justice.config.base import Name
from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import MODEL_TERMS, RATIO_MEASURES, Covariates, Ratios
from family_justice.kinds.families.notes import MATCHED_SETS
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: How matching ended for a treated member, as levels of result rows.
STATUSES = {"ok": "full set", "fewer than asked": "smaller set", "none": "no comparison"}


class Matched(Ratios):
    """A model within matched sets, which are drawn inside the analysis."""

    treatment: Name = Field(description="covariate with two levels; members with one are matched to members without")
    treatment_level: str = Field(default="yes", description="level of `treatment` that is matched to the other")
    match_on: list[Name] = Field(default_factory=list, description="covariates on which all of a set agree exactly")
    nearest_on: list[Name] = Field(
        default_factory=list, description="covariates of a propensity score; comparisons are nearest in its logit"
    )
    caliper: float | None = Field(
        default=None, gt=0, description="with `nearest_on`: largest distance, in standard deviations of the logit"
    )
    ratio: int = Field(default=1, ge=1, le=10, description="comparisons of each matched member")
    seed: int = Field(default=1, ge=0, description="of the random choice among members who match exactly")
    covariates: list[Name] = Field(default_factory=list, description="further covariates of the model")

    measures: ClassVar[tuple[str, ...]] = ("percent", "standardised_difference", *RATIO_MEASURES)
    is_matched: ClassVar[bool] = True
    uncounted: ClassVar[tuple[str, ...]] = measures
    described_keys: ClassVar[tuple[str, ...]] = (*Ratios.described_keys, "treatment", "match_on")

    def levelled(self) -> dict[str, list[str]]:
        """Treatment and what is matched on have levels."""
        return {**super().levelled(), "treatment": [self.treatment], "match_on": list(self.match_on)}

    def covariates_needed(self) -> list[str]:
        """Return the covariates of matching and of the model."""
        return list(dict.fromkeys([*super().covariates_needed(), *self.nearest_on]))

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Say what does not fit together in the matching."""
        found = super().problems(where, cohort, covariates)
        found += [
            f"{where}.nearest_on: there is no covariate '{name}' in the cohort. {did_you_mean(name, cohort.covariates)}"
            for name in self.nearest_on
            if name not in cohort.covariates
        ]
        taken = {self.treatment, *self.match_on}
        found += [f"{where}.nearest_on: '{name}' is matched on already" for name in self.nearest_on if name in taken]
        if not self.match_on and not self.nearest_on:
            found.append(f"{where}: name in 'match_on' or 'nearest_on' what members are matched on")
        if self.caliper is not None and not self.nearest_on:
            found.append(f"{where}.caliper: it goes with 'nearest_on'; remove it")
        levels = covariates[self.treatment].levels if self.treatment in covariates else None
        if levels and (len(levels) != 2 or self.treatment_level not in levels):
            found.append(f"{where}.treatment: '{self.treatment}' must have two levels, one of them 'treatment_level'")
        return found

    def sentence(self, words: Wording) -> str:
        """How sets were drawn, and the model within them."""
        treated = f"{words.label(self.treatment)} ({self.treatment_level})"
        exactly = f" who agreed on {words.labels(self.match_on)}" if self.match_on else ""
        nearest = f", nearest in the logit of a propensity score on {words.labels(self.nearest_on)}"
        reach = f" within {self.caliper:g} of its standard deviations" if self.caliper else ""
        chance = f", drawn at random (seed {self.seed})"
        how = exactly + (nearest + reach if self.nearest_on else chance)
        others = "one other" if self.ratio == 1 else f"up to {self.ratio} others"
        return (
            f"Of {words.who}, those with {treated} were matched, without replacement, to {others}{how}; "
            f"{self.modelled(words)}."
        )

    def modelled(self, words: Wording) -> str:
        """Return the model within sets, and on what."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """Whom tables of matched sets count."""
        return [*super().notes(), MATCHED_SETS]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Matching, balance, and the outcome."""
        outcome = getattr(self, "outcome", None) or getattr(self, "variable", None) or self.treatment
        levels = ["yes", *STATUSES.values()]
        return {"terms": [*MODEL_TERMS, "matching", "matched"], "levels": levels, "outcomes": [outcome]}
