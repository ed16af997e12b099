"""Parameters of the denominators and of the domains of deprivation (section ``denominators``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from family_justice.sources.synthetic.parameters.types import (
    Amount,
    Anchors,
    Count,
    Leaf,
    Share,
    Shares,
    Strict,
    Year,
    ascending,
    exactly,
)

AGE_BANDS = (
    "0 to 4", "5 to 9", "10 to 14", "15 to 17", "18 to 24", "25 to 34", "35 to 44", "45 to 64", "65 and over",
)  # fmt: skip


class DenominatorParameters(Strict):
    """Totals by nation and year, and how they spread over local authorities."""

    years: Leaf[Annotated[list[Year], Field(min_length=2, max_length=2), AfterValidator(ascending)]]
    population_england: Leaf[Anchors]
    population_wales: Leaf[Anchors]
    age_shares: Leaf[Annotated[Shares, exactly(AGE_BANDS)]]
    girls_and_women: Leaf[Share]
    live_births_england: Leaf[Anchors]
    live_births_wales: Leaf[Anchors]
    births_by_region: Leaf[dict[str, Amount]]
    families_wales: Leaf[Count]
