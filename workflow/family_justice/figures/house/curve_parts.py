"""Around a panel of curves: the names of the lines, at their ends or in a legend, and the numbers at risk."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house import hover
from family_justice.figures.house.style import GREY, INK, MARGIN, SMALL, WIDTH, Sheet, text_height, text_width, wrap

if TYPE_CHECKING:
    import pandas as pd

HIDDEN = "[c]"  # "confidential" in the symbols that the Government Analysis Function recommends for tables
LIMITS = ("conf_low", "conf_high")
ROW = 0.17  # height of a row of the numbers at risk, inches
POINT = ("time", "estimate", *LIMITS, "at_risk", "status", "note")  # the columns that a point of a curve is told by


@dataclass
class CurveLine:
    """One curve: times, numbers at risk, and how it is drawn; ``shown`` are the rows with an estimate, their values in
    units of the axis (percent, or numbers where ``scale`` is 1), ``points`` all rows with a time, in its order."""

    label: str
    rows: pd.DataFrame
    colour: str
    dash: Any
    scale: float = 100.0
    shown: pd.DataFrame = field(init=False)
    points: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        rows = self.rows[self.rows["estimate"].notna() & self.rows["time"].notna()]
        self.shown = rows.sort_values("time", kind="stable")
        columns = ["estimate", "conf_low", "conf_high"]
        self.shown = self.shown.assign(**{column: self.shown[column] * self.scale for column in columns})
        # Plain dictionaries, made once: every time of every line is looked up, and asking a frame each time is slow.
        timed = self.rows.loc[self.rows["time"].notna(), list(POINT)].sort_values("time", kind="stable")
        self.points = [{str(name): value for name, value in row.items()} for row in timed.to_dict("records")]


@dataclass
class CurvePanel:
    """One frame: its heading and its lines."""

    title: str
    lines: list[CurveLine]
    key: str = ""  # what the labels of the lines are levels of


def end_label(line: CurveLine) -> str:
    """Return the name of a line; a line that could not be drawn says so."""
    return line.label if len(line.shown) else f"{line.label} (withheld)"


def end_labels(
    sheet: Sheet, panel: CurvePanel, x: float, span: tuple[float, float], upper: float, switched: bool = False
) -> None:
    """Write each line's label at its end, moved apart where they would collide; ``switched``: as a part of a series
    that can be switched off."""
    top, frame = span
    room = sheet.width - MARGIN - x + 0.02
    blocks = []
    for line in panel.lines:
        last = float(line.shown["estimate"].iloc[-1]) if len(line.shown) else 0.0
        blocks.append((top + frame * (1 - last / upper), line, wrap(end_label(line), room, SMALL, "bold")))
    blocks.sort(key=lambda block: block[0])
    heights = [text_height(len(texts), SMALL) + 0.03 for _, _, texts in blocks]
    middle = [y for y, _, _ in blocks]
    for _ in range(200):  # small pushes until no two overlap; the order of the lines stays
        moved = False
        for i in range(len(middle) - 1):
            overlap = (heights[i] + heights[i + 1]) / 2 - (middle[i + 1] - middle[i])
            if overlap > 1e-3:
                middle[i] -= overlap / 2
                middle[i + 1] += overlap / 2
                moved = True
        middle = [min(max(y, top - 0.1 + h / 2), top + frame - h / 2) for y, h in zip(middle, heights, strict=True)]
        if not moved:
            break
    keys = wrap(panel.key, room, SMALL, "bold") if panel.key else []
    above = middle[0] - heights[0] / 2 - text_height(len(keys), SMALL) if keys else 0.0
    for number, text in enumerate(keys):
        sheet.text(x, above + text_height(number + 0.5, SMALL), text, size=SMALL, color=GREY)
    for y, (_, line, texts) in zip(middle, blocks, strict=True):
        for number, text in enumerate(texts):
            offset = text_height(number, SMALL) - text_height(len(texts) - 1, SMALL) / 2
            style: dict[str, Any] = {"gid": sheet.part(line.label)} if switched else {}
            sheet.text(x, y + offset, text, size=SMALL, color=_dark(line.colour), weight="bold", **style)


def _dark(colour: str) -> str:
    """Return a colour dark enough for small text on white paper."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    factor = 0.62 if 0.299 * red + 0.587 * green + 0.114 * blue > 125 else 0.9
    return "#" + "".join(f"{round(part * factor):02x}" for part in (red, green, blue))


def _legend_entries(panels: list[CurvePanel]) -> list[list[CurveLine]]:
    """Return the entries of the legend, row by row."""
    unique = {line.label: line for panel in panels for line in panel.lines}
    rows: list[list[CurveLine]] = [[]]
    used = _key_width(panels)
    for line in unique.values():
        need = text_width(line.label, SMALL) + 0.62
        if rows[-1] and used + need > WIDTH - 2 * MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append(line)
        used += need
    return rows


