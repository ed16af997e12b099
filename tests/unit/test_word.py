"""Tables for a paper, as a Word document."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
import release_samples as samples
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from family_justice.figures.draw import has_figure
from family_justice.files import write_text
from family_justice.report import pages
from family_justice.report.tables.page_tables import Cell, Row, Table
from family_justice.report.writers.word import write_word

SMALL = Table(
    "Return & <age>",
    ["Age", "n", "Ratio", "Verdict"],
    [
        Row("Mothers"),
        Row("under 20", [Cell("1\u202f205"), Cell("1.20", "1.10 to 1.31\n95"), Cell("equal")], indent=True),
        Row("older", [Cell("withheld", withheld=True), Cell(""), Cell("none")]),
    ],
    ["Counts are rounded.", "See the page."],
    text=frozenset({3}),
)
WIDE = Table("Wide", ["Area", *(f"Column {n}" for n in range(12))], [Row("Essex", [Cell("12.3 (10.1 to 14.9)")] * 12)])


@pytest.fixture
def document(tmp_path: Path) -> Any:
    write_word(tmp_path / "t.docx", "A study", "Not a finding.", [("Returns", SMALL), ("Areas", WIDE)], "2021-12-31")
    return docx.Document(str(tmp_path / "t.docx"))


def lines(table: Table) -> list[list[str]]:
    """Return the table as the page shows it: the heading of a group of rows alone, small type on lines of its own."""
    body = [[row.head, *("\n".join(filter(None, [c.text, c.sub])) for c in row.cells)] for row in table.rows]
    return [table.heads, *body]


def cells(table: Any) -> list[list[str]]:
    return [[cell.text for cell in dict.fromkeys(row.cells)] for row in table.rows]


def test_the_cells_are_those_of_the_table(document: Any) -> None:
    assert [cells(table) for table in document.tables] == [lines(SMALL), lines(WIDE)]


def test_captions_are_numbered_by_word_and_notes_stand_beneath(document: Any) -> None:
    captions = [p for p in document.paragraphs if p.style.name == "Caption"]
    said = ["".join(text.text for text in p._p.iter(qn("w:t"))) for p in captions]
    assert said == ["Table 1. Return & <age>", "Table 2. Wide"]
    fields = [field.get(qn("w:instr")) for p in captions for field in p._p.iter(qn("w:fldSimple"))]
    assert fields == [r"SEQ Table \* ARABIC"] * 2
    body = list(document.element.body)
    after = body[body.index(document.tables[0]._tbl) + 1]
    assert "".join(text.text for text in after.iter(qn("w:t"))) == "Counts are rounded. See the page."


def test_the_head_is_repeated_and_no_row_is_broken(document: Any) -> None:
    for table in document.tables:
        heads = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in table.rows]
        assert heads == [True] + [False] * (len(heads) - 1)
        assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows)


def test_numbers_are_right_aligned_and_words_are_not(document: Any) -> None:
    row = document.tables[0].rows[2]
    aligned = [cell._tc.find(f".//{qn('w:jc')}").get(qn("w:val")) for cell in row.cells]
    assert aligned == ["left", "right", "right", "left"]


def test_wide_tables_lie_across_a4(document: Any) -> None:
    upright, across = document.sections
    assert (upright.orientation, across.orientation) == (WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE)
    assert (round(upright.page_width.cm, 1), round(upright.page_height.cm, 1)) == (21.0, 29.7)
    assert (round(across.page_width.cm, 1), round(across.page_height.cm, 1)) == (29.7, 21.0)
    for section, table in zip(document.sections, document.tables, strict=True):
        width = sum(int(column.get(qn("w:w"))) for column in table._tbl.iter(qn("w:gridCol"))) / 567
        assert width <= section.page_width.cm - 4 + 0.05


def test_the_document_says_its_title_and_language_and_neither_author_nor_machine(document: Any) -> None:
    properties = document.core_properties
    assert (properties.title, properties.language) == ("A study", "en-GB")
    assert (properties.author, properties.last_modified_by, properties.comments) == ("", "", "")
    assert properties.created.date().isoformat() == properties.modified.date().isoformat() == "2021-12-31"
    assert document.styles.element.find(f".//{qn('w:lang')}").get(qn("w:val")) == "en-GB"
    assert [p.text for p in document.paragraphs][:2] == ["A study", "Not a finding."]


def test_the_same_tables_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_word(tmp_path / "a.docx", "T", "", [("Returns", SMALL)])
    monkeypatch.setattr(time, "time", lambda: 2e9)
    later = time.struct_time((2033, 5, 18, 3, 33, 20, 2, 138, 0))
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    write_word(tmp_path / "b.docx", "T", "", [("Returns", SMALL)])
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.docx") as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in parts.namelist() if "thumbnail" in name]


def test_a_study_without_tables_has_a_document(tmp_path: Path) -> None:
    write_word(tmp_path / "t.docx", "T", "", [])
    assert docx.Document(str(tmp_path / "t.docx")).tables == []


def test_the_document_holds_the_tables_of_the_page_and_of_latex(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = samples.write_release(tmp_path / "release")
    kinds = {name: about["kind"] for name, about in samples.study()["analyses"].items()}
    drawn = {
        n: {"alt": "a", "caption": "c", "width": 7.2, "height": 4.0} for n, kind in kinds.items() if has_figure(kind)
    }
    for name, figure in drawn.items():
        write_text(folder / name / "figure.json", json.dumps(figure))
    seen: list[Any] = []
    monkeypatch.setattr(pages, "latex", lambda titled, preface: seen.append((titled, preface)) or "")
    pages.write_stream_page(folder)
    ((titled, preface),) = seen
    document: Any = docx.Document(str(folder / "tables.docx"))
    assert [cells(table) for table in document.tables] == [lines(table) for _, table in titled]
    assert (folder / "index.html").read_text(encoding="utf-8").count("<caption>") == len(titled)
    assert preface.startswith("Synthetic records: findings are of a made-up population, not of real families.")
    assert document.paragraphs[1].text == preface
