"""Keys of the stream file that kinds share, with their checks, and what every kind has to tell of itself.

A kind is a class in ``kinds/<kind>/model.py`` that inherits one of these. What it does not say itself it has from its
family; what has no sensible default (the family at the door, the measures, the methods sentence) is missing at import
if a kind forgets it (``kinds.registry``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from family_justice.config.base import Name, Strict
from family_justice.errors import did_you_mean
from family_justice.kinds.families.notes import CLUSTERS, COMPLETE_CASES, IMPUTATION
from family_justice.kinds.families.wording import Wording, listed
from family_justice.measures import of_role

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate, Outcome

Covariates = Mapping[str, "Covariate"]
#: Column of members with the day of time zero, for kinds that need calendar time: days since 1 January 1970.
CALENDAR_DAY = "calendar_day"


def unknown(names: Iterable[str], allowed: Iterable[str], where: str, what: str, of: str = "") -> list[str]:
    """Say which names are not allowed, each with the nearest that is."""
    options = list(allowed)
    return [
        f"{where}: there is no {what} '{name}'{of}. {did_you_mean(name, options)}"
        for name in names
        if name not in options
    ]


def repeats(cohort: Cohort, outcome: Outcome) -> bool:
    """True for an outcome whose event a member may have several times."""
    return outcome.event in cohort.events and cohort.events[str(outcome.event)].repeats


class Unasked:
    """A kind of result that no stream file asks for by name: every cohort, or every data guide, has it."""

    kind: ClassVar[str]
    family: ClassVar[str]
    measures: ClassVar[tuple[str, ...]]
    is_matched: ClassVar[bool] = False
    has_contrasts: ClassVar[bool] = False
    uncounted: ClassVar[tuple[str, ...]] = ()
    #: False for what counts no members: the records themselves, or how far two programs are apart.
    counts_members: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True
    packages: ClassVar[tuple[str, ...]] = ()


class Analysis(Strict):
    """What every analysis of a stream file has, and what the stages ask of its kind."""

    kind: str
    title: str
    description: str = Field(description="what the analysis answers, one or two sentences")
    cohort: Name
    restrict_to: dict[Name, list[str]] = Field(
        default_factory=dict, description="levels of covariates; members with other levels are left out"
    )

    #: How results of this kind pass the door: a family of ``disclosure.disclose``.
    family: ClassVar[str]
    #: The measures that results of this kind may have; others do not leave.
    measures: ClassVar[tuple[str, ...]]
    #: True for a kind that looks at all the events of a member, false for one that takes a single event, None for one
    #: that takes either.
    counts_repeated_events: ClassVar[bool | None] = False
    #: True where counts and estimates rest on matched sets: no crude estimate stands behind a coefficient.
    is_matched: ClassVar[bool] = False
    #: True where the rows of each outcome are a contrast of one level of a variable with its reference level.
    has_contrasts: ClassVar[bool] = False
    #: Measures whose counts are no sets of members (expected numbers, members weighted or in sets drawn for the
    #: analysis): only a cohort with one row per person may have them, and nothing ties them to other counts by members.
    uncounted: ClassVar[tuple[str, ...]] = ()
    counts_members: ClassVar[bool] = True
    #: False for a table of many rounded margins, in which a cell that is withheld alone in its margin is left to the
    #: auditor: a second one is hidden only where rounding leaves too few values.
    hides_second: ClassVar[bool] = True
    #: The term whose levels are numbered by size, so that everybody knows which is the larger of two; none without.
    numbered_by_size: ClassVar[str] = ""
    #: Keys that go into the description of the study, for figures, tables and the door's vocabulary.
    described_keys: ClassVar[tuple[str, ...]] = (
        "group_by", "variables", "covariates", "outcomes", "report_at", "every", "until", "cluster", "strata",
        "marginal_effects", "variable", "outcome",
    )  # fmt: skip
    #: False for a kind that has no figure.
    is_drawn: ClassVar[bool] = True
    #: True where single areas have estimates, which are shown in wider steps.
    shows_areas: ClassVar[bool] = False
    #: What standard errors rest on: ``members``, or the ``events`` among them (degrees of freedom of imputation).
    information: ClassVar[str] = "members"
    #: The measure that may be set beside planted ratios of a synthetic source, if there is one.
    planted_measure: ClassVar[str] = ""
    #: Packages that only this kind loads, by the names of their distributions.
    packages: ClassVar[tuple[str, ...]] = ()

    # --- what the checks of a stream file ask ---

    def levelled(self) -> dict[str, list[str]]:
        """Return the covariates with levels that the analysis names, by key."""
        named = {key: list(getattr(self, key, [])) for key in ("variables", "group_by", "strata")}
        variable: str | None = getattr(self, "variable", None)
        return {**named, **({"variable": [variable]} if variable is not None else {})}

    def columns_of_groups(self) -> list[str]:
        """Return the covariates whose levels name the groups of result rows."""
        return list(getattr(self, "group_by", []))

    def outcome_names(self) -> list[str]:
        """Return the outcomes of the cohort that the analysis is about."""
        outcome: str | None = getattr(self, "outcome", None)
        return list(getattr(self, "outcomes", [])) or ([outcome] if outcome else [])

    def knows_delayed_entry(self) -> bool:
        """Say whether members may be observed from later than time zero."""
        return False

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Say what does not fit together, beyond the names that every kind's check looks up."""
        return []

    # --- what a job has to read ---

    def covariates_needed(self) -> list[str]:
        """Return the covariates whose values the run reads, each once."""
        numbers = list(getattr(self, "covariates", []))
        names = [*(n for names in self.levelled().values() for n in names), *numbers, *self.restrict_to]
        return list(dict.fromkeys(names))

    def events_needed(self, cohort: Cohort) -> list[str]:
        """Return the events, dates and numbers of the cohort that the run reads."""
        found: list[str] = []
        for name in self.outcome_names():
            found += cohort.outcomes[name].columns
        return list(dict.fromkeys(found))

    def columns_needed(self) -> list[str]:
        """Return further columns of the cohort that the run reads."""
        cluster: str | None = getattr(self, "cluster", None)
        return [cluster] if cluster else []

    def planted_place(self, covariates: Covariates) -> tuple[list[str], str]:
        """Return the terms of rows with planted ratios, and the group in which they stand."""
        return list(getattr(self, "covariates", [])), "missing_values=imputed" if getattr(
            self, "imputation", None
        ) else ""

    # --- what is said of it ---

    def sentence(self, words: Wording) -> str:
        """Return the sentence of the methods."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """Return what holds for every analysis of this kind or option, said once in the methods."""
        return []

    def more_sentences(self, words: Wording) -> str:
        """Return what options add to the sentence, with a space before it."""
        return ""

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Return terms, levels and outcomes of result rows that are no covariate's, for the door's vocabulary, and what
        figures and tables need besides."""
        return {}


