"""Shares over years as lines, and shares of groups as bars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.shares import Board, Frequency, Series, arrange
from family_justice.figures.style import (
    COLOURS,
    DASHES,
    GREY,
    INK,
    MARGIN,
    MARKERS,
    SIZE,
    SMALL,
    WIDTH,
    Sheet,
    message,
    text_height,
    text_width,
    tick_step,
    wrap,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FRAME = 2.5  # height of a frame of lines, inches
BAR = 0.27  # height of one bar with its gap, inches
SWATCH = 0.55  # room for a legend's sign and the gap to the next entry, inches


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw a frequency analysis: lines if the axis is years, else bars; return sheet, alt text and caption."""
    frequency = arrange(rows, about, labels)
    head = (about["title"], labels.subject(about))
    cells = [cell for board in frequency.boards for series in board.series for cell in series.cells.values()]
    hidden = any(cell.suppressed for cell in cells)
    lines = frequency.joined
    whole = any(board.whole for board in frequency.boards)
    gap = f"{'Gaps' if lines else 'Hatched' if whole else 'Withheld'}: too few people, or what would reveal them."
    bands = "Bands: 95% confidence intervals." if lines and any(math.isfinite(cell.low) for cell in cells) else ""
    notes = [f"{bands} {gap if hidden else ''}".strip(), labels.foot()]
    if not any(math.isfinite(cell.percent) for cell in cells):
        reason = "All percentages are withheld: too few people to release."
        return message(*head, reason, notes[1:]), f"{about['title']}: all percentages are withheld.", reason
    sheet = _lines(frequency, head, notes) if lines else _bars(frequency, head, notes)
    what = "Percentages by" if lines else "Percentages within"
    return sheet, _alt(about["title"], frequency), f"{what} {words.lower_first(frequency.axis)}."


# --- lines over years ----------------------------------------------------------------------------------------------


def _lines(frequency: Frequency, head: tuple[str, str], notes: list[str]) -> Sheet:
    boards = frequency.boards
    legends = _legends(boards)
    heads = [_heading(board) for board in boards]
    tops = [
        text_height(len(h)) + 0.06 * bool(h) + 0.21 * len(rows) + 0.12 for h, rows in zip(heads, legends, strict=True)
    ]
    cell = FRAME + 0.56
    sheet = Sheet(*head, notes, body=sum(tops) + cell * len(boards))
    left, y = MARGIN + 0.62, sheet.top
    width = WIDTH - left - 0.25
    for board, heading, legend, top in zip(boards, heads, legends, tops, strict=True):
        for number, text in enumerate(heading):
            sheet.text(MARGIN, y + text_height(number) + 0.09, text, weight="bold")
        _legend(sheet, board, legend, y + text_height(len(heading)) + 0.06 * bool(heading) + 0.09, bars=False)
        axes = sheet.axes(left, y + top, width, FRAME)
        _board(axes, board, frequency, width)
        sheet.text(MARGIN + 0.08, y + top + FRAME / 2, "Percentage", rotation=90, ha="center", va="center")
        sheet.text(left + width / 2, y + top + FRAME + 0.38, frequency.axis, ha="center")
        y += top + cell
    return sheet


def _board(axes: Axes, board: Board, frequency: Frequency, width: float) -> None:
    places = frequency.places
    for index, series in enumerate(board.series):
        colour, dash, marker = _style(index)
        cells = [series.cells.get(place) for place in places]
        values = [cell.percent if cell else math.nan for cell in cells]
        low, high = [c.low if c else math.nan for c in cells], [c.high if c else math.nan for c in cells]
        spots = list(range(len(places)))
        axes.fill_between(spots, low, high, color=colour, alpha=0.14, linewidth=0)
        axes.plot(spots, values, color=colour, linestyle=dash, marker=marker, markersize=4, clip_on=False, zorder=3)
    upper = _ceiling(board)
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


