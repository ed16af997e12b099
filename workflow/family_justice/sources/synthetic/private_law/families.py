"""Families at their first private-law case: those in private law only, and some who are also in care proceedings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    NULL,
    Ints,
    Streams,
    calendar,
    completed_years,
    draw_from,
    from_calendar,
    monday,
    next_working_day,
    to_day,
)
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.public_law.families import (
    ENGLAND,
    WALES,
    Areas,
    Children,
    Mothers,
    draw_sex,
    end_of_data,
    issue_dates,
)
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD, INDEX, Families

#: Youngest and oldest age in years of the youngest child of each group of the parameters (assumption).
YOUNGEST_LIMITS = np.array([[-0.15, 0.0], [0.0, 0.98], [1.02, 5.0], [5.02, 10.0], [10.02, 16.0]])
YOUNGEST_MOTHER, OLDEST_MOTHER = 16.0, 44.0
#: A child is at least this old when its parents go to court before care proceedings.
YOUNGEST_BEFORE_CARE = 200


@dataclass
class PrivateFamilies:
    """Families in private law; a family is its place. ``child`` holds all children, sorted by family.

    ``man`` names the father as in Cases. What is drawn of him here is NULL if he is also in care proceedings.
    """

    mother: Ints
    man: Ints
    issue: Ints  # of the first case
    area: Ints  # of the first case
    eldest: Ints
    child_family: Ints
    child: Ints
    father_birth: Ints
    father_quintile: Ints
    father_death: Ints

    def __len__(self) -> int:
        return len(self.mother)

    def add(self, other: PrivateFamilies) -> PrivateFamilies:
        """Return these families followed by the others."""
        both = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in vars(self)}
        both["child_family"][len(self.child_family) :] += len(self)
        return PrivateFamilies(**both)


def draw_areas(parameters: Parameters, areas: Areas, jurisdiction: Ints, random: np.random.Generator) -> Ints:
    """Return the local authority of each family: by rate and number of families of its region or judge area."""
    p = parameters.private_law
    rate, number = p.applications_per_10000_families.value, p.families_with_dependent_children.value
    weight = {region: rate[region] * number[region] for region in rate} | p.cases_by_family_judge_area_wales.value
    place = [areas.dfj_area[i] if code == WALES else areas.region[i] for i, code in enumerate(areas.jurisdiction)]
    chance = np.array([weight[name] / place.count(name) for name in place])
    area = np.empty(len(jurisdiction), dtype=np.int64)
    for code in (ENGLAND, WALES):
        known, rows = areas.of(code), np.flatnonzero(jurisdiction == code)
        area[rows] = known[draw_from({areas.code[i]: chance[i] for i in known}, len(rows), random)]
    return area


def draw_children(parameters: Parameters, issue: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return (family, week of birth) of the children of first cases, sorted by family, the eldest last."""
    p, size = parameters.private_law, len(issue)
    group = draw_from(p.youngest_child.value, size, random)
    low, high = YOUNGEST_LIMITS[group].T
    birth = monday(issue - ((low + (high - low) * random.random(size)) * DAYS_PER_YEAR).astype(np.int64))
    number = draw_from(p.number_of_children.value, size, random)
    shortest, longest = parameters.children.days_between_siblings.value
    families, births = [np.arange(size)], [birth]
    for order in range(2):
        birth = monday(birth - random.integers(shortest, longest + 1, size=size))
        fits = np.flatnonzero((number > order) & (completed_years(birth, issue) < 18))
        families.append(fits)
        births.append(birth[fits])
    family = np.concatenate(families)
    order_of = np.argsort(family, kind="stable")
    return family[order_of], np.concatenate(births)[order_of]


def _deaths(parameters: Parameters, entry: Ints, random: np.random.Generator) -> Ints:
    per_year = max(parameters.private_law.parents_deaths_per_1000_years.value / 1000, 1e-9)
    years = random.exponential(size=len(entry)) / per_year
    return entry + 1 + (np.minimum(years, 200) * DAYS_PER_YEAR).astype(np.int64)


