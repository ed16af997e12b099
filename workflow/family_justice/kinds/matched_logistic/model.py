"""Kind ``matched_logistic``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, event_level_problems
from family_justice.kinds.families.matched import Matched
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class MatchedLogistic(Matched):
    """Odds ratios within matched sets: conditional logistic regression."""

    kind: Literal["matched_logistic"]
    variable: Name | None = Field(
        default=None,
        description="covariate that is the outcome; without it the outcome is `treatment` itself, as in a case-control "
        "study, and `covariates` are the exposures",
    )
    event_level: str = "yes"

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """There must be exposures, and the event a level of the variable."""
        found = super().problems(where, cohort, covariates)
        if self.variable is None and not self.covariates:
            found.append(f"{where}: without 'variable' (a case-control study) 'covariates' must name the exposures")
        return found + event_level_problems(where, self.variable, self.event_level, covariates)

    def modelled(self, words: Wording) -> str:
        """Conditional logistic regression."""
        if self.variable is None:
            on = words.labels(self.covariates)
            return f"the odds of being such a member were modelled by conditional logistic regression on {on}"
        on = words.labels([self.treatment, *self.covariates])
        return f"the odds of {words.label(self.variable)} were modelled by conditional logistic regression on {on}"


KEYS = MatchedLogistic
