"""Everybody in the courts once: human beings, who takes part in which case, and under which identifier.

mothers, children, men, relatives --number them--> human beings --two identifiers for some--> raw identifiers

A mother's number is her place among all mothers; children follow in their order, then everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    NULL,
    Bools,
    Ints,
    Streams,
    draw_from,
    draw_shares,
    monday,
)
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.register import (
    APPLICANT,
    FATHER,
    GRANDPARENT,
    MOTHER,
    OTHER,
    REPRESENTATIVE,
    RESPONDENT,
    SECOND_FATHER,
    SECOND_MOTHER,
    STEP_PARENT,
    SUBJECT,
    SUBJECT_ROLE,
    Register,
    draw_apart,
)
from family_justice.sources.synthetic.private_law.cases import PrivateLaw
from family_justice.sources.synthetic.private_law.parties import register_parties
from family_justice.sources.synthetic.public_law.families import (
    ENGLAND,
    FEMALE,
    MALE,
    MINIMUM_AGE_AT_BIRTH,
    WALES,
    Areas,
    Cases,
    Children,
    Mothers,
    youngest_and_number,
)
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD, INDEX, Families

#: First identifiers of the ranges, so that an identifier shows what it is of. Additional parents come last.
PERSON_IDS = {ENGLAND: 1_100_000_000, WALES: 2_100_000_000}
SECOND_IDS, ADDITIONAL_IDS = 30_000_000, 60_000_000
LINKAGE_FIELDS = 9_000_000_000


@dataclass
class People:
    """Human beings (columns of equal length) and who takes part in which case (four columns, sorted by case).

    A mother who is party to none of her family's cases has no linkage field: nothing of her is in any record.
    """

    sex: Ints
    week_of_birth: Ints
    jurisdiction: Ints
    quintile: Ints
    lsoa: Ints
    death: Ints
    ethnicity: Ints
    is_private: Bools
    alf: Ints
    first_id: Ints
    second_id: Ints
    second_id_from: Ints
    case: Ints
    human: Ints
    part: Ints
    role: Ints

    @property
    def size(self) -> int:
        """Number of human beings."""
        return len(self.sex)

    def record(self, issue: Ints) -> Ints:
        """Return for every part in a case the record it is under: the human being, plus ``size`` for second ones."""
        second = issue[self.case] >= self.second_id_from[self.human]
        return self.human + np.where(second, self.size, 0)

    @property
    def id_of_record(self) -> Ints:
        """Identifiers of first and then second records; NULL where there is no second one."""
        return np.concatenate([self.first_id, self.second_id])


def _some(parameters_share: float, eligible: Bools, random: np.random.Generator) -> Ints:
    return np.flatnonzero(eligible & (random.random(len(eligible)) < parameters_share))


def _aged(mother_birth: Ints, low: float, high: float, random: np.random.Generator) -> Ints:
    """Return weeks of birth of people who are ``low`` to ``high`` years older than the mother."""
    years = low + (high - low) * random.random(len(mother_birth))
    return monday(mother_birth - (years * DAYS_PER_YEAR).astype(np.int64))


def _draw_ethnicity(parameters: Parameters, families: Families, size: int, random: np.random.Generator) -> Ints:
    """Return the ethnic groups of mothers; first care proceedings about an infant are rarer in some groups."""
    cases, p = families.cases, parameters.ethnicity
    shares = np.array(list(p.shares.value.values()))
    with_infant = shares * np.array(list(p.infant_at_first_proceedings.value.values()))
    youngest, _ = youngest_and_number(cases, families.children)
    infant = np.zeros(size, dtype=np.int64)
    infant[cases.mother[(cases.cause == INDEX) & (cases.issue - youngest < DAYS_PER_YEAR)]] = 1
    return draw_shares(np.array([shares, with_infant / with_infant.sum()])[infant], random)


@dataclass
class _Numbering:
    """Numbers people of the cases of public law one after the other; mothers and children come first."""

    parameters: Parameters
    register: Register
    families: Families
    mothers: Mothers
    lsoa: Ints
    ethnicity: Ints

    @property
    def per_quintile(self) -> int:
        return self.parameters.areas.lsoas_per_quintile.value

    def relatives(
        self, case: Ints, sex: Ints, birth: Ints, together: float, random: np.random.Generator, additional: bool = False
    ) -> Ints:
        """Register one new person for each case, with a share ``together`` at the mother's address."""
        cases = self.families.cases
        of = cases.mother[case]
        quintile = draw_from(self.parameters.areas.quintile_shares.value, len(case), random)
        elsewhere = _home(cases.area[case], quintile, self.per_quintile, random)
        return self.register.add(
            sex=sex, week_of_birth=birth, jurisdiction=self.mothers.jurisdiction[of],
            lsoa=np.where(random.random(len(case)) < together, self.lsoa[of], elsewhere),
            death=np.full(len(case), NULL), ethnicity=self.ethnicity[of], additional=additional,
        )  # fmt: skip


