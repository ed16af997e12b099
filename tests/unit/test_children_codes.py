"""Code lists of social care: wrong ones are reported together, with what to write instead."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from family_justice.contracts import research_ready_tables, source_tables
from family_justice.errors import ContractError
from family_justice.files import connect
from family_justice.harmonise.children_codes import LISTS, load_children_codes

CODELISTS = Path(__file__).resolve().parents[2] / "config/codelists"


@pytest.fixture
def folder(tmp_path):
    for name in LISTS:
        shutil.copy(CODELISTS / f"{name}.csv", tmp_path)
    return tmp_path


def change(folder, name, old, new):
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_all_lists_of_this_project_are_right_and_become_tables():
    with connect() as connection:
        load_children_codes(connection, CODELISTS, research_ready_tables())
        rows = connection.execute("SELECT category, is_outside FROM care_placements WHERE plain_name = 'f5'").fetchall()
        assert rows == [("other_foster", 1)]
        assert connection.execute("SELECT count(*) FROM welsh_authorities").fetchone() == (22,)


def test_everything_wrong_is_reported_at_once(folder):
    change(folder, "care_legal_status", "V2,voluntary,", "V2,voluntry,")
    change(folder, "care_placements", "F1,kinship_foster,0,", "F1,kinship_foster,no,")
    change(folder, "care_starts", "L,legal_status,", "s,legal_status,")
    change(folder, "care_ends", "name,category", "code,category")
    (folder / "categories_of_need.csv").unlink()
    with connect() as connection, pytest.raises(ContractError) as caught:
        load_children_codes(connection, folder, research_ready_tables())
    text = str(caught.value)
    assert "care_legal_status.csv: category 'voluntry'. Allowed: care_order, " in text
    assert "Did you mean 'voluntary'?" in text
    assert "care_placements.csv: 'F1': column 'is_outside' must be 0 or 1." in text
    assert "care_starts.csv: 's' is listed twice." in text
    assert "care_ends.csv: column 'name' is missing." in text
    assert "categories_of_need.csv: the code list is missing." in text


def test_homes_of_the_codes_are_columns_of_the_contracts():
    for codelist in LISTS.values():
        for home in codelist.homes.values():
            table, _, column = home.partition(".")
            assert column in source_tables()[table].columns
