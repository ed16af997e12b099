"""Inequality: shares or rates of ordered groups over their rank, with the line whose slope is the index."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.hover import strips
from family_justice.figures.house.legends import ceiling
from family_justice.figures.house.style import (
    BLUE,
    GREY,
    MARGIN,
    SMALL,
    TINY,
    VERMILION,
    WIDTH,
    Sheet,
    message,
    text_height,
    text_width,
    tick_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INDICES = ("slope_index", "log_relative_index", "concentration_index")
MOST_ACROSS = 3
FRAME = {1: 2.6, 2: 1.9, 3: 1.5}  # height of a frame, inches, by the number of frames beside each other


@dataclass(frozen=True)
class Place:
    """One of the ordered groups: its mean rank, its share or rate with limits, and its counts as words."""

    level: str
    rank: float
    value: float
    low: float
    high: float
    n: str
    total: str
    note: str = ""


@dataclass
class Gradient:
    """One stratum: its places, the three indices as words, and the ends of the line."""

    group: str
    places: list[Place]
    slope: str
    relative: str
    concentration: str
    line: tuple[float, float] | None
    notes: dict[str, str] = field(default_factory=dict)


def arrange(rows: pd.DataFrame) -> list[Gradient]:
    """Sort the released rows of an inequality analysis into one gradient per stratum."""
    shares = rows[rows["measure"].isin(("percent", "rate"))]
    times = rows[rows["measure"] == "time_at_risk"].set_index("group")["estimate"].to_dict()
    outer: dict[str, list[dict[str, Any]]] = {}
    for row in shares.to_dict("records"):
        outer.setdefault(str(row["group"]).rpartition("; ")[0], []).append({str(k): v for k, v in row.items()})
    found = []
    for group, own in outer.items():
        totals = [float(row["total"]) if words.present(row["total"]) else math.nan for row in own]
        whole = sum(totals)
        steps = [(place + 0.5) / len(own) for place in range(len(own))]  # where a size is withheld
        ranks = [(sum(totals[:i]) + size / 2) / whole for i, size in enumerate(totals)] if whole > 0 else steps
        places = [_place(row, rank) for row, rank in zip(own, ranks, strict=True)]
        indices = rows[(rows["group"] == group) & rows["measure"].isin(INDICES)]
        by = {row["measure"]: {str(k): v for k, v in row.items()} for row in indices.to_dict("records")}
        slope, relative, spread = (by[measure] for measure in INDICES)
        weights = [float(times.get(str(row["group"]), size)) for row, size in zip(own, totals, strict=True)]
        told = (_index(slope, words.signed), _index(relative, _ratio), _index(spread, _two_digits))
        gradient = Gradient(group, places, *told, None)
        notes = zip(("slope", "relative", "concentration"), (slope, relative, spread), strict=True)
        gradient.notes = {name: str(row["note"]) for name, row in notes}
        if words.present(slope["estimate"]):
            gradient.line = _line(places, weights, float(slope["estimate"]))
        found.append(gradient)
    return found


def _place(row: dict[str, Any], rank: float) -> Place:
    level = str(row["group"]).rpartition("; ")[2].partition("=")[2]
    value, low, high = (
        float(row[c]) if words.present(row[c]) else math.nan for c in ("estimate", "conf_low", "conf_high")
    )
    return Place(level, rank, value, low, high, words.count(row["n"]), words.count(row["total"]), str(row["note"]))


def _line(places: list[Place], weights: list[float], slope: float) -> tuple[float, float]:
    """Return the ends of the regression line, which passes through the weighted means."""
    mean = sum(w * p.value for w, p in zip(weights, places, strict=True)) / sum(weights)
    middle = sum(w * p.rank for w, p in zip(weights, places, strict=True)) / sum(weights)
    return mean - slope * middle, mean + slope * (1 - middle)


def _two_digits(value: Any) -> str:
    return words.decimal(value, 2)


def _ratio(value: Any) -> str:
    return words.ratio(words.exponential(value))


def _index(row: dict[str, Any], write: Any) -> str:
    if row["status"] != "ok" or not words.present(row["estimate"]):
        return words.WITHHELD if row["status"] == "suppressed" else "not estimable"
    limits = words.interval(write(row["conf_low"]), write(row["conf_high"]))
    return write(row["estimate"]) + (f" ({limits})" if limits else "")


def unit(about: dict[str, Any]) -> str:
    """Return what the vertical axis counts."""
    if not about.get("outcome"):
        return "Percentage"
    return f"Per 1000 {words.lower_first(str(about.get('unit') or 'person-' + about.get('time_unit', 'years')))}"


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw one frame per stratum; return the sheet, the alt text and the caption."""
    gradients = arrange(rows)
    outcome = str(about.get("outcome") or about.get("variable") or "")
    head = (about["title"], labels.subject(about, outcome))
    over = labels.covariate(str(about.get("over")))
    shown = [value for g in gradients for p in g.places for value in (p.value, p.high) if math.isfinite(value)]
    if not shown:
        reason = "All shares are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all shares are withheld.", reason
    ends = "from the best off on the left to the worst off on the right"
    note = f"Points and bars: estimates with 95% confidence intervals at the mean rank of each group, {ends}."
    if any(gradient.line is None for gradient in gradients):
        note += " Where a group is withheld, the others stand at equal steps and there is no line."
    across = min(MOST_ACROSS, len(gradients))
    frame = FRAME[across]
    alone = len(gradients) == 1
    above, below = text_height(2 if alone else 3, SMALL) + 0.12, 0.42
    down = -(-len(gradients) // across)
    sheet = Sheet(*head, [note, labels.foot()], body=down * (above + frame + below))
    room = (WIDTH - 2 * MARGIN - 0.35) / across
    _, names = labels.strata([g.group for g in gradients])
    upper = ceiling(max(shown)) if unit(about) == "Percentage" else max(shown) * 1.08
    for number, gradient in enumerate(gradients):
        x = MARGIN + 0.35 + room * (number % across)
        y = sheet.top + (above + frame + below) * (number // across)
        lines = [] if alone else [(names[gradient.group], "bold")]
        lines += [(f"Slope {gradient.slope}", "normal"), (f"Ratio {gradient.relative}", "normal")]
        for place, (text, weight) in enumerate(lines):
            sheet.text(x + 0.32, y + text_height(place + 0.5, SMALL), text, size=SMALL, weight=weight)
        axes = sheet.axes(x + 0.32, y + above, room - 0.47, frame)
        _panel(axes, gradient, upper)
        for one, (start, end) in zip(gradient.places, strips([p.rank for p in gradient.places], (0, 1)), strict=True):
            span = room - 0.47
            sheet.hover(x + 0.32 + span * start, y + above, span * (end - start), frame, _said(one, about, labels))
        if alone:
            _level_names(sheet, gradient, (x + 0.32, room - 0.47), y + above + frame + 0.1)
        else:
            sheet.text(x + 0.32, y + above + frame + 0.12, "best off", size=TINY, color=GREY)
            sheet.text(x + room - 0.15, y + above + frame + 0.12, "worst off", size=TINY, color=GREY, ha="right")
    middle = sheet.top + down * (above + frame + below) / 2 + (above - below) / 2
    sheet.text(MARGIN + 0.1, middle, unit(about), rotation=90, ha="center", va="center")
    caption = f"{unit(about)} over the rank of {words.lower_first(over)}, with the regression line of each group."
    return sheet, _alt(about["title"], gradients, names, over), caption


def _said(place: Place, about: dict[str, Any], labels: words.Labels) -> str:
    """Return one group in words, as in the table."""
    if not math.isfinite(place.value):
        return f"{place.level}: {labels.withheld(place.note)}"
    limits = words.interval(*(words.decimal(value, 1) for value in (place.low, place.high)))
    value = words.decimal(place.value, 1) if about.get("outcome") else words.percent(place.value)
    return f"{place.level}: {value}{f' (95% CI {limits})' if limits else ''}, {place.n} of {place.total}"


def _panel(axes: Axes, gradient: Gradient, upper: float) -> None:
    if gradient.line:
        axes.plot([0, 1], gradient.line, color=VERMILION, linewidth=1.4, zorder=2)
    for place in gradient.places:
        if math.isfinite(place.value):
            axes.plot([place.rank] * 2, [place.low, place.high], color=BLUE, linewidth=1.4, zorder=3, clip_on=False)
            axes.plot([place.rank], [place.value], marker="o", color=BLUE, markersize=5, zorder=4, clip_on=False)
    step = tick_step(upper, 5, "percent")
    marks = [step * i for i in range(int(upper / step + 1e-9) + 1)]
    axes.set_xlim(0, 1)
    axes.set_ylim(0, upper)
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.set_xticks([])
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)


def _level_names(sheet: Sheet, gradient: Gradient, span: tuple[float, float], y: float) -> None:
    """Write the names of the groups under their mean ranks, on a second line where they would collide."""
    ends = [-1.0, -1.0]  # where the text of either line ends
    for place in gradient.places:
        rank = place.rank
        half = text_width(place.level, SMALL) / 2
        middle = min(max(span[0] + span[1] * rank, span[0] + half), max(WIDTH - MARGIN - half, half))
        line = 0 if middle - half > ends[0] else 1
        ends[line] = middle + half + 0.08
        sheet.text(middle, y + text_height(line, SMALL), place.level, size=SMALL, ha="center")


def _alt(title: str, gradients: list[Gradient], names: dict[str, str], over: str) -> str:
    parts = [f"{title}. Points and a regression line over the rank of {words.lower_first(over)}."]
    for gradient in gradients:
        group = f"{names[gradient.group]}: " if len(gradients) > 1 else ""
        parts.append(f"{group}slope index {gradient.slope}, relative index {gradient.relative}.")
    return " ".join(parts)
