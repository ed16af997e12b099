"""Kind ``state_occupation``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name, Strict
from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import Covariates, Grid
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


class State(Strict):
    """A state of members and the event that takes them there; each state is entered once, at the first such event."""

    label: str
    entered_by: Name | None = Field(default=None, description="event of the cohort; none for the state at time zero")
    number: int = Field(default=1, ge=1, description="of an event that repeats: 2 for the second time, and so on")
    absorbing: bool = Field(default=False, description="true for a state that nobody leaves, such as death")


class StateOccupation(Grid):
    """Probability of each of several states over time (Aalen-Johansen)."""

    kind: Literal["state_occupation"]
    states: dict[Name, State] = Field(
        min_length=2, max_length=6, description="the first is that of everybody at time zero; figures keep this order"
    )
    ordered: bool = Field(
        default=True, description="states follow one another in this order (some may be skipped); false: in any order"
    )
    censoring: list[Name] = Field(min_length=1, description="events that end observation")
    group_by: list[Name] = Field(default_factory=list)
    time_unit: Literal["days", "weeks", "months", "years"] = "years"

    family: ClassVar[str] = "curve"
    measures: ClassVar[tuple[str, ...]] = ("state_probability", "transitions", "count")
    uncounted: ClassVar[tuple[str, ...]] = ("count",)  # entries that are no moves, not members

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Say what is wrong with the states and the events that lead to them."""
        found = super().problems(where, cohort, covariates)
        first, *later = self.states
        if self.states[first].entered_by is not None:
            found.append(f"{where}.states.{first}: the first state is that at time zero; remove 'entered_by'")
        if self.states[first].absorbing:
            found.append(f"{where}.states.{first}: everybody starts in it, so that it cannot be absorbing")
        entries: dict[tuple[str, int], str] = {}
        for name in later:
            state, here = self.states[name], f"{where}.states.{name}"
            if state.entered_by is None:
                found.append(f"{here}: 'entered_by' is missing; name the event that takes members there")
                continue
            if state.entered_by not in cohort.events:
                near = did_you_mean(state.entered_by, list(cohort.events))
                found.append(f"{here}.entered_by: there is no event '{state.entered_by}'. {near}")
            elif state.number > 1 and not cohort.events[state.entered_by].repeats:
                found.append(f"{here}.number: '{state.entered_by}' does not repeat; remove 'number'")
            entry = (state.entered_by, state.number)
            if entry in entries:
                found.append(f"{here}: state '{entries[entry]}' is entered by the same event; a member is in one state")
            entries.setdefault(entry, name)
        return [*found, *self._censoring_problems(where, cohort)]

    def _censoring_problems(self, where: str, cohort: Cohort) -> list[str]:
        found = []
        for name in self.censoring:
            if name not in cohort.events:
                near = did_you_mean(name, list(cohort.events))
                found.append(f"{where}.censoring: there is no event '{name}'. {near}")
            elif cohort.events[name].repeats:
                found.append(f"{where}.censoring: '{name}' repeats, and what ends observation happens once; remove it")
        if cohort.time_zero is None:
            found.append(f"{where}: cohort '{self.cohort}' has no 'time_zero' from which time could count")
        return found

    def events_needed(self, cohort: Cohort) -> list[str]:
        """Return the events that enter a state or end observation."""
        entered = [state.entered_by for state in self.states.values() if state.entered_by]
        return list(dict.fromkeys([*entered, *self.censoring]))

    def sentence(self, words: Wording) -> str:
        """Aalen-Johansen probabilities, and the audit of histories."""
        order = "in this order" if self.ordered else "in any order, each entered once"
        labels = ", ".join(state.label.lower() for state in self.states.values())
        return (
            f"The probabilities of states ({labels}; {order}) were estimated over time by the Aalen-Johansen method "
            f"for {words.who}{words.within}, and the histories audited for overlaps, gaps, jumps and teleports."
        )

    def notes(self) -> list[str]:
        """Standard errors, and what rounding does."""
        return [
            "State probabilities have standard errors by the infinitesimal jackknife over persons. Where counts are "
            "rounded, probabilities are those of an increment-decrement life table (Schoen 1975) of the released "
            "numbers of transitions, with standard errors of Greenwood's type."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """States and reasons of the audit are terms of rows."""
        return {
            "terms": [*self.states, *AUDIT],
            "states": {name: state.label for name, state in self.states.items()},
            "time_unit": self.time_unit,
        }


KEYS = StateOccupation
