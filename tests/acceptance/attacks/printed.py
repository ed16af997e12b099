"""Tables as they are printed: percentages to one decimal beside rounded counts, read from the LaTeX, the HTML and the
Word of a release."""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from attacks.release import Bounds, Name, Release
from attacks.system import LOOSE, System
from attacks.tables import Margin, answers, enter, enter_groups, margins_of

_CELL = re.compile(r"([\d.]+)% ([\d\u202f]+)|([\d\u202f]+) \(([\d.]+)\)")
#: What stands in a cell of counts, and how many a column is of in its head.
_COUNTED = re.compile(r"[\d.]+% .*|[\d\u202f]+( \([\d.]+\))?|withheld|fewer than .*")
_SIZE = re.compile(r"[\s~]*\(n[\s~]*=[\s~]*[\d\u202f]+\)$")
#: The tables of one analysis: rows of cells, the first of which are the heads; a row of one cell is a section.
Tables = list[list[list[str]]]


def in_latex(folder: Path, analysis: str, title: str) -> Tables:
    """The tables under the title of an analysis."""
    found = []
    for table in _read(folder / "tables.tex").split(f"% {title}\n")[1:]:
        body = table.partition("\\end{longtable}")[0].replace("\\,", "\u202f").replace("\\%", "%")
        rows = [line.removesuffix("\\\\").split("&") for line in body.splitlines() if line.endswith("\\\\")]
        rows = [[re.sub(r".*\\textit\{(.*)\}\}.*|\\quad ", r"\1", cell).strip() for cell in row] for row in rows]
        found.append([row for row in rows if not row[0].startswith("\\caption")])
    return found


def in_html(folder: Path, analysis: str, title: str) -> Tables:
    """The tables in the block of an analysis on the page of its stream."""
    return _page(folder / "index.html").get(re.sub(r"[^a-z0-9]", "-", analysis), [])


@cache
def _page(path: Path) -> dict[str, Tables]:
    page = _Page()
    page.feed(_read(path))
    return page.tables


class _Page(HTMLParser):
    """Tables of a page, by the block in which they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, Tables] = {}
        self.block = ""
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.block = dict(attrs).get("id") or ""
        elif tag == "table":
            self.tables.setdefault(self.block, []).append([])
        elif tag == "tr":
            self.tables[self.block][-1].append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None:
            self.tables[self.block][-1][-1].append(" ".join(re.split(r"[ \n]+", " ".join(self.cell).strip())))
            self.cell = None


def in_word(folder: Path, analysis: str, title: str) -> Tables:
    """The tables under the heading of an analysis."""
    return _document(folder / "tables.docx").get(title, [])


@cache
def _document(path: Path) -> dict[str, Tables]:
    if not path.is_file():
        return {}
    with zipfile.ZipFile(path) as file:
        body = ElementTree.fromstring(file.read("word/document.xml"))[0]
    w = "{" + body.tag[1:].partition("}")[0] + "}"
    found: dict[str, Tables] = defaultdict(list)
    heading = ""
    for part in body:
        style = part.find(f"{w}pPr/{w}pStyle")
        if style is not None and style.get(f"{w}val") == "Heading1":
            heading = "".join(part.itertext())
        if part.tag == f"{w}tbl":
            rows = [[" ".join(cell.itertext()).strip() for cell in row.iter(f"{w}tc")] for row in part.iter(f"{w}tr")]
            found[heading].append([row if any(row[1:]) else row[:1] for row in rows])
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def from_print(release: Release, tables: Callable[[Path, str, str], Tables]) -> dict[Name, Bounds]:
    """Hidden cells from denominators, rounded counts and printed percentages, unless these are of rounded counts."""
    system, margins = System(), list(margins_of(release))
    printed = [found for margin in margins for found in _printed(release, margin, tables)]
    for margin in margins:
        enter(system, release, margin)
    if any(abs(percent - 100 * row.n / row.total) > 0.05 + 1e-6 for _, row, percent in printed):
        for margin, row, percent in printed:
            # 100 n is between percent - 0.05 and percent + 0.05 times the denominator; in whole numbers.
            for sign, ends in ((1, (-LOOSE, 0)), (-1, (0, LOOSE))):
                system.tie({margin.cells[row]: 2000, margin.whole: -(round(20 * percent) + sign)}, *ends)
    enter_groups(system, release, margins)
    return answers(system, margins)


from_latex, from_html, from_word = (partial(from_print, tables=tables) for tables in (in_latex, in_html, in_word))


def _printed(
    release: Release, margin: Margin, tables: Callable[[Path, str, str], Tables]
) -> Iterator[tuple[Margin, Any, float]]:
    """Find the cells of a margin in the tables of its analysis, by the words of its levels."""
    stream, analysis = margin.analysis
    title = release.studies[stream]["analyses"][analysis].get("title")
    if not title:
        return
    about = str(release.studies[stream]["covariates"].get(margin.term, {}).get("label", "")).casefold()
    people = {level.casefold() for _, level in margin.who}
    for table in tables(release.folder / stream, analysis, title):
        heads, section = [_SIZE.sub("", head.casefold()) for head in table[0]], ""
        for first, *cells in table[1:]:
            if not any(_COUNTED.fullmatch(cell) for cell in cells):
                section = first.casefold()
                continue
            label = first.casefold()
            for row in margin.rows:
                # Levels across and people down, or the other way round.
                across = people == {word for word in (section, label) if word} and row.level.casefold() in heads
                down = len(people) == 1 and people <= set(heads) and row.level.casefold() == label
                wanted = row.level.casefold() if across else next(iter(people), "") if down and section == about else ""
                if not wanted or heads.index(wanted) > len(cells) or pd.isna(row.n) or not row.total > 0:
                    continue
                cell = _CELL.fullmatch(cells[heads.index(wanted) - 1])
                if cell and int(re.sub(r"\D", "", cell[2] or cell[3])) == row.n:
                    yield margin, row, float(cell[1] or cell[4])
