"""Kind ``funnel``: the keys of the stream file."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Share
from family_justice.kinds.families.wording import Wording


class Funnel(Share):
    """Funnel plot: the share or rate of every area over its size, with the limits of chance."""

    kind: Literal["funnel"]
    area: Name = Field(description="covariate whose levels are the names of the areas")

    measures: ClassVar[tuple[str, ...]] = (
        "percent", "rate", "time_at_risk", "control_limits_95", "control_limits_998", "overdispersion",
    )  # fmt: skip
    described_keys: ClassVar[tuple[str, ...]] = (*Share.described_keys, "area")

    def levelled(self) -> dict[str, list[str]]:
        """Areas are levels."""
        return {**super().levelled(), "area": [self.area]}

    def sentence(self, words: Wording) -> str:
        """Shares of areas over their size."""
        return (
            f"A funnel plot shows {self.about(words)} for {words.who} in every {words.label(self.area)} over "
            "its size, with the limits of chance around the average."
        )

    def notes(self) -> list[str]:
        """What the limits are, and what they are not."""
        return [
            "Limits of funnel plots are interpolated binomial (rates: Poisson) ones at 95% and 99.8% (Spiegelhalter "
            "2005) around the average of all members; of many areas some lie outside by chance, and "
            "more small ones above the upper limit than stated: of areas with 20 to 50 members and an expected share "
            "of a fifth up to 6% above that of 95%, where 2.5% are meant. Where counts are rounded, limits "
            "rest on released counts."
        ]


KEYS = Funnel
