"""Calibration: observed over predicted risk in groups of predicted risk, one panel for each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.legends import ceiling
from family_justice.figures.house.style import (
    BLUE,
    GREY,
    MARGIN,
    SMALL,
    WIDTH,
    Sheet,
    message,
    tick_step,
)

if TYPE_CHECKING:
    import pandas as pd

SIDE, MOST_SIDE = 2.7, 3.2  # of a panel, inches
POINT = 0.16  # side of what can be pointed at around a point, inches


@dataclass(frozen=True)
class Place:
    """A group of predicted risk at a time: predicted and observed risk in percent, limits of the observed one, members,
    and words for a risk that is not there."""

    name: str
    predicted: float
    observed: float
    low: float
    high: float
    n: str
    predicted_words: str
    observed_words: str


def arrange(rows: pd.DataFrame, about: dict[str, Any]) -> dict[float, list[Place]]:
    """Return the groups of predicted risk, lowest first, by the times at which predictions are validated."""
    found: dict[float, list[Place]] = {}
    for time in map(float, about["validate_at"]):
        at = rows[(rows["time"] - time).abs() < 1e-9]
        observed, predicted = (
            {str(row["group"]): row for row in at[at["measure"] == measure].to_dict("records")}
            for measure in ("cumulative_incidence", "predicted_risk")
        )
        for group, row in predicted.items():
            own = observed.get(group, {})
            risk, estimate, low, high = (
                100 * float(value) if words.present(value) else float("nan")
                for value in (row["estimate"], *(own.get(column) for column in words.ESTIMATE))
            )
            told = [words.percent(value) or words.WITHHELD for value in (risk, estimate)]
            place = Place(group.partition("=")[2], risk, estimate, low, high, words.count(own.get("n")), *told)
            found.setdefault(time, []).append(place)
    return found


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw observed over predicted risks; return the sheet, the alt text and the caption."""
    panels = arrange(rows, about)
    head = (about["title"], labels.subject(about, str(about["outcome"])))
    shown = {t: [p for p in places if p.predicted == p.predicted and p.observed == p.observed]
             for t, places in panels.items()}  # fmt: skip
    if not any(shown.values()):
        reason = "All groups are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all groups are withheld.", reason
    note = "Points: groups of predicted risk, with 95% confidence intervals of the observed risk. Dashed: as predicted."
    unit = str(about.get("time_unit") or "years")
    side = min(MOST_SIDE, (WIDTH - 2 * MARGIN - 0.1 - 0.62 * len(panels)) / len(panels))
    sheet = Sheet(*head, [note, labels.foot()], body=side + 0.95)
    every = [p for places in shown.values() for p in places]
    top = ceiling(max(max(p.predicted, p.high if p.high == p.high else p.observed) for p in every))
    left = MARGIN + 0.62
    for time, places in shown.items():
        what = f"By {time:g} {unit.removesuffix('s') if time == 1 else unit}"
        sheet.text(left, sheet.top + 0.1, what, weight="bold")
        _panel(sheet, places, (left, sheet.top + 0.28, side), top)
        sheet.text(left + side / 2, sheet.top + side + 0.72, "Predicted risk (%)", ha="center")
        left += side + 0.62
    sheet.text(MARGIN + 0.1, sheet.top + 0.28 + side / 2, "Observed risk (%)", rotation=90, ha="center", va="center")
    said = " ".join(
        f"By {time:g} {unit}: "
        + "; ".join(f"group {p.name}, predicted {p.predicted_words}, observed {p.observed_words}" for p in places)
        + "."
        for time, places in panels.items()
    )
    caption = "Observed risk (cumulative incidence) of groups of predicted risk over their mean predicted risk."
    return sheet, f"Calibration plot. {about['title']}. {said}", caption


def _panel(sheet: Sheet, places: list[Place], at: tuple[float, float, float], top: float) -> None:
    left, above, side = at
    axes = sheet.axes(left, above, side, side)
    axes.plot([0, top], [0, top], color=GREY, linestyle=(0, (4, 2)), linewidth=1.0, zorder=2)
    for p in places:
        if p.low == p.low and p.high == p.high:
            axes.plot([p.predicted] * 2, [p.low, p.high], color=BLUE, linewidth=1.3, zorder=3)
        axes.plot([p.predicted], [p.observed], marker="o", markersize=5, color=BLUE, zorder=4, clip_on=False)
        x, y = left + side * p.predicted / top, above + side * (1 - p.observed / top)
        told = f"Group {p.name}: predicted {p.predicted_words}, observed {p.observed_words}, {p.n} members"
        sheet.hover(x - POINT / 2, y - POINT / 2, POINT, POINT, told)
    step = tick_step(top, 6, "percent")
    marks = [step * i for i in range(int(top / step + 1e-9) + 1)]
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks], size=SMALL)
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks], size=SMALL)
    axes.grid(axis="both")
