"""Panels beneath a forest plot: the hazard ratio along a number, with its confidence band."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.hover import strips
from family_justice.figures.house.style import BLUE, INK, MARGIN, SIZE, WIDTH, Sheet

if TYPE_CHECKING:
    import pandas as pd

MEASURE = "log_hazard_ratio_at"
FRAME, CELL = 1.9, 2.75  # heights of a frame and of a whole panel, inches
TICKS = (
    (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 10.0),
    (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0, 4.0, 5.0, 10.0),
    (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0),
    (0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0),
    (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0),
)


def curves(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the shown rows of each curve, in order of the number."""
    chosen = rows[(rows["measure"] == MEASURE) & rows["estimate"].notna()]
    return [
        part.sort_values("time", kind="stable")
        for _, part in chosen.groupby(["group", "term"], sort=False)
        if len(part)
    ]


def height(found: list[pd.DataFrame]) -> float:
    """Return the height that the panels take, inches."""
    return CELL * len(found)


def draw(sheet: Sheet, top: float, found: list[pd.DataFrame], labels: words.Labels) -> None:
    """Draw one panel per curve from ``top`` inches downwards."""
    for index, rows in enumerate(found):
        y = top + index * CELL
        term, group = str(rows["term"].iloc[0]), str(rows["group"].iloc[0])
        title = labels.covariate(term) + (f", {words.lower_first(labels.group(group))}" if group else "")
        sheet.text(MARGIN + 0.04, y + 0.12, title, weight="bold", size=SIZE)
        left, width = MARGIN + 0.75, WIDTH - 2 * MARGIN - 1.6
        axes = sheet.axes(left, y + 0.3, width, FRAME)
        values = rows["time"].astype(float).tolist()
        ratios = [math.exp(value) for value in rows["estimate"]]
        known = rows["estimate"].where(rows["status"] == "reference")
        low, high = (
            [math.exp(v) for v in rows[column].where(rows[column].notna(), known)]
            for column in ("conf_low", "conf_high")
        )
        axes.fill_between(values, low, high, color=BLUE, alpha=0.16, linewidth=0)
        axes.plot(values, ratios, color=BLUE, marker="o", markersize=3, clip_on=False)
        reference = rows[rows["status"] == "reference"]
        axes.plot(reference["time"].astype(float), [1.0] * len(reference), "s", color=INK, markersize=5, zorder=4)
        axes.axhline(1, color="#7a7a7a", linewidth=0.9, zorder=1)
        axes.set_yscale("log")
        axes.minorticks_off()
        least, most = min(*low, 0.9) / 1.05, max(*high, 1.1) * 1.05
        inside = [[tick for tick in ticks if least <= tick <= most] for ticks in TICKS]
        ticks = next((some for some in inside if len(some) <= 8), inside[-1])
        axes.set_ylim(least, most)
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_xlim(values[0], values[-1])
        marked = values[:: -(-len(values) // 12)]
        axes.set_xticks(marked, [f"{value:g}" for value in marked])
        axes.grid(axis="y")
        axes.spines["left"].set_visible(False)
        sheet.text(left - 0.5, y + 0.3 + FRAME / 2, "Hazard ratio", rotation=90, ha="center", va="center")
        unit = labels.unit(term)
        spots = strips(values, (values[0], values[-1]))
        for row, (start, end) in zip(rows.to_dict("records"), spots, strict=True):
            x, span = ((value - values[0]) / ((values[-1] - values[0]) or 1) * width for value in (start, end))
            sheet.hover(left + x, y + 0.3, span - x, FRAME, _said(row, title, unit))
        across = labels.covariate(term) + (f" ({unit})" if unit else "")
        sheet.text(left + width / 2, y + 0.3 + FRAME + 0.37, across, ha="center")


def _said(row: dict[Any, Any], title: str, unit: str) -> str:
    """Return one point of a curve in words."""
    ratio, low, high = (words.ratio(words.exponential(row[c])) for c in ("estimate", "conf_low", "conf_high"))
    limits = words.interval(low, high)
    told = "1 (reference)" if row["status"] == "reference" else ratio + (f" (95% CI {limits})" if limits else "")
    return f"{title}: {row['time']:g}{f' {unit}' if unit else ''}\nHazard ratio: {told}"


def alt(found: list[pd.DataFrame], labels: words.Labels) -> str:
    """Say in words where each curve starts, is 1 and ends."""
    said = []
    for rows in found:
        term = labels.covariate(str(rows["term"].iloc[0]))
        points = [f"{words.ratio(words.exponential(r['estimate']))} at {r['time']:g}" for r in ends(rows)]
        said.append(f" Curve of {words.lower_first(term)}: hazard ratio {', '.join(points)}.")
    return "".join(said)


def ends(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the first row, the reference and the last row of a curve."""
    every = rows.to_dict("records")
    middle = [row for row in every if row["status"] == "reference"]
    return [every[0], *(row for row in middle if row not in (every[0], every[-1])), every[-1]]
