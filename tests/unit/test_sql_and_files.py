"""Text in SQL is quoted in one place, and rows are written in one way."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from family_justice.files import connect, write_parquet, write_rows
from family_justice.sql import identifier, identifiers, literal, literals

STRANGE = ["plain", "it's", "''", "a; DROP TABLE x --", 'double "quoted"', "", "back\\slash", "é ŵ"]


@pytest.mark.parametrize("text", STRANGE)
def test_a_literal_is_read_back_as_it_was(text: str):
    assert duckdb.sql(f"SELECT {literal(text)}").fetchall() == [(text,)]


def test_literals_make_a_list_for_in():
    assert duckdb.sql(f"SELECT 'it''s' IN ({literals(STRANGE)}), 'other' IN ({literals(STRANGE)})").fetchall() == [
        (True, False)
    ]


@pytest.mark.parametrize("name", [name for name in STRANGE if name])
def test_an_identifier_keeps_its_spelling(name: str):
    assert duckdb.sql(f"SELECT 1 AS {identifier(name)}").columns == [name]


def test_identifiers_are_separated():
    assert identifiers(["a", 'b"c']) == '"a", "b""c"'


def test_files_with_an_apostrophe_are_written_and_read(tmp_path: Path):
    path = tmp_path / "children's.parquet"
    with connect() as connection:
        assert write_parquet(connection, "SELECT 1 AS a UNION ALL SELECT 2", path) == 2
    with connect({"children's": path}) as connection:
        assert connection.execute('SELECT sum(a) FROM "children\'s"').fetchall() == [(3,)]


def test_rows_are_written_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "deep" / "rows.csv"
    write_rows(path, ("a", "b"), [{"b": 2, "a": "x, y"}, {"a": 1}])
    assert path.read_bytes() == b'a,b\n"x, y",2\n1,\n'
    with pytest.raises(ValueError, match="c"):
        write_rows(path, ("a",), [{"a": 1}, {"c": 1}])
    with open(path, encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    assert [file.name for file in path.parent.iterdir()] == ["rows.csv"]
