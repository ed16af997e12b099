"""What may stand in the files under ``config/``. Unknown keys are errors; see ``load`` for the messages.

What a source file may hold stands in ``sources``. The JSON schemas in ``workflow/schemas`` and the reference in
``docs/config.md`` are generated from both.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    Field,
    StrictInt,
    StrictStr,
    model_validator,
)

from family_justice.config.base import Name, Sql, SqlExpression, Strict
from family_justice.config.findings import Finding
from family_justice.kinds.registry import Analysis

# --- config/config.yaml ------------------------------------------------------------------------------------------


class Researcher(Strict):
    """Somebody who asks for results, checks them or signs them off."""

    name: str = Field(min_length=1)
    orcid: str | None = Field(
        default=None, pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$", description="ORCID, four groups of four digits"
    )
    organisation: str | None = Field(default=None, min_length=1, description="where they work")


class Project(Strict):
    """For which project the results are, and who answers for them: for the crate of a release (Five Safes). What is
    left out stands there as not told."""

    name: str | None = Field(default=None, min_length=1, description="title of the project")
    identifier: str | None = Field(default=None, min_length=1, description="its number in the safe haven")
    safe_haven: str | None = Field(default=None, min_length=1, description="who holds the records and lets results out")
    grant: str | None = Field(default=None, min_length=1, description="who pays, and the number of the grant")
    requested_by: Researcher | None = Field(default=None, description="who ran the pipeline, or had it run")
    signed_off_by: Researcher | None = Field(default=None, description="who allowed the project to use the records")
    signed_off_on: datetime.date | None = Field(default=None, description="when they did")
    checked_by: Researcher | None = Field(default=None, description="output checker who lets the results out")
    checked_on: datetime.date | None = Field(default=None, description="when they did")

    @model_validator(mode="after")
    def _days_have_a_person(self) -> Project:
        for day, person in (("signed_off_on", "signed_off_by"), ("checked_on", "checked_by")):
            if getattr(self, day) is not None and getattr(self, person) is None:
                raise ValueError(f"'{day}' is told, but not by whom; write '{person}'")
        return self


class Settings(Strict):
    """``config/config.yaml``: which source, which streams, which disclosure policy. Nothing scientific."""

    source: Name = Field(description="file in config/sources that provides the court records")
    streams: list[Name] = Field(min_length=1, description="files in config/streams that `snakemake` runs")
    policy: Name = Field(description="file in config/policies for streams that name none themselves")
    project: Project = Field(default=Project(), description="for which project, and who answers for it")


# --- config/policies/*.yaml --------------------------------------------------------------------------------------


class Policy(Strict):
    """``config/policies/<name>.yaml``: rules of disclosure control, owned by the data custodian."""

    name: Name = Field(description="same as the file name")
    description: str = Field(description="who set these numbers and why")
    threshold: int = Field(ge=1, description="counts from 1 to threshold - 1 are suppressed")
    rounding_base: int = Field(
        ge=1,
        description="so many neighbouring counts are shown as one number; estimates of models move as rounding moves "
        "crude ones",
    )
    rounding: Literal["nearest", "midpoint"] = Field(
        default="nearest",
        description="counts are shown as the `nearest` multiple of the base, or as the `midpoint` of 1 to base, "
        "base + 1 to 2 base, and so on; with `midpoint`, threshold - 1 must be a multiple of the base",
    )
    zero_discloses: bool = Field(description="true if a count of zero must be suppressed as well")
    minimum_events_per_level: int = Field(
        ge=0, description="a model term is released only if each level has so many events, and so many non-events"
    )
    minimum_residual_df: int = Field(
        ge=0, description="a model is released only if persons exceed estimated coefficients by so many"
    )
    minimum_at_risk: int = Field(ge=0, description="curves end where fewer persons are at risk")
    largest_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="a count of which one person has a larger share is treated like a small one (dominance)",
    )
    file_types: list[Literal["csv", "json", "svg", "png", "pdf", "html", "tex", "docx", "xlsx"]] = Field(
        default=["csv", "json", "svg", "png", "pdf", "html", "tex", "docx", "xlsx"],
        min_length=1,
        description="types of files that may leave; only png, pdf, tex, docx and xlsx can be left out",
    )
    maximum_rows: int = Field(default=20_000, ge=1, description="rows that one file of results may have")

    @model_validator(mode="after")
    def _no_number_stands_for_one_count(self) -> Policy:
        if not self._fits(self.threshold):
            base = self.rounding_base
            near = [t for t in range(max(1, self.threshold - base), self.threshold + base + 1) if self._fits(t)]
            below, above = ([t for t in near if t < self.threshold], [t for t in near if t > self.threshold])
            fitting = " or ".join(map(str, [*below[-1:], *above[:1]]))
            raise ValueError(
                f"'threshold' is {self.threshold}: with 'rounding_base' {base} and 'rounding' {self.rounding} some "
                "number that is shown would stand for few counts, or for one: "
                + (f"write {fitting}" if fitting else "write another 'rounding_base'")
            )
        return self

    def _fits(self, threshold: int) -> bool:
        """True if the numbers from the threshold on stand for as many counts as rounding promises: intervals of which
        the threshold cuts nothing off (midpoint), or two counts at least (nearest)."""
        base = self.rounding_base
        if self.rounding == "midpoint":
            return (threshold - 1) % base == 0
        # ``round`` lets a tie go to the even multiple, as ``disclosure.rounding`` does, and 0 is shown as the base.
        alike = Counter(max(1, round(count / base)) for count in range(threshold, threshold + 4 * base))
        first = min(alike)
        return base == 1 or min(alike[first], alike[first + 1]) > 1


# --- config/covariates.yaml and the covariates of a stream -------------------------------------------------------


class Covariate(Strict):
    """One covariate, defined once: how it is computed, its levels and how it is shown."""

    label: str
    definition: str = Field(description="one sentence for the report")
    value: SqlExpression = Field(description="SQL expression over the columns of the cohort, one value per row")
    levels: list[str] | None = Field(default=None, description="levels in order; leave out for a number")
    reference: str | None = Field(default=None, description="reference level in models")
    missing: str | None = Field(
        default=None, description="level that stands for missing values; without it, models leave such rows out"
    )
    unit: str | None = Field(default=None, description="unit of a number")
    look_back: str | None = Field(default=None, description="period before time zero that is looked at")
    source: str | None = Field(default=None, description="publication of the definition, or 'assumption'")


# --- config/streams/*.yaml ---------------------------------------------------------------------------------------


class Definition(Strict):
    """A number, date or name that defines the study; SQL reads it as $name."""

    label: str
    value: int | float | datetime.date | str
    source: str = Field(description="publication, or 'assumption'")


class Step(Strict):
    """One step of a cohort: a SELECT whose rows become the table `previous` of the next step."""

    name: Name
    label: str = Field(description="who is left after the step, as the flow figure says it")
    sql: Sql


#: Columns that matching adds to a cohort.
MEMBER_OF, MATCHED_SET = "member_of", "matched_set"


class CaseMatching(Strict):
    """Comparison people for each member of the last step, who get its index date (`time_zero`).

    The members are then both: a column `member_of` says `case` or `comparison`, `matched_set` numbers the sets.
    """

    label: str = Field(description="who the comparison people are, as the flow figure says it")
    pool: Sql = Field(
        description="SELECT of those who may be chosen, one row for each person and period: the key, the columns that "
        "are matched on and other columns of the last step (those it lacks are empty), and `eligible_from` and "
        "`eligible_to`, the days on which it may be an index date; an empty `eligible_to` is open. A look-back stands "
        "here: `registered_from + INTERVAL 2 YEAR AS eligible_from`"
    )
    exact: list[str] = Field(default_factory=list, description="columns whose values must be the same")
    nearest: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(
        default_factory=dict,
        description="columns of dates or numbers: how far apart they may lie (days for dates). The nearest are chosen; "
        "of several columns, by the sum of differences as shares of what is allowed",
    )
    ratio: int = Field(ge=1, le=100, description="most comparison people for each case")
    at_least: int = Field(
        default=1,
        ge=1,
        description="cases with fewer are left out, with their comparison people; `ratio` for a fixed one",
    )
    replacement: bool = Field(
        default=False,
        description="true if one person may be in several sets; the key then has `matched_set` as a second column",
    )
    shared: list[str] = Field(
        default_factory=list, description="further columns of the case that its comparison people get, beside the date"
    )
    seed: int = Field(default=0, ge=0, description="which of equally near people are chosen")


class Helper(Strict):
    """A table that events share: a SELECT from the cohort and the records."""

    description: str
    sql: Sql


class Event(Strict):
    """Something that happens to a member of the cohort on a date."""

    label: str
    short_label: str | None = None
    sql: Sql = Field(
        description="SELECT of the cohort's key and a column `date`; at most one row per member unless it repeats"
    )
    repeats: bool = Field(
        default=False,
        description="true if a member may have it several times, on different days after time zero; the cohort then "
        "holds a list of dates in order, which covariates can read",
    )
    states: list[Name] | None = Field(
        default=None,
        min_length=2,
        description="words of a further column `state`: the event is the history of each member, a spell from each "
        "date to the next. Its query gives one row on the day of time zero and one for each later day on which a spell "
        "starts; states may come again. The cohort then holds a list of dates and, named with `_state`, one of states",
    )

    @property
    def is_listed(self) -> bool:
        """True for an event of which a member has a list of dates."""
        return self.repeats or self.states is not None


#: What may stand in a column of codes: a whole number, or text.
Code = StrictInt | StrictStr


class Status(Strict):
    """A column whose code says how each recorded duration ended, as in R's ``Surv(time, factor(status))``."""

    column: str = Field(description="column of the cohort with the code, a whole number or text")
    event: Code | list[Code] = Field(description="code of the event, or several: `[1, 2]` is whichever of them comes")
    competing: dict[Code, str] = Field(
        default_factory=dict, description="codes of what made the event impossible, each with its label"
    )
    censored: Code | list[Code] = Field(
        default=0, description="code of a duration that ended with observation, or several. No other codes may occur"
    )

    @property
    def events(self) -> list[Code]:
        """The codes of the event."""
        return self.event if isinstance(self.event, list) else [self.event]

    @property
    def ends(self) -> list[Code]:
        """The codes of who was observed to the end."""
        return self.censored if isinstance(self.censored, list) else [self.censored]

    @property
    def codes(self) -> list[Code]:
        """All codes, as often as they are written."""
        return [*self.events, *self.competing, *self.ends]


