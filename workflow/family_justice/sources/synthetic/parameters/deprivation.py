"""Parameters of how deprived places are, and what that does to care proceedings (section ``deprivation``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from family_justice.sources.synthetic.parameters.types import Amount, Count, Leaf, Number, Shares, Strict, exactly

Correlation = Annotated[float, Field(gt=-1, lt=1, strict=True)]
QUINTILES = ("1 most deprived", "2", "3", "4", "5 least deprived")
#: Domains of the two national indices.
DOMAINS = (
    "Income", "Employment", "Health", "Education", "Housing", "Access to Services", "Physical Environment",
    "Community Safety", "Crime", "Barriers to Housing and Services", "Living Environment",
)  # fmt: skip
DOMAINS_OF_ENGLAND = (0, 1, 2, 3, 8, 9, 10)
DOMAINS_OF_WALES = (0, 1, 2, 3, 4, 5, 6, 7)


class Spend(Strict):
    """Social care spend per child and year, in thousands of pounds."""

    mean: Leaf[Amount]
    more_per_sd_of_deprivation: Leaf[Number]
    sd_between_authorities: Leaf[Amount]
    sd_between_years: Leaf[Amount]
    change_of_rate_per_thousand: Leaf[Number]


class DeprivationParameters(Strict):
    """How authorities and small areas differ, and the rates of care proceedings that follow."""

    seed_of_places: Leaf[Count]
    level_by_region: Leaf[dict[str, Number]]
    correlation_of_domains: Leaf[Annotated[dict[str, Correlation], exactly(DOMAINS)]]
    weights_of_domains_england: Leaf[Shares]
    weights_of_domains_wales: Leaf[Shares]
    effects_of_domains: Leaf[Annotated[dict[str, Number], exactly(DOMAINS)]]
    change_of_rate_per_sd_england: Leaf[Amount]
    change_of_rate_per_sd_wales: Leaf[Amount]
    spread_of_quintiles: Leaf[Amount]
    quintile_shares_of_infants: Leaf[Annotated[Shares, exactly(QUINTILES)]]
    spend: Spend
