"""Curves over time with confidence bands and an aligned table of numbers at risk.

One panel per outcome, one line per stratum. The first grouping column chooses the colour, the second the dashes, so
that a pair such as mothers and fathers keeps its colours whatever else it is divided by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.curve_parts import (
    HIDDEN,
    ROW,
    CurveLine,
    CurvePanel,
    at_risk,
    end_label,
    end_labels,
    legend,
    legend_height,
    risk_names,
    risk_numbers,
    strips,
)
from family_justice.figures.house.legends import ceiling
from family_justice.figures.house.style import (
    COLOURS,
    DASHES,
    MARGIN,
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

MOST_LINES = 6  # in one panel; more strata become panels of their own
FRAME, SMALL_FRAME = 2.55, 1.6  # heights of a frame, inches
BETWEEN = 0.55  # gap between two panels side by side, inches
MEASURES = ("cumulative_incidence", "survival", "mean_cumulative_count")


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw all curves of an analysis; return the sheet, the alt text and the caption.

    ``rows``: released rows in the result schema; estimates are proportions (0 to 1), or mean numbers of events.
    ``about``: the analysis in ``study.json``.
    """
    curves = rows[rows["measure"].isin(MEASURES)]
    falling = bool((curves["measure"] == "survival").any())
    counted = bool((curves["measure"] == "mean_cumulative_count").any())
    panels = _panels(curves, labels)
    unit = about.get("time_unit") or "years"
    axis = "Mean number of events per person" if counted else _axis_label(about, falling)
    outcomes = list(dict.fromkeys(curves["outcome"]))
    title, subtitle = about["title"], labels.subject(about, outcomes[0] if len(outcomes) == 1 else "")
    notes = [f"{_note(curves)} {labels.steps(curves)}".strip(), labels.foot()]
    if not any(len(line.shown) for panel in panels for line in panel.lines):
        sheet = message(title, subtitle, "All curves are withheld: too few people or events to release.", notes[1:])
        return sheet, f"{title}: all curves are withheld by disclosure control.", "All curves are withheld."
    upper = 100.0 if falling else _ceiling(panels)
    across = labels.since(about.get("cohort") or "", unit)
    view = _View(axis if counted else f"{axis} (%)", across, unit, upper, about.get("frame", FRAME))
    sheet = _sheet(panels, view, (title, subtitle, notes), labels)
    return sheet, _alt(title, panels, unit), _caption(axis if counted else f"{axis} in percent", panels, unit)


