"""Tables of Cafcass England ECMS: cases open in July 2014 or opened since, orders recorded per child."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Bools, Ints, distinct, is_among, join, to_day
from family_justice.sources.synthetic.people.characteristics import ecms_characteristics
from family_justice.sources.synthetic.people.register import (
    APPLICANT,
    CARER,
    GRANDPARENT,
    OTHER,
    OTHER_RELATIVE,
    RESPONDENT,
    STEP_PARENT,
    SUBJECT,
    SUBJECT_ROLE,
)
from family_justice.sources.synthetic.public_law.court import RULE_16_4
from family_justice.sources.synthetic.public_law.families import ENGLAND
from family_justice.sources.synthetic.public_law.other_cases import PRIVATE
from family_justice.sources.synthetic.systems.lookups import (
    ECMS_APPLICATION,
    ECMS_AUTHORITY,
    ECMS_ETHNICITY,
    ECMS_ORDER,
    lsoa_codes,
)
from family_justice.sources.synthetic.systems.records import (
    Records,
    label_cases,
    label_people,
    some_members,
    with_full_duplicates,
)
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, yes_no

HEARING_IDS, OUTPUT_IDS, MEMBER_IDS, ETHNICITY_IDS = 1_600_000_000, 1_700_000_000, 1_800_000_000, 1_900_000_000
PARENT, CHILD, NATURAL_SISTER, NATURAL_BROTHER, HALF_SISTER, HALF_BROTHER = 1, 2, 34, 35, 40, 41
#: Type of the relationship from the child to each kind of relative; one more leads back to the child.
RELATIVE_TYPES = {STEP_PARENT: 53, GRANDPARENT: 60, OTHER_RELATIVE: 62, CARER: 64}
PREFER_NOT_TO_SAY, UNKNOWN = 6, 7
#: Days from the end of data to the two refreshes in which a record first came to the safe haven (assumption).
DAYS_TO_REFRESH = (24, 205)


def ecms_tables(records: Records) -> dict[str, Columns]:
    """Return the tables of ECMS, look-ups apart, and label their defects."""
    cases, court = records.in_ecms, records.court
    number = np.flatnonzero(cases)
    application = np.flatnonzero(cases[court.application_case])
    label_cases(records, "CAFE_ECMS_CASES", "ID_PE", cases, "PERSON_ID_PE")
    both = records.in_cms & records.in_ecms
    records.defects.add("case_in_two_systems", "CAFE_ECMS_CASES", ID_PE=records.case_id[both])
    last = to_day(records.parameters.calendar.england_end.value)
    return {
        "CAFE_ECMS_CASES": _cases(records, number, last),
        "CAFE_ECMS_APPLICATIONS": _applications(records, application, last),
        "CAFE_ECMS_PEOPLE": _people(records, cases),
        "CAFE_ECMS_PERSONSONAPPLICATIONS": _members(records, application),
        "CAFE_ECMS_PERSONRELATIONSHIPS": _relationships(records, cases),
        "CAFE_ECMS_HEARINGS": _hearings(records, cases),
        "CAFE_ECMS_LEGALOUTPUTS": _outputs(records, cases),
        "CAFE_ECMS_ETHNICITIES": _ethnicities(records),
        **ecms_characteristics(records, cases),
    }


def _cases(records: Records, number: Ints, last: int) -> Columns:
    random = records.streams("ecms cases")
    closed = records.families.final[number] + random.integers(0, 40, len(number))
    is_closed = closed <= last
    reopened = closed + random.integers(30, 200, len(number))
    is_reopened = is_closed & (reopened <= last) & (random.random(len(number)) < 0.005)
    columns: Columns = {
        "ID_PE": records.case_id[number],
        "CASESTATU_ID": np.where(is_closed, 2, 1),
        "LAWTYPE_ID": np.where(records.families.cases.cause[number] == PRIVATE, 2, 1),
        "LOCALAUTHORITY_ID": ECMS_AUTHORITY + records.families.cases.area[number],
        "COURTFORM_ID": np.where(records.families.cases.cause[number] == PRIVATE, 2, 1),
        "DATERECEIVED": records.court.opened[number] + random.integers(0, 3, len(number)),
        "CLOSUREDATE": np.where(is_closed, closed, NULL),
        "REOPENDATE": np.where(is_reopened, reopened, NULL),
    }
    return sort_by(columns, "ID_PE")


def _applications(records: Records, rows: Ints, last: int) -> Columns:
    court, case = records.court, records.court.application_case[rows]
    random = records.streams("ecms applications")
    date, final = court.application_date[rows], records.families.final[case]
    closed = final + random.integers(0, 31, len(rows))
    columns: Columns = {
        "ID_PE": records.application_id[rows],
        "CASE_ID_PE": records.case_id[case],
        "APPLICATIONTYPE1_ID": ECMS_APPLICATION + court.application_type[rows],
        "COURTCOURTLEVELREF_ID": 1001 + records.families.cases.area[case] * 4 + random.integers(0, 4, len(rows)),
        "DATEOFAPPLICATION": date,
        "DATERECEIVED": date + random.integers(0, 3, len(rows)),
        "DATECOMPLETED": np.where(closed <= last, closed, NULL),
        "DATEAPPLICATIONCOMPLETED": np.where(final <= last, final, NULL),
    }
    return sort_by(columns, "ID_PE")


def _people(records: Records, cases: Bools) -> Columns:
    """Return everybody in ECMS cases and everybody carried over from CMS."""
    in_cases = records.records_in(cases)
    record = records.records_in(cases | records.in_cms)
    human, people, table = records.human(record), records.people, "CAFE_ECMS_PEOPLE"
    alf = people.alf[human]
    codes = lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)
    refresh = to_day(records.parameters.calendar.england_end.value) + np.array(DAYS_TO_REFRESH)
    columns: Columns = {
        "ID_PE": records.record_id[record],
        "GENDER": Words(people.sex[human], ("Male", "Female")),
        "WEEKOFBIRTH": records.week_of_birth[record],
        "ALF_PE": alf,
        "ALF2_PE": np.full(len(alf), NULL),
        "LSOA2011_CD": Words(np.where(alf == NULL, -1, people.lsoa[human]), codes),
        "AVAIL_FROM_DT": refresh[records.streams("refresh").integers(0, 2, len(record))],
    }
    label_people(records, table, "ID_PE", record)
    carried = record[~is_among(record, in_cases)]
    records.defects.add("person_without_application", table, ID_PE=records.record_id[carried])
    return with_full_duplicates(records, table, "ID_PE", record, columns)


def _members(records: Records, applications: Ints) -> Columns:
    rows = np.flatnonzero(is_among(records.member_application, applications))
    rates, table = records.parameters.defects, "CAFE_ECMS_PERSONSONAPPLICATIONS"
    adults = rows[records.member_role[rows] == RESPONDENT]
    second_role = some_members(records, adults, rates.two_roles.value, "ecms two roles")
    twice = some_members(records, rows, rates.duplicate_person_on_application.value, "ecms duplicate members")
    rows = np.concatenate([rows, twice])
    role = records.member_role[rows]
    ids = records.numbers(MEMBER_IDS, len(rows), "ecms members")
    records.defects.add("duplicate_person_on_application", table, ID_PE=ids[len(rows) - len(twice) :])
    is_other = (role == OTHER) | is_among(rows, second_role)
    records.defects.add("two_roles", table, ID_PE=ids[is_other & (role != OTHER)])
    columns: Columns = {
        "ID_PE": ids,
        "APPLICATION_ID_PE": records.application_id[records.member_application[rows]],
        "PERSON_ID_PE": records.record_id[records.member_record[rows]],
        "ISSUBJECT": yes_no(role == SUBJECT_ROLE),
        "ISRESPONDENT": yes_no(role == RESPONDENT),
        "ISAPPLICANT": yes_no(role == APPLICANT),
        "ISOTHER": yes_no(is_other),
    }
    return sort_by(columns, "ID_PE")


def sibling_pairs(records: Records, cases: Bools) -> tuple[Ints, Ints, Bools]:
    """Return (record, record of sibling, whether half) of subjects of the same case, both directions, each once."""
    people = records.people
    row = np.flatnonzero((people.part == SUBJECT) & cases[people.case])
    one, other = join(people.case[row], people.case[row])
    different = one != other
    one, other = row[one[different]], row[other[different]]
    first_child = len(records.families.mothers.area)
    man = records.families.children.man
    half = man[people.human[one] - first_child] != man[people.human[other] - first_child]
    size = 2 * people.size
    key = distinct((records.part_record[one] * size + records.part_record[other]) * 2 + half)
    return key // 2 // size, key // 2 % size, key % 2 == 1


def _relationships(records: Records, cases: Bools) -> Columns:
    child, parent = records.parents_of_children(cases)
    one, sibling, half = sibling_pairs(records, cases)
    female = records.people.sex[records.human(sibling)] == 1
    sister, brother = np.where(half, HALF_SISTER, NATURAL_SISTER), np.where(half, HALF_BROTHER, NATURAL_BROTHER)
    rows = [
        (child, parent, np.full(len(child), PARENT)),
        (parent, child, np.full(len(child), CHILD)),
        (one, sibling, np.where(female, sister, brother)),
    ]
    for part, type_ in RELATIVE_TYPES.items():
        child, relative = records.pairs(cases, (part,))
        rows.append((child, relative, np.full(len(child), type_)))
        rows.append((relative, child, np.full(len(child), type_ + 1)))
    person, related, kind = (np.concatenate(column) for column in zip(*rows, strict=True))
    columns: Columns = {
        "PERSON_ID_PE": records.record_id[person],
        "RELATEDPERSON_ID_PE": records.record_id[related],
        "RELATIONSHIPTYPE_ID": kind,
    }
    return sort_by(columns, "PERSON_ID_PE", "RELATEDPERSON_ID_PE")


def _hearings(records: Records, cases: Bools) -> Columns:
    court = records.court
    rows = np.flatnonzero(cases[court.hearing_case])
    ids = records.numbers(HEARING_IDS, len(rows), "ecms hearings")
    columns: Columns = {
        "ID_PE": ids,
        "CASE_ID_PE": records.case_id[court.hearing_case[rows]],
        "HEARINGDATE": court.hearing_date[rows],
    }
    return sort_by(columns, "ID_PE")


def _outputs(records: Records, cases: Bools) -> Columns:
    court, table = records.court, "CAFE_ECMS_LEGALOUTPUTS"
    rows = np.flatnonzero(cases[court.order_case])
    rate = records.parameters.defects.duplicate_legal_output.value
    twice = np.flatnonzero(records.streams("ecms duplicate outputs").random(len(rows)) < rate)
    rows = np.concatenate([rows, rows[twice]])
    ids = records.numbers(OUTPUT_IDS, len(rows), "ecms outputs")
    records.defects.add("duplicate_legal_output", table, ID_PE=ids[len(rows) - len(twice) :])
    case = court.order_case[rows]
    columns: Columns = {
        "ID_PE": ids,
        "CASE_ID_PE": records.case_id[case],
        "APPLICATION_ID_PE": records.application_id[court.order_application[rows]],
        "PERSON_ID_PE": records.record_id[records.record_of_child(case, court.order_child[rows])],
        "LEGALOUTPUTTYPE_ID": ECMS_ORDER + court.order_type[rows],
        "DATEORDERED": court.order_date[rows],
        "ISFPR164": yes_no(court.order_type[rows] == RULE_16_4),
    }
    return sort_by(columns, "ID_PE")


def ethnicity_known(records: Records, record: Ints, cases: Bools, random: np.random.Generator) -> Bools:
    """Return whether the ethnicity of each record is known: rarely if all its cases are older than its collection."""
    latest = np.full(2 * records.people.size, -(10**6), dtype=np.int64)
    row = np.flatnonzero(cases[records.people.case])
    np.maximum.at(latest, records.part_record[row], records.families.cases.issue[records.people.case[row]])
    p = records.parameters.ethnicity
    collected = latest[record] >= to_day(records.parameters.calendar.ethnicity_collected_from.value)
    share = np.where(collected, p.known_since_collection.value, p.known_before_collection.value)
    return (random.random(len(record)) < share) & (records.people.ethnicity[records.human(record)] != NULL)


def known_in_ecms(records: Records, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the records of people in England that ECMS holds, and the places among them of those whose ethnicity it
    knows: the first draw of the stream `ecms ethnicity`."""
    record = records.records_in(records.in_ecms)
    record = record[records.people.jurisdiction[records.human(record)] == ENGLAND]
    return record, np.flatnonzero(ethnicity_known(records, record, records.in_ecms, random))


