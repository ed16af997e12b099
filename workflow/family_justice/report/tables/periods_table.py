"""The table of two groups in periods around a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.forest import ratio_words
from family_justice.figures.charts.periods import arrange
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def table(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return, for every stratum and period, who has a record, the rate ratio, and its ratio to the reference period."""
    body: list[Row] = []
    sides: list[str] = []
    strata = arrange(rows, about)
    for outer, periods in strata.items():
        if len(strata) > 1:
            body.append(Row(labels.group(outer)))
        for period in periods:
            cells = []
            for row in (period.case, period.comparison):
                counted, of = words.count(row["events"]), words.count(row["n"])
                cell = Cell(counted) if counted else hidden(labels.withheld(row["note"]), row["note"])
                cells.append(Cell(cell.text, f"of {of}" if of else "", cell.title, cell.withheld))
            cells += [_ratio(row) for row in (period.case, period.change)]
            body.append(Row(words.sentence(period.name), cells, indent=len(strata) > 1))
            sides = [words.sentence(str(row["level"])) for row in (period.case, period.comparison)]
    heads = ["Period", *(f"{side}: with a record" for side in sides), "Rate ratio (95% CI)", "Change (95% CI)"]
    notes = [
        "With a record: people in the period with a count above zero, of all observed in it. Change: ratio of the "
        f"rate ratio to that of {words.lower_first(str(about['reference_period']))}.",
        labels.rounding(),
    ]
    return Table(about["title"], heads, body, notes)


def _ratio(row: dict[str, Any]) -> Cell:
    text = ratio_words(row)
    return hidden(text, row["note"]) if text in (words.WITHHELD, "not estimable") else Cell(text)
