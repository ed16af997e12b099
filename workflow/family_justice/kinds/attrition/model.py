"""Kind ``attrition``: what every cohort has without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from family_justice.kinds.families.keys import Unasked

if TYPE_CHECKING:
    from family_justice.config.schema import CaseMatching, Cohort

#: What rows about matching are of: the comparison people, or the sets; the steps are in no group.
COMPARISON, SETS = "part=comparison", "part=sets"
#: The row of the comparison people who were chosen.
CHOSEN = "comparison_chosen"


class MatchingRow(NamedTuple):
    """A row of the attrition of a cohort with matching: its group, name and words."""

    group: str
    name: str
    label: str


def matching_rows(matching: CaseMatching) -> list[MatchingRow]:
    """Return the rows that matching adds to the attrition, in their order: the cases that stay, from whom comparison
    people were chosen, and how many sets have how many."""
    least = f"At least {matching.at_least} found" if matching.at_least > 1 else "Comparison found"
    return [
        MatchingRow("", "matched_cases", least),
        MatchingRow(COMPARISON, "comparison_pool", f"{matching.label}: in the pool"),
        MatchingRow(COMPARISON, "comparison_eligible", f"{matching.label}: fit a case on its index date"),
        MatchingRow(COMPARISON, CHOSEN, f"{matching.label}: chosen"),
        *(
            MatchingRow(SETS, f"sets_of_{k}", f"Cases with {k} or more comparison people")
            for k in range(1, matching.ratio + 1)
        ),
    ]


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
