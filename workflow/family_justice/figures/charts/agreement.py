"""Agreement of two classifications: the table of transitions as a map, with what agrees along the diagonal."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.house.frequency_layout import Share, share
from family_justice.figures.house.style import (
    GREY,
    INK,
    MARGIN,
    SMALL,
    TINY,
    WIDTH,
    Sheet,
    message,
    text_height,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

CELL = 0.4  # height of a row, inches
WIDEST = 0.95  # of a column, inches
LIGHT, DARK = (247, 251, 255), (0, 84, 138)  # ends of the scale of blues


@dataclass(frozen=True)
class Transitions:
    """The table of one group: levels of the first classification down, of the second across."""

    group: str
    levels: list[str]
    cells: dict[tuple[str, str], Share]
    totals: dict[str, Share]  # of the first classification, and of everybody under ""
    summaries: list[tuple[str, str, str, bool]]  # what is compared, agreement, kappa, withheld

    @property
    def drawn(self) -> list[str]:
        """Levels that somebody has, or may have, in one of the two."""
        return [v for v in self.levels if any(_somebody(c) for key, c in self.cells.items() if v in key)]


def arrange(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Transitions]:
    """Sort the released rows of an agreement analysis into one table per group."""
    pairs = list(dict.fromkeys(rows.loc[rows["measure"].isin(("agreement", "kappa")), "term"]))
    first, _, second = (pairs[0] if pairs else f"{about.get('first')}:{about.get('second')}").partition(":")
    cells = rows[rows["measure"] == "percent"]
    found = []
    for group in dict.fromkeys(cells.loc[cells["term"] == first, "group"]):
        own = cells[(cells["group"] == group) & (cells["term"] == first)]
        levels = labels.levels(first, list(own["level"]))
        totals = {str(row["level"]): share(row, labels) for row in own.to_dict("records")}
        whole = own["total"].dropna()
        totals[""] = Share(n=words.count(whole.max()) if len(whole) else "")
        inner = {}
        for row in cells[cells["term"] == second].to_dict("records"):
            parts = words.pairs(row["group"])
            if [p for p in parts if p[0] != first] == words.pairs(group) and len(parts) > len(words.pairs(group)):
                inner[dict(parts)[first], str(row["level"])] = share(row, labels)
        summaries = [_summary(rows, group, names) for names in _compared(rows, group)]
        found.append(Transitions(group, levels, inner, totals, summaries))
    return found


def _compared(rows: pd.DataFrame, group: str) -> list[str]:
    chosen = rows[(rows["group"] == group) & rows["measure"].isin(("agreement", "kappa"))]
    return list(dict.fromkeys(chosen["level"]))


def _summary(rows: pd.DataFrame, group: str, names: str) -> tuple[str, str, str, bool]:
    chosen = rows[(rows["group"] == group) & (rows["level"] == names)]
    by_measure: dict[str, dict[Hashable, Any]] = {row["measure"]: row for row in chosen.to_dict("records")}
    agreed, kappa = by_measure["agreement"], by_measure["kappa"]
    every = names == _compared(rows, group)[0]
    what = "All levels" if every else "Known levels only"
    withheld = agreed["status"] == "suppressed"
    if withheld:
        return what, words.WITHHELD, words.WITHHELD, True
    limits = words.interval(*(words.decimal(kappa[side], 2) for side in ("conf_low", "conf_high")))
    text = f"{words.decimal(kappa['estimate'], 2)} ({limits})" if limits else str(kappa["status"])
    return what, words.percent(agreed["estimate"]) or str(agreed["status"]), text, False


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw one map per group: the percentage of each row in each column; return sheet, alt text and caption."""
    tables = [table for table in arrange(rows, about, labels) if table.drawn]
    head = (about["title"], labels.subject(about))
    first, second = (labels.covariate(str(about.get(name))) for name in ("first", "second"))
    if not any(c.percent == c.percent for table in tables for c in table.cells.values()):
        reason = "All cells are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all cells are withheld.", reason
    note = "Each row adds up to 100%, but for rounding. Framed: both say the same. Hatched: withheld."
    names = {level for table in tables for level in table.drawn}
    room = min(1.7, max(text_width(words.sentence(level)) for level in names) + 0.18)
    tops = [0.28 * (len(tables) > 1) + 0.2 * len(table.summaries) + 0.74 for table in tables]
    bodies = [top + CELL * len(table.drawn) + 0.3 for top, table in zip(tops, tables, strict=True)]
    sheet = Sheet(*head, [note, labels.foot()], body=sum(bodies))
    y = sheet.top
    for table, body in zip(tables, bodies, strict=True):
        _panel(sheet, table, (room, y), (first, second), labels if len(tables) > 1 else None)
        y += body
    said = " ".join(_alt(table, labels) for table in tables)
    caption = f"Rows: {words.lower_first(first)}. Columns: {words.lower_first(second)}. Percent of each row."
    return sheet, f"{about['title']}. {said}", caption


