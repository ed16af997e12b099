"""Forest plots: ratios of a model with their counts, grouped by term, on a logarithmic axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.charts import splines
from family_justice.figures.house.style import (
    BLUE,
    GREY,
    INK,
    MARGIN,
    PALE,
    SIZE,
    SMALL,
    VERMILION,
    WIDTH,
    Sheet,
    message,
    text_height,
    text_width,
    wrap,
)
from family_justice.measures import RATIOS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ROW, GAP = 0.205, 0.35  # height of a row, inches, and the gap before a term, rows
TICKS = (
    (0.8, 0.9, 1.0, 1.1, 1.25),
    (0.6, 0.8, 1.0, 1.25, 1.6),
    (0.5, 0.7, 1.0, 1.4, 2.0),
    (0.25, 0.5, 1.0, 2.0, 4.0),
    (0.1, 0.3, 1.0, 3.0, 10.0),
    (0.05, 0.2, 1.0, 5.0, 20.0),
    (0.01, 0.1, 1.0, 10.0, 100.0),
)
LEVEL = ["level", "status", "note", "n", "events", "estimate", "conf_low", "conf_high"]  # what a level is told by
INTERCEPTS = {"intercept", "(intercept)", "const", "constant"}


@dataclass
class Entry:
    """One line of the forest: a heading, or a level with its numbers as text and as positions."""

    label: str
    kind: str  # block, term, level
    n: str = ""
    events: str = ""
    words: str = ""
    ratio: float = math.nan
    low: float = math.nan
    high: float = math.nan
    planted: float = math.nan
    status: str = ""
    indent: bool = False


def coefficients(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that hold a coefficient of a covariate."""
    chosen = rows[rows["measure"].isin(RATIOS)]
    return chosen[~chosen["term"].str.lower().isin(INTERCEPTS)]


def ratio_name(rows: pd.DataFrame) -> str:
    """Return what the ratios of a model are called."""
    measures = [measure for measure in rows["measure"] if measure in RATIOS]
    return RATIOS[measures[0]] if measures else "Ratio"


def ratio_words(row: Any) -> str:
    """Return ``1.23 (1.10 to 1.38)`` for a coefficient, or in words why there is none."""
    if row["status"] == "reference":
        return "1 (reference)"
    if row["status"] != "ok" or not words.present(row["estimate"]):
        return words.WITHHELD if row["status"] == "suppressed" else "not estimable"
    return words.ratio_with_interval(row)


def term_label(term: str, numeric: bool, labels: words.Labels) -> str:
    """Return the label of a term; a number says per what unit its ratio is."""
    unit = labels.unit(term).removesuffix("s") if numeric else ""
    return f"{labels.covariate(term)} (per {unit})" if unit else labels.covariate(term)


def draw(
    rows: pd.DataFrame,
    about: dict[str, Any],
    labels: words.Labels,
    planted: pd.DataFrame | None = None,
    events: str = "Events",
) -> tuple[Sheet, str, str]:
    """Draw the forest of a model; return the sheet, the alt text and the caption.

    ``rows``: released rows in the result schema, coefficients on the log scale. ``planted``: rows of
    ``comparisons.csv`` of kind ``planted`` for this analysis; each becomes a hollow diamond. ``events``: head of the
    numbers of events.
    """
    entries = _entries(coefficients(rows), labels, planted)
    name = ratio_name(rows)
    outcomes = list(dict.fromkeys(rows["outcome"][rows["measure"].isin(RATIOS)]))
    head = (about["title"], labels.subject(about, outcomes[0] if len(outcomes) == 1 else ""))
    truth = any(math.isfinite(entry.planted) for entry in entries)
    notes = [_note(entries, truth), labels.foot()]
    if not any(math.isfinite(entry.ratio) for entry in entries):
        reason = "All estimates of this model are withheld: too few people or events to release."
        return message(*head, reason, notes[1:]), f"{about['title']}: all estimates are withheld.", reason
    people = words.sentence(labels.people(about.get("cohort") or ""))
    found = splines.curves(rows)
    heads = (people, events, f"{name} (95% CI)")
    sheet = lay_out(entries, heads, head, notes, below=splines.height(found))
    splines.draw(sheet, sheet.bottom - splines.height(found), found, labels)
    curve = " Curves: hazard ratios along a number, from its 5th to its 95th percentile." if found else ""
    return sheet, _alt(about["title"], name, entries) + splines.alt(found, labels), _caption(name, truth) + curve


