"""Kind ``frequency``: the keys of the stream file."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis
from family_justice.kinds.families.wording import Wording


class Frequency(Analysis):
    """Counts and percent of the levels of one or more variables within groups; the first group is the axis."""

    kind: Literal["frequency"]
    variables: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(min_length=1)

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = ("count", "percent")

    def sentence(self, words: Wording) -> str:
        """Numbers and percentages of variables."""
        of = words.labels(self.variables)
        return f"Numbers and percentages of {of} were computed for {words.who}{words.within}."


KEYS = Frequency