def columns_read(cohort: Cohort, analysis: Analysis | None) -> tuple[list[str], list[str]]:
    """Return the covariates, and the columns of the cohort, that an analysis reads; None for the cohort's follow-up."""
    if analysis is None:
        return [], cohort.outcomes[str(cohort.follow_up)].columns
    named, columns = analysis.covariates_needed(), [*analysis.events_needed(cohort), *analysis.columns_needed()]
    # A covariate may share the name of a column of the cohort; the covariate is meant.
    own = [name for name in cohort.covariates if name in {*named, *columns}]
    return own, [name for name in dict.fromkeys(columns) if name not in own]


#: Points that a curve may have: those of days in more than thirteen years.
MOST_STEPS = 5_000


class Grid(Analysis):
    """Curves on a grid of times."""

    every: float = Field(gt=0, description="step of the time grid, in the outcome's time unit")
    until: float = Field(gt=0, description="end of the time grid")
    report_at: list[float] = Field(default_factory=list, description="times that the table shows; multiples of `every`")

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Times must lie on the grid."""
        found = super().problems(where, cohort, covariates)
        if self.until < self.every:
            found.append(f"{where}: 'until' is before the first step of 'every'")
        points = self.until / self.every
        if points > MOST_STEPS:
            found.append(
                f"{where}: from 0 to {self.until:g} in steps of {self.every:g} are {points:.0f} points; write a larger "
                f"'every', so that there are {MOST_STEPS:,} at most"
            )
        for key in ("report_at", "restricted_mean_at", "risk_difference_at"):
            times = [time for time in getattr(self, key, []) if self.off_grid(time, key != "report_at")]
            if times:
                found.append(
                    f"{where}.{key}: {', '.join(map(str, times))} not on the grid; "
                    f"write multiples of {self.every} up to {self.until}"
                )
        return found

    def off_grid(self, time: float, above_zero: bool = False) -> bool:
        """Say whether the curves have no value at a time; ``above_zero``: time zero does not count either."""
        steps = time / self.every
        return abs(steps - round(steps)) > 1e-9 or time > self.until or (above_zero and time <= 0)


class Imputation(Strict):
    """Multiple imputation by chained equations, shown beside the complete cases."""

    variables: list[Name] = Field(min_length=1, description="covariates of the model whose missing values are imputed")
    auxiliary: list[Name] = Field(
        default_factory=list,
        description="covariates of the cohort outside the model that tell of the missing values or of why they are "
        "missing; they help to impute, and their own gaps are imputed along",
    )
    datasets: int = Field(default=20, ge=2, le=200, description="completed data sets")
    iterations: int = Field(default=10, ge=1, le=100, description="rounds of the chained equations")
    seed: int = Field(default=1, ge=0)

    def problems(self, where: str, analysis: Any, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Say which variables cannot be imputed, or cannot help to."""
        found = [
            f"{where}.variables: '{name}' is no covariate of this model"
            for name in self.variables
            if name not in analysis.covariates
        ]
        found += self._auxiliary(f"{where}.auxiliary", analysis, cohort)
        return found + [
            f"{where}.variables: the reference level of '{name}' is that of missing values; choose another"
            for name in self.variables
            if name in covariates
            and covariates[name].missing
            and covariates[name].missing == covariates[name].reference
        ]

    def _auxiliary(self, where: str, analysis: Any, cohort: Cohort) -> list[str]:
        """Auxiliary variables are of the cohort, and the model does not hold them already."""
        model = {*analysis.covariates, *getattr(analysis, "strata", []), getattr(analysis, "variable", None)}
        found = [
            f"{where}: '{name}' is named more than once; once is enough"
            for name, times in Counter(self.auxiliary).items()
            if times > 1
        ]
        for name in dict.fromkeys(self.auxiliary):
            if name not in cohort.covariates:
                near = did_you_mean(name, cohort.covariates)
                found.append(f"{where}: '{name}' is no covariate of the cohort. {near}")
            elif name in model:
                found.append(f"{where}: '{name}' is in the model, and in the imputation with it; remove it here")
        return found

    def sentence(self) -> str:
        """Return what imputation adds to the methods."""
        others = listed([name.replace("_", " ") for name in self.auxiliary])
        helped = f"; auxiliary: {others}" if others else ""
        gaps = listed([name.replace("_", " ") for name in self.variables])
        return (
            f"Beside the complete cases, missing values of {gaps} were imputed by chained equations "
            f"({self.datasets} data sets, {self.iterations} iterations, seed {self.seed}{helped})."
        )


