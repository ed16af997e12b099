"""The table of hazard ratios along a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import forest, splines
from family_justice.report.tables import Cell, Row, Table

if TYPE_CHECKING:
    import pandas as pd


def table(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the points of the curves of a model, none if it has no curve or none may be shown."""
    found = splines.curves(rows)
    if not found:
        return []
    body: list[Row] = []
    for curve in found:
        term, group = str(curve["term"].iloc[0]), str(curve["group"].iloc[0])
        unit = labels.unit(term)
        body.append(Row(", ".join(filter(None, [labels.covariate(term), labels.group(group) if group else ""]))))
        for _, row in curve.iterrows():
            head = f"{row['time']:g} {unit}".strip()
            body.append(Row(head, [Cell(forest.ratio_words(row))], indent=True))
    note = "At round values from the 5th to the 95th percentile; the reference is the one nearest to the median."
    return [Table(f"{about['title']}: along a number", ["Value", "Hazard ratio (95% CI)"], body, [note])]
