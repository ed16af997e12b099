"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import trends
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import page_tables as tables
from family_justice.report.tables import trends_table

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw shares over the axis."""
        return trends.draw(rows, {**about, "tiles": beside.tiles}, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the tables of shares, and of their trends."""
        return Shown(tables=[*tables.frequency(rows, about, labels), *trends_table.table(rows, about, labels)])


SHOW = _Show()
