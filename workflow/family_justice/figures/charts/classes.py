"""Latent classes: a map of what the members of each class answer, one column per class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Rectangle

from family_justice.figures import words
from family_justice.figures.charts.agreement import DARK, LIGHT
from family_justice.figures.charts.tiles import HIDDEN
from family_justice.figures.house.frequency_layout import Share, share
from family_justice.figures.house.style import GREY, INK, MARGIN, SMALL, TINY, WIDTH, Sheet, message, text_width, wrap

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

CELL = 0.3  # height of a row, inches
HEAD = 0.56  # room for the names and sizes of the classes
WIDEST = 0.95  # of a column, inches


@dataclass(frozen=True)
class ProfileRow:
    """A level of a variable: its share in every class."""

    term: str
    level: str
    cells: dict[str, Share]
    drawn: bool  # of two levels one tells the other


@dataclass(frozen=True)
class Profiles:
    """The classes with their sizes, and what is answered in them."""

    sizes: dict[str, Share]
    lines: list[ProfileRow]


def arrange(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Profiles:
    """Sort the released rows of latent classes into the lines of one table."""
    rows = rows.replace({"measure": {"class_share": "percent", "item_probability": "percent"}})
    profile = rows[rows["measure"] == "percent"]
    sizes = {str(r["level"]): share(r, labels) for r in profile[profile["term"] == "class"].to_dict("records")}
    answers = profile[profile["term"] != "class"]
    lines = []
    for term in dict.fromkeys(answers["term"]):
        own = answers[answers["term"] == term]
        levels = labels.levels(term, list(own["level"]))
        reference = (labels.study["covariates"].get(term) or {}).get("reference") or levels[-1]
        for level in levels:
            found = own[own["level"] == level].to_dict("records")
            cells = {str(r["group"]).removeprefix("class="): share(r, labels) for r in found}
            lines.append(ProfileRow(term, level, cells, len(levels) != 2 or level != reference))
    return Profiles(sizes, lines)


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw the percentage of every level in every class; return sheet, alt text and caption."""
    found = arrange(rows, about, labels)
    head = (about["title"], labels.subject(about))
    lines = [line for line in found.lines if line.drawn]
    if not any(cell.percent == cell.percent for line in lines for cell in line.cells.values()):
        reason = "All classes are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all classes are withheld.", reason
    named = _by_variable(lines, labels)
    room = _room(named)
    count = sum(len(own) + (len(own) > 1) for _, own in named)
    sheet = Sheet(*head, [_note(lines, labels), labels.foot()], body=HEAD + CELL * count + 0.05)
    across = _Across(room, MARGIN + room, min(WIDEST, (WIDTH - 2 * MARGIN - room) / len(found.sizes)))
    _heads(sheet, found.sizes, across)
    axes = sheet.axes(across.left, sheet.top + HEAD, across.width * len(found.sizes), CELL * count)
    axes.set_xlim(0, len(found.sizes))
    axes.set_ylim(count, 0)
    axes.axis("off")
    place = 0
    for name, own in named:
        several = len(own) > 1
        if several:
            _name(sheet, name, MARGIN, sheet.top + HEAD + CELL * (place + 0.6), room)
            place += 1
        for line in own:
            y = sheet.top + HEAD + CELL * place
            text, indent = (words.sentence(line.level), 0.12) if several else (name, 0.0)
            _name(sheet, text, MARGIN + indent, y + CELL / 2, room - indent)
            for number, group in enumerate(found.sizes):
                cell = line.cells[group]
                _cell(axes, place, number, cell)
                said = f"{words.sentence(group)}, {name}: {_said(cell)}"
                sheet.hover(across.left + across.width * number, y, across.width, CELL, said)
            place += 1
    caption = "Columns: classes by size. Rows: percent of the class with the answer."
    return sheet, _alt(about["title"], found, named), caption


@dataclass(frozen=True)
class _Across:
    """Sizes across, in inches: room for the names of rows, where the classes start, and the width of each."""

    room: float
    left: float
    width: float


def _by_variable(lines: list[ProfileRow], labels: words.Labels) -> list[tuple[str, list[ProfileRow]]]:
    """Return the lines of each variable under its name, which tells the level of a single line unless that is yes."""
    named = []
    for term in dict.fromkeys(line.term for line in lines):
        own = [line for line in lines if line.term == term]
        alone = len(own) == 1
        name = labels.covariate(term) + (f": {own[0].level}" if alone and own[0].level != "yes" else "")
        named.append((name, own))
    return named


def _note(lines: list[ProfileRow], labels: words.Labels) -> str:
    hatched = any(cell.percent != cell.percent for line in lines for cell in line.cells.values())
    note = "Percent of the expected members of the class; darker is higher."
    note += " Rounded to wider steps than counts." if labels.rounds else ""
    return note + (" Hatched: withheld." if hatched else "")


def _room(named: list[tuple[str, list[ProfileRow]]]) -> float:
    """Return the room that the names of variables and levels take, in inches."""
    widths = [text_width(name) for name, _ in named]
    widths += [text_width(words.sentence(line.level)) + 0.12 for _, own in named if len(own) > 1 for line in own]
    return min(3.4, max(widths) + 0.15)


def _heads(sheet: Sheet, sizes: dict[str, Share], across: _Across) -> None:
    """Write the name, the share and the size of every class above its column."""
    for number, (name, size) in enumerate(sizes.items()):
        middle = across.left + across.width * (number + 0.5)
        told = words.percent(size.percent) if size.percent == size.percent else size.words
        sheet.text(middle, sheet.top + 0.12, words.sentence(name), size=SMALL, weight="bold", ha="center")
        sheet.text(middle, sheet.top + 0.28, told, size=SMALL, ha="center")
        people = "" if size.suppressed else f"n {size.n}"
        sheet.text(middle, sheet.top + 0.42, people, size=TINY, color=GREY, ha="center")


def _name(sheet: Sheet, text: str, x: float, y: float, room: float) -> None:
    lines = wrap(text, room - 0.1)
    shown = lines[0] if len(lines) == 1 else f"{lines[0]} …"
    sheet.text(x, y, shown)


def _cell(axes: Axes, down: int, across: int, cell: Share) -> None:
    if cell.percent != cell.percent:
        axes.add_patch(Rectangle((across, down), 1, 1, **HIDDEN))
        return
    part = min(cell.percent / 100, 1)
    colour = tuple((a + (b - a) * part) / 255 for a, b in zip(LIGHT, DARK, strict=True))
    axes.add_patch(Rectangle((across, down), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8))
    ink = "white" if part > 0.55 else INK
    text = words.percent(cell.percent)
    axes.text(across + 0.5, down + 0.5, text, size=SMALL, ha="center", va="center_baseline", color=ink)


def _said(cell: Share) -> str:
    return f"{words.percent(cell.percent)}, {cell.n} of {cell.total}" if cell.percent == cell.percent else cell.words


def _alt(title: str, found: Profiles, named: list[tuple[str, list[ProfileRow]]]) -> str:
    parts = [f"{title}. {len(found.sizes)} {'class' if len(found.sizes) == 1 else 'classes'}."]
    for group, size in found.sizes.items():
        told = [
            f"{words.lower_first(name)}{f' {line.level}' if len(own) > 1 else ''} "
            f"{words.percent(line.cells[group].percent) or words.WITHHELD}"
            for name, own in named
            for line in own
        ]
        parts.append(f"{words.sentence(group)}, {words.percent(size.percent) or words.WITHHELD}: {', '.join(told)}.")
    return " ".join(parts)
