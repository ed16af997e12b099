"""Funnel plots: the share or rate of areas over their size, with the limits of chance around the average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from family_justice.estimators.groups.funnel import control_limits
from family_justice.figures import words
from family_justice.figures.charts.inequality import unit
from family_justice.figures.house.legends import ceiling
from family_justice.figures.house.style import (
    BLUE,
    GREY,
    INK,
    MARGIN,
    TINY,
    VERMILION,
    WIDTH,
    Sheet,
    message,
    text_width,
    tick_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FRAME = 3.4  # height of the frame, inches
MOST_NAMES = 14  # areas outside the outer limits whose names are written
PER = 1000.0
POINT = 0.14  # side of what can be pointed at around a point, inches


@dataclass(frozen=True)
class Area:
    """One area: its size (people, or time at risk), its share or rate, the limits of chance, and what a table says."""

    name: str
    size: float
    value: float
    inner: tuple[float, float]
    outer: tuple[float, float]
    n: str
    total: str
    note: str = ""

    @property
    def place(self) -> str:
        """Where the area lies, in words."""
        if not math.isfinite(self.value):
            return words.WITHHELD
        for limits, name in ((self.outer, "99.8%"), (self.inner, "95%")):
            if self.value > limits[1] + 1e-9:
                return f"above the {name} limit"
            if self.value < limits[0] - 1e-9:
                return f"below the {name} limit"
        return "within the limits"


@dataclass(frozen=True)
class Funnel:
    """All areas, the average, and by how much areas vary more than chance makes them."""

    areas: list[Area]
    mean: float
    dispersion: float
    note: str
    rates: bool


def arrange(rows: pd.DataFrame) -> Funnel:
    """Sort the released rows of a funnel analysis."""
    shares = rows[rows["measure"].isin(("percent", "rate"))].to_dict("records")
    times = rows[rows["measure"] == "time_at_risk"].set_index("group")["estimate"].to_dict()
    limits = {
        (row["measure"], row["group"]): (float(row["conf_low"]), float(row["conf_high"]))
        for row in rows[rows["measure"].str.startswith("control_limits") & rows["conf_high"].notna()].to_dict("records")
    }
    none = (math.nan, math.nan)
    areas, mean = [], math.nan
    for row in shares:
        value = float(row["estimate"]) if words.present(row["estimate"]) else math.nan
        group = str(row["group"])
        if not group:
            mean = value
            continue
        size = times.get(group, row["total"]) if times else row["total"]
        areas.append(
            Area(
                group.partition("=")[2],
                float(size) if words.present(size) else math.nan,
                value,
                limits.get(("control_limits_95", group), none),
                limits.get(("control_limits_998", group), none),
                words.count(row["n"]),
                words.count(row["total"]),
                str(row["note"]),
            )
        )
    spread = rows[rows["measure"] == "overdispersion"].to_dict("records")
    factor = spread[0]["estimate"] if spread and words.present(spread[0]["estimate"]) else math.nan
    return Funnel(areas, mean, float(factor), str(spread[0]["note"]) if spread else "", bool(times))


def dispersion(funnel: Funnel) -> str:
    """Say whether areas vary more than chance makes them."""
    if not math.isfinite(funnel.dispersion):
        return ""
    more = "more than" if funnel.note else "no more than"
    factor = f"over-dispersion {words.decimal(funnel.dispersion, 1)} (1 is chance)"
    return f"With the outermost tenths drawn in, areas vary {more} chance makes them: {factor}."


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw the funnel; return the sheet, the alt text and the caption."""
    funnel = arrange(rows)
    head = (about["title"], labels.subject(about, str(about.get("outcome") or about.get("variable") or "")))
    shown = [area for area in funnel.areas if math.isfinite(area.value) and math.isfinite(area.size)]
    hidden = len(funnel.areas) - len(shown)
    notes = ["Lines: limits between which 95% (dashed) and 99.8% (solid) of areas lie by chance, and the average."]
    if any("95%" in area.place or "99.8" in area.place for area in shown):
        notes[0] += " Filled: beyond the 95% limits; diamonds: beyond 99.8%."
    if hidden:
        noun = "area is" if hidden == 1 else "areas are"
        notes[0] += f" {hidden} {noun} withheld: too few people, or what would reveal them."
    if not shown or not math.isfinite(funnel.mean):
        reason = "All areas are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all areas are withheld.", reason
    sheet = Sheet(*head, [*notes, labels.foot()], body=FRAME + 0.72)
    left = MARGIN + 0.62
    width = WIDTH - left - 0.25
    axes = sheet.axes(left, sheet.top + 0.1, width, FRAME)
    most = max(area.size for area in shown) * 1.08
    upper = _limits(axes, funnel, shown, most)
    _points(axes, shown)
    points: dict[tuple[float, float], list[str]] = {}  # counts are rounded: areas may lie on one point
    for area in shown:
        points.setdefault((area.size, area.value), []).append(_said(area, funnel.rates))
    for (size, value), said in points.items():
        x, y = left + width * size / most, sheet.top + 0.1 + FRAME * (1 - value / upper)
        sheet.hover(x - POINT / 2, y - POINT / 2, POINT, POINT, "\n".join(said))
    _names(axes, [a for a in shown if "99.8" in a.place], (most, upper), width)
    people = words.sentence(labels.people(about.get("cohort") or ""))
    across = _at_risk(about) if funnel.rates else people
    sheet.text(left + width / 2, sheet.top + FRAME + 0.5, across, ha="center")
    sheet.text(MARGIN + 0.1, sheet.top + 0.1 + FRAME / 2, unit(about), rotation=90, ha="center", va="center")
    caption = f"{unit(about)} of each area over its size, with limits of chance. {dispersion(funnel)}".strip()
    return sheet, _alt(about["title"], funnel, shown), caption


