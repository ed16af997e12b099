"""Kind ``aft``: the keys of the stream file."""

from __future__ import annotations

from typing import Literal

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Ratios
from family_justice.kinds.families.wording import Wording


class AcceleratedFailureTime(Ratios):
    """Parametric model of the logarithm of time, with the standard errors of the model."""

    kind: Literal["aft"]
    outcome: Name
    distribution: Literal["weibull", "lognormal"]

    def sentence(self, words: Wording) -> str:
        """The logarithm of time, with the distribution of its errors."""
        return (
            f"The logarithm of the time to {words.outcome(self.outcome)} was modelled with "
            f"{self.distribution} errors on {words.named}."
        )


KEYS = AcceleratedFailureTime
