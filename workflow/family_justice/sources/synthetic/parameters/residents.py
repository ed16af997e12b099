"""Parameters of the Welsh Demographic Service and the comparison population (section ``residents``)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from family_justice.sources.synthetic.parameters.effects import QUINTILES
from family_justice.sources.synthetic.parameters.types import (
    Amount,
    Count,
    Leaf,
    Number,
    Share,
    Shares,
    Strict,
    ascending,
    exactly,
)

#: Codes of how a record was linked: exactly by number, exactly or nearly by characteristics, not at all.
LINKAGE_STATUSES = ("1", "4", "39", "99")
BIRTHS = ("0", "1", "2", "3", "4")
GROUPS = ("White British", "White Other", "Mixed", "Asian", "Black", "Other")
Span = Annotated[list[Count], Field(min_length=2, max_length=2), AfterValidator(ascending)]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]


class ResidentParameters(Strict):
    """The comparison population at scale 1, and who comes to Wales, leaves it and dies."""

    register_start: Leaf[date]
    comparison_women: Leaf[Count]
    comparison_years_of_birth: Leaf[
        Annotated[list[Count], Field(min_length=2, max_length=2), AfterValidator(ascending)]
    ]
    comparison_quintile_shares: Leaf[Annotated[Shares, exactly(QUINTILES)]]
    comparison_ethnicity_shares: Leaf[Annotated[Shares, exactly(GROUPS)]]
    couples: Leaf[Share]
    births_per_woman: Leaf[Annotated[Shares, exactly(BIRTHS)]]
    age_at_first_birth: Leaf[Pair]
    deaths_at_age_0_per_1000_years: Leaf[Amount]
    rise_of_deaths_per_year: Leaf[Annotated[float, Field(gt=0, strict=True)]]
    infant_deaths: Leaf[Share]
    arrived_later: Leaf[Share]
    leaving_per_1000_years: Leaf[Amount]
    moves_per_1000_years: Leaf[Amount]
    age_of_leaving_home: Leaf[Pair]
    separations_per_1000_years: Leaf[Amount]
    moves_within_local_authority: Leaf[Share]
    moves_within_quintile: Leaf[Share]
    moves_that_change_practice: Leaf[Share]
    practices_per_local_authority: Leaf[Annotated[int, Field(ge=1, strict=True)]]
    linkage_status: Leaf[Annotated[Shares, exactly(LINKAGE_STATUSES)]]
    two_register_entries: Leaf[Share]
    address_without_dwelling: Leaf[Share]
    overlapping_residence: Leaf[Share]
    gap_in_residence: Leaf[Share]
    gap_in_registration: Leaf[Share]
    repeated_residence_row: Leaf[Share]
    ended_after_death: Leaf[Share]
    death_missing_in_register: Leaf[Share]
