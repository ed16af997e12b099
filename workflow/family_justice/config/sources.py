"""Where records come from: synthetic, files or a database, and the options of harmonisation."""

from __future__ import annotations

import codecs
import datetime
import os
import re
import zoneinfo
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from family_justice.config.base import Name, Strict
from family_justice.contracts import Column
from family_justice.errors import ConfigError


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
    max_failing_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="share of the values of a column that may be unknown codes, refer to nothing, be names that are "
        "not understood, or be days that cannot be; beyond it harmonisation stops (assumption)",
    )
    failing_shares: dict[str, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        default_factory=dict,
        description="other shares for single columns, `TABLE.COLUMN: 0.3`; also for the share of empty cells where the "
        "contract has a limit for it, and for rules that have one (harmonise/limits.csv), `parent_close_in_age: 0.3`",
    )
    may_be_empty: list[str] = Field(
        default=[],
        description="tables without any row that are right as they are; `*` for all. Others stop harmonisation, unless "
        "all of their system are absent",
    )
    earliest_court_date: datetime.date = Field(
        default=datetime.date(2001, 4, 1),
        description="court records: an earlier date is impossible (the day on which Cafcass began, Criminal Justice "
        "and Court Services Act 2000)",
    )
    placeholder_dates: list[datetime.date] = Field(
        default=[
            datetime.date(1, 1, 1),
            datetime.date(1753, 1, 1),
            datetime.date(1899, 12, 30),
            datetime.date(1899, 12, 31),
            datetime.date(1900, 1, 1),
            datetime.date(1970, 1, 1),
            datetime.date(9999, 12, 31),
        ],
        description="days that programs write for a missing one (assumption); not where the end of a period is open",
    )
    impossible_dates: Literal["missing", "stop"] = Field(
        default="missing",
        description="placeholders and dates before the earliest or after the end of the data: set missing and counted, "
        "or `stop` at the first",
    )
    max_residence_gap_days: int = Field(
        default=30,
        ge=0,
        description="gaps of up to so many days between addresses, or between registrations with practices, in Wales "
        "are closed (assumption)",
    )
    health_placeholder_date: datetime.date = Field(
        default=datetime.date(1900, 12, 31),
        description="health events up to this day are dated with a placeholder such as 1900-01-01 (assumption)",
    )
    several_known_values: Literal["unclear", "latest", "most_frequent"] = Field(
        default="unclear",
        description="two or more known ethnic groups, religions, nationalities or languages of one person: `unclear` "
        "(public code fjs_data), the one recorded `latest` or the `most_frequent` one (published studies differ); "
        "where these tie, unclear",
    )
    several_roles: Literal["unclear", "unclear_subjects_too", "priority"] = Field(
        default="unclear",
        description="several roles in one case: `unclear` but a subject child stays a subject, `unclear_subjects_too` "
        "(public code fjs_data), or the first role of `role_priority`",
    )
    role_priority: list[Literal["subject", "applicant", "respondent", "other"]] = Field(
        default=["subject", "respondent", "applicant", "other"],
        description="order of roles if `several_roles` is `priority` (assumption)",
    )
    several_parents: Literal["keep_all", "first"] = Field(
        default="keep_all",
        description="more than one mother, or father, of one child: keep all, or the `first` (public code fjs_data; "
        "here the smallest identifier, as the order of rows means nothing)",
    )
    parent_with_other_relation: Literal["parent", "unclear"] = Field(
        default="parent",
        description="a parent of whom another relation to the child is recorded in the same system: a parent, or "
        "`unclear` and no parent (public code fjs_data)",
    )
    disability_none_and_unknown: Literal["none", "unknown"] = Field(
        default="none",
        description="people recorded both without a disability and as unknown or declined: none, or `unknown` (public "
        "code fjs_data)",
    )
    cms_orders_before_usable: Literal["flag", "drop"] = Field(
        default="flag", description="CMS orders and reports before `cms_orders_usable_from`: keep and count, or drop"
    )
    join_by_linkage_field: bool = Field(
        default=True,
        description="whether identifiers with one linkage field are one person (as the duplicate map of public code "
        "RachelPearson/PhD-analyses) or only rows with one identifier are",
    )
    keep_minors_not_subject: bool = Field(
        default=True,
        description="whether people under 18 who are no subject of the case, such as young parents, stay in its people "
        "(public code fjs_data keeps them)",
    )
    keep_adult_subjects: bool = Field(
        default=True,
        description="whether subjects aged 18 or over at issue stay (public code fjs_data counts children under 18 at "
        "application only)",
    )
    longest_case_gap_days: int = Field(
        default=365,
        gt=0,
        description="a longer time between two hearings of a case is a gap in its history (assumption)",
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


#: Words that databases, R, Python and spreadsheets write for a missing value. None and Unknown are answers: not here.
WORDS_FOR_MISSING = ("NULL", "(null)", "\\N", "NA", "N/A", "#N/A", "<NA>", "NaN", "NaT", ".")
#: What a ``date_format`` may be made of; a year of two digits leaves the century open.
_DIRECTIVES = frozenset("dmYbBHMSfIp")


def _in_quotes(value: Any) -> Any:
    """Return values as YAML gave them; a number or nothing is an error, since ``01`` would arrive as 1."""
    if isinstance(value, dict):
        for key in value:
            _in_quotes(key)
        for part in value.values():
            if part is not None:
                _in_quotes(part)
    elif isinstance(value, list):
        for part in value:
            _in_quotes(part)
    elif not isinstance(value, str):
        shown = "null" if value is None else value
        raise ValueError(f'values are compared as text: write them in quotes, such as "{shown}"')
    return value


def _date_format(text: str) -> str:
    found = re.findall("%(.?)", text)
    if "y" in found:
        raise ValueError("a year of two digits (%y) leaves the century open: have the extract written with four (%Y)")
    lacking = [name for name, ways in (("day", "d"), ("month", "mbB"), ("year", "Y")) if not set(found) & set(ways)]
    if lacking or not set(found) <= _DIRECTIVES:
        raise ValueError(
            "write day, month and year as %d, %m (%b for Jan) and %Y, such as %d/%m/%Y; a time may follow (%H:%M:%S)"
        )
    return text


def _delimiter(text: str) -> str:
    mark = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(mark) != 1 or mark.isalnum() or mark in "\"'\r\n":
        raise ValueError(f'write one mark: ",", ";", "|" or "{chr(92)}t" for a tab')
    return mark


def _encoding(text: str) -> str:
    try:
        b"x".decode(text, "replace")  # what is no encoding of text, such as base64, is an error
        return codecs.lookup(text).name
    except LookupError:
        raise ValueError("no such encoding: write utf-8, windows-1252 or utf-16") from None


def _time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError("no such time zone: write Europe/London or UTC") from None
    return text


#: A value of the records by the value of the contract; ``null`` makes it missing.
Recoded = Annotated[dict[str, str | None], Field(min_length=1), BeforeValidator(_in_quotes)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
Delimiter = Annotated[str, AfterValidator(_delimiter)]
Encoding = Annotated[str, AfterValidator(_encoding)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
End = Annotated[str, StringConstraints(min_length=1)]


class _Records(_Source):
    """How an extract differs from the contracts, whether it comes as files or from a database."""

    suffixes: dict[End, End] = Field(
        default_factory=dict,
        description="ends of column names that differ, end in the contract: end in the extract, such as `{_E: _PE}`; a "
        "column that stands there under its name in the contract is read as well",
    )
    values: dict[str, dict[str, Recoded]] = Field(
        default_factory=dict,
        description="values that differ, by table and column of the contract, value in the extract: value in the "
        "contract, in quotes, such as `{CAFE_CMS_TBLPERSON: {GENDER: {F: Female}}}`; `null` makes it missing. Blanks "
        "around a value are no part of it",
    )
    missing: Annotated[list[str], BeforeValidator(_in_quotes)] = Field(
        default=list(WORDS_FOR_MISSING),
        description="words that mean a missing value, in upper or lower case; blank text always does. A word that is a "
        "code of its column, or stands under `values`, keeps its meaning. Cells are counted in `repairs.csv`",
    )
    date_format: DateFormat | dict[str, DateFormat] | None = Field(
        default=None,
        description="how dates are written as text, such as `%d/%m/%Y` or `%d%b%Y`, for all tables or by table; ISO "
        "8601 (2015-01-31) is read as well. Default: ISO 8601 only",
    )
    rows: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="how many rows were delivered, by table, as a delivery note says; any other number is an error: "
        "nothing else tells of a table that was cut between two rows",
    )
    time_zone: TimeZone | None = Field(
        default=None,
        description="zone whose clock the records mean, such as `Europe/London`, for timestamps that carry a zone; by "
        "default they are read in the zone that they carry, and refused if the day would not be the same in Britain",
    )


class SyntheticSource(_Source):
    """A simulated population in the real table layout, with known truth."""

    kind: Literal["synthetic"]
    refresh_date: datetime.date = Field(description="last day that the records cover")
    parameters: str = Field(description="folder (or one file) of the population's parameters")
    scale: float = Field(gt=0, le=1, description="1 = published national volumes")
    seed: int = Field(ge=0)


class FileTable(Strict):
    """A table of a researcher's own, with its contract."""

    path: str = Field(description="CSV or Parquet file; `package:NAME/FILE` is a file inside an installed package")
    description: str
    row: str = Field(description="what one row is")
    source: str = Field(description="where the data come from and how to cite them")
    columns: dict[str, Column] = Field(min_length=1)


class RenamedFile(Strict):
    """File and columns of one table whose names differ from its contract."""

    path: str | None = Field(
        default=None, description="file of a court table, if it is not called <TABLE>.csv; counts from `folder`"
    )
    columns: dict[str, str | None] = Field(
        default_factory=dict,
        description="name in the contract: name in the file, or `null` for a column that it does not have and that is "
        "left empty",
    )


class FilesSource(_Records):
    """CSV or Parquet files: the court tables under their real names, or tables of one's own."""

    kind: Literal["files"]
    folder: str | None = Field(
        default=None,
        description="folder with one <TABLE>.parquet or <TABLE>.csv per court table; a system may be absent as a whole",
    )
    tables: dict[str, FileTable] = Field(default_factory=dict, description="tables of one's own, by name")
    renamed: dict[str, RenamedFile] = Field(
        default_factory=dict, description="files and columns with other names, by table of the contract"
    )
    delimiter: Delimiter | dict[str, Delimiter] = Field(
        default=",", description="what stands between the cells of a CSV file, for all tables or by table"
    )
    encoding: Encoding | dict[str, Encoding] = Field(
        default="utf-8", description="how CSV files are encoded, for all tables or by table, such as `windows-1252`"
    )

    @model_validator(mode="after")
    def _court_records_have_an_end(self) -> FilesSource:
        if bool(self.folder) == bool(self.tables):
            raise ValueError(
                "write 'folder', where the court tables are, or 'tables', which declares tables of your own"
                + (", not both" if self.folder else "")
            )
        if self.folder is not None and self.refresh_date is None:
            raise ValueError("'refresh_date' is missing: court records need the last day that they cover")
        return self


class Place(Strict):
    """Tables of a database that stand in one schema under one pattern of names."""

    model_config = ConfigDict(populate_by_name=True)

    tables: list[str] = Field(min_length=1, description="tables of the contracts; `*` stands for any letters")
    schema_: str | None = Field(
        default=None, alias="schema", description="schema of the tables; default: that of the connection"
    )
    name: str = Field(
        default="{table}",
        pattern=r"^[^{}]*\{table\}[^{}]*(\{refresh\}[^{}]*)?$",
        description="name of a table there, such as `{table}_{refresh}`",
    )
    refresh: str | None = Field(default=None, description="refresh of the tables, such as `20240111`")

    @model_validator(mode="after")
    def _refresh_is_told(self) -> Place:
        if "{refresh}" in self.name and self.refresh is None:
            raise ValueError("'refresh' is missing: 'name' has {refresh} in it")
        return self


class Renamed(Strict):
    """Table and columns of a database whose names differ from the contract."""

    table: str | None = Field(default=None, description="name of the table, refresh included")
    columns: dict[str, str | None] = Field(
        default_factory=dict,
        description="name in the contract: name in the database, or `null` for a column that it does not have and "
        "that is left empty",
    )


NO_PASSWORD = "no password here: PostgreSQL reads PGPASSWORD or ~/.pgpass, Db2 reads DB2PASSWORD; write user@host"


def _holds_a_password(connection: str) -> bool:
    parts = urlsplit(connection)
    options = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return parts.password is not None or bool(options & {"password", "pwd", "sslpassword"})


class DatabaseSource(_Records):
    """The court tables in a PostgreSQL, DuckDB or IBM Db2 database; only declared columns are read, and only once."""

    kind: Literal["database"]
    connection: str | None = Field(
        default=None,
        description="`postgresql://user@host:5432/database`, `db2://user@host:50000/DATABASE` or "
        "`duckdb:///folder/file.duckdb`, without a password; default: the environment variable "
        "`FAMILY_JUSTICE_DATABASE`",
    )
    refresh_date: datetime.date = Field(description="last day that the records cover")
    places: list[Place] = Field(min_length=1, description="where the tables are; a system may be absent as a whole")
    renamed: dict[str, Renamed] = Field(default_factory=dict, description="tables with other names, by contract name")

    @field_validator("connection")
    @classmethod
    def _no_password(cls, connection: str | None) -> str | None:
        if connection and _holds_a_password(connection):
            raise ValueError(NO_PASSWORD)
        return connection

    def connection_string(self) -> str:
        """Return the connection string of the file or of the environment; ConfigError if there is neither."""
        found = self.connection or os.environ.get("FAMILY_JUSTICE_DATABASE", "")
        if not found:
            raise ConfigError("'connection' is missing, and so is the environment variable FAMILY_JUSTICE_DATABASE")
        if _holds_a_password(found):
            raise ConfigError(f"environment variable FAMILY_JUSTICE_DATABASE: {NO_PASSWORD}")
        return found


Source = Annotated[SyntheticSource | FilesSource | DatabaseSource, Field(discriminator="kind")]
