"""Kind ``mean_cumulative_count``: the keys of the stream file."""

from __future__ import annotations

from typing import ClassVar, Literal

from family_justice.kinds.families.curves import Curves
from family_justice.kinds.families.wording import Wording


class MeanCumulativeCount(Curves):
    """Mean number of repeated events per member; whoever has a competing event has no more but stays in the mean."""

    kind: Literal["mean_cumulative_count"]

    measures: ClassVar[tuple[str, ...]] = ("mean_cumulative_count", "first_events")
    counts_repeated_events: ClassVar[bool] = True

    def sentence(self, words: Wording) -> str:
        """Mean cumulative count, and what ends it."""
        outcomes = [words.cohort.outcomes[name] for name in self.outcomes]
        events = " and ".join(outcome.label.lower() for outcome in outcomes)
        ends = dict.fromkeys(words.cohort.events[e].label.lower() for outcome in outcomes for e in outcome.competing)
        after = f" Nobody has events after {' or '.join(ends)}, but everybody stays in the mean." if ends else ""
        return (
            f"The mean number of events per person ({events}) was estimated by the mean cumulative count (Nelson "
            f"1988; Cook and Lawless 1997) for {words.who}{words.within}.{after}"
        )

    def notes(self) -> list[str]:
        """Standard error, and what rounding does."""
        return [
            "Mean cumulative counts have the standard error of Ghosh and Lin (2000). Where counts are rounded, mean "
            "and standard error are computed from the released numbers of events and of members with an event: how "
            "much the number of events varies between members is taken from these as if it were negative binomial."
        ]


KEYS = MeanCumulativeCount