def _panel(
    sheet: Sheet, table: Transitions, at: tuple[float, float], axes_names: tuple[str, str], labels: words.Labels | None
) -> None:
    room, y = at
    if labels is not None:
        sheet.text(MARGIN, y + 0.12, labels.group(table.group), weight="bold")
        y += 0.28
    for what, agreed, kappa, _ in table.summaries:
        sheet.text(MARGIN, y + 0.1, f"{what}: agreement {agreed}, kappa {kappa}")
        y += 0.2
    left = MARGIN + room
    width = min(WIDEST, (WIDTH - left - MARGIN - 0.75) / len(table.drawn))
    end = left + width * len(table.drawn)
    sheet.text(left + width * len(table.drawn) / 2, y + 0.14, axes_names[1], size=SMALL, color=GREY, ha="center")
    for line, text in enumerate(wrap(axes_names[0], room - 0.08, SMALL)[:3]):
        sheet.text(left - 0.1, y + 0.3 + text_height(line, SMALL), text, size=SMALL, color=GREY, ha="right")
    for number, level in enumerate(table.drawn):
        lines = wrap(words.sentence(level), width - 0.04, SMALL)[:2]
        for line, text in enumerate(lines):
            middle = y + 0.62 - text_height(len(lines) - 1 - line, SMALL)
            sheet.text(left + width * (number + 0.5), middle, text, size=SMALL, ha="center")
    sheet.text(end + 0.67, y + 0.62, "Total", size=SMALL, color=GREY, ha="right")
    y += 0.74
    axes = sheet.axes(left, y, end - left, CELL * len(table.drawn))
    axes.set_xlim(0, len(table.drawn))
    axes.set_ylim(len(table.drawn), 0)
    axes.axis("off")
    for down, row in enumerate(table.drawn):
        middle = y + CELL * (down + 0.5)
        sheet.text(left - 0.1, middle, words.sentence(row), ha="right")
        total = table.totals.get(row)
        sheet.text(end + 0.67, middle, total.n if total else "", size=SMALL, ha="right")
        for across, column in enumerate(table.drawn):
            cell = table.cells.get((row, column))
            _cell(axes, down, across, cell)
            told = f"{words.sentence(row)}, {words.lower_first(column)}: {_told(cell)}"
            sheet.hover(left + width * across, y + CELL * down, width, CELL, told)
    for place in range(len(table.drawn)):
        axes.add_patch(Rectangle((place, place), 1, 1, facecolor="none", edgecolor=INK, linewidth=1.4, clip_on=False))


def _cell(axes: Axes, down: int, across: int, cell: Share | None) -> None:
    if cell is None:
        axes.add_patch(Rectangle((across, down), 1, 1, facecolor="white", edgecolor="white"))
        return
    if cell.percent != cell.percent:
        options: dict[str, Any] = {"facecolor": "white", "edgecolor": "#9a9a9a", "hatch": "////", "linewidth": 0.5}
        axes.add_patch(Rectangle((across, down), 1, 1, **options))
        return
    part = min(cell.percent / 100, 1) ** 0.6  # most cells off the diagonal are pale: spread them
    colour = tuple((a + (b - a) * part) / 255 for a, b in zip(LIGHT, DARK, strict=True))
    axes.add_patch(Rectangle((across, down), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8))
    ink = "white" if part > 0.55 else INK
    options = {"ha": "center", "va": "center_baseline", "color": ink}
    axes.text(across + 0.5, down + 0.34, words.percent(cell.percent), size=SMALL, **options)
    axes.text(across + 0.5, down + 0.7, cell.n, size=TINY, **options)


def _told(cell: Share | None) -> str:
    """Return one cell in words, as in the table: percent of the row, and the count."""
    if cell is None:
        return "nobody"
    return f"{words.percent(cell.percent)}, {cell.n}" if cell.percent == cell.percent else cell.words


def _alt(table: Transitions, labels: words.Labels) -> str:
    who = f"{labels.group(table.group)}: " if table.group else ""
    said = "; ".join(f"{what.lower()}, agreement {a}, kappa {k}" for what, a, k, _ in table.summaries)
    same = [f"{words.sentence(v)} {_same(table, v)}" for v in table.drawn]
    return f"{who}{said}. Same level in both, by level of the first: {'; '.join(same)}."


def _same(table: Transitions, level: str) -> str:
    cell = table.cells.get((level, level))
    return "nobody" if cell is None else words.percent(cell.percent) or words.WITHHELD


def _somebody(cell: Share) -> bool:
    """Whether a cell holds people, or may: only a released zero says that it does not."""
    return cell.n != "0"
