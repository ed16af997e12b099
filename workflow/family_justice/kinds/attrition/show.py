"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from family_justice.figures import words
from family_justice.figures.charts import flow
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import page_tables as tables

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    place: ClassVar[Literal["results", "cohort", "guide"]] = "cohort"

    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw the flow of members through the steps."""
        return flow.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the table of steps, and that of comparison people."""
        return Shown(tables=[tables.attrition(rows, about, labels), *tables.matching(rows, about, labels)])


SHOW = _Show()
