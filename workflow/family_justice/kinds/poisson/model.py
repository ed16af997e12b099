"""Kind ``poisson``: the keys of the stream file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Clustered, Imputation
from family_justice.kinds.families.notes import CLUSTER_FACTOR
from family_justice.kinds.families.wording import Wording


class Poisson(Clustered):
    """Rate ratios of an event per time at risk."""

    kind: Literal["poisson"]
    outcome: Name
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")

    def knows_delayed_entry(self) -> bool:
        """A rate rests on time under observation."""
        return True

    def sentence(self, words: Wording) -> str:
        """Poisson regression."""
        return (
            f"The rate of {words.outcome(self.outcome)} per time at risk for {words.who} was modelled by "
            f"Poisson regression on {words.named}{words.clustered}."
        )

    def notes(self) -> list[str]:
        """The factor of clustered errors."""
        return [CLUSTER_FACTOR, *super().notes()]


KEYS = Poisson