def _at_risk(about: dict[str, Any]) -> str:
    """Return what areas are large by: the unit of their exposure, or time at risk."""
    return words.sentence(str(about.get("unit") or f"person-{about.get('time_unit', 'years')} at risk"))


def _said(area: Area, rates: bool) -> str:
    """Return one area in words, as in the table."""
    value = words.decimal(area.value, 1) if rates else words.percent(area.value)
    return f"{area.name}: {value}, {area.n} of {area.total}, {area.place}"


def _limits(axes: Axes, funnel: Funnel, shown: list[Area], most: float) -> float:
    """Draw the average and the limits over the range of sizes; return the upper end of the axis."""
    import numpy as np

    scale = PER if funnel.rates else 100.0
    mean = funnel.mean / scale
    # Whole people, close together where the funnel is wide.
    sizes = np.unique(np.round(np.geomspace(max(min(a.size for a in shown) * 0.6, 5), most, 160)))
    highest = max(area.value for area in shown)
    for level, dash in ((0.95, (0, (4, 2))), (0.998, "solid")):
        law = "poisson" if funnel.rates else "binomial"
        low, high = scale * control_limits(mean * sizes, level, sizes, law) / sizes  # type: ignore[arg-type]
        high = high if funnel.rates else np.minimum(high, 100.0)
        for line in (low, high):
            axes.plot(sizes, line, color=GREY, linestyle=dash, linewidth=1.0, zorder=2)
        highest = max(highest, float(np.quantile(high, 0.8)))
    axes.axhline(funnel.mean, color=INK, linewidth=1.0, zorder=2)
    upper = highest * 1.1 if funnel.rates else ceiling(min(highest * 1.02, 99.0))
    step = tick_step(upper, 6, "percent")
    marks = [step * i for i in range(int(upper / step + 1e-9) + 1)]
    axes.set_xlim(0, most)
    axes.set_ylim(0, upper)
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    step = tick_step(most, 6, "people")
    across = [step * i for i in range(int(most / step + 1e-9) + 1)]
    axes.set_xticks(across, [words.count(mark) for mark in across])
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    return upper


def _points(axes: Axes, shown: list[Area]) -> None:
    for area in shown:
        outside = "99.8" in area.place
        colour = VERMILION if outside else BLUE
        filled = colour if outside or "95%" in area.place else "white"
        marker = "D" if outside else "o"
        axes.plot(
            [area.size], [area.value], marker=marker, markersize=4.5, markerfacecolor=filled, markeredgecolor=colour,
            linestyle="none", zorder=4, clip_on=False,
        )  # fmt: skip


def _names(axes: Axes, outside: list[Area], ends: tuple[float, float], width: float) -> None:
    """Write the names of the areas outside the outer limits beside their points, moved apart where they collide."""
    chosen = sorted(outside, key=lambda a: -abs(a.value - (a.outer[1] if "above" in a.place else a.outer[0])))
    taken: list[tuple[float, float, float]] = []
    for area in sorted(chosen[:MOST_NAMES], key=lambda a: (-a.value, a.name)):
        span = text_width(area.name, TINY)
        x = area.size / ends[0] * width
        right = x + 0.09 + span <= width
        start = x + 0.09 if right else x - 0.09 - span
        y = (1 - area.value / ends[1]) * FRAME
        while any(abs(y - other) < 0.115 and start < end and begin < start + span for begin, end, other in taken):
            y += 0.03
        taken.append((start, start + span, y))
        at = ((x + 0.09 if right else x - 0.09) / width * ends[0], (1 - y / FRAME) * ends[1])
        axes.text(*at, area.name, size=TINY, ha="left" if right else "right", va="center", color=INK, zorder=5)


def _alt(title: str, funnel: Funnel, shown: list[Area]) -> str:
    average = words.decimal(funnel.mean, 1) + ("" if funnel.rates else "%")
    parts = [f"Funnel plot. {title}. {len(shown)} areas around an average of {average}."]
    for place in ("above the 99.8% limit", "below the 99.8% limit"):
        names = [area.name for area in shown if area.place == place]
        parts.append(f"{words.sentence(place)}: {', '.join(names) or 'none'}.")
    return " ".join([*parts, dispersion(funnel)]).strip()
