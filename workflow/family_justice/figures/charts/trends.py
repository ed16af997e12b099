"""Frequencies: shares over years as lines; ``tiles`` draws those of many areas, ``bars`` those of other groups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import tiles
from family_justice.figures.charts.bars import draw_bars
from family_justice.figures.house.frequency_layout import Board, Frequency, Share, arrange
from family_justice.figures.house.hover import strips
from family_justice.figures.house.legends import line_style, tops, upper_end, write_top
from family_justice.figures.house.style import MARGIN, SMALL, WIDTH, Sheet, message, text_width, tick_step

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FRAME = 2.5  # height of a frame of lines, inches


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw a frequency analysis: lines over years, tiles of many areas, else bars; return sheet, alt text and caption.

    ``about`` may hold ``tiles``, where each area lies in the grid.
    """
    frequency = arrange(rows, about, labels)
    head = (about["title"], labels.subject(about))
    cells = _cells(frequency)
    places = about.get("tiles") or {}
    tiled = tiles.suits(frequency, places)
    notes = [_note(frequency, tiled, labels), labels.foot()]
    if not any(math.isfinite(cell.percent) for cell in cells):
        reason = "All percentages are withheld: too few people to release."
        return message(*head, reason, notes[1:]), f"{about['title']}: all percentages are withheld.", reason
    if tiled:
        sheet = tiles.draw_tiles(frequency, places, head, notes)
        return sheet, tiles.alt(about["title"], frequency), tiles.caption(frequency)
    lines = frequency.joined
    sheet = _lines(frequency, head, notes) if lines else draw_bars(frequency, head, notes)
    what = "Percentages by" if lines else "Percentages within"
    return sheet, _alt(about["title"], frequency), f"{what} {words.lower_first(frequency.axis)}."


def _cells(frequency: Frequency) -> list[Share]:
    return [cell for board in frequency.boards for series in board.series for cell in series.cells.values()]


def _note(frequency: Frequency, tiled: bool, labels: words.Labels) -> str:
    """Say what bands and gaps mean, and why bars may not add up."""
    cells, lines = _cells(frequency), frequency.joined
    hidden = any(cell.suppressed for cell in cells)
    whole = any(board.whole for board in frequency.boards)
    blank = "Gaps" if lines else "Hatched" if whole or tiled else "Withheld"
    gap = f"{blank}: too few people, or what would reveal them."
    bands = "Bands: 95% confidence intervals." if lines and any(math.isfinite(cell.low) for cell in cells) else ""
    short = "Bars may not add up to 100, as counts are rounded." if whole and not lines and labels.rounds else ""
    return " ".join(filter(None, [bands, gap if hidden else "", short]))


def _lines(frequency: Frequency, head: tuple[str, str], notes: list[str]) -> Sheet:
    boards = frequency.boards
    above = tops(boards)
    cell = FRAME + 0.56
    sheet = Sheet(*head, notes, body=sum(top.height for top in above) + cell * len(boards))
    left, y = MARGIN + 0.62, sheet.top
    width = WIDTH - left - 0.25
    for board, top in zip(boards, above, strict=True):
        write_top(sheet, board, top, y, bars=False)
        y += top.height
        axes = sheet.axes(left, y, width, FRAME)
        _board(axes, board, frequency, width, sheet)
        count = len(frequency.places)
        for place, (low, high) in zip(frequency.places, strips(list(range(count)), (-0.35, count - 0.65)), strict=True):
            x = left + width * (low + 0.35) / (count - 0.3)
            sheet.hover(x, y, width * (high - low) / (count - 0.3), FRAME, frequency.said(board, place))
        sheet.text(MARGIN + 0.08, y + FRAME / 2, "Percentage", rotation=90, ha="center", va="center")
        sheet.text(left + width / 2, y + FRAME + 0.38, frequency.axis, ha="center")
        y += cell
    return sheet


def _board(axes: Axes, board: Board, frequency: Frequency, width: float, sheet: Sheet) -> None:
    places = frequency.places
    for index, series in enumerate(board.series):
        colour, dash, marker = line_style(index)
        cells = [series.cells.get(place) for place in places]
        values = [cell.percent if cell else math.nan for cell in cells]
        low, high = [c.low if c else math.nan for c in cells], [c.high if c else math.nan for c in cells]
        spots = list(range(len(places)))
        axes.fill_between(spots, low, high, color=colour, alpha=0.14, linewidth=0, gid=sheet.part(series.label))
        style = {"color": colour, "linestyle": dash, "marker": marker, "gid": sheet.part(series.label)}
        axes.plot(spots, values, **style, markersize=4, clip_on=False, zorder=3)
    upper = upper_end(board)
    step = tick_step(upper, 6, "percent")
    marks = [step * i for i in range(int(upper / step + 1e-9) + 1)]
    axes.set_ylim(0, upper)
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    names = [frequency.names[place] for place in places]
    widest = max(text_width(name, SMALL) for name in names) + 0.12
    every = max(1, math.ceil(widest * len(places) / width))
    # Counted from the last year, which readers look for.
    axes.set_xticks(
        list(range(len(places))), [n if (len(names) - 1 - i) % every == 0 else "" for i, n in enumerate(names)]
    )
    axes.set_xlim(-0.35, len(places) - 0.65)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)


def _alt(title: str, frequency: Frequency) -> str:
    kind = "Line chart" if frequency.joined else "Bar chart"
    parts = [f"{kind}. {title}. Percentages by {words.lower_first(frequency.axis)}."]
    ends = frequency.places if not frequency.joined else [frequency.places[0], frequency.places[-1]]
    for board in frequency.boards:
        for series in board.series:
            values = []
            for place in ends:
                cell = series.cells.get(place)
                if cell:
                    shown = words.percent(cell.percent) if math.isfinite(cell.percent) else words.WITHHELD
                    values.append(f"{frequency.names[place]} {shown}")
            name = f"{board.title}, {words.lower_first(series.label)}" if board.title else series.label
            parts.append(f"{name}: {'; '.join(values)}.")
    return " ".join(parts)