def _note(entries: list[Entry], truth: bool) -> str:
    parts = ["Squares and lines: estimates with 95% confidence intervals; arrows: the interval goes on."]
    if truth:
        parts.append("Diamonds: values planted in the synthetic population.")
    if any(entry.status == "suppressed" for entry in entries):
        parts.append("Withheld: too few people or events, or a number that would reveal them.")
    return " ".join(parts)


def _entries(rows: pd.DataFrame, labels: words.Labels, planted: pd.DataFrame | None) -> list[Entry]:
    truth = _truth(planted)
    entries: list[Entry] = []
    blocks = list(dict.fromkeys(zip(rows["outcome"], rows["group"], strict=True)))
    for outcome, group in blocks:
        block = rows[(rows["outcome"] == outcome) & (rows["group"] == group)]
        if len(blocks) > 1:
            parts = [labels.outcome(outcome)] if outcome else []
            named = labels.group(group) if group else ""
            parts += [words.lower_first(named) if parts else named] if named else []
            entries.append(Entry(", ".join(parts), "block"))
        for term in dict.fromkeys(block["term"]):
            members = block[block["term"] == term]
            numeric = list(members["level"]) == [""]
            first = {str(row["level"]): row for row in reversed(members[LEVEL].to_dict("records"))}
            if not numeric:
                entries.append(Entry(term_label(term, numeric, labels), "term"))
            for level in labels.levels(term, list(members["level"])):
                row = first[level]
                label = term_label(term, True, labels) if numeric else words.sentence(level)
                entries.append(_level(row, label, not numeric, labels, truth.get((term, level), math.nan)))
    return entries


def _level(row: Any, label: str, indent: bool, labels: words.Labels, planted: float) -> Entry:
    entry = Entry(label, "level", status=row["status"], indent=indent, planted=planted, words=ratio_words(row))
    # Every row of a model rests on persons and events: a missing number of them is a withheld one.
    entry.n = words.count(row["n"]) or labels.withheld(row["note"])
    entry.events = words.count(row["events"]) or labels.withheld(row["note"])
    if row["status"] == "reference":
        entry.ratio = 1.0
    elif row["status"] == "ok" and words.present(row["estimate"]):
        entry.ratio, entry.low, entry.high = (
            words.exponential(row[column]) for column in ("estimate", "conf_low", "conf_high")
        )
    return entry


def _truth(planted: pd.DataFrame | None) -> dict[tuple[str, str], float]:
    """Return the planted ratios by term and level."""
    found: dict[tuple[str, str], float] = {}
    for row in planted.to_dict("records") if planted is not None else []:
        if words.present(row["reference"]) and float(row["reference"]) > 0:
            found[(str(row["term"]), str(row["level"]))] = float(row["reference"])
    return found


@dataclass(frozen=True)
class _Columns:
    """Where the columns of a forest lie, in inches: the room of the labels, the right ends of the two columns of
    numbers, and the two ends of the axis; the ratios in words follow the axis."""

    labels: float
    numbers: tuple[float, float]
    left: float
    right: float

    @property
    def words(self) -> float:
        """Left end of the ratios in words."""
        return self.right + 0.16


def _columns(entries: list[Entry], heads: tuple[str, str, str]) -> _Columns:
    """Give every column the width of its longest text, the axis what is left, and at least 1.9 inches of it."""
    numbers = [[heads[0], *(e.n for e in entries)], [heads[1], *(e.events for e in entries)]]
    first, second = (max(text_width(t, SIZE) for text in column for t in text.split("\n")) + 0.16 for column in numbers)
    said = (
        max(
            [
                *(text_width(t, SMALL, "bold") for t in heads[2].split("\n")),
                *(text_width(e.words, SIZE) for e in entries),
            ]
        )
        + 0.16
    )
    label = 0.28 + max(text_width(e.label, SIZE, _weight(e)) + (0.12 if e.indent else 0) for e in entries)
    label = min(label, WIDTH - 2 * MARGIN - (first + second) - said - 1.9)
    ends = (MARGIN + label + first, MARGIN + label + (first + second))
    return _Columns(label, ends, MARGIN + label + (first + second) + 0.12, WIDTH - MARGIN - said)


