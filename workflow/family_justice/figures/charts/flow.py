"""Flow figure of a cohort: who is left after each step, and how many each step left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import FancyBboxPatch

from family_justice.figures import words
from family_justice.figures.house.style import (
    BLUE,
    GREY,
    INK,
    MARGIN,
    PALE,
    SIZE,
    SMALL,
    Sheet,
    message,
    text_height,
    wrap,
)

if TYPE_CHECKING:
    import pandas as pd

BOX, ASIDE, BETWEEN = 3.9, 2.15, 0.46  # widths of the boxes and the gap between two steps, inches


@dataclass(frozen=True)
class Step:
    """One step of a cohort as released: who remains and how many were left out, as text."""

    name: str
    label: str
    remaining: str
    excluded: str
    note: str = ""


def steps(rows: pd.DataFrame, cohort: str, labels: words.Labels) -> list[Step]:
    """Return the steps of an attrition table in order.

    The excluded are the difference of the two released counts, never a count of their own: an exact number beside
    rounded ones would give the exact counts away.
    """
    about = (labels.study.get("cohorts") or {}).get(cohort) or {}
    names = {step["name"]: step["label"] for step in about.get("steps") or []}
    found: list[Step] = []
    before: Any = None
    for row in rows[(rows["measure"] == "count") & (rows["group"] == "")].to_dict("records"):
        now = row["n"]
        remaining = words.cell(now, row["status"], row["note"], labels)
        if not found:
            excluded = ""
        elif row["note"].startswith("fewer than"):
            # Disclosure control shows a step that left out very few exactly as one that left out nobody.
            excluded = row["note"].replace(" excluded", "")
        elif words.present(now) and words.present(before):
            excluded = words.count(before - now)
        else:
            excluded = words.WITHHELD
        label = names.get(row["term"], words.plain(row["term"]))
        found.append(Step(row["term"], label, remaining or words.WITHHELD, excluded, row["note"]))
        before = now
    return found


def matching(rows: pd.DataFrame, cohort: str, labels: words.Labels) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows that matching adds to the steps of a cohort, each with its words; none without matching."""
    about = ((labels.study.get("cohorts") or {}).get(cohort) or {}).get("matching") or {}
    named = {row["name"]: row["label"] for row in about.get("rows") or []}
    found: Any = rows[(rows["measure"] == "count") & (rows["group"] != "")].to_dict("records")
    return [(named.get(row["term"], words.plain(row["term"])), row) for row in found]


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw the flow of one cohort; return the sheet, the alt text and the caption."""
    found = steps(rows, about["cohort"], labels)
    people = labels.people(about["cohort"])
    head = (about["title"], "")
    chosen = [
        f"{label}: {words.count(row['n'])}."
        for label, row in matching(rows, about["cohort"], labels)
        if row["term"] == "comparison_chosen" and words.present(row["n"])
    ]
    notes = [*chosen, "Excluded: the difference of two released counts." if len(found) > 1 else "", labels.foot()]
    if not found or all(step.remaining in {words.WITHHELD, labels.below} for step in found):
        reason = "All counts of this cohort are withheld: too few people to release."
        return message(*head, reason, notes[-1:]), f"{about['title']}: all counts are withheld.", reason
    texts = [wrap(step.label, BOX - 0.3, SIZE) for step in found]
    heights = [text_height(len(lines) + 1) + 0.16 for lines in texts]
    sheet = Sheet(*head, notes, body=sum(heights) + BETWEEN * (len(found) - 1) + 0.06)
    canvas = sheet.canvas()
    x, y = MARGIN + 0.05, sheet.top + 0.03
    for index, (step, lines, height) in enumerate(zip(found, texts, heights, strict=True)):
        ends = index in {0, len(found) - 1}
        if index:
            middle = y - BETWEEN / 2
            arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
            canvas.annotate("", (x + BOX / 2, y), (x + BOX / 2, y - BETWEEN), arrowprops=arrow)
            canvas.annotate("", (x + BOX + 0.55, middle), (x + BOX / 2, middle), arrowprops=arrow)
            _box(canvas, x + BOX + 0.55, middle - 0.16, ASIDE, 0.32, "white", "#9a9a9a")
            sheet.text(x + BOX + 0.67, middle, f"Excluded: {step.excluded}", size=SMALL, color=INK)
        _box(canvas, x, y, BOX, height, "#e6f0f7" if ends else PALE, BLUE if ends else "#9a9a9a")
        for number, text in enumerate(lines):
            sheet.text(x + 0.15, y + 0.08 + text_height(number + 0.5), text)
        sheet.text(x + 0.15, y + 0.08 + text_height(len(lines) + 0.5), _left(step, people), weight="bold")
        sheet.hover(x, y, BOX, height, _said(step, people))
        y += height + BETWEEN
    return sheet, _alt(about["title"], found, people), f"Flow of the cohort: {people} left after each step."


def _left(step: Step, people: str) -> str:
    return "Number withheld" if step.remaining == words.WITHHELD else f"{step.remaining} {people}"


def _said(step: Step, people: str) -> str:
    out = f"\nExcluded: {step.excluded}" if step.excluded else ""
    return f"{step.label}\n{_left(step, people)}{out}"


def _box(canvas: Any, x: float, y: float, width: float, height: float, face: str, edge: str) -> None:
    shape = "round,pad=0,rounding_size=0.05"
    canvas.add_patch(
        FancyBboxPatch((x, y), width, height, boxstyle=shape, facecolor=face, edgecolor=edge, linewidth=0.9)
    )


def _alt(title: str, found: list[Step], people: str) -> str:
    parts = [f"Flow chart. {title}."]
    for step in found:
        out = f" ({step.excluded} excluded)" if step.excluded else ""
        parts.append(f"{step.label}: {words.lower_first(_left(step, people))}{out}.")
    return " ".join(parts)