def _style(index: int) -> tuple[str, Any, str]:
    return COLOURS[index % len(COLOURS)], DASHES[(index // len(COLOURS)) % len(DASHES)], MARKERS[index % len(MARKERS)]


def _ceiling(board: Board) -> float:
    highest = max(
        (
            value
            for s in board.series
            for c in s.cells.values()
            for value in (c.percent, c.high)
            if math.isfinite(value)
        ),
        default=100.0,
    )
    for ceiling in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80):
        if highest <= ceiling * 0.96:
            return float(ceiling)
    return 100.0


# --- bars within groups --------------------------------------------------------------------------------------------


def _bars(frequency: Frequency, head: tuple[str, str], notes: list[str]) -> Sheet:
    boards, places = frequency.boards, frequency.places
    label_width = max(text_width(frequency.key, SMALL), *(text_width(frequency.names[p], SIZE) for p in places))
    label_width = min(2.0, label_width + 0.14)
    names = {place: wrap(frequency.names[place], label_width - 0.1) for place in places}
    left = MARGIN + label_width
    width = WIDTH - left - (0.25 if all(board.whole for board in boards) else 0.95)
    heads = [_heading(board) for board in boards]
    legends = _legends(boards)
    slots = [[_slot(board, names[place]) for place in places] for board in boards]
    frames = [sum(slot) for slot in slots]
    tops = [
        text_height(len(h)) + 0.06 * bool(h) + 0.21 * len(rows) + 0.08 for h, rows in zip(heads, legends, strict=True)
    ]
    key = 0.2 if frequency.key else 0.0
    tops[0] += key
    sheet = Sheet(*head, notes, body=sum(tops) + sum(frames) + 0.5 * len(boards))
    y = sheet.top
    for board, heading, legend, top, frame, slot in zip(boards, heads, legends, tops, frames, slots, strict=True):
        for number, text in enumerate(heading):
            sheet.text(MARGIN, y + text_height(number) + 0.09, text, weight="bold")
        _legend(sheet, board, legend, y + text_height(len(heading)) + 0.06 * bool(heading) + 0.09, bars=True)
        if frequency.key and board is boards[0]:
            sheet.text(left - 0.1, y + top - 0.06, frequency.key, size=SMALL, color=GREY, ha="right")
        axes = sheet.axes(left, y + top, width, frame)
        upper = 100.0 if board.whole else _ceiling(board)
        _bar_frame(axes, upper, frame)
        middle = 0.0
        for place, height in zip(places, slot, strict=True):
            for number, text in enumerate(names[place]):
                offset = text_height(number) - text_height(len(names[place]) - 1) / 2
                sheet.text(left - 0.1, y + top + middle + height / 2 + offset, text, ha="right")
            draw_place = _stacked if board.whole else _grouped
            draw_place(axes, board, place, middle + height / 2, upper, width)
            middle += height
        sheet.text(left + width / 2, y + top + frame + 0.36, "Percentage", ha="center")
        y += top + frame + 0.5
    return sheet


def _slot(board: Board, lines: list[str]) -> float:
    bars = 1 if board.whole else len(board.series)
    return max(BAR * bars * (1.05 if bars == 1 else 0.85) + 0.12, text_height(len(lines)) + 0.08)


def _bar_frame(axes: Axes, upper: float, height: float) -> None:
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
        axes.add_patch(Rectangle((0, y - bar * 0.42), value, bar * 0.84, facecolor=_style(index)[0], edgecolor="none"))
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
        colour = _style(index)[0]
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


# --- shared ---------------------------------------------------------------------------------------------------------


def _heading(board: Board) -> list[str]:
    return wrap(board.title, WIDTH - 2 * MARGIN, SIZE, "bold") if board.title else []


def _legends(boards: list[Board]) -> list[list[list[int]]]:
    """Return the legend of each board; boards with the same series share that of the first."""
    rows: list[list[list[int]]] = []
    for index, board in enumerate(boards):
        same = index > 0 and [s.label for s in board.series] == [s.label for s in boards[0].series]
        rows.append([] if same or len(board.series) == 1 else _legend_rows(board.series))
    return rows


def _legend_rows(series: list[Series]) -> list[list[int]]:
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


def _legend(sheet: Sheet, board: Board, rows: list[list[int]], y: float, bars: bool) -> None:
    if not rows:
        return
    canvas = sheet.canvas()
    for number, row in enumerate(rows):
        x, middle = MARGIN, y + 0.21 * number
        for index in row:
            colour, dash, marker = _style(index)
            if bars:
                canvas.add_patch(Rectangle((x, middle - 0.055), 0.24, 0.11, facecolor=colour, edgecolor="none"))
            else:
                canvas.plot([x, x + 0.26], [middle] * 2, color=colour, linestyle=dash)
                canvas.plot([x + 0.13], [middle], color=colour, marker=marker, markersize=4)
            sheet.text(x + 0.32, middle, board.series[index].label, size=SMALL)
            x += text_width(board.series[index].label, SMALL) + SWATCH


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