class Outcome(Strict):
    """Time from the cohort's time zero to an event, with competing events and censoring; or a recorded duration."""

    label: str
    short_label: str | None = None
    at_risk_after_days: int = Field(
        default=0, ge=0, description="days after time zero at which time at risk starts; earlier exits are left out"
    )
    entry: str | None = Field(
        default=None,
        description="event or date column at which observation starts, if later than time zero (delayed entry); with "
        "the date of birth as time zero, time is age. With `duration`: number column with the time at which "
        "observation starts, counted as the duration is",
    )
    event: Name | None = Field(default=None, description="event of the cohort")
    competing: list[Name] = Field(default_factory=list, description="events that make this one impossible")
    censoring: list[Name] = Field(default_factory=list, description="events that end observation")
    duration: str | None = Field(default=None, description="number column with the time, instead of dates")
    indicator: str | None = Field(default=None, description="column that is 1 if the event ended the duration, else 0")
    status: Status | None = Field(
        default=None, description="or a column with a code of how the duration ended, for competing risks"
    )
    time_unit: Literal["days", "weeks", "months", "years"] = "years"

    @property
    def recorded_status(self) -> Status | None:
        """How the end of a recorded duration is told; None where dates tell it."""
        return Status(column=self.indicator, event=1) if self.indicator else self.status

    @property
    def columns(self) -> list[str]:
        """The events and columns of the cohort that time at risk is read from."""
        told = self.recorded_status
        names = [self.event, *self.competing, *self.censoring, self.entry, self.duration, told.column if told else None]
        return [name for name in names if name]

    def competing_labels(self, events: Mapping[str, Event]) -> list[str]:
        """Return the labels of what competes with the event; ``events`` are those of the cohort."""
        coded = self.status.competing.values() if self.status else ()
        return [*(events[name].label for name in self.competing), *coded]


