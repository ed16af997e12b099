"""Kind ``table_one``: the keys of the stream file."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis
from family_justice.kinds.families.wording import Wording


class TableOne(Analysis):
    """Characteristics of a cohort: persons and percent per level."""

    kind: Literal["table_one"]
    variables: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(default_factory=list)

    family: ClassVar[str] = "table"
    is_drawn: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ("count", "percent")

    def sentence(self, words: Wording) -> str:
        """Numbers and percentages."""
        return f"{words.cohort.label}{words.among} were described{words.within} by numbers and percentages."


KEYS = TableOne
