"""What a user reads when the source tables do not fit. No message holds a value of a record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from toy import (
    CMS_CASE,
    CODELISTS,
    CYMRU_CASE,
    ECMS_CASE,
    ECMS_PEOPLE,
    LOOKUPS,
    OF_FEW,
    harmonised,
    parse,
    write_source,
)

from family_justice.errors import ConfigError, ContractError
from family_justice.files import connect, write_parquet
from family_justice.harmonise import harmonise


def rewrite(raw: Path, table: str, query: str) -> None:
    """Replace a source table by what a query makes of it."""
    with connect({"old": raw / f"{table}.parquet"}) as connection:
        connection.execute(f"CREATE TABLE new AS {query}")
        write_parquet(connection, "SELECT * FROM new", raw / f"{table}.parquet")


def message(folder: Path) -> str:
    """Return the error of harmonising ``folder/raw``; nothing may have been written."""
    with pytest.raises(ContractError) as caught:
        harmonise(folder / "raw", folder / "ready", folder / "quality.csv", CODELISTS, OF_FEW)
    assert not (folder / "ready").exists()
    assert not (folder / "quality.csv").exists()
    return str(caught.value)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_source(tmp_path / "raw", parse("\n\n".join((LOOKUPS, ECMS_CASE, ECMS_PEOPLE, CYMRU_CASE))))
    return tmp_path


def test_missing_table(source: Path) -> None:
    (source / "raw" / "CAFE_ECMS_HEARINGS.parquet").unlink()
    (source / "raw" / "CAFCASS_HEARING.parquet").unlink()
    text = message(source)
    assert "2 problems" in text
    assert "table 'CAFE_ECMS_HEARINGS' of Cafcass England ECMS is missing." in text
    assert "table 'CAFCASS_HEARING' of Cafcass Cymru is missing." in text


def test_no_table_at_all(tmp_path: Path) -> None:
    assert "there is no table at all" in message(tmp_path)


def test_misspelt_column(source: Path) -> None:
    rewrite(source / "raw", "CAFE_ECMS_PEOPLE", "SELECT * RENAME (WEEKOFBIRTH AS WEEK_OF_BIRTH) FROM old")
    assert "CAFE_ECMS_PEOPLE: column 'WEEKOFBIRTH' is missing. Did you mean 'WEEK_OF_BIRTH'?" in message(source)


def test_wrong_type(source: Path) -> None:
    as_text = "SELECT * REPLACE (CAST(WEEKOFBIRTH AS VARCHAR) AS WEEKOFBIRTH) FROM old"
    rewrite(source / "raw", "CAFE_ECMS_PEOPLE", as_text)
    assert "CAFE_ECMS_PEOPLE: column 'WEEKOFBIRTH' has type VARCHAR, expected date (DATE)." in message(source)


def test_unknown_code(source: Path) -> None:
    rewrite(source / "raw", "CAFE_ECMS_PERSONSONAPPLICATIONS", "SELECT * REPLACE ('secret' AS ISSUBJECT) FROM old")
    text = message(source)
    assert "CAFE_ECMS_PERSONSONAPPLICATIONS: column 'ISSUBJECT' holds an unknown code in 3 rows. Allowed:" in text
    assert "secret" not in text


def test_name_of_a_look_up_table_without_a_category_is_shown(source: Path) -> None:
    rewrite(source / "raw", "ECMS_APPLICATIONTYPES", "SELECT * REPLACE ('Toy order' AS NAME) FROM old")
    text = message(source)
    assert "column ECMS_APPLICATIONTYPES.NAME holds 1 name ('Toy order') unknown to" in text
    assert "application_types.csv, in 1 records" in text


def test_name_in_a_record_without_a_category_is_only_counted(source: Path) -> None:
    renamed = "SELECT * REPLACE ('Toy order' AS CAP_PRIMARYAPPLICATIONTYPENAME) FROM old"
    rewrite(source / "raw", "CAFCASS_APPLICATION", renamed)
    text = message(source)
    assert "column CAFCASS_APPLICATION.CAP_PRIMARYAPPLICATIONTYPENAME holds 1 name unknown to" in text
    assert "in 2 records" in text
    assert "Toy order" not in text


def test_references_that_do_not_resolve_are_warnings_in_the_quality_table(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE.replace("3 | Male", "4 | Male"))
    found = {
        (row["table"], row["label"].split(":")[0]): int(row["rows_affected"])
        for row in made.quality
        if row["rule"] == "unresolved_reference"
    }
    assert found == {
        ("CAFE_ECMS_PERSONSONAPPLICATIONS", "PERSON_ID_PE"): 1,
        ("CAFE_ECMS_PERSONRELATIONSHIPS", "PERSON_ID_PE"): 1,
        ("CAFE_ECMS_PERSONRELATIONSHIPS", "RELATEDPERSON_ID_PE"): 1,
    }


def test_unknown_and_wrong_options(source: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"unknown option 'max_birth_gap'.*Did you mean 'max_birth_gap_days'"
    ) as caught:
        harmonise(source / "raw", source / "ready", source / "quality.csv", CODELISTS, {"max_birth_gap": 31})
    assert not (source / "ready").exists()
    with pytest.raises(ConfigError, match="option 'max_birth_gap_days': Input should be greater than or equal to 0"):
        harmonise(source / "raw", source / "ready", source / "quality.csv", CODELISTS, {"max_birth_gap_days": -1})
    assert "Allowed" in str(caught.value)


def test_a_misspelt_category_of_a_code_list_names_the_nearest(tmp_path: Path) -> None:
    codelists = tmp_path / "codelists"
    shutil.copytree(CODELISTS, codelists)
    path = codelists / "legal_orders.csv"
    path.write_text(path.read_text().replace(",supervision,", ",supervison,"))
    write_source(tmp_path / "raw", parse("\n\n".join((LOOKUPS, ECMS_CASE, ECMS_PEOPLE))))
    with pytest.raises(ContractError, match=r"category 'supervison'\..*Did you mean 'supervision'\?"):
        harmonise(tmp_path / "raw", tmp_path / "ready", tmp_path / "quality.csv", codelists, OF_FEW)


def test_a_code_that_an_open_list_does_not_name_is_counted_and_passed(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE.replace("3 | Male", "3 | Not given"))
    assert [row["rows_affected"] for row in made.quality if row["rule"] == "unknown_code"] == ["1"]


def test_systems_that_do_not_share_their_identifiers_are_refused(tmp_path: Path) -> None:
    # Person 1 is a boy born in 2012 in CMS and a girl born in 2016 in ECMS: two people, one number.
    texts = (LOOKUPS, ECMS_CASE, ECMS_PEOPLE, CMS_CASE)
    write_source(tmp_path / "raw", parse("\n\n".join(texts)))
    text = message(tmp_path)
    assert "CMS and ECMS share 2 person identifiers, and 2 of them differ in sex or week of birth" in text
    assert "max_contradictory_share" in text