#: Terms of result rows of a model that are no covariate.
MODEL_TERMS = ["all", "without_covariates", "fitted", "intercept", "shape", "scale"]
#: What a fitted model may show: a count, everything that is said of its coefficients, and a likelihood.
RATIO_MEASURES = (
    "count",
    *of_role(
        "coefficient", "effect", "area_effect", "shape", "curve_point", "model_test", "joint_test", "test", "fit",
        "discrimination", "correlation", "missing_information",
    ),
)  # fmt: skip


class Ratios(Analysis):
    """A fitted model: coefficients of covariates as ratios."""

    covariates: list[Name] = Field(min_length=1)

    family: ClassVar[str] = "ratios"
    measures: ClassVar[tuple[str, ...]] = RATIO_MEASURES

    def notes(self) -> list[str]:
        """Complete cases, and what an option adds."""
        found = [COMPLETE_CASES]
        if getattr(self, "cluster", None):
            found.append(CLUSTERS)
        if getattr(self, "imputation", None):
            found.append(IMPUTATION)
        return found

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """What is imputed must be there."""
        found = super().problems(where, cohort, covariates)
        imputation: Imputation | None = getattr(self, "imputation", None)
        if imputation is not None:
            found += imputation.problems(f"{where}.imputation", self, cohort, covariates)
        return found

    def covariates_needed(self) -> list[str]:
        """Return the covariates of the model and of its imputation."""
        imputation: Imputation | None = getattr(self, "imputation", None)
        more = [*imputation.variables, *imputation.auxiliary] if imputation else []
        return list(dict.fromkeys([*super().covariates_needed(), *more]))

    def more_sentences(self, words: Wording) -> str:
        """Return what marginal effects and imputation add to the methods."""
        said = []
        if getattr(self, "marginal_effects", False):
            said.append(
                "Average marginal effects, differences in probability averaged over the members, have standard errors "
                "by the delta method."
            )
        if getattr(self, "penalty", "none") == "firth":
            said.append(
                "The likelihood has Firth's penalty (Heinze and Schemper 2002); intervals and p values are its "
                "profiles."
            )
        imputation: Imputation | None = getattr(self, "imputation", None)
        if imputation is not None:
            said.append(imputation.sentence())
        return "".join(f" {sentence}" for sentence in said)

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Return the terms of tests, of the intercept and of imputation."""
        if getattr(self, "imputation", None):
            return {"terms": [*MODEL_TERMS, "missing_values"], "levels": ["complete cases", "imputed"]}
        return {"terms": MODEL_TERMS}


class Clustered(Ratios):
    """A model whose standard errors may be robust to clusters."""

    cluster: str | None = Field(default=None, description="cohort column; standard errors are robust to its clusters")


class Effects(Clustered):
    """A model with average marginal effects."""

    marginal_effects: bool = Field(
        default=False, description="show average marginal effects (percentage points) beside the ratios"
    )


def event_level_problems(where: str, variable: str | None, event_level: str, covariates: Covariates) -> list[str]:
    """Say that the level that is the event is none of the variable's."""
    levels = covariates[variable].levels if variable is not None and variable in covariates else None
    if not levels or event_level in levels:
        return []
    return [f"{where}.event_level: '{event_level}' is no level. {did_you_mean(event_level, levels)}"]


