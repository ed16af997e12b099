"""Everyone in the Welsh linked records: people of the Welsh courts, and a comparison population that is never there.

court people with a linkage field  \
                                    > residents --(health, children, residence)--> linked tables
women, their partners and children /
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    NULL,
    Bools,
    Ints,
    Streams,
    draw_from,
    monday,
    to_day,
)
from family_justice.sources.synthetic.parameters.residents import ResidentParameters
from family_justice.sources.synthetic.people.gather import LINKAGE_FIELDS
from family_justice.sources.synthetic.people.register import (
    APPLICANT,
    FATHER,
    PARENTS,
    REPRESENTATIVE,
    RESPONDENT,
    SUBJECT,
)
from family_justice.sources.synthetic.public_law.court import CARE_ORDER, PLACED, SPECIAL_GUARDIANSHIP
from family_justice.sources.synthetic.public_law.families import FEMALE, MALE, MINIMUM_AGE_AT_BIRTH, WALES
from family_justice.sources.synthetic.public_law.other_cases import PRIVATE
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD
from family_justice.sources.synthetic.systems.records import Records

#: Linkage fields of the comparison population are a range of their own, beyond those of court people.
COMPARISON_LINKAGE_FIELDS = LINKAGE_FIELDS + 500_000_000
#: Final orders by which a child lives away from its parents.
AWAY = (PLACED, CARE_ORDER, SPECIAL_GUARDIANSHIP)
FAR = int(np.iinfo(np.int64).max)
OLDEST_AT_BIRTH = int(46 * DAYS_PER_YEAR)


@dataclass
class Residents:
    """Everyone in the Welsh linked records: columns of equal length; a resident is its place in them.

    Days are days since 1970-01-01. Events of a resident happen from ``since`` to ``until``, both included; a child is
    resident from birth, so that the day of a first issue may lie before it.
    """

    alf: Ints
    """Anonymised linkage field."""
    human: Ints
    """Place in ``People`` of those in court records, else -1."""
    week_of_birth: Ints
    sex: Ints
    """MALE 0, FEMALE 1."""
    ethnicity: Ints
    quintile: Ints
    """Place in QUINTILES: 0 is most deprived."""
    lsoa: Ints
    area: Ints
    """Local authority, as place in ``Areas``."""
    death: Ints
    """Day of death up to the end of data, else NULL."""
    mother: Ints
    """Place of the mother among the residents, or -1."""
    household: Ints
    """Place of the resident in whose household this one lives, at first."""
    since: Ints
    until: Ints
    parent_issue: Ints
    """Day of the first s31 issue as parent, else NULL."""
    child_away: Ints
    """Whether a child of that first case was placed away from home by a final order: 1 or 0; -1 for others."""
    child_issue: Ints
    """Day of the first s31 issue as subject child, else NULL."""
    private_adult: Ints
    """Day of the first private-law issue as applicant or respondent, else NULL."""
    private_child: Ints
    """Day of the first private-law issue as subject child, else NULL."""

    def __len__(self) -> int:
        return len(self.alf)

    @property
    def in_court(self) -> Bools:
        """Whether each resident is in court records."""
        return self.human >= 0


def _first(values: Ints, members: Ints, size: int) -> Ints:
    """Return the smallest value of each of ``size`` members; NULL for those without one."""
    first = np.full(size, FAR)
    np.minimum.at(first, members, values)
    return np.where(first == FAR, NULL, first)


def days_until(start: Ints, per_1000_years: float, random: np.random.Generator) -> Ints:
    """Return days of an event with a constant hazard from ``start`` on."""
    years = random.exponential(size=len(start)) * 1000 / max(per_1000_years, 1e-9)
    return start + 1 + (np.minimum(years, 200) * DAYS_PER_YEAR).astype(np.int64)


def _arrivals(p: ResidentParameters, earliest: Ints, latest: Ints, random: np.random.Generator) -> Ints:
    """Return the first day of registration: ``earliest`` for most, for some a day up to ``latest``."""
    later = random.random(len(earliest)) < p.arrived_later.value
    days = earliest + (np.maximum(latest - earliest, 0) * random.random(len(earliest))).astype(np.int64)
    return np.where(later, days, earliest)


def _court_people(records: Records, end: int, streams: Streams) -> Residents:
    """Return the people of the Welsh courts who have a linkage field."""
    people, cases, p = records.people, records.families.cases, records.parameters.residents
    known = (people.jurisdiction == WALES) & (people.alf != NULL) & (people.week_of_birth <= end)
    human = np.flatnonzero(known)
    size = len(human)
    place = np.full(people.size, -1)
    place[human] = np.arange(size)

    row = np.flatnonzero(place[people.human] >= 0)
    who, part, case = place[people.human[row]], people.part[row], people.case[row]
    issue, public, private = cases.issue[case], cases.cause[case] <= EXISTING_CHILD, cases.cause[case] == PRIVATE
    parent = np.isin(part, PARENTS)
    adult = np.isin(people.role[row], (APPLICANT, RESPONDENT)) & (part != REPRESENTATIVE)

    def first(chosen: Bools) -> Ints:
        return _first(issue[chosen], who[chosen], size)

    every, last = first(np.ones(len(row), dtype=bool)), np.full(size, NULL)
    np.maximum.at(last, who, issue)
    births, lsoa = people.week_of_birth[human], people.lsoa[human]
    count = len(records.families.mothers.area)
    child = (human >= count) & (human < count + len(records.families.children.mother))
    of = records.families.children.mother[np.where(child, human - count, 0)]
    mother = np.where(child, place[of], -1)

    random = streams("residents of the courts")
    earliest = np.maximum(births, to_day(p.register_start.value))
    since = _arrivals(p, earliest, every, random)
    with_mother = mother >= 0
    since[with_mother] = np.maximum(earliest[with_mother], since[mother[with_mother]])
    death = np.where(people.death[human] > end, NULL, people.death[human])
    until = np.minimum(days_until(np.maximum(last, since), p.leaving_per_1000_years.value, random), end)
    until = np.where(death == NULL, until, np.minimum(until, death))

    household = np.where(with_mother, mother, np.arange(size))
    fathers = np.flatnonzero(part == FATHER)
    partner = place[cases.mother[case[fathers]]]
    together = (partner >= 0) & (lsoa[who[fathers]] == lsoa[partner])
    household[who[fathers[together]]] = partner[together]
    per_quintile = records.parameters.areas.lsoas_per_quintile.value
    return Residents(
        alf=people.alf[human], human=human, week_of_birth=births, sex=people.sex[human],
        ethnicity=people.ethnicity[human], quintile=people.quintile[human], lsoa=lsoa, area=lsoa // (5 * per_quintile),
        death=death, mother=mother, household=household, since=since, until=np.maximum(until, since),
        parent_issue=first(parent & public),
        child_away=_away(records, row[parent & public], who[parent & public], size),
        child_issue=first((part == SUBJECT) & public),
        private_adult=first(adult & private), private_child=first((part == SUBJECT) & private),
    )  # fmt: skip


def _away(records: Records, rows: Ints, who: Ints, size: int) -> Ints:
    """Return whether an order of the first case of each parent placed a child away; ``rows`` are theirs as parents of
    care proceedings, ``who`` the residents (-1 for all others)."""
    court, cases = records.court, records.families.cases
    placed = np.zeros(len(cases), dtype=bool)
    placed[court.order_case[np.isin(court.order_type, AWAY)]] = True
    case = records.people.case[rows]
    order = np.lexsort((case, cases.issue[case], who))
    first = order[np.unique(who[order], return_index=True)[1]]
    found = np.full(size, -1)
    found[who[first]] = placed[case[first]]
    return found


def _births(p: ResidentParameters, mother_birth: Ints, days_between: list[int], random: np.random.Generator) -> Ints:
    """Return weeks of birth of up to four children of each woman, NULL where there is none: women x 4."""
    size = len(mother_birth)
    number = draw_from(p.births_per_woman.value, size, random)
    mean, deviation = p.age_at_first_birth.value
    age = ((mean + deviation * random.standard_normal(size)) * DAYS_PER_YEAR).astype(np.int64)
    birth = mother_birth + np.maximum(age, MINIMUM_AGE_AT_BIRTH + int(DAYS_PER_YEAR))
    births = np.full((size, 4), NULL)
    for order in range(4):
        births[:, order] = np.where((number > order) & (birth - mother_birth < OLDEST_AT_BIRTH), monday(birth), NULL)
        birth = birth + random.integers(days_between[0], days_between[1] + 1, size)
    return births


def _deaths(p: ResidentParameters, birth: Ints, alive: Ints, infants: Bools, random: np.random.Generator) -> Ints:
    """Return days of death after ``alive``: Gompertz by age, and deaths in the first year of ``infants``.

    With hazard a exp(bx) at age x, a person alive at x dies at log(exp(bx) + bE/a) / b for a standard exponential E.
    """
    a, b = p.deaths_at_age_0_per_1000_years.value / 1000, p.rise_of_deaths_per_year.value
    age = np.maximum(alive - birth, 0) / DAYS_PER_YEAR
    years = np.log(np.exp(b * age) + b * random.exponential(size=len(birth)) / max(a, 1e-12)) / b
    death = np.maximum(birth + (years * DAYS_PER_YEAR).astype(np.int64), alive + 1)
    early = infants & (random.random(len(birth)) < p.infant_deaths.value)
    return np.where(early, alive + (365 * random.random(len(birth)) ** 3).astype(np.int64), death)


def _comparison(records: Records, scale: float, end: int, streams: Streams) -> Residents:
    """Return women, as many men, and the women's children, none of whom is ever in court."""
    parameters, areas = records.parameters, records.areas
    p, random = parameters.residents, streams("comparison population")
    size = round(scale * p.comparison_women.value)
    first, last = (to_day(date(year, 1, 1)) for year in p.comparison_years_of_birth.value)
    start = to_day(p.register_start.value)

    women = monday(random.integers(first, last + 365, size))
    mean, deviation = parameters.fathers.years_older_than_mother.value
    men = monday(women - ((mean + deviation * random.standard_normal(size)) * DAYS_PER_YEAR).astype(np.int64))
    births = _births(p, women, parameters.children.days_between_siblings.value, random)
    of, order = np.nonzero((births != NULL) & (births <= end) & (births > first + MINIMUM_AGE_AT_BIRTH))
    children = births[of, order]
    couple = random.random(size) < p.couples.value

    # Partners and children come to Wales and leave it with the woman.
    since = _arrivals(p, np.maximum(women, start), np.full(size, end), random)
    leaves = days_until(since, p.leaving_per_1000_years.value, random)
    his = np.where(couple, since, _arrivals(p, np.maximum(men, start), np.full(size, end), random))
    he_leaves = np.where(couple, leaves, days_until(his, p.leaving_per_1000_years.value, random))
    born = np.concatenate([women, men, children])
    since = np.concatenate([since, np.maximum(his, men), np.maximum(children, since[of])])
    leaves = np.concatenate([leaves, he_leaves, leaves[of]])
    infants = np.repeat([False, True], [2 * size, len(of)]) & (since == born)
    death = _deaths(p, born, since, infants, streams("deaths in the comparison population"))
    here = (since <= np.minimum(leaves, end)) & (born <= end)
    until = np.minimum(np.minimum(leaves, death), end)

    per_quintile = parameters.areas.lsoas_per_quintile.value
    home_area = random.choice(areas.of(WALES), 2 * size)
    quintile = draw_from(p.comparison_quintile_shares.value, 2 * size, random)
    lsoa = (home_area * 5 + quintile) * per_quintile + random.integers(0, per_quintile, 2 * size)
    ethnicity = draw_from(p.comparison_ethnicity_shares.value, 2 * size, random)
    woman = np.arange(size)
    head = np.concatenate([woman, np.where(couple, woman, size + woman), of])
    sex = np.repeat([FEMALE, MALE], size)
    girls = (random.random(len(of)) < parameters.children.girls.value).astype(np.int64)
    total = len(born)
    never = np.full(total, NULL)
    everyone = Residents(
        alf=COMPARISON_LINKAGE_FIELDS + 1 + random.permutation(total), human=np.full(total, -1),
        week_of_birth=born, sex=np.concatenate([sex, girls]), ethnicity=np.concatenate([ethnicity, ethnicity[of]]),
        quintile=lsoa[head] // per_quintile % 5, lsoa=lsoa[head], area=lsoa[head] // (5 * per_quintile),
        death=np.where((death <= end) & (death <= leaves), death, NULL),
        mother=np.concatenate([np.full(2 * size, -1), of]), household=head, since=since, until=until,
        parent_issue=never, child_away=np.full(total, -1), child_issue=never, private_adult=never, private_child=never,
    )  # fmt: skip
    return _keep(everyone, here)


def _keep(residents: Residents, kept: Bools) -> Residents:
    """Return some of the residents, with their places of mothers and heads of household counted anew."""
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    columns = {f.name: getattr(residents, f.name)[kept] for f in fields(Residents)}
    columns["mother"] = np.where(columns["mother"] >= 0, place[columns["mother"]], -1)
    head = place[columns["household"]]
    columns["household"] = np.where(head >= 0, head, np.arange(int(kept.sum())))
    return Residents(**columns)


def draw_residents(records: Records, streams: Streams) -> Residents:
    """Return everyone in the Welsh linked records, court people first; numbers are proportional to the scale."""
    end = to_day(records.parameters.calendar.wales_end.value)
    court = _court_people(records, end, streams)
    others = _comparison(records, records.scale, end, streams)
    others.mother = np.where(others.mother >= 0, others.mother + len(court), -1)
    others.household = others.household + len(court)
    return Residents(*(np.concatenate([getattr(court, f.name), getattr(others, f.name)]) for f in fields(Residents)))