def another_group(records: Records, true: Ints, random: np.random.Generator) -> Ints:
    """Return the ethnic groups (coding of People) with the share that is recorded wrongly replaced by another one."""
    wrong = random.random(len(true)) < records.parameters.ethnicity.recorded_wrongly.value
    return np.where(wrong & (true != NULL), (true + random.integers(1, 6, len(true))) % 6, true)


def _ethnicities(records: Records) -> Columns:
    random, p, table = records.streams("ecms ethnicity"), records.parameters.ethnicity, "CAFE_ECMS_ETHNICITIES"
    record, known = known_in_ecms(records, random)
    true = records.people.ethnicity[records.human(record)]
    other = np.flatnonzero(true != NULL)
    other = other[~is_among(other, known)]
    declared = other[random.random(len(other)) < 0.4]
    conflict = known[random.random(len(known)) < p.conflicting.value]
    also_unknown = known[random.random(len(known)) < p.known_and_unknown.value]
    rows = np.concatenate([known, conflict, also_unknown, declared])
    code = np.concatenate(
        [
            true[known],
            (true[conflict] + 1 + random.integers(0, 5, len(conflict))) % 6,
            np.full(len(also_unknown), UNKNOWN),
            np.where(random.random(len(declared)) < 0.15, PREFER_NOT_TO_SAY, UNKNOWN),
        ]
    )
    person = records.record_id[record]
    records.defects.add("ethnicity_conflict", table, PERSON_ID_PE=person[conflict])
    records.defects.add("ethnicity_missing", table, PERSON_ID_PE=person[other])
    ids = records.numbers(ETHNICITY_IDS, len(rows), "ecms ethnicities")
    columns: Columns = {
        "ID_PE": ids,
        "PERSON_ID_PE": person[rows],
        "ETHNICITYTYPE_ID": ECMS_ETHNICITY[code],
        "SOURCE_ID": random.integers(1, 3, len(rows)),
    }
    return sort_by(columns, "ID_PE")
