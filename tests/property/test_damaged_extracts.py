"""Damage to any table of an extract ends in one of three ways: the same tables, a repair that is counted, or an error
that names table and column. A table that changes in silence is the failure."""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from family_justice.contracts import contracts, research_ready_tables
from family_justice.contracts.model import SourceColumn
from family_justice.errors import ContractError
from family_justice.files import connect, write_parquet
from family_justice.harmonise import harmonise
from family_justice.sources.synthetic import simulate

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"end_of_data_england": "2021-12-31", "end_of_data_wales": "2021-08-31"}
#: Rules that count what was wrong with an extract.
COUNTED = {"code_respelt", "empty", "placeholder_date", "date_out_of_window", "unknown_code", "unresolved_reference"}

COURT = [
    (table.name, name, column)
    for stem in ("cafcass_england_cms", "cafcass_england_ecms", "cafcass_cymru")
    for table in contracts()[stem].tables.values()
    for name, column in table.columns.items()
]


def is_word_code(table: str, name: str, column: SourceColumn) -> bool:
    return column.type == "string" and bool(column.codes)


def is_name(table: str, name: str, column: SourceColumn) -> bool:
    if re.search("COURT|CIRCUIT|REGION|AREA", table):
        return False  # names of courts and areas are carried as they are recorded
    return table.startswith(("CMS_", "ECMS_")) and column.type == "string" and not column.codes


def is_date(table: str, name: str, column: SourceColumn) -> bool:
    return column.window is not None and column.window != "open"


def is_coded(table: str, name: str, column: SourceColumn) -> bool:
    return bool(column.codes)


def is_essential(table: str, name: str, column: SourceColumn) -> bool:
    return column.max_empty is not None


def is_reference(table: str, name: str, column: SourceColumn) -> bool:
    return bool(column.references)


#: What may happen to a column: where, and SQL for its new value (``{}``: the old one).
DAMAGE: dict[str, tuple[Callable[[str, str, SourceColumn], bool], str]] = {
    "upper case": (is_word_code, "upper({})"),
    "lower case": (is_word_code, "lower({})"),
    "outer blanks": (is_word_code, "'  ' || {} || ' '"),
    "names in upper case": (is_name, "upper({})"),
    "names with blanks": (is_name, "' ' || {} || '   '"),
    "some placeholders": (is_date, "CASE WHEN hash({}) % 20 = 0 THEN DATE '1900-01-01' ELSE {} END"),
    "open ends": (is_date, "coalesce({}, DATE '9999-12-31')"),
    "some years of two digits": (is_date, "CASE WHEN hash({}) % 20 = 0 THEN DATE '0004-03-12' ELSE {} END"),
    "days of another century": (is_date, "{} + INTERVAL 500 YEAR"),
    "codes that nobody knows": (is_coded, "CASE WHEN {} IS NOT NULL THEN '77' END"),
    "nothing": (is_essential, "NULL"),
    "references to nowhere": (is_reference, "CASE WHEN {} IS NOT NULL THEN '-5' END"),
}
CASES = [
    (kind, table, name)
    for kind, (where, _) in DAMAGE.items()
    for table, name, column in COURT
    if where(table, name, column)
]


