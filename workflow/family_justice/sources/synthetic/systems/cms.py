"""Tables of Cafcass England CMS: cases opened before July 2014, orders recorded per case."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Bools, Ints, distinct, is_among, to_day
from family_justice.sources.synthetic.people.characteristics import cms_characteristics
from family_justice.sources.synthetic.people.register import (
    APPLICANT,
    GRANDPARENT,
    OTHER_RELATIVE,
    PARENTS,
    REPRESENTATIVE,
    RESPONDENT,
    STEP_PARENT,
)
from family_justice.sources.synthetic.people.register import CARER as CARER_PART
from family_justice.sources.synthetic.public_law.court import IS_FINAL
from family_justice.sources.synthetic.public_law.other_cases import PRIVATE
from family_justice.sources.synthetic.systems.ecms import another_group, known_in_ecms
from family_justice.sources.synthetic.systems.lookups import (
    CMS_APPLICATION,
    CMS_AUTHORITY,
    CMS_ETHNICITY,
    CMS_ORDER,
    lsoa_codes,
)
from family_justice.sources.synthetic.systems.records import (
    Records,
    label_cases,
    label_people,
    some_members,
    with_full_duplicates,
)
from family_justice.sources.synthetic.tables import Columns, Words, sort_by

HEARING_IDS, OUTPUT_IDS = 1_400_000_000, 1_500_000_000
#: MEMBERTYPE of subject, respondent, applicant and other people.
MEMBER_TYPES = np.array([4, 2, 1, 8])
CONVERTED, CONVERTED_SHARE = 16, 0.03
#: The words of CONVERTEDTYPE by member type; public code (fjs_data) knows adults only.
CONVERTED_NAMES = {1: "Adult Applicant", 2: "Adult Respondent", 8: "Adult"}
BIRTH_PARENT, STEP_PARENT_REF, CARER = 1, 2, 3
#: CMS calls everybody else with whom a child lives, or may live, a carer.
CARERS = (GRANDPARENT, OTHER_RELATIVE, CARER_PART)


def cms_tables(records: Records) -> dict[str, Columns]:
    """Return the tables of CMS, look-ups apart, and label their defects."""
    cases, courts = records.in_cms, records.court
    switch = to_day(records.parameters.calendar.ecms_start.value)
    number = np.flatnonzero(cases)
    both = records.in_cms & records.in_ecms
    application = np.flatnonzero(cases[courts.application_case] & (courts.application_date < switch))
    label_cases(records, "CAFE_CMS_TBLCASE", "CASEID_PE", cases, "PERSONID_PE")
    ids = records.case_id
    records.defects.add("case_in_two_systems", "CAFE_CMS_TBLCASE", CASEID_PE=ids[both])
    outputs_start = to_day(records.parameters.calendar.cms_outputs_start.value)
    ended_before = cases & (records.families.final < outputs_start)
    records.defects.add("outputs_before_start", "CAFE_CMS_TBLCASE", CASEID_PE=ids[ended_before])
    hearings, hearing_of = _hearings(records, cases, switch)
    return {
        "CAFE_CMS_TBLCASE": _cases(records, number, both),
        "CAFE_CMS_TBLCASEAPPLICATION": _applications(records, application, both, switch),
        "CAFE_CMS_TBLCASEAPPLICATIONMEMBER": _members(records, application),
        "CAFE_CMS_TBLPERSON": _people(records, cases),
        "CAFE_CMS_TBLCRSPERSONRELATIONSHIP": _relationships(records, cases),
        "CAFE_CMS_TBLCASEHEARING": hearings,
        "CAFE_CMS_TBLLEGALOUTPUT": _outputs(records, cases, switch, outputs_start, hearing_of),
    }


def _cases(records: Records, number: Ints, both: Bools) -> Columns:
    area = records.families.cases.area[number]
    columns: Columns = {
        "CASEID_PE": records.case_id[number],
        "CASESTATUSREF": np.where(both[number], 1, 2),
        "LOCALAUTHORITYREF": CMS_AUTHORITY + area,
        "REGIONREF": records.areas.region_code[area] + 1,
        "LAWTYPEREF": np.where(records.families.cases.cause[number] == PRIVATE, 2, 1),
    }
    return sort_by(columns, "CASEID_PE")


def _applications(records: Records, rows: Ints, both: Bools, switch: int) -> Columns:
    court, case = records.court, records.court.application_case[rows]
    random = records.streams("cms applications")
    date, final = court.application_date[rows], records.families.final[case]
    closed = np.minimum(final + random.integers(0, 31, len(rows)), switch - 1)
    columns: Columns = {
        "CASEAPPLICATIONID_PE": records.application_id[rows],
        "CASEREF_PE": records.case_id[case],
        "CASEAPPLICATIONTYPEREF": CMS_APPLICATION + court.application_type[rows],
        "COURTREF": 1 + records.families.cases.area[case] * 3 + random.integers(0, 3, len(rows)),
        "DATEOFAPPLICATION": date,
        "DATERECEIVED": date + random.integers(0, 3, len(rows)),
        "DATECOMPLETED": np.where(both[case], NULL, closed),
        "DATEAPPLICATIONCOMPLETED": np.where(both[case], NULL, final),
    }
    return sort_by(columns, "CASEAPPLICATIONID_PE")


def _members(records: Records, applications: Ints) -> Columns:
    random = records.streams("cms members")
    rows = np.flatnonzero(is_among(records.member_application, applications))
    rates, table = records.parameters.defects, "CAFE_CMS_TBLCASEAPPLICATIONMEMBER"
    adults = rows[records.member_role[rows] == RESPONDENT]
    second_role = some_members(records, adults, rates.two_roles.value, "cms two roles")
    twice = some_members(records, rows, rates.duplicate_person_on_application.value, "cms duplicate members")
    for name, of in (("two_roles", second_role), ("duplicate_person_on_application", twice)):
        records.defects.add(
            name, table,
            CASEAPPLICATIONREF_PE=records.application_id[records.member_application[of]],
            MEMBERREF_PE=records.record_id[records.member_record[of]],
        )  # fmt: skip
    role = MEMBER_TYPES[records.member_role[rows]]
    converted = (random.random(len(rows)) < CONVERTED_SHARE) & np.isin(role, list(CONVERTED_NAMES))
    type_ = np.where(converted, CONVERTED, role)
    instead = np.where(converted, np.searchsorted(list(CONVERTED_NAMES), role), -1)
    # A duplicate row repeats the row; a second role adds a row in which a respondent is an applicant.
    place = np.searchsorted(rows, twice)
    rows = np.concatenate([rows, twice, second_role])
    columns: Columns = {
        "CASEAPPLICATIONREF_PE": records.application_id[records.member_application[rows]],
        "MEMBERREF_PE": records.record_id[records.member_record[rows]],
        "MEMBERTYPE": np.concatenate([type_, type_[place], np.full(len(second_role), MEMBER_TYPES[APPLICANT])]),
        "CONVERTEDTYPE": Words(
            np.concatenate([instead, instead[place], np.full(len(second_role), -1)]), list(CONVERTED_NAMES.values())
        ),
        "ISPARTY": np.isin(records.member_part[rows], (0, *PARENTS, REPRESENTATIVE)).astype(np.int64),
        "ISLAREP": (records.member_part[rows] == REPRESENTATIVE).astype(np.int64),
    }
    return sort_by(columns, "CASEAPPLICATIONREF_PE", "MEMBERREF_PE", "MEMBERTYPE")


def cms_ethnicity(records: Records, record: Ints) -> Ints:
    """Return the ethnic origin that CMS holds: mostly none, for it was not routinely collected."""
    random = records.streams("cms ethnicity")
    true = records.people.ethnicity[records.human(record)]
    known = (random.random(len(record)) < records.parameters.ethnicity.known_before_collection.value) & (true != NULL)
    unknown = np.where(random.random(len(record)) < 0.3, CMS_ETHNICITY[-1], NULL)
    held = another_group(records, true, random)
    # Two systems contradict each other where both know the person.
    elsewhere, place = known_in_ecms(records, records.streams("ecms ethnicity"))
    conflict = known & (held != true) & np.isin(record, elsewhere[place])
    records.defects.add("ethnicity_conflict", "CAFE_CMS_TBLPERSON", PERSONID_PE=records.record_id[record[conflict]])
    return np.where(known, CMS_ETHNICITY[np.where(known, held, 0)], unknown)


def _people(records: Records, cases: Bools) -> Columns:
    record = records.records_in(cases)
    human, people, table = records.human(record), records.people, "CAFE_CMS_TBLPERSON"
    alf = people.alf[human]
    codes = lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)
    ethnicity = cms_ethnicity(records, record)
    columns: Columns = {
        "PERSONID_PE": records.record_id[record],
        "GENDER": Words(people.sex[human], ("Male", "Female")),
        "WEEKOFBIRTH": records.week_of_birth[record],
        "ETHNICREF": ethnicity,
        **cms_characteristics(records, record),
        "ALF_PE": alf,
        "ALF2_PE": np.full(len(alf), NULL),
        "LSOA2011_CD": Words(np.where(alf == NULL, -1, people.lsoa[human]), codes),
    }
    label_people(records, table, "PERSONID_PE", record)
    missing = (ethnicity == NULL) | (ethnicity == CMS_ETHNICITY[-1])
    records.defects.add("ethnicity_missing", table, PERSONID_PE=records.record_id[record[missing]])
    return with_full_duplicates(records, table, "PERSONID_PE", record, columns)


def _relationships(records: Records, cases: Bools) -> Columns:
    kinds = ((PARENTS, BIRTH_PARENT), ((STEP_PARENT,), STEP_PARENT_REF), (CARERS, CARER))
    pairs = [(*records.pairs(cases, parts), code) for parts, code in kinds]
    columns: Columns = {
        "CHILDREF_PE": records.record_id[np.concatenate([child for child, _, _ in pairs])],
        "PARENTREF_PE": records.record_id[np.concatenate([parent for _, parent, _ in pairs])],
        "RELATIONSHIPREF": np.concatenate([np.full(len(child), code) for child, _, code in pairs]),
    }
    return sort_by(columns, "CHILDREF_PE", "PARENTREF_PE")


def _hearings(records: Records, cases: Bools, switch: int) -> tuple[Columns, tuple[Ints, Ints]]:
    """Return the hearings and, for looking one up, sorted keys (case and day) with their identifiers."""
    court = records.court
    rows = np.flatnonzero(cases[court.hearing_case] & (court.hearing_date < switch))
    case, date = court.hearing_case[rows], court.hearing_date[rows]
    ids = records.numbers(HEARING_IDS, len(rows), "cms hearings")
    random = records.streams("cms hearing courts")
    columns: Columns = {
        "CASEHEARINGID_PE": ids,
        "CASEREF_PE": records.case_id[case],
        "HEARINGDATE": date,
        "COURTREF": 1 + records.families.cases.area[case] * 3 + random.integers(0, 3, len(rows)),
    }
    return sort_by(columns, "CASEHEARINGID_PE"), (case * 100_000 + date, ids)


def _outputs(records: Records, cases: Bools, switch: int, start: int, hearing_of: tuple[Ints, Ints]) -> Columns:
    court, table = records.court, "CAFE_CMS_TBLLEGALOUTPUT"
    date = court.order_date
    rows = np.flatnonzero(cases[court.order_case] & (date >= start) & (date < switch))
    # An output is recorded once for the case, however many children it concerns.
    key = (court.order_case[rows] * 100_000 + date[rows]) * 100 + court.order_type[rows]
    key = distinct(key)
    rate = records.parameters.defects.duplicate_legal_output.value
    twice = np.flatnonzero(records.streams("cms duplicate outputs").random(len(key)) < rate)
    key = np.concatenate([key, key[twice]])
    case, day, type_ = key // 10**7, key // 100 % 100_000, key % 100
    ids = records.numbers(OUTPUT_IDS, len(key), "cms outputs")
    records.defects.add("duplicate_legal_output", table, LEGALOUTPUTID_PE=ids[len(key) - len(twice) :])
    hearing_key, hearing_id = hearing_of
    columns: Columns = {
        "LEGALOUTPUTID_PE": ids,
        "CASEREF_PE": records.case_id[case],
        "CASEHEARINGREF_PE": hearing_id[np.searchsorted(hearing_key, key // 100)],
        "LEGALOUTPUTTYPEREF": CMS_ORDER + type_,
        "ISFINAL": IS_FINAL[type_].astype(np.int64),
        "LEGALORDERHEARINGDATE": day,
    }
    return sort_by(columns, "LEGALOUTPUTID_PE")
