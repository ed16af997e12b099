"""Areas, and the families at their first care proceedings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    Bools,
    Floats,
    Ints,
    Streams,
    completed_years,
    draw_from,
    draw_shares,
    interpolate,
    monday,
    next_working_day,
    to_day,
)
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.parameters.types import Anchors, Leaf
from family_justice.sources.synthetic.public_law.deprivation import (
    Places,
    build_places,
    draw_authorities,
    draw_quintiles,
)

ENGLAND, WALES = 0, 1
MALE, FEMALE = 0, 1
MINIMUM_AGE_AT_BIRTH = int(14 * DAYS_PER_YEAR)
#: Youngest and oldest age in years of the mothers of each age band at their first proceedings (assumption).
AGE_LIMITS = np.array([[14, 20], [20, 25], [25, 30], [30, 35], [35, 45]], dtype=float)


@dataclass
class Areas:
    """Local authorities; a local authority is its place in these columns."""

    name: list[str]
    code: list[str]
    dfj_area: list[str]
    region: list[str]
    jurisdiction: Ints
    region_code: Ints
    places: Places

    def of(self, jurisdiction: int) -> Ints:
        """Return the local authorities of one jurisdiction."""
        return np.flatnonzero(self.jurisdiction == jurisdiction)


@dataclass
class Mothers:
    """Women; a mother is her place in these columns. ``death`` may lie after the end of data.

    ``mental_before`` and ``substance_before``: whether services have a record of her mental health, and of substance
    use, in the two years before her first care proceedings; nobody has who never is in these.
    """

    jurisdiction: Ints
    area: Ints
    quintile: Ints
    week_of_birth: Ints
    death: Ints
    mental_before: Bools
    substance_before: Bools


@dataclass
class Children:
    """Children; a child is its place. ``man`` is the case in which its father was first party, or -1."""

    mother: Ints
    week_of_birth: Ints
    sex: Ints
    man: Ints

    def add(self, other: Children) -> Children:
        """Return these children followed by the others."""
        return Children(*(np.concatenate([getattr(self, f), getattr(other, f)]) for f in self.__dataclass_fields__))


@dataclass
class Cases:
    """Care proceedings. ``man`` is the case in which the father who is party was first party, or -1.

    ``subject_case`` and ``subject_child`` are the subject children, sorted by case.
    """

    mother: Ints
    issue: Ints
    area: Ints
    generation: Ints
    cause: Ints
    previous: Ints
    man: Ints
    subject_case: Ints
    subject_child: Ints

    def __len__(self) -> int:
        return len(self.mother)


def build_areas(parameters: Parameters) -> Areas:
    """Return the local authorities of the parameters file; codes are numbered and unmistakably synthetic."""
    england, wales = parameters.areas.england.value, parameters.areas.wales.value
    rows = [(la, dfj, region, ENGLAND) for region, areas in england.items() for dfj, las in areas.items() for la in las]
    rows += [(la, dfj, "Wales", WALES) for dfj, las in wales.items() for la in las]
    names, dfj_areas, regions, jurisdictions = (list(column) for column in zip(*rows, strict=True))
    codes = [f"{'EW'[jurisdiction]}98{number:06d}" for number, jurisdiction in enumerate(jurisdictions, start=1)]
    order = {region: place for place, region in enumerate(dict.fromkeys(regions))}
    region_code = np.array([order[region] for region in regions], dtype=np.int64)
    nation = np.array(jurisdictions, dtype=np.int64)
    return Areas(names, codes, dfj_areas, regions, nation, region_code, build_places(parameters, regions, nation))


def end_of_data(parameters: Parameters, jurisdiction: Ints) -> Ints:
    """Return the last day of data of each jurisdiction code."""
    ends = np.array([to_day(parameters.calendar.england_end.value), to_day(parameters.calendar.wales_end.value)])
    return ends[jurisdiction]


def issue_dates(by_year: dict[int, int], start: date, end: date, scale: float, random: np.random.Generator) -> Ints:
    """Return dates of issue: a full year's number for each financial year (April to March), less where data lack."""
    days = []
    for year, number in by_year.items():
        first, last = to_day(date(year, 4, 1)), to_day(date(year + 1, 4, 1))
        begin, finish = max(first, to_day(start)), min(last, to_day(end) + 1)
        if finish > begin:
            count = round(scale * number * (finish - begin) / (last - first))
            drawn = next_working_day(random.integers(begin, finish, size=count))
            days.append(np.minimum(drawn, to_day(end)))
    return np.sort(np.concatenate(days)).astype(np.int64)


