"""Kind ``recurrent_cox``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import MODEL_TERMS, Covariates, Ratios
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: Members are counted up to so many events; few have more.
MOST_NUMBERS = 5

_MODELS = {
    "andersen_gill": "the model of Andersen and Gill (1982), one hazard for all events",
    "pwp_total": (
        "the model of Prentice, Williams and Peterson (1981) in total time: a baseline hazard for each number of the "
        "event, time since time zero"
    ),
    "pwp_gap": (
        "the model of Prentice, Williams and Peterson (1981) in gap time: a baseline hazard for each number of the "
        "event, time since the event before"
    ),
    "wlw": "the model of Wei, Lin and Weissfeld (1989): everybody waits for every number of the event from time zero",
}


class RecurrentCox(Ratios):
    """Cox model of repeated events, with standard errors robust to the member."""

    kind: Literal["recurrent_cox"]
    outcome: Name
    model: Literal["andersen_gill", "pwp_total", "pwp_gap", "wlw"] = Field(
        description="Andersen-Gill; Prentice-Williams-Peterson in total time or in gap time; Wei-Lin-Weissfeld"
    )
    most_events: int | None = Field(
        default=None, ge=1, description="events of a member that are looked at, the last ends follow-up; default: all"
    )
    ties: Literal["efron", "breslow"] = "efron"

    counts_repeated_events: ClassVar[bool] = True
    planted_measure: ClassVar[str] = "log_hazard_ratio"

    def sentence(self, words: Wording) -> str:
        """The model of repeated events."""
        most = f", up to event number {self.most_events}" if self.most_events else ""
        return (
            f"All events ({words.outcome(self.outcome)}{most}) of {words.who} were modelled by Cox regression on "
            f"{words.named}, in {_MODELS[self.model]} ({self.ties.capitalize()}'s method for ties)."
        )

    def notes(self) -> list[str]:
        """Whose numbers are shown, and the errors of the tests."""
        return [
            "Standard errors of models of repeated events are robust to the member (Lin and Wei 1989); the numbers "
            "shown are those of members, and of members with an event. Proportional hazards were tested by score tests "
            "with the errors of the model.",
            *super().notes(),
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Members by number of events are rows besides."""
        levels = [str(number) for number in range(1, MOST_NUMBERS + 1)]
        return {"terms": [*MODEL_TERMS, "events_at_least"], "levels": levels}


KEYS = RecurrentCox
