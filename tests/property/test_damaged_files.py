"""Whatever is done to a file: the same table, the same with counted repairs, or an error that names table and column.

A value that changes in silence is what must not be.
"""

from __future__ import annotations

import csv
import datetime
import io
import tempfile
import zoneinfo
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from family_justice.contracts import SourceColumn, Table
from family_justice.errors import ContractError
from family_justice.sources.files import snapshot
from family_justice.sources.reading import Reading

SMALL = Table(
    name="SMALL",
    description="People.",
    row="one person",
    source="assumption",
    columns={
        "ID_E": SourceColumn(
            type="integer", key=True, required=True, sensitivity="identifier", description="Identifier."
        ),
        "ALF_E": SourceColumn(type="string", sensitivity="identifier", description="Linkage."),
        "SEX": SourceColumn(type="string", codes={"F": "Female", "M": "Male"}, description="Sex."),
        "ASKED": SourceColumn(type="string", codes={"NA": "Not asked", "A": "Asked"}, description="Asked."),
        "NAME": SourceColumn(type="string", description="Name."),
        "BORN": SourceColumn(type="date", description="Born."),
        "SEEN": SourceColumn(type="timestamp", description="Seen."),
        "ISPARTY": SourceColumn(type="integer", codes={"0": "No", "1": "Yes"}, description="Party."),
        "SCORE": SourceColumn(type="number", description="Score."),
    },
)
FORMS = {"%Y-%m-%d": "%Y-%m-%d %H:%M:%S", "%d/%m/%Y": "%d/%m/%Y %H:%M:%S", "%d%b%Y": "%d%b%Y %H:%M:%S"}
MARKS, ENCODINGS = (",", ";", "\t", "|"), ("utf-8", "utf-8-sig", "utf-16", "cp1252")
BLANKS, WORDS = (" ", "\t", "\u00a0", "  "), ("NULL", "na", "N/A", ".", "\\N", "(null)", "NaN", " ")


@dataclass
class Damage:
    """How a file is written, and whether its source says so."""

    mark: str = ","
    told_mark: str = ","
    encoding: str = "utf-8"
    told_encoding: str = "utf-8"
    form: str = "%Y-%m-%d"
    is_form_told: bool = True
    line_end: str = "\n"
    quoting: int = csv.QUOTE_MINIMAL
    header: bool = True
    index: bool = False
    ends: bool = False
    are_ends_told: bool = True
    renamed: dict[str, str] = field(default_factory=dict)
    is_renamed_told: bool = True
    blanks: dict[str, str] = field(default_factory=dict)  # column: what stands before and after its values
    words: dict[str, str] = field(default_factory=dict)  # column: what stands for a missing value
    flag: tuple[str, str] = ("0", "1")
    floats: bool = False
    cut: bool = False


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    columns = list(SMALL.columns)
    mark, encoding = draw(st.sampled_from(MARKS)), draw(st.sampled_from(ENCODINGS))
    return Damage(
        mark=mark,
        told_mark=draw(st.sampled_from((mark, mark, ",", ";"))),
        encoding=encoding,
        told_encoding=draw(st.sampled_from((encoding, encoding, "utf-8", "cp1252", "utf-16"))).removesuffix("-sig"),
        form=draw(st.sampled_from(list(FORMS))),
        is_form_told=draw(st.booleans()),
        line_end=draw(st.sampled_from(("\n", "\r\n"))),
        quoting=draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))),
        header=draw(st.integers(0, 9)) > 0,
        index=draw(st.booleans()),
        ends=draw(st.booleans()),
        are_ends_told=draw(st.booleans()),
        renamed=draw(st.dictionaries(st.sampled_from(columns[2:]), st.sampled_from(("X", "y z", "NAMES")), max_size=1)),
        is_renamed_told=draw(st.booleans()),
        blanks=draw(st.dictionaries(st.sampled_from(columns), st.sampled_from(BLANKS), max_size=3)),
        words=draw(st.dictionaries(st.sampled_from(columns[1:]), st.sampled_from(WORDS), max_size=3)),
        flag=draw(st.sampled_from((("0", "1"), ("FALSE", "TRUE"), ("n", "Y"), ("0.0", "1.0"), ("-1", "1")))),
        floats=draw(st.integers(0, 5)) == 0,
        cut=draw(st.integers(0, 5)) == 0,
    )


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