class YesNo(Effects):
    """A model of a yes/no variable."""

    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """The event must be a level of the variable."""
        found = super().problems(where, cohort, covariates)
        return found + event_level_problems(where, self.variable, self.event_level, covariates)

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome is the variable."""
        return {**super().words_of_rows(cohort, covariates), "outcomes": [self.variable]}


def counted(analysis: Any) -> list[str]:
    """Return the number covariates with the events and the person-time of rows that count people."""
    return [name for name in (analysis.count, analysis.exposure) if name]


def counted_words(analysis: Any, covariates: Covariates) -> dict[str, Any]:
    """Return what figures and the door need to know of rows that count people."""
    exposure = covariates[str(analysis.exposure)]
    return {
        "outcomes": [analysis.count], "outcome": analysis.count, "exposure": analysis.exposure,
        "unit": exposure.unit or exposure.label,
    }  # fmt: skip


def counted_problems(where: str, analysis: Any, cohort: Cohort, covariates: Covariates) -> list[str]:
    """Say what is wrong with ``count`` and ``exposure`` of rows that count people."""
    numbers = counted(analysis)
    found = unknown(numbers, cohort.covariates, f"{where}.count", "covariate", f" in cohort '{analysis.cohort}'")
    found += [
        f"{where}: '{name}' has levels; 'count' and 'exposure' must be numbers"
        for name in numbers
        if name in covariates and covariates[name].levels is not None
    ]
    if len(numbers) == 1:
        found.append(f"{where}: 'count' and 'exposure' go together; write both")
    if numbers and cohort.counts is None:
        found.append(
            f"{where}: 'count' and 'exposure' are of rows that count people; say under 'counts' of cohort "
            f"'{analysis.cohort}' which column counts them, or write 'outcome'"
        )
    return found


class Share(Analysis):
    """A share, or a rate per time at risk."""

    variable: Name | None = Field(default=None, description="yes/no covariate whose share is looked at; or `outcome`")
    event_level: str = "yes"
    outcome: Name | None = Field(default=None, description="outcome whose rate per time at risk is looked at")
    count: Name | None = Field(
        default=None, description="or, of rows that are areas: number covariate with the events of a row"
    )
    exposure: Name | None = Field(default=None, description="number covariate with the person-time (people) of a row")

    family: ClassVar[str] = "table"

    def knows_delayed_entry(self) -> bool:
        """A rate rests on time under observation."""
        return True

    def covariates_needed(self) -> list[str]:
        """Return count and exposure besides."""
        return list(dict.fromkeys([*counted(self), *super().covariates_needed()]))

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Either a share or a rate."""
        found = super().problems(where, cohort, covariates)
        if [bool(self.variable), bool(self.outcome), bool(counted(self))].count(True) != 1:
            found.append(
                f"{where}: write either 'variable' (a share) or 'outcome' (a rate per time at risk); of rows that are "
                "areas 'count' and 'exposure'"
            )
        found += counted_problems(where, self, cohort, covariates)
        return found + event_level_problems(where, self.variable, self.event_level, covariates)

    def about(self, words: Wording) -> str:
        """Return what share or rate the analysis is about."""
        if self.count:
            return f"the rate of {words.label(self.count)} per {words.label(str(self.exposure))}"
        if self.outcome is None:
            return f"the share with {words.label(str(self.variable))}"
        return f"the rate of {words.outcome(self.outcome)}"

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """The outcome of a share is its variable; what is counted of rows is theirs."""
        if self.count:
            return counted_words(self, covariates)
        return {"outcomes": [self.variable]} if self.variable else {}
