"""The tables of a page as a workbook: what it is and how it is cited first, a sheet for each table, then all released
rows with a key to their columns.

The parts of a workbook (ECMA-376, SpreadsheetML) are few and written by hand: text in the cells themselves, no
formula, no link, no macro, no author and no time.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from family_justice.figures import words
from family_justice.files import atomic
from family_justice.report.tables.page_tables import Cell, Table

#: No time inside the file is the machine's: the parts of a zip have its first day.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: Numbers of the formats in ``STYLES``: as it is, bold, wrapped, indented, with spaces between thousands.
PLAIN, BOLD, WRAPPED, INDENTED, THOUSANDS = range(5)
_WRAP = 'wrapText="1" vertical="top"'
_APPLIED = 'applyNumberFormat="1" applyFont="1" applyAlignment="1"'
_XF = f'<xf numFmtId="{{}}" fontId="{{}}" fillId="0" borderId="0" {_APPLIED}><alignment {{}}/></xf>'
_FORMATS = [(0, 0, ""), (0, 1, _WRAP), (0, 0, _WRAP), (0, 0, 'indent="1"'), (3, 0, "")]
_FONT = '<font>{}<sz val="11"/><name val="Calibri"/></font>'
STYLES = f"""<styleSheet xmlns="{NAMESPACE}"><fonts count="2">{_FONT.format("")}{_FONT.format("<b/>")}</fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="5">{"".join(_XF.format(*one) for one in _FORMATS)}</cellXfs></styleSheet>"""
NARROW, WIDE, WIDEST = 14, 34, 90  # widths of columns, in letters
LONGEST_NAME = 31  # letters of the name of a sheet, of which some are forbidden
#: What cannot stand in XML.
UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: A value and the number of its format.
Value = tuple[str | float | int | None, int]


@dataclass
class Sheet:
    """A sheet: its name, its lines of values, the widths of its columns, and after which line it scrolls."""

    name: str
    lines: list[list[Value]]
    widths: Sequence[int]
    frozen: int = 0


def write_workbook(
    path: str | Path,
    title: str,
    about: Sequence[str],
    titled: Sequence[tuple[str, Table]],
    rows: tuple[Sequence[str], Iterable[Sequence[str | float | int | None]]],
    key: Sequence[tuple[str, str]],
) -> None:
    """Write the tables of a page, each under the title of its analysis, as a workbook.

    ``about``: paragraphs of the first sheet, under the title. ``rows``: heads and lines of all released rows. ``key``:
    what each column, and each measure, of the rows means. The same content gives the same bytes.
    """
    names = _names([heading for heading, _ in titled])
    sheets = [Sheet("Read me", _read_me(title, about, names, titled), (LONGEST_NAME, WIDEST))]
    for name, (heading, table) in zip(names, titled, strict=True):
        sheets.append(Sheet(name, _table(heading, table), (WIDE, *[NARROW] * (len(table.heads) - 1)), frozen=3))
    heads, lines = rows
    body: list[list[Value]] = [[(value, PLAIN) for value in line] for line in lines]
    sheets.append(Sheet("Released rows", [[(head, BOLD) for head in heads], *body], [NARROW] * len(heads), frozen=1))
    explained: list[list[Value]] = [[(name, BOLD), (meaning, WRAPPED)] for name, meaning in key]
    sheets.append(
        Sheet("Key", [[("Column or measure", BOLD), ("Meaning", BOLD)], *explained], (WIDE, WIDEST), frozen=1)
    )
    parts = {
        "[Content_Types].xml": _types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": HEAD + STYLES,
        **{f"xl/worksheets/sheet{n}.xml": _sheet(sheet) for n, sheet in enumerate(sheets, 1)},
    }
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(zipfile.ZipInfo(name, FIRST_DAY), text, zipfile.ZIP_DEFLATED)


def _names(headings: Sequence[str]) -> list[str]:
    """Return a name for each sheet: its number and as much of its heading as a name may have."""
    names = []
    for number, heading in enumerate(headings, 1):
        said = re.sub(r"[\[\]:*?/\\']", " ", f"{number} {heading}")
        names.append(" ".join(said.split())[:LONGEST_NAME].rstrip())
    return names


def _read_me(
    title: str, about: Sequence[str], names: Sequence[str], titled: Sequence[tuple[str, Table]]
) -> list[list[Value]]:
    lines: list[list[Value]] = [[(title, BOLD)]]
    lines += [[(None, PLAIN), (text, WRAPPED)] for text in about]
    lines += [[], [("Sheet", BOLD), ("Table", BOLD)]]
    lines += [[(name, PLAIN), (table.caption, WRAPPED)] for name, (_, table) in zip(names, titled, strict=True)]
    lines.append([("Released rows", PLAIN), ("All numbers of the tables and figures, one in each row", WRAPPED)])
    lines.append([("Key", PLAIN), ("What the columns and measures of the released rows mean", WRAPPED)])
    return lines


def _table(heading: str, table: Table) -> list[list[Value]]:
    """Return the lines of a table as it is printed; a text that is a number becomes one."""
    lines: list[list[Value]] = [[(heading, BOLD)], [(table.caption, PLAIN)], [(head, BOLD) for head in table.heads]]
    for row in table.rows:
        style = INDENTED if row.indent else PLAIN if row.cells else BOLD
        lines.append([(row.head, style), *(_value(cell) for cell in row.cells)])
    lines.append([])
    lines += [[(note, PLAIN)] for note in table.notes]
    return lines


def _value(cell: Cell) -> Value:
    if cell.sub:
        return f"{cell.text} ({'; '.join(cell.sub.splitlines())})", PLAIN
    plain = cell.text.replace(words.THIN, "").replace(words.MINUS, "-")
    if re.fullmatch(r"-?\d+", plain):
        return int(plain), THOUSANDS
    return (float(plain), PLAIN) if re.fullmatch(r"-?\d+\.\d+", plain) else (cell.text, PLAIN)


def _types(sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/xl/worksheets/sheet{number}.xml", "worksheet") for number in range(1, sheets + 1)]
    named = "".join(f'<Override PartName="{name}" ContentType="{kind}.{what}+xml"/>' for name, what in parts)
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    plain = (("rels", relations), ("xml", "application/xml"))
    usual = "".join(f'<Default Extension="{end}" ContentType="{what}"/>' for end, what in plain)
    return f'{HEAD}<Types xmlns="{PACKAGE}/content-types">{usual}{named}</Types>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def _workbook(sheets: Sequence[Sheet]) -> str:
    lines = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in enumerate(sheets, 1)
    )
    return f'{HEAD}<workbook xmlns="{NAMESPACE}" xmlns:r="{OFFICE}"><sheets>{lines}</sheets></workbook>'


def _sheet(sheet: Sheet) -> str:
    below = f'<pane ySplit="{sheet.frozen}" topLeftCell="A{sheet.frozen + 1}" activePane="bottomLeft" state="frozen"/>'
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(sheet.widths, 1)
    )
    lines = "\n".join(
        f'<row r="{number}">{"".join(_cell(value, style) for value, style in line)}</row>'
        for number, line in enumerate(sheet.lines, 1)
    )
    return (
        f'{HEAD}<worksheet xmlns="{NAMESPACE}"><sheetViews><sheetView workbookViewId="0">'
        f"{below if sheet.frozen else ''}</sheetView></sheetViews><cols>{columns}</cols>"
        f"<sheetData>\n{lines}\n</sheetData></worksheet>"
    )


def _cell(value: str | float | int | None, style: int) -> str:
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return f'<c s="{style}"/>'
    if isinstance(value, str):
        text = escape(UNPRINTABLE.sub("", value))
        return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f'<c s="{style}"><v>{value}</v></c>'