def new_families(
    parameters: Parameters, areas: Areas, known: Families, scale: float, streams: Streams
) -> tuple[Mothers, Children, PrivateFamilies]:
    """Return mothers, children and families who are in private law only; they are numbered after those ``known``."""
    p, c = parameters.private_law, parameters.calendar
    random = streams("private law issue dates")
    england = issue_dates(p.england_first_cases.value, c.england_start.value, c.england_end.value, scale, random)
    wales = issue_dates(p.wales_first_cases.value, p.wales_start.value, c.wales_end.value, scale, random)
    issue = np.concatenate([england, wales])
    size = len(issue)
    jurisdiction = np.repeat([ENGLAND, WALES], [len(england), len(wales)])
    area = draw_areas(parameters, areas, jurisdiction, streams("private law areas"))

    child_family, child_birth = draw_children(parameters, issue, streams("private law children"))
    last = np.searchsorted(child_family, np.arange(size), side="right") - 1
    eldest_birth = child_birth[last]

    random = streams("private law parents")
    mean, deviation = p.mothers_age_at_first_birth.value
    age = np.clip(mean + deviation * random.standard_normal(size), YOUNGEST_MOTHER, OLDEST_MOTHER)
    mother_birth = monday(eldest_birth - (age * DAYS_PER_YEAR).astype(np.int64))
    mean, deviation = p.fathers_years_older.value
    older = ((mean + deviation * random.standard_normal(size)) * DAYS_PER_YEAR).astype(np.int64)
    father_birth = np.minimum(monday(mother_birth - older), monday(eldest_birth - int(YOUNGEST_MOTHER * DAYS_PER_YEAR)))
    quintile, father_quintile = (
        draw_from(shares.value, size, random) for shares in (p.mothers_quintiles, p.fathers_quintiles)
    )
    none = np.zeros(len(issue), dtype=bool)
    mothers = Mothers(jurisdiction, area, quintile, mother_birth, _deaths(parameters, issue, random), none, none)
    first_mother, first_child, first_case = len(known.mothers.area), len(known.children.mother), len(known.cases)
    sex = draw_sex(parameters, len(child_family), streams("private law children sex"))
    children = Children(first_mother + child_family, child_birth, sex, first_case + child_family)
    family = np.arange(size)
    families = PrivateFamilies(
        first_mother + family, first_case + family, issue, area, first_child + last, child_family,
        first_child + np.arange(len(child_family)), father_birth, father_quintile, _deaths(parameters, issue, random),
    )  # fmt: skip
    return mothers, children, families


def known_families(parameters: Parameters, known: Families, streams: Streams) -> PrivateFamilies:
    """Return families in care proceedings whose parents are in private law before or after these, about one child.

    Before: about a subject of the first care proceedings. After: about a subject of completed ones. Never about a
    child who is placed for adoption at any time. No mother is drawn twice.
    """
    p, random = parameters.private_law, streams("private law of families in care proceedings")
    mothers, children, cases = known.mothers, known.children, known.cases
    first = int((cases.cause == INDEX).sum())
    case, child = cases.subject_case, cases.subject_child
    start = np.where(
        mothers.jurisdiction == WALES, to_day(p.wales_start.value), to_day(parameters.calendar.england_start.value)
    )[cases.mother[case]]
    born = children.week_of_birth[child]

    stays = children.man >= 0
    stays[child[known.placed]] = False

    before = np.flatnonzero((cases.cause[case] == INDEX) & stays[child])
    issue_before = cases.issue[case[before]] - random.integers(60, 1500, size=len(before))
    fits = (issue_before >= start[before]) & (issue_before - born[before] >= YOUNGEST_BEFORE_CARE)
    after = np.flatnonzero((cases.cause[case] <= EXISTING_CHILD) & stays[child])
    issue_after = known.final[case[after]] + random.integers(180, 1800, size=len(after))
    last = np.minimum(end_of_data(parameters, mothers.jurisdiction), mothers.death - 1)[cases.mother[case[after]]]
    # Two days are kept free: a weekend may come between.
    suits = (issue_after + 2 <= last) & (completed_years(born[after], issue_after + 2) < 18)

    rows = np.concatenate([before[fits], after[suits]])
    issue = next_working_day(np.concatenate([issue_before[fits], issue_after[suits]]))
    is_after = np.arange(len(rows)) >= fits.sum()
    order = random.permutation(len(rows))
    _, once = np.unique(cases.mother[case[rows[order]]], return_index=True)
    chosen = order[np.sort(once)]
    wanted = [
        chosen[is_after[chosen] == later][: round(first * share.value)]
        for later, share in ((False, p.before_care_proceedings), (True, p.after_care_proceedings))
    ]
    row = np.sort(np.concatenate(wanted))
    size, of = len(row), rows[row]
    nothing = np.full(size, NULL)
    return PrivateFamilies(
        cases.mother[case[of]], children.man[child[of]], issue[row], cases.area[case[of]], child[of], np.arange(size),
        child[of], nothing, nothing, nothing,
    )  # fmt: skip


def eighteenth_birthday(birth: Ints) -> Ints:
    """Return the first day on which somebody is 18 in completed years."""
    year, month, day = calendar(birth)
    return from_calendar(year + 18, month, day)


def last_days(parameters: Parameters, mothers: Mothers, children: Children, families: PrivateFamilies) -> Ints:
    """Return the last day on which each family can come to court."""
    end = end_of_data(parameters, mothers.jurisdiction[families.mother])
    adult = eighteenth_birthday(children.week_of_birth[families.eldest])
    father = np.where(families.father_death == NULL, np.iinfo(np.int64).max, families.father_death)
    return np.minimum(end, np.minimum.reduce([mothers.death[families.mother], father, adult]) - 1)
