"""A table is compared with its contract; every message names what is wrong and none quotes a record."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from family_justice.contracts import SourceColumn, Table, research_ready_tables, source_tables
from family_justice.contracts.check import ACCEPTED_TYPES, check_tables, find_problems
from family_justice.errors import ContractError
from family_justice.files import connect

COURT = Table(
    name="COURT",
    description="Courts.",
    row="one court",
    source="assumption",
    columns={"COURT_ID": SourceColumn(type="integer", key=True, required=True, description="Identifier.")},
)
HEARING = Table(
    name="HEARING",
    description="Hearings.",
    row="one hearing",
    source="assumption",
    columns={
        "HEARING_ID": SourceColumn(type="integer", key=True, required=True, description="Identifier."),
        "COURT_ID": SourceColumn(type="integer", references="COURT.COURT_ID", description="Court."),
        "KIND": SourceColumn(type="string", codes={"F": "Final", "I": "Interim"}, description="Kind."),
        "LEVEL": SourceColumn(type="integer", codes={"1": "Low", "2": "High"}, description="Level."),
        "HEARING_DATE": SourceColumn(type="date", required=True, description="Date."),
    },
)
SOUND = """
    CREATE TABLE HEARING AS SELECT * FROM (VALUES
        (1::BIGINT, 10::BIGINT, 'F', 1::BIGINT, DATE '2015-01-05'),
        (2, NULL, NULL, NULL, DATE '7985-01-05')
    ) AS rows (HEARING_ID, COURT_ID, KIND, LEVEL, HEARING_DATE)
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


def message(connection: duckdb.DuckDBPyConnection, relation: str = "HEARING") -> str:
    with pytest.raises(ContractError) as caught:
        check_tables(connection, {"HEARING": relation}, {"HEARING": HEARING}, "hearings.csv")
    return str(caught.value).replace("HEARING: ", "", 5)  # the table, which here is always this one


def test_a_sound_table_passes(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(SOUND)
    check_tables(connection, {"HEARING": "HEARING"}, {"HEARING": HEARING}, "hearings.csv")


def test_the_case_of_names_does_not_matter(connection: duckdb.DuckDBPyConnection) -> None:
    """Db2 gives upper-case names whatever the contract says."""
    connection.execute(SOUND.replace("HEARING_ID", "hearing_id"))
    check_tables(connection, {"HEARING": "hearing"}, {"HEARING": HEARING}, "hearings.csv")


def test_missing_table_names_the_nearest(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE hearings (x INTEGER); CREATE VIEW courts AS SELECT 1 AS x")
    assert message(connection) == (
        "hearings.csv: 1 problem\n  - table 'HEARING' does not exist. Did you mean 'hearings'?"
    )


def test_missing_column_names_the_nearest(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(SOUND)
    connection.execute("ALTER TABLE HEARING RENAME COLUMN HEARING_DATE TO hearingdate")
    assert "  - column 'HEARING_DATE' is missing. Did you mean 'hearingdate'?" in message(connection)


def test_a_column_that_is_wanted_itself_is_no_hint(connection: duckdb.DuckDBPyConnection) -> None:
    """LEVEL is missing and KIND is there: KIND is not what the user meant."""
    connection.execute(SOUND)
    connection.execute("ALTER TABLE HEARING DROP COLUMN COURT_ID")
    assert "  - column 'COURT_ID' is missing." in message(connection).splitlines()


def test_wrong_type_says_found_and_expected(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(SOUND)
    connection.execute("ALTER TABLE HEARING ALTER COLUMN HEARING_DATE TYPE VARCHAR")
    assert "column 'HEARING_DATE' has type VARCHAR, expected date (DATE)." in message(connection)


@pytest.mark.parametrize("narrow", ["TINYINT", "SMALLINT", "INTEGER", "UINTEGER"])
def test_width_of_integers_does_not_matter(connection: duckdb.DuckDBPyConnection, narrow: str) -> None:
    connection.execute(SOUND)
    connection.execute(f"ALTER TABLE HEARING ALTER COLUMN LEVEL TYPE {narrow}")
    check_tables(connection, {"HEARING": "HEARING"}, {"HEARING": HEARING}, "hearings.csv")


def test_all_problems_come_together_and_quote_no_record(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(SOUND)
    connection.execute("""
        INSERT INTO HEARING VALUES
            (1, 10, 'secret', 77, DATE '2015-01-06'), (1, 10, 'f', 2, NULL), (NULL, 10, 'F', 2, NULL)
    """)
    assert message(connection).splitlines() == [
        "hearings.csv: 5 problems",
        "  - required column 'HEARING_ID' is empty in 1 row.",
        "  - column 'KIND' holds an unknown code in 2 rows. Allowed: F, I.",
        "  - column 'LEVEL' holds an unknown code in 1 row. Allowed: 1, 2.",
        "  - required column 'HEARING_DATE' is empty in 2 rows.",
        "  - primary key (HEARING_ID) is not unique: 2 rows too many.",
    ]


def test_references_are_warnings(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(SOUND)
    connection.execute("INSERT INTO HEARING VALUES (3, 11, 'F', 1, DATE '2015-01-05')")
    connection.execute("CREATE TABLE COURT AS SELECT 10::BIGINT AS COURT_ID")
    check_tables(connection, {"HEARING": "HEARING"}, {"HEARING": HEARING}, "hearings.csv")
    (found,) = find_problems(connection, "HEARING", HEARING, {"HEARING": "HEARING", "COURT": "COURT"})
    assert (found.table, found.column, found.rule, found.rows, found.is_error) == (
        "HEARING",
        "COURT_ID",
        "unresolved_reference",
        1,
        False,
    )
    assert found.message == "column 'COURT_ID' does not resolve in COURT.COURT_ID in 1 row."
    assert find_problems(connection, "HEARING", HEARING, {"HEARING": "HEARING"}) == []


def test_several_tables_are_reported_together(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE raw_court (COURT_ID VARCHAR)")
    with pytest.raises(ContractError) as caught:
        check_tables(connection, {"COURT": "raw_court"}, {"COURT": COURT, "HEARING": HEARING}, "snapshot")
    assert str(caught.value).splitlines() == [
        "snapshot: 2 problems",
        "  - COURT: column 'COURT_ID' has type VARCHAR, expected integer (BIGINT).",
        "  - HEARING: table 'HEARING' does not exist.",
    ]


def test_every_reference_of_the_contracts_leads_to_a_column() -> None:
    for tables in (source_tables(), research_ready_tables()):
        for table in tables.values():
            for column in table.columns.values():
                assert column.type in ACCEPTED_TYPES
                if column.references is not None:
                    other, _, key = column.references.partition(".")
                    assert tables[other].columns[key].type == column.type
