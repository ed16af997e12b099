"""Kind ``state_occupation``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.kinds.families.keys import Covariates, Grid
from family_justice.kinds.families.states import States, times_words
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: What the audit of histories counts, and how the report says it.
AUDIT = {
    "overlap": "rows that start before the one before them stops",
    "gap": "gaps in which a member was not observed",
    "jump": "gaps across which the state changed",
    "teleport": "rows that start in another state than the one in which the member was left",
    "same_day": "entries on the same day as another, of which the later state of the list counts",
    "against_order": "entries to a state before the one already reached",
    "after_absorbing": "entries after a state that nobody leaves",
}


class StateOccupation(Grid, States):
    """Probability of each of several states over time (Aalen-Johansen); with `spells`, states can be entered again."""

    kind: Literal["state_occupation"]
    restricted_mean_at: list[float] = Field(
        default_factory=list,
        description="times up to which the mean time in each state is given, for each group; multiples of `every`",
    )

    family: ClassVar[str] = "curve"
    measures: ClassVar[tuple[str, ...]] = ("state_probability", "transitions", "mean_time_in_state", "count")
    uncounted: ClassVar[tuple[str, ...]] = ("count",)  # entries that are no moves, not members

    def sentence(self, words: Wording) -> str:
        """Aalen-Johansen probabilities, and the audit of histories."""
        return (
            f"The probabilities of states ({self.listed_states()}) were estimated over time by the Aalen-Johansen "
            f"method for {words.who}{words.within}, and the histories audited for overlaps, gaps, jumps and teleports."
        )

    def more_sentences(self, words: Wording) -> str:
        """Return the sentence about mean times."""
        if not self.restricted_mean_at:
            return ""
        times = times_words(self.restricted_mean_at, self.time_unit)
        return f" The mean time in each state was computed up to {times}."

    def notes(self) -> list[str]:
        """Standard errors, and what rounding does."""
        found = [
            "State probabilities have standard errors by the infinitesimal jackknife over persons. Where counts are "
            "rounded, probabilities are those of an increment-decrement life table (Schoen 1975) of the released "
            "numbers of transitions, with standard errors of Greenwood's type."
        ]
        if self.spells:
            found.append(
                "Where states are entered again, a person may make the same move several times: thresholds and steps "
                "of rounding of a number of moves are as many times wider as the person with most of them makes it. "
                "The shares of states at time zero are estimates, too, and add to standard errors."
            )
        if self.restricted_mean_at:
            found.append(
                "The mean time in a state is the area under its probability, with standard errors by the infinitesimal "
                "jackknife; where counts are rounded, that of the released life table by the trapezoid rule."
            )
        return found

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """States and reasons of the audit are terms of rows."""
        words = super().words_of_rows(cohort, covariates)
        return words | {"terms": [*words["terms"], *AUDIT]}


KEYS = StateOccupation
