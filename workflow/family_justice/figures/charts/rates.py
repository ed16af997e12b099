"""Rates of groups: over years as lines with bands, else as points with intervals, a row for each group."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.frequency_layout import Board, Series
from family_justice.figures.house.hover import strips
from family_justice.figures.house.legends import line_style, tops, write_top
from family_justice.figures.house.style import BLUE, GREY, MARGIN, SMALL, WIDTH, Sheet, message, text_width, tick_step

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FRAME, ROW = 2.6, 0.24  # inches
WIDEST = 3.0


@dataclass(frozen=True)
class Rate:
    """A rate as released, with what stands beside it."""

    group: str
    value: float
    low: float
    high: float
    events: str
    people: str
    time: str
    note: str

    def said(self, labels: words.Labels) -> str:
        """Return it in words, as in the table."""
        if not math.isfinite(self.value):
            return labels.withheld(self.note)
        limits = words.interval(*(words.decimal(value, 2) for value in (self.low, self.high)))
        return words.decimal(self.value, 2) + (f" (95% CI {limits})" if limits else "") + f", {self.events} events"


def unit(about: dict[str, Any]) -> str:
    """Return what rates are counted per."""
    named = about.get("unit") or f"person-{about.get('time_unit', 'years')}"
    return f"Per 1000 {words.lower_first(str(named))}"


def arrange(rows: pd.DataFrame, about: dict[str, Any]) -> list[Rate]:
    """Return the rates of groups, in the order of the rows; those of strata only where there are no groups."""
    times = rows[rows["measure"] == "time_at_risk"].set_index("group")["estimate"].to_dict()
    found = []
    for row in rows[rows["measure"] == "rate"].to_dict("records"):
        value, low, high = (float(row[c]) if words.present(row[c]) else math.nan for c in words.ESTIMATE)
        time = times.get(row["group"])
        counts = words.count(row["n"]), words.count(row["total"]), words.count(time) if words.present(time) else ""
        found.append(Rate(str(row["group"]), value, low, high, *counts, str(row["note"])))
    grouped = list(about.get("group_by") or [])
    wanted = [rate for rate in found if [column for column, _ in words.pairs(rate.group)] == grouped]
    return wanted if grouped and wanted else found


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw rates; return the sheet, the alt text and the caption."""
    rates = arrange(rows, about)
    head = (about["title"], labels.subject(about, str(rows["outcome"].iloc[0])))
    shown = [rate for rate in rates if math.isfinite(rate.value)]
    if not shown:
        reason = "All rates are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all rates are withheld.", reason
    axis = _axis(rates)
    if axis:
        return _lines(rates, axis, head, about, labels)
    return _dots(rates, head, about, labels)


def _axis(rates: list[Rate]) -> str:
    """Return the column of groups whose levels are years, which a line may join; empty if there is none."""
    levels: dict[str, list[str]] = {}
    for rate in rates:
        for column, level in words.pairs(rate.group):
            levels.setdefault(column, []).append(level)
    return next((c for c, own in levels.items() if words.in_year_order(list(dict.fromkeys(own)))), "")


def _ceiling(rates: list[Rate]) -> float:
    return 1.05 * max(v for r in rates for v in (r.value, min(r.high, 3 * r.value)) if math.isfinite(v)) or 1.0