def _weight(entry: Entry) -> str:
    return "bold" if entry.kind != "level" else "normal"


def lay_out(
    entries: list[Entry], heads: tuple[str, str, str], head: tuple[str, str], notes: list[str], below: float = 0.0
) -> Sheet:
    """Lay out a forest, with so many inches left free beneath it. ``heads``: of the two columns of numbers and of the
    ratios in words; a line break in one makes it two lines."""
    columns = _columns(entries, heads)
    more = text_height(max(head.count("\n") for head in heads), SMALL)
    rows = [(entry, wrap(entry.label, columns.labels - 0.28, SIZE, _weight(entry))) for entry in entries]
    starts = [e.kind != "level" or (i > 0 and entries[i - 1].indent > e.indent) for i, e in enumerate(entries)]
    lines = sum(len(texts) for _, texts in rows) + GAP * sum(starts[1:])
    body = 0.30 + more + lines * ROW + 0.55
    sheet = Sheet(*head, notes, body=body + below)
    left, right = columns.left, columns.right
    first = sheet.top + 0.30 + more
    body -= more
    axes = sheet.axes(left, first, right - left, body - 0.85)
    low, high, ticks = _scale(entries)
    _frame(axes, low, high, ticks, body - 0.85)
    canvas = sheet.canvas()
    places = (*columns.numbers, columns.words)
    for x, text, align in zip(places, heads, ("right", "right", "left"), strict=True):
        for line, words_ in enumerate(reversed(text.split("\n"))):
            height = sheet.top + 0.1 + more - text_height(line, SMALL)
            sheet.text(x, height, words_, weight="bold", ha=align, size=SMALL)
    canvas.plot([MARGIN, WIDTH - MARGIN], [first - 0.07] * 2, color="#9a9a9a", linewidth=0.8)
    y = first + ROW / 2
    striped, term = 0, ""
    for index, (entry, texts) in enumerate(rows):
        if starts[index]:
            y += GAP * ROW if index else 0
            striped = 0
        strip = (MARGIN, y - ROW / 2, WIDTH - 2 * MARGIN, ROW * len(texts))
        if entry.kind == "level":
            if striped % 2 == 0:
                canvas.add_patch(Rectangle(strip[:2], *strip[2:], facecolor=PALE, edgecolor="none"))
            striped += 1
        for number, text in enumerate(texts):
            sheet.text(MARGIN + 0.04 + (0.12 if entry.indent else 0), y + number * ROW, text, weight=_weight(entry))
        if entry.kind == "level":
            _numbers(sheet, entry, y, columns.numbers, columns.words)
            _mark(axes, entry, y - first, low, high)
            sheet.hover(*strip, _said(entry, term, heads))
        else:
            term = entry.label if entry.kind == "term" else ""
        y += ROW * len(texts)
    scale = " ".join(heads[2].split("\n")).replace("95% CI", "log scale")
    sheet.text((left + right) / 2, first + body - 0.85 + 0.38, scale, ha="center")
    return sheet


def _said(entry: Entry, term: str, heads: tuple[str, str, str]) -> str:
    """Return the words of one level: what stands in its row of the table."""
    heads = (heads[0].replace("\n", " "), heads[1].replace("\n", " "), heads[2].replace("\n", " "))
    lines = [f"{term}: {words.lower_first(entry.label)}" if entry.indent and term else entry.label]
    lines += [f"{heads[2]}: {entry.words}", f"{heads[0]}: {entry.n}; {words.lower_first(heads[1])}: {entry.events}"]
    if math.isfinite(entry.planted) and entry.status == "ok":
        lines.append(f"Planted: {words.ratio(entry.planted)}")
    return "\n".join(lines)


