"""Kind ``kaplan_meier``: the keys of the stream file."""

from __future__ import annotations

from typing import ClassVar, Literal

from family_justice.kinds.families.curves import SUMMARIES, Compared
from family_justice.kinds.families.wording import Wording


class KaplanMeier(Compared):
    """Kaplan-Meier survival; competing events count as censoring."""

    kind: Literal["kaplan_meier"]

    measures: ClassVar[tuple[str, ...]] = ("survival", *SUMMARIES, "log_rank_test")
    mean_time: ClassVar[str] = "free of the event"

    def sentence(self, words: Wording) -> str:
        """Kaplan-Meier and the log-rank test."""
        event = words.outcomes(self.outcomes)
        return f"Time to {event} was described by the Kaplan-Meier method for {words.who}{words.within}." + (
            " Groups were compared by the log-rank test." if self.group_by else ""
        )


KEYS = KaplanMeier
