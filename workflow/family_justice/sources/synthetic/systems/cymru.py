"""Tables of Cafcass Cymru: one application per child (assumption), outcomes on hearings."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Ints, is_among, to_day
from family_justice.sources.synthetic.people.register import (
    CARER,
    GRANDPARENT,
    OTHER,
    OTHER_RELATIVE,
    RESPONDENT,
    STEP_PARENT,
)
from family_justice.sources.synthetic.public_law.court import IS_FINAL, ORDERS, WELSH_APPLICATIONS
from family_justice.sources.synthetic.public_law.other_cases import PRIVATE
from family_justice.sources.synthetic.systems.ecms import another_group, ethnicity_known, sibling_pairs
from family_justice.sources.synthetic.systems.lookups import ETHNIC_ORIGINS, lsoa_codes
from family_justice.sources.synthetic.systems.records import (
    Records,
    label_cases,
    label_people,
    some_members,
    with_full_duplicates,
)
from family_justice.sources.synthetic.tables import Columns, Times, Words, sort_by

HEARING_IDS, OUTCOME_IDS = 2_400_000_000, 2_500_000_000
#: What the first person is to the second and the other way round: parents and siblings, then RELATIVE_PARTS.
RELATION_ROLES = (
    ("Parent", "Child"), ("Sibling", "Sibling"), ("Grandparent", "Grandchild"), ("Step-parent", "Step-child"),
    ("Other Relative", "Other Relative"), ("Carer", "Child"),
)  # fmt: skip
RELATIVE_PARTS = (GRANDPARENT, STEP_PARENT, OTHER_RELATIVE, CARER)
ROLES = ("Subject", "Respondent", "Applicant", "Other")
STATUS = ("1", "4", "35", "39", "99")
NO_MATCH = 4


def cymru_tables(records: Records) -> dict[str, Columns]:
    """Return the tables of Cafcass Cymru and label their defects."""
    cases, court = records.in_cymru, records.court
    number = np.flatnonzero(cases)
    application = np.flatnonzero(cases[court.application_case])
    label_cases(records, "CAFCASS_INCIDENT", "CAP_INCIDENTID_E", cases, "SYSTEM_ID_E")
    last = to_day(records.parameters.calendar.wales_end.value)
    hearings, hearing_of = _hearings(records)
    return {
        "CAFCASS_INCIDENT": _incidents(records, number, last),
        "CAFCASS_APPLICATION": _applications(records, application, last),
        "CAFCASS_APPLICATIONSERVICEUSERS": _service_users(records, application),
        "CAFCASS_HEARING": hearings,
        **_outcomes(records, hearing_of),
        "CAFCASS_RELATIONSHIPS": _relationships(records),
        "CAFCASS_ALF": _people(records),
    }


def _incidents(records: Records, number: Ints, last: int) -> Columns:
    closed = records.families.final[number] + records.streams("cymru incidents").integers(0, 40, len(number))
    columns: Columns = {
        "CAP_INCIDENTID_E": records.case_id[number],
        "CAP_LOCALAUTHORITYCODE": Words(records.families.cases.area[number], records.areas.code),
        "CAP_DATECLOSED": np.where(closed <= last, closed, NULL),
    }
    return sort_by(columns, "CAP_INCIDENTID_E")


def _applications(records: Records, rows: Ints, last: int) -> Columns:
    court, case = records.court, records.court.application_case[rows]
    random = records.streams("cymru applications")
    date, final = court.application_date[rows], records.families.final[case]
    private = records.families.cases.cause[case] == PRIVATE
    columns: Columns = {
        "CAP_APPLICATIONID_E": records.application_id[rows],
        "CAP_INCIDENTID_E": records.case_id[case],
        "CAP_LAWTYPENAME": Words(private.astype(np.int64), ("Public", "Private")),
        "CAP_PRIMARYAPPLICATIONTYPENAME": Words(court.application_type[rows], WELSH_APPLICATIONS),
        "CAP_ISSUEDATE": date,
        "CAP_RECEIPTDATE": date + random.integers(0, 3, len(rows)),
        "CAP_DATEOFCOMPLETION": np.where(final <= last, final, NULL),
    }
    return sort_by(columns, "CAP_APPLICATIONID_E")


def _service_users(records: Records, applications: Ints) -> Columns:
    rows = np.flatnonzero(is_among(records.member_application, applications))
    rates, table = records.parameters.defects, "CAFCASS_APPLICATIONSERVICEUSERS"
    adults = rows[records.member_role[rows] == RESPONDENT]
    second_role = some_members(records, adults, rates.two_roles.value, "cymru two roles")
    twice = some_members(records, rows, rates.duplicate_person_on_application.value, "cymru duplicate members")
    for name, of in (("two_roles", second_role), ("duplicate_person_on_application", twice)):
        application, person = records.member_application[of], records.member_record[of]
        keys = {"RECORD1ID_E": records.application_id[application], "RECORD2ID_E": records.record_id[person]}
        records.defects.add(name, table, **keys)
    role = np.concatenate([records.member_role[rows], records.member_role[twice], np.full(len(second_role), OTHER)])
    rows = np.concatenate([rows, twice, second_role])
    columns: Columns = {
        "RECORD1ID_E": records.application_id[records.member_application[rows]],
        "RECORD2ID_E": records.record_id[records.member_record[rows]],
        "RECORD2ROLEIDNAME": Words(role, ROLES),
    }
    return sort_by(columns, "RECORD1ID_E", "RECORD2ID_E", "RECORD2ROLEIDNAME")


def _hearings(records: Records) -> tuple[Columns, tuple[Ints, Ints]]:
    """Return the hearings and, for looking one up, sorted keys (case and day) with their identifiers."""
    court = records.court
    rows = np.flatnonzero(records.in_cymru[court.hearing_case])
    case, date = court.hearing_case[rows], court.hearing_date[rows]
    ids = records.numbers(HEARING_IDS, len(rows), "cymru hearings")
    minutes = 570 + 30 * records.streams("cymru hearing times").integers(0, 14, len(rows))
    names = [f"Family Court, {area}" for area in records.areas.dfj_area]
    columns: Columns = {
        "CAP_HEARINGID_E": ids,
        "CAP_CASEID_E": records.case_id[case],
        "CAP_HEARINGDATETIME": Times(date, minutes),
        "CAP_COURTIDNAME": Words(records.families.cases.area[case], names),
    }
    return sort_by(columns, "CAP_HEARINGID_E"), (case * 100_000 + date, ids)


def _outcomes(records: Records, hearing_of: tuple[Ints, Ints]) -> dict[str, Columns]:
    """Return outcomes, one per hearing and type, and the applications (children) each one belongs to."""
    court, table = records.court, "CAFCASS_HEARINGOUTCOME"
    rows = np.flatnonzero(records.in_cymru[court.order_case])
    key = (court.order_case[rows] * 100_000 + court.order_date[rows]) * 100 + court.order_type[rows]
    keys, of = np.unique(key, return_inverse=True)
    rate = records.parameters.defects.duplicate_legal_output.value
    again = np.flatnonzero(records.streams("cymru duplicate outcomes").random(len(keys)) < rate)
    twin_of = np.full(len(keys), -1)
    twin_of[again] = len(keys) + np.arange(len(again))
    twice = np.flatnonzero(twin_of[of] >= 0)
    outcome = np.concatenate([of, twin_of[of[twice]]])
    rows = np.concatenate([rows, rows[twice]])
    keys = np.concatenate([keys, keys[again]])
    ids = records.numbers(OUTCOME_IDS, len(keys), "cymru outcomes")
    records.defects.add("duplicate_legal_output", table, CAP_HEARINGOUTCOMEID_E=ids[len(keys) - len(again) :])
    case, type_ = keys // 10**7, keys % 100
    hearing_key, hearing_id = hearing_of
    outcomes: Columns = {
        "CAP_HEARINGOUTCOMEID_E": ids,
        "CAP_HEARINGID_E": hearing_id[np.searchsorted(hearing_key, keys // 100)],
        "CAP_CASEID_E": records.case_id[case],
        "CAP_HEARINGOUTCOMETYPEIDNAME": Words(type_, ORDERS),
        "CAP_HEARINGOUTCOMEFINALNAME": Words(IS_FINAL[type_].astype(np.int64), ("No", "Yes")),
    }
    links: Columns = {
        "CAP_HEARINGOUTCOMEID_E": ids[outcome],
        "CAP_CASEID_E": records.case_id[case[outcome]],
        "CAP_APPLICATIONID_E": records.application_id[court.order_application[rows]],
    }
    return {
        "CAFCASS_HEARINGOUTCOME": sort_by(outcomes, "CAP_HEARINGOUTCOMEID_E"),
        "CAFCASS_HEARINGOUTCOMEAPPLICATION": sort_by(links, "CAP_HEARINGOUTCOMEID_E", "CAP_APPLICATIONID_E"),
    }


def _relationships(records: Records) -> Columns:
    child, parent = records.parents_of_children(records.in_cymru)
    one, sibling, _ = sibling_pairs(records, records.in_cymru)
    rows = [(parent, child, np.full(len(child), 0)), (one, sibling, np.full(len(one), 1))]
    for role, part in enumerate(RELATIVE_PARTS, start=2):
        child, relative = records.pairs(records.in_cymru, (part,))
        rows.append((relative, child, np.full(len(child), role)))
    first, second, role_of = (np.concatenate(column) for column in zip(*rows, strict=True))
    columns: Columns = {
        "RECORD1ID_E": records.record_id[first],
        "RECORD1ROLEIDNAME": Words(role_of, [one for one, _ in RELATION_ROLES]),
        "RECORD2ID_E": records.record_id[second],
        "RECORD2ROLEIDNAME": Words(role_of, [other for _, other in RELATION_ROLES]),
    }
    return sort_by(columns, "RECORD1ID_E", "RECORD2ID_E")


def _people(records: Records) -> Columns:
    record = records.records_in(records.in_cymru)
    human, people, table = records.human(record), records.people, "CAFCASS_ALF"
    random, linked = records.streams("cymru people"), people.alf[human] != NULL
    status = np.searchsorted([0.6, 0.85, 0.95], random.random(len(record)), side="right")
    status = np.where(linked, status, NO_MATCH)
    # Some people without a match hold the number of somebody else, which is not to be used.
    number = people.alf[human]
    donors = np.flatnonzero(linked)
    rate = records.parameters.linkage.status_99_with_number.value
    wrong = np.flatnonzero(~linked & (random.random(len(record)) < rate))
    if len(donors):
        number[wrong] = number[random.choice(donors, len(wrong))]
        records.defects.add("status_99_with_number", table, SYSTEM_ID_E=records.record_id[record[wrong]])
    certainty = np.where(status >= 2, 0.9 + np.round(0.1 * random.random(len(record)), 3), 1.0)
    known = ethnicity_known(records, record, records.in_cymru, random)
    declared = np.where(random.random(len(record)) < 0.2, len(ETHNIC_ORIGINS) - 1, -1)
    held = another_group(records, people.ethnicity[human], random)
    codes = lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)
    columns: Columns = {
        "SYSTEM_ID_E": records.record_id[record],
        "ALF_E": number,
        "ALF_STS_CD": Words(status, STATUS),
        "ALF_MTCH_PCT": np.where(linked, certainty, np.nan),
        "WOB": records.week_of_birth[record],
        "GNDR_CD": people.sex[human] + 1,
        "LSOA2011_CD": Words(np.where(linked, people.lsoa[human], -1), codes),
        "ETHNIC_ORIGIN": Words(np.where(known, held, declared), ETHNIC_ORIGINS),
    }
    label_people(records, table, "SYSTEM_ID_E", record)
    records.defects.add("ethnicity_missing", table, SYSTEM_ID_E=records.record_id[record[~known]])
    return with_full_duplicates(records, table, "SYSTEM_ID_E", record, columns)