#: Long enough to be looked for in a message, with what must be quoted and what is not ASCII.
names = st.text("abc,;|\t\"'\n \u00e9\u20ac", min_size=0, max_size=6).map(lambda inside: f"Zq{inside}qZ")
seconds = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
people = st.lists(
    st.fixed_dictionaries(
        {
            "ID_E": st.integers(-(2**63), 2**63 - 1) | st.integers(2**53 - 3, 2**53 + 3),
            "ALF_E": optional(st.integers(0, 2**60).map(str)),
            "SEX": optional(st.sampled_from("FM")),
            "ASKED": optional(st.sampled_from(("NA", "A"))),
            "NAME": optional(names),
            "BORN": optional(st.dates(datetime.date(1900, 1, 1), datetime.date(8000, 1, 1))),
            "SEEN": optional(seconds),
            "ISPARTY": optional(st.integers(0, 1)),
            "SCORE": optional(st.floats(-1e6, 1e6)),
        }
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda person: person["ID_E"],
)


def cell(name: str, value: Any, damage: Damage) -> str:
    """Return a value as the damaged file has it."""
    if value is None:
        return damage.words.get(name, "")
    text = str(value)
    if name == "BORN":
        text = value.strftime(damage.form).replace(f"{value:%Y}", f"{value.year:04}")
    elif name == "SEEN":
        text = value.strftime(FORMS[damage.form])
    elif name == "ISPARTY":
        text = damage.flag[value]
    elif name in ("ID_E", "ALF_E") and damage.floats:
        text = repr(float(value))
    elif name == "SCORE":
        text = repr(value)
    if name in ("BORN", "SEEN") and damage.cut:
        text = text.replace(f"{value.year:04}", f"{value.year % 100:02}")
    return f"{damage.blanks.get(name, '')}{text}{damage.blanks.get(name, '')}"


def file_of(rows: list[dict[str, Any]], damage: Damage) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=damage.mark, quoting=damage.quoting, lineterminator=damage.line_end)
    names_there = [
        damage.renamed.get(name, name.replace("_E", "_PE") if damage.ends else name) for name in SMALL.columns
    ]
    if damage.header:
        writer.writerow([*([""] if damage.index else []), *names_there])
    for number, row in enumerate(rows):
        cells = [cell(name, row[name], damage) for name in SMALL.columns]
        writer.writerow([*([str(number)] if damage.index else []), *cells])
    return stream.getvalue().encode(damage.encoding)


def reading_of(damage: Damage) -> Reading:
    return Reading(
        delimiter=damage.told_mark,
        encoding=damage.told_encoding,
        date_format=damage.form if damage.is_form_told and damage.form != "%Y-%m-%d" else None,
        suffixes={"_E": "_PE"} if damage.ends and damage.are_ends_told else {},
        renamed=damage.renamed if damage.is_renamed_told else {},
    )


def repairs_of(rows: list[dict[str, Any]], damage: Damage) -> dict[tuple[str, str], int]:
    """Return how many cells of each column must be repaired, and counted."""
    wanted: dict[tuple[str, str], int] = {}
    for name in SMALL.columns:
        missing = sum(row[name] is None for row in rows)
        if damage.words.get(name, "") and missing:
            wanted[name, "missing"] = missing
        there = len(rows) - missing
        if name == "ALF_E" and damage.floats and there:
            wanted[name, "whole"] = there
        elif name == "ISPARTY" and damage.flag[0].isalpha() and there:
            wanted[name, "flag"] = there
        elif damage.blanks.get(name) and there:
            wanted[name, "trimmed"] = there
    return wanted


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@example([{**dict.fromkeys(SMALL.columns), "ID_E": 2**53 + 1}], Damage(floats=True))
@example(
    [{**dict.fromkeys(SMALL.columns), "ID_E": 1, "BORN": datetime.date(2012, 3, 4)}], Damage(form="%d/%m/%Y", cut=True)
)
@example([{**dict.fromkeys(SMALL.columns), "ID_E": 1, "ASKED": "NA"}], Damage(words={"ASKED": "na"}))
@given(people, damages())
def test_a_damaged_file_is_the_same_table_or_an_error_that_names_it(rows: list[dict[str, Any]], damage: Damage) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "small.csv").write_bytes(file_of(rows, damage))
        readings = {"SMALL": reading_of(damage)}
        try:
            made = snapshot({"SMALL": SMALL}, {"SMALL": folder / "small.csv"}, folder / "raw", readings=readings)
        except ContractError as error:
            said = str(error)
            assert "SMALL (small.csv): " in said
            assert "Zq" not in said
            known = [*SMALL.columns, "the file", "the first line", "the columns are parted by", "the header"]
            assert all(any(word in line for word in known) for line in said.splitlines() if line.startswith("  - "))
            assert list((folder / "raw").iterdir()) == []
            return
        found = pq.read_table(folder / "raw" / "SMALL.parquet").to_pylist()
    assert found == rows
    assert {(repair.column, repair.repair): repair.rows for repair in made.repairs} == repairs_of(rows, damage)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(people, damages())
