"""Kind ``incidence_rate``: the keys of the stream file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name, Strict
from family_justice.kinds.families.keys import (
    CALENDAR_DAY,
    Analysis,
    Covariates,
    counted,
    counted_problems,
    counted_words,
    repeats,
)
from family_justice.kinds.families.wording import Wording, listed

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: Names of the time scales among the groups.
AGE, PERIOD = "age_band", "period"
#: European Standard Population of 2013 (Eurostat 2013, Revision of the European Standard Population, ISBN
#: 978-92-79-31094-2), per 100,000: weight of the group that begins at an age; each ends where the next begins.
EUROPEAN_2013: dict[int, int] = {
    0: 1000, 1: 4000, 5: 5500, 10: 5500, 15: 5500, 20: 6000, 25: 6000, 30: 6500, 35: 7000, 40: 7000, 45: 7000,
    50: 7000, 55: 6500, 60: 6000, 65: 5500, 70: 5000, 75: 4000, 80: 2500, 85: 1500, 90: 1000,
}  # fmt: skip


def weights(cuts: Sequence[int]) -> list[float]:
    """Return the weights of the bands between whole ages ``cuts`` (k,), increasing: k + 1, the last of them open.

    Raises ``ValueError`` for a cut within a group of the standard.
    """
    inside = [cut for cut in cuts if cut not in EUROPEAN_2013]
    if inside:
        raise ValueError(
            f"the European Standard Population has no cut at {', '.join(map(str, inside))}; cut at some of "
            f"{', '.join(map(str, EUROPEAN_2013))}"
        )
    ends = [0, *cuts, 1000]
    return [
        float(sum(weight for age, weight in EUROPEAN_2013.items() if low <= age < high)) for low, high in pairwise(ends)
    ]


class AgeBands(Strict):
    """Bands of age, which members pass through."""

    born: str = Field(description="date column of the cohort with the day (or week) of birth")
    cuts: list[int] = Field(
        min_length=1,
        description="ages in years at which a band ends and the next begins: [1, 5] makes under 1, 1 to 4, 5 and over",
    )

    def labels(self) -> list[str]:
        """Return the names of the bands."""
        between = [str(low) if high == low + 1 else f"{low} to {high - 1}" for low, high in pairwise(self.cuts)]
        return [f"under {self.cuts[0]}", *between, f"{self.cuts[-1]} and over"]


class Calendar(Strict):
    """Calendar years, or spans of them."""

    by: Literal["year", "financial_year"] = Field(description="years from January, or from April")
    every: int = Field(default=1, ge=1, description="so many years make a period")
    first: int | None = Field(default=None, description="a year in which a period begins; needed if `every` is above 1")


class IncidenceRate(Analysis):
    """Events per person-time with exact limits, by groups, age and calendar time; ratios, and standardised rates."""

    kind: Literal["incidence_rate"]
    outcome: Name | None = Field(default=None, description="outcome whose rate per time at risk is looked at")
    count: Name | None = Field(
        default=None, description="or, of rows that are areas: number covariate with the events of a row"
    )
    exposure: Name | None = Field(default=None, description="number covariate with the person-time (people) of a row")
    by: list[Name] = Field(
        default_factory=list, description="groups of rates; `age_band` and `period` can be among them"
    )
    compare: Name | None = Field(
        default=None,
        description="covariate (or `age_band`, `period`) whose levels are compared with its reference (the first band "
        "or period) in every group of `by`: ratio and difference of rates",
    )
    strata: list[Name] = Field(
        default_factory=list,
        description="covariates for which comparisons are adjusted, beside the age bands and periods that stand "
        "neither in `by` nor in `compare`",
    )
    age: AgeBands | None = Field(default=None, description="split of time at risk by age")
    calendar: Calendar | None = Field(default=None, description="split of time at risk by calendar time")
    standardise: Literal["european_2013", "cohort"] | None = Field(
        default=None,
        description="standard population over the strata: the European Standard Population of 2013 (age bands alone), "
        "or the time at risk of the whole cohort",
    )

    family: ClassVar[str] = "table"
    counts_repeated_events: ClassVar[bool | None] = None
    measures: ClassVar[tuple[str, ...]] = (
        "rate", "time_at_risk", "log_incidence_rate_ratio", "incidence_rate_difference", "log_stratified_rate_ratio",
        "standardised_rate", "standardised_ratio",
    )  # fmt: skip

    # --- what is split by what ---

    def scales(self) -> list[str]:
        """Return the time scales by which time at risk is split."""
        return [*([AGE] if self.age else []), *([PERIOD] if self.calendar else [])]

    def all_strata(self) -> list[str]:
        """Return what comparisons are adjusted for, and rates are standardised over."""
        return [*self.strata, *(scale for scale in self.scales() if scale not in {*self.by, self.compare})]

    def repeated(self, cohort: Cohort) -> bool:
        """Say whether a member may have several of the events."""
        return self.outcome in cohort.outcomes and repeats(cohort, cohort.outcomes[str(self.outcome)])

    # --- what the checks and the job ask ---

    def levelled(self) -> dict[str, list[str]]:
        """Time scales are no covariates."""
        named = {"by": self.by, "compare": [self.compare] if self.compare else [], "strata": self.strata}
        scales = self.scales()
        return {"group_by": []} | {k: [n for n in names if n not in scales] for k, names in named.items()}

    def knows_delayed_entry(self) -> bool:
        """A rate rests on time under observation."""
        return True

    def covariates_needed(self) -> list[str]:
        """Return count and exposure besides."""
        return list(dict.fromkeys([*counted(self), *super().covariates_needed()]))

    def columns_needed(self) -> list[str]:
        """Return the date of birth, and the day of time zero for calendar time."""
        return [*([self.age.born] if self.age else []), *([CALENDAR_DAY] if self.calendar else [])]

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Say what does not go together."""
        found = super().problems(where, cohort, covariates)
        if (self.outcome is None) == (len(counted(self)) < 2) or (self.outcome and counted(self)):
            found.append(
                f"{where}: write either 'outcome' (rates of members in time) or 'count' and 'exposure' (of rows that "
                "are areas or the like)"
            )
        found += counted_problems(where, self, cohort, covariates)
        found += self._wrong_scales(where, cohort)
        if self.strata and not (self.compare or self.standardise):
            found.append(
                f"{where}.strata: there is nothing to adjust; write 'compare' or 'standardise', or move it to 'by'"
            )
        if self.standardise and not self.all_strata():
            found.append(f"{where}.standardise: there is nothing to standardise for; write 'age' or 'strata'")
        if self.standardise == "european_2013" and self.all_strata() != [AGE]:
            found.append(
                f"{where}.standardise: the European Standard Population is one of ages; let 'age' be the only stratum, "
                "or write 'cohort'"
            )
        if self.repeated(cohort) and (self.standardise or (self.compare and self.all_strata())):
            found.append(
                f"{where}: events of '{self.outcome}' repeat, and those of one person in several strata are not "
                "independent; put the strata into 'by', or adjust by kind 'recurrent_cox' or 'negative_binomial'"
            )
        return found

    def _is_dated(self, cohort: Cohort) -> bool:
        return self.outcome in cohort.outcomes and cohort.outcomes[str(self.outcome)].duration is None

    def _wrong_scales(self, where: str, cohort: Cohort) -> list[str]:
        found = []
        if self.scales() and not self._is_dated(cohort):
            found.append(f"{where}: 'age' and 'calendar' split time between dates; write 'outcome', one with dates")
        if self.age and self.age.cuts != sorted({cut for cut in self.age.cuts if cut > 0}):
            found.append(f"{where}.age.cuts: write ages above 0 in increasing order, each once")
        elif self.age and self.standardise == "european_2013":
            try:
                weights(self.age.cuts)
            except ValueError as error:
                found.append(f"{where}.age.cuts: {error}")
        if self.calendar and self.calendar.every > 1 and self.calendar.first is None:
            found.append(
                f"{where}.calendar.first: write the year in which a period of {self.calendar.every} years begins"
            )
        scales = [*self.by, *([self.compare] if self.compare else []), *self.strata]
        found += [f"{where}: '{name}' is named more than once" for name in (AGE, PERIOD) if scales.count(name) > 1]
        missing = {AGE: "age", PERIOD: "calendar"}
        return found + [
            f"{where}: '{name}' is not split; write '{missing[name]}'"
            for name in dict.fromkeys(scales)
            if name in missing and name not in self.scales() and name not in cohort.covariates
        ]

    # --- what is said of it ---

    def sentence(self, words: Wording) -> str:
        """Rates, and what follows from them."""
        what = words.outcome(self.outcome) if self.outcome else words.label(str(self.count))
        per = "person-time" if self.outcome else words.label(str(self.exposure))
        by = self._named(self.by, words)
        text = f"Rates of {what} per {per}, with exact Poisson limits, are given for {words.who}{by and f' by {by}'}."
        if self.scales():
            bands = {AGE: "age as it passes", PERIOD: "calendar time"}
            text += f" Time at risk was split by {listed([bands[scale] for scale in self.scales()])} (Lexis)."
        if self.compare:
            text += f" Rates were compared by {self._named([self.compare], words)} (ratios and differences)"
            over = self._named(self.all_strata(), words)
            text += f", ratios also stratified by {over} (Mantel-Haenszel)." if over else "."
        if self.standardise:
            over, european = self._named(self.all_strata(), words), self.standardise == "european_2013"
            standard = "European Standard Population of 2013" if european else "time at risk of the whole cohort"
            text += f" Rates were standardised for {over} directly (standard: {standard}) and indirectly."
        return text

    def _named(self, names: list[str], words: Wording) -> str:
        scales = {AGE: "age band", PERIOD: "period"}
        return listed([scales[name] if name in self.scales() else words.label(name) for name in names])

    def notes(self) -> list[str]:
        """What limits and ratios rest on."""
        return [
            "Rates of first events have exact Poisson limits. Where events repeat, limits of rates and ratios are "
            "those of a log rate whose variance is robust: the squared differences between each person's events "
            "and those expected in its time. Log rate ratios have Wald limits; those over strata are Mantel- "
            "Haenszel's (Greenland and Robins 1985) over the strata that are shown on both sides. Directly "
            "standardised rates have Dobson's limits (1991), observed over expected events Byar's; both are told "
            "if all strata are shown. An event on the day on which an age band or a year begins is counted there. "
            "Where counts are rounded, all rest on released counts."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Time scales and their levels; what ``derived.py`` and figures need to know."""
        bands = self.age.labels() if self.age else []
        scales = {**({AGE: bands} if self.age else {}), **({PERIOD: []} if self.calendar else {})}
        compared = None if self.compare in scales else covariates.get(str(self.compare))
        found: dict[str, Any] = {
            "terms": [*scales, *([self.age.born] if self.age else [])],
            "levels": bands,
            "group_by": [*self.by, *([self.compare] if self.compare else [])],
            "by": self.by,
            "compare": self.compare or "",
            "standardise": self.standardise or "",
            "reference": compared.reference if compared else "",
            "all_strata": self.all_strata(),
        }
        if self.standardise == "european_2013" and self.age:
            found["weights"] = dict(zip(bands, weights(self.age.cuts), strict=True))
        if self.count:
            found |= counted_words(self, covariates)
        return found


KEYS = IncidenceRate
