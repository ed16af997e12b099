"""The entity-relationship diagram: nothing overlaps, no line runs through a box, every reference has its line."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from family_justice.contracts import Table, contracts
from family_justice.contracts.model import SourceColumn
from family_justice.report.guide.diagram import diagram

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]
Line = tuple[float, float, float, float]


def table(name: str, *targets: str) -> Table:
    columns = {"id": SourceColumn(type="integer", description="Key.", key=True)}
    for number, target in enumerate(targets):
        columns[f"to_{number}"] = SourceColumn(type="integer", description="Reference.", references=f"{target}.id")
    return Table(name=name, description="D.", row="a row", source="assumption", columns=columns)


def drawn(svg: str) -> tuple[dict[str, Box], list[Line], float, float]:
    """Return the boxes by name, all straight pieces of lines, and the size of the drawing."""
    root = ElementTree.fromstring(svg)
    rectangles = [
        tuple(float(rect.get(side, "0")) for side in ("x", "y", "width", "height")) for rect in root.iter(f"{SVG}rect")
    ]
    boxes: dict[str, Box] = {}
    for text in root.iter(f"{SVG}text"):
        if text.get("font-weight") == "bold":
            x, y = float(text.get("x", "0")), float(text.get("y", "0"))
            mine = [r for r in rectangles[1:] if abs(r[0] + 8 - x) < 0.1 and abs(r[1] + 16 - y) < 0.1]
            boxes[str(text.text)] = max(mine, key=lambda r: r[3])  # type: ignore[assignment]
    lines: list[Line] = []
    for path in root.iter(f"{SVG}path"):
        if path.get("fill") != "none":
            continue
        x = y = 0.0
        for command, numbers in re.findall(r"([MHVh])([-\d. ]+)", path.get("d", "")):
            values = [float(n) for n in numbers.split()]
            start = (x, y)
            if command == "M":
                x, y = values
                continue
            x, y = (values[0], y) if command == "H" else (x, values[0]) if command == "V" else (x + values[0], y)
            lines.append((*start, x, y))
    return boxes, lines, float(root.get("width", "0")), float(root.get("height", "0"))


def check(tables: dict[str, Table]) -> tuple[dict[str, Box], list[Line]]:
    boxes, lines, width, height = drawn(diagram(tables, "Title"))
    assert set(tables) <= set(boxes)
    for (one, a), (two, b) in combinations(boxes.items(), 2):
        apart = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
        assert apart, f"{one} and {two} overlap"
    for x, y, w, h in boxes.values():
        assert 0 <= x <= width - w
        assert 0 <= y <= height - h
    for x1, y1, x2, y2 in lines:
        for name, (x, y, w, h) in boxes.items():
            through = (
                max(x1, x2) > x + 1 and min(x1, x2) < x + w - 1 and max(y1, y2) > y + 1 and min(y1, y2) < y + h - 1
            )
            assert not through, f"a line runs through {name}"
    return boxes, lines


@pytest.mark.parametrize("stem", contracts())
def test_every_contract_has_a_diagram_without_overlaps(stem: str) -> None:
    tables = contracts()[stem].tables
    boxes, lines = check(tables)
    targets = {
        about.references.partition(".")[0]
        for name, one in tables.items()
        for about in one.columns.values()
        if about.references and not about.references.startswith(f"{name}.")
    }
    assert set(boxes) == set(tables) | targets
    arrived = {target for target in targets for *_, x, _ in lines if abs(x - boxes[target][0]) < 0.1}
    assert arrived == targets


def test_a_line_leads_from_the_column_to_the_head_of_the_table() -> None:
    boxes, lines = check({"a": table("a", "b"), "b": table("b")})
    a, b = boxes["a"], boxes["b"]
    assert a[0] + a[2] < b[0]
    start, *_, end = lines
    assert start[0] == pytest.approx(a[0] + a[2])
    assert a[1] + 24 + 18 < start[1] < a[1] + a[3]  # below the head and the key
    assert (end[2], end[3]) == pytest.approx((b[0], b[1] + 12))


def test_circles_and_references_to_itself_are_drawn_without_going_round_for_ever() -> None:
    boxes, _ = check({"a": table("a", "b", "a"), "b": table("b", "a")})
    assert set(boxes) == {"a", "b"}


def test_names_are_shown_not_obeyed_and_the_same_contract_gives_the_same_bytes() -> None:
    tables = {"<a>": table("<a>")}
    assert "&lt;a&gt;" in diagram(tables, "A & B")
    assert diagram(tables, "A & B") == diagram(tables, "A & B")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 11), max_size=4), min_size=1, max_size=12))
def test_no_net_of_references_makes_boxes_overlap_or_lines_cross_boxes(net: list[list[int]]) -> None:
    names = [f"table_{number}" for number in range(len(net))]
    check(
        {name: table(name, *(names[t % len(net)] for t in targets)) for name, targets in zip(names, net, strict=True)}
    )
