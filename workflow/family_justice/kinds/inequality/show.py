"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import concentration, inequality
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import groups_table as groups

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw shares over the ordered groups, or concentration curves."""
        return concentration.draw(rows, about, labels) if about.get("curve") else inequality.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return shares and indices."""
        return Shown(tables=[groups.inequality(rows, about, labels)])


SHOW = _Show()
