"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.kinds.families.show import Show, Shown
from family_justice.report.tables import characteristics_table as characteristics

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the table of characteristics."""
        return Shown(tables=[characteristics.table(rows, about, labels)])


SHOW = _Show()
