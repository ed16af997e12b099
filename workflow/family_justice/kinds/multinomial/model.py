"""Kind ``multinomial``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Effects
from family_justice.kinds.families.notes import CLUSTER_FACTOR
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Multinomial(Effects):
    """Multinomial logistic model: each level of a variable against its reference level."""

    kind: Literal["multinomial"]
    variable: Name = Field(description="covariate that is the outcome")

    has_contrasts: ClassVar[bool] = True

    def sentence(self, words: Wording) -> str:
        """Multinomial regression, and the reference."""
        variable = words.covariates[self.variable]
        return (
            f"The {variable.label.lower()} of {words.who} was modelled by multinomial logistic regression "
            f"on {words.named}, each level against '{variable.reference}'{words.clustered}."
        )

    def notes(self) -> list[str]:
        """Whom a contrast compares, and the factor of its errors."""
        return [
            "Multinomial models compare each level of the outcome with its reference level; the numbers shown are of "
            "the members with either of the two.",
            CLUSTER_FACTOR,
            *super().notes(),
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Each level but the reference is an outcome."""
        variable = covariates[self.variable]
        levels = [level for level in variable.levels or [] if level != variable.reference]
        return {**super().words_of_rows(cohort, covariates), "outcomes": levels}


KEYS = Multinomial
