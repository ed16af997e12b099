"""The tables of latent classes: how well each number of classes fits, and who is in each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.classes import arrange
from family_justice.figures.house.frequency_layout import Share
from family_justice.report.tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd

_FIT = (("log_likelihood", "Log-likelihood"), ("aic", "AIC"), ("bic", "BIC"), ("entropy", "Entropy"))


def latent_classes(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the profiles of the classes, and the fit of every number of classes that was tried."""
    found = arrange(rows, about, labels)
    body = [Row("Share of members", [_cell(size) for size in found.sizes.values()])]
    for term in dict.fromkeys(line.term for line in found.lines):
        body.append(Row(labels.covariate(term)))
        for line in found.lines:
            if line.term == term:
                cells = [_cell(line.cells[name]) for name in found.sizes]
                body.append(Row(words.sentence(line.level), cells, indent=True))
    heads = ["Answer", *(words.sentence(name) for name in found.sizes)]
    notes = ["Percent of the class; in small type the expected number of members."]
    if labels.rounds:
        notes.append("Expected numbers are rounded to wider steps than counts, and percentages computed from them.")
    notes.append(labels.rounding())
    return [Table(f"{about['title']}: profiles", heads, body, notes), _fit(rows, about, labels)]


def _cell(cell: Share) -> Cell:
    if cell.suppressed:
        return hidden(cell.words, cell.note)
    return Cell(words.percent(cell.percent), sub=cell.n)


def _fit(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    fits = rows[rows["term"] == "fit"]
    body, notes = [], ["Entropy: 1 where the class of every member is certain, 0 where nothing is known of it."]
    for level in dict.fromkeys(fits["level"]):
        own = {str(r["measure"]): r for r in fits[fits["level"] == level].to_dict("records")}
        cells = []
        for measure, _ in _FIT:
            row = own.get(measure)
            if row is None:
                cells.append(Cell(""))
            elif words.present(row["estimate"]):
                digits = 2 if measure == "entropy" and not labels.rounds else 1
                cells.append(Cell(words.decimal(row["estimate"], digits)))
            else:
                text = words.WITHHELD if row["status"] == "suppressed" else "not estimable"
                cells.append(hidden(text, row["note"]))
        body.append(Row(words.sentence(level), cells))
        said = next((r["note"] for r in own.values() if r["status"] == "ok" and r["note"]), "")
        if said:
            notes.append(f"{words.sentence(level)}: {said}.")
    heads = ["Model", *(head for _, head in _FIT)]
    return Table(f"{about['title']}: fit", heads, body, notes)
