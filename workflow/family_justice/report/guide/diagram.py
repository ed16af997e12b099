"""Entity-relationship diagram of one contract, as SVG with text that can be searched and read aloud.

Tables stand in columns, each to the left of the tables that it refers to (Sugiyama, Tagawa and Toda 1981, IEEE
Transactions on Systems, Man and Cybernetics 11: layers, places kept free for long lines, order by barycentres). Lines
run in the channels between columns and in the places kept free, so none passes through a box; all lines to one table
share one trunk and one arrowhead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from family_justice.contracts import Table
from family_justice.figures.house.style import COLOURS, text_width

ROW, HEAD, GAP, PAD = 18, 24, 18, 12  # pixels: a line of a box, its head, between boxes, around the drawing
TRACK, MARGIN = 9, 14  # between trunks in a channel, and beside the outermost
POINTS = 8.5  # font size; 1 point is 4/3 pixels
SLACK = 1.1  # a reader's font may be wider than the one that is measured
LANE = 12  # height of a place kept free
PER_ROW = 4  # tables without references stand in rows below


@dataclass
class Box:
    """A table, or with ``target`` a place kept free for the lines to that table."""

    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)  # column, the table that it refers to
    key: frozenset[str] = frozenset()
    more: int = 0
    elsewhere: bool = False
    target: str = ""
    width: float = 0.0
    height: float = LANE
    x: float = 0.0
    y: float = 0.0

    @property
    def entry(self) -> float:
        """Height at which lines arrive."""
        return self.y + (LANE / 2 if self.target else HEAD / 2)


def diagram(tables: Mapping[str, Table], title: str) -> str:
    """Return the SVG of the tables of one contract; tables of other contracts that they refer to are dashed."""
    boxes = _boxes(tables)
    referred = {target for box in boxes.values() for _, target in box.lines}
    alone = [box for name, box in boxes.items() if not any(to for _, to in box.lines) and name not in referred]
    layers, links = _layers({name: box for name, box in boxes.items() if box not in alone})
    _order(layers, links)
    below, width = _place(layers, links)
    height, wide = _grid(alone, below)
    return _svg(layers, links, alone, (max(width, wide), height), title)


def _boxes(tables: Mapping[str, Table]) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    outside: dict[str, Box] = {}
    for name, table in tables.items():
        box = Box(name, key=frozenset(table.key))
        for column, about in table.columns.items():
            target = (about.references or "").partition(".")[0]
            target = "" if target == name else target
            if about.key or target:
                box.lines.append((column, target))
            if target and target not in tables:
                outside[target] = Box(target, elsewhere=True)
        box.more = len(table.columns) - len(box.lines)
        boxes[name] = box
    boxes |= outside
    for box in boxes.values():
        rows = len(box.lines) + bool(box.more)
        texts = [_wide(box.name, bold=True), *(_wide(column) + 14 for column, _ in box.lines), _wide(_more(box))]
        box.width, box.height = max(texts) + 20, HEAD + ROW * rows + 6 * bool(rows)
    for box in boxes.values():
        box.lines = sorted(box.lines, key=lambda line: line[0] not in box.key)
    return boxes


def _wide(text: str, bold: bool = False) -> float:
    return text_width(text, POINTS, "bold" if bold else "normal") * 96 * SLACK


def _more(box: Box) -> str:
    return f"and {box.more} more column{'s' if box.more > 1 else ''}" if box.more else ""


def _layers(boxes: dict[str, Box]) -> tuple[list[list[Box]], dict[str, list[Box]]]:
    """Return the columns of boxes, places kept free among them, and by name of a target the boxes that stand for it:
    its places kept free, from left to right, and itself."""
    at, columns = _columns(boxes)
    layers: list[list[Box]] = [[] for _ in range(columns)]
    for name, box in boxes.items():
        layers[at[name]].append(box)
    links: dict[str, list[Box]] = {}
    for name, box in boxes.items():
        sources = [place for place in (at[other] for other in _referring(name, boxes)) if place < at[name]]
        if not sources:
            continue
        places = [Box(f"{name} at {number}", target=name) for number in range(min(sources) + 1, at[name])]
        for number, place in enumerate(places, min(sources) + 1):
            layers[number].append(place)
        links[name] = [*places, box]
    return layers, links


def _columns(boxes: dict[str, Box]) -> tuple[dict[str, int], int]:
    """Return the column of every table, counted from the left, and the number of columns."""
    depth = _depths(boxes)
    last = max(depth.values(), default=-1)
    at = {name: last - depth[name] for name in boxes}
    for name, box in boxes.items():
        if not any(target for _, target in box.lines):
            # A table that refers to none, a look-up mostly, stands next to the last that refers to it.
            at[name] = max((at[other] + 1 for other in _referring(name, boxes)), default=0)
    return at, last + 1


def _depths(boxes: dict[str, Box]) -> dict[str, int]:
    """Return how many references in a row lead on from every table, at most."""
    depth: dict[str, int] = {}
    waiting: list[str] = []

    def below(name: str) -> int:
        if name in depth:
            return depth[name]
        if name in waiting:
            return -1  # a circle of references: one of its lines would run backwards, and is left out
        waiting.append(name)
        targets = [target for _, target in boxes[name].lines if target]
        depth[name] = max((below(target) + 1 for target in targets), default=0)
        waiting.remove(name)
        return depth[name]

    for name in boxes:
        below(name)
    return depth


def _referring(name: str, boxes: dict[str, Box]) -> list[str]:
    """Return the names of the tables that refer to one."""
    return [other.name for other in boxes.values() if any(target == name for _, target in other.lines)]


def _joins(layers: list[list[Box]], links: dict[str, list[Box]]) -> list[tuple[Box, Box, str]]:
    """Return the pieces of lines: from a box (by one of its columns) or place kept free to the next layer."""
    at = {id(box): number for number, layer in enumerate(layers) for box in layer}
    joins = []
    for target, chain in links.items():
        joins += [(one, two, "") for one, two in pairwise(chain)]
        for layer in layers:
            for box in layer:
                for column, to in box.lines:
                    after = [place for place in chain if at[id(place)] == at[id(box)] + 1]
                    if to == target and after:
                        joins.append((box, after[0], column))
    return joins


def _order(layers: list[list[Box]], links: dict[str, list[Box]]) -> None:
    """Order the boxes of each column by the mean place of what they are joined to, back and forth."""
    joins = _joins(layers, links)
    for sweep in range(12):
        place = {id(box): (n + 0.5) / len(layer) for layer in layers for n, box in enumerate(layer)}
        forwards = sweep % 2 == 0
        for layer in layers if forwards else reversed(layers):
            means = {}
            for box in layer:
                near = [
                    place[id(one if forwards else two)] for one, two, _ in joins if (two if forwards else one) is box
                ]
                means[id(box)] = sum(near) / len(near) if near else place[id(box)]
            layer.sort(key=lambda box: (means[id(box)], box.name))
            place |= {id(box): (n + 0.5) / len(layer) for n, box in enumerate(layer)}


def _place(layers: list[list[Box]], links: dict[str, list[Box]]) -> tuple[float, float]:
    """Give every box its place: columns side by side with room for the trunks between them; return the size."""
    joins = _joins(layers, links)
    x, bottom = float(PAD), 0.0
    for number, layer in enumerate(layers):
        width = max(box.width for box in layer)
        for box in layer:
            box.x = x
            if box.target:
                box.width = width
        into = {id(two) for one, two, _ in joins if one in layer} if number + 1 < len(layers) else set()
        x += width + (2 * MARGIN + TRACK * max(len(into) - 1, 0) if into else 0)
    for layer in layers:
        y = float(PAD)
        for box in layer:
            box.y = round(y)
            y += box.height + GAP
        bottom = max(bottom, y)
    return bottom, x + PAD


def _grid(alone: list[Box], top: float) -> tuple[float, float]:
    """Place tables without references in rows below the others; return the size of the whole drawing."""
    y, wide = max(top, PAD), 0.0
    for start in range(0, len(alone), PER_ROW):
        row, x = alone[start : start + PER_ROW], float(PAD)
        for box in row:
            box.x, box.y = x, y
            x += box.width + GAP
        wide = max(wide, x)
        y += max(box.height for box in row) + GAP
    return y + PAD - GAP, wide


def _svg(
    layers: list[list[Box]],
    links: dict[str, list[Box]],
    alone: list[Box],
    size: tuple[float, float],
    title: str,
) -> str:
    width, height = (round(side) for side in size)
    lines = _lines(layers, links)
    boxes = [part for layer in [*layers, alone] for box in layer if not box.target for part in _drawn(box)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11.3">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *lines,
        *boxes,
        "</svg>",
        "",
    ])  # fmt: skip


def _lines(layers: list[list[Box]], links: dict[str, list[Box]]) -> list[str]:
    joins = _joins(layers, links)
    colour = {target: COLOURS[number % len(COLOURS)] for number, target in enumerate(sorted(links))}
    found = []
    for layer in layers:
        right = layer[0].x + max(box.width for box in layer) if layer else 0.0
        into: dict[int, list[tuple[Box, Box, str]]] = {}
        for one, two, column in joins:
            if one in layer:
                into.setdefault(id(two), []).append((one, two, column))
        # Trunks to what stands higher lie further to the right: fewer lines cross.
        trunks = sorted(into.values(), key=lambda pieces: -pieces[0][1].entry)
        for number, pieces in enumerate(trunks):
            target, x = pieces[0][1], right + MARGIN + TRACK * number
            exits = [_exit(one, column) for one, _, column in pieces]
            heights = [y for _, y in exits] + [target.entry]
            path = "".join(f"M{a:g} {y:g}H{x:g}" for a, y in exits)
            path += f"M{x:g} {min(heights):g}V{max(heights):g}M{x:g} {target.entry:g}H{target.x:g}"
            if target.target:
                path += f"h{target.width:g}"  # through the place kept free
            style = f'fill="none" stroke="{colour[target.target or target.name]}" stroke-width="1.3"'
            found.append(f'<path d="{path}" {style}/>')
            if not target.target:
                tip, y = target.x, target.entry
                head = f"M{tip:g} {y:g}l-8 -4v8z"
                found.append(f'<path d="{head}" fill="{colour[target.name]}"/>')
    return found


def _exit(box: Box, column: str) -> tuple[float, float]:
    """Return where a line leaves a box: beside its column, a little below the middle, where no line arrives."""
    if box.target:
        return box.x + box.width, box.entry
    number = [name for name, _ in box.lines].index(column)
    return box.x + box.width, box.y + HEAD + ROW * (number + 0.5) + 7


def _drawn(box: Box) -> list[str]:
    edge = ' stroke-dasharray="4 3"' if box.elsewhere else ""
    x, y = f"{box.x:g}", f"{box.y:g}"
    parts = [
        f'<rect x="{x}" y="{y}" width="{box.width:g}" height="{box.height:g}" rx="3" fill="#ffffff" '
        f'stroke="#5a5a5a"{edge}/>',
        f'<rect x="{x}" y="{y}" width="{box.width:g}" height="{HEAD}" rx="3" fill="#e7edf2" stroke="#5a5a5a"{edge}/>',
        f'<text x="{box.x + 8:g}" y="{box.y + 16:g}" font-weight="bold">{escape(box.name)}</text>',
    ]
    for number, (column, _) in enumerate(box.lines):
        baseline = box.y + HEAD + ROW * number + 15
        line = ' text-decoration="underline"' if column in box.key else ""
        parts.append(f'<text x="{box.x + 8:g}" y="{baseline:g}"{line}>{escape(column)}</text>')
    if box.more:
        baseline = box.y + HEAD + ROW * len(box.lines) + 15
        parts.append(f'<text x="{box.x + 8:g}" y="{baseline:g}" fill="#5a5a5a">{_more(box)}</text>')
    return parts
