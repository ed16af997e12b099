"""The findings and tables of a page as a Word document, for a paper: A4, captions numbered, heads on every page."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from family_justice.files import atomic
from family_justice.report.tables.page_tables import Cell, Row, Table

if TYPE_CHECKING:
    from docx.document import Document

#: No time inside the file is the machine's: the parts of a zip have its first day, the document that of the data.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
SHORT, LONG, MARGIN = 21.0, 29.7, 2.0  # centimetres of A4
LETTER, PADDING, WORDS = 0.19, 0.38, 34  # centimetres of a letter and of a cell's margins; letters of a column of words
BREAKABLE = 0.6  # columns of words may be so much narrower before a page is turned
TOGETHER = 18  # tables of at most so many rows are not broken across pages
GREY = "595959"
TWIPS = 567  # per centimetre
ALIGNED = {True: "left", False: "right"}


def write_word(
    path: str | Path,
    title: str,
    preface: str,
    titled: list[tuple[str, Table]],
    day: str = "",
    findings: Sequence[str] = (),
) -> None:
    """Write the findings and the tables, each table under the title of its analysis, as a Word document.

    ``preface``: a paragraph before all, or nothing. ``day``: the day of the data (YYYY-MM-DD), which the document has
    as its own. ``findings``: sentences that stand before the tables. It names no author, program or machine; the same
    findings and tables give the same bytes.
    """
    document = _blank(title, day)
    document.add_paragraph(title, "Title")
    if preface:
        document.add_paragraph(preface)
    if findings:
        document.add_heading("Findings")
        for finding in findings:
            document.add_paragraph(finding, "List Bullet")
    before = ""
    for number, (heading, table) in enumerate(titled, 1):
        widths = _widths(table)
        turned = sum(_narrowed(table, widths, BREAKABLE)) > SHORT - 2 * MARGIN
        if turned != _is_turned(document.sections[-1]):
            _page(document.add_section() if number > 1 or preface or findings else document.sections[-1], turned)
        if heading != before:
            document.add_heading(heading)
            before = heading
        _caption(document, number, table.caption)
        _append(document, _table(table, _fit(table, widths, turned)))
        document.add_paragraph(" ".join(table.notes), "Notes")
    _save(document, path)


def _blank(title: str, day: str) -> Document:
    """Return an empty document in the house's styles, in British English, that tells nothing of who made it."""
    import docx
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.language = title, "en-GB"
    properties.author = properties.comments = properties.keywords = properties.last_modified_by = ""
    properties.created = properties.modified = datetime.datetime.fromisoformat(day or "1980-01-01")
    relations = document.part.package.rels
    for key in [key for key, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
        del relations[key]
    styles: Any = document.styles
    styles.element.find(f".//{qn('w:lang')}").set(qn("w:val"), "en-GB")
    styles.add_style("Notes", WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    for name, size in {"Normal": 10, "Title": 18, "Heading 1": 13, "Caption": 10, "Notes": 8.5}.items():
        font = styles[name].font
        font.name, font.size, font.color.rgb = "Arial", Pt(size), RGBColor(0, 0, 0)
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            font.element.rPr.rFonts.attrib.pop(qn(f"w:{script}"), None)
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Notes"].paragraph_format.space_before = Pt(3)
    for border in styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
    _page(document.sections[0], turned=False)
    _field(document.sections[0].footer.paragraphs[0], "PAGE", "1")
    return document


def _page(section: Any, turned: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm

    section.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Cm(LONG), Cm(SHORT)) if turned else (Cm(SHORT), Cm(LONG))
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(MARGIN)


def _is_turned(section: Any) -> bool:
    return bool(section.page_width > section.page_height)


def _caption(document: Document, number: int, text: str) -> None:
    """Add a caption whose number Word counts itself, so that it stays right in another document."""
    paragraph = document.add_paragraph("Table ", "Caption")
    _field(paragraph, r"SEQ Table \* ARABIC", str(number))
    paragraph.add_run(f". {text}")


def _field(paragraph: Any, instruction: str, shown: str) -> None:
    field = f"<w:fldSimple {{names}} w:instr={quoteattr(instruction)}><w:r><w:t>{shown}</w:t></w:r></w:fldSimple>"
    paragraph._p.append(_parsed(field))


def _append(document: Document, xml: str) -> None:
    document.element.body.insert_element_before(_parsed(xml), "w:sectPr")


def _parsed(xml: str) -> Any:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    return parse_xml(xml.replace("{names}", nsdecls("w"), 1))


def _widths(table: Table) -> list[float]:
    """Return the width in centimetres that each column needs: numbers on one line, words on several."""
    longest = [max(map(len, head.split(" "))) for head in table.heads]
    for row in table.rows:
        for place, cell in enumerate([Cell(row.head), *row.cells] if row.cells else []):
            most = WORDS if place == 0 or place in table.text or cell.withheld else 99
            lines = [cell.text, *cell.sub.split("\n")]
            longest[place] = max([longest[place], *(min(len(line), most) for line in lines)])
    return [letters * LETTER + PADDING for letters in longest]


def _narrowed(table: Table, widths: list[float], share: float) -> list[float]:
    """Return the widths with the columns of words, whose lines can be broken, at a share of what they would need."""
    return [width * (share if place == 0 or place in table.text else 1) for place, width in enumerate(widths)]


def _fit(table: Table, widths: list[float], turned: bool) -> list[float]:
    """Return the widths within the page: columns of words give way first, then all in proportion."""
    room = (LONG if turned else SHORT) - 2 * MARGIN
    if sum(widths) <= room:
        return widths
    given = sum(widths) - sum(_narrowed(table, widths, 0))
    widths = _narrowed(table, widths, max(BREAKABLE, 1 - (sum(widths) - room) / given))
    return [width * min(1.0, room / sum(widths)) for width in widths]


def _table(table: Table, widths: list[float]) -> str:
    """Return a table as WordprocessingML: rules above, below and under the head, no row broken across pages."""
    rules = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"/>'
        for side, size, colour in (("top", 8, "000000"), ("bottom", 8, "000000"), ("insideH", 2, "BFBFBF"))
    )
    grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in widths)
    together = len(table.rows) <= TOGETHER
    heads = "".join(
        _cell(Cell(head), width, left=place == 0 or place in table.text, bold=True, ruled=True)
        for place, (head, width) in enumerate(zip(table.heads, widths, strict=True))
    )
    body = "".join(_row(row, table, widths, together and row is not table.rows[-1]) for row in table.rows)
    return (
        f'<w:tbl {{names}}><w:tblPr><w:tblW w:w="{sum(map(_twips, widths))}" w:type="dxa"/><w:tblBorders>{rules}'
        '</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" '
        'w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        f"<w:tblCaption w:val={quoteattr(table.caption)}/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{heads}</w:tr>{body}</w:tbl>"
    )


