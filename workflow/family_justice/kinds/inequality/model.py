"""Kind ``inequality``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Share
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Inequality(Share):
    """Slope, relative and concentration index of inequality of a share or a rate over ordered groups."""

    kind: Literal["inequality"]
    over: Name = Field(description="covariate with ordered levels, such as fifths of deprivation")
    worst_off: Literal["first", "last"] = Field(
        default="first", description="which end of the levels of `over` is worst off; it is compared with the other"
    )
    curve: bool = Field(
        default=False, description="draw concentration curves in place of the shares or rates over the ordered groups"
    )
    group_by: list[Name] = Field(default_factory=list, description="indices are given for each group, such as a year")

    measures: ClassVar[tuple[str, ...]] = (
        "percent", "rate", "time_at_risk", "slope_index", "log_relative_index",
        "concentration_index",
    )  # fmt: skip
    described_keys: ClassVar[tuple[str, ...]] = (*Share.described_keys, "over", "worst_off", "curve")

    def levelled(self) -> dict[str, list[str]]:
        """The ordered groups have levels."""
        return {**super().levelled(), "over": [self.over]}

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """There must be groups to compare."""
        found = super().problems(where, cohort, covariates)
        if self.over in covariates:
            over = covariates[self.over]
            if over.levels and len([level for level in over.levels if level != over.missing]) < 2:
                found.append(f"{where}.over: '{self.over}' has fewer than two levels to compare")
        return found

    def sentence(self, words: Wording) -> str:
        """Indices of inequality."""
        return (
            f"Inequality in {self.about(words)} over {words.label(self.over)} was described for "
            f"{words.who}{words.within} by the slope and the relative index of inequality and the "
            "concentration index."
        )

    def notes(self) -> list[str]:
        """What the indices are."""
        return [
            "Indices of inequality (Mackenbach and Kunst 1997) are regressions on the share of persons in better-off "
            "groups: the slope index is the difference, the relative index the ratio, between the worst off and the "
            "best off end. The concentration index (Kakwani, Wagstaff and van Doorslaer 1997) is negative where events "
            "are concentrated among the worst off, and 0 where they are spread evenly. Where counts are rounded, all "
            "are computed from the released counts."
        ]


KEYS = Inequality
