"""NCCHD births of all resident children, and the booking visits and births of the Maternity Indicators Dataset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from family_justice.sources.synthetic.children.census import match_codes
from family_justice.sources.synthetic.children.parameters import ChildrensServices
from family_justice.sources.synthetic.clock import NULL, Bools, Floats, Ints, completed_years, to_day
from family_justice.sources.synthetic.parameters.types import Leaf
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.lookups import lsoa_codes
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, take

#: How mothers and children of MIDS are linked: all of them exactly, by characteristics.
MATCH_WORDS = ("4",)
BIRTH_NUMBERS = 3_500_000_000
FIRST_BIRTH = to_day(date(1989, 1, 1))
SMOKES, DOES_NOT, NOT_KNOWN = range(3)
SMOKER_CODES = ("1", "2", "9")
#: Smoking in NCCHD: never, given up, and the codes of smokers.
MOTHER_SMOKING = ("0", "1", "2", "3", "4", "6")


def born_in_wales(residents: Residents) -> Ints:
    """Return the resident children who were born in Wales since the database began, sorted by mother and birth."""
    child = np.flatnonzero((residents.week_of_birth >= FIRST_BIRTH) & (residents.mother >= 0))
    child = child[residents.since[child] <= np.maximum(residents.week_of_birth[child] + 60, _register(residents))]
    return child[np.lexsort((child, residents.week_of_birth[child], residents.mother[child]))]


def _register(residents: Residents) -> int:
    """Return the first day of the register: nobody is known to have moved to Wales before it."""
    return int(residents.since.min())


def in_proceedings_as_infant(residents: Residents, child: Ints) -> Bools:
    """Whether care proceedings about each child began within a year of birth."""
    issue = residents.child_issue[child]
    return (issue != NULL) & (issue < residents.week_of_birth[child] + 365)


def _within(values: Ints, same: Bools) -> tuple[Ints, Ints]:
    """Return place (from 1) and size of each run of rows that continue the row before."""
    run = np.cumsum(~same) - 1
    size = np.bincount(run)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    return np.arange(len(values)) - start[run] + 1, size[run]


@dataclass
class Born:
    """Resident children born in Wales, sorted by mother and birth, with what is known of the pregnancy."""

    child: Ints
    mother: Ints
    birth: Ints
    order: Ints
    """Place among the children of the pregnancy, from 1."""
    together: Ints
    earlier: Ints
    """Live births of the mother before the pregnancy."""
    is_infant_in_proceedings: Bools
    smokes: Bools
    gave_up: Bools
    is_unwell: Bools
    weeks: Ints
    kilograms: Floats
    visit: Ints
    weeks_at_visit: Ints
    is_linked: Bools
    """Whether the mother is linked."""

    def __len__(self) -> int:
        return len(self.child)


def draw_born(residents: Residents, p: ChildrensServices, random: np.random.Generator) -> Born:
    """Draw smoking, mental health, length and booking visit of each pregnancy (twins share them), and weights."""
    b, child = p.births, born_in_wales(residents)
    mother, birth = residents.mother[child], residents.week_of_birth[child]
    same_mother = np.diff(mother, prepend=-1) == 0
    twin = same_mother & (np.diff(birth, prepend=-(10**9)) == 0)
    order, together = _within(child, twin)
    rank, _ = _within(child, same_mother)
    size = len(child)
    first = np.arange(size) - order + 1

    def drawn() -> Floats:
        """Return one draw for each pregnancy, by child."""
        return random.random(size)[first]

    infant = in_proceedings_as_infant(residents, child)
    infant = np.maximum.reduceat(infant, np.flatnonzero(~twin))[np.cumsum(~twin) - 1] if size else infant

    def some(infants: Leaf[float], others: Leaf[float]) -> Bools:
        return drawn() < np.where(infant, infants.value, others.value)

    smokes = some(b.smoking_infant_in_proceedings, b.smoking_others)
    unwell = some(b.mental_health_infant_in_proceedings, b.mental_health_others)
    early = some(b.first_trimester_infant_in_proceedings, b.first_trimester_others)
    preterm = some(b.preterm_infant_in_proceedings, b.preterm_others)
    draw, booking = drawn(), drawn()
    weeks = np.where(preterm, 25 + (12 * draw**0.4).astype(np.int64), 37 + (5.2 * draw).astype(np.int64))
    weight = 3.4 + 0.16 * (weeks - 40) + 0.42 * random.standard_normal(size) - 0.15 * smokes - 0.5 * (together > 1)
    at_visit = np.where(early, 6 + (6.99 * booking).astype(np.int64), 13 + (20 * booking**1.5).astype(np.int64))
    at_visit = np.minimum(at_visit, weeks - 1)
    visit = birth - 7 * weeks + 7 * at_visit + (7 * drawn()).astype(np.int64)
    return Born(
        child, mother, birth, order, together, rank - order, infant, smokes,
        drawn() < b.gives_up_before_birth.value, unwell, weeks, np.round(np.clip(weight, 0.45, 5.8), 3),
        visit, at_visit, drawn() < p.linkage.mother_of_birth.value,
    )  # fmt: skip


def birth_tables(records: Records, residents: Residents, p: ChildrensServices) -> dict[str, Columns]:
    """Return NCCH_CHILD_BIRTHS, MIDS_INITIAL_ASSESSMENT and MIDS_BIRTH."""
    born = draw_born(residents, p, records.streams("births"))
    in_mids = (born.birth >= to_day(p.births.mids_start.value)) & born.is_linked
    return {
        "NCCH_CHILD_BIRTHS": _ncchd(records, residents, born, in_mids, p),
        **_mids(records, residents, born, in_mids),
    }


def _ncchd(records: Records, residents: Residents, born: Born, in_mids: Bools, p: ChildrensServices) -> Columns:
    """Return the births of NCCHD: some are missing, some stand twice, in a wrong week, or with the child as mother."""
    random, size, child = records.streams("births in NCCHD"), len(born), born.child
    identifier = BIRTH_NUMBERS + 1 + records.streams("numbers of births").permutation(2 * size)
    smoking = np.where(born.smokes, 2 + (random.random(size) * 4).astype(np.int64), (random.random(size) < 0.2) * 1)
    letters = random.random(size) < 0.9
    fed = random.random(size) < np.where(born.is_infant_in_proceedings, 0.3, 0.57)
    known_fed = random.random(size) < 0.85

    d, draw = p.defects, random.random(size)
    limits = np.cumsum([
        d.birth_missing.value, d.birth_repeated.value, d.birth_week_disagrees.value, d.mother_is_child.value
    ])  # fmt: skip
    kind = np.searchsorted(limits, draw, side="right")
    missing = (kind == 0) & in_mids
    twice, off, own = kind == 1, kind == 2, (kind == 3) & born.is_linked
    week = born.birth + np.where(off, 7 * random.integers(1, 4, size), 0)
    for name, rows in (("birth_repeated", twice), ("birth_week_disagrees", off), ("mother_is_child", own)):
        records.defects.add(name, "NCCH_CHILD_BIRTHS", CHILD_ID_E=identifier[:size][rows])
    records.defects.add("birth_missing", "MIDS_BIRTH", CHILD_ALF_E=residents.alf[child[missing]])

    mother_alf = np.where(born.is_linked, residents.alf[born.mother], NULL)
    births: Columns = {
        "CHILD_ID_E": identifier[:size], "ALF_E": residents.alf[child],
        "ALF_STS_CD": match_codes(np.ones(size, dtype=bool), random), "WOB": week,
        "GNDR_CD": Words(residents.sex[child] + np.where(letters, 0, 2), ("M", "F", "1", "2")),
        "BIRTH_ORDER": born.order, "TOT_BIRTH_NUM": born.together,
        "BIRTH_WEIGHT": np.where(random.random(size) < 0.01, np.nan, born.kilograms),
        "GEST_AGE": np.where(random.random(size) < 0.02, NULL, born.weeks),
        "STILLBIRTH_FLG": np.zeros(size, dtype=np.int64), "WELSH_BIRTH_FLG": np.ones(size, dtype=np.int64),
        "LSOA_CD_BIRTH": Words(
            np.where(random.random(size) < 0.9, residents.lsoa[born.mother], -1),
            lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value),
        ),
        "MAT_ALF_E": np.where(own, residents.alf[child], mother_alf),
        "MAT_ALF_STS_CD": match_codes(born.is_linked, random), "MAT_AGE": _age(residents, born),
        "MAT_SMOKING_CD": Words(np.where(random.random(size) < 0.25, -1, smoking), MOTHER_SMOKING),
        "PREV_LIVE_BIRTHS": born.earlier, "PREV_STILLBIRTH": np.zeros(size, dtype=np.int64),
        "BREASTFEED_BIRTH_FLG": np.where(known_fed, fed * 1, NULL),
        "BREASTFEED_8_WKS_FLG": np.where(known_fed, (fed & (random.random(size) < 0.6)) * 1, NULL),
    }  # fmt: skip
    again = np.flatnonzero(twice)
    births = take(births, np.concatenate([np.arange(size), again]))
    births["CHILD_ID_E"] = np.concatenate([identifier[:size], identifier[size:][again]])
    births = take(births, np.flatnonzero(np.concatenate([~missing, np.ones(len(again), dtype=bool)])))
    return sort_by(births, "CHILD_ID_E")


def _age(residents: Residents, born: Born) -> Ints:
    """Return the age of each mother who is linked, in completed years."""
    return np.where(born.is_linked, completed_years(residents.week_of_birth[born.mother], born.birth), NULL)


def _mids(records: Records, residents: Residents, born: Born, in_mids: Bools) -> dict[str, Columns]:
    """Return booking visits and births of the Maternity Indicators Dataset; a few births have no visit."""
    random, size = records.streams("births in MIDS"), len(born)
    attended = in_mids & (random.random(size)[np.arange(size) - born.order + 1] < 0.97)
    unknown = random.random(size) < 0.02
    mother_alf, same = residents.alf[born.mother], np.zeros(size, dtype=np.int64)
    v, r = np.flatnonzero(attended & (born.order == 1)), np.flatnonzero(in_mids)
    visits: Columns = {
        "MOTHER_ALF_E": mother_alf[v], "MOTHER_ALF_STS_CD": Words(same[v], MATCH_WORDS),
        "INITIAL_ASS_DT": born.visit[v], "GEST_WEEKS": born.weeks_at_visit[v],
        "MAT_AGE_AT_ASS": completed_years(residents.week_of_birth[born.mother[v]], born.visit[v]),
        "SERVICE_USER_PARITY_CD": Words(np.minimum(born.earlier[v], 3), ("0", "1", "2", "3")),
        "SERVICE_USER_SMOKER_STS_CD": Words(
            np.where(unknown[v], NOT_KNOWN, np.where(born.smokes[v], SMOKES, DOES_NOT)), SMOKER_CODES
        ),
        "SERVICE_USER_HAS_MENTAL_HEALTH_CONDITION_CD": Words(np.where(born.is_unwell[v], 0, 1), ("1", "2", "9")),
    }  # fmt: skip
    births: Columns = {
        "MOTHER_ALF_E": mother_alf[r], "MOTHER_ALF_STS_CD": Words(same[r], MATCH_WORDS),
        "CHILD_ALF_E": residents.alf[born.child[r]], "CHILD_ALF_STS_CD": Words(same[r], MATCH_WORDS),
        "INITIAL_ASS_DT": np.where(attended[r], born.visit[r], NULL), "BABY_BIRTH_DT": born.birth[r],
        "BIRTH_ORDER": born.order[r], "LABOUR_ONSET_GEST_WEEKS": born.weeks[r],
        "LABOUR_ONSET_FOETUS_NUM": born.together[r], "BIRTH_OUTCOME_CD": Words(same[r], ("1", "2")),
        "SERVICE_USER_WEIGHT_GRAMS": np.round(1000 * born.kilograms[r]), "MAT_AGE": _age(residents, born)[r],
        "MAT_SERVICE_USER_SMOKER_STS_CD": Words(
            np.where(born.smokes[r] & ~born.gave_up[r], SMOKES, DOES_NOT), SMOKER_CODES
        ),
    }  # fmt: skip
    return {
        "MIDS_INITIAL_ASSESSMENT": sort_by(visits, "MOTHER_ALF_E", "INITIAL_ASS_DT"),
        "MIDS_BIRTH": sort_by(births, "MOTHER_ALF_E", "BABY_BIRTH_DT", "BIRTH_ORDER"),
    }
