"""Run the SQL files of harmonisation in order and write the research-ready tables and the quality table."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from family_justice.config.sources import HarmoniseOptions
from family_justice.contracts import research_ready_tables
from family_justice.contracts.check import check_tables
from family_justice.errors import ConfigError, ContractError, PipelineError, did_you_mean
from family_justice.files import connect, write_parquet, write_rows
from family_justice.harmonise.checks import CHECK_COLUMNS, COUNTED, contract_checks
from family_justice.harmonise.children_codes import check_children_codes, load_children_codes
from family_justice.harmonise.court_codes import check_names, check_understood, load_court_codes
from family_justice.harmonise.health_codes import load_health_codes
from family_justice.harmonise.limits import check_limits
from family_justice.harmonise.memory import drop_unread
from family_justice.harmonise.source_tables import Source, open_source
from family_justice.sql import identifiers, literal, literals

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).resolve().parent
RULES = HERE / "rules.csv"
#: The file of each step; its folder says what it is about and does not matter.
SQL = {path.stem: path for path in (HERE / "sql").rglob("*.sql")}

#: The files of ``sql/`` in the order in which they run: each reads what the ones before have made.
STAGES = ("layout", "authority", "stage_cms", "stage_ecms", "stage_cymru", "stage_health", "stage_children")
RULE_STEPS = (
    "application",
    "person_identity",
    "characteristic",
    "person",
    "relationship",
    "relative",
    "case_person",
    "application_person",
    "hearing",
    "legal_order",
    "court_report",
    "case",
    "mistaken",
    "history",
    "resident",
    "health_event",
    "looked_after_identity",
    "looked_after_link",
    "looked_after_episode",
    "birth",
    "pupil_year",
    "care_and_support",
    "characteristic_linked",
    "area",
)
STEPS = STAGES + RULE_STEPS

#: What rules count apart, in order: a system, cases in two of them, a country, or a linked source.
COUNTED_APART = (
    "CMS", "CMS+ECMS", "ECMS", "Cymru", "England", "Wales", "AREA", "LSOA", "ADDE", "WDSD", "WLGP", "PEDW", "EDDS",
    "OPDW", "SMDS", "LACW", "NCCH", "MIDS", "EDUW", "CIN", "CRCS",
)  # fmt: skip

_READY = research_ready_tables()

#: Bytes of source tables below which one thread is used: each table is then a piece of work or two for DuckDB, and
#: its second thread waits, busily, for the first (a twentieth of the national volume: 1.6 times the CPU and the time).
SMALL_SOURCE = 30_000_000

#: Options that no SQL reads.
IN_PYTHON = {
    "max_failing_share", "failing_shares", "may_be_empty", "earliest_court_date", "placeholder_dates",
    "impossible_dates", "max_contradictory_share",
}  # fmt: skip

#: What real tables have and harmonisation deals with, in words.
WARNINGS = {
    "empty": "has no value at all",
    "unresolved_reference": "refers to a row that is not there",
    "unknown_code": "holds a code that its contract does not list",
    "unknown_name": "holds a name that is not understood",
    "unlisted_name": "holds a name that only '*' of its code list stands for",
    "contradicted_code": "holds a name that says otherwise than its code",
}
QUALITY_COLUMNS = ("step", "system", "table", "rule", "action", "label", "rows_before", "rows_affected", "rows_after")


def harmonise(
    raw: Path,
    ready: Path,
    quality_csv: Path,
    codelists: Path,
    options: HarmoniseOptions | Mapping[str, Any] | None = None,
    threads: int = 1,
) -> None:
    """Make the research-ready tables of one source.

    ``raw`` holds ``<TABLE>.parquet`` per source table, ``codelists`` the CSV files that map names to categories.
    Writes ``<table>.parquet`` per research-ready table to ``ready`` (columns of the contract, sorted by primary key)
    with what was counted of its contracts (``contract_checks.csv``), and the counts of every rule to ``quality_csv``.
    A system none of whose tables is there counts as empty.

    Raises ContractError if a table departs from its contract, a name is in no code list, or a rule touches more of the
    records than it may (``limits.csv``); then nothing is written.
    """
    settings = options if isinstance(options, HarmoniseOptions) else _read_options(options or {})
    small = sum(path.stat().st_size for path in raw.glob("*.parquet")) < SMALL_SOURCE
    with connect(threads=1 if small else threads) as connection:
        source = open_source(connection, raw, settings)
        load_court_codes(connection, codelists)
        load_health_codes(connection, codelists, _READY["health_event"])
        load_children_codes(connection, codelists, _READY)
        for name, value in settings:
            if name not in IN_PYTHON:
                connection.execute(f"SET VARIABLE {name} = {_option(value)}")
        for step in STAGES:
            _run(connection, step)
        check_names(connection, codelists)
        source.failing += check_understood(connection, settings)
        check_children_codes(connection, codelists)
        _check_shared_identifiers(connection, settings)
        for place, step in enumerate(RULE_STEPS, start=1):
            _run(connection, step)
            drop_unread(connection, [_sql(later) for later in RULE_STEPS[place:]])

        tables = research_ready_tables()
        made = {name: f"ready_{name}" for name in tables}
        where = "research-ready tables (a fault of harmonisation, please report it)"
        checked = contract_checks(check_tables(connection, made, tables, where, others=made))
        counts = _counts(connection, source)
        check_limits(counts, source.systems, settings.failing_shares, f"records in {raw}")
        (ready / "case.parquet").parent.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            columns = identifiers(table.columns)
            key = identifiers(table.key)
            write_parquet(connection, f'SELECT {columns} FROM "{made[name]}" ORDER BY {key}', ready / f"{name}.parquet")
        write_rows(ready / COUNTED, CHECK_COLUMNS, checked)
    _write_quality(quality_csv, source, counts)


def _option(value: datetime.date | float | str | list[str] | None) -> str:
    """Return an option as SQL; an end of data that is not given is no limit."""
    if value is None:
        return "DATE '9999-12-31'"
    if isinstance(value, list):
        return f"[{literals(value)}]"
    if isinstance(value, str):
        return literal(value)
    return f"DATE '{value.isoformat()}'" if isinstance(value, datetime.date) else str(value)


def _read_options(options: Mapping[str, Any]) -> HarmoniseOptions:
    unknown = [key for key in options if key not in HarmoniseOptions.model_fields]
    problems = [f"unknown option '{key}'. {did_you_mean(key, HarmoniseOptions.model_fields)}" for key in unknown]
    if not problems:
        try:
            return HarmoniseOptions.model_validate(dict(options))
        except ValidationError as error:
            problems = [f"option '{problem['loc'][0]}': {problem['msg']}." for problem in error.errors()]
    raise ConfigError("harmonise options:\n" + "\n".join(f"  - {problem}" for problem in problems))


def _check_shared_identifiers(connection: duckdb.DuckDBPyConnection, options: HarmoniseOptions) -> None:
    """Raise if CMS and ECMS plainly do not share their identifiers, as harmonisation assumes they do.

    An identifier that both systems hold, with different sexes or weeks of birth far apart, is somebody else in each.
    """
    row = connection.execute(
        """
        WITH in_both AS (
            SELECT
                min(sex) <> max(sex) AS sexes_differ,
                max(coalesce(century_repaired(week_of_birth), week_of_birth))
                    - min(coalesce(century_repaired(week_of_birth), week_of_birth))
                    > getvariable('max_birth_gap_days') AS births_differ
            FROM staged_person
            WHERE system IN ('CMS', 'ECMS')
            GROUP BY record_id
            HAVING count(DISTINCT system) = 2
        )
        SELECT
            count(*),
            count(*) FILTER (WHERE coalesce(sexes_differ, false) OR coalesce(births_differ, false)),
            count(*) FILTER (WHERE sexes_differ),
            count(*) FILTER (WHERE births_differ)
        FROM in_both
        """
    ).fetchone()
    assert row is not None
    shared, contradictory, sexes, births = (int(number) for number in row)
    if contradictory > options.max_contradictory_share * shared:
        raise ContractError(
            f"CMS and ECMS share {shared} person identifiers, and {contradictory} of them differ in sex or week of "
            f"birth ({sexes} in GENDER, {births} in WEEKOFBIRTH of CAFE_CMS_TBLPERSON and CAFE_ECMS_PEOPLE), more than "
            f"'max_contradictory_share' ({options.max_contradictory_share:g}) allows. If only one of the two columns "
            "differs, it is wrong in one system. If both do, the systems do not seem to share identifiers in this "
            "extract; give them ranges of their own before harmonisation"
        )


@cache
def _sql(step: str) -> str:
    return SQL[step].read_text(encoding="utf-8")


def _run(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    import duckdb

    try:
        connection.execute(_sql(step))
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
        raise  # about the text of the SQL file, not about records
    except duckdb.Error as error:
        raise PipelineError(
            f"{SQL[step].relative_to(HERE.parent).as_posix()} failed on the records ({type(error).__name__}). "
            "The message of the database may quote a record and is not shown."
        ) from None


def _counts(connection: duckdb.DuckDBPyConnection, source: Source) -> list[dict[str, Any]]:
    """Return the counts in the order of rules.csv; a rule that has never been counted is a fault."""
    counted = connection.execute("SELECT rule, system, rows_before, rows_affected FROM counted").fetchall()
    counted += [(rule, system, *rows) for (rule, system), rows in source.repairs.items()]
    by_rule: dict[str, list[tuple[str, int, int]]] = {}
    for rule, system, before, affected in counted:
        by_rule.setdefault(rule, []).append((system, before, affected))
    order = COUNTED_APART
    rows = []
    with open(RULES, encoding="utf-8", newline="") as stream:
        for rule in csv.DictReader(stream):
            for system, before, affected in sorted(by_rule.pop(rule["rule"], []), key=lambda c: order.index(c[0])):
                removes = rule["action"] in ("dropped", "joined")
                after = affected if rule["action"] == "attributed" else before - affected if removes else before
                rows.append(
                    {**rule, "system": system, "rows_before": before, "rows_affected": affected, "rows_after": after}
                )
    if by_rule:
        raise PipelineError(f"harmonise/rules.csv lacks: {', '.join(sorted(by_rule))}.")
    return rows


def _write_quality(path: Path, source: Source, counts: list[dict[str, Any]]) -> None:
    found = [(warning.table, warning.column, warning.rule, warning.rows) for warning in source.warnings]
    for failure in source.failing:
        table, _, column = failure.column.partition(".")
        found.append((table, column, failure.way, failure.rows))
    rows = [
        {
            "system": "source",
            "table": table,
            "rule": rule,
            "action": "flagged",
            "label": f"{column}: {WARNINGS[rule]}",
            "rows_before": "",
            "rows_affected": n,
            "rows_after": "",
        }
        for table, column, rule, n in found
    ] + counts
    write_rows(path, QUALITY_COLUMNS, ({"step": step, **row} for step, row in enumerate(rows, start=1)))