class Cohort(Strict):
    """People, children or cases that meet the study's conditions, found step by step."""

    label: str
    unit: str = Field(description="plural noun for a member: mothers, infants")
    description: str
    key: list[str] = Field(min_length=1, description="columns that identify a member")
    person: str | None = Field(
        default=None,
        description="column of the person (or, of cases, the family) whom a row stands for; every step selects it. Not "
        "needed where the key is one column of persons. Thresholds of disclosure control hold for persons and for rows",
    )
    counts: str | None = Field(
        default=None,
        description="for a cohort of areas and the like: column with the number of people whom a row counts. "
        "Thresholds then hold for these people, and the number of rows is public",
    )
    base: Name | None = Field(default=None, description="cohort that the first step reads as table `base`")
    steps: list[Step] = Field(min_length=1)
    matching: CaseMatching | None = Field(
        default=None, description="comparison people for each member of the last step, on its index date"
    )
    time_zero: str | None = Field(default=None, description="date column; no event may be before it")
    tables: dict[Name, Helper] = Field(default_factory=dict, description="helper tables that the events read")
    events: dict[Name, Event] = Field(default_factory=dict)
    outcomes: dict[Name, Outcome] = Field(default_factory=dict)
    follow_up: Name | None = Field(
        default=None, description="outcome whose follow-up is summarised (reverse Kaplan-Meier)"
    )
    covariates: list[Name] = Field(
        default_factory=list, description="covariates to derive; defined here or in config/covariates.yaml"
    )

    @property
    def person_column(self) -> str | None:
        """The column of the person whom a row stands for; None where rows are areas."""
        return None if self.counts else self.person or self.key[0]

    @property
    def case_key(self) -> list[str]:
        """The columns of the key that the steps select: all but the number of a set, which matching adds."""
        return [column for column in self.key if self.matching is None or column != MATCHED_SET]


