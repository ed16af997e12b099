"""What may stand in the files under ``config/``. Unknown keys are errors; see ``load`` for the messages.

The JSON schemas in ``workflow/schemas`` and the reference in ``docs/config.md`` are generated from here.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from family_justice.config.base import Name, Sql, Strict
from family_justice.config.kinds import Analysis
from family_justice.contracts import Column

# --- config/config.yaml ------------------------------------------------------------------------------------------


class Settings(Strict):
    """``config/config.yaml``: which source, which streams, which disclosure policy. Nothing scientific."""

    source: Name = Field(description="file in config/sources that provides the court records")
    streams: list[Name] = Field(min_length=1, description="files in config/streams that `snakemake` runs")
    policy: Name = Field(description="file in config/policies for streams that name none themselves")


# --- config/policies/*.yaml --------------------------------------------------------------------------------------


class Policy(Strict):
    """``config/policies/<name>.yaml``: rules of disclosure control, owned by the data custodian."""

    name: Name = Field(description="same as the file name")
    description: str = Field(description="who set these numbers and why")
    threshold: int = Field(ge=1, description="counts from 1 to threshold - 1 are suppressed")
    rounding_base: int = Field(ge=1, description="released counts are multiples of this")
    zero_discloses: bool = Field(description="true if a count of zero must be suppressed as well")
    minimum_events_per_level: int = Field(
        ge=0, description="a model term is released only if each level has so many events, and so many non-events"
    )
    minimum_residual_df: int = Field(
        ge=0, description="a model is released only if persons exceed estimated coefficients by so many"
    )
    minimum_at_risk: int = Field(ge=0, description="curves end where fewer persons are at risk")


# --- config/sources/*.yaml ---------------------------------------------------------------------------------------


class HarmoniseOptions(Strict):
    """What harmonisation must be told. A source's ``refresh_date`` stands in for an end of data that is not given."""

    end_of_data_england: datetime.date | None = Field(
        default=None, description="last day covered by the Cafcass England records; later births are impossible"
    )
    end_of_data_wales: datetime.date | None = Field(
        default=None, description="last day covered by the Cafcass Cymru records; later births are impossible"
    )
    cms_orders_usable_from: datetime.date = Field(
        default=datetime.date(2011, 4, 1), description="CMS legal outputs before this day are flagged"
    )
    earliest_birth: datetime.date = Field(
        default=datetime.date(1900, 1, 1), description="an earlier week of birth is impossible (assumption)"
    )
    max_birth_gap_days: int = Field(
        default=31,
        ge=0,
        description="records that share a linkage field are one person only if their weeks of birth "
        "lie no further apart (assumption)",
    )
    max_contradictory_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="CMS and ECMS are taken to share identifiers; beyond this share of contradictions it is an error "
        "(assumption)",
    )


class _Source(Strict):
    description: str
    minimum_policy: Name = Field(description="file in config/policies; no stream may use a looser one")
    refresh_date: datetime.date | None = Field(default=None, description="last day that the records cover")
    harmonise: HarmoniseOptions = Field(default=HarmoniseOptions(), description="options of the cleaning rules")

    def harmonise_options(self) -> HarmoniseOptions:
        """Return the options of harmonisation, with the refresh date for an end of data that is not given."""
        ends = ("end_of_data_england", "end_of_data_wales")
        return self.harmonise.model_copy(update={e: getattr(self.harmonise, e) or self.refresh_date for e in ends})


class SyntheticSource(_Source):
    """A simulated population in the real table layout, with known truth."""

    kind: Literal["synthetic"]
    refresh_date: datetime.date = Field(description="last day that the records cover")
    parameters: str = Field(description="file of the population's parameters")
    scale: float = Field(gt=0, le=1, description="1 = published national volumes")
    seed: int = Field(ge=0)


class FileTable(Strict):
    """A table of a researcher's own, with its contract."""

    path: str = Field(description="CSV or Parquet file; `package:NAME/FILE` is a file inside an installed package")
    description: str
    row: str = Field(description="what one row is")
    source: str = Field(description="where the data come from and how to cite them")
    columns: dict[str, Column] = Field(min_length=1)


class FilesSource(_Source):
    """CSV or Parquet files: the court tables under their real names, or tables of one's own."""

    kind: Literal["files"]
    folder: str | None = Field(
        default=None,
        description="folder with one <TABLE>.parquet or <TABLE>.csv per court table; a system may be absent as a whole",
    )
    tables: dict[str, FileTable] = Field(default_factory=dict, description="tables of one's own, by name")

    @model_validator(mode="after")
    def _court_records_have_an_end(self) -> FilesSource:
        if self.folder is not None and self.refresh_date is None:
            raise ValueError("'refresh_date' is missing: court records need the last day that they cover")
        return self


Source = Annotated[SyntheticSource | FilesSource, Field(discriminator="kind")]


# --- config/covariates.yaml and the covariates of a stream -------------------------------------------------------


class Covariate(Strict):
    """One covariate, defined once: how it is computed, its levels and how it is shown."""

    label: str
    definition: str = Field(description="one sentence for the report")
    value: Sql = Field(description="SQL expression over the columns of the cohort, one value per row")
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


class Helper(Strict):
    """A table that events share: a SELECT from the cohort and the records."""

    description: str
    sql: Sql


class Event(Strict):
    """Something that happens to a member of the cohort on a date."""

    label: str
    short_label: str | None = None
    sql: Sql = Field(description="SELECT of the cohort's key and a column `date`; at most one row per member")


class Outcome(Strict):
    """Time from the cohort's time zero to an event, with competing events and censoring; or a recorded duration."""

    label: str
    short_label: str | None = None
    at_risk_after_days: int = Field(
        default=0, ge=0, description="days after time zero at which time at risk starts; earlier exits are left out"
    )
    event: Name | None = Field(default=None, description="event of the cohort")
    competing: list[Name] = Field(default_factory=list, description="events that make this one impossible")
    censoring: list[Name] = Field(default_factory=list, description="events that end observation")
    duration: str | None = Field(default=None, description="number column with the time, instead of dates")
    indicator: str | None = Field(default=None, description="column that is 1 if the event ended the duration, else 0")
    time_unit: Literal["days", "weeks", "months", "years"] = "years"


class Cohort(Strict):
    """People, children or cases that meet the study's conditions, found step by step."""

    label: str
    unit: str = Field(description="plural noun for a member: mothers, infants")
    description: str
    key: list[str] = Field(min_length=1, description="columns that identify a member")
    base: Name | None = Field(default=None, description="cohort that the first step reads as table `base`")
    steps: list[Step] = Field(min_length=1)
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
    definitions: dict[Name, Definition] = Field(default_factory=dict)
    cohorts: dict[Name, Cohort] = Field(min_length=1)
    covariates: dict[Name, Covariate] = Field(default_factory=dict, description="covariates only this stream needs")
    analyses: dict[Name, Analysis] = Field(min_length=1)
    comparisons: dict[Name, Comparison] = Field(default_factory=dict)
