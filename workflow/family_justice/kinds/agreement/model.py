"""Kind ``agreement``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis, Covariates, unknown
from family_justice.kinds.families.wording import Wording, listed

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


class Agreement(Analysis):
    """Agreement of two covariates with the same levels: table of transitions, observed agreement and Cohen's kappa."""

    kind: Literal["agreement"]
    first: Name = Field(description="covariate whose levels are the rows of the table")
    second: Name = Field(description="covariate whose levels are the columns")
    unknown: list[str] = Field(
        default_factory=list, description="levels that are no answer; agreement is given with and without them"
    )
    group_by: list[Name] = Field(default_factory=list)

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = ("percent", "agreement", "kappa")
    described_keys: ClassVar[tuple[str, ...]] = (*Analysis.described_keys, "first", "second", "unknown")

    def levelled(self) -> dict[str, list[str]]:
        """Both classifications have levels."""
        return {**super().levelled(), "first": [self.first], "second": [self.second]}

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Two classifications can be compared only if they have the same classes."""
        first, second = (covariates[n].levels if n in covariates else None for n in (self.first, self.second))
        found = super().problems(where, cohort, covariates)
        found += unknown(self.unknown, first or [], f"{where}.unknown", "level")
        if first and second and first != second:
            found.append(
                f"{where}: 'first' and 'second' must have the same levels in the same order; "
                f"'{self.first}' has {', '.join(first)}, '{self.second}' has {', '.join(second)}"
            )
        if any(":" in level for level in first or []):
            found.append(f"{where}: a level of '{self.first}' has a colon in it, which joins levels; write another")
        if first and len(set(first) - set(self.unknown)) < 2:
            found.append(f"{where}.unknown: fewer than two levels are left to agree on; name fewer")
        return found

    def sentence(self, words: Wording) -> str:
        """Table of transitions, agreement and kappa."""
        pair = " and ".join(f"'{words.covariates[name].label}'" for name in (self.first, self.second))
        without = f", with and without those {listed(self.unknown)}" if self.unknown else ""
        return (
            f"Agreement of {pair} was described for {words.who}{words.within} by the table of "
            f"transitions, the observed agreement and Cohen's kappa{without}."
        )

    def notes(self) -> list[str]:
        """Errors of kappa, and what rounding does."""
        return [
            "Cohen's kappa has the large-sample standard error of Fleiss, Cohen and Everitt (1969, as R's vcd::Kappa). "
            "Where counts are rounded, agreement and kappa are computed from the released table; withheld cells off "
            "the diagonal are filled in from the released margins by iterative proportional fitting (Deming and "
            "Stephan 1940)."
        ]


KEYS = Agreement
