"""Keys, checks and sentences of curves that groups are compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates, Grid
from family_justice.kinds.families.notes import MEAN_TIMES, RANK_TESTS, RISK_DIFFERENCES
from family_justice.kinds.families.wording import Wording, listed
from family_justice.measures import of_role

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Curves(Grid):
    """Curves of outcomes on a grid of times, one for each group."""

    outcomes: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(default_factory=list)

    family: ClassVar[str] = "curve"


class Compared(Curves):
    """Curves with mean times and differences of risks between groups."""

    restricted_mean_at: list[float] = Field(
        default_factory=list,
        description="times up to which the mean time is given, for each group and as difference; multiples of `every`",
    )
    risk_difference_at: list[float] = Field(
        default_factory=list,
        description="times at which every group's risk of the event is compared with that of the reference group; "
        "multiples of `every`",
    )

    #: What the mean time is, in the sentence about it.
    mean_time: ClassVar[str]

    def knows_delayed_entry(self) -> bool:
        """Risk sets take members from their entry on."""
        return True

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Differences need groups."""
        found = super().problems(where, cohort, covariates)
        if self.risk_difference_at and not self.group_by:
            found.append(f"{where}.risk_difference_at: there are no groups to compare; name some in 'group_by'")
        return found

    def more_sentences(self, words: Wording) -> str:
        """Return the sentences about mean times and risk differences."""
        unit = words.cohort.outcomes[self.outcomes[0]].time_unit
        said = ""
        if self.restricted_mean_at:
            numbers = " and ".join(f"{time:g}" for time in self.restricted_mean_at)
            said += f" The mean time {self.mean_time} was computed up to {numbers} {unit}."
        if self.risk_difference_at:
            times = listed([f"{time:g}" for time in self.risk_difference_at])
            said += f" Risks were compared between groups by their differences at {times} {unit}."
        return said

    def notes(self) -> list[str]:
        """Return the notes of the options."""
        means, risks = self.restricted_mean_at, self.risk_difference_at
        return [
            *([MEAN_TIMES] if means else []),
            *([RISK_DIFFERENCES] if risks else []),
            *([RANK_TESTS] if self.group_by else []),
        ]


#: What is said of the curves of groups up to a time.
SUMMARIES = of_role("curve_summary")
