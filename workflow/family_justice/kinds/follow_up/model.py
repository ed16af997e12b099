"""Kind ``follow_up``: what every cohort has without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from family_justice.kinds.families.keys import Unasked

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class FollowUpSummary(Unasked):
    """For how long the members of a cohort are observed."""

    kind: ClassVar[str] = "follow_up"
    family: ClassVar[str] = "curve"
    measures: ClassVar[tuple[str, ...]] = ("survival", "median_follow_up")

    @staticmethod
    def name_of(cohort: str) -> str:
        """Return the name of a cohort's follow-up among the analyses of its stream."""
        return f"{FollowUpSummary.kind}.{cohort}"

    @staticmethod
    def cohort_of(analysis: str) -> str:
        """Return the cohort of an analysis with such a name, empty for any other."""
        kind, dot, cohort = analysis.partition(".")
        return cohort if dot and kind == FollowUpSummary.kind else ""

    @staticmethod
    def described(name: str, cohort: Cohort) -> dict[str, Any]:
        """Return the description of a cohort's follow-up for the study."""
        return {
            "kind": FollowUpSummary.kind,
            "title": f"{cohort.label}: follow-up",
            "description": "For how long members could be observed; whoever has an event leaves the number at risk.",
            "cohort": name,
            "time_unit": cohort.outcomes[str(cohort.follow_up)].time_unit,
            "method": "",
        }


KEYS = FollowUpSummary
