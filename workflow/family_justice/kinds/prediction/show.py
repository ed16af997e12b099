"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import calibration
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import prediction_table

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw observed over predicted risks."""
        return calibration.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return observed and predicted risks of the groups, and the table of performance."""
        return Shown(
            tables=[
                prediction_table.performance(rows, about, labels),
                prediction_table.groups(rows, about, labels),
            ]
        )


SHOW = _Show()
