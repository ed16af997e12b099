"""Kind ``cox``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import Clustered, Covariates, Imputation, unknown
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Cox(Clustered):
    """Cox model of the cause-specific hazard, with a proportional-hazards test."""

    kind: Literal["cox"]
    outcome: Name
    ties: Literal["efron", "breslow"] = "efron"
    strata: list[Name] = Field(default_factory=list)
    splines: dict[Name, Annotated[int, Field(ge=3, le=7)]] = Field(
        default_factory=dict,
        description="number covariates that enter as restricted cubic splines, and how many knots each has (3 to 7)",
    )
    offset: Name | None = Field(
        default=None, description="number covariate, a logarithm of a ratio, that enters with the coefficient 1"
    )
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")

    #: Ratios of this model may be compared with planted ones (``truth:`` of a synthetic source).
    planted_measure: ClassVar[str] = "log_hazard_ratio"
    information: ClassVar[str] = "events"

    def knows_delayed_entry(self) -> bool:
        """Risk sets take members from their entry on."""
        return True

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Splines and offsets must be numbers."""
        found = super().problems(where, cohort, covariates)
        found += unknown(self.splines, self.covariates, f"{where}.splines", "covariate of this model")
        found += [
            f"{where}.splines: '{name}' has levels; only numbers can be splines"
            for name in self.splines
            if name in covariates and covariates[name].levels is not None
        ]
        if set(self.covariates) <= set(self.splines):
            found.append(f"{where}.splines: a curve has no hazard ratio to show; add a covariate that is none")
        if self.imputation is not None and self.splines:
            found.append(f"{where}.splines: curves of imputed data are not pooled; remove 'imputation' or 'splines'")
        return found + self._offset_problems(where, cohort, covariates)

    def _offset_problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        name = self.offset
        if name is None:
            return []
        if name not in cohort.covariates or name not in covariates:
            near = did_you_mean(name, cohort.covariates)
            return [f"{where}.offset: there is no covariate '{name}' in cohort '{self.cohort}'. {near}"]
        found = []
        if covariates[name].levels is not None:
            found.append(f"{where}.offset: '{name}' has levels; an offset is a number")
        if name in (*self.covariates, *self.strata):
            found.append(f"{where}.offset: '{name}' is a covariate or a stratum of the model as well; remove one")
        if self.imputation is not None:
            found.append(f"{where}.offset: imputation does not know an offset; remove one of them")
        return found

    def covariates_needed(self) -> list[str]:
        """Return the covariates of the model and its offset."""
        return list(dict.fromkeys([*super().covariates_needed(), *([self.offset] if self.offset else [])]))

    def sentence(self, words: Wording) -> str:
        """Cox regression: ties, strata, clusters, splines."""
        curves = "".join(
            f" {words.covariates[name].label} entered as a restricted cubic spline with {knots} knots at the quantiles "
            "of Harrell (2015)."
            for name, knots in self.splines.items()
        )
        strata = f", stratified by {words.labels(self.strata)}" if self.strata else ""
        others = words.cohort.outcomes[self.outcome].competing_labels(words.cohort.events)
        specific = "cause-specific hazard" if others else "hazard"
        return (
            f"The {specific} of {words.outcome(self.outcome)} for {words.who} was modelled by Cox regression "
            f"({self.ties.capitalize()}'s method for ties) on {words.named}{strata}{words.clustered}.{curves}"
        )

    def more_sentences(self, words: Wording) -> str:
        """Return the sentence about an offset."""
        offset = self.offset
        said = f" {words.covariates[offset].label} entered as an offset, with the coefficient 1." if offset else ""
        return super().more_sentences(words) + said

    def notes(self) -> list[str]:
        """The test of proportional hazards."""
        return [
            "Proportional hazards were tested by score tests (Grambsch and Therneau 1994; as R's cox.zph since 3.0), "
            "with the model's information: members of a cluster count as independent.",
            *super().notes(),
        ]


KEYS = Cox