def _home(area: Ints, quintile: Ints, per_quintile: int, random: np.random.Generator) -> Ints:
    """Return small areas of a deprivation quintile of local authorities."""
    return (area * 5 + quintile) * per_quintile + random.integers(0, per_quintile, len(area))


def _sexes(size: int, sex: int) -> Ints:
    return np.full(size, sex, dtype=np.int64)


def gather_people(
    parameters: Parameters, areas: Areas, families: Families, private: PrivateLaw, streams: Streams
) -> People:
    """Return all people of all cases with identifiers and linkage fields; ``families`` are those of public law."""
    everyone, cases = private.everyone, families.cases
    mothers, children = everyone.mothers, everyone.children
    register = Register()
    per_quintile = parameters.areas.lsoas_per_quintile.value
    lsoa = _home(mothers.area, mothers.quintile, per_quintile, streams("homes"))
    size = len(mothers.area)
    ethnicity = _draw_ethnicity(parameters, families, size, streams("ethnicity"))
    numbering = _Numbering(parameters, register, families, mothers, lsoa, ethnicity)
    register.add(
        sex=_sexes(size, FEMALE), week_of_birth=mothers.week_of_birth, jurisdiction=mothers.jurisdiction,
        lsoa=lsoa, death=mothers.death, ethnicity=ethnicity,
    )  # fmt: skip
    of = children.mother
    first_child = register.add(
        sex=children.sex, week_of_birth=children.week_of_birth, jurisdiction=mothers.jurisdiction[of],
        lsoa=lsoa[of], death=np.full(len(of), NULL), ethnicity=ethnicity[of],
    )[0]  # fmt: skip
    register.take_part(cases.subject_case, first_child + cases.subject_child, SUBJECT, SUBJECT_ROLE)
    register.take_part(np.arange(len(cases)), cases.mother, MOTHER, RESPONDENT)
    human_of_man = _number_men(numbering, children, everyone.cases, streams("men"))
    random = streams("relatives")
    _number_relatives(numbering, random)
    _number_representatives(numbering, areas, random)
    public = register.size
    register_parties(parameters, register, private, human_of_man, lsoa, ethnicity, streams)

    is_private = np.arange(register.size) >= public
    is_private[len(families.mothers.area) : len(mothers.area)] = True
    is_private[first_child + len(families.children.mother) : first_child + len(children.mother)] = True
    return _with_identifiers(parameters, register, everyone.cases.issue, is_private, per_quintile, streams)


def _number_men(numbering: _Numbering, children: Children, all_cases: Cases, random: np.random.Generator) -> Ints:
    """Register the fathers who are parties; return the human being by the case in which he was first party, or -1.

    ``all_cases`` are those of public and private law: a father outlives the last in which he takes part.
    """
    cases, mothers, fathers = numbering.families.cases, numbering.mothers, numbering.parameters.fathers
    men, man = np.unique(cases.man[cases.man >= 0], return_inverse=True)
    mean, deviation = fathers.years_older_than_mother.value
    older = mean + deviation * random.standard_normal(len(men))
    born = monday(mothers.week_of_birth[cases.mother[men]] - (older * DAYS_PER_YEAR).astype(np.int64))
    # He is at least 15 when he is first party, and at least 14 at the birth of any subject child of his cases.
    born = np.minimum(born, monday(cases.issue[men] - int(15 * DAYS_PER_YEAR)))
    subject_man = cases.man[cases.subject_case]
    with_father = np.flatnonzero(subject_man >= 0)
    oldest = np.full(len(men), np.iinfo(np.int64).max)
    births = children.week_of_birth[cases.subject_child[with_father]]
    np.minimum.at(oldest, np.searchsorted(men, subject_man[with_father]), births)
    born = np.minimum(born, monday(np.minimum(oldest, cases.issue[men]) - MINIMUM_AGE_AT_BIRTH))
    human = numbering.relatives(men, _sexes(len(men), MALE), born, 0.5, random)
    with_man = np.flatnonzero(cases.man >= 0)
    numbering.register.take_part(with_man, human[man], FATHER, RESPONDENT)
    human_of_man = np.full(len(cases), -1)
    human_of_man[men] = human
    last = np.zeros(len(men), dtype=np.int64)
    np.maximum.at(last, man, cases.issue[with_man])
    known = np.flatnonzero((all_cases.man >= 0) & (all_cases.man < len(cases)))
    np.maximum.at(last, np.searchsorted(men, all_cases.man[known]), all_cases.issue[known])
    years = random.exponential(size=len(men)) * 1000 / max(fathers.deaths_per_1000_years.value, 1e-6)
    numbering.register.columns["death"][-1] = last + 1 + (np.minimum(years, 200) * DAYS_PER_YEAR).astype(np.int64)
    return human_of_man


