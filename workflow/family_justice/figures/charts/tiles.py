"""Tile grids: one equal tile for each area, placed roughly as on the map, shaded by its percentage.

Equal tiles give a small area the room of a large one. Where each tile lies is in ``config/codelists/*_tiles.csv``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.house.frequency_layout import Frequency, Series, Share
from family_justice.figures.house.style import GREY, INK, MARGIN, SMALL, TINY, WIDTH, Sheet, text_height, wrap

#: Lightness falls evenly from class to class, all of one hue: readable in grey, and with any colour vision.
SHADES = ("#eef5fb", "#cfe1f2", "#a3c8e6", "#6ba7d3", "#2f77ad", "#14588f", "#08355f")
HIDDEN: dict[str, Any] = {"facecolor": "white", "edgecolor": "#b0b0b0", "hatch": "////", "linewidth": 0.5}
STEPS = (1, 2, 5, 10, 20)  # widths of a class, percentage points
LEGEND, TALL, GAP = 1.38, 0.5, 0.03  # width of the legend, height of a tile and gap between two, inches
FEWEST = 12  # areas; fewer are read more easily as bars


@dataclass(frozen=True)
class Tile:
    """The place of an area in the grid, counted from the top left, and its short name."""

    row: int
    column: int
    label: str


Tiles = Mapping[str, Tile]


def read_tiles(codelists: Path) -> dict[str, Tile]:
    """Read the tiles of all areas from a folder of code lists; none if there is no such list."""
    found: dict[str, Tile] = {}
    for path in sorted(codelists.glob("*_tiles.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                found[line["name"]] = Tile(int(line["row"]), int(line["column"]), line["label"])
    return found


def suits(frequency: Frequency, tiles: Tiles) -> bool:
    """Say whether a frequency is one series over many areas that all have a tile."""
    series = [series for board in frequency.boards for series in board.series]
    return len(series) == 1 and len(frequency.places) >= FEWEST and all(place in tiles for place in frequency.places)


def classes(values: list[float]) -> list[float]:
    """Return the limits of the classes: round, equally far apart, around all values; at most one class per shade."""
    for step in STEPS:
        first = min(math.floor(min(values) / step), 100 // step - 1)
        last = min(math.floor(max(values) / step) + 1, 100 // step)  # 100 itself lies in the highest class
        if last - first <= len(SHADES):
            return [float(step * i) for i in range(first, last + 1)]
    return [float(20 * i) for i in range(6)]


def class_of(value: float, limits: list[float]) -> int:
    """Return the number of the class that a percentage lies in: from its lower limit to under its upper one."""
    return max(0, min(sum(value >= limit for limit in limits) - 1, len(limits) - 2))


def shade(number: int, count: int) -> str:
    """Return the colour of a class, of so many; few classes are spread over the scale."""
    return SHADES[round(number * (len(SHADES) - 1) / max(count - 1, 1))]


def draw_tiles(frequency: Frequency, tiles: Tiles, head: tuple[str, str], notes: list[str]) -> Sheet:
    """Draw the grid with its legend in words; every tile tells name and percentage, and all its numbers on pointing."""
    board = frequency.boards[0]
    series = board.series[0]
    grid = {name: tile for name, tile in tiles.items() if name in frequency.places}
    top = min(tile.row for tile in grid.values())
    left = min(tile.column for tile in grid.values())
    rows = max(tile.row for tile in grid.values()) - top + 1
    columns = max(tile.column for tile in grid.values()) - left + 1
    limits = classes([cell.percent for cell in series.cells.values() if math.isfinite(cell.percent)])
    wide = (WIDTH - 2 * MARGIN - LEGEND) / columns
    sheet = Sheet(*head, notes, body=rows * TALL + 0.1)
    canvas = sheet.canvas()
    for name in frequency.places:
        tile = grid[name]
        x, y = MARGIN + (tile.column - left) * wide, sheet.top + 0.05 + (tile.row - top) * TALL
        cell = series.cells[name]
        canvas.add_patch(Rectangle((x, y), wide - GAP, TALL - GAP, **_look(cell, limits)))
        _write(sheet, tile.label, cell, limits, (x, y, wide - GAP))
        sheet.hover(x, y, wide - GAP, TALL - GAP, frequency.said(board, name))
    _legend(sheet, series, limits)
    return sheet


def _look(cell: Share, limits: list[float]) -> dict[str, Any]:
    if not math.isfinite(cell.percent):
        return HIDDEN
    return {
        "facecolor": shade(class_of(cell.percent, limits), len(limits) - 1),
        "edgecolor": "#9aa7b3",
        "linewidth": 0.4,
    }


def _write(sheet: Sheet, label: str, cell: Share, limits: list[float], at: tuple[float, float, float]) -> None:
    x, y, wide = at
    lines = wrap(label, wide - 0.06, TINY)[:2]
    known = math.isfinite(cell.percent)
    ink = INK
    if known:
        ink = "white" if _is_dark(shade(class_of(cell.percent, limits), len(limits) - 1)) else INK
        lines = [*lines, words.percent(cell.percent)]
    start = y + (TALL - GAP) / 2 - text_height(len(lines) - 1, TINY) / 2
    paper = {} if known else {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.6}}
    for number, text in enumerate(lines):
        bold = "bold" if known and number == len(lines) - 1 else "normal"
        middle = start + text_height(number, TINY)
        sheet.text(x + wide / 2, middle, text, size=TINY, ha="center", color=ink, weight=bold, **paper)


def _legend(sheet: Sheet, series: Series, limits: list[float]) -> None:
    """Write the classes in words, the highest at the top, and what the other tiles mean."""
    x, y = WIDTH - MARGIN - LEGEND + 0.15, sheet.top + 0.12
    for text in wrap(series.label, LEGEND - 0.15, SMALL, "bold"):
        sheet.text(x, y, text, size=SMALL, weight="bold")
        y += text_height(1, SMALL)
    count = len(limits) - 1
    entries: list[tuple[dict[str, Any], str]] = [
        (
            {"facecolor": shade(i, count), "edgecolor": "#9aa7b3", "linewidth": 0.4},
            f"{a:g}% to {'under ' * (b < 100)}{b:g}%",
        )
        for i, (a, b) in reversed(list(enumerate(pairwise(limits))))
    ]
    if any(not math.isfinite(cell.percent) for cell in series.cells.values()):
        entries.append((HIDDEN, words.WITHHELD))
    canvas = sheet.canvas()
    for look, text in entries:
        y += 0.06
        canvas.add_patch(Rectangle((x, y), 0.24, 0.14, **look))
        sheet.text(x + 0.32, y + 0.07, text, size=SMALL, color=INK if text[:1].isdigit() else GREY)
        y += 0.16


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def alt(title: str, frequency: Frequency) -> str:
    """Say in words which areas are highest and lowest, and how many are withheld; the table has them all."""
    series = frequency.boards[0].series[0]
    known = sorted(
        ((name, cell.percent) for name, cell in series.cells.items() if math.isfinite(cell.percent)),
        key=lambda pair: (-pair[1], pair[0]),
    )
    ends = 3 if len(known) > 6 else len(known)
    said = [f"{frequency.names[name]} {words.percent(value)}" for name, value in known]
    parts = [f"Tile grid of {len(frequency.places)} areas. {title}. {series.label}."]
    parts.append(f"Highest: {'; '.join(said[:ends])}." + (f" Lowest: {'; '.join(said[-ends:])}." if ends == 3 else ""))
    hidden = len(series.cells) - len(known)
    return " ".join([*parts, f"Withheld: {hidden} of {len(series.cells)} areas."] if hidden else parts)


def caption(frequency: Frequency) -> str:
    """Return the caption: what a tile is, and that places are rough."""
    axis = words.lower_first(frequency.axis)
    return f"One tile for each {axis}, all of one size, roughly where it lies on the map; darker is higher."