def _frame(axes: Axes, low: float, high: float, ticks: list[float], height: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(height, 0)
    axes.minorticks_off()
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.axvline(1, color="#7a7a7a", linewidth=0.9, zorder=1)
    axes.patch.set_alpha(0)


def _numbers(sheet: Sheet, entry: Entry, y: float, ends: tuple[float, float], x: float) -> None:
    for end, text in zip(ends, (entry.n, entry.events), strict=True):
        sheet.text(end, y, text, ha="right", color=INK if text[:1].isdigit() else GREY)
    plain = entry.status == "ok" and math.isfinite(entry.ratio)
    sheet.text(x, y, entry.words, color=INK if plain else GREY, style="normal" if plain else "italic")


def _mark(axes: Axes, entry: Entry, y: float, low: float, high: float) -> None:
    """Draw the estimate, its interval with arrows where it leaves the axis, and the planted value."""
    if entry.status == "reference":
        axes.plot([1], [y], marker="|", color=INK, markersize=7, markeredgewidth=1.4, zorder=3)
    elif math.isfinite(entry.ratio):
        left, right = max(entry.low, low) if math.isfinite(entry.low) else entry.ratio, entry.ratio
        if not math.isnan(entry.high):
            right = min(entry.high, high)
        axes.plot([left, right], [y, y], color=BLUE, linewidth=1.5, solid_capstyle="butt", zorder=3)
        for edge, outside, arrow in ((low, entry.low < low, "<"), (high, entry.high > high, ">")):
            if outside:
                axes.plot([edge], [y], marker=arrow, color=BLUE, markersize=5, zorder=4, clip_on=False)
        if low <= entry.ratio <= high:
            axes.plot([entry.ratio], [y], marker="s", color=BLUE, markersize=5, zorder=4)
    if math.isfinite(entry.planted) and entry.status == "ok":
        axes.plot(
            [min(max(entry.planted, low), high)], [y], marker="D", markersize=6.5, markerfacecolor="none",
            markeredgecolor=VERMILION, markeredgewidth=1.2, linestyle="none", zorder=5,
        )  # fmt: skip


def in_two_lines(head: str) -> str:
    """Return a head of a column with a line break at the space nearest its middle."""
    spaces = [place for place, letter in enumerate(head) if letter == " "]
    if not spaces:
        return head
    middle = min(spaces, key=lambda place: abs(place - len(head) / 2))
    return f"{head[:middle]}\n{head[middle + 1 :]}"


def _scale(entries: list[Entry]) -> tuple[float, float, list[float]]:
    """Return the limits of the axis and its ticks: all estimates fit, and intervals unless they are very wide."""
    points = [value for e in entries for value in (e.ratio, e.planted) if math.isfinite(value) and value > 0]
    limit = max(2.2 * max(abs(math.log(point)) for point in points), math.log(2.5))
    ends = [value for e in entries for value in (e.low, e.high) if not math.isnan(value)]
    reach = [math.log(point) for point in points]
    reach += [
        min(max(math.log(end), -limit), limit) if 0 < end < math.inf else math.copysign(limit, end - 1) for end in ends
    ]
    ticks = next((t for t in TICKS if max(map(abs, reach)) <= math.log(t[-1]) * 1.45), TICKS[-1])
    least = 0.3 * math.log(ticks[-1])
    floor, roof = min(*reach, -least) * 1.08, max(*reach, least) * 1.08
    return math.exp(floor), math.exp(roof), [tick for tick in ticks if floor <= math.log(tick) <= roof]


def _alt(title: str, name: str, entries: list[Entry]) -> str:
    parts = [f"Forest plot. {title}. {name}s with 95% confidence intervals."]
    term = ""
    for entry in entries:
        if entry.kind != "level":
            term = entry.label
        elif entry.status != "reference":
            parts.append(f"{term + ', ' if entry.indent else ''}{words.lower_first(entry.label)}: {entry.words}.")
    return " ".join(parts)


def _caption(name: str, truth: bool) -> str:
    end = " Hollow diamonds are the values planted in the synthetic population." if truth else ""
    return f"{name}s with 95% confidence intervals, people and events per level.{end}"
