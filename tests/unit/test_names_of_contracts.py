"""The names of court tables and columns against those that stand in public code (``names_in_public_code.csv``)."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from family_justice.contracts import contracts

with open(Path(__file__).with_name("names_in_public_code.csv"), encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream))
SEEN: dict[str, set[str]] = defaultdict(set)
for row in ROWS:
    SEEN[row["table"]].add(row["column"])
TABLES = [
    table
    for stem in ("cafcass_england_cms", "cafcass_england_ecms", "cafcass_cymru")
    for table in contracts()[stem].tables.values()
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_column_is_seen_in_public_code_or_declared_to_be_assumed(table) -> None:
    assumed = {name for name, column in table.columns.items() if column.assumed}
    assert set(table.columns) - assumed == set(table.columns) & SEEN[table.name]


def test_every_table_that_public_code_reads_is_in_a_contract() -> None:
    assert set(SEEN) <= {table.name for table in TABLES}


def test_what_public_code_names_is_read_or_said_not_to_be() -> None:
    said = {name for contract in contracts().values() for name in contract.not_read}
    read = {f"{table.name}.{name}" for table in TABLES for name in table.columns}
    assert said & read == set()
    seen = {f"{row['table']}.{row['column']}" for row in ROWS}
    # A date of availability stands in every table, and sorts and switches of look-ups are said of none.
    small = ("AVAIL_FROM_DT", "SORTORDER", "ISACTIVE", "ISLOCKED", "APPLIESTOSUBJECT", "ALLAPPLICATIONTYPES")
    assert {name for name in seen - read - said if not name.endswith(small)} == set()