def _number_relatives(numbering: _Numbering, random: np.random.Generator) -> None:
    """Register grandparents, step-parents, and parents who are on a case by mistake of the records."""
    parameters, cases = numbering.parameters, numbering.families.cases
    care = cases.cause <= EXISTING_CHILD
    for part, share, eligible, older_by, sex in (
        (SECOND_MOTHER, parameters.defects.second_mother.value, care, (-5, 20), FEMALE),
        (SECOND_FATHER, parameters.defects.second_father.value, care & (cases.man >= 0), (-3, 15), MALE),
        (GRANDPARENT, parameters.proceedings.grandparent_in_case.value, cases.cause >= 0, (18, 35), -1),
        (STEP_PARENT, parameters.proceedings.step_parent_in_case.value, care, (-3, 10), MALE),
    ):
        case = _some(share, eligible, random)
        sex_of = _sexes(len(case), sex) if sex >= 0 else (random.random(len(case)) < 0.7).astype(np.int64)
        birth = _aged(numbering.mothers.week_of_birth[cases.mother[case]], *older_by, random)
        additional = part in (SECOND_MOTHER, SECOND_FATHER)
        human = numbering.relatives(case, sex_of, birth, 0.2, random, additional)
        numbering.register.take_part(case, human, part, RESPONDENT if additional else OTHER)


def _number_representatives(numbering: _Numbering, areas: Areas, random: np.random.Generator) -> None:
    """Register one representative for each local authority, who applies in all its cases."""
    cases = numbering.families.cases
    unknown = np.full(len(areas.name), NULL)
    representative = numbering.register.add(
        sex=(random.random(len(unknown)) < 0.8).astype(np.int64), week_of_birth=unknown,
        jurisdiction=areas.jurisdiction, lsoa=unknown, death=unknown, ethnicity=unknown,
    )  # fmt: skip
    numbering.register.take_part(np.arange(len(cases)), representative[cases.area], REPRESENTATIVE, APPLICANT)


def _with_identifiers(
    parameters: Parameters, register: Register, issue: Ints, is_private: Bools, per_quintile: int, streams: Streams
) -> People:
    """Give everybody an identifier, most a linkage field, and some people of several cases a second identifier."""
    columns = {name: np.concatenate(values) for name, values in register.columns.items()}
    order = np.argsort(np.concatenate([row[0] for row in register.parts]), kind="stable")
    case, human, part, role = (np.concatenate([row[i] for row in register.parts])[order] for i in range(4))
    size, jurisdiction, additional = register.size, columns["jurisdiction"], columns.pop("additional")

    random = streams("identifiers")
    first_id = np.empty(size, dtype=np.int64)
    ranges = additional * ADDITIONAL_IDS
    for code, base in PERSON_IDS.items():
        for start in (0, ADDITIONAL_IDS):
            members = np.flatnonzero((jurisdiction == code) & (ranges == start))
            first_id[members] = base + start + 1 + random.permutation(len(members))

    link = parameters.linkage
    missing = np.where(jurisdiction == WALES, link.missing_wales.value, link.missing_england.value)
    linked = draw_apart(streams, "linkage", is_private, lambda random, size: random.random(size)) >= missing
    linked &= (columns["week_of_birth"] != NULL) & (np.bincount(human, minlength=size) > 0)
    alf = np.where(linked, LINKAGE_FIELDS + 1 + streams("linkage fields").permutation(size), NULL)

    # A second identifier from a later case on: mostly where the linkage field can join the two.
    random = streams("duplicate people")
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, human, issue[case])
    several = np.zeros(size, dtype=bool)
    rows = np.flatnonzero((issue[case] > first[human]) & (additional[human] == 0))
    several[human[rows]] = True
    defects = parameters.defects
    rate, unrepairable = defects.duplicate_person.value, defects.unrepairable_among_duplicates.value
    ratio = (several & linked).sum() / max((several & ~linked).sum(), 1)
    chance = np.where(linked, rate * (1 - unrepairable), min(1.0, rate * unrepairable * ratio))
    chosen = several & (draw_apart(streams, "second identifiers", is_private, lambda r, n: r.random(n)) < chance)
    rows = random.permutation(rows[chosen[human[rows]]])
    second_from = np.full(size, np.iinfo(np.int64).max)
    second_from[human[rows]] = issue[case[rows]]
    second_id = np.full(size, NULL)
    for code, base in PERSON_IDS.items():
        members = np.flatnonzero(chosen & (jurisdiction == code))
        second_id[members] = base + SECOND_IDS + 1 + random.permutation(len(members))

    quintile = np.where(columns["lsoa"] == NULL, NULL, columns["lsoa"] // per_quintile % 5)
    return People(
        **columns, quintile=quintile, is_private=is_private, alf=alf, first_id=first_id, second_id=second_id,
        second_id_from=second_from, case=case, human=human, part=part, role=role,
    )  # fmt: skip
