"""Kind ``cumulative_incidence``: the keys of the stream file."""

from __future__ import annotations

from typing import ClassVar, Literal

from family_justice.kinds.families.curves import SUMMARIES, Compared
from family_justice.kinds.families.wording import Wording


class CumulativeIncidence(Compared):
    """Aalen-Johansen cumulative incidence with competing events."""

    kind: Literal["cumulative_incidence"]

    measures: ClassVar[tuple[str, ...]] = ("cumulative_incidence", *SUMMARIES, "gray_test", "log_rank_test")
    mean_time: ClassVar[str] = "lost to the event"

    def sentence(self, words: Wording) -> str:
        """Aalen-Johansen, what competes, and Gray's test."""
        return (
            f"The cumulative incidence of {words.outcomes(self.outcomes)} was estimated by the "
            f"Aalen-Johansen method for {words.who}{words.within}, with {words.competing(self.outcomes)}."
            + (" Groups were compared by Gray's test." if self.group_by else "")
        )


KEYS = CumulativeIncidence
