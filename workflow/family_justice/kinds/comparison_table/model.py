"""Kind ``comparison_table``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis, Covariates
from family_justice.kinds.families.wording import Wording

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class ComparisonTable(Analysis):
    """Characteristics of two groups: shares of levels, their differences and ratios, and a test of each variable."""

    kind: Literal["comparison_table"]
    variables: list[Name] = Field(min_length=1)
    compare: Name = Field(
        description="covariate with two levels, one of them its reference; the other is compared with it"
    )
    group_by: list[Name] = Field(default_factory=list, description="the groups are compared within each of these")

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = (
        "percent", "standardised_difference", "share_difference", "log_prevalence_ratio", "chi_squared_test",
    )  # fmt: skip
    described_keys: ClassVar[tuple[str, ...]] = (*Analysis.described_keys, "compare")

    def levelled(self) -> dict[str, list[str]]:
        """The groups are levels."""
        return {**super().levelled(), "compare": [self.compare]}

    def columns_of_groups(self) -> list[str]:
        """Rows name what is compared."""
        return [*super().columns_of_groups(), self.compare]

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """There are two groups, the second the reference."""
        found = super().problems(where, cohort, covariates)
        about = covariates.get(self.compare)
        if about is not None and about.levels is not None:
            if len(about.levels) != 2:
                found.append(f"{where}.compare: '{self.compare}' has {len(about.levels)} levels; two are compared")
            elif about.reference != about.levels[1]:
                found.append(
                    f"{where}.compare: the second level of '{self.compare}' is compared with; make it the reference"
                )
        return found

    def sentence(self, words: Wording) -> str:
        """Shares of two groups."""
        return (
            f"{words.cohort.label}{words.among} were compared over {words.label(self.compare)}{words.within} in "
            f"{words.labels(self.variables)}: shares, standardised differences, differences and ratios of prevalence, "
            "and Pearson's chi-squared tests."
        )

    def notes(self) -> list[str]:
        """What the numbers are."""
        return [
            "Tables that compare two groups: ratios of prevalence have limits on the logarithmic scale (Katz 1978), "
            "standardised differences are those of single levels (Austin 2009), chi-squared tests are without a "
            "correction for continuity and take people for independent. Matching is not accounted for: where it was "
            "close, tests of other variables are slightly conservative. Where counts are rounded, all of these "
            "are computed from the released counts."
        ]


KEYS = ComparisonTable
