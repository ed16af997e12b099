"""Kind ``frequency``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis, Covariates
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Frequency(Analysis):
    """Counts and percent of the levels of one or more variables within groups; the first group is the axis."""

    kind: Literal["frequency"]
    variables: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(min_length=1)
    trend: bool = Field(
        default=False,
        description="test the trend of every share over the first group, whose levels are in order and one step apart",
    )

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = ("count", "percent", "trend")

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """A trend needs levels in order."""
        found = super().problems(where, cohort, covariates)
        axis = covariates.get(self.group_by[0])
        if self.trend and axis is not None and axis.missing:
            found.append(
                f"{where}.trend: '{self.group_by[0]}' has a level for missing values ('{axis.missing}'), which has no "
                "place in an order; write a covariate without, or the others under 'restrict_to'"
            )
        return found

    def sentence(self, words: Wording) -> str:
        """Numbers and percentages of variables."""
        of = words.labels(self.variables)
        return f"Numbers and percentages of {of} were computed for {words.who}{words.within}."

    def more_sentences(self, words: Wording) -> str:
        """Return the sentence about the trend."""
        axis = words.label(self.group_by[0])
        return f" Shares were tested for a linear trend over {axis} (Armitage 1955)." if self.trend else ""


KEYS = Frequency
