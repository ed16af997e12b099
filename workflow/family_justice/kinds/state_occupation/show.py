"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import states
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report.tables import states_table as state_tables

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw the probabilities of the states."""
        return states.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the table of states, mean times in them, and the audit of histories."""
        tables = [state_tables.table(rows, about, labels), *state_tables.mean_times(rows, about, labels)]
        return Shown(tables=tables, after=state_tables.audit(rows, labels))


SHOW = _Show()
