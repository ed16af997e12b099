"""Kind ``decomposition``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import Analysis, Covariates, event_level_problems
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: Terms of rows: the whole change, and its two parts.
CHANGE, COMPOSITION, WITHIN = "change", "composition", "within_groups"


class Decomposition(Analysis):
    """Change of a share between two levels of a covariate, such as periods, split into what other sizes of groups make
    of it and what changed within groups."""

    kind: Literal["decomposition"]
    variable: Name = Field(description="yes/no covariate whose share is looked at")
    event_level: str = "yes"
    compare: Name = Field(description="covariate whose two levels are compared, such as years of entry")
    between: tuple[str, str] = Field(description="the two levels: from, to")
    groups: Name = Field(description="covariate whose groups may have other sizes, or another share")

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = ("percent", "share_difference")
    described_keys: ClassVar[tuple[str, ...]] = (*Analysis.described_keys, "compare", "between", "groups")
    is_drawn: ClassVar[bool] = False

    def levelled(self) -> dict[str, list[str]]:
        """What is compared, and the groups, have levels."""
        return {**super().levelled(), "compare": [self.compare], "groups": [self.groups]}

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """The levels must be there, and differ."""
        found = super().problems(where, cohort, covariates)
        found += event_level_problems(where, self.variable, self.event_level, covariates)
        levels = covariates[self.compare].levels if self.compare in covariates else None
        found += [
            f"{where}.between: '{level}' is no level of '{self.compare}'. {did_you_mean(level, levels)}"
            for level in self.between
            if levels and level not in levels
        ]
        if self.between[0] == self.between[1]:
            found.append(f"{where}.between: the two levels are the same; write another")
        return found

    def sentence(self, words: Wording) -> str:
        """Kitagawa's decomposition."""
        return (
            f"The change of the share of {words.who} with {words.label(self.variable)} from {self.between[0]} to "
            f"{self.between[1]} ({words.label(self.compare)}) was split into a part of the groups of "
            f"{words.label(self.groups)} having other sizes and a part within these (Kitagawa 1955)."
        )

    def notes(self) -> list[str]:
        """What the parts are."""
        return [
            "Kitagawa's decomposition (1955, Journal of the American Statistical Association 50) weighs the change of "
            "each group's share of all by its mean share with the event, and the change within a group by its mean "
            "size; the parts add up to the change. Errors are by the delta method, all groups and both periods being "
            "samples. Where counts are rounded, all are computed from the released counts."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome is the variable; the parts are terms."""
        return {"outcomes": [self.variable], "terms": [CHANGE, COMPOSITION, WITHIN, self.compare, self.groups]}


KEYS = Decomposition