def _key_width(panels: list[CurvePanel]) -> float:
    key = panels[0].key
    return text_width(key, SMALL, "bold") + 0.2 if key else 0.0


def legend_height(panels: list[CurvePanel]) -> float:
    """Return the height of the legend that all panels share, in inches."""
    return 0.26 * len(_legend_entries(panels))


def legend(sheet: Sheet, panels: list[CurvePanel]) -> None:
    """Write the legend at the top of the sheet's body."""
    canvas = sheet.canvas()
    if panels[0].key:
        sheet.text(MARGIN, sheet.top + 0.09, panels[0].key, size=SMALL, weight="bold")
    for number, entries in enumerate(_legend_entries(panels)):
        x, y = MARGIN + (_key_width(panels) if number == 0 else 0), sheet.top + 0.09 + 0.22 * number
        for line in entries:
            canvas.plot([x, x + 0.30], [y, y], color=line.colour, linestyle=line.dash)
            sheet.text(x + 0.37, y, line.label, size=SMALL)
            x += text_width(line.label, SMALL) + 0.62


def at_risk(line: CurveLine, time: float, labels: words.Labels) -> str:
    """Return the number still at risk at ``time``, as the row at that time or the next one has it."""
    place = bisect_left(line.points, time - 1e-9, key=lambda row: row["time"])
    if place == len(line.points):
        return ""
    row = line.points[place]
    text = words.cell(row["at_risk"], row["status"], row["note"], labels)
    return HIDDEN if text == words.WITHHELD or (not text and row["status"] == "ok") else text


def point(row: Any, scale: float, labels: words.Labels) -> tuple[str, str, str]:
    """Return estimate, confidence limits and number at risk of one row of a curve, as figure and table say them.

    ``scale``: 100 for percent, 1 for numbers of events. A withheld estimate has neither limits nor a number at risk.
    """
    if not words.present(row["estimate"]):
        return (words.WITHHELD if row["status"] == "suppressed" else "not estimable"), "", ""
    digits = 1 if scale == 100 else 2
    low, high = (words.decimal(scale * row[c], digits) if words.present(row[c]) else "" for c in LIMITS)
    value = words.percent(100 * row["estimate"]) if scale == 100 else words.decimal(row["estimate"], 2)
    return value, words.interval(low, high), words.cell(row["at_risk"], row["status"], row["note"], labels)


def strips(
    sheet: Sheet,
    panel: CurvePanel,
    frame: tuple[float, float, float, float],
    time: tuple[float, str],
    labels: words.Labels,
    counted: str = "at risk",
) -> None:
    """Let a strip for each time of the panel say all of its lines.

    ``frame``: left, top, width and height in inches; ``time``: end of the axis and its unit; ``counted``: what the
    number of people beside each estimate is.
    """
    left, top, width, height = frame
    told: dict[float, list[str]] = {}  # by time; equal times of two lines may differ in their last digits
    for line in panel.lines:
        for row in line.points:
            value, limits, risk = point(row, line.scale, labels)
            more = f" (95% CI {limits})" if limits else ""
            text = f"{line.label}: {value}{more}" + (f", {risk} {counted}" if risk else "")
            told.setdefault(round(row["time"], 9), []).append(text)
    times = sorted(told)
    for at, (low, high) in zip(times, hover.strips(times, (0.0, time[0])), strict=True):
        said = [f"{at:g} {time[1].removesuffix('s') if at == 1 else time[1]}", *told[at]]
        sheet.hover(left + width * low / time[0], top, width * (high - low) / time[0], height, "\n".join(said))


def risk_names(sheet: Sheet, panel: CurvePanel, top: float, room: float, heading: str = "Number at risk") -> None:
    """Write the names of the lines at the left of the numbers at risk; ``room``: where they must end, in inches."""
    sheet.text(MARGIN, top, heading, size=SMALL, weight="bold")
    canvas = sheet.canvas()
    x = MARGIN + 0.26
    for number, line in enumerate(panel.lines):
        y = top + ROW * (number + 1)
        canvas.plot([MARGIN, MARGIN + 0.2], [y, y], color=line.colour, linestyle=line.dash, linewidth=1.5)
        text = line.label
        while text_width(text, SMALL) > room - x and len(text) > 4:
            text = text.rstrip("…")[:-1].rstrip() + "…"
        sheet.text(x, y, text, size=SMALL)


def risk_numbers(
    sheet: Sheet,
    panel: CurvePanel,
    span: tuple[float, float],
    top: float,
    time: tuple[float, list[float]],
    labels: words.Labels,
) -> None:
    """Write the numbers at risk under the ticks. ``span``: left end and width of the axis; ``time``: its end, ticks."""
    high, ticks = time
    for number, line in enumerate(panel.lines):
        for tick in ticks:
            text = at_risk(line, tick, labels)
            x, y = span[0] + span[1] * tick / high, top + ROW * (number + 1)
            sheet.text(x, y, text, size=SMALL, ha="center", color=INK if text[:1].isdigit() else GREY)
