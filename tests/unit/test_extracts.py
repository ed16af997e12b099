"""An extract is read as its source says it is written; what differs in silence is an error that says what to write."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from family_justice.config.load import Configuration, parse, read_yaml
from family_justice.config.source_files import check_place, check_words, declared_tables
from family_justice.config.sources import FilesSource, Source
from family_justice.contracts import SourceColumn, Table, source_tables
from family_justice.errors import ConfigError, ContractError
from family_justice.files import connect
from family_justice.sources.files import Snapshot, snapshot
from family_justice.sources.load import load_source
from family_justice.sources.reading import Reading

PERSON = Table(
    name="PERSON",
    description="People.",
    row="one person",
    source="assumption",
    columns={
        "ID_E": SourceColumn(
            type="integer", key=True, required=True, sensitivity="identifier", description="Identifier."
        ),
        "SEX": SourceColumn(type="string", codes={"F": "Female", "M": "Male"}, description="Sex."),
        "ASKED": SourceColumn(type="string", codes={"NA": "Not asked", "A": "Asked"}, description="Asked."),
        "NAME": SourceColumn(type="string", description="Name."),
        "ALF_E": SourceColumn(type="string", sensitivity="identifier", description="Linkage."),
        "BORN": SourceColumn(type="date", description="Born."),
        "SEEN": SourceColumn(type="timestamp", description="Seen."),
        "ISPARTY": SourceColumn(type="integer", codes={"0": "No", "1": "Yes"}, description="Party."),
        "OPEN": SourceColumn(type="string", codes={"false": "No", "true": "Yes"}, description="Open."),
        "SCORE": SourceColumn(type="number", description="Score."),
    },
)
HEADER = ",".join(PERSON.columns)
ROW = {
    "ID_E": "1",
    "SEX": "F",
    "NAME": "Si\u00e2n",
    "BORN": "1985-01-07",
    "SEEN": "2015-01-05 10:30:00",
    "SCORE": "0.5",
}


def line(**cells: str) -> str:
    return ",".join({"ID_E": "1", **cells}.get(name, "") for name in PERSON.columns)


def text(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def read(folder: Path, content: str | bytes | pa.Table, **reading: Any) -> tuple[list[dict[str, Any]], Snapshot]:
    path = folder / ("person.parquet" if isinstance(content, pa.Table) else "person.csv")
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    made = snapshot({"PERSON": PERSON}, {"PERSON": path}, folder / "raw", readings={"PERSON": Reading(**reading)})
    return pq.read_table(folder / "raw" / "PERSON.parquet").to_pylist(), made


def refused(folder: Path, content: str | bytes | pa.Table, **reading: Any) -> str:
    with pytest.raises(ContractError) as caught:
        read(folder, content, **reading)
    assert "PERSON (person." in str(caught.value)
    return str(caught.value)


def repairs(made: Snapshot) -> set[tuple[str, str, int]]:
    return {(repair.column, repair.repair, repair.rows) for repair in made.repairs}


def parquet(**columns: Any) -> pa.Table:
    usual = {name: pa.array([None], pa.string()) for name in PERSON.columns}
    return pa.table({**usual, "ID_E": pa.array([1]), **columns})


def test_blanks_and_words_for_missing_are_repaired_and_counted(tmp_path: Path) -> None:
    rows, made = read(
        tmp_path,
        text(
            line(ID_E="1", SEX=" F", NAME=' "x"', BORN="\t1985-01-07 ", ISPARTY="1 ", SCORE="\u00a00.5"),
            line(ID_E="2", SEX="  ", NAME="null", BORN=".", SEEN="\\N", ISPARTY="NA", SCORE="NaN", ALF_E="(NULL)"),
            line(ID_E="3", NAME="None", ALF_E="-"),
        ).replace('"', "'"),
    )
    assert [row["NAME"] for row in rows] == ["'x'", None, "None"]
    assert (rows[0]["SEX"], rows[0]["BORN"], rows[0]["ISPARTY"], rows[0]["SCORE"]) == (
        "F",
        datetime.date(1985, 1, 7),
        1,
        0.5,
    )
    assert rows[1] == {name: None for name in PERSON.columns} | {"ID_E": 2}
    assert repairs(made) == {(name, "trimmed", 1) for name in ("SEX", "NAME", "BORN", "ISPARTY", "SCORE")} | {
        (name, "missing", 1) for name in ("SEX", "NAME", "BORN", "SEEN", "ISPARTY", "SCORE", "ALF_E")
    }


def test_a_declared_code_is_never_a_word_for_missing(tmp_path: Path) -> None:
    rows, made = read(tmp_path, text(line(ASKED="NA")))
    assert (rows[0]["ASKED"], made.repairs) == ("NA", [])
    assert "column 'ASKED' holds an unknown code in 1 row" in refused(tmp_path, text(line(ASKED="na")))


def test_other_words_for_missing(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, text(line(NAME="NA", ALF_E="unknown")), missing=("Unknown",))
    assert (rows[0]["NAME"], rows[0]["ALF_E"]) == ("NA", None)
    said = refused(tmp_path, text(line(ID_E="NULL")))
    assert "required column 'ID_E' is empty in 1 row. In 1 row it is blank or one of the words for missing" in said


def test_values_are_mapped_and_counted(tmp_path: Path) -> None:
    values = {"SEX": {"FEMALE": "F", "U": None}, "ISPARTY": {"-1": "1"}, "SCORE": {"high": "3"}}
    content = text(line(SEX="FEMALE ", ISPARTY="-1", SCORE="high"), line(ID_E="2", SEX="U", ISPARTY="0"))
    rows, made = read(tmp_path, content, values=values)
    assert [(row["SEX"], row["ISPARTY"], row["SCORE"]) for row in rows] == [("F", 1, 3.0), (None, 0, None)]
    assert repairs(made) == {("SEX", "values", 2), ("ISPARTY", "values", 1), ("SCORE", "values", 1)}
    rows, _ = read(tmp_path, parquet(ISPARTY=pa.array([32.0])), values={"ISPARTY": {"32": "1"}})
    assert rows[0]["ISPARTY"] == 1


@pytest.mark.parametrize(
    ("word", "flag"), [("TRUE", 1), ("True", 1), ("Y", 1), ("yes", 1), ("F", 0), ("no", 0), ("0", 0)]
)
def test_words_of_flags(word: str, flag: int, tmp_path: Path) -> None:
    rows, made = read(tmp_path, text(line(ISPARTY=word, OPEN=word)))
    assert (rows[0]["ISPARTY"], rows[0]["OPEN"]) == (flag, "true" if flag else "false")
    assert ("OPEN", "flag", 1) in repairs(made)
    assert (("ISPARTY", "flag", 1) in repairs(made)) == (word != "0")
    said = refused(tmp_path, text(line(ISPARTY="perhaps")))
    assert "column 'ISPARTY' cannot be read as integer in 1 row. If these are words for its codes (0, 1)" in said


def test_names_are_found_by_map_and_by_ends(tmp_path: Path) -> None:
    content = text(line(**ROW)).replace("ID_E", "ID_PE").replace("ALF_E", "alf_pe").replace("BORN", "DOB")
    content = content.replace(",SCORE", "").replace(",0.5", "")
    rows, _ = read(tmp_path, content, suffixes={"_E": "_PE"}, renamed={"BORN": "dob", "SCORE": None})
    assert (rows[0]["ID_E"], rows[0]["BORN"], rows[0]["SCORE"]) == (1, datetime.date(1985, 1, 7), None)


def test_what_would_settle_the_names_can_be_pasted(tmp_path: Path) -> None:
    content = text(line(**ROW)).replace("ID_E", "ID_PE").replace("ALF_E", "ALF_PE").replace("BORN", "B_ORN")
    content = content.replace("SEEN", "SEENN").replace("SCORE", "PTS").replace("NAME", "CAPTION")
    said = refused(
        tmp_path, content, renamed={"NAME": "LABEL"}, written={"path": "a b.csv", "columns": {"NAME": "LABEL"}}
    )
    assert "'ID_E', 'LABEL' (for NAME), 'ALF_E', 'BORN', 'SEEN', 'SCORE' are missing. There are: ID_PE, SEX" in said
    assert said.partition("file of the source:\n\n")[2].splitlines() == [
        "suffixes: {_E: _PE}",
        "renamed:",
        "  PERSON:",
        '    path: "a b.csv"',
        "    columns:",
        "      NAME: CAPTION",
        "      BORN: B_ORN",
        "      SEEN: SEENN  # the most alike",
        "      SCORE: null  # left empty, if there is none",
    ]


@pytest.mark.parametrize(("mark", "written"), [(";", '";"'), ("\t", '"\\t"'), ("|", '"|"')])
def test_another_delimiter_is_named(mark: str, written: str, tmp_path: Path) -> None:
    content = text(line(**ROW)).replace(",", mark)
    said = refused(tmp_path, content)
    assert said.startswith("files source: 1 problem\n")
    assert said.endswith(f"write `delimiter: {written}`.")
    assert read(tmp_path, content, delimiter=mark)[0] == read(tmp_path, text(line(**ROW)))[0]
    assert refused(tmp_path, text(line(**ROW)), delimiter=mark).endswith('write `delimiter: ","`.')


@pytest.mark.parametrize(
    ("encoded", "told", "said"),
    [
        ("utf-16", "utf-8", "the file is UTF-16: write `encoding: utf-16`"),
        ("utf-16-le", "utf-8", "the file is UTF-16: write `encoding: utf-16-le`"),
        ("utf-16-be", "utf-8", "the file is UTF-16: write `encoding: utf-16-be`"),
        ("cp1252", "utf-8", "is not UTF-8 (line 2); it looks like Windows-1252: write `encoding: windows-1252`"),
        ("utf-8", "cp1252", "it is UTF-8. Leave 'encoding' out"),
        ("utf-8", "utf-16", "is not utf-16, as 'encoding' says"),
        ("cp1252", "utf-16", "is not utf-16, as 'encoding' says"),
    ],
)
def test_another_encoding_is_named(encoded: str, told: str, said: str, tmp_path: Path) -> None:
    content = text(line(**ROW)).encode(encoded)
    found = refused(tmp_path, content, encoding=told)
    assert said in found
    assert "1 problem\n" in found
    assert read(tmp_path, content, encoding=encoded)[0][0]["NAME"] == "Si\u00e2n"


def test_what_other_programs_put_around_a_table(tmp_path: Path) -> None:
    """Pandas names no index column: it is passed over. R gives rows names, Excel writes a first line."""
    plain = read(tmp_path, text(line(**ROW)))[0]
    for empty in ("", '""'):
        assert read(tmp_path, f"{empty},{HEADER}\n0,{line(**ROW)}\n")[0] == plain
    assert "R writes row names so" in refused(tmp_path, f"{HEADER}\n0,{line(**ROW)}\n")
    assert 'remove that line and write `delimiter: ";"`' in refused(tmp_path, f"sep=;\n{text(line())}")
    assert "the header has 'SEX' more than once" in refused(tmp_path, text(line()).replace("NAME", "SEX"))
    euro = text(line(NAME="\u20ac")).encode("cp1252")
    assert "it looks like Windows-1252" in refused(tmp_path, euro, encoding="iso8859-1")
    two = "of its lines that are not plain ASCII, 1 UTF-8 and 1 not, of which the first is line 3"
    content = text(line(**ROW)).encode() + line(ID_E="2", NAME="Zo\u00eb").encode("cp1252")
    assert two in refused(tmp_path, content)


@pytest.mark.parametrize("cell", ["04/03/12", "85-03-04", "4.3.12", "04MAR12", "04-Mar-12"])
def test_years_of_two_digits_are_refused(cell: str, tmp_path: Path) -> None:
    for told in (None, "%d/%m/%Y", "%d-%m-%Y", "%d%b%Y"):
        said = refused(tmp_path, text(line(BORN=cell, SEEN=f"{cell} 10:30")), date_format=told)
        for column in ("BORN", "SEEN"):
            assert f"column '{column}' cannot be read as" in said
        assert said.count("in 1 row: 1 row with a year of two digits, which leaves the century open") == 2
        assert cell not in said


@pytest.mark.parametrize(
    ("cell", "form"),
    [("14/03/2012", "%d/%m/%Y"), ("03-14-2012", "%m-%d-%Y"), ("14MAR2012", "%d%b%Y"), ("20120314", "%Y%m%d")],
)
def test_another_form_of_dates_is_named_and_read(cell: str, form: str, tmp_path: Path) -> None:
    content = text(line(BORN=cell, SEEN=cell))
    assert f'Write `date_format: "{form}"`' in refused(tmp_path, content)
    rows, made = read(tmp_path, content, date_format=form)
    assert (rows[0]["BORN"], rows[0]["SEEN"]) == (datetime.date(2012, 3, 14), datetime.datetime(2012, 3, 14))
    assert made.repairs == []


def test_dates_are_never_guessed(tmp_path: Path) -> None:
    assert "it cannot be told from these" in refused(tmp_path, text(line(BORN="04/03/2012")))
    both = text(line(BORN="14/03/2012"), line(ID_E="2", BORN="03/14/2012"))
    assert "some with the day first and some with the month" in refused(tmp_path, both)
    # ISO 8601 beside another form, and times of day; but of two forms that begin with the year only the one told.
    mixed = text(line(BORN="2012-03-04", SEEN="04/03/2012 10:30:15"))
    assert read(tmp_path, mixed, date_format="%d/%m/%Y")[0][0]["SEEN"] == datetime.datetime(2012, 3, 4, 10, 30, 15)
    swapped = text(line(BORN="2012-04-03"), line(ID_E="2", BORN="2012-03-14"))
    assert "cannot be read as date in 1 row" in refused(tmp_path, swapped, date_format="%Y-%d-%m")
    assert read(tmp_path, text(line(BORN="7985-01-07", SEEN="2015-01-05-10.30.00.000000")))[0][0]["SEEN"].hour == 10
    for cell in ("epoch", "infinity", "2015-01-05 or so", "2015-01-05 (BC)", "19850-01-07", "2013-02-29", "41000"):
        assert "column 'BORN' cannot be read as date in 1 row" in refused(tmp_path, text(line(BORN=cell)))


SUMMER = datetime.datetime(1985, 6, 30, 23)  # in UTC; the first of July in Britain


def test_a_day_is_not_lost_between_zones(tmp_path: Path) -> None:
    in_london = parquet(BORN=pa.array([SUMMER], pa.timestamp("us", "Europe/London")))
    assert read(tmp_path, in_london)[0][0]["BORN"] == datetime.date(1985, 7, 1)
    in_utc = parquet(BORN=pa.array([SUMMER], pa.timestamp("us", "UTC")))
    as_text = text(line(SEEN="1985-06-30T23:00:00Z"))
    assert "column 'BORN' has a time in UTC whose day in Britain is another in 1 row" in refused(tmp_path, in_utc)
    assert "column 'SEEN' has a time in UTC whose day in Britain is another in 1 row" in refused(tmp_path, as_text)
    for zone, day in (("Europe/London", 1), ("UTC", 30)):
        assert read(tmp_path, in_utc, time_zone=zone)[0][0]["BORN"].day == day
        assert read(tmp_path, as_text, time_zone=zone)[0][0]["SEEN"].day == day
    # The clock that is written, with its distance from UTC, is the one that is meant.
    written = text(line(BORN="1985-07-01 00:00:00+01:00", SEEN="1985-07-01T00:30:00+0100"))
    rows, _ = read(tmp_path, written)
    assert (rows[0]["BORN"].day, rows[0]["SEEN"]) == (1, datetime.datetime(1985, 7, 1, 0, 30))


def test_the_zone_of_the_machine_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.datetime(2015, 7, 5, 10, 30)
    table = parquet(
        SEEN=pa.array([moment], pa.timestamp("us", "UTC")), NAME=pa.array([moment], pa.timestamp("us", "UTC"))
    )
    found = []
    for zone in ("UTC", "Asia/Tokyo"):

        def connected(zone: str = zone) -> Any:
            connection = connect()
            connection.execute(f"SET TimeZone = '{zone}'")  # as DuckDB takes it from the machine
            return connection

        monkeypatch.setattr("family_justice.sources.files.connect", connected)
        found += read(tmp_path, table)[0]
        found += read(tmp_path, table, values={"SEEN": {"unused": None}})[0]
    assert [row["SEEN"] for row in found] == [moment] * 4
    assert len({row["NAME"] for row in found}) == 1


def test_identifiers_that_went_through_floating_point_are_refused(tmp_path: Path) -> None:
    double = "it went through floating point, and beyond 2^53 (1 row) different numbers become one"
    assert double in refused(tmp_path, parquet(ID_E=pa.array([2.0**53])))
    assert double in refused(tmp_path, parquet(ALF_E=pa.array([1e18])))
    assert double in refused(tmp_path, text(line(ID_E="9007199254740993.0")))
    assert "beyond 2^24 (1 row)" in refused(tmp_path, parquet(ID_E=pa.array([2.0**24], pa.float32())))
    for column in ("ID_E", "ALF_E"):
        said = refused(tmp_path, text(line(**{column: "1.23E+18"})))
        assert f"column '{column}' cannot be read" in said
        assert "1 row in the form 1.23E+18, which spreadsheets write" in said
    sound = parquet(ID_E=pa.array([Decimal(2**53 + 1)], pa.decimal128(31, 0)), ALF_E=pa.array([7.0]))
    assert (read(tmp_path, sound)[0][0]["ID_E"], read(tmp_path, sound)[0][0]["ALF_E"]) == (2**53 + 1, "7")
    assert read(tmp_path, text(line(ID_E="9223372036854775807", ALF_E="12.0")))[0][0]["ID_E"] == 2**63 - 1


def test_what_is_no_cell_is_refused(tmp_path: Path) -> None:
    for name, cells in (("NAME", [b"x"]), ("NAME", [["x"]]), ("BORN", [31000]), ("SCORE", [datetime.date(2015, 1, 5)])):
        assert f"column '{name}' cannot be read as" in refused(tmp_path, parquet(**{name: pa.array(cells)}))
    for cell in ("inf", "1_000", "0,5", "1e400"):
        assert "column 'SCORE' cannot be read as number" in refused(tmp_path, text(line(SCORE=f'"{cell}"')))


# --- the file of a source ---------------------------------------------------------------------------------------------


def files(folder: Path, **keys: Any) -> FilesSource:
    written = {"kind": "files", "description": "Toy.", "minimum_policy": "court_records", "folder": str(folder)}
    source = parse({**written, "refresh_date": "2021-12-31", **keys}, Source, "source.yaml")
    check_words(source, Path("source.yaml"))
    assert isinstance(source, FilesSource)
    return source


def test_a_folder_of_files_as_people_have_them(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "adde_deaths.CSV").write_text("ALF_PE;DOD\n 7;31/01/2015\n8; 2015-02-01\n")
    (given / "read me.csv").write_text("x")
    keys = {
        "suffixes": {"_E": "_PE"},
        "renamed": {"ADDE_DEATHS": {"columns": {"DEATH_DT": "DOD"}}},
        "delimiter": {"ADDE_DEATHS": ";"},
        "date_format": "%d/%m/%Y",
    }
    load_source(files(given, **keys), tmp_path, tmp_path / "raw", tmp_path / "manifest.csv")
    rows = pq.read_table(tmp_path / "raw" / "ADDE_DEATHS.parquet").to_pylist()
    assert rows == [
        {"ALF_E": 7, "DEATH_DT": datetime.date(2015, 1, 31)},
        {"ALF_E": 8, "DEATH_DT": datetime.date(2015, 2, 1)},
    ]
    assert (tmp_path / "repairs.csv").read_text().splitlines() == [
        "table,column,repair,rows",
        "ADDE_DEATHS,ALF_E,trimmed,1",
        "ADDE_DEATHS,DEATH_DT,trimmed,1",
    ]


def test_a_column_is_read_once(tmp_path: Path) -> None:
    said = refused(tmp_path, text(line(NAME="x")), renamed={"ALF_E": "NAME"})
    assert "'NAME' would be read as" in said
    assert "ALF_E" in said


def test_a_second_part_of_a_table_is_not_left(tmp_path: Path) -> None:
    for name in ("ADDE_DEATHS.csv", "ADDE_DEATHS_2.csv"):
        (tmp_path / name).write_text("ALF_E,DEATH_DT\n1,2015-01-05\n")
    with pytest.raises(
        ContractError, match=r"ADDE_DEATHS has its file, ADDE_DEATHS.csv, and ADDE_DEATHS_2.csv would be"
    ):
        declared_tables(files(tmp_path), tmp_path)


def test_files_that_could_be_passed_over_are_told(tmp_path: Path) -> None:
    (tmp_path / "ADDE_DEATHS_20240111.csv").write_text("ALF_E,DEATH_DT\n")
    (tmp_path / "EDDS_EDDS.csv").write_text("x\n")
    (tmp_path / "edds_edds.parquet").write_text("x\n")
    with pytest.raises(ContractError) as caught:
        declared_tables(files(tmp_path, renamed={"EDUW_PUPIL": {"path": "none.csv"}}), tmp_path)
    said = str(caught.value)
    assert 'Write `renamed: {ADDE_DEATHS: {path: "ADDE_DEATHS_20240111.csv"}}`' in said
    assert "EDDS_EDDS has 2 files, EDDS_EDDS.csv and edds_edds.parquet" in said
    assert "renamed: EDUW_PUPIL: " in said
    (tmp_path / "edds_edds.parquet").unlink()
    named = files(tmp_path, renamed={"ADDE_DEATHS": {"path": "ADDE_DEATHS_20240111.csv"}})
    assert set(declared_tables(named, tmp_path)[1]) == {"ADDE_DEATHS", "EDDS_EDDS"}
    with pytest.raises(ConfigError, match="lies under results/"):
        check_place(files(tmp_path, renamed={"EDDS_EDDS": {"path": "results/x.csv"}}), tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"renamed": {"ADDE_DETHS": {}}}, "'ADDE_DETHS' is not a table of this source.*Did you mean 'ADDE_DEATHS'"),
        ({"renamed": {"ADDE_DEATHS": {"columns": {"DOD": "DEATH_DT"}}}}, "Names of the contract stand on the left"),
        ({"values": {"CAFE_ECMS_CASES": {"X": {"a": "b"}}}}, "values: CAFE_ECMS_CASES: 'X' is not a column"),
        ({"values": {"CAFE_CMS_TBLCASEAPPLICATIONMEMBER": {"ISPARTY": {"x": "M"}}}}, "'M' is no code of the contract"),
        ({"values": {"EDDS_EDDS": {"SEX": {1: "1"}}}}, 'write them in quotes, such as "1"'),
        ({"missing": [None]}, 'write them in quotes, such as "null"'),
        ({"delimiter": ";;"}, "write one mark"),
        ({"delimiter": {"ADDE_DETHS": ";"}}, "delimiter: 'ADDE_DETHS' is not a table"),
        ({"encoding": "utf-7000"}, "no such encoding"),
        ({"encoding": "base64"}, "no such encoding"),
        ({"date_format": "%d/%m/%y"}, "a year of two digits"),
        ({"date_format": "DD/MM/YYYY"}, "write day, month and year as %d, %m"),
        ({"time_zone": "London"}, "no such time zone"),
        ({"suffixes": {"": "_PE"}}, "suffixes"),
    ],
)
def test_words_that_cannot_be_right(keys: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        files(tmp_path, **keys)


def test_a_first_line_that_may_be_a_record_is_not_shown(tmp_path: Path) -> None:
    said = refused(tmp_path, f"{line(ID_E='7', NAME='Smith', ALF_E='Cardiff')}\n{line(ID_E='8')}\n")
    assert "the first line has none of the names of the contract, and is not shown" in said
    assert "Wanted: ID_E, SEX" in said
    for cell in ("Smith", "Cardiff", "7", "There are"):
        assert cell not in said
    # Known other spellings are names, and those of a Parquet file always are.
    assert "There are: ITEMID, CAPTION" in refused(tmp_path, "ITEMID,CAPTION\n1,x\n")
    assert "There are: x, y" in refused(tmp_path, pa.table({"x": [1], "y": [2]}))


def test_one_cause_in_many_files_is_told_once(tmp_path: Path) -> None:
    tables = dict(list(source_tables().items())[:7])
    for name, table in tables.items():
        (tmp_path / f"{name}.csv").write_text(";".join(table.columns) + "\n")
    with pytest.raises(ContractError) as caught:
        snapshot(tables, {name: tmp_path / f"{name}.csv" for name in tables}, tmp_path / "raw")
    first, said = str(caught.value).splitlines()
    assert first == "files source: 1 problem"
    assert said.startswith("  - CAFE_CMS_TBLCASE (CAFE_CMS_TBLCASE.csv), ")
    assert said.endswith(' and 4 more: the columns are parted by semicolons: write `delimiter: ";"`.')


def test_a_word_for_a_tab(tmp_path: Path) -> None:
    assert {files(tmp_path, delimiter=word).delimiter for word in ("tab", "\\t", "\t")} == {"\t"}


def test_words_are_checked_before_any_job(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "config.yaml").write_text("source: mine\nstreams: [x]\npolicy: court_records\n")
    (tmp_path / "sources/mine.yaml").write_text(
        "kind: files\ndescription: x\nminimum_policy: court_records\nfolder: given\nrefresh_date: 2021-12-31\n"
        "values: {EDDS_EDDS: {SEXX: {no: '1'}}}\n"
    )
    with pytest.raises(ConfigError, match=r"mine\.yaml.*\n.*'SEXX' is not a column.*Did you mean 'SEX'"):
        Configuration(tmp_path).source("mine")
    assert read_yaml(tmp_path / "sources/mine.yaml")["values"]["EDDS_EDDS"]["SEXX"] == {"no": "1"}


def test_the_view_of_a_snapshot_has_the_columns_of_the_contract_alone(tmp_path: Path) -> None:
    read(tmp_path, text(line(**ROW)).replace("\n", ",more\n"))
    with connect({"found": tmp_path / "raw" / "PERSON.parquet"}) as connection:
        assert [row[0] for row in connection.execute("DESCRIBE found").fetchall()] == list(PERSON.columns)
    assert "ADDE_DEATHS" in source_tables()
