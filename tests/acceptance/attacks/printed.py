"""Tables as they are printed: percentages to one decimal beside rounded counts, read from the LaTeX of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from attacks.release import Bounds, Name, Release
from attacks.system import LOOSE, System
from attacks.tables import Margin, answers, enter, enter_groups, margins_of

_CELL = re.compile(r"([\d.]+)\\% ([\d\\,]+)|([\d\\,]+) \(([\d.]+)\)")


def from_print(release: Release) -> dict[Name, Bounds]:
    """Hidden cells from denominators, rounded counts and printed percentages, unless these are of rounded counts."""
    system, margins = System(), list(margins_of(release))
    printed = [found for margin in margins for found in _printed(release, margin)]
    for margin in margins:
        enter(system, release, margin)
    if any(abs(percent - 100 * row.n / row.total) > 0.05 + 1e-6 for _, row, percent in printed):
        for margin, row, percent in printed:
            # 100 n is between percent - 0.05 and percent + 0.05 times the denominator; in whole numbers.
            for sign, ends in ((1, (-LOOSE, 0)), (-1, (0, LOOSE))):
                system.tie({margin.cells[row]: 2000, margin.whole: -(round(20 * percent) + sign)}, *ends)
    enter_groups(system, release, margins)
    return answers(system, margins)


def _printed(release: Release, margin: Margin) -> Iterator[tuple[Margin, Any, float]]:
    """Find the cells of a margin in the tables of its analysis, by the words of its levels."""
    stream, analysis = margin.analysis
    title = release.studies[stream]["analyses"][analysis].get("title")
    path = release.folder / stream / "tables.tex"
    if not title or not path.is_file():
        return
    about = str(release.studies[stream]["covariates"].get(margin.term, {}).get("label", "")).casefold()
    people = {level.casefold() for _, level in margin.who}
    for table in path.read_text(encoding="utf-8").split(f"% {title}\n")[1:]:
        body = table.partition("\\end{longtable}")[0]
        head = re.search(r"\\toprule\n(.*?) \\\\", body)
        columns = [word.strip().casefold() for word in head[1].split("&")] if head else []
        section = ""
        for line in body.splitlines():
            if "\\textit{" in line:
                section = re.sub(r".*\\textit\{(.*?)\}.*", r"\1", line).casefold()
                continue
            cells = [cell.strip() for cell in line.removesuffix("\\\\").split("&")]
            label = cells[0].removeprefix("\\quad ").casefold()
            for row in margin.rows:
                # Levels across and people down, or the other way round.
                across = people == {word for word in (section, label) if word} and row.level.casefold() in columns
                down = len(people) == 1 and people <= set(columns) and row.level.casefold() == label
                wanted = row.level.casefold() if across else next(iter(people), "") if down and section == about else ""
                if not wanted or columns.index(wanted) >= len(cells) or pd.isna(row.n) or not row.total > 0:
                    continue
                cell = _CELL.fullmatch(cells[columns.index(wanted)])
                if cell and int(re.sub(r"\D", "", cell[2] or cell[3])) == row.n:
                    yield margin, row, float(cell[1] or cell[4])