def draw_mother_births(band: Ints, issue: Ints, random: np.random.Generator) -> Ints:
    """Return weeks of birth of mothers whose age at issue lies in the band; skewed to 18-19 and to 35-39."""
    share = random.random(len(band))
    share = np.where(band == 0, share ** (1 / 3), np.where(band == 4, share**1.5, share))
    low, high = AGE_LIMITS[band, 0], AGE_LIMITS[band, 1]
    return monday(issue - ((low + (high - low) * share) * DAYS_PER_YEAR).astype(np.int64))


def draw_deaths(parameters: Parameters, week_of_birth: Ints, entry: Ints, random: np.random.Generator) -> Ints:
    """Return days of death after ``entry``: a constant hazard by age at entry."""
    per_year = np.array(list(parameters.mothers.deaths_per_1000_years.value.values())) / 1000
    rate = per_year[effects.age_band(completed_years(week_of_birth, entry))]
    years = random.exponential(size=len(entry)) / np.maximum(rate, 1e-9)
    return entry + 1 + (np.minimum(years, 200) * DAYS_PER_YEAR).astype(np.int64)


def draw_weeks_under_4(parameters: Parameters, size: int, random: np.random.Generator) -> Ints:
    """Return ages in recorded weeks of babies under four weeks old; minus one to minus eight are unborn."""
    weeks = draw_from(parameters.children.weeks_under_4_weeks.value, size, random) - 1
    return np.where(weeks < 0, -random.integers(1, 9, size=size), weeks)