def small(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw the reverse Kaplan-Meier curve of follow-up: the share of people still observed."""
    return draw(rows, {**about, "axis": "Still followed up", "frame": SMALL_FRAME}, labels)


def _axis_label(about: dict[str, Any], falling: bool) -> str:
    return str(about.get("axis") or ("Event-free" if falling else "Cumulative incidence"))


def _note(curves: pd.DataFrame) -> str:
    parts = []
    if curves["conf_low"].notna().any():
        parts.append("Bands: 95% confidence intervals.")
    if (curves["status"] == "suppressed").any():
        parts.append(f"Curves end where the numbers become too small to release; {HIDDEN} marks a withheld number.")
    return " ".join(parts)


def _panels(curves: pd.DataFrame, labels: words.Labels) -> list[CurvePanel]:
    """Split the rows into panels by outcome, and by the first grouping column if the lines would be too many."""
    groups = list(dict.fromkeys(curves["group"]))
    outcomes = list(dict.fromkeys(curves["outcome"]))
    facets, styles = _facets(groups, labels)
    inner = {g: _without(g, 1 if len(facets) > 1 else 0) for g in groups}
    key, names = labels.strata(list(inner.values()))
    panels = []
    for outcome in outcomes:
        for name, members in facets:
            heading = [labels.outcome(outcome, short=True)] if len(outcomes) > 1 else []
            lines = []
            for group in members:
                chosen = curves[(curves["outcome"] == outcome) & (curves["group"] == group)]
                if len(chosen):
                    scale = 1.0 if (chosen["measure"] == "mean_cumulative_count").any() else 100.0
                    lines.append(CurveLine(names[inner[group]], chosen, *styles[group], scale=scale))
            panels.append(CurvePanel(words.sentence(", ".join([*heading, *([name] if name else [])])), lines, key))
    return [panel for panel in panels if panel.lines]


def _facets(groups: list[str], labels: words.Labels) -> tuple[list[tuple[str, list[str]]], dict[str, tuple[str, Any]]]:
    """Return the panels of one outcome, each by its name with its strata, and the colour and dashes of every stratum.

    All strata share one panel unless they are too many and have a first column to split them by.
    """
    split: dict[str, list[str]] = {}
    if len(groups) > MOST_LINES and words.pairs(groups[0]):
        for group in groups:
            split.setdefault("=".join(words.pairs(group)[0]), []).append(group)
    if not split or len(split) == len(groups):
        return [("", groups)], _styles(groups)
    column, bare = labels.strata(list(split))
    facets = [
        (f"{column}: {words.lower_first(bare[first])}" if column else bare[first], members)
        for first, members in split.items()
    ]
    # The colour belongs to the first column; within a panel of one level the second one takes it over.
    rest = {g: _without(g, 1) for g in groups}
    within = _styles(list(dict.fromkeys(rest.values())))
    return facets, {g: within[rest[g]] for g in groups}


def _without(group: str, columns: int) -> str:
    """Return a stratum without its first grouping columns."""
    return "; ".join("=".join(pair) for pair in words.pairs(group)[columns:])


def _styles(groups: list[str]) -> dict[str, tuple[str, Any]]:
    """Give each stratum a colour and dashes: by first and second column if there are two, else by order."""
    split = [words.pairs(group) for group in groups]
    first = list(dict.fromkeys(pairs[0] for pairs in split if pairs))
    rest = list(dict.fromkeys(tuple(pairs[1:]) for pairs in split if pairs))
    if len(rest) > 1 and len(first) <= len(COLOURS) and len(rest) <= len(DASHES):
        return {
            g: (COLOURS[first.index(p[0])], DASHES[rest.index(tuple(p[1:]))])
            for g, p in zip(groups, split, strict=True)
        }
    return {
        group: (COLOURS[i % len(COLOURS)], DASHES[(i // len(COLOURS)) % len(DASHES)]) for i, group in enumerate(groups)
    }


@dataclass(frozen=True)
class _View:
    """What all panels of a sheet share: names of the axes, their ends and ticks, and sizes in inches."""

    up: str
    across: str
    unit: str
    upper: float
    frame: float


@dataclass(frozen=True)
class _Places:
    """Where panels stand: sizes in inches, with room beside the frames for the widest name and number at risk."""

    columns: int
    direct: bool  # names at the ends of the lines; panels share a legend
    widest: float  # number at risk
    left: float
    width: float  # of a frame
    titles: list[list[str]]  # of panels, in lines
    heading: float
    above: float  # the legend
    cell: float  # a panel with all that belongs to it


def _places(panels: list[CurvePanel], frame: float, labels: words.Labels) -> _Places:
    names = [line.label for panel in panels for line in panel.lines]
    several = len(set(names)) > 1
    direct = several and len(panels) == 1
    alike = len({tuple(line.label for line in panel.lines) for panel in panels}) == 1
    columns = 2 if alike and len(panels) > 1 else 1
    widest = max(text_width(at_risk(line, 0.0, labels), SMALL) for panel in panels for line in panel.lines)
    left, right = _beside(panels, direct, widest)
    width = (WIDTH - left - right - (columns - 1) * BETWEEN) / columns
    titles = [wrap(panel.title, width, SIZE, "bold") if panel.title else [] for panel in panels]
    heading = text_height(max(len(lines) for lines in titles)) + (0.08 if any(titles) else 0)
    above = legend_height(panels) if several and not direct else 0.0
    cell = heading + frame + 0.72 + ROW * (1 + max(len(panel.lines) for panel in panels))
    return _Places(columns, direct, widest, left, width, titles, heading, above, cell)


def _beside(panels: list[CurvePanel], direct: bool, widest: float) -> tuple[float, float]:
    """Return the room on the left, for names and numbers at risk, and on the right, for names at the ends of lines."""
    named = max(text_width(line.label, SMALL) for panel in panels for line in panel.lines) + 0.26
    left = MARGIN + max(0.62, min(max(named, text_width("Number at risk", SMALL, "bold")) + 0.12 + widest / 2, 2.2))
    if not direct:
        return left, max(widest / 2, 0.1) + MARGIN
    ends = [*(end_label(line) for line in panels[0].lines), panels[0].key]
    return left, min(max(text_width(text, SMALL, "bold") for text in ends) + 0.12 + MARGIN, 1.9)


def _sheet(panels: list[CurvePanel], view: _View, head: tuple[str, str, list[str]], labels: words.Labels) -> Sheet:
    places = _places(panels, view.frame, labels)
    width = places.width
    sheet = Sheet(*head, body=places.above + places.cell * -(-len(panels) // places.columns) - 0.12)
    if places.above:
        legend(sheet, panels)
    time = _time_axis(panels, view.unit, int(width / (places.widest + 0.08)))
    for index, panel in enumerate(panels):
        row, column = divmod(index, places.columns)
        x, y = places.left + column * (width + BETWEEN), sheet.top + places.above + row * places.cell
        for number, text in enumerate(places.titles[index]):
            sheet.text(x, y + text_height(number) + 0.09, text, weight="bold")
        y += places.heading
        axes = sheet.axes(x, y, width, view.frame)
        _frame(axes, *time, view.upper)
        for line in panel.lines:
            _curve(axes, line, sheet)
        strips(sheet, panel, (x, y, width, view.frame), (time[0], view.unit), labels)
        if column == 0:
            sheet.text(x - 0.44, y + view.frame / 2, view.up, rotation=90, ha="center", va="center")
        across = view.across if text_width(view.across) < width + 0.3 else words.sentence(view.unit)
        sheet.text(x + width / 2, y + view.frame + 0.37, across, ha="center")
        if places.direct:
            end_labels(sheet, panel, x + width + 0.08, (y, view.frame), view.upper, switched=True)
        if column == 0:
            risk_names(sheet, panel, y + view.frame + 0.61, room=places.left - 0.1 - places.widest / 2)
        risk_numbers(sheet, panel, (x, width), y + view.frame + 0.61, time, labels)
    return sheet


def _frame(axes: Axes, high: float, ticks: list[float], upper: float) -> None:
    axes.set_xlim(0, high)
    axes.set_xticks(ticks, [_tick(tick) for tick in ticks])
    step = tick_step(upper, 6, "percent")
    marks = [step * i for i in range(int(upper / step + 1e-9) + 1)]
    axes.set_ylim(0, upper)
    axes.set_yticks(marks, [_tick(mark) for mark in marks])
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)


def _curve(axes: Axes, line: CurveLine, sheet: Sheet) -> None:
    shown = line.shown
    if shown.empty:
        return
    times = shown["time"].astype(float).tolist()
    values = shown["estimate"].tolist()
    low, up = shown["conf_low"].tolist(), shown["conf_high"].tolist()
    if times[0] > 0:  # every curve starts at time zero, from nobody or from everybody
        start = 100.0 if (shown["measure"] == "survival").any() else 0.0
        times, values, low, up = [0.0, *times], [start, *values], [start, *low], [start, *up]
    part = partial(sheet.part, line.label)
    axes.fill_between(times, low, up, step="post", color=line.colour, alpha=0.16, linewidth=0, gid=part())
    axes.step(times, values, where="post", color=line.colour, linestyle=line.dash, clip_on=True, gid=part())


def _time_axis(panels: list[CurvePanel], unit: str, most: int) -> tuple[float, list[float]]:
    """Return the end of the time axis and at most so many ticks, for the numbers beneath them need room."""
    last = max(float(line.rows["time"].max()) for panel in panels for line in panel.lines)
    step = tick_step(last, min(max(most, 2), 12), unit)
    return last, [step * i for i in range(int(last / step + 1e-9) + 1)]


def _ceiling(panels: list[CurvePanel]) -> float:
    """Return a round upper end of the axis with a little air above the highest line."""
    highest = max(
        float(line.shown[column].max())
        for panel in panels
        for line in panel.lines
        for column in ("estimate", "conf_high")
        if line.shown[column].notna().any()
    )
    if all(line.scale == 100 for panel in panels for line in panel.lines):
        return ceiling(highest)
    power = 10.0 ** math.floor(math.log10(max(highest, 1e-3)))
    return next(end * power for end in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12) if highest <= 0.97 * end * power)


def _tick(value: float) -> str:
    return f"{value:g}"


def _estimate(line: CurveLine) -> str:
    if line.shown.empty:
        return f"{line.label}: withheld"
    last = line.shown.iloc[-1]
    digits = 1 if line.scale == 100 else 2
    limits = words.interval(words.decimal(last["conf_low"], digits), words.decimal(last["conf_high"], digits))
    value = words.percent(last["estimate"]) if line.scale == 100 else words.decimal(last["estimate"], digits)
    return f"{line.label} {value}" + (f" (95% CI {limits})" if limits else "") + f" at {_tick(float(last['time']))}"


def _alt(title: str, panels: list[CurvePanel], unit: str) -> str:
    parts = [f"Line chart. {title}. Time in {unit}."]
    for panel in panels:
        values = "; ".join(_estimate(line) for line in panel.lines)
        parts.append(f"{panel.title}: {values}." if panel.title else f"{values}.")
    return " ".join(parts)


def _caption(axis: str, panels: list[CurvePanel], unit: str) -> str:
    several = len({line.label for panel in panels for line in panel.lines}) > 1
    where = "; one panel per outcome" if len(panels) > 1 else ""
    lines = "one line per group" if several else "with its confidence band"
    return f"{axis} against {unit}: {lines}{where}. Numbers at risk below the axis."