def _lines(
    rates: list[Rate], axis: str, head: tuple[str, str], about: dict[str, Any], labels: words.Labels
) -> tuple[Sheet, str, str]:
    lines: dict[str, dict[str, Rate]] = {}
    for rate in rates:
        pairs = words.pairs(rate.group)
        rest = "; ".join(f"{column}={level}" for column, level in pairs if column != axis)
        lines.setdefault(rest, {})[dict(pairs)[axis]] = rate
    places = sorted({place for own in lines.values() for place in own})
    key, names = labels.strata(list(lines))
    board = Board(key, [Series(names[rest]) for rest in lines])
    (top,) = tops([board])
    note = "Bands: 95% confidence intervals. Gaps: too few people, or what would reveal them."
    sheet = Sheet(*head, [note, labels.foot()], body=top.height + FRAME + 0.56)
    write_top(sheet, board, top, sheet.top, bars=False)
    left, y = MARGIN + 0.62, sheet.top + top.height
    width = WIDTH - left - 0.25
    axes = sheet.axes(left, y, width, FRAME)
    _curves(axes, list(lines.values()), places)
    _frame(axes, _ceiling(rates), vertical=True)
    every = max(1, math.ceil((max(text_width(p, SMALL) for p in places) + 0.12) * len(places) / width))
    axes.set_xticks(range(len(places)), [p if (len(places) - 1 - i) % every == 0 else "" for i, p in enumerate(places)])
    axes.set_xlim(-0.35, len(places) - 0.65)
    for place, (first, last) in zip(places, strips(list(range(len(places))), (-0.35, len(places) - 0.65)), strict=True):
        said = [f"{names[rest]}: {own[place].said(labels)}" for rest, own in lines.items() if place in own]
        x = left + width * (first + 0.35) / (len(places) - 0.3)
        sheet.hover(x, y, width * (last - first) / (len(places) - 0.3), FRAME, "\n".join([place, *said]))
    sheet.text(MARGIN + 0.08, y + FRAME / 2, unit(about), rotation=90, ha="center", va="center")
    sheet.text(left + width / 2, y + FRAME + 0.38, labels.covariate(axis), ha="center")
    parts = [f"Line chart. {about['title']}. {unit(about)} by {words.lower_first(labels.covariate(axis))}."]
    for rest, own in lines.items():
        ends = [place for place in places if place in own]
        told = "; ".join(f"{place} {own[place].said(labels)}" for place in dict.fromkeys([ends[0], ends[-1]]))
        parts.append(f"{names[rest]}: {told}.")
    return sheet, " ".join(parts), f"{unit(about)} by {words.lower_first(labels.covariate(axis))}."


def _curves(axes: Axes, lines: list[dict[str, Rate]], places: list[str]) -> None:
    for index, own in enumerate(lines):
        colour, dash, marker = line_style(index)
        values, low, high = (
            [getattr(own[place], name) if place in own else math.nan for place in places]
            for name in ("value", "low", "high")
        )
        axes.fill_between(range(len(places)), low, high, color=colour, alpha=0.14, linewidth=0)
        axes.plot(range(len(places)), values, color=colour, linestyle=dash, marker=marker, markersize=4, zorder=3)


def _dots(
    rates: list[Rate], head: tuple[str, str], about: dict[str, Any], labels: words.Labels
) -> tuple[Sheet, str, str]:
    key, names = labels.strata([rate.group for rate in rates])
    room = min(WIDEST, max(text_width(name) for name in [key, *names.values()]) + 0.2)
    note = "Points and bars: rates with 95% confidence intervals."
    sheet = Sheet(*head, [note, labels.foot()], body=0.3 + ROW * len(rates) + 0.55)
    left, y = MARGIN + room, sheet.top + 0.3
    width, height = WIDTH - left - 0.25, ROW * len(rates)
    if key:
        sheet.text(MARGIN, sheet.top + 0.12, key, size=SMALL, color=GREY)
    axes = sheet.axes(left, y, width, height)
    for place, rate in enumerate(rates):
        middle = place + 0.5
        sheet.text(MARGIN, y + ROW * middle, names[rate.group])
        if math.isfinite(rate.value):
            axes.plot([rate.low, rate.high], [middle] * 2, color=BLUE, linewidth=1.4)
            axes.plot([rate.value], [middle], marker="o", color=BLUE, markersize=5)
        else:
            axes.text(0, middle, f" {words.WITHHELD}", size=SMALL, color=GREY, va="center_baseline")
        sheet.hover(MARGIN, y + ROW * place, WIDTH - 2 * MARGIN, ROW, f"{names[rate.group]}: {rate.said(labels)}")
    axes.set_ylim(len(rates), 0)
    axes.set_yticks([])
    _frame(axes, _ceiling(rates), vertical=False)
    sheet.text(left + width / 2, y + height + 0.36, unit(about), ha="center")
    told = " ".join(f"{names[rate.group]}: {rate.said(labels)}." for rate in rates[:12])
    alt = f"Points with intervals. {about['title']}. {unit(about)}. {told}"
    return sheet, alt, f"{unit(about)}, with 95% confidence intervals."


def _frame(axes: Axes, upper: float, vertical: bool) -> None:
    step = tick_step(upper, 6, "percent")
    marks = [step * i for i in range(int(upper / step + 1e-9) + 1)]
    (axes.set_ylim if vertical else axes.set_xlim)(0, upper)
    (axes.set_yticks if vertical else axes.set_xticks)(marks, [f"{mark:g}" for mark in marks])
    axes.grid(axis="y" if vertical else "x")
    axes.spines["left" if vertical else "bottom"].set_visible(False)
