"""Keys and checks of states in which members are one after the other: entered at events, or told by spells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name, Strict
from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import Analysis, Covariates, unknown
from family_justice.kinds.families.wording import listed

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: In the term of a number of members who start in a state: ``time_zero:<state>``. No state may have this name.
START = "time_zero"


def states_column(event: str) -> str:
    """Return the column of the cohort with the states of an event that is a history of spells."""
    return f"{event}_state"


class State(Strict):
    """A state of members: entered once, at the first such event; or at every spell of it."""

    label: str
    entered_by: Name | None = Field(default=None, description="event of the cohort; none for the state at time zero")
    number: int = Field(default=1, ge=1, description="of an event that repeats: 2 for the second time, and so on")
    spells: list[Name] = Field(
        default_factory=list,
        description="with `spells` of the analysis: words of these that are this state; its own name if there are none",
    )
    absorbing: bool = Field(default=False, description="true for a state that nobody leaves, such as death")


class States(Analysis):
    """States of members over time, and when observation ends."""

    spells: Name | None = Field(
        default=None,
        description="event of the cohort with `states`, which says where members are from time zero on; states may "
        "then be entered again, and none has `entered_by`",
    )
    states: dict[Name, State] = Field(
        min_length=2,
        max_length=8,
        description="figures keep this order; without `spells` the first is that of everybody at time zero",
    )
    ordered: bool = Field(
        default=True,
        description="of states with `entered_by`: they follow one another in this order (some may be skipped); false: "
        "in any order",
    )
    censoring: list[Name] = Field(min_length=1, description="events that end observation")
    group_by: list[Name] = Field(default_factory=list)
    time_unit: Literal["days", "weeks", "months", "years"] = "years"

    #: Keys of a state's description in the study.
    described_keys: ClassVar[tuple[str, ...]] = (*Analysis.described_keys, "spells", "times")

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Say what is wrong with the states and the events that lead to them."""
        found = super().problems(where, cohort, covariates)
        found += self._entered(where, cohort) if self.spells is None else self._told(where, cohort)
        if START in self.states:
            found.append(f"{where}.states.{START}: the name stands for the start of time; give the state another one")
        return [*found, *self._censoring_problems(where, cohort)]

    def _entered(self, where: str, cohort: Cohort) -> list[str]:
        found = []
        first, *later = self.states
        if self.states[first].entered_by is not None:
            found.append(f"{where}.states.{first}: the first state is that at time zero; remove 'entered_by'")
        if self.states[first].absorbing:
            found.append(f"{where}.states.{first}: everybody starts in it, so that it cannot be absorbing")
        found += [
            f"{where}.states.{name}.spells: the analysis has no 'spells'; name the event with the history of members"
            for name, state in self.states.items()
            if state.spells
        ]
        entries: dict[tuple[str, int], str] = {}
        for name in later:
            state, here = self.states[name], f"{where}.states.{name}"
            if state.entered_by is None:
                found.append(f"{here}: 'entered_by' is missing; name the event that takes members there")
                continue
            if state.entered_by not in cohort.events:
                near = did_you_mean(state.entered_by, list(cohort.events))
                found.append(f"{here}.entered_by: there is no event '{state.entered_by}'. {near}")
            elif cohort.events[state.entered_by].states is not None:
                found.append(f"{here}.entered_by: '{state.entered_by}' is a history of spells; name it under 'spells'")
            elif state.number > 1 and not cohort.events[state.entered_by].repeats:
                found.append(f"{here}.number: '{state.entered_by}' does not repeat; remove 'number'")
            entry = (state.entered_by, state.number)
            if entry in entries:
                found.append(f"{here}: state '{entries[entry]}' is entered by the same event; a member is in one state")
            entries.setdefault(entry, name)
        return found

    def _told(self, where: str, cohort: Cohort) -> list[str]:
        """Say which words of the spells are in no state, or in several, and which keys go elsewhere."""
        named = [name for name, event in cohort.events.items() if event.states is not None]
        found = unknown([str(self.spells)], named, f"{where}.spells", "event with 'states'")
        words = cohort.events[str(self.spells)].states or [] if not found else []
        place: dict[str, str] = {}
        for name, about in self.states.items():
            here = f"{where}.states.{name}"
            if about.entered_by is not None or about.number > 1:
                found.append(f"{here}: 'entered_by' and 'number' go without 'spells', which say when it is entered")
            for word in about.spells or [name]:
                found += unknown([word], words, f"{here}.spells", f"state of '{self.spells}'") if words else []
                if word in place:
                    found.append(f"{here}.spells: '{word}' is state '{place[word]}' already; a member is in one state")
                place.setdefault(word, name)
        if lacking := [word for word in words if word not in place]:
            found.append(f"{where}.states: {', '.join(lacking)} of '{self.spells}' are in no state; put them into one")
        if "ordered" in self.model_fields_set:
            found.append(f"{where}.ordered: states of spells come in any order; remove it")
        return found

    def _censoring_problems(self, where: str, cohort: Cohort) -> list[str]:
        found = []
        for name in self.censoring:
            if name not in cohort.events:
                near = did_you_mean(name, list(cohort.events))
                found.append(f"{where}.censoring: there is no event '{name}'. {near}")
            elif cohort.events[name].is_listed:
                found.append(f"{where}.censoring: '{name}' repeats, and what ends observation happens once; remove it")
        if cohort.time_zero is None:
            found.append(f"{where}: cohort '{self.cohort}' has no 'time_zero' from which time could count")
        return found

    def events_needed(self, cohort: Cohort) -> list[str]:
        """Return the events that enter a state or end observation, and the states of spells."""
        told = [self.spells, states_column(self.spells)] if self.spells else []
        entered = [state.entered_by for state in self.states.values() if state.entered_by]
        return list(dict.fromkeys([*told, *entered, *self.censoring]))

    def state_of(self) -> dict[str, int]:
        """Return the position of the state of each word of the spells."""
        return {
            word: place for place, (name, about) in enumerate(self.states.items()) for word in about.spells or [name]
        }

    def listed_states(self) -> str:
        """Return the labels of the states, and in which order they come, for the middle of a sentence."""
        order = "in this order" if self.ordered else "in any order, each entered once"
        order = "as spells tell, each of them entered again and again" if self.spells else order
        return f"{', '.join(state.label.lower() for state in self.states.values())}; {order}"

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """States are terms of rows."""
        return {
            "terms": [*self.states, *([START] if self.spells else [])],
            "states": {name: state.label for name, state in self.states.items()},
            "time_unit": self.time_unit,
        }


def times_words(times: list[float], unit: str) -> str:
    """Return times for the middle of a sentence: 0, 3 and 6 months."""
    return f"{listed([f'{time:g}' for time in times])} {unit}"
