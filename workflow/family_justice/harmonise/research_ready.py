"""Run the SQL files of harmonisation in order and write the research-ready tables and the quality table."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from family_justice.config.schema import HarmoniseOptions
from family_justice.contracts import Contract, Table, load_contract, research_ready_tables
from family_justice.contracts.check import Finding, check_tables, find_problems
from family_justice.contracts.model import DUCKDB_TYPES, SOURCE_SYSTEMS
from family_justice.errors import ConfigError, ContractError, PipelineError, did_you_mean, report_together
from family_justice.files import connect, view_parquet, write_parquet, write_rows
from family_justice.harmonise.checks import CHECK_COLUMNS, COUNTED, contract_checks
from family_justice.harmonise.children_codes import check_children_codes, load_children_codes
from family_justice.harmonise.health_codes import load_health_codes
from family_justice.harmonise.memory import drop_unread
from family_justice.sql import identifiers, literal, literals

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).resolve().parent
RULES = HERE / "rules.csv"
CONTRACTS = HERE.parent / "contracts"
#: The file of each step; its folder says what it is about and does not matter.
SQL = {path.stem: path for path in (HERE / "sql").rglob("*.sql")}

#: The files of ``sql/`` in the order in which they run: each reads what the ones before have made.
STAGES = ("layout", "stage_cms", "stage_ecms", "stage_cymru", "stage_health", "stage_children")
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
    "CMS", "CMS+ECMS", "ECMS", "Cymru", "England", "Wales", "WLGP", "PEDW", "EDDS", "OPDW", "SMDS",
    "LACW", "NCCH", "MIDS", "EDUW", "CIN", "CRCS",
)  # fmt: skip

#: Code list, the staged table and column that it maps, and where each system keeps the names.
CODELISTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "application_types": (
        "staged_application",
        "type_name",
        {
            "CMS": "CMS_TLKPCASEAPPLICATIONTYPE.NAME",
            "ECMS": "ECMS_APPLICATIONTYPES.NAME",
            "Cymru": "CAFCASS_APPLICATION.CAP_PRIMARYAPPLICATIONTYPENAME",
        },
    ),
    "legal_orders": (
        "staged_output",
        "type_name",
        {
            "CMS": "CMS_TLKPLEGALOUTPUTTYPE.NAME",
            "ECMS": "ECMS_LEGALOUTPUTTYPES.NAME",
            "Cymru": "CAFCASS_HEARINGOUTCOME.CAP_HEARINGOUTCOMETYPEIDNAME",
        },
    ),
    "ethnic_groups": (
        "staged_ethnicity",
        "name",
        {"CMS": "CMS_TLKPETHNICORIGIN.NAME", "ECMS": "ECMS_ETHNICITYTYPES.NAME", "Cymru": "CAFCASS_ALF.ETHNIC_ORIGIN"},
    ),
    "religions": ("staged_religion", "name", {"CMS": "CMS_TLKPRELIGION.NAME", "ECMS": "ECMS_RELIGIONTYPES.NAME"}),
    "nationalities": ("staged_nationality", "name", {"ECMS": "ECMS_NATIONALITYTYPES.NAME"}),
    "languages": ("staged_language", "name", {"CMS": "CMS_TLKPLANGUAGE.NAME", "ECMS": "ECMS_LANGUAGETYPES.NAME"}),
    "disabilities": (
        "staged_disability",
        "name",
        {"CMS": "CMS_TLKPDISABILITY.NAME", "ECMS": "ECMS_DISABILITYTYPES.NAME"},
    ),
}

_READY = research_ready_tables()

#: Categories that a code list may map names to: the codes of the research-ready column that takes them.
CATEGORIES: dict[str, set[str]] = {
    "application_types": set(_READY["application"].columns["application_type"].codes or ()),
    "legal_orders": {
        *(_READY["legal_order"].columns["order_group"].codes or ()),
        *(_READY["court_report"].columns["report_kind"].codes or ()),
        "not_an_order",
    },
    "ethnic_groups": set(_READY["person"].columns["ethnic_group"].codes or ()),
    "religions": set(_READY["person"].columns["religion"].codes or ()),
    "nationalities": set(_READY["person"].columns["nationality"].codes or ()),
    "languages": set(_READY["person"].columns["language"].codes or ()),
    "disabilities": {"none", "learning", "mental_health", "physical", "sensory", "other", "Unknown"},
}

#: Bytes of source tables below which one thread is used: each table is then a piece of work or two for DuckDB, and
#: its second thread waits, busily, for the first (a twentieth of the national volume: 1.6 times the CPU and the time).
SMALL_SOURCE = 30_000_000

#: What real tables have and harmonisation deals with, in words.
WARNINGS = {
    "unresolved_reference": "refers to a row that is not there",
    "unknown_code": "holds a code that its contract does not list",
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

    Raises ContractError if a table departs from its contract or a name is in no code list; then nothing is written.
    """
    settings = options if isinstance(options, HarmoniseOptions) else _read_options(options or {})
    small = sum(path.stat().st_size for path in raw.glob("*.parquet")) < SMALL_SOURCE
    with connect(threads=1 if small else threads) as connection:
        warnings = _open_source(connection, raw)
        _load_codelists(connection, codelists)
        load_health_codes(connection, codelists, _READY["health_event"])
        load_children_codes(connection, codelists, _READY)
        for name, value in settings:
            connection.execute(f"SET VARIABLE {name} = {_option(value)}")
        for step in STAGES:
            _run(connection, step)
        _check_names(connection, codelists)
        check_children_codes(connection, codelists)
        _check_shared_identifiers(connection, settings)
        for place, step in enumerate(RULE_STEPS, start=1):
            _run(connection, step)
            drop_unread(connection, [_sql(later) for later in RULE_STEPS[place:]])

        tables = research_ready_tables()
        made = {name: f"ready_{name}" for name in tables}
        where = "research-ready tables (a fault of harmonisation, please report it)"
        checked = contract_checks(check_tables(connection, made, tables, where, others=made))
        counts = _counts(connection)
        (ready / "case.parquet").parent.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            columns = identifiers(table.columns)
            key = identifiers(table.key)
            write_parquet(connection, f'SELECT {columns} FROM "{made[name]}" ORDER BY {key}', ready / f"{name}.parquet")
        write_rows(ready / COUNTED, CHECK_COLUMNS, checked)
    _write_quality(quality_csv, warnings, counts)


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


