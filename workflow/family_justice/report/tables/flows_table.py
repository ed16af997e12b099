"""The tables of a flow: states at each time, and who went from where to where between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.alluvial import Flows, arrange, heading
from family_justice.figures.house.frequency_layout import Share
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def tables(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the table of states at each time, and for each group that of changes between neighbouring times."""
    found = arrange(rows, about, labels)
    key, names = labels.strata([flows.group for flows in found])
    states = about.get("states") or {}
    times = list(about.get("terms") or [])
    body: list[Row] = []
    for flows in found:
        if len(found) > 1:
            body.append(Row(f"{key}: {words.lower_first(names[flows.group])}" if key else names[flows.group]))
        for state, label in states.items():
            cells = [_cell(flows.bars.get((term, state))) for term in times]
            body.append(Row(label, cells, indent=len(found) > 1))
    heads = ["State", *(heading(term, about) for term in times)]
    note = "Percent of all; in small type the count."
    shown = [Table(f"{about['title']}: where they are", heads, body, [note, labels.rounding()])]
    for flows in found:
        name = f": {words.lower_first(names[flows.group])}" if len(found) > 1 else ""
        shown.append(_changes(flows, name, about, labels))
    return shown


def _changes(flows: Flows, name: str, about: dict[str, Any], labels: words.Labels) -> Table:
    states = about.get("states") or {}
    body: list[Row] = []
    for before, term in zip(flows.times, flows.times[1:], strict=False):
        body.append(Row(f"{heading(before, about)} to {words.lower_first(heading(term, about))}"))
        for state, label in list(states.items())[:-1]:  # nobody comes back who is no longer observed
            cells = [flows.bands.get((term, state, after)) for after in states]
            if any(cell is not None for cell in cells):
                body.append(Row(label, [_cell(cell) for cell in cells], indent=True))
    heads = ["From (rows) to (columns)", *states.values()]
    note = "Percent of those in the state of the row at the first time; in small type the count."
    return Table(f"{about['title']}: from where to where{name}", heads, body, [note, labels.rounding()])


def _cell(cell: Share | None) -> Cell:
    if cell is None:
        return Cell("")
    if cell.suppressed:
        return hidden(cell.words, cell.note)
    return Cell(words.percent(cell.percent), sub=cell.n)
