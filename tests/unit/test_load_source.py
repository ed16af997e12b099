"""Whatever kind a source is of, the raw tables of the restricted room are the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from family_justice.analyses.study import describe_study
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.config.sources import FilesSource
from family_justice.contracts import source_tables
from family_justice.errors import ContractError
from family_justice.files import connect
from family_justice.harmonise import harmonise
from family_justice.sources.load import load_source, planted_truth

ROOT = Path(__file__).resolve().parents[2]


def files(folder: Path) -> FilesSource:
    return FilesSource(
        kind="files", description="Toy.", minimum_policy="court_records", folder=str(folder), refresh_date="2021-12-31"
    )


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    source = Configuration(ROOT / "config").source("synthetic").model_copy(update={"scale": 0.01})
    load_source(source, ROOT, folder / "raw", folder / "manifest.csv")
    return folder


@pytest.mark.slow
def test_files_give_the_same_research_ready_tables_as_the_source_they_came_from(
    synthetic: Path, tmp_path: Path
) -> None:
    # Half of the tables as CSV, half as Parquet, as a researcher might have them.
    given = tmp_path / "given"
    given.mkdir()
    tables = [path for path in sorted((synthetic / "raw").glob("*.parquet")) if path.stem in source_tables()]
    for number, path in enumerate(tables):
        kind = "CSV, HEADER" if number % 2 else "PARQUET"
        target = given / f"{path.stem}.{'csv' if number % 2 else 'parquet'}"
        duckdb.sql(f"COPY (SELECT * FROM read_parquet('{path}')) TO '{target}' (FORMAT {kind})")
    load_source(files(given), ROOT, tmp_path / "raw", tmp_path / "manifest.csv")
    codelists = ROOT / "config/codelists"
    harmonise(synthetic / "raw", tmp_path / "ready", tmp_path / "quality.csv", codelists)
    harmonise(tmp_path / "raw", tmp_path / "again", tmp_path / "quality_again.csv", codelists)
    for path in sorted((tmp_path / "ready").glob("*.parquet")):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


@pytest.mark.slow
def test_an_extract_that_differs_in_every_way_gives_the_same_bytes(synthetic: Path, tmp_path: Path) -> None:
    """Ends of names, dates, delimiter and encoding, padding, words for missing and for flags: told, or known."""
    given, plain = tmp_path / "given", tmp_path / "plain"
    given.mkdir()
    plain.mkdir()
    tables = {path.stem: path for path in sorted((synthetic / "raw").glob("*.parquet")) if path.stem in source_tables()}
    for name, path in tables.items():
        cells = []
        for column, declared in source_tables()[name].columns.items():
            text = f'CAST("{column}" AS VARCHAR)'
            if declared.type == "date":
                text = f"strftime(\"{column}\", '%d/%m/%Y')"
            elif declared.type == "timestamp":
                text = f"strftime(\"{column}\", '%d/%m/%Y %H:%M:%S')"
            elif declared.type == "integer" and set(declared.codes or ()) == {"0", "1"}:
                text = f"CASE \"{column}\" WHEN 1 THEN 'TRUE' WHEN 0 THEN 'FALSE' END"
            is_word_a_code = "null" in {code.lower() for code in declared.codes or ()}
            missing = "''" if is_word_a_code else "'NULL'"
            ours = column.lower()
            theirs = f"{ours[:-2]}_pe" if ours.endswith("_e") else ours
            cells.append(f"coalesce({text} || '  ', {missing}) AS \"{theirs}\"")
        target = given / f"{name}.csv"
        duckdb.sql(f"COPY (SELECT {', '.join(cells)} FROM read_parquet('{path}')) TO '{target}' (HEADER, DELIM ';')")
        target.write_text(target.read_text(encoding="utf-8"), encoding="utf-16")
        (plain / path.name).write_bytes(path.read_bytes())
    told = {"suffixes": {"_E": "_PE"}, "date_format": "%d/%m/%Y", "delimiter": ";", "encoding": "utf-16"}
    load_source(files(given).model_copy(update=told), ROOT, tmp_path / "one", tmp_path / "manifest.csv")
    load_source(files(plain), ROOT, tmp_path / "two", tmp_path / "other" / "manifest.csv")
    assert [
        n
        for n in tables
        if (tmp_path / f"one/{n}.parquet").read_bytes() != (tmp_path / f"two/{n}.parquet").read_bytes()
    ] == []
    lines = (tmp_path / "repairs.csv").read_text().splitlines()
    assert {line.split(",")[2] for line in lines[1:]} == {"trimmed", "missing", "flag"}
    assert (tmp_path / "other" / "repairs.csv").read_text() == "table,column,repair,rows\n"


def test_manifest_lists_every_table_with_its_rows(synthetic: Path) -> None:
    lines = (synthetic / "manifest.csv").read_text().splitlines()
    assert lines[0] == "table,rows,refresh,sha256"
    rows = {line.split(",")[0]: int(line.split(",")[1]) for line in lines[1:]}
    with connect({"t": synthetic / "raw" / "CAFE_ECMS_CASES.parquet"}) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(rows["CAFE_ECMS_CASES"],)]


def test_an_empty_folder_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(
        ContractError, match=r"none of the \d+ court tables is there; expected files such as CAFE_CMS_TBLCASE"
    ):
        load_source(files(tmp_path), ROOT, tmp_path / "raw", tmp_path / "manifest.csv")


def test_a_files_source_needs_a_folder_or_tables() -> None:
    with pytest.raises(ValidationError, match=r"write 'folder', .*, or 'tables'"):
        FilesSource(kind="files", description="Toy.", minimum_policy="court_records")


def test_truth_is_planted_in_the_synthetic_source_only(tmp_path: Path) -> None:
    configuration = Configuration(ROOT / "config")
    planted = {row["parameter_set"] for row in planted_truth(configuration.source("synthetic"), ROOT)}
    assert planted >= {"return_new_child", "return_existing_child", "placement_order", "depression_child"}
    assert planted_truth(configuration.source("replication"), ROOT) == []


def test_records_have_no_planted_truth_to_be_compared_with() -> None:
    configuration = Configuration(ROOT / "config")
    stream = configuration.stream("recurrence")
    covariates = covariates_of(stream, configuration.covariates())
    policy = configuration.policy("court_records")
    described = {
        name: describe_study(stream, covariates, (name, source), policy, {})["comparisons"]
        for name, source in (("synthetic", configuration.source("synthetic")), ("mine", files(Path("mine"))))
    }
    planted = {"planted_new_child", "planted_existing_child", "planted_wales"}
    assert set(described["synthetic"]) == {*planted, "published_return"}
    assert set(described["mine"]) == {"published_return"}
