"""Shares of groups as bars: side by side, or stacked where the series are parts of a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.house.frequency_layout import Board, Frequency
from family_justice.figures.house.legends import Top, line_style, tops, upper_end, write_top
from family_justice.figures.house.style import (
    GREY,
    INK,
    MARGIN,
    SMALL,
    WIDTH,
    Sheet,
    text_height,
    text_width,
    tick_step,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = 0.27  # height of one bar with its gap, inches


@dataclass
class _Part:
    """One board on the sheet: its places with their names and heights, and the room above it, in inches."""

    board: Board
    top: Top
    places: list[str]
    names: list[list[str]]
    heights: list[float]

    @property
    def frame(self) -> float:
        """Height of the frame."""
        return sum(self.heights)


def draw_bars(frequency: Frequency, head: tuple[str, str], notes: list[str]) -> Sheet:
    """Draw one frame per board: a bar, or a group of bars, for each place on the axis."""
    room = max(text_width(frequency.key, SMALL), *(text_width(frequency.names[p]) for p in frequency.places))
    room = min(2.0, room + 0.14)
    parts = _parts(frequency, room - 0.1)
    key = 0.2 if frequency.key else 0.0
    sheet = Sheet(*head, notes, body=key + sum(part.top.height + part.frame + 0.5 for part in parts))
    left, y = MARGIN + room, sheet.top
    width = WIDTH - left - (0.25 if all(part.board.whole for part in parts) else 0.95)
    for part in parts:
        write_top(sheet, part.board, part.top, y, bars=True)
        y += part.top.height
        if key and part is parts[0]:
            y += key
            sheet.text(left - 0.1, y - 0.06, frequency.key, size=SMALL, color=GREY, ha="right")
        axes = sheet.axes(left, y, width, part.frame)
        upper = 100.0 if part.board.whole else upper_end(part.board)
        _frame(axes, upper, part.frame)
        bottom = 0.0
        for place, lines, height in zip(part.places, part.names, part.heights, strict=True):
            middle, bottom = bottom + height / 2, bottom + height
            for number, text in enumerate(lines):
                offset = text_height(number) - text_height(len(lines) - 1) / 2
                sheet.text(left - 0.1, y + middle + offset, text, ha="right")
            (_stacked if part.board.whole else _grouped)(axes, part.board, place, middle, upper, width)
            row = (MARGIN, y + bottom - height, WIDTH - 2 * MARGIN, height)
            sheet.hover(*row, frequency.said(part.board, place))
        sheet.text(left + width / 2, y + part.frame + 0.36, "Percentage", ha="center")
        y += part.frame + 0.5
    return sheet


def _parts(frequency: Frequency, room: float) -> list[_Part]:
    parts = []
    for board, top in zip(frequency.boards, tops(frequency.boards), strict=True):
        places = [place for place in frequency.places if any(place in series.cells for series in board.series)]
        names = [wrap(frequency.names[place], room) for place in places]
        parts.append(_Part(board, top, places, names, [_height(board, name) for name in names]))
    return parts


def _height(board: Board, lines: list[str]) -> float:
    bars = 1 if board.whole else len(board.series)
    return max(BAR * bars * (1.05 if bars == 1 else 0.85) + 0.12, text_height(len(lines)) + 0.08)


def _frame(axes: Axes, upper: float, height: float) -> None:
    step = tick_step(upper, 6, "percent")
    marks = [step * i for i in range(int(upper / step + 1e-9) + 1)]
    axes.set_xlim(0, upper)
    axes.set_ylim(height, 0)
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.set_yticks([])
    axes.grid(axis="x")
    axes.spines["bottom"].set_visible(False)


def _grouped(axes: Axes, board: Board, place: str, middle: float, upper: float, width: float) -> None:
    """Draw one bar per series with its percentage at the end."""
    bar = BAR * (1.0 if len(board.series) == 1 else 0.85)
    start = middle - bar * len(board.series) / 2
    for index, series in enumerate(board.series):
        cell = series.cells.get(place)
        y = start + bar * (index + 0.5)
        value = cell.percent if cell and math.isfinite(cell.percent) else 0.0
        axes.add_patch(
            Rectangle((0, y - bar * 0.42), value, bar * 0.84, facecolor=line_style(index)[0], edgecolor="none")
        )
        if cell and math.isfinite(cell.low) and math.isfinite(cell.high):
            axes.plot([cell.low, cell.high], [y, y], color=INK, linewidth=0.9)
            value = max(value, min(cell.high, upper))
        text = words.percent(cell.percent) if cell and math.isfinite(cell.percent) else words.WITHHELD if cell else ""
        axes.text(
            value + upper * 0.06 / width,
            y,
            text,
            va="center_baseline",
            size=SMALL,
            color=INK if cell and value else GREY,
        )


def _stacked(axes: Axes, board: Board, place: str, middle: float, upper: float, width: float) -> None:
    """Draw the levels of one place side by side; what is withheld is hatched, never left to be guessed."""
    bar, start, hidden = BAR * 1.05, 0.0, False
    for index, series in enumerate(board.series):
        cell = series.cells.get(place)
        if cell is None or not math.isfinite(cell.percent):
            hidden = hidden or (cell is not None and cell.suppressed)
            continue
        colour = line_style(index)[0]
        axes.add_patch(
            Rectangle((start, middle - bar / 2), cell.percent, bar, facecolor=colour, edgecolor="white", linewidth=0.8)
        )
        text = words.decimal(cell.percent, 0)
        if width * cell.percent / 100 > text_width(text, SMALL) + 0.08:
            ink = "white" if _is_dark(colour) else INK
            axes.text(start + cell.percent / 2, middle, text, ha="center", va="center_baseline", size=SMALL, color=ink)
        start += cell.percent
    if hidden and start < 99.5:
        axes.add_patch(
            Rectangle(
                (start, middle - bar / 2),
                100 - start,
                bar,
                facecolor="white",
                edgecolor="#9a9a9a",
                hatch="////",
                linewidth=0.5,
            )
        )


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140
