"""Kind ``flow``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.kinds.families.keys import Covariates
from family_justice.kinds.families.states import States, times_words
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: The level of members whose observation ended before a time.
UNSEEN = "not_observed"
UNSEEN_LABEL = "No longer observed"


def place(time: float) -> str:
    """Return the name of the state at a time, as a term and a grouping of rows: ``at_3``."""
    return f"at_{time:g}"


class Flow(States):
    """Where members are at fixed times, and how many go from where to where between neighbouring ones."""

    kind: Literal["flow"]
    times: list[float] = Field(
        min_length=2, max_length=8, description="times in `time_unit`, increasing; mostly from 0"
    )
    time_unit: Literal["days", "weeks", "months", "years"] = "months"

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = ("percent",)
    hides_second: ClassVar[bool] = False

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Times increase, and no state has the name of what is no longer seen."""
        found = super().problems(where, cohort, covariates)
        if self.times[0] < 0 or any(b <= a for a, b in zip(self.times, self.times[1:], strict=False)):
            found.append(f"{where}.times: write times of 0 and above, in increasing order")
        if UNSEEN in self.states:
            found.append(f"{where}.states.{UNSEEN}: the name stands for members no longer observed; choose another")
        return found

    def sentence(self, words: Wording) -> str:
        """Counts of states at times and of changes between them."""
        times = times_words(self.times, self.time_unit)
        return (
            f"The states ({self.listed_states()}) in which {words.who} were at {times} were counted{words.within}, and "
            "how many went from each to each between neighbouring times."
        )

    def notes(self) -> list[str]:
        """Who is no longer observed."""
        return [
            "In flows between fixed times, whoever is no longer observed at a time is shown as such, a state of its "
            "own, unless in a state that nobody leaves. Moves there and back between two times do not show."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The states are levels of where members are at each time."""
        words = super().words_of_rows(cohort, covariates)
        return words | {
            "terms": [place(time) for time in self.times],
            "levels": [*self.states, UNSEEN],
            "states": {**words["states"], UNSEEN: UNSEEN_LABEL},
        }


KEYS = Flow
