"""Kind ``fine_gray``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Clustered, Covariates
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: The two programs whose Fine-Gray models differ slightly.
PROGRAMS = {"crr": "R cmprsk::crr", "finegray": "R survival::finegray"}


class FineGray(Clustered):
    """Fine-Gray model of the subdistribution hazard of an event with competing events."""

    kind: Literal["fine_gray"]
    outcome: Name
    target: Literal["crr", "finegray"] = Field(
        description="R program whose definitions are followed: `crr` (package cmprsk) or `finegray` (package survival)"
    )
    ties: Literal["efron", "breslow"] | None = Field(
        default=None, description="default: Breslow's for `crr`, which has no other, and Efron's for `finegray`"
    )
    strata: list[Name] = Field(default_factory=list, description="`finegray` only")

    def knows_delayed_entry(self) -> bool:
        """Of the two programs only one takes members from their entry on."""
        return self.target == "finegray"

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """``crr`` has no strata and one method for ties."""
        found = super().problems(where, cohort, covariates)
        if self.target == "crr" and (self.strata or self.ties == "efron"):
            found.append(
                f"{where}: target 'crr' has no strata and Breslow's method for ties only; "
                "remove 'strata' and 'ties', or write 'target: finegray'"
            )
        return found

    def sentence(self, words: Wording) -> str:
        """Fine-Gray regression: definitions, ties, strata, errors."""
        strata = f", stratified by {words.labels(self.strata)}" if self.strata else ""
        variance = words.clustered or ", with robust standard errors"
        ties = self.ties or ("breslow" if self.target == "crr" else "efron")
        return (
            f"The subdistribution hazard of {words.outcome(self.outcome)} for {words.who}, with "
            f"{words.competing([self.outcome])}, was modelled by Fine-Gray regression (definitions of "
            f"{PROGRAMS[self.target]}; {ties.capitalize()}'s method for ties) on {words.named}{strata}{variance}."
        )

    def notes(self) -> list[str]:
        """What a subdistribution hazard ratio says."""
        return [
            "Subdistribution hazard ratios say how covariates change the cumulative incidence; persons with a "
            "competing event stay at risk, weighted by the probability of still being observed.",
            *super().notes(),
        ]


KEYS = FineGray
