"""What is said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.kinds.families.show import Show, Shown
from family_justice.report.tables import decomposition_table

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the parts of the change, and sizes and shares of groups."""
        return Shown(tables=decomposition_table.tables(rows, about, labels))


SHOW = _Show()
