"""Concentration curves: cumulative share of events over that of people, from the worst off on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.estimators.groups.inequality import concentration
from family_justice.figures import words
from family_justice.figures.charts.inequality import Gradient, arrange
from family_justice.figures.house.style import (
    COLOURS,
    DASHES,
    GREY,
    MARGIN,
    MARKERS,
    SMALL,
    WIDTH,
    Sheet,
    message,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    import pandas as pd

SIDE = 3.3  # of the frame, inches
POINT = 0.14  # side of what can be pointed at around a point, inches

Points = list[tuple[float, float, str]]  # shares of people and of events up to and with a group, and its name


def _points(rows: pd.DataFrame, gradient: Gradient) -> Points:
    """Return the points of the curve of a stratum, from its released counts; none where one is withheld."""
    shares = rows[rows["measure"].isin(("percent", "rate"))].set_index("group")
    times = rows[rows["measure"] == "time_at_risk"].set_index("group")["estimate"]
    own = shares[[str(group).rpartition("; ")[0] == gradient.group for group in shares.index]]
    sizes = times.reindex(own.index) if len(times) else own["total"]
    if own["n"].isna().any() or sizes.isna().any():
        return []
    found = concentration(own["n"].to_numpy(dtype="float64"), sizes.to_numpy(dtype="float64"), poisson=True)
    names = [place.level for place in reversed(gradient.places)]
    pairs = zip(found.people[1:], found.events[1:], names, strict=True)
    return [(float(people), float(events), name) for people, events, name in pairs]


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw one curve per stratum; return the sheet, the alt text and the caption."""
    gradients = arrange(rows)
    head = (about["title"], labels.subject(about, str(about.get("outcome") or about.get("variable") or "")))
    curves = {g.group: found for g in gradients if (found := _points(rows, g))}
    if not curves:
        reason = "All curves are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all curves are withheld.", reason
    over = words.lower_first(labels.covariate(str(about.get("over"))))
    note = f"Groups of {over} from the worst off on the left. Dashed: events spread evenly over people."
    if len(curves) < len(gradients):
        note += " Curves with a withheld group are not drawn."
    sheet = Sheet(*head, [note, labels.foot()], body=SIDE + 0.6)
    left, top = MARGIN + 0.62, sheet.top + 0.1
    axes = sheet.axes(left, top, SIDE, SIDE)
    axes.plot([0, 100], [0, 100], color=GREY, linestyle=(0, (4, 2)), linewidth=1.0, zorder=2)
    _, names = labels.strata([g.group for g in gradients])
    for number, (group, found) in enumerate(curves.items()):
        x, y = ([0.0, *(100 * point[side] for point in found)] for side in (0, 1))
        style: dict[str, Any] = {
            "color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number // len(COLOURS) % len(DASHES)],
        }  # fmt: skip
        axes.plot(x, y, marker=MARKERS[number % len(MARKERS)], markersize=4, zorder=3, clip_on=False, **style)
        for people, events, level in found:
            told = f"{names[group]}, up to {level}: {words.percent(100 * people)} of people, "
            told += f"{words.percent(100 * events)} of events"
            at = left + SIDE * people - POINT / 2, top + SIDE * (1 - events) - POINT / 2
            sheet.hover(*at, POINT, POINT, told)
    marks = [0, 20, 40, 60, 80, 100]
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_xticks(marks, [str(mark) for mark in marks])
    axes.set_yticks(marks, [str(mark) for mark in marks])
    axes.grid(axis="both")
    whom = "time at risk" if not about.get("exposure") and len(rows[rows["measure"] == "rate"]) else "people"
    sheet.text(left + SIDE / 2, top + SIDE + 0.4, f"Cumulative percent of {whom}", ha="center")
    sheet.text(MARGIN + 0.1, top + SIDE / 2, "Cumulative percent of events", rotation=90, ha="center", va="center")
    _legend(sheet, gradients, curves, names, (left + SIDE + 0.35, top + 0.1))
    told = " ".join(f"{names[g.group]}: concentration index {g.concentration}." for g in gradients)
    caption = f"Cumulative share of events over that of {whom}, from the worst off group of {over} on."
    return sheet, f"Concentration curves. {about['title']}. {told}", caption


def _legend(
    sheet: Sheet,
    gradients: list[Gradient],
    curves: dict[str, Points],
    names: dict[str, str],
    at: tuple[float, float],
) -> None:
    """Write name and index of each curve beside the frame, in its colour."""
    x, y = at
    order = {group: number for number, group in enumerate(curves)}
    for gradient in gradients:
        number = order.get(gradient.group)
        colour = GREY if number is None else COLOURS[number % len(COLOURS)]
        room = WIDTH - MARGIN - x
        for text, weight in ((names[gradient.group], "bold"), (f"Index {gradient.concentration}", "normal")):
            for line in wrap(text, room, SMALL, weight) if text_width(text, SMALL, weight) > room else [text]:
                sheet.text(x, y, line, size=SMALL, weight=weight, color=colour)
                y += 0.16
        y += 0.1
