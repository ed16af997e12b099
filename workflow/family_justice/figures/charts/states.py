"""Stacked areas: in which of several states people are over time, with the numbers in each state beneath.

One panel per group. Areas lie in the order of the states, the first one at the bottom, with white lines between them:
neighbours can be told apart without their colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.house.curve_parts import (
    HIDDEN,
    ROW,
    CurveLine,
    CurvePanel,
    end_labels,
    risk_names,
    risk_numbers,
    strips,
)
from family_justice.figures.house.style import (
    BLUE,
    GREEN,
    MARGIN,
    ORANGE,
    PURPLE,
    SIZE,
    SKY,
    SMALL,
    VERMILION,
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

# Light and dark by turns: neighbours differ in lightness, too. Yellow can be seen as an area.
SHADES = (SKY, BLUE, ORANGE, VERMILION, GREEN, PURPLE, "#8c6d46", "#F0E442")
GONE = "#5a5a5a"  # the last state, if nobody leaves it
FRAME, BETWEEN = 2.4, 0.55  # height of a frame and gap between two, inches


def draw(
    rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, axis: str = "Probability (%)"
) -> tuple[Sheet, str, str]:
    """Draw the probabilities of all states; return the sheet, the alt text and the caption.

    ``rows``: released rows in the result schema. ``about``: the analysis in ``study.json``, with the labels of states.
    """
    chosen = rows[rows["measure"] == "state_probability"]
    unit = about.get("time_unit") or "years"
    title, subtitle = about["title"], labels.subject(about)
    panels = _panels(chosen, about, labels)
    withheld = [panel.title or "All" for panel in panels if not len(panel.lines[0].shown)]
    notes = [_note(chosen, withheld), labels.foot()]
    panels = [panel for panel in panels if len(panel.lines[0].shown)]
    if not panels:
        sheet = message(title, subtitle, "All probabilities are withheld: too few people to release.", notes[1:])
        return sheet, f"{title}: all probabilities are withheld by disclosure control.", "All values are withheld."
    across = labels.since(about.get("cohort") or "", unit)
    sheet = _sheet(panels, (title, subtitle, notes), (across, unit, axis), labels)
    caption = "Probability of each state in percent, stacked, " + (
        "one panel per group" if len(panels) > 1 else f"against {unit}"
    )
    return sheet, _alt(title, panels, unit), f"{caption}. Numbers of people in each state below the axis."


def _sheet(
    panels: list[CurvePanel], head: tuple[str, str, list[str]], names_of: tuple[str, str, str], labels: words.Labels
) -> Sheet:
    """Draw the panels, at most two side by side; ``names_of`` the axis of time, its unit, and the other axis."""
    since, unit, upward = names_of
    names = [line.label for line in panels[0].lines]
    direct, columns = len(panels) == 1, min(2, len(panels))
    left = MARGIN + min(max(max(text_width(n, SMALL) for n in names) + 0.7, 1.0), 1.9)
    right = min(max(text_width(n, SMALL, "bold") for n in names) + 0.14 + MARGIN, 1.7) if direct else 0.3
    width = (WIDTH - left - right - (columns - 1) * BETWEEN) / columns
    heading = 0.0 if direct and not panels[0].title else text_height(1) + 0.06
    above = 0.0 if direct else 0.24 * len(_legend_rows(names))
    cell = heading + FRAME + 0.72 + ROW * (1 + len(names))
    sheet = Sheet(*head, body=above + cell * -(-len(panels) // columns) - 0.12)
    if not direct:
        _legend(sheet, panels[0])
    high, ticks = _time_axis(panels, width, unit)
    across = since if text_width(since) < width + 0.3 else words.sentence(unit)
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        x, y = left + column * (width + BETWEEN), sheet.top + above + row * cell
        if heading:
            sheet.text(x, y + 0.09, wrap(panel.title, width, SIZE, "bold")[0], weight="bold")
        y += heading
        axes = sheet.axes(x, y, width, FRAME)
        middles = _areas(axes, panel, high, ticks)
        strips(sheet, panel, (x, y, width, FRAME), (high, unit), labels, counted="in this state")
        if column == 0:
            sheet.text(x - 0.44, y + FRAME / 2, upward, rotation=90, ha="center", va="center")
            risk_names(sheet, panel, y + FRAME + 0.61, room=left - 0.28, heading="Number in state")
        sheet.text(x + width / 2, y + FRAME + 0.37, across, ha="center")
        if direct:
            end_labels(sheet, middles, x + width + 0.08, (y, FRAME), 100.0)
        risk_numbers(sheet, panel, (x, width), y + FRAME + 0.61, (high, ticks), labels)
    return sheet


def _time_axis(panels: list[CurvePanel], width: float, unit: str) -> tuple[float, list[float]]:
    """Return the end of the time axis and as many ticks as the numbers beneath them leave room for."""
    high = max(float(line.rows["time"].max()) for panel in panels for line in panel.lines)
    step = tick_step(high, max(2, int(width / 0.55)), unit)
    return high, [step * i for i in range(int(high / step + 1e-9) + 1)]


def _panels(chosen: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[CurvePanel]:
    """One panel per group, one line per state: the numbers in the state are what the lines call at risk."""
    groups = list(dict.fromkeys(chosen["group"]))
    key, names = labels.strata(groups)
    states = list(about.get("states") or dict.fromkeys(chosen["term"]))
    panels = []
    for group in groups:
        lines = []
        for index, state in enumerate(states):
            rows = chosen[(chosen["group"] == group) & (chosen["term"] == state)]
            absorbing = bool(index == len(states) - 1 and rows["censored"].isna().all())
            colour = GONE if absorbing else SHADES[index % len(SHADES)]
            label = str((about.get("states") or {}).get(state, words.plain(state)))
            lines.append(CurveLine(label, rows, colour, "solid"))
        name = names[group] if len(groups) > 1 else ""
        panels.append(CurvePanel(f"{key}: {words.lower_first(name)}" if key and name else name, lines))
    return panels


def _areas(axes: Axes, panel: CurvePanel, high: float, ticks: list[float]) -> CurvePanel:
    """Draw the areas; return the panel with the middle of each area in place of its height, for its name."""
    times = panel.lines[0].shown["time"].to_numpy(dtype=float)
    bottom = np.zeros(len(times))
    middles = []
    for line in panel.lines:
        top = bottom + line.shown["estimate"].to_numpy(dtype=float)
        axes.fill_between(times, bottom, top, step="post", color=line.colour, linewidth=0)
        axes.step(times, top, where="post", color="white", linewidth=0.9)
        place = line.rows.assign(estimate=line.rows["estimate"].where(line.rows["estimate"].isna(), 0.0))
        place.loc[line.shown.index, "estimate"] = (bottom + top) / 2 / line.scale
        middles.append(CurveLine(line.label, place, line.colour, line.dash))
        bottom = top
    axes.set_xlim(0, high)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20), [str(mark) for mark in range(0, 101, 20)])
    axes.spines["left"].set_visible(False)
    return CurvePanel(panel.title, middles)


def _legend_rows(names: list[str]) -> list[list[int]]:
    rows: list[list[int]] = [[]]
    used = 0.0
    for index, name in enumerate(names):
        need = text_width(name, SMALL) + 0.5
        if rows[-1] and used + need > WIDTH - 2 * MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append(index)
        used += need
    return rows


def _legend(sheet: Sheet, panel: CurvePanel) -> None:
    canvas = sheet.canvas()
    for number, row in enumerate(_legend_rows([line.label for line in panel.lines])):
        x, y = MARGIN, sheet.top + 0.09 + 0.22 * number
        for index in row:
            line = panel.lines[index]
            canvas.add_patch(Rectangle((x, y - 0.055), 0.24, 0.11, facecolor=line.colour, edgecolor="none"))
            sheet.text(x + 0.3, y, line.label, size=SMALL)
            x += text_width(line.label, SMALL) + 0.5


def _note(chosen: pd.DataFrame, withheld: list[str]) -> str:
    parts = [f"Withheld: {', '.join(withheld)}."] if withheld else []
    if chosen["at_risk"].isna().any():
        parts.append(f"{HIDDEN} marks a withheld number.")
    return " ".join(parts)


def _alt(title: str, panels: list[CurvePanel], unit: str) -> str:
    parts = [f"Stacked areas. {title}. Time in {unit}."]
    for panel in panels:
        ends = [(line.label, line.shown.iloc[-1]) for line in panel.lines]
        values = "; ".join(f"{label} {words.percent(last['estimate'])}" for label, last in ends)
        at = f"at {float(ends[0][1]['time']):g}"
        parts.append(f"{panel.title}, {at}: {values}." if panel.title else f"{words.sentence(at)}: {values}.")
    return " ".join(parts)
