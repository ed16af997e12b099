"""Kind ``transition_cox``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import MODEL_TERMS, Covariates, Ratios, unknown
from family_justice.kinds.families.states import States
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class TransitionCox(States, Ratios):
    """Cox model of the hazard of one move between two states told by `spells`, with errors robust to the person."""

    kind: Literal["transition_cox"]
    origin: Name = Field(description="state that is left; every stay in it is at risk")
    target: Name = Field(description="state that is entered; moves to other states end time at risk")
    clock: Literal["state", "time_zero"] = Field(
        default="state", description="time since the state was entered, anew with each stay; or since time zero"
    )
    ties: Literal["efron", "breslow"] = "efron"

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """The two states must be there and differ, and the first one be left."""
        found = super().problems(where, cohort, covariates)
        for key in ("origin", "target"):
            found += unknown([getattr(self, key)], self.states, f"{where}.{key}", "state")
        if self.origin == self.target:
            found.append(f"{where}.target: '{self.target}' is the origin as well; name another state")
        if self.origin in self.states and self.states[self.origin].absorbing:
            found.append(f"{where}.origin: nobody leaves '{self.origin}', which is absorbing; name another state")
        if self.spells is None:
            found.append(f"{where}: 'spells' is missing; name the event with 'states' that tells where members are")
        if self.group_by:
            found.append(f"{where}.group_by: a model has no groups; put them under 'covariates'")
        return found

    def sentence(self, words: Wording) -> str:
        """The move, the clock, and the errors."""
        origin, target = (
            self.states[name].label.lower() if name in self.states else name for name in (self.origin, self.target)
        )
        since = "the state was entered" if self.clock == "state" else "time zero"
        return (
            f"The hazard of a move from one state ({origin}) to another ({target}) was modelled for {words.who} by "
            f"Cox regression ({self.ties.capitalize()}'s method for ties) on {words.named}, by time since {since}; "
            "moves to other states ended time at risk."
        )

    def notes(self) -> list[str]:
        """Whose numbers are shown, and the errors of the tests."""
        return [
            "In models of one move between states every stay in the first state is at risk, with standard errors "
            "robust to the person (Lin and Wei 1989). The numbers shown are those of members who were in the state, "
            "and of members who made the move. Proportional hazards were tested by score tests with the errors of the "
            "model.",
            *super().notes(),
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Terms of models beside those of states."""
        words = super().words_of_rows(cohort, covariates)
        return words | {"terms": [*words["terms"], *MODEL_TERMS]}


KEYS = TransitionCox
