"""What is said of the second program stands beside each of its analyses (``report.pages``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from family_justice.figures import words
from family_justice.kinds.families.show import Show, Shown

if TYPE_CHECKING:
    import pandas as pd


class _Show(Show):
    place: ClassVar[Literal["results", "cohort", "guide"]] = "guide"

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Nothing of its own."""
        return Shown()


SHOW = _Show()
