"""What the record systems have in common: identifiers, people as recorded, members of applications, defects.

people, court --> records of one system --> (cms, ecms, cymru) tables
              \\-> labelled defects
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from family_justice.sources.synthetic.clock import (
    NULL,
    Bools,
    Ints,
    Streams,
    calendar,
    distinct,
    from_calendar,
    is_among,
    join,
    to_day,
)
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.gather import People
from family_justice.sources.synthetic.people.register import (
    FATHER,
    MOTHER,
    PARENTS,
    REPRESENTATIVE,
    SECOND_FATHER,
    SECOND_MOTHER,
    SUBJECT,
    draw_apart,
)
from family_justice.sources.synthetic.public_law.court import EMERGENCY, PLACEMENT, Court
from family_justice.sources.synthetic.public_law.families import ENGLAND, WALES, Areas
from family_justice.sources.synthetic.public_law.returns import Families
from family_justice.sources.synthetic.tables import Columns, as_text, length, take

#: First identifiers of cases and applications of each jurisdiction.
CASE_IDS = {ENGLAND: 1_200_000_000, WALES: 2_200_000_000}
APPLICATION_IDS = {ENGLAND: 1_300_000_000, WALES: 2_300_000_000}
#: Years before the typing error and the shifts it makes: 19xx becomes 18xx or 79xx, 20xx becomes 22xx or 29xx.
TYPING_ERRORS = {19: (-100, 6000), 20: (200, 900)}


@dataclass
class Defects:
    """Labels of planted defects: name, table and key of the row, written as COLUMN=value pairs."""

    parts: list[pa.Table] = field(default_factory=list)

    def add(self, defect: str, table: str, **key: Ints | pa.Array) -> None:
        """Label rows; ``key`` maps column names to values: integers, or Arrow data such as dates."""
        pairs = [pc.binary_join_element_wise(name, as_text(values), "=") for name, values in key.items()]
        text = pc.binary_join_element_wise(*pairs, ";") if len(pairs) > 1 else pairs[0]
        size = len(text)
        self.parts.append(pa.table({"defect": pa.repeat(defect, size), "table": pa.repeat(table, size), "key": text}))

    def table(self) -> pa.Table:
        """Return all labels."""
        return pa.concat_tables(self.parts)


def typing_errors(births: Ints, chosen: Bools, random: np.random.Generator) -> Ints:
    """Return weeks of birth with a wrong century where chosen and where the wrong date exists."""
    known = np.where(births == NULL, 0, births)
    year, month, day = calendar(known)
    second = random.random(len(births)) < 0.5
    shift = np.zeros(len(births), dtype=np.int64)
    for century, (one, other) in TYPING_ERRORS.items():
        shift = np.where(year // 100 == century, np.where(second, other, one), shift)
    leap_day = (month == 2) & (day == 29)
    wrong = chosen & (births != NULL) & (shift != 0) & ~leap_day
    return np.where(wrong, from_calendar(year + shift, month, day), births)


@dataclass
class Records:
    """Everything a record system needs. Rows of ``member_*`` are people on applications, sorted by application.

    A record is a human being under one identifier: the number of the human being, plus ``people.size`` for second
    identifiers. ``in_cms`` and ``in_ecms`` say which cases a system recorded.
    """

    parameters: Parameters
    areas: Areas
    families: Families
    people: People
    court: Court
    streams: Streams
    defects: Defects
    case_id: Ints
    application_id: Ints
    record_id: Ints
    week_of_birth: Ints
    part_record: Ints
    in_cms: Bools
    in_ecms: Bools
    in_cymru: Bools
    member_application: Ints
    member_record: Ints
    member_role: Ints
    member_part: Ints
    scale: float = 1.0

    def human(self, record: Ints) -> Ints:
        """Return the human being behind each record."""
        return record % self.people.size

    def numbers(self, base: int, size: int, name: str) -> Ints:
        """Return ``size`` identifiers of a range in random order."""
        return base + 1 + self.streams(f"numbers {name}").permutation(size)

    def record_of_child(self, case: Ints, child: Ints) -> Ints:
        """Return the record under which a child is known in a case."""
        human = len(self.families.mothers.area) + child
        second = self.families.cases.issue[case] >= self.people.second_id_from[human]
        return human + np.where(second, self.people.size, 0)

    def records_in(self, cases: Bools) -> Ints:
        """Return the records that take part in any of the cases, ascending."""
        is_there = np.zeros(2 * self.people.size, dtype=bool)
        is_there[self.part_record[cases[self.people.case]]] = True
        return np.flatnonzero(is_there)

    def parents_of_children(self, cases: Bools) -> tuple[Ints, Ints]:
        """Return (record of child, record of parent) pairs of the cases, each once."""
        return self.pairs(cases, PARENTS)

    def pairs(self, cases: Bools, parts: tuple[int, ...]) -> tuple[Ints, Ints]:
        """Return (record of child, record of relative) pairs, each once; fathers only of their own children."""
        people = self.people
        child = np.flatnonzero((people.part == SUBJECT) & cases[people.case])
        relative = np.flatnonzero(np.isin(people.part, parts) & cases[people.case])
        row, place = join(people.case[child], people.case[relative])
        child, relative = child[row], relative[place]
        number = people.human[child] - len(self.families.mothers.area)
        theirs = self.families.children.man[number] == self.families.cases.man[people.case[child]]
        keep = (people.part[relative] != FATHER) | theirs
        records = 2 * people.size
        both = distinct(self.part_record[child[keep]] * records + self.part_record[relative[keep]])
        return both // records, both % records


def _members(families: Families, people: People, court: Court) -> tuple[Ints, Ints, Ints]:
    """Return application, row of part and role of the people on applications, sorted by application."""
    application, row = join(court.application_case, people.case)
    part, kind, of = people.part[row], court.application_type[application], court.application_child[application]
    child = people.human[row] - len(families.mothers.area)
    cases = families.cases
    key = cases.subject_case * 10**8 + cases.subject_child
    placed = is_among(people.case[row] * 10**8 + child, distinct(key[families.placed]))
    about = np.where(of >= 0, of == child, (kind != PLACEMENT) | placed)
    keep = np.where(part == SUBJECT, about, True)
    early = court.application_date[application] < cases.issue[people.case[row]]
    side = (kind == PLACEMENT) | ((kind == EMERGENCY) & early)
    keep &= ~side | np.isin(part, [SUBJECT, MOTHER, FATHER, REPRESENTATIVE])
    return application[keep], row[keep], people.role[row[keep]]


def keep_records(
    parameters: Parameters, areas: Areas, families: Families, people: People, court: Court, streams: Streams
) -> Records:
    """Return the records that all systems draw on, with identifiers of cases, applications and people."""
    area = families.cases.area
    jurisdiction = areas.jurisdiction[area]
    england = jurisdiction == ENGLAND
    switch = to_day(parameters.calendar.ecms_start.value)
    in_cms = england & (court.opened < switch)
    in_ecms = england & (~in_cms | (families.final >= switch))

    def number(bases: dict[int, int], where: Ints, name: str) -> Ints:
        ids = np.empty(len(where), dtype=np.int64)
        random = streams(f"numbers {name}")
        for code, base in bases.items():
            members = np.flatnonzero(where == code)
            ids[members] = base + 1 + random.permutation(len(members))
        return ids

    births = np.concatenate([people.week_of_birth, people.week_of_birth])
    of_private = np.tile(people.is_private, 2)
    draws = draw_apart(streams, "typing errors", of_private, lambda random, size: random.random(size))
    chosen, random = draws < parameters.defects.century_typo.value, streams("directions of typing errors")
    application, row, role = _members(families, people, court)
    record = people.record(families.cases.issue)
    return Records(
        parameters, areas, families, people, court, streams, Defects(),
        number(CASE_IDS, jurisdiction, "cases"),
        number(APPLICATION_IDS, jurisdiction[court.application_case], "applications"),
        people.id_of_record, typing_errors(births, chosen, random), record, in_cms, in_ecms, ~england,
        application, record[row], role, people.part[row],
    )  # fmt: skip


def with_full_duplicates(records: Records, table: str, key: str, record: Ints, columns: Columns) -> Columns:
    """Return a people table in which some rows stand twice, and label them."""
    size = length(columns)
    rate = records.parameters.defects.full_duplicate_row.value
    twice = np.flatnonzero(records.streams(f"full duplicates {table}").random(size) < rate)
    ids = records.record_id[record]
    records.defects.add("full_duplicate_row", table, **{key: ids[twice]})
    rows = np.concatenate([np.arange(size), twice])
    return take(columns, rows[np.argsort(ids[rows], kind="stable")])


def label_people(records: Records, table: str, key: str, record: Ints) -> None:
    """Label the defects of the people that one table holds."""
    people, human = records.people, records.human(record)
    ids = records.record_id[record]
    typo = records.week_of_birth[record] != people.week_of_birth[human]
    records.defects.add("century_typo", table, **{key: ids[typo]})
    unlinked = (people.alf[human] == NULL) & (people.week_of_birth[human] != NULL)
    records.defects.add("alf_missing", table, **{key: ids[unlinked]})
    second = record >= people.size
    linked = people.alf[human] != NULL
    for name, chosen in (("duplicate_person", second & linked), ("duplicate_person_unrepairable", second & ~linked)):
        both = {key: ids[chosen], f"{key}_BEFORE": people.first_id[human[chosen]]}
        records.defects.add(name, table, **both)


def label_cases(records: Records, table: str, key: str, cases: Bools, person_key: str) -> None:
    """Label the defects of the cases that one system holds."""
    people, families = records.people, records.families
    ids = records.case_id
    for name, part in (("second_mother", SECOND_MOTHER), ("second_father", SECOND_FATHER)):
        row = np.flatnonzero((people.part == part) & cases[people.case])
        person = records.record_id[records.part_record[row]]
        records.defects.add(name, table, **{key: ids[people.case[row]], person_key: person})
    has_father = np.zeros(len(cases), dtype=bool)
    has_father[people.case[people.part == FATHER]] = True
    records.defects.add("missing_father", table, **{key: ids[cases & ~has_father]})
    lost = records.court.cases_without_outputs
    records.defects.add("missing_legal_outputs", table, **{key: ids[lost[cases[lost]]]})
    case = families.cases.subject_case
    birth = families.children.week_of_birth[families.cases.subject_child]
    row = np.flatnonzero(cases[case] & (birth > families.cases.issue[case]))
    child = records.record_id[records.record_of_child(case[row], families.cases.subject_child[row])]
    records.defects.add("unborn_at_issue", table, **{key: ids[case[row]], person_key: child})


def some_members(records: Records, rows: Ints, rate: float, name: str) -> Ints:
    """Return which of the given members a defect of this rate strikes."""
    return rows[records.streams(name).random(len(rows)) < rate]
