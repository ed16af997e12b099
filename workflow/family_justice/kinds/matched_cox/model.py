"""Kind ``matched_cox``: the keys of the stream file."""

from __future__ import annotations

from typing import Literal

from family_justice.config.base import Name
from family_justice.kinds.families.matched import Matched
from family_justice.kinds.families.wording import Wording


class MatchedCox(Matched):
    """Hazard ratios within matched sets: Cox regression stratified by set."""

    kind: Literal["matched_cox"]
    outcome: Name
    ties: Literal["efron", "breslow"] = "efron"

    def knows_delayed_entry(self) -> bool:
        """Risk sets take members from their entry on."""
        return True

    def modelled(self, words: Wording) -> str:
        """Cox regression within sets."""
        on = words.labels([self.treatment, *self.covariates])
        return f"the hazard of {words.outcome(self.outcome)} was modelled by Cox regression within sets on {on}"


KEYS = MatchedCox
