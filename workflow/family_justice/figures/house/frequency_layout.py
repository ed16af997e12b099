"""Which share of whom: the cells of a frequency analysis, sorted into axis, series and panels.

Trends and bars, the table in the report and the alt text all read a frequency through this module.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from family_justice.figures import words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Share:
    """One cell: a count, its denominator and the percentage, as number and as words."""

    percent: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: str = ""
    total: str = ""
    words: str = ""
    suppressed: bool = False
    note: str = ""

    def said(self) -> str:
        """Return the cell in words, as in the table: percentage, count and denominator."""
        if self.suppressed or self.percent != self.percent:
            return self.words
        limits = words.interval(*(words.decimal(value, 1) for value in (self.low, self.high)))
        return words.percent(self.percent) + (f" (95% CI {limits})" if limits else "") + f", {self.n} of {self.total}"


@dataclass
class Series:
    """One line or one kind of bar: a cell for each place on the axis."""

    label: str
    cells: dict[str, Share] = field(default_factory=dict)


@dataclass
class Board:
    """One panel: series over the axis. ``whole`` says that the series of a place add up to all of its people."""

    title: str
    series: list[Series]
    whole: bool = False


@dataclass
class Frequency:
    """A frequency analysis ready to draw: the axis with its places in order, and the panels."""

    axis: str
    places: list[str]
    names: dict[str, str]
    boards: list[Board]
    key: str = ""  # what the names of the places are levels of, where they do not say so themselves

    def said(self, board: Board, place: str) -> str:
        """Return all series of a place in words, a line each."""
        cells = [(series.label, series.cells[place]) for series in board.series if place in series.cells]
        heading = f"{self.key}: {words.lower_first(self.names[place])}" if self.key else self.names[place]
        return "\n".join([heading, *(f"{label}: {cell.said()}" for label, cell in cells)])

    @property
    def joined(self) -> bool:
        """Whether lines join the places: years, or time around a day, and enough of them if they are divided into parts
        of a whole."""
        in_time = words.in_year_order(self.places) or words.around_a_day(self.places)
        return in_time and (len(self.places) > 6 or not any(b.whole for b in self.boards))


def arrange(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Frequency:
    """Sort the released rows of a frequency analysis.

    The first grouping column is the axis; the other columns make panels. Variables that are answered yes or no
    share a panel as one series each; a variable with more levels has panels of its own.
    """
    cells = rows[rows["measure"] == "percent"]
    if cells.empty:
        cells = rows[rows["measure"] == "count"]
    declared = list(about.get("group_by") or [])
    first = next((words.pairs(group) for group in cells["group"] if group), [("", "")])
    axis = declared[0] if declared else first[0][0]
    found = _cells(cells, axis, labels)
    places = labels.levels(axis, [cell.place for cell in found])
    key, strata = labels.strata([f"{axis}={place}" for place in places])
    names = {place: strata[f"{axis}={place}"] for place in places}
    boards = _merged(_boards(found, places, labels))
    return Frequency(labels.covariate(axis) if axis else "", places, names, boards, key)


class _Where(NamedTuple):
    """Where a cell belongs: variable and level, its group without the axis, and its place on the axis."""

    term: str
    rest: str
    level: str
    place: str


def _cells(cells: pd.DataFrame, axis: str, labels: words.Labels) -> dict[_Where, Share]:
    found: dict[_Where, Share] = {}
    for row in cells.to_dict("records"):
        parts = words.pairs(row["group"])
        place = next((level for column, level in parts if column == axis), "")
        rest = "; ".join(f"{column}={level}" for column, level in parts if column != axis)
        found[_Where(row["term"], rest, row["level"], place)] = share(row, labels)
    return found


def _boards(found: dict[_Where, Share], places: list[str], labels: words.Labels) -> list[Board]:
    """Make one panel of all yes-or-no variables of a group, and one of each other variable in each group."""
    boards: list[Board] = []
    yes_no: dict[str, Board] = {}
    several = len({cell.term for cell in found}) > 1
    for term, rest in dict.fromkeys((cell.term, cell.rest) for cell in found):
        levels = labels.levels(term, [cell.level for cell in found if (cell.term, cell.rest) == (term, rest)])
        if "yes" in levels and set(levels) <= {"yes", "no", "not known"}:
            if rest not in yes_no:
                yes_no[rest] = Board(labels.group(rest) if rest else "", [])
                boards.append(yes_no[rest])
            yes_no[rest].series.append(_series(labels.covariate(term), (term, rest, "yes"), places, found))
        else:
            series = [_series(words.sentence(level), (term, rest, level), places, found) for level in levels]
            variable = labels.covariate(term) if several or not rest else ""
            title = ", ".join(filter(None, [variable, labels.group(rest) if rest else ""]))
            boards.append(Board(title, series, whole=True))
    for board in boards:
        # One series has no legend: beside other panels its heading says what it is.
        if len(board.series) == 1 and any(other.whole for other in boards):
            board.title = ", ".join(filter(None, [board.series[0].label, board.title]))
    return boards


def share(row: Any, labels: words.Labels) -> Share:
    """Return the cell of one row; the percentage is the released one, 0 to 100."""
    n = words.cell(row["n"], row["status"], row["note"], labels)
    total = words.cell(row["total"], row["status"], row["note"], labels)
    if not words.present(row["estimate"]) or row["measure"] != "percent":
        hidden = row["status"] == "suppressed"
        return Share(n=n, total=total, words=n or words.WITHHELD, suppressed=hidden, note=row["note"])
    value = float(row["estimate"])
    low, high = (float(row[c]) if words.present(row[c]) else math.nan for c in ("conf_low", "conf_high"))
    return Share(value, low, high, n, total, f"{n} ({words.percent(value)})" if n else words.percent(value))


def _series(label: str, key: tuple[str, str, str], places: list[str], found: dict[_Where, Share]) -> Series:
    cells = {place: _Where(*key, place) for place in places}
    return Series(label, {place: found[where] for place, where in cells.items() if where in found})


def _merged(boards: list[Board]) -> list[Board]:
    """Put panels that hold a single series each into one panel: mothers and fathers are compared in one frame."""
    if len(boards) > 1 and all(len(board.series) == 1 and not board.whole for board in boards):
        names = {board.series[0].label for board in boards}
        series = [Series(board.title or board.series[0].label, board.series[0].cells) for board in boards]
        return [Board(names.pop() if len(names) == 1 else "", series)]
    return boards
