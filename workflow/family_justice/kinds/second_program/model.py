"""Kind ``second_program``: what every stream has without asking, a row for each of its analyses."""

from __future__ import annotations

from typing import Any, ClassVar

from family_justice.kinds.families.keys import Unasked


class SecondProgram(Unasked):
    """How far the estimates of a second program lie from ours."""

    kind: ClassVar[str] = "second_program"
    family: ClassVar[str] = "second_program"
    counts_members: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ("largest_relative_difference",)
    is_drawn: ClassVar[bool] = False

    @staticmethod
    def described(analyses: list[str], programs: list[str]) -> dict[str, Any]:
        """Return the description for the study: rows are about its ``analyses``, levels are the ``programs``."""
        return {
            "kind": SecondProgram.kind,
            "title": "What a second program gives",
            "description": "The largest relative difference between our estimates and those of another program.",
            "cohort": "",
            "method": "",
            "terms": analyses,
            "levels": programs,
        }


KEYS = SecondProgram
