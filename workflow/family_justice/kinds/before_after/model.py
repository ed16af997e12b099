"""Kind ``before_after``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis, Covariates, unknown
from family_justice.kinds.families.notes import CLUSTER_FACTOR
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class BeforeAfter(Analysis):
    """Counts of two groups in periods around an index date: the rate ratio in each period, and how it has changed since
    the reference period. A row of the cohort is a person in a period."""

    kind: Literal["before_after"]
    count: Name = Field(description="number covariate that is counted in a period")
    exposure: Name = Field(description="number covariate with the time under observation in the period, above zero")
    compare: Name = Field(description="covariate with two levels; the first is compared with the second, its reference")
    period: Name = Field(description="covariate whose levels are the periods in their order; its reference is the one "
                                     "that changes are counted from")  # fmt: skip
    group_by: list[Name] = Field(default_factory=list, description="a model of its own for each of these groups")
    cluster: str = Field(
        description="cohort column of what rows of several periods share: the person, or the matched set"
    )

    family: ClassVar[str] = "ratios"
    measures: ClassVar[tuple[str, ...]] = ("log_rate_ratio", "log_ratio_of_rate_ratios")
    planted_measure: ClassVar[str] = "log_ratio_of_rate_ratios"
    information: ClassVar[str] = "events"
    described_keys: ClassVar[tuple[str, ...]] = (*Analysis.described_keys, "compare", "period", "count")

    def levelled(self) -> dict[str, list[str]]:
        """Groups and periods have levels."""
        return {**super().levelled(), "compare": [self.compare], "period": [self.period]}

    def covariates_needed(self) -> list[str]:
        """Return groups and periods, the count and the time."""
        return list(dict.fromkeys([*super().covariates_needed(), self.count, self.exposure]))

    def columns_of_groups(self) -> list[str]:
        """Rows name what is compared."""
        return [*super().columns_of_groups(), self.compare, self.period]

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Two groups, two periods or more, and numbers that are counted."""
        found = super().problems(where, cohort, covariates)
        for key in ("count", "exposure"):
            name = getattr(self, key)
            found += unknown([name], cohort.covariates, f"{where}.{key}", "covariate", f" in cohort '{self.cohort}'")
            if name in covariates and covariates[name].levels is not None:
                found.append(f"{where}.{key}: '{name}' has levels; it must be a number")
        groups, periods = (covariates.get(name) for name in (self.compare, self.period))
        if groups is not None and groups.levels and (len(groups.levels) != 2 or groups.reference != groups.levels[1]):
            found.append(f"{where}.compare: '{self.compare}' needs two levels, the second of them its reference")
        if periods is not None and periods.levels and (len(periods.levels) < 2 or periods.reference is None):
            found.append(f"{where}.period: '{self.period}' needs two levels or more, one of them its reference")
        return found

    def planted_place(self, covariates: Covariates) -> tuple[list[str], str]:
        """Changes are planted, by period."""
        return [self.period], f"{self.compare}={(covariates[self.compare].levels or [''])[0]}"

    def sentence(self, words: Wording) -> str:
        """Rate ratios in periods, and their ratios."""
        cluster = self.cluster.replace("_", " ")
        return (
            f"The rate of {words.label(self.count)} of {words.who} was modelled by Poisson regression with a rate for "
            f"each {words.label(self.period)} and a rate ratio over {words.label(self.compare)} in each of "
            f"them{words.within}; the ratio of rate ratios to that of the reference period is the change that the "
            f"comparison group does not share. Standard errors are robust to rows with the same {cluster}."
        )

    def notes(self) -> list[str]:
        """What is counted, and what the ratio of ratios rests on."""
        return [
            "Before and after: a row is a person in a period. The number of events shown is that of rows with a count "
            "above zero. The ratio of rate ratios is causal only if both groups would have changed alike; where a "
            "crisis brings people to court, the months before are no baseline, and the reference period lies before.",
            CLUSTER_FACTOR,
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome is the count; what figure and table need of periods and groups."""
        periods, groups = covariates[self.period], covariates[self.compare]
        return {
            "outcomes": [self.count],
            "reference_period": periods.reference,
            "case_level": (groups.levels or [""])[0],
        }


KEYS = BeforeAfter