def _open_source(connection: duckdb.DuckDBPyConnection, raw: Path) -> list[Finding]:
    """Make one view per source table and check it; return the warnings (references that do not resolve)."""
    problems: list[str] = []
    present: dict[str, Table] = {}
    for stem in SOURCE_SYSTEMS:
        there, missing = _view_tables(connection, raw, _contract(stem))
        present |= there
        problems += missing
    if not present:
        problems.append("there is no table at all.")
    findings = [
        finding
        for name, table in present.items()
        for finding in find_problems(connection, name, table, {other: other for other in present})
    ]
    problems += [f"{finding.table}: {finding.message}" for finding in findings if finding.is_error]
    report_together(f"source tables in {raw}", problems, ContractError)
    return [finding for finding in findings if not finding.is_error]


def _view_tables(
    connection: duckdb.DuckDBPyConnection, raw: Path, contract: Contract
) -> tuple[dict[str, Table], list[str]]:
    """Make a view of every table of one system; return the tables that are there, and problems of those that lack.

    Optional tables that lack are made empty, and so are all tables of a system that is absent as a whole.
    """
    lacking = [name for name in contract.tables if not (raw / f"{name}.parquet").is_file()]
    absent = len(lacking) == len(contract.tables)
    present: dict[str, Table] = {}
    problems: list[str] = []
    for name, table in contract.tables.items():
        if absent or (name in lacking and table.optional):
            columns = ", ".join(f'"{column}" {DUCKDB_TYPES[c.type]}' for column, c in table.columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
        elif name in lacking:
            problems.append(f"table '{name}' of {contract.system} is missing.")
        else:
            view_parquet(connection, name, raw / f"{name}.parquet")
            present[name] = table
    return present, problems


@cache
def _contract(stem: str) -> Contract:
    return load_contract(CONTRACTS / f"{stem}.yaml")


def _load_codelists(connection: duckdb.DuckDBPyConnection, codelists: Path) -> None:
    """Make one table per code list, with the name in plain form beside it."""
    flags = {"application_types": "is_s31", "legal_orders": "is_final_type"}
    for name in CODELISTS:
        path = codelists / f"{name}.csv"
        if not path.is_file():
            raise ContractError(f"{path}: the code list is missing.")
        with open(path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        wanted = ["name", "category", *([flags[name]] if name in flags else [])]
        problems = [f"column '{column}' is missing." for column in wanted if not rows or column not in rows[0]]
        report_together(str(path), problems, ContractError)
        plain_names = [row["name"].strip().lower() for row in rows]
        twice = sorted({plain for plain in plain_names if plain_names.count(plain) > 1})
        problems = [f"'{plain}' is listed twice." for plain in twice]
        unknown = sorted({row["category"] for row in rows} - CATEGORIES[name])
        problems += [f"category '{category}'. {did_you_mean(category, CATEGORIES[name])}" for category in unknown]
        if name in flags:
            wrong = [row["name"] for row in rows if row[flags[name]] not in ("0", "1")]
            problems += [f"'{entry}': column '{flags[name]}' must be 0 or 1." for entry in wrong]
        report_together(str(path), problems, ContractError)
        flag = f", {flags[name]} INTEGER" if name in flags else ""
        connection.execute(f"CREATE TABLE {name} (plain_name VARCHAR, category VARCHAR{flag})")
        # Literals, not parameters: with the first parameter DuckDB imports pandas, which takes longer than all of this.
        values = ", ".join(
            f"({literal(plain)}, {literal(row['category'])}{', ' + row[flags[name]] if name in flags else ''})"
            for plain, row in zip(plain_names, rows, strict=True)
        )
        connection.execute(f"INSERT INTO {name} VALUES {values}")


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
        SELECT count(*), count(*) FILTER (WHERE coalesce(sexes_differ, false) OR coalesce(births_differ, false))
        FROM in_both
        """
    ).fetchone()
    assert row is not None
    shared, contradictory = (int(number) for number in row)
    if contradictory > options.max_contradictory_share * shared:
        raise ContractError(
            f"CMS and ECMS share {shared} person identifiers, and {contradictory} of them differ in sex or week of "
            f"birth, more than 'max_contradictory_share' ({options.max_contradictory_share:g}) allows. The systems do "
            "not seem to share identifiers in this extract; give them ranges of their own before harmonisation"
        )


def _check_names(connection: duckdb.DuckDBPyConnection, codelists: Path) -> None:
    """Raise if a name that records use is in no code list.

    Names from look-up tables are metadata and are shown; Cymru keeps them in the records, so they are only counted.
    """
    problems = []
    for codelist, (staged, column, homes) in CODELISTS.items():
        unknown = connection.execute(
            f"SELECT system, {column}, count(*) FROM {staged} WHERE {column} IS NOT NULL "
            f"AND plain({column}) NOT IN (SELECT plain_name FROM {codelist}) "
            f"AND NOT EXISTS (SELECT 1 FROM {codelist} WHERE plain_name = '*') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for system, home in homes.items():
            names = [(name, rows) for found, name, rows in unknown if found == system]
            if names:
                shown = "" if system == "Cymru" else f" ({', '.join(repr(name) for name, _ in names)})"
                records = sum(rows for _, rows in names)
                problems.append(
                    f"column {home} holds {len(names)} name{'s' if len(names) > 1 else ''}{shown} unknown to "
                    f"{codelists / codelist}.csv, in {records} records. Add each with its category."
                )
    report_together("names without a category", problems, ContractError)


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


def _counts(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the counts in the order of rules.csv; a rule that has never been counted is a fault."""
    counted = connection.execute("SELECT rule, system, rows_before, rows_affected FROM counted").fetchall()
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


def _write_quality(path: Path, warnings: list[Finding], counts: list[dict[str, Any]]) -> None:
    rows = [
        {
            "system": "source",
            "table": finding.table,
            "rule": finding.rule,
            "action": "flagged",
            "label": f"{finding.column}: {WARNINGS[finding.rule]}",
            "rows_before": "",
            "rows_affected": finding.rows,
            "rows_after": "",
        }
        for finding in warnings
    ] + counts
    write_rows(path, QUALITY_COLUMNS, ({"step": step, **row} for step, row in enumerate(rows, start=1)))
