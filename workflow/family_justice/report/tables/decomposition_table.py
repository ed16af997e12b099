"""Tables of the decomposition of a change: its parts, and sizes and shares of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def tables(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the change with its parts, and the share of each group in both periods."""
    return [_groups(rows, about, labels), _parts(rows, about, labels)]


def _parts(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    groups = words.lower_first(labels.covariate(str(about["groups"])))
    names = {
        "change": f"Change from {about['between'][0]} to {about['between'][1]}",
        "composition": f"Because {groups} has other sizes",
        "within_groups": f"Within {groups}",
    }
    found = {str(row["term"]): row for row in rows[rows["measure"] == "share_difference"].to_dict("records")}
    body = [Row(name, [_difference(found.get(term))]) for term, name in names.items()]
    heads = ["Part", "Percentage points (95% CI)"]
    return Table(f"{about['title']}: parts of the change", heads, body, [labels.rounding()])


def _difference(row: dict[Any, Any] | None) -> Cell:
    if row is None or not words.present(row["estimate"]):
        return hidden(words.WITHHELD if row is None or row["status"] == "suppressed" else "not estimable")
    value, low, high = (words.signed(row[column]) for column in words.ESTIMATE)
    return Cell(words.with_interval(value, low, high))


def _groups(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    shares = {str(row["group"]): row for row in rows[rows["measure"] == "percent"].to_dict("records")}
    sides = [f"{about['compare']}={level}" for level in about["between"]]
    levels = list(dict.fromkeys(group.partition(f"; {about['groups']}=")[2] for group in shares))
    body = []
    for level in levels:
        cells = [_share(shares.get(f"{side}; {about['groups']}={level}"), labels) for side in sides]
        body.append(Row(words.sentence(level), cells))
    heads = [labels.covariate(str(about["groups"])), *map(str, about["between"])]
    small = f"Percent with {words.lower_first(labels.covariate(str(about['variable'])))}; in small type the counts."
    return Table(about["title"], heads, body, [small, labels.rounding()])


def _share(row: dict[Any, Any] | None, labels: words.Labels) -> Cell:
    if row is None:
        return Cell("")
    if not words.present(row["estimate"]):
        return hidden(labels.withheld(row["note"]), row["note"])
    return Cell(words.percent(row["estimate"]), sub=f"{words.count(row['n'])} of {words.count(row['total'])}")