@pytest.fixture(scope="module")
def world() -> Iterator[Path]:
    """A small population, harmonised."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(ROOT / "config/population", 0.002, 11, folder / "raw")
        harmonise(folder / "raw", folder / "ready", folder / "quality.csv", ROOT / "config/codelists", OPTIONS)
        yield folder


def counts(path: Path) -> dict[tuple[str, ...], int]:
    with open(path, encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return {(row["rule"], row["system"], row["table"], row["label"]): int(row["rows_affected"]) for row in rows}


def damaged(world: Path, folder: Path, table: str, values: dict[str, str]) -> None:
    """Link all tables of the world and give columns of one of them other values (SQL)."""
    (folder / "raw").mkdir(parents=True)
    for path in (world / "raw").glob("*.parquet"):
        if path.stem != table:
            (folder / "raw" / path.name).hardlink_to(path)
    for seal in (world / "raw").glob(".*.sha256"):
        if table not in seal.name:
            shutil.copyfile(seal, folder / "raw" / seal.name)
    with connect({"old": world / "raw" / f"{table}.parquet"}) as connection:
        kinds = dict(connection.execute("SELECT column_name, column_type FROM (DESCRIBE old)").fetchall())
        replaced = ", ".join(f'CAST({value} AS {kinds[name]}) AS "{name}"' for name, value in values.items())
        query = f"SELECT * REPLACE ({replaced}) FROM old"
        write_parquet(connection, query, folder / "raw" / f"{table}.parquet")


def error_of(folder: Path) -> str:
    """Harmonise; return what it says is wrong, "" if nothing is."""
    try:
        harmonise(folder / "raw", folder / "ready", folder / "quality.csv", ROOT / "config/codelists", OPTIONS)
    except ContractError as error:
        return str(error)
    return ""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=st.sampled_from(CASES))
def test_no_damage_changes_a_table_in_silence(world: Path, case: tuple[str, str, str]) -> None:
    kind, table, name = case
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        damaged(world, folder, table, {name: DAMAGE[kind][1].replace("{}", f'"{name}"')})
        said = error_of(folder)
        if said:
            event("an error that names the column")
            assert table in said
            assert name in said
            assert not (folder / "ready").exists()
            return
        before, after = counts(world / "quality.csv"), counts(folder / "quality.csv")
        grown = {key[0] for key in after if after[key] > before.get(key, 0)}
        same = all(
            (world / f"ready/{ready}.parquet").read_bytes() == (folder / f"ready/{ready}.parquet").read_bytes()
            for ready in research_ready_tables()
        )
        event("the same tables" if same else "a repair that is counted")
        assert same or grown & COUNTED, (case, grown)
        if same and kind in ("upper case", "lower case", "outer blanks"):
            assert grown <= {"code_respelt"}


def other_way_round(first: str, second: str) -> dict[str, str]:
    return {first: f'"{second}"', second: f'"{first}"'}


DAY_AS_MONTH = "make_date(year(HEARINGDATE), day(HEARINGDATE), month(HEARINGDATE))"
#: What is taken for something else: the table, SQL of its columns, and how it is noticed.
MISTAKEN: dict[str, tuple[str, dict[str, str], str]] = {
    "child and parent": (
        "CAFE_CMS_TBLCRSPERSONRELATIONSHIP", other_way_round("CHILDREF_PE", "PARENTREF_PE"), "parent_close_in_age"
    ),
    "subjects and respondents": (
        "CAFE_ECMS_PERSONSONAPPLICATIONS", other_way_round("ISSUBJECT", "ISRESPONDENT"), "subject_adult"
    ),
    "applicants and respondents": (
        "CAFE_ECMS_PERSONSONAPPLICATIONS", other_way_round("ISAPPLICANT", "ISRESPONDENT"), "s31_parent_applies"
    ),
    "roles, all unknown": ("CAFE_CMS_TBLCASEAPPLICATIONMEMBER", {"MEMBERTYPE": "8"}, "role_not_recorded"),
    "law types": ("CAFE_CMS_TBLCASE", {"LAWTYPEREF": "3 - LAWTYPEREF"}, "public_application_in_private_case"),
    "statuses": ("CAFE_CMS_TBLCASE", {"CASESTATUSREF": "3 - CASESTATUSREF"}, "open_case_completed"),
    "final and not": ("CAFE_CMS_TBLLEGALOUTPUT", {"ISFINAL": "1 - ISFINAL"}, "final_type_not_final"),
    "rule 16.4, all": ("CAFE_ECMS_LEGALOUTPUTS", {"ISFPR164": "'true'"}, "output_flagged_rule_16_4"),
    "issue and receipt": (
        "CAFE_ECMS_APPLICATIONS", other_way_round("DATEOFAPPLICATION", "DATERECEIVED"), "received_before_issue"
    ),
    "day and month, where they can be": (
        "CAFE_ECMS_HEARINGS",
        {"HEARINGDATE": f"coalesce(try({DAY_AS_MONTH}), HEARINGDATE)"},
        "far more than among later days",
    ),
    "one day for many": (
        "CAFE_ECMS_HEARINGS",
        {"HEARINGDATE": "CASE WHEN hash(ID_PE) % 5 = 0 THEN DATE '2015-01-05' ELSE HEARINGDATE END"},
        "are one and the same",
    ),
    "a linkage field for nobody": ("CAFE_ECMS_PEOPLE", {"ALF_PE": "coalesce(ALF_PE, 0)"}, "are one and the same"),
    "sexes of the register": ("WDSD_AR_PERS", {"GNDR_CD": "3 - GNDR_CD"}, "resident_of_other_sex"),
    "fifths": ("LSOA_DEPRIVATION", {"DEPRIVATION_QUINTILE": "6 - DEPRIVATION_QUINTILE"}, "quintile_against_income"),
    "people in thousands": ("AREA_POPULATION", {"POPULATION": "POPULATION // 1000"}, "more_births_than_small_children"),
    "grams": ("NCCH_CHILD_BIRTHS", {"BIRTH_WEIGHT": "1000 * BIRTH_WEIGHT"}, "numbers that this column can hold"),
    "years as such": ("LACW_EPISODE_MAIN", {"YEAR_CODE": "YEAR_CODE // 100"}, "numbers that this column can hold"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKEN)
def test_columns_that_are_taken_for_one_another_stop(world: Path, tmp_path: Path, kind: str) -> None:
    """Every value can be; only that so many are is a sign."""
    table, values, sign = MISTAKEN[kind]
    damaged(world, tmp_path, table, values)
    said = error_of(tmp_path)
    assert sign in said
    assert all(f"{table}.{name}" in said for name in values)
    assert "failing_shares" in said
    assert not (tmp_path / "ready").exists()