class Comparison(Strict):
    """Our released numbers beside reference values: planted truth, or published figures."""

    title: str
    description: str
    kind: Literal["planted", "published", "calibration"]
    reference: str = Field(description="CSV under config/references, or `truth:PARAMETER_SET` of a synthetic source")
    analysis: Name | None = Field(default=None, description="analysis that a truth is compared with")


class Stream(Strict):
    """``config/streams/<name>.yaml``: one study, everything scientific about it."""

    stream: Name = Field(description="same as the file name")
    title: str
    question: str
    summary: str
    source: Name | None = Field(default=None, description="file in config/sources; default: the one in config.yaml")
    policy: Name | None = Field(default=None, description="file in config/policies; default: the one in config.yaml")
    data_guide: bool = Field(
        default=False, description="also write the data dictionary, the data guide and catalogue entries of the records"
    )
    definitions: dict[Name, Definition] = Field(default_factory=dict)
    cohorts: dict[Name, Cohort] = Field(min_length=1)
    covariates: dict[Name, Covariate] = Field(default_factory=dict, description="covariates only this stream needs")
    analyses: dict[Name, Analysis] = Field(min_length=1)
    findings: dict[Name, Finding] = Field(
        default_factory=dict,
        description="what the study finds, the most important first; they stand at the top of its page, on the front "
        "page, in the Word file and in the crate",
    )
    figure: Name | None = Field(default=None, description="analysis whose figure stands below the findings")
    comparisons: dict[Name, Comparison] = Field(default_factory=dict)
