"""EDUW: pupils in the January return of each school year, and their attendance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from family_justice.sources.synthetic.children.census import (
    MATCH_CODES,
    NO_MATCH,
    PUPIL_NUMBERS,
    authority_codes,
    match_codes,
)
from family_justice.sources.synthetic.children.parameters import ChildrensServices
from family_justice.sources.synthetic.clock import NULL, Bools, Ints, calendar, to_day
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words, sort_by

SPECIAL_NEEDS = ("N", "A", "P", "Q", "S")
ETHNIC_CODES = ("WHTE", "MIXD", "ASAB", "BBAC", "OOTH", "NOBT")
#: Places in ETHNIC_CODES of the ethnic groups of the population, both White groups first.
OF_GROUP = np.array([0, 0, 1, 2, 3, 4])
YOUNGEST, OLDEST = 3, 17
FIRST_COMPULSORY, LAST_COMPULSORY = 5, 15
SESSIONS = 380


@dataclass
class Pupils:
    """Pupil numbers by resident, NULL for those who are never pupils, and second numbers of some."""

    number: Ints
    second: Ints


def starting_age(birth: Ints, year: int) -> Ints:
    """Return completed years on 31 August of a year; the school year follows."""
    born, month, _ = calendar(birth)
    return year - born - (month > 8)


def draw_pupils(records: Records, residents: Residents, p: ChildrensServices) -> Pupils:
    """Give most residents of school age in some year a pupil number, a few a second one."""
    random = records.streams("pupil numbers")
    first, last = p.schools.first_return.value - 1, p.schools.last_return.value - 1
    of_age = (starting_age(residents.week_of_birth, last) >= YOUNGEST) & (
        starting_age(residents.week_of_birth, first) <= OLDEST
    )
    size = len(residents)
    pupil = of_age & (random.random(size) < p.linkage.pupil.value)
    numbers = PUPIL_NUMBERS + 1 + random.permutation(2 * size)
    second = pupil & (random.random(size) < p.defects.second_pupil_number.value)
    records.defects.add("second_pupil_number", "EDUW_PUPIL_ALF", IRN_E=numbers[size:][second])
    return Pupils(np.where(pupil, numbers[:size], NULL), np.where(second, numbers[size:], NULL))


def _numbers(pupils: Pupils, residents: Residents, random: np.random.Generator) -> Columns:
    """Return EDUW_PUPIL_ALF: first and second numbers."""
    who = np.concatenate([np.flatnonzero(pupils.number != NULL), np.flatnonzero(pupils.second != NULL)])
    number = np.concatenate([pupils.number[pupils.number != NULL], pupils.second[pupils.second != NULL]])
    lost = random.random(len(who)) < 0.02
    how = match_codes(np.ones(len(who), dtype=bool), random)
    return sort_by(
        {
            "IRN_E": number,
            "ALF_E": np.where(lost, NULL, residents.alf[who]),
            "ALF_STS_CD": Words(np.where(lost, NO_MATCH, how.code), MATCH_CODES),
            "ALF_MTCH_PCT": np.where(lost, np.nan, np.round(0.9 + 0.1 * random.random(len(who)), 3)),
            "WOB": residents.week_of_birth[who],
            "GNDR_CD": residents.sex[who] + 1,
        },
        "IRN_E",
    )


def school_tables(records: Records, residents: Residents, pupils: Pupils, p: ChildrensServices) -> dict[str, Columns]:
    """Return EDUW_PUPIL_ALF, EDUW_PUPIL and EDUW_ATTENDANCE.

    Free meals and special needs mostly stay as they were the year before. Children with a second number are under it
    from the age of eleven on.
    """
    s, random = p.schools, records.streams("schools")
    size = len(residents)
    in_court = residents.child_issue != NULL
    quintile = np.array(list(s.free_meals_by_quintile.value.values()))[np.maximum(residents.quintile, 0)]
    meals = np.minimum(quintile * np.where(in_court, s.free_meals_factor_proceedings.value, 1), 0.9)
    needs = np.where(in_court, s.special_needs_proceedings.value, s.special_needs.value)
    poor, helped = random.random(size), random.random(size)
    kind = np.searchsorted([0.55, 0.87, 0.9], random.random(size), side="right") + 1
    usual = np.where(in_court, s.attendance_proceedings.value, s.attendance.value)
    usual = np.clip(usual + 0.035 * random.standard_normal(size), 0.3, 1)
    ethnicity = OF_GROUP[np.maximum(residents.ethnicity, 0)]
    ethnicity = np.where(random.random(size) < s.ethnicity_recorded.value, ethnicity, len(ETHNIC_CODES) - 1)
    school = 1 + random.integers(0, 60, size)
    codes = authority_codes(records)[residents.area]

    rows: list[dict[str, Ints]] = []
    attended: list[dict[str, Ints]] = []
    for year in range(s.first_return.value, s.last_return.value + 1):
        day = to_day(date(year, 1, 15))
        age = starting_age(residents.week_of_birth, year - 1)
        there: Bools = (pupils.number != NULL) & (residents.since <= day) & (day <= residents.until)
        who = np.flatnonzero(there & (age >= YOUNGEST) & (age <= OLDEST))
        stays = (age[who] < 16) | (random.random(len(who)) < 0.4)
        who = who[stays]
        number = np.where((pupils.second[who] != NULL) & (age[who] >= 11), pupils.second[who], pupils.number[who])
        secondary = (age[who] >= 11) * 1000
        drift = 0.06 * random.standard_normal((2, len(who)))
        special = helped[who] + drift[1] < needs[who]
        lower = random.random(len(who)) < p.defects.lower_case_code.value
        rows.append({
            "IRN_E": number, "YEAR": np.full(len(who), year * 100 + 1), "LEA": codes[who],
            "ESTAB_E": codes[who] * 10_000 + secondary + school[who], "NCYEAR": age[who] - 4,
            "FSMELIGIBLE": (poor[who] + drift[0] < meals[who]) * 1,
            "SENPROVISION": np.where(special, kind[who], 0) + lower * len(SPECIAL_NEEDS), "ETHNICITY": ethnicity[who],
        })  # fmt: skip
        compulsory = (age[who] >= FIRST_COMPULSORY) & (age[who] <= LAST_COMPULSORY) & (year < 2020)
        pupil = who[compulsory]
        possible = SESSIONS - random.integers(0, 21, len(pupil))
        share = np.clip(usual[pupil] + 0.02 * random.standard_normal(len(pupil)), 0, 1)
        attended.append({
            "IRN_E": number[compulsory], "YEAR": np.full(len(pupil), year * 100 + 10), "SESSIONSPOSSIBLE": possible,
            "SESSIONSATTENDED": (possible * share).astype(np.int64),
        })  # fmt: skip
    pupil_rows: Columns = {name: np.concatenate([part[name] for part in rows]) for name in rows[0]}
    words = (*SPECIAL_NEEDS, *(code.lower() for code in SPECIAL_NEEDS))
    pupil_rows["SENPROVISION"] = Words(pupil_rows["SENPROVISION"], words)  # type: ignore[arg-type]
    pupil_rows["ETHNICITY"] = Words(pupil_rows["ETHNICITY"], ETHNIC_CODES)  # type: ignore[arg-type]
    attendance: Columns = {name: np.concatenate([part[name] for part in attended]) for name in attended[0]}
    everyone = _numbers(pupils, residents, random)
    return {
        "EDUW_PUPIL_ALF": everyone,
        "EDUW_PUPIL": sort_by(pupil_rows, "IRN_E", "YEAR"),
        "EDUW_ATTENDANCE": sort_by(attendance, "IRN_E", "YEAR"),
    }
