"""The parameters of births, schools and children's social care: section ``childrens_services`` of the population."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from family_justice.errors import did_you_mean
from family_justice.sources.synthetic.parameters.effects import MOVE_TERMS, QUINTILES, RE_ENTRY_TERMS
from family_justice.sources.synthetic.parameters.types import (
    Amount,
    Effects,
    Leaf,
    Share,
    Shares,
    Strict,
    effects_of,
    exactly,
)

Year = Annotated[int, Field(ge=1980, le=2025, strict=True)]
Anchors = Annotated[dict[Year, Amount], Field(min_length=1)]
OUTCOMES = ("care", "placement", "special_guardianship", "home")
ENTRY_AGES = ("under 1", "1 and over")
PLACEMENT_AGES = ("under 1", "1 to 9", "10 and over")
ROUTES = ("agreement", "order")
#: Ages at entry of children over one who enter by agreement only: names, and first and last completed year.
OTHERS_AGES = {"1 to 4": (1, 4), "5 to 9": (5, 9), "10 to 13": (10, 13), "14 to 15": (14, 15), "16 to 17": (16, 17)}
#: Kinds of careers in care, and times since entry with the day on which each begins.
CAREERS = ("settled", "changing", "unsettled")
SINCE_ENTRY = {"months 0 to 2": 0, "months 3 to 11": 91, "months 12 to 23": 365, "months 24 and over": 730}
#: Codes of the census; config/codelists/care_placements.csv and categories_of_need.csv.
PLACEMENTS = (
    "F1", "F2", "F3", "F4", "F5", "F6", "A1", "A2", "A3", "A4", "A5", "A6", "A8", "P1", "P2", "P3", "H1", "H2", "H21",
    "H22", "H3", "H4", "H5", "R1", "R2", "R3", "R4", "R5", "S1", "M1", "M2", "M3", "Z1",
)  # fmt: skip
NEEDS = ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9")
PARENTAL_FACTORS = ("substance", "learning", "mental", "physical", "domestic_abuse")


def _among(codes: tuple[str, ...]) -> AfterValidator:
    """Return a check that all keys of a mapping are codes of the census."""

    def check(shares: dict[str, float]) -> dict[str, float]:
        problems = [f"unknown code '{code}'. {did_you_mean(code, codes)}" for code in shares if code not in codes]
        if problems:
            raise ValueError("; ".join(problems))
        return shares

    return AfterValidator(check)


PlacementsByAge = Annotated[dict[str, Annotated[Shares, _among(PLACEMENTS)]], exactly(PLACEMENT_AGES)]


class Care(Strict):
    """Who is looked after, by what route, and for how long."""

    first_census: Leaf[Year]
    last_census: Leaf[Year]
    infants_before_court_records: Leaf[Anchors]
    others_before_court_records: Leaf[Anchors]
    others_voluntary_only: Leaf[Anchors]
    ages_of_others: Leaf[Annotated[Shares, exactly(tuple(OTHERS_AGES))]]
    police_protection_first: Leaf[Annotated[dict[str, Share], exactly(ROUTES)]]
    youth_justice: Leaf[Share]
    voluntary_before_proceedings_infants: Leaf[Annotated[dict[Year, Share], Field(min_length=1)]]
    voluntary_before_proceedings_others: Leaf[Share]
    voluntary_at_entry: Leaf[Share]
    voluntary_becomes_compulsory: Leaf[Share]
    median_weeks_to_compulsory: Leaf[Amount]
    log_sd_to_compulsory: Leaf[Amount]
    newborn_at_entry: Leaf[Share]
    outcomes_without_court_records: Leaf[
        Annotated[dict[str, Annotated[Shares, exactly(OUTCOMES)]], exactly(ENTRY_AGES)]
    ]
    weeks_of_proceedings: Leaf[Amount]
    median_days_voluntary: Leaf[Amount]
    log_sd_days_voluntary: Leaf[Amount]
    short_breaks_among_voluntary_only: Leaf[Share]
    leaves_care_order_per_year: Leaf[Amount]
    placement_order_revoked: Leaf[Share]
    median_days_to_adoptive_placement: Leaf[Amount]
    median_days_to_adoption: Leaf[Amount]
    log_sd_adoption: Leaf[Amount]
    re_entry_within_year: Leaf[Amount]
    re_entry_shape: Leaf[Amount]
    re_entry_log_hazard_ratios: Leaf[Annotated[Effects, effects_of(RE_ENTRY_TERMS)]]
    median_days_after_re_entry: Leaf[Amount]


class Episodes(Strict):
    """Placements, moves and categories of need; placements and needs by the codes of the census."""

    first_placements: Leaf[Annotated[dict[str, PlacementsByAge], exactly(ROUTES)]]
    later_placements: Leaf[PlacementsByAge]
    unsettled_placements: Leaf[PlacementsByAge]
    trial_at_home: Leaf[Share]
    median_days_of_trial: Leaf[Amount]
    moves_per_1000_days: Leaf[Annotated[dict[str, Amount], exactly(tuple(SINCE_ENTRY))]]
    move_log_rate_ratios: Leaf[Annotated[Effects, effects_of(MOVE_TERMS)]]
    careers: Leaf[Annotated[Shares, exactly(CAREERS)]]
    moves_by_career: Leaf[Annotated[dict[str, Amount], exactly(CAREERS)]]
    moves_with_legal_status: Leaf[Share]
    needs_voluntary: Leaf[Annotated[Shares, _among(NEEDS)]]
    needs_compulsory: Leaf[Annotated[Shares, _among(NEEDS)]]


class Linkage(Strict):
    """Shares of records with a linkage field or a school number, and what is recorded of people without."""

    looked_after_with_court_records: Leaf[Share]
    looked_after_others: Leaf[Share]
    disability_recorded: Leaf[Share]
    white_without_other_records: Leaf[Share]
    mother_of_birth: Leaf[Share]
    pupil: Leaf[Share]
    school_number_in_care_records: Leaf[Share]


class Births(Strict):
    """Pregnancies and births of infants with care proceedings within a year, and of all others."""

    smoking_infant_in_proceedings: Leaf[Share]
    smoking_others: Leaf[Share]
    first_trimester_infant_in_proceedings: Leaf[Share]
    first_trimester_others: Leaf[Share]
    mental_health_infant_in_proceedings: Leaf[Share]
    mental_health_others: Leaf[Share]
    preterm_infant_in_proceedings: Leaf[Share]
    preterm_others: Leaf[Share]
    mids_start: Leaf[date]
    gives_up_before_birth: Leaf[Share]


class Schools(Strict):
    """Pupils: free school meals, special needs and attendance, of children with care proceedings and of others."""

    first_return: Leaf[Year]
    last_return: Leaf[Year]
    free_meals_by_quintile: Leaf[Annotated[dict[str, Share], exactly(QUINTILES)]]
    free_meals_factor_proceedings: Leaf[Amount]
    special_needs: Leaf[Share]
    special_needs_proceedings: Leaf[Share]
    attendance: Leaf[Share]
    attendance_proceedings: Leaf[Share]
    ethnicity_recorded: Leaf[Share]


class Support(Strict):
    """Children in need and children receiving care and support."""

    first_census: Leaf[Year]
    first_care_and_support: Leaf[Year]
    last_census: Leaf[Year]
    others_a_year: Leaf[Share]
    around_proceedings: Leaf[Share]
    register_around_proceedings: Leaf[Share]
    register_others: Leaf[Share]
    parental_factors: Leaf[Annotated[dict[str, Share], exactly(PARENTAL_FACTORS)]]
    disabled: Leaf[Share]


class Defects(Strict):
    """Rates of labelled defects."""

    week_from_month: Leaf[Share]
    week_disagrees: Leaf[Share]
    overlapping_episode: Leaf[Share]
    gap_before_next_episode: Leaf[Share]
    duplicate_yearly_row: Leaf[Share]
    revised_later: Leaf[Share]
    identifier_changed: Leaf[Share]
    lower_case_code: Leaf[Share]
    second_pupil_number: Leaf[Share]
    birth_missing: Leaf[Share]
    birth_repeated: Leaf[Share]
    birth_week_disagrees: Leaf[Share]
    mother_is_child: Leaf[Share]


class ChildrensServices(Strict):
    """Births, schools and children's social care in Wales."""

    care: Care
    episodes: Episodes
    linkage: Linkage
    births: Births
    schools: Schools
    support: Support
    defects: Defects
