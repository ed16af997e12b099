"""The form of the parameters of private law."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, StrictInt

from family_justice.errors import did_you_mean
from family_justice.sources.synthetic.parameters.effects import PARTICIPATION_TERMS, PRIVATE_RETURN_TERMS, QUINTILES
from family_justice.sources.synthetic.parameters.types import (
    Amount,
    Anchors,
    Count,
    Effects,
    Leaf,
    Number,
    PiecewiseHazard,
    Share,
    Shares,
    Strict,
    Year,
    ascending,
    effects_of,
    exactly,
)

if TYPE_CHECKING:
    from family_justice.sources.synthetic.parameters.model import Areas

PARTIES = ("parents", "relative_applies", "relative_responds", "no_respondent")
RELATIVES = ("grandparent", "step_parent", "other_relative", "carer")
CONTESTED = ("prohibited_steps", "specific_issue", "enforcement")
APPLICATIONS = ("child_arrangements", "specific_issue", "prohibited_steps", "enforcement", "parental_responsibility",
                "special_guardianship", "other")  # fmt: skip
OUTCOMES = ("own", "other_section_8", "family_assistance", "no_order", "withdrawn")
YOUNGEST_CHILD = ("unborn", "under 1", "1 to 4", "5 to 9", "10 and over")

ByYear = Annotated[dict[Annotated[int, Field(ge=2004, le=2025)], Count], Field(min_length=1)]
MeanAndDeviation = Annotated[list[Number], Field(min_length=2, max_length=2)]


class PrivateReturns(PiecewiseHazard):
    """The planted hazard of return after the end of a case."""

    log_hazard_ratios: Leaf[Annotated[Effects, effects_of(PRIVATE_RETURN_TERMS)]]


class Participation(Strict):
    """Whether a case has a welfare report or a guardian: the share at the reference levels, planted odds ratios."""

    share: Leaf[Share]
    log_odds_ratios: Leaf[Annotated[Effects, effects_of(PARTICIPATION_TERMS)]]
    by_guardian: Leaf[Share]


class PrivateLaw(Strict):
    """Private-law cases: how many, where, who is party, what is applied for and decided, who returns."""

    wales_start: Leaf[date]
    england_first_cases: Leaf[ByYear]
    wales_first_cases: Leaf[ByYear]
    before_care_proceedings: Leaf[Share]
    after_care_proceedings: Leaf[Share]
    applications_per_10000_families: Leaf[dict[str, Amount]]
    families_with_dependent_children: Leaf[dict[str, Count]]
    cases_by_family_judge_area_wales: Leaf[Shares]
    mothers_quintiles: Leaf[Annotated[Shares, exactly(QUINTILES)]]
    fathers_quintiles: Leaf[Annotated[Shares, exactly(QUINTILES)]]
    youngest_child: Leaf[Annotated[Shares, exactly(YOUNGEST_CHILD)]]
    number_of_children: Leaf[Annotated[Shares, exactly(("1", "2", "3"))]]
    mothers_age_at_first_birth: Leaf[MeanAndDeviation]
    fathers_years_older: Leaf[MeanAndDeviation]
    parents_deaths_per_1000_years: Leaf[Amount]
    parties_england: Leaf[Annotated[Shares, exactly(PARTIES)]]
    parties_wales: Leaf[Annotated[Shares, exactly(PARTIES)]]
    father_applies: Leaf[Share]
    same_parties_at_return: Leaf[Share]
    same_parent_applies_at_return: Leaf[Share]
    relatives_who_apply_england: Leaf[Annotated[Shares, exactly(RELATIVES)]]
    relatives_who_apply_wales: Leaf[Annotated[Shares, exactly(RELATIVES)]]
    relatives_who_respond: Leaf[Annotated[Shares, exactly(RELATIVES)]]
    two_relatives_apply: Leaf[Share]
    respondents_to_relatives: Leaf[Annotated[Shares, exactly(("both", "mother", "father"))]]
    contested_issues: Leaf[Annotated[dict[Year, Share], Field(min_length=1)]]
    contested_issues_at_return: Leaf[Amount]
    contested_types_first: Leaf[Annotated[Shares, exactly(CONTESTED)]]
    contested_types_return: Leaf[Annotated[Shares, exactly(CONTESTED)]]
    other_types_of_parents: Leaf[Annotated[dict[str, Share], exactly(("parental_responsibility", "other"))]]
    types_of_relatives_england: Leaf[Annotated[Shares, exactly(APPLICATIONS)]]
    types_of_relatives_wales: Leaf[Annotated[Shares, exactly(APPLICATIONS)]]
    contact_among_child_arrangements: Leaf[Share]
    second_application: Leaf[Share]
    median_weeks: Leaf[Anchors]
    log_sd_of_duration: Leaf[Amount]
    days_to_first_hearing: Leaf[Annotated[list[Count], Field(min_length=2, max_length=2), AfterValidator(ascending)]]
    urgent_hearing: Leaf[Share]
    outcomes: Leaf[Annotated[dict[str, Annotated[Shares, exactly(OUTCOMES)]], exactly(APPLICATIONS)]]
    lives_with_and_spends_time: Leaf[Share]
    further_prohibited_steps: Leaf[Share]
    participation: Participation
    returns: PrivateReturns
    later_return_ratio: Leaf[Amount]
    sibling_again: Leaf[Share]
    most_cases: Leaf[Annotated[StrictInt, Field(ge=1, le=50)]]


def problems_of(private: PrivateLaw, areas: Areas) -> list[str]:
    """Return what is wrong between parameters of private law, and between them and the areas."""
    problems = []
    pieces, cuts = len(private.returns.events_per_1000_years.value), len(private.returns.cut_points_days.value)
    if pieces != cuts + 1:
        wanted = f"{cuts} cut points need {cuts + 1} values of events_per_1000_years"
        problems.append(f"private_law.returns: {wanted}, found {pieces}")
    for name, found, known in (
        ("applications_per_10000_families", private.applications_per_10000_families.value, areas.england.value),
        ("families_with_dependent_children", private.families_with_dependent_children.value, areas.england.value),
        ("cases_by_family_judge_area_wales", private.cases_by_family_judge_area_wales.value, areas.wales.value),
    ):
        problems += [
            f"private_law.{name}: unknown area '{area}'. {did_you_mean(area, known)}"
            for area in found
            if area not in known
        ]
        problems += [f"private_law.{name}: missing area '{area}'" for area in known if area not in found]
    if 1 - sum(private.other_types_of_parents.value.values()) < 1.5 * max(private.contested_issues.value.values()):
        problems.append("private_law.contested_issues: so high a share leaves none for child arrangements")
    return problems
