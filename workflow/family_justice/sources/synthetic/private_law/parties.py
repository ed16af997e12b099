"""Who takes part in private-law cases: children, applicants and respondents."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, NULL, Bools, Ints, Streams, draw_from, monday
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.register import (
    APPLICANT,
    CARER,
    FATHER,
    GRANDPARENT,
    MOTHER,
    OTHER_RELATIVE,
    RESPONDENT,
    SECOND_FATHER,
    SECOND_MOTHER,
    STEP_PARENT,
    SUBJECT,
    SUBJECT_ROLE,
    Register,
)
from family_justice.sources.synthetic.private_law.cases import (
    FATHER_APPLIES,
    MOTHER_APPLIES,
    NO_PARENT_APPLIES,
    NO_RESPONDENT,
    RELATIVE_APPLIES,
    RELATIVE_RESPONDS,
    PrivateLaw,
)
from family_justice.sources.synthetic.public_law.families import FEMALE, MALE, WALES

#: Of each of RELATIVES: part, years older than the mother (from, to), share of women and at her address (assumption).
PARTS = np.array([GRANDPARENT, STEP_PARENT, OTHER_RELATIVE, CARER])
YEARS_OLDER = np.array([[18.0, 35.0], [-5.0, 12.0], [-8.0, 12.0], [-8.0, 20.0]])
WOMEN = np.array([0.75, 0.25, 0.7, 0.65])
TOGETHER = np.array([0.2, 0.7, 0.1, 0.0])
BOTH, MOTHER_ONLY, FATHER_ONLY = range(3)


class _Households:
    """Registers people of private-law families: where they live follows from the family's mother."""

    def __init__(
        self, parameters: Parameters, register: Register, private: PrivateLaw, lsoa: Ints, ethnicity: Ints
    ) -> None:
        self.register, self.per_quintile = register, parameters.areas.lsoas_per_quintile.value
        self.quintiles = parameters.private_law.mothers_quintiles.value
        self.lsoa, self.ethnicity = lsoa, ethnicity
        self.mothers, self.families = private.everyone.mothers, private.families

    def add(
        self, family: Ints, sex: Ints, birth: Ints, together: Bools, random: np.random.Generator, *,
        quintile: Ints | None = None, death: Ints | None = None, additional: bool = False,
    ) -> Ints:  # fmt: skip
        """Register one person for each family and return their numbers."""
        of, size = self.families.mother[family], len(family)
        if quintile is None:
            quintile = draw_from(self.quintiles, size, random)
        home = (self.mothers.area[of] * 5 + quintile) * self.per_quintile
        home += random.integers(0, self.per_quintile, size)
        return self.register.add(
            sex=sex, week_of_birth=birth, jurisdiction=self.mothers.jurisdiction[of],
            lsoa=np.where(together, self.lsoa[of], home), death=np.full(size, NULL) if death is None else death,
            ethnicity=self.ethnicity[of], additional=additional,
        )  # fmt: skip


def _of_families(chosen: Bools, family: Ints) -> tuple[Ints, Ints, Ints]:
    """Return rows of the chosen cases, the families they belong to (each once), and the place of each row's family."""
    row = np.flatnonzero(chosen)
    families, place = np.unique(family[row], return_inverse=True)
    return row, families, place


