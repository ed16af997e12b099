"""The table of trends of shares over the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.curve_parts import LIMITS
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def table(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the change of every share per step of the axis with its test; none if it is not asked for."""
    chosen = rows[rows["measure"] == "trend"]
    if chosen.empty:
        return []
    _, names = labels.strata(list(dict.fromkeys(chosen["group"])))
    body: list[Row] = []
    for group, name in names.items():
        if len(names) > 1:
            body.append(Row(name))
        for row in chosen[chosen["group"] == group].to_dict("records"):
            head = f"{labels.covariate(str(row['term']))}: {words.lower_first(str(row['level']))}"
            body.append(Row(head, _cells(row), indent=len(names) > 1))
    axis = words.lower_first(labels.covariate(str((about.get("group_by") or [""])[0])))
    note = f"Percentage points from one level of {axis} to the next, on a straight line; p of no trend (Armitage 1955)."
    heads = ["Share", "Change per step (95% CI)", "p"]
    return [Table(f"{about['title']}: trends", heads, body, [note, labels.rounding()])]


def _cells(row: dict[Any, Any]) -> list[Cell]:
    if not words.present(row["estimate"]):
        text = words.WITHHELD if row["status"] == "suppressed" else "not estimable"
        return [hidden(text, row["note"]), Cell("")]
    limits = (words.decimal(row[column], 2) for column in LIMITS)
    return [
        Cell(words.with_interval(words.decimal(row["estimate"], 2), *limits)), Cell(words.p_value(row["p_value"])),
    ]  # fmt: skip
