"""The parameters of the population: their form, and errors that say what to write instead."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictInt, ValidationError

from family_justice.errors import ConfigError, did_you_mean, report_together
from family_justice.sources.synthetic.children.parameters import ChildrensServices
from family_justice.sources.synthetic.health.parameters import HealthParameters
from family_justice.sources.synthetic.parameters.characteristics import Characteristics
from family_justice.sources.synthetic.parameters.denominators import DenominatorParameters
from family_justice.sources.synthetic.parameters.deprivation import DeprivationParameters
from family_justice.sources.synthetic.parameters.effects import AGE_BANDS, PLACEMENT_TERMS, QUINTILES, RETURN_TERMS
from family_justice.sources.synthetic.parameters.files import read_sections
from family_justice.sources.synthetic.parameters.residents import ResidentParameters
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
from family_justice.sources.synthetic.private_law.parameters import PrivateLaw, problems_of

YOUNGEST = ("under 4 weeks", "4 to 51 weeks", "1 to 4 years", "5 to 9 years", "10 to 17 years")
CHILD_AGES = ("under 1", "1 to 4", "5 to 9", "10 and over")
FINAL_ORDERS = ("care", "special_guardianship", "child_arrangements", "supervision", "family_assistance", "no_order")
ETHNIC_GROUPS = ("White British", "White Other", "Mixed", "Asian", "Black", "Other")


class Calendar(Strict):
    """Days on which data start and end, and on which the courts or their records changed."""

    england_start: Leaf[date]
    england_end: Leaf[date]
    wales_start: Leaf[date]
    wales_end: Leaf[date]
    ecms_start: Leaf[date]
    cms_outputs_start: Leaf[date]
    child_arrangements_start: Leaf[date]
    ethnicity_collected_from: Leaf[date]


class Volumes(Strict):
    """Numbers of cases at scale 1."""

    england_first_proceedings: Leaf[Annotated[dict[Year, Count], Field(min_length=1)]]
    wales_first_proceedings: Leaf[Annotated[dict[Year, Count], Field(min_length=1)]]
    emergency_protection_only: Leaf[Share]
    discharge_of_care: Leaf[Share]
    other_public_law_wales: Leaf[Share]


class Areas(Strict):
    """Where families live."""

    england: Leaf[dict[str, dict[str, list[str]]]]
    wales: Leaf[dict[str, list[str]]]
    lsoas_per_quintile: Leaf[Annotated[StrictInt, Field(ge=1, le=500)]]
    quintile_shares: Leaf[Annotated[Shares, exactly(QUINTILES)]]
    return_elsewhere: Leaf[Share]


class Mothers(Strict):
    """Mothers at first proceedings, and their deaths."""

    age_band_shares_england: Leaf[Annotated[Shares, exactly(AGE_BANDS)]]
    age_band_shares_wales: Leaf[Annotated[Shares, exactly(AGE_BANDS)]]
    deaths_per_1000_years: Leaf[Annotated[dict[str, Amount], exactly(AGE_BANDS)]]


class Children(Strict):
    """Children at first proceedings."""

    youngest_by_mother_age: Leaf[Annotated[dict[str, Annotated[Shares, exactly(YOUNGEST)]], exactly(AGE_BANDS)]]
    under_4_weeks_factor_england: Leaf[Anchors]
    under_4_weeks_factor_wales: Leaf[Anchors]
    infant_4_to_51_weeks_factor_england: Leaf[Anchors]
    infant_4_to_51_weeks_factor_wales: Leaf[Anchors]
    over_10_years_factor_england: Leaf[Anchors]
    over_10_years_factor_wales: Leaf[Anchors]
    weeks_under_4_weeks: Leaf[Annotated[Shares, exactly(("unborn", "0", "1", "2", "3"))]]
    number_by_youngest: Leaf[Annotated[dict[str, Annotated[Shares, exactly(("1", "2", "3", "4"))]], exactly(YOUNGEST)]]
    days_between_siblings: Leaf[Annotated[list[Count], Field(min_length=2, max_length=2), AfterValidator(ascending)]]
    twins: Leaf[Share]
    girls: Leaf[Share]


class Partner(Strict):
    """Shares of returns with the same father and with a new one; the rest have none."""

    same: Share
    new: Share


class Fathers(Strict):
    """Which men are party, again or for the first time."""

    party_at_index: Leaf[Share]
    at_new_child_return: Leaf[Partner]
    at_new_child_return_no_father_before: Leaf[Partner]
    at_existing_child_return: Leaf[Share]
    own_returns_per_1000_years: Leaf[Amount]
    years_older_than_mother: Leaf[Annotated[list[Number], Field(min_length=2, max_length=2)]]
    deaths_per_1000_years: Leaf[Amount]


class Hazard(PiecewiseHazard):
    """A piecewise constant hazard of first return and the log hazard ratios that multiply it."""

    log_hazard_ratios: Leaf[Annotated[Effects, effects_of(RETURN_TERMS)]]


class Returns(Strict):
    """The planted hazards of return, and whom returns concern."""

    new_child: Hazard
    existing_child: Hazard
    later_return_ratio: Leaf[Amount]
    baby_under_4_weeks: Leaf[Share]
    older_children_with_new_child: Leaf[Share]
    same_child_again: Leaf[Share]


class Notice(Strict):
    """Shares of first hearings on the same day, within two days and within seven days of issue (cumulative)."""

    same_day: Share
    emergency: Share
    short_notice: Share


class Proceedings(Strict):
    """Applications, hearings, interim orders and people other than the family."""

    median_weeks: Leaf[Anchors]
    log_sd_of_duration: Leaf[Amount]
    supervision_application: Leaf[Share]
    emergency_application_first: Leaf[Share]
    notice_newborn_england: Leaf[Notice]
    same_day_newborn_by_region: Leaf[dict[str, Share]]
    notice_newborn_wales: Leaf[Notice]
    notice_others: Leaf[Notice]
    interim_care_order: Leaf[Share]
    interim_supervision_order: Leaf[Share]
    grandparent_in_case: Leaf[Share]
    step_parent_in_case: Leaf[Share]
    rule_16_4: Leaf[Share]


class Placement(Strict):
    """The planted model of placement orders for infants, and placement of older children."""

    intercept: Leaf[Number]
    log_odds_ratios: Leaf[Annotated[Effects, effects_of(PLACEMENT_TERMS)]]
    sd_between_local_authorities: Leaf[Amount]
    youngest_1_to_4: Leaf[Share]
    older_sibling_under_6: Leaf[Share]
    with_care_order: Leaf[Share]


class FinalOrders(Strict):
    """Orders of children who are not placed."""

    shares_by_age: Leaf[Annotated[dict[str, Annotated[Shares, exactly(FINAL_ORDERS)]], exactly(CHILD_AGES)]]
    special_guardianship_factor: Leaf[Anchors]
    supervision_with_private_order: Leaf[Share]
    same_for_siblings: Leaf[Share]


class Linkage(Strict):
    """People without a linkage field."""

    missing_england: Leaf[Share]
    missing_wales: Leaf[Share]
    status_99_with_number: Leaf[Share]


class Ethnicity(Strict):
    """Ethnic groups and how often they are recorded."""

    shares: Leaf[Annotated[Shares, exactly(ETHNIC_GROUPS)]]
    infant_at_first_proceedings: Leaf[Annotated[dict[str, Amount], exactly(ETHNIC_GROUPS)]]
    known_before_collection: Leaf[Share]
    known_since_collection: Leaf[Share]
    conflicting: Leaf[Share]
    recorded_wrongly: Leaf[Share]
    known_and_unknown: Leaf[Share]


class Defects(Strict):
    """Rates of labelled defects."""

    duplicate_person: Leaf[Share]
    unrepairable_among_duplicates: Leaf[Share]
    full_duplicate_row: Leaf[Share]
    two_roles: Leaf[Share]
    duplicate_person_on_application: Leaf[Share]
    century_typo: Leaf[Share]
    second_mother: Leaf[Share]
    second_father: Leaf[Share]
    duplicate_legal_output: Leaf[Share]
    missing_legal_outputs: Leaf[Share]


class Parameters(Strict):
    """The whole of config/population: each section stands in one of its files."""

    calendar: Calendar
    volumes: Volumes
    areas: Areas
    mothers: Mothers
    children: Children
    fathers: Fathers
    returns: Returns
    proceedings: Proceedings
    placement: Placement
    final_orders: FinalOrders
    linkage: Linkage
    ethnicity: Ethnicity
    characteristics: Characteristics
    residents: ResidentParameters
    denominators: DenominatorParameters
    deprivation: DeprivationParameters
    childrens_services: ChildrensServices
    health: HealthParameters
    private_law: PrivateLaw
    defects: Defects


def _allowed_at(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that are allowed at a place of the file."""
    model: Any = Parameters
    for step in path:
        field = getattr(model, "model_fields", {}).get(step)
        if field is None:
            return []
        model = field.annotation
    return list(getattr(model, "model_fields", {}))


