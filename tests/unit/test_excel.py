"""The workbook of a page: every table, every released row, what they mean, and nothing that runs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import release_samples as samples

from family_justice.figures.draw import has_figure
from family_justice.files import write_text
from family_justice.measures import MEASURES
from family_justice.report import pages, site
from family_justice.report.tables.page_tables import Cell, Row, Table
from family_justice.report.writers.excel import write_workbook
from family_justice.results import COLUMNS, meanings, read_results

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SMALL = Table(
    "Children: <all> & some",
    ["Area", "Children", "Percent", "p"],
    [
        Row("Wales", [Cell("7\u202f305"), Cell("5.4%", sub="4.9 to 5.9\n6\u202f585"), Cell("<0.001")]),
        Row("Change", [Cell("\u22123"), Cell("\u22120.25"), Cell("withheld", withheld=True)], indent=True),
    ],
    ["A note."],
)


def read(path: Path) -> dict[str, list[list[str | float]]]:
    """Return the cells of each sheet by its name, found as a spreadsheet program finds them: by relations."""
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            ElementTree.fromstring(parts.read(name))  # each part is well formed
        targets = {
            relation.attrib["Id"]: relation.attrib["Target"]
            for relation in ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        }
        typed = parts.read("[Content_Types].xml").decode()
        found = {}
        for sheet in ElementTree.fromstring(parts.read("xl/workbook.xml")).iter(f"{MAIN}sheet"):
            name = targets[sheet.attrib[RELATION]]
            assert f'"/xl/{name}"' in typed
            lines = ElementTree.fromstring(parts.read(f"xl/{name}")).iter(f"{MAIN}row")
            found[sheet.attrib["name"]] = [[_read(cell) for cell in line] for line in lines]
    return found


def _read(cell: ElementTree.Element) -> str | float:
    number = cell.findtext(f"{MAIN}v")
    return float(number) if number is not None else cell.findtext(f"{MAIN}is/{MAIN}t") or ""


def write(path: Path) -> dict[str, list[list[str | float]]]:
    rows = (["measure", "n", "estimate"], [["percent", 5, 0.25], ["percent", None, float("nan")]])
    titled = [("Areas: a title that is longer than a sheet's name", SMALL), ("Areas", SMALL)]
    write_workbook(path, "A study", ["About <it>.\x00"], titled, rows, [("n", "persons")])
    return read(path)


def test_numbers_are_numbers_and_the_rest_is_as_printed(tmp_path: Path) -> None:
    sheet = write(tmp_path / "t.xlsx")["2 Areas"]
    assert sheet[0] == ["Areas"]
    assert sheet[1] == ["Children: <all> & some"]
    assert sheet[2] == SMALL.heads
    assert sheet[3] == ["Wales", 7305.0, "5.4% (4.9 to 5.9; 6\u202f585)", "<0.001"]
    assert sheet[4] == ["Change", -3.0, -0.25, "withheld"]
    assert sheet[-1] == ["A note."]


def test_sheets_have_names_that_a_spreadsheet_takes(tmp_path: Path) -> None:
    names = list(write(tmp_path / "t.xlsx"))
    assert names[0] == "Read me"
    assert names[-2:] == ["Released rows", "Key"]
    assert len(set(names)) == len(names) == 5
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


def test_what_is_missing_is_an_empty_cell(tmp_path: Path) -> None:
    book = write(tmp_path / "t.xlsx")
    assert book["Released rows"] == [["measure", "n", "estimate"], ["percent", 5.0, 0.25], ["percent", "", ""]]
    assert book["Read me"][1] == ["", "About <it>."]


def test_the_same_tables_give_the_same_bytes_without_formula_macro_or_time(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx")
    write(tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any("vba" in name or "docProps" in name for name in parts.namelist())
        assert b"<f>" not in b"".join(parts.read(name) for name in parts.namelist())


def test_the_workbook_of_a_study_has_all_its_rows_its_key_and_its_citation(tmp_path: Path) -> None:
    folder = samples.write_release(tmp_path)
    for name, about in samples.study()["analyses"].items():
        if has_figure(about["kind"]):
            write_text(folder / name / "figure.json", '{"alt": "A", "caption": "C", "width": 7, "height": 4}')
    pages.write_stream_page(folder)
    book = read(folder / "tables.xlsx")
    text = [str(cell) for line in book["Read me"] for cell in line]
    assert f"Cite as: {site.citation(samples.study())}" in text
    heads, *rows = book["Released rows"]
    assert heads == list(COLUMNS)
    released = [read_results(str(folder / name / "results.csv")) for name in samples.study()["analyses"]]
    assert len(rows) == sum(map(len, released))
    at = COLUMNS.index("n")
    assert sum(float(row[at]) for row in rows if row[at] != "") == sum(int(frame["n"].sum()) for frame in released)
    key = {str(name): meaning for name, meaning in book["Key"][1:]}
    assert {name: key[name] for name in COLUMNS} == meanings()
    assert {str(row[COLUMNS.index("measure")]) for row in rows} <= key.keys() <= {*COLUMNS, *MEASURES}


def test_every_column_of_results_has_a_meaning() -> None:
    assert list(meanings()) == list(COLUMNS)
    assert all(meanings().values())
