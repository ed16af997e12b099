"""Toy records for the specification tests of harmonisation.

Source records are written as little text tables: the name of the table, a line of columns, the rows, ``-`` for a
missing value. Columns that are not named are missing, tables that are not named are empty, and the look-up tables
of ``LOOKUPS`` are always there.
"""

from __future__ import annotations

import atexit
import csv
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from family_justice.contracts import contracts, source_tables
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.files import connect, write_parquet
from family_justice.harmonise import harmonise

CODELISTS = Path(__file__).resolve().parents[2] / "config" / "codelists"
#: A share means nothing among a handful of records, nor does a table without any.
OF_FEW: dict[str, Any] = {"max_failing_share": 1, "may_be_empty": ["*"]}
#: Empty tables are all alike: each is written once and copied.
EMPTY = Path(tempfile.mkdtemp(prefix="toy-"))
atexit.register(shutil.rmtree, EMPTY, ignore_errors=True)

LOOKUPS = """
CMS_TLKPCASEAPPLICATIONTYPE
CASEAPPLICATIONTYPEID | CASEAPPLICATIONTYPE
1 | Care (s31)
2 | EPO (s44)
3 | Child Arrangements (s8)
4 | Secure Accommodation (s25)

ECMS_APPLICATIONTYPES
ID | NAME
1 | Care (s31)
2 | EPO (s44)
3 | Child Arrangements (s8)
4 | Secure Accommodation (s25)

CMS_TLKPLEGALOUTPUTTYPE
LEGALOUTPUTTYPEID | LEGALOUTPUTTYPE
1 | Care Order
2 | Supervision Order
3 | Interim Care Order
4 | Secure Accommodation Order
7 | Section 37 Report
8 | Rule 16.4 Appointment
9 | Section 7 Report
10 | MIAM

ECMS_LEGALOUTPUTTYPES
ID | NAME
1 | Care Order
2 | Supervision Order
3 | Interim Care Order
4 | Secure Accommodation Order
7 | Section 37 Report
8 | Rule 16.4 Appointment
9 | Section 7 Report
10 | MIAM

CMS_TLKPETHNICORIGIN
ITEMID | CAPTION
1 | White British
2 | Black
9 | Unknown

ECMS_ETHNICITYTYPES
ID | NAME
1 | White British
2 | Black
3 | White Other
22 | Unknown

CMS_TLKPCRSRELATIONSHIP
CRSRELATIONSHIPID | CRSRELATIONSHIP
1 | Birth parent
2 | Step-parent

CMS_TLKPLAWTYPE
ITEMID | CAPTION
1 | Public law
2 | Private law

CMS_TLKPCASESTATUS
ITEMID | CAPTION
1 | Open
2 | Closed

ECMS_RELATIONSHIPTYPES
ID | RELATIONSHIPMALE | RELATIONSHIPFEMALE | INVERSEREF | ISPRIMARY
1 | Father | Mother | 2 | true
2 | Son | Daughter | 1 | false
53 | Step-father | Step-mother | 54 | true
54 | Step-son | Step-daughter | 53 | false
60 | Grandfather | Grandmother | 61 | true
61 | Grandson | Granddaughter | 60 | false
62 | Uncle | Aunt | 63 | true
63 | Nephew | Niece | 62 | false
64 | Carer | Carer | 65 | true
65 | Boy in care | Girl in care | 64 | false

ECMS_LAWTYPES
ID | CAPTION
1 | Public law
2 | Private law

ECMS_CASESTATUS
ID | NAME
1 | Open
2 | Closed

CMS_TLKPLOCALAUTHORITY
LOCALAUTHORITYID | AUTHORITY
1 | Toytown

ECMS_LOCALAUTHORITIES
ID | NAME
7 | Toytown

AREA_LOCAL_AUTHORITY
LA_CODE | LA_NAME | DFJ_AREA | REGION | JURISDICTION
E1 | Toytown | Toy area | North East | England
W1 | Toytref | Swansea | Wales | Wales

LSOA_DEPRIVATION
LSOA2011_CD | LA_CODE | DEPRIVATION_QUINTILE
E01 | E1 | 1
E02 | E1 | 5
"""

#: One ECMS care case: child 1, mother 2, father 3.
ECMS_CASE = """
CAFE_ECMS_CASES
ID_PE | CASESTATU_ID | LAWTYPE_ID | LOCALAUTHORITY_ID
10 | 2 | 1 | 7

CAFE_ECMS_APPLICATIONS
ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
100 | 10 | 1 | 2016-03-01

CAFE_ECMS_PERSONSONAPPLICATIONS
ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISRESPONDENT
1 | 100 | 1 | true | false
2 | 100 | 2 | false | true
3 | 100 | 3 | false | true

CAFE_ECMS_PERSONRELATIONSHIPS
PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
1 | 2 | 1
2 | 1 | 2
1 | 3 | 1
3 | 1 | 2
"""

#: Its people, in a text of their own because the tests of people replace them.
ECMS_PEOPLE = """
CAFE_ECMS_PEOPLE
ID_PE | GENDER | WEEKOFBIRTH
1 | Female | 2016-02-29
2 | Female | 1995-05-01
3 | Male | 1994-04-04
"""