def register_parties(
    parameters: Parameters, register: Register, private: PrivateLaw, human_of_man: Ints, lsoa: Ints, ethnicity: Ints,
    streams: Streams,
) -> None:  # fmt: skip
    """Register fathers and relatives of private-law families, and everybody's part in their cases.

    Mothers are registered under their own number, children after all mothers. ``human_of_man`` gives the men of care
    proceedings by the case that names them; ``lsoa`` and ``ethnicity`` are those of the mothers.
    """
    cases, families, first = private.cases, private.families, private.first_case
    household = _Households(parameters, register, private, lsoa, ethnicity)
    number, family = first + np.arange(len(cases)), cases.family
    first_child = len(private.everyone.mothers.area)
    register.take_part(first + cases.subject_case, first_child + cases.subject_child, SUBJECT, SUBJECT_ROLE)

    answers = draw_from(
        parameters.private_law.respondents_to_relatives.value, len(families), streams("private law respondents")
    )[family]
    responds = np.where(cases.parties == RELATIVE_APPLIES, answers, BOTH)
    alone = cases.parties == NO_RESPONDENT
    mother = (cases.applicant == MOTHER_APPLIES) | (~alone & (responds != FATHER_ONLY))
    father = (cases.applicant == FATHER_APPLIES) | (~alone & (responds != MOTHER_ONLY))
    role_of_mother = np.where(cases.applicant == MOTHER_APPLIES, APPLICANT, RESPONDENT)
    role_of_father = np.where(cases.applicant == FATHER_APPLIES, APPLICANT, RESPONDENT)
    register.take_part(number[mother], families.mother[family[mother]], MOTHER, role_of_mother[mother])

    random = streams("private law fathers")
    is_new = families.man >= first
    known, new = father & ~is_new[family], father & is_new[family]
    register.take_part(number[known], human_of_man[families.man[family[known]]], FATHER, role_of_father[known])
    row, once, place = _of_families(new, family)
    human = household.add(
        once, np.full(len(once), MALE), families.father_birth[once], np.zeros(len(once), dtype=bool), random,
        quintile=families.father_quintile[once], death=families.father_death[once],
    )  # fmt: skip
    register.take_part(number[row], human[place], FATHER, role_of_father[row])

    _register_relatives(parameters, household, private, streams)
    defects = parameters.defects
    random = streams("private law additional parents")
    for part, rate, chosen, sex in (
        (SECOND_MOTHER, defects.second_mother.value, mother, FEMALE),
        (SECOND_FATHER, defects.second_father.value, father, MALE),
    ):
        row = np.flatnonzero(chosen & (random.random(len(cases)) < rate))
        birth = _older_than_mother(private, family[row], np.array([-5.0, 15.0]), random)
        nowhere = np.zeros(len(row), dtype=bool)
        human = household.add(family[row], np.full(len(row), sex), birth, nowhere, random, additional=True)
        register.take_part(number[row], human, part, RESPONDENT)


def _older_than_mother(private: PrivateLaw, family: Ints, years: np.ndarray, random: np.random.Generator) -> Ints:
    """Return weeks of birth of people ``years`` (from, to; one pair or one for each) older than the family's mother."""
    low, high = np.broadcast_to(years, (len(family), 2)).T
    days = ((low + (high - low) * random.random(len(family))) * DAYS_PER_YEAR).astype(np.int64)
    return monday(private.everyone.mothers.week_of_birth[private.families.mother[family]] - days)


def _register_relatives(parameters: Parameters, household: _Households, private: PrivateLaw, streams: Streams) -> None:
    """Register non-parents: the same ones in all cases of a family."""
    p, cases, families = parameters.private_law, private.cases, private.families
    wales = private.everyone.mothers.jurisdiction[families.mother] == WALES
    applies, responds = cases.applicant == NO_PARENT_APPLIES, cases.parties == RELATIVE_RESPONDS

    def kinds(name: str) -> Ints:
        drawn = [
            draw_from(shares.value, len(families), streams(f"{name} {country}"))
            for country, shares in (("England", p.relatives_who_apply_england), ("Wales", p.relatives_who_apply_wales))
        ]
        return np.where(wales, drawn[1], drawn[0])

    kind_who_applies = kinds("private law relatives")
    random = streams("private law second relatives")
    two = random.random(len(families)) < p.two_relatives_apply.value
    random = streams("private law other respondents")
    kind_who_responds = draw_from(p.relatives_who_respond.value, len(families), random)
    for name, chosen, kind, role, second in (
        ("one", applies, kind_who_applies, APPLICANT, False),
        ("two", applies & two[cases.family], kind_who_applies, APPLICANT, True),
        ("respondent", responds, kind_who_responds, RESPONDENT, False),
    ):
        random = streams(f"private law relatives {name}")
        row, once, place = _of_families(chosen, cases.family)
        of_kind = kind[once]
        women = random.random(len(once)) < (1 - WOMEN if second else WOMEN)[of_kind]
        birth = _older_than_mother(private, once, YEARS_OLDER[of_kind], random)
        together = random.random(len(once)) < TOGETHER[of_kind]
        human = household.add(once, np.where(women, FEMALE, MALE), birth, together, random)
        household.register.take_part(private.first_case + row, human[place], PARTS[of_kind][place], role)
