"""docs/public_layout.md: what public code calls a column, and what it is here."""

from __future__ import annotations

from pathlib import Path

from ready import write_ready
from test_case_datasets import READY
from toy import CODELISTS

from family_justice.contracts import data_set_tables, research_ready_tables
from family_justice.files import connect
from family_justice.harmonise.datasets import build_datasets
from family_justice.sql import identifier

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "public_layout.md"


def correspondence() -> list[list[str]]:
    """Return their table, their column, our table and our column of each row of the document."""
    lines = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert lines[0] == "| their table | their column | our table | our column | note |"
    return [[cell.strip() for cell in line.strip("|").split("|")][:4] for line in lines[2:]]


def test_every_column_of_ours_is_in_a_contract() -> None:
    tables = research_ready_tables() | data_set_tables()
    ours = [(table, column) for _, _, table, column in correspondence() if table != "-"]
    assert [pair for pair in ours if pair[0] not in tables or pair[1] not in tables[pair[0]].columns] == []


def test_no_column_of_theirs_is_named_twice() -> None:
    theirs = [(table, column) for table, column, _, _ in correspondence()]
    assert sorted(theirs) == sorted(set(theirs))


def test_the_tables_of_public_code_are_ours_under_other_names(tmp_path: Path) -> None:
    """Each of the four files comes from one table of ours; a script of theirs then finds its cases by its own words."""
    write_ready(tmp_path / "ready", READY)
    build_datasets(tmp_path / "ready", tmp_path / "made", tmp_path / "checks.csv", CODELISTS)
    files = {path.stem: path for folder in ("ready", "made") for path in (tmp_path / folder).glob("*.parquet")}
    pairs = correspondence()
    with connect(files) as connection:
        for theirs in ("case", "case_adult", "case_app", "hearing"):
            columns = [(column, table, own) for name, column, table, own in pairs if name == theirs]
            (source,) = {table for _, table, _ in columns}
            selected = ", ".join(f"{identifier(own)} AS {identifier(column)}" for column, _, own in columns)
            connection.execute(f"CREATE TABLE their_{theirs} AS SELECT {selected} FROM {identifier(source)}")
        found = connection.execute(
            """
            SELECT case_id, adult_id, first_app_start_age, address_imd_quintile, hearing_count, any_final_order_po,
                count(DISTINCT hearing.court_id) AS court_count
            FROM their_case
            JOIN their_case_adult USING (case_id)
            LEFT JOIN their_hearing AS hearing USING (case_id)
            WHERE case_status = 'Completed'
                AND case_id IN (SELECT case_id FROM their_case_app WHERE app_type_name IN ('Care (s31)', 'EPO (s44)'))
                AND first_app_start_age BETWEEN 15 AND 50
            GROUP BY ALL
            ORDER BY ALL
            """
        ).fetchall()
    assert found == [
        ("E1", "E2", 19, 1, 2, 0, 1),
        ("E2", "E2", 20, 1, 3, 1, 1),
        ("E2", "E3", 21, None, 3, 1, 1),
    ]