def _explain(error: Any) -> str:
    """Return one line: the place, what was found and what to write instead."""
    path = tuple(error["loc"])
    place = ".".join(str(step) for step in path)
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key. {did_you_mean(str(path[-1]), _allowed_at(path[:-1]))}"
    if error["type"] == "missing" and path[-1] == "source":
        return f"{place}: missing. Write 'source: assumption' or a public citation with its https:// address."
    if error["type"] == "missing":
        return f"{place}: missing. Every parameter is a mapping with 'value' and 'source'."
    if error["type"] in ("model_type", "model_attributes_type"):
        return f"{place}: found {error['input']!r:.60}; write a mapping with {', '.join(_allowed_at(path)) or 'keys'}."
    if error["type"] == "value_error":
        return f"{place}: {error['ctx']['error']}"
    return f"{place}: found {error['input']!r:.60}; {error['msg'].replace('Input should be', 'it should be')}."


def _consistent(parameters: Parameters) -> list[str]:
    """Return what is wrong between leaves of a file whose every leaf is right."""
    problems = []
    for name in ("new_child", "existing_child"):
        hazard: Hazard = getattr(parameters.returns, name)
        pieces, cuts = len(hazard.events_per_1000_years.value), len(hazard.cut_points_days.value)
        if pieces != cuts + 1:
            wanted = f"{cuts} cut points need {cuts + 1} values of events_per_1000_years"
            problems.append(f"returns.{name}: {wanted}, found {pieces}")
    for name in ("at_new_child_return", "at_new_child_return_no_father_before"):
        partner: Partner = getattr(parameters.fathers, name).value
        if partner.same + partner.new > 1:
            problems.append(f"fathers.{name}: same and new add to more than 1; the rest is the share without a father")
    for name in ("notice_newborn_england", "notice_newborn_wales", "notice_others"):
        notice: Notice = getattr(parameters.proceedings, name).value
        if not notice.same_day <= notice.emergency <= notice.short_notice:
            problems.append(f"proceedings.{name}: shares are cumulative; write same_day <= emergency <= short_notice")
    regions, known = parameters.proceedings.same_day_newborn_by_region.value, parameters.areas.england.value
    problems += [
        f"proceedings.same_day_newborn_by_region: unknown region '{region}'. {did_you_mean(region, known)}"
        for region in regions
        if region not in known
    ]
    c = parameters.calendar
    order = (c.england_start, c.cms_outputs_start, c.ecms_start, c.england_end)
    if not all(a.value < b.value for a, b in pairwise(order)):
        problems.append("calendar: write england_start < cms_outputs_start < ecms_start < england_end")
    if not c.wales_start.value < c.wales_end.value:
        problems.append("calendar: write wales_start < wales_end")
    return problems + problems_of(parameters.private_law, parameters.areas)


def load_parameters(path: str | Path) -> Parameters:
    """Read and check the parameters of the population: a folder of YAML files, or one file.

    Raises ConfigError with every problem and what to write instead.
    """
    where, data, file_of = read_sections(Path(path), list(Parameters.model_fields))
    try:
        parameters = Parameters.model_validate(data)
    except ValidationError as error:
        report_together(where, [_in_file(file_of, _explain(problem)) for problem in error.errors()], ConfigError)
        raise
    report_together(where, [_in_file(file_of, problem) for problem in _consistent(parameters)], ConfigError)
    return parameters


def _in_file(file_of: dict[str, str], problem: str) -> str:
    """Return a problem with the file that holds its section before it."""
    file = file_of.get(re.split(r"[.:]", problem, maxsplit=1)[0])
    return f"{file}: {problem}" if file else problem