def draw_youngest_births(
    parameters: Parameters, band: Ints, mother_birth: Ints, issue: Ints, jurisdiction: Ints, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return group (place in YOUNGEST) and week of birth of the youngest subject of each first case."""
    p = parameters.children
    shares = np.array([list(row.values()) for row in p.youngest_by_mother_age.value.values()])[band]

    def factor(england: Leaf[Anchors], wales: Leaf[Anchors]) -> Floats:
        return np.where(jurisdiction == WALES, interpolate(wales.value, issue), interpolate(england.value, issue))

    young = shares[:, :2] * np.column_stack(
        [
            factor(p.under_4_weeks_factor_england, p.under_4_weeks_factor_wales),
            factor(p.infant_4_to_51_weeks_factor_england, p.infant_4_to_51_weeks_factor_wales),
        ]
    )
    young *= np.minimum(1, 0.97 / young.sum(axis=1))[:, None]
    older = shares[:, 2:].copy()
    older[:, -1] *= factor(p.over_10_years_factor_england, p.over_10_years_factor_wales)
    older *= ((1 - young.sum(axis=1)) / older.sum(axis=1))[:, None]
    group = draw_shares(np.hstack([young, older]), random)
    weeks = np.where(group == 0, draw_weeks_under_4(parameters, len(group), random), random.integers(4, 52, len(group)))
    years = np.array([[0, 0], [0, 0], [1.02, 5], [5.02, 10], [10.02, 17.8]])[group]
    age = ((years[:, 0] + (years[:, 1] - years[:, 0]) * random.random(len(group))) * DAYS_PER_YEAR).astype(np.int64)
    # A mother is at least 14 at the birth of the child.
    age = np.minimum(age, np.maximum(issue - mother_birth - MINIMUM_AGE_AT_BIRTH, 28))
    return group, np.where(group <= 1, monday(issue) - 7 * weeks, monday(issue - age))


def draw_siblings(
    parameters: Parameters, group: Ints, youngest: Ints, mother_birth: Ints, issue: Ints, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return (case, week of birth) of the other subjects of first cases: older siblings and twins."""
    p = parameters.children
    shares = np.array([list(row.values()) for row in p.number_by_youngest.value.values()])[group]
    wanted = draw_shares(shares, random)
    low, high = p.days_between_siblings.value
    cases, births = [], []
    birth = youngest.copy()
    for order in range(3):
        birth = monday(birth - random.integers(low, high + 1, size=len(group)))
        fits = (wanted > order) & (birth - mother_birth >= MINIMUM_AGE_AT_BIRTH) & (completed_years(birth, issue) < 18)
        cases.append(np.flatnonzero(fits))
        births.append(birth[fits])
    twins = np.flatnonzero(random.random(len(group)) < p.twins.value)
    return np.concatenate([*cases, twins]).astype(np.int64), np.concatenate([*births, youngest[twins]])


def draw_sex(parameters: Parameters, size: int, random: np.random.Generator) -> Ints:
    """Return the sex of children."""
    return (random.random(size) < parameters.children.girls.value).astype(np.int64)


def first_proceedings(
    parameters: Parameters, areas: Areas, scale: float, streams: Streams
) -> tuple[Mothers, Children, Cases]:
    """Return mothers with their first care proceedings and the subject children of these."""
    c, v = parameters.calendar, parameters.volumes
    random = streams("issue dates")
    england = issue_dates(v.england_first_proceedings.value, c.england_start.value, c.england_end.value, scale, random)
    wales = issue_dates(v.wales_first_proceedings.value, c.wales_start.value, c.wales_end.value, scale, random)
    issue = np.concatenate([england, wales])
    jurisdiction = np.repeat([ENGLAND, WALES], [len(england), len(wales)]).astype(np.int64)
    size = len(issue)

    random = streams("mothers")
    for code in (ENGLAND, WALES):
        random.choice(areas.of(code), size)  # so that what is drawn after it is what it was before places differed
    draw = random.random(size)
    year = (issue.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)) + 1970
    area = draw_authorities(parameters, areas.places, jurisdiction, year, streams("authorities"))
    bands = [parameters.mothers.age_band_shares_england.value, parameters.mothers.age_band_shares_wales.value]
    band = draw_shares(np.array([list(shares.values()) for shares in bands])[jurisdiction], random)
    births = draw_mother_births(band, issue, random)
    deaths = draw_deaths(parameters, births, issue, random)

    random = streams("first children")
    group, youngest = draw_youngest_births(parameters, band, births, issue, jurisdiction, random)
    quintile = draw_quintiles(parameters, areas.places, jurisdiction, area, group <= 1, draw)
    none = np.zeros(size, dtype=bool)
    mothers = Mothers(jurisdiction, area, quintile, births, deaths, none, none)
    sibling_case, sibling_birth = draw_siblings(parameters, group, youngest, births, issue, random)
    case = np.concatenate([np.arange(size), sibling_case])
    order = np.argsort(case, kind="stable")
    case, birth = case[order], np.concatenate([youngest, sibling_birth])[order]
    man = np.where(streams("first fathers").random(size) < parameters.fathers.party_at_index.value, np.arange(size), -1)
    children = Children(case, birth, draw_sex(parameters, len(case), random), man[case])
    zero = np.zeros(size, dtype=np.int64)
    cases = Cases(np.arange(size), issue, area, zero, zero, zero - 1, man, case, np.arange(len(case)))
    return mothers, children, cases


def youngest_and_number(cases: Cases, children: Children) -> tuple[Ints, Ints]:
    """Return the week of birth of the youngest subject and the number of subjects of each case."""
    starts = np.searchsorted(cases.subject_case, np.arange(len(cases)))
    births = children.week_of_birth[cases.subject_child]
    return np.maximum.reduceat(births, starts), np.bincount(cases.subject_case, minlength=len(cases))


def index_codes(cases: Cases, mothers: Mothers, children: Children) -> dict[str, Ints]:
    """Return the code of every term of ``RETURN_TERMS`` for each case, as it can be read from the records."""
    youngest, number = youngest_and_number(cases, children)
    mother = cases.mother
    return {
        "age_band": effects.age_band(completed_years(mothers.week_of_birth[mother], cases.issue)),
        "deprivation_quintile": mothers.quintile[mother],
        "youngest_child_age": effects.youngest_child_age(completed_years(youngest, cases.issue)),
        "number_of_children": np.minimum(number, 3) - 1,
        "father_is_party": effects.yes_code(cases.man >= 0),
        "jurisdiction": mothers.jurisdiction[mother],
        "issue_period": effects.period(cases.issue),
        "mental_health_before": effects.yes_code(mothers.mental_before[mother]),
        "substance_use_before": effects.yes_code(mothers.substance_before[mother]),
    }