#: One CMS care case: child 1, mother 2.
CMS_CASE = """
CAFE_CMS_TBLCASE
CASEID_PE | CASESTATUSREF | LAWTYPEREF | LOCALAUTHORITYREF
20 | 2 | 1 | 1

CAFE_CMS_TBLCASEAPPLICATION
CASEAPPLICATIONID_PE | CASEREF_PE | CASEAPPLICATIONTYPEREF | DATEOFAPPLICATION
200 | 20 | 1 | 2012-06-01

CAFE_CMS_TBLCASEAPPLICATIONMEMBER
CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE
200 | 1 | 4
200 | 2 | 2

CAFE_CMS_TBLPERSON
PERSONID_PE | GENDER | WEEKOFBIRTH
1 | Male | 2012-05-07
2 | Female | 1990-01-01
"""

#: One Cymru care case with an application for each of two children (1, 4); mother 2.
CYMRU_CASE = """
CAFCASS_INCIDENT
CAP_INCIDENTID_E | CAP_LOCALAUTHORITYCODE | CAP_DATECLOSED
30 | W1 | 2015-12-01

CAFCASS_APPLICATION
CAP_APPLICATIONID_E | CAP_INCIDENTID_E | CAP_LAWTYPENAME | CAP_PRIMARYAPPLICATIONTYPENAME | CAP_ISSUEDATE
301 | 30 | Public | Care (s31) | 2015-01-05
304 | 30 | Public | Care (s31) | 2015-01-05

CAFCASS_APPLICATIONSERVICEUSERS
RECORD1ID_E | RECORD2ID_E | RECORD2ROLEIDNAME
301 | 1 | SUBJECT
301 | 2 | RESPONDENT
304 | 4 | SUBJECT
304 | 2 | RESPONDENT

CAFCASS_ALF
SYSTEM_ID_E | WOB | GNDR_CD
1 | 2014-06-02 | 1
2 | 1990-01-01 | 2
4 | 2012-06-04 | 2
"""


def parse(text: str) -> dict[str, list[dict[str, str]]]:
    """Return rows by table; several blocks of one table add up."""
    tables: dict[str, list[dict[str, str]]] = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.strip().splitlines()]
        columns = [cell.strip() for cell in lines[1].split("|")]
        rows = [dict(zip(columns, (cell.strip() for cell in line.split("|")), strict=True)) for line in lines[2:]]
        tables.setdefault(lines[0], []).extend(rows)
    return tables


def write_source(folder: Path, records: dict[str, list[dict[str, str]]]) -> None:
    """Write one Parquet file per table of the systems that are named, with the types of its contract."""
    assert set(records) <= set(source_tables()), sorted(set(records) - set(source_tables()))
    systems = [contract.tables for contract in contracts().values() if set(contract.tables) & set(records)]
    folder.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        for name, table in [item for tables in systems for item in tables.items()]:
            rows = records.get(name, [])
            if not rows and (EMPTY / f"{name}.parquet").is_file():
                shutil.copyfile(EMPTY / f"{name}.parquet", folder / f"{name}.parquet")
                continue
            assert all(set(row) <= set(table.columns) for row in rows), name
            declared = ", ".join(f'"{column}" {DUCKDB_TYPES[c.type]}' for column, c in table.columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({declared})')
            for row in rows:
                values = [None if row.get(column, "-") == "-" else row[column] for column in table.columns]
                connection.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(values))})', values)
            write_parquet(connection, f'SELECT * FROM "{name}"', folder / f"{name}.parquet")
            if not rows:
                shutil.copyfile(folder / f"{name}.parquet", EMPTY / f"{name}.parquet")


@dataclass(frozen=True)
class Harmonised:
    """What harmonisation made of toy records."""

    folder: Path
    quality: list[dict[str, str]] = field(repr=False)

    def rows(self, table: str, columns: list[str]) -> list[list[str]]:
        """Return rows as text, sorted by the table's key, ``-`` for a missing value."""
        selected = ", ".join(f"coalesce(CAST(\"{column}\" AS VARCHAR), '-')" for column in columns)
        with connect({table: self.folder / f"{table}.parquet"}) as connection:
            return [list(row) for row in connection.execute(f'SELECT {selected} FROM "{table}"').fetchall()]

    def shows(self, table: str, expected: str) -> None:
        """Assert that the named columns of a research-ready table hold exactly the rows of a text table."""
        header, *lines = [[cell.strip() for cell in line.split("|")] for line in expected.strip().splitlines()]
        assert self.rows(table, header) == lines

    def counts(self, rule: str) -> dict[str, tuple[int, int, int]]:
        """Return rows before, affected and after of a rule by system."""
        return {
            row["system"]: (int(row["rows_before"]), int(row["rows_affected"]), int(row["rows_after"]))
            for row in self.quality
            if row["rule"] == rule
        }

    def affected(self, rule: str, system: str) -> int:
        """Return how many rows of a system a rule touched."""
        return self.counts(rule)[system][1]


def harmonised(folder: Path, *texts: str, threads: int = 1, **options: Any) -> Harmonised:
    """Harmonise the records of several texts."""
    records = parse("\n\n".join((LOOKUPS, *texts)))
    return harmonised_records(folder, records, threads=threads, **options)


def harmonised_records(
    folder: Path, records: dict[str, list[dict[str, str]]], threads: int = 1, **options: Any
) -> Harmonised:
    """Harmonise records that are parsed already."""
    write_source(folder / "raw", records)
    shares = {"max_contradictory_share": 1, **OF_FEW}
    ends = {"end_of_data_england": "2021-12-31", "end_of_data_wales": "2021-08-31", **shares}
    harmonise(folder / "raw", folder / "ready", folder / "quality.csv", CODELISTS, {**ends, **options}, threads=threads)
    with open(folder / "quality.csv", encoding="utf-8", newline="") as stream:
        return Harmonised(folder / "ready", list(csv.DictReader(stream)))