def _row(row: Row, table: Table, widths: list[float], keep: bool) -> str:
    if row.cells:
        cells = [_cell(Cell(row.head), widths[0], left=True, keep=keep, indent=row.indent)]
        for place, cell in enumerate(row.cells, 1):
            cells.append(_cell(cell, widths[place], left=place in table.text, keep=keep))
    else:
        cells = [_cell(Cell(row.head), sum(widths), left=True, bold=True, keep=True, span=len(widths))]
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells)}</w:tr>"


def _cell(
    cell: Cell, width: float, left: bool, bold: bool = False, keep: bool = False, indent: bool = False,
    span: int = 1, ruled: bool = False,
) -> str:  # fmt: skip
    face = "<w:b/>" if bold else "<w:i/>" if cell.withheld else ""
    below = "".join(f"<w:r><w:br/></w:r>{_run(line, '', 15)}" for line in cell.sub.split("\n") if line)
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{_twips(width)}" w:type="dxa"/>'
        + (f'<w:gridSpan w:val="{span}"/>' if span > 1 else "")
        + ('<w:tcBorders><w:bottom w:val="single" w:sz="6" w:color="000000"/></w:tcBorders>' if ruled else "")
        + ('<w:vAlign w:val="bottom"/>' if ruled else "")
        + f"</w:tcPr><w:p><w:pPr>{'<w:keepNext/>' if keep or ruled else ''}"
        + '<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/>'
        + ('<w:ind w:left="227"/>' if indent else "")
        + f'<w:jc w:val="{ALIGNED[left]}"/></w:pPr>{_run(cell.text, face, 18)}{below}</w:p></w:tc>'
    )


def _run(text: str, face: str, half_points: int) -> str:
    colour = f'<w:color w:val="{GREY}"/>' if half_points < 18 else ""
    return (
        f'<w:r><w:rPr>{face}{colour}<w:sz w:val="{half_points}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    )


def _twips(centimetres: float) -> int:
    return round(centimetres * TWIPS)


def _save(document: Document, path: str | Path) -> None:
    """Write the document, packed anew: python-docx stamps the parts of the zip with the time of the machine."""
    stamped = io.BytesIO()
    document.save(stamped)
    with (
        atomic(path) as temporary,
        zipfile.ZipFile(stamped) as parts,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in parts.namelist():
            packed.writestr(zipfile.ZipInfo(name, FIRST_DAY), parts.read(name), zipfile.ZIP_DEFLATED)
