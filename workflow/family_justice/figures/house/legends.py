"""What lines and bars share: headings, legends, colours and the end of the percent axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from matplotlib.patches import Rectangle

from family_justice.figures.house.frequency_layout import Board, Series
from family_justice.figures.house.style import (
    COLOURS,
    DASHES,
    MARGIN,
    MARKERS,
    SIZE,
    SMALL,
    WIDTH,
    Sheet,
    text_height,
    text_width,
    wrap,
)

SWATCH = 0.55  # room for a legend's sign and the gap to the next entry, inches
CEILINGS = (0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80)


def ceiling(highest: float) -> float:
    """Return a round end of a percent axis with a little air above the highest value."""
    return float(next((end for end in CEILINGS if highest <= end * 0.97), 100))


def upper_end(board: Board) -> float:
    """Return the end of the percent axis of a board."""
    cells = [cell for series in board.series for cell in series.cells.values()]
    return ceiling(max((v for c in cells for v in (c.percent, c.high) if math.isfinite(v)), default=100.0))


def line_style(index: int) -> tuple[str, Any, str]:
    """Return colour, dashes and marker of the series with this number."""
    return COLOURS[index % len(COLOURS)], DASHES[(index // len(COLOURS)) % len(DASHES)], MARKERS[index % len(MARKERS)]


@dataclass(frozen=True)
class Top:
    """What stands above the frame of a board: its heading, the rows of its legend, and their height in inches."""

    heading: list[str]
    legend: list[list[int]]
    height: float


def tops(boards: list[Board]) -> list[Top]:
    """Return what stands above each board; boards with the same series share the legend of the first."""
    found: list[Top] = []
    for board in boards:
        heading = wrap(board.title, WIDTH - 2 * MARGIN, SIZE, "bold") if board.title else []
        names = [series.label for series in board.series]
        shared = bool(found) and names == [series.label for series in boards[0].series]
        legend = [] if shared or len(names) == 1 else legend_rows(board.series)
        height = text_height(len(heading)) + 0.06 * bool(heading) + 0.21 * len(legend) + 0.1
        found.append(Top(heading, legend, height))
    return found


def legend_rows(series: list[Series]) -> list[list[int]]:
    """Return the numbers of the series in each row of the legend."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for index, one in enumerate(series):
        need = text_width(one.label, SMALL) + SWATCH
        if rows[-1] and used + need > WIDTH - 2 * MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append(index)
        used += need
    return rows


def write_top(sheet: Sheet, board: Board, top: Top, y: float, bars: bool) -> None:
    """Write the heading and the legend of a board from ``y`` inches downwards."""
    for number, text in enumerate(top.heading):
        sheet.text(MARGIN, y + text_height(number) + 0.09, text, weight="bold")
    if not top.legend:
        return
    canvas = sheet.canvas()
    middle = y + text_height(len(top.heading)) + 0.06 * bool(top.heading) + 0.09
    for row in top.legend:
        x = MARGIN
        for index in row:
            colour, dash, marker = line_style(index)
            if bars:
                canvas.add_patch(Rectangle((x, middle - 0.055), 0.24, 0.11, facecolor=colour, edgecolor="none"))
            else:
                canvas.plot([x, x + 0.26], [middle] * 2, color=colour, linestyle=dash)
                canvas.plot([x + 0.13], [middle], color=colour, marker=marker, markersize=4)
            sheet.text(x + 0.32, middle, board.series[index].label, size=SMALL)
            x += text_width(board.series[index].label, SMALL) + SWATCH
        middle += 0.21