def test_what_the_source_tells_is_read(rows: list[dict[str, Any]], damage: Damage) -> None:
    """With everything told, and nothing that no key can mend, there is no error."""
    told = Damage(**{
        **vars(damage),
        "told_mark": damage.mark,
        "told_encoding": damage.encoding.removesuffix("-sig"),
        "is_form_told": True,
        "are_ends_told": True,
        "is_renamed_told": True,
        "words": {name: word for name, word in damage.words.items() if name != "ASKED"},
        "flag": damage.flag if damage.flag[0] != "-1" else ("0", "1"),
        "header": True,
        "floats": False,
        "cut": False,
    })  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "small.csv").write_bytes(file_of(rows, told))
        readings = {"SMALL": reading_of(told)}
        made = snapshot({"SMALL": SMALL}, {"SMALL": folder / "small.csv"}, folder / "raw", readings=readings)
        assert pq.read_table(folder / "raw" / "SMALL.parquet").to_pylist() == rows
    assert {(repair.column, repair.repair): repair.rows for repair in made.repairs} == repairs_of(rows, told)


# --- Parquet: the same values in other types --------------------------------------------------------------------------

IN_UTC, IN_LONDON = pa.timestamp("us", "UTC"), pa.timestamp("us", "Europe/London")
#: Types in which a program may have written a column; None: as text.
TYPES: dict[str, tuple[pa.DataType | None, ...]] = {
    "ID_E": (pa.int64(), pa.float64(), pa.float32(), pa.decimal128(31, 0), None),
    "ALF_E": (pa.string(), pa.int64(), pa.float64(), pa.float32(), pa.large_string(), pa.binary()),
    "SEX": (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())),
    "ASKED": (pa.string(), pa.large_string()),
    "NAME": (pa.string(), pa.large_string(), pa.binary()),
    "BORN": (pa.date32(), pa.date64(), pa.timestamp("us"), IN_UTC, IN_LONDON, pa.int64(), None),
    "SEEN": (pa.timestamp("us"), pa.timestamp("ms"), IN_UTC, IN_LONDON, None),
    "ISPARTY": (pa.int64(), pa.int8(), pa.bool_(), pa.float64(), None),
    "SCORE": (pa.float64(), None),
}
LONDON = zoneinfo.ZoneInfo("Europe/London")
#: Mostly the usual type, or one column of many would always be the one that is refused.
types = st.fixed_dictionaries({name: st.sampled_from((ways[0],) * 6 + ways) for name, ways in TYPES.items()})


def column_of(name: str, values: list[Any], kind: pa.DataType | None) -> pa.Array:
    """Return a column as a program with other types would have written it."""
    if kind is None:
        return pa.array([value if value is None else str(value) for value in values], pa.string())
    if name == "ALF_E" and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        values = [None if value is None else int(value) for value in values]
    if pa.types.is_floating(kind):  # as NumPy does it: without a word
        values = [None if value is None else float(value) for value in values]
    if pa.types.is_binary(kind):
        values = [None if value is None else value.encode() for value in values]
    if name == "BORN" and pa.types.is_integer(kind):
        values = [None if value is None else value.toordinal() for value in values]
    if pa.types.is_timestamp(kind):
        values = [v if v is None else datetime.datetime(*v.timetuple()[:6]) for v in values]
        if kind.tz is not None:  # midnight of a day, or a time on the clock, in Britain
            values = [v if v is None else v.replace(tzinfo=LONDON).astimezone(datetime.UTC) for v in values]
    if pa.types.is_boolean(kind):
        values = [None if value is None else bool(value) for value in values]
    return pa.array(values, kind)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(people, types, st.sampled_from((None, "Europe/London")))
def test_other_types_are_the_same_table_or_an_error_that_names_the_column(
    rows: list[dict[str, Any]], kinds: dict[str, pa.DataType | None], zone: str | None
) -> None:
    table = pa.table({name: column_of(name, [row[name] for row in rows], kind) for name, kind in kinds.items()})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(table, folder / "small.parquet")
        readings = {"SMALL": Reading(time_zone=zone)}
        try:
            made = snapshot({"SMALL": SMALL}, {"SMALL": folder / "small.parquet"}, folder / "raw", readings=readings)
        except ContractError as error:
            lines = [line for line in str(error).splitlines() if line.startswith("  - ")]
            assert all(line.startswith("  - SMALL (small.parquet): column '") for line in lines)
            return
        found = pq.read_table(folder / "raw" / "SMALL.parquet").to_pylist()
    assert made.repairs == []
    if zone is None and kinds["SEEN"] == IN_UTC:  # the clock that is written, on the same day
        for row, was in zip(found, rows, strict=True):
            assert row["SEEN"] is None or row["SEEN"].date() == was["SEEN"].date()
            row["SEEN"] = was["SEEN"]
    assert found == rows
