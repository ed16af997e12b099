"""Kind ``attrition``: what every cohort has without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from family_justice.kinds.families.keys import Unasked

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Attrition(Unasked):
    """Who is left after each step of a cohort."""

    kind: ClassVar[str] = "attrition"
    family: ClassVar[str] = "attrition"
    measures: ClassVar[tuple[str, ...]] = ("count",)

    @staticmethod
    def name_of(cohort: str) -> str:
        """Return the name of a cohort's attrition among the analyses of its stream."""
        return f"{Attrition.kind}.{cohort}"

    @staticmethod
    def described(name: str, cohort: Cohort) -> dict[str, Any]:
        """Return the description of a cohort's attrition for the study."""
        return {
            "kind": Attrition.kind,
            "title": f"{cohort.label}: who is included",
            "description": "Members left after each step of the cohort.",
            "cohort": name,
            "method": "",
        }


KEYS = Attrition
