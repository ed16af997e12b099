"""Religion, nationality, language and disability as CMS and ECMS record them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Bools, Ints, draw_from
from family_justice.sources.synthetic.parameters.characteristics import (
    DISABILITIES,
    LANGUAGES,
    NATIONALITIES,
    RELIGIONS,
)
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words, sort_by


class Kind(NamedTuple):
    """One characteristic: its names with "unknown" last, their codes in ECMS, and where the systems keep it."""

    names: tuple[str, ...]
    codes: Ints
    first_id: int
    ecms_table: str
    ecms_types: str
    ecms_column: str
    cms_lookup: str = ""
    cms_key: str = ""
    cms_name: str = ""
    cms_column: str = ""


def _codes(size: int, *last: int) -> Ints:
    """Return codes 1, 2, ... for names of which the last have real codes of ECMS."""
    return np.array([*range(1, size - len(last) + 1), *last])


#: The codes of "unknown" (and 814 refused, 19 none, 20 declined) are the real ones of ECMS.
KINDS = {
    "religion": Kind(
        (*RELIGIONS, "Unknown"), _codes(9, 24), 2_000_000_000,
        "CAFE_ECMS_RELIGIONS", "ECMS_RELIGIONTYPES", "RELIGIONTYPE_ID",
        "CMS_TLKPRELIGION", "ITEMID", "CAPTION", "RELIGIONREF",
    ),
    "nationality": Kind(
        (*NATIONALITIES, "Unknown"), _codes(8, 230), 2_020_000_000,
        "CAFE_ECMS_NATIONALITIES", "ECMS_NATIONALITYTYPES", "NATIONALITYTYPE_ID",
    ),
    "language": Kind(
        (*LANGUAGES, "Refused", "Unknown"), _codes(6, 814, 815), 2_040_000_000,
        "CAFE_ECMS_LANGUAGES", "ECMS_LANGUAGETYPES", "LANGUAGETYPE_ID",
        "CMS_TLKPLANGUAGE", "ITEMID", "CAPTION", "FIRSTLANGUAGEREF",
    ),
    "disability": Kind(
        (*DISABILITIES, "Declined", "Unknown"), np.array([19, 1, 2, 3, 4, 5, 6, 7, 20, 12]), 2_060_000_000,
        "CAFE_ECMS_DISABILITIES", "ECMS_DISABILITYTYPES", "DISABILITYTYPE_ID",
        "CMS_TLKPDISABILITY", "DISABILITYID", "DISABILITY", "DISABILITYREF",
    ),
}  # fmt: skip
SOURCES = ("Self-reported", "Reported by another")


def _shares(records: Records, name: str) -> dict[str, float]:
    p = records.parameters.characteristics
    leaves = {
        "religion": p.religions, "nationality": p.nationalities, "language": p.languages, "disability": p.disabilities,
    }  # fmt: skip
    return leaves[name].value


def _true(records: Records, name: str) -> Ints:
    """Return the true value of every human being, as a place in the names."""
    return draw_from(_shares(records, name), records.people.size, records.streams(f"true {name}"))


def _recorded(records: Records, name: str, record: Ints, random: np.random.Generator) -> Ints:
    """Return what a system holds of each record: a place in the names, or -1."""
    p, human = records.parameters.characteristics, records.human(record)
    is_person = records.people.week_of_birth[human] != NULL
    is_recorded = is_person & (random.random(len(record)) < p.recorded.value[name])
    unknown = random.random(len(record)) < p.recorded_as_unknown.value
    value = np.where(unknown, len(KINDS[name].names) - 1, _true(records, name)[human])
    return np.where(is_recorded, value, -1)


def cms_characteristics(records: Records, record: Ints) -> Columns:
    """Return the columns of CMS people: religion, first language, need of an interpreter, disability."""
    columns: Columns = {}
    for name, kind in KINDS.items():
        if kind.cms_column:
            held = _recorded(records, name, record, records.streams(f"cms {name}"))
            columns[kind.cms_column] = np.where(held >= 0, held + 1, NULL)
            if name == "language":
                foreign = LANGUAGES.index("Other")
                columns["INTERPRETERREQ"] = np.where(held >= 0, (held == foreign).astype(np.int64), NULL)
    return columns


def ecms_characteristics(records: Records, cases: Bools) -> dict[str, Columns]:
    """Return the tables of ECMS, one for each characteristic; a person may have two records that disagree."""
    record = records.records_in(cases)
    tables: dict[str, Columns] = {}
    for name, kind in KINDS.items():
        random = records.streams(f"ecms {name}")
        held = _recorded(records, name, record, random)
        known = np.flatnonzero((held >= 0) & (held < len(kind.names) - 1))
        again = known[random.random(len(known)) < records.parameters.characteristics.second_value.value]
        size = (
            len(records.parameters.characteristics.disabilities.value) if name == "disability" else len(kind.names) - 2
        )
        other = (held[again] + random.integers(1, size, len(again))) % size
        rows = np.concatenate([np.flatnonzero(held >= 0), again])
        value = np.concatenate([held[held >= 0], other])
        person = records.record_id[record[rows]]
        records.defects.add(f"{name}_conflict", kind.ecms_table, PERSON_ID_PE=records.record_id[record[again]])
        columns: Columns = {
            "ID_PE": records.numbers(kind.first_id, len(rows), f"ecms {name} rows"),
            "PERSON_ID_PE": person,
            kind.ecms_column: kind.codes[value],
            "SOURCE_ID": random.integers(1, 3, len(rows)),
        }
        tables[kind.ecms_table] = sort_by(columns, "ID_PE")
    return tables


def characteristic_lookups() -> dict[str, Columns]:
    """Return the look-ups of both systems."""
    tables: dict[str, Columns] = {"ECMS_SOURCES": {"ID": np.array([1, 2]), "NAME": Words(np.arange(2), SOURCES)}}
    for kind in KINDS.values():
        names = Words(np.arange(len(kind.names)), kind.names)
        tables[kind.ecms_types] = {"ID": kind.codes, "NAME": names}
        if kind.cms_lookup:
            tables[kind.cms_lookup] = {kind.cms_key: np.arange(len(kind.names)) + 1, kind.cms_name: names}
    return tables
