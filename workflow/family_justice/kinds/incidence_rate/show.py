"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import rates
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import rates_table

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw rates of groups."""
        return rates.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the table of rates."""
        return Shown(tables=[rates_table.rates(rows, about, labels)])


SHOW = _Show()
