"""The tables of an agreement analysis: how far two classifications agree, and who moves from which level to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.agreement import Transitions, arrange
from family_justice.report.tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def agreement(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the agreement of each group, and the table of transitions with counts and percent of each row."""
    found = arrange(rows, about, labels)
    heads = ["Group and levels compared", "Agreement", "Kappa (95% CI)"]
    body = []
    for table in found:
        if len(found) > 1:
            body.append(Row(labels.group(table.group)))
        for what, agreed, kappa, withheld in table.summaries:
            cells = [hidden(text) if withheld else Cell(text) for text in (agreed, kappa)]
            body.append(Row(what, cells, indent=len(found) > 1))
    note = "Kappa: agreement beyond what the shares of the levels alone would give; 1 is complete agreement."
    tables = [Table(f"{about['title']}: how far they agree", heads, body, [note, labels.rounding()])]
    return tables + [_transitions(table, about, labels) for table in found if table.levels]


def _transitions(table: Transitions, about: dict[str, Any], labels: words.Labels) -> Table:
    first, second = (labels.covariate(str(about.get(name))) for name in ("first", "second"))
    caption = f"{first} (rows) and {words.lower_first(second)} (columns)"
    if table.group:
        caption += f": {words.lower_first(labels.group(table.group))}"
    body = []
    for row in table.levels:
        cells = [_cell(table, row, column) for column in table.levels]
        total = table.totals[row]
        body.append(
            Row(words.sentence(row), [*cells, hidden(total.words, total.note) if total.suppressed else Cell(total.n)])
        )
    heads = [first, *(words.sentence(level) for level in table.levels), "All"]
    return Table(caption, heads, body, ["Percent of the row; in small type the count.", labels.rounding()])


def _cell(table: Transitions, row: str, column: str) -> Cell:
    cell = table.cells.get((row, column))
    if cell is None:
        return Cell("")
    if cell.suppressed:
        return hidden(cell.words, cell.note)
    return Cell(words.percent(cell.percent), sub=cell.n)
