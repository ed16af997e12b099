"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import alluvial
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import flows_table as flows

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw where members are, and bands of those who go from state to state."""
        return alluvial.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the tables of states at the times, and of who went where."""
        return Shown(tables=flows.tables(rows, about, labels))


SHOW = _Show()
