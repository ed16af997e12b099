"""What is drawn and said of results of this kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from family_justice.figures import words
from family_justice.kinds.families.show import Show, Shown

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    place: ClassVar[Literal["results", "cohort", "guide"]] = "guide"

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Nothing: the data guide shows the counts."""
        return Shown()


SHOW = _Show()
