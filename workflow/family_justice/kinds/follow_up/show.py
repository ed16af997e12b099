"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from family_justice.figures import words
from family_justice.figures.charts import curves
from family_justice.figures.house.beside import Beside
from family_justice.kinds.families.show import Figure, Show, Shown
from family_justice.report import prose

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    place: ClassVar[Literal["results", "cohort", "guide"]] = "cohort"

    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw the share of members still observed."""
        return curves.small(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the median follow-up in words."""
        return Shown(sentences=[prose.follow_up(rows, about, labels)])


SHOW = _Show()
