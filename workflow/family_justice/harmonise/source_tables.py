"""Source tables as harmonisation reads them: codes in the spelling of their contract, dates that can be, and a limit
for the share of a column that fails.

A table that is as its contract says is a plain view on its file. Codes that differ in case or outer blanks only are
respelt, and days that cannot be are set missing; both are counted. Beyond the limit harmonisation stops and says which
column, how much of it and what to write: a column that fails as a whole is a difference of the extract, not of records.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from family_justice.config.sources import HarmoniseOptions
from family_justice.contracts import Contract, Table, load_contract
from family_justice.contracts.check import Finding, column_types, find_problems
from family_justice.contracts.model import DUCKDB_TYPES, SOURCE_SYSTEMS, SourceColumn
from family_justice.errors import ContractError, report_together
from family_justice.files import view_parquet
from family_justice.harmonise.limits import limits
from family_justice.sql import identifier, literal, literals

if TYPE_CHECKING:
    import duckdb

CONTRACTS = Path(__file__).resolve().parent.parent / "contracts"
#: How the tables of a system begin, where that is not what the system is called in counts.
SYSTEMS = {"CAFE_CMS": "CMS", "CAFE_ECMS": "ECMS", "CAFCASS": "Cymru", "CINW": "CIN"}
#: The share of empty cells that is a whole column; in a table of few rows it says nothing.
WHOLE, ROWS_OF_A_WHOLE = 1 - 1e-6, 1000
#: As many dates are never all of the first twelve days of a month, nor are these of other weekdays than later ones.
DATES_OF_A_PATTERN = 300
#: Share of weekends among days up to which they are rare; two days of seven are 0.29.
RARE_WEEKENDS = 0.2
#: Of people, few records have one linkage field; more are a word for none.
RECORDS_OF_A_FIELD = 0.01
#: What a column may fail in, in words: of so many rows or values so many ...
FAILURES = {
    "empty": "are empty",
    "unknown_code": "are codes that the contract does not list",
    "unresolved_reference": "refer to a row that is not there",
    "impossible_date": "are placeholders or lie outside the days that can be",
    "number_out_of_range": "are no numbers that this column can hold",
    "no_monday": "are no Mondays, as weeks of birth are written",
    "no_later_day": "are days from 1 to 12 of a month, and none is a later one",
    "weekend": "among the days from 1 to 12 of a month are Saturdays and Sundays, far more than among later days",
    "one_value": "are one and the same",
    "contradicted_code": "say otherwise than their code does in public code",
    "unknown_name": "are names that are not understood",
    "unlisted_name": "are names that only '*' of the code list stands for",
}
REMEDIES = {
    "empty": "",
    "unknown_code": "Write what the extract's codes mean under 'values' in the source's file",
    "unresolved_reference": "Bring the rows that it refers to, or another version of the look-up",
    "impossible_date": "See whether the dates are written the other way round, and whether 'refresh_date', "
    "'earliest_court_date' and the ends of data are those of the extract",
    "unknown_name": "Write what the extract's names mean under 'values' in the source's file",
    "unlisted_name": "Add the names with their category to the code list",
    "number_out_of_range": "See whether the extract writes it in another unit, such as percent or grams, or a year in "
    "another form",
    "no_monday": "See whether the days were moved by a time zone on the way",
    "no_later_day": "Day and month stand the other way round: say so by 'date_format', or have the column written as "
    "YYYY-MM-DD",
    "weekend": "Where it can be, day and month stand the other way round: have the column written as YYYY-MM-DD, from "
    "where it came",
    "one_value": "If this is what the extract writes for a missing value, add it to 'placeholder_dates' or, under "
    "'values', map it to null",
    "contradicted_code": "See whether look-up and records are of one version; write the extract's codes under 'values'",
}


@dataclass(frozen=True)
class Failing:
    """How many (``rows``) of ``of`` rows or values of a column fail in one way of ``FAILURES``; ``words`` are names of
    a look-up, ``limit`` the share that is allowed where it is not the usual one."""

    column: str
    way: str
    rows: int
    of: int
    words: tuple[str, ...] = ()
    limit: float | None = None


@dataclass
class Source:
    """The source tables that are there, by name, and the systems (contracts) that have any; what their contracts warn
    of, what fails within its limit, and what was repaired: (rule, system) with the values looked at and repaired."""

    tables: dict[str, Table] = field(default_factory=dict)
    systems: list[str] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)
    repairs: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def open_source(connection: duckdb.DuckDBPyConnection, raw: Path, options: HarmoniseOptions) -> Source:
    """Make one view per source table and check it.

    Optional tables that lack are made empty, and so are all tables of a system that is absent as a whole. Raises one
    ContractError for all that is wrong: tables and columns that lack, codes that are not allowed, columns that fail
    beyond their limit, and days that cannot be if these are to stop.
    """
    source = Source()
    problems: list[str] = []
    for stem in SOURCE_SYSTEMS:
        there, missing = _view_tables(connection, raw, contract(stem))
        source.tables |= there
        source.systems += [stem] if there else []
        problems += missing + _without_rows(connection, there, options)
    if not source.tables:
        problems.append("there is no table at all.")
    failing: list[Failing] = []
    for table in source.tables.values():
        failing += _repair(connection, table, options, source)
    for name, table in source.tables.items():
        # A table that lacks holds nothing: references to one of the same system lead nowhere.
        beside = next(contract(stem).tables for stem in SOURCE_SYSTEMS if name in contract(stem).tables)
        found = find_problems(connection, name, table, {other: other for other in (*source.tables, *beside)})
        problems += [f"{name}: {finding.message}" for finding in found if finding.is_error]
        source.warnings += [finding for finding in found if not finding.is_error]
    report_together(f"source tables in {raw}", problems, ContractError)
    source.failing += [failure for failure in failing if failure.way == "empty" and failure.rows == failure.of]
    failing += [
        Failing(f"{warning.table}.{warning.column}", warning.rule, warning.rows, _given(connection, warning))
        for warning in source.warnings
    ]
    check_shares(failing, options, f"source tables in {raw}")
    return source


@cache
def contract(stem: str) -> Contract:
    """Return the contract of a source system by the name of its file."""
    return load_contract(CONTRACTS / f"{stem}.yaml")


def system_of(table: str) -> str:
    """Return what the system of a source table is called in counts."""
    return next((name for start, name in SYSTEMS.items() if table.startswith(start)), table.partition("_")[0])


def check_shares(failing: list[Failing], options: HarmoniseOptions, where: str) -> None:
    """Raise one ContractError for all columns that fail beyond their limit (``max_failing_share``,
    ``failing_shares``), or for a limit of what is no column of a source table and no rule that has one."""
    columns = {f"{table}.{column}" for stem in SOURCE_SYSTEMS for table, column in _columns(contract(stem))}
    problems = [
        f"'failing_shares': there is no column '{column}'.{_nearest(column, columns | limits().keys())}"
        for column in options.failing_shares
        if column not in columns and column not in limits()
    ]
    for failure in failing:
        limit = options.failing_shares.get(failure.column, _limit(failure, options))
        if failure.rows > limit * failure.of + 1e-9:  # 0.29 times 100 is less than 29 to a computer
            problems.append(_in_words(failure, limit))
        elif failure.rows and failure.way == "impossible_date" and options.impossible_dates == "stop":
            problems.append(_in_words(failure, 0))
    report_together(where, problems, ContractError)


def _nearest(column: str, columns: set[str]) -> str:
    nearest = get_close_matches(column, sorted(columns), n=1, cutoff=0.6)
    return f" Did you mean '{nearest[0]}'?" if nearest else " Write TABLE.COLUMN, or a rule of limits.csv."


def _columns(about: Contract) -> Iterator[tuple[str, str]]:
    for name, table in about.tables.items():
        for column in table.columns:
            yield name, column


def _limit(failure: Failing, options: HarmoniseOptions) -> float:
    if failure.limit is not None:
        return failure.limit
    if failure.way != "empty":
        return options.max_failing_share
    table, _, column = failure.column.partition(".")
    limits = [contract(stem).tables[table].columns[column].max_empty for stem in SOURCE_SYSTEMS
              if table in contract(stem).tables]  # fmt: skip
    return max(options.max_failing_share, WHOLE if limits[0] is None else limits[0])


def _in_words(failure: Failing, limit: float) -> str:
    """Return the failure of a column, and what to do; words are those of look-ups, never values of records."""
    what = "rows" if failure.way == "empty" else "values"
    words = f" ({', '.join(map(repr, failure.words))})" if failure.words else ""
    allow = f"f they are right as they are, allow them: 'failing_shares: {{{failure.column}: 1}}' under 'harmonise'"
    remedy = f"{REMEDIES[failure.way]}; i{allow}" if REMEDIES[failure.way] else f"I{allow}"
    return (
        f"{failure.column}: {failure.rows} of {failure.of} {what} ({failure.rows / failure.of:.0%}){words} "
        f"{FAILURES[failure.way]}; at most {limit:g} of them may be. {remedy}."
    )


def _view_tables(
    connection: duckdb.DuckDBPyConnection, raw: Path, about: Contract
) -> tuple[dict[str, Table], list[str]]:
    """Make a view of every table of one system; return the tables that are there, and problems of those that lack."""
    lacking = [name for name in about.tables if not (raw / f"{name}.parquet").is_file()]
    absent = len(lacking) == len(about.tables)
    present: dict[str, Table] = {}
    problems: list[str] = []
    for name, table in about.tables.items():
        if absent or (name in lacking and table.optional):
            columns = ", ".join(f"{identifier(column)} {DUCKDB_TYPES[c.type]}" for column, c in table.columns.items())
            connection.execute(f"CREATE TABLE {identifier(name)} ({columns})")
        elif name in lacking:
            problems.append(f"table '{name}' of {about.system} is missing.")
        else:
            view_parquet(connection, name, raw / f"{name}.parquet")
            present[name] = table
    return present, problems


def _without_rows(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], options: HarmoniseOptions
) -> list[str]:
    """Return problems of tables that are there and hold nothing, unless it is told that they may."""
    allowed = set(tables) if "*" in options.may_be_empty else set(options.may_be_empty)
    empty = [
        name
        for name, table in tables.items()
        if name not in allowed
        and not table.optional
        and connection.execute(f"SELECT 1 FROM {identifier(name)} LIMIT 1").fetchone() is None
    ]
    listed = ", ".join(empty)
    allow = f"If that is right, write 'may_be_empty: [{listed}]' under 'harmonise'."
    return [f"{len(empty)} table{'s' if len(empty) > 1 else ''} without any row: {listed}. {allow}"] if empty else []


def _given(connection: duckdb.DuckDBPyConnection, finding: Finding) -> int:
    """Return how many values the column of a finding has."""
    query = f"SELECT count({identifier(finding.column)}) FROM {identifier(finding.table)}"
    (given,) = connection.execute(query).fetchall()[0]
    return int(given)


# --- repairs ----------------------------------------------------------------------------------------------------------


def _repair(
    connection: duckdb.DuckDBPyConnection, table: Table, options: HarmoniseOptions, source: Source
) -> list[Failing]:
    """Look at the coded columns and the dates of a table in one pass; where something is to be repaired, put a view
    that repairs it in the place of the plain one. Return the shares that are empty or impossible."""
    types = {name.lower(): kind for name, kind in (column_types(connection, table.name) or {}).items()}
    columns = {name: column for name, column in table.columns.items() if name.lower() in types}
    if not columns:
        return []
    asked = [question for name in columns for question in _asked(name, types[name.lower()], table, options)]
    counts = ", ".join(f"count({expression})" for _, _, expression in asked)
    total, *numbers = connection.execute(f"SELECT count(*), {counts} FROM {identifier(table.name)}").fetchall()[0]
    found = {(name, what): int(n) for (name, what, _), n in zip(asked, numbers, strict=True)}
    _count(found, system_of(table.name), source)
    changed = {name for (name, what), n in found.items() if what in ("respelt", *_WAYS) and n}
    if changed:
        _replace_view(connection, table, {name: columns[name] for name in changed}, types, options)
    return [*_failing(table, columns, found, total), *_one_value(connection, table, columns, types, total)]


def _asked(name: str, kind: str, table: Table, options: HarmoniseOptions) -> Iterator[tuple[str, str, str]]:
    """Yield what is counted of a column: its name, what, and SQL that is not NULL where it is so."""
    column = table.columns[name]
    yield name, "given", identifier(name)
    if column.codes and kind == "VARCHAR":
        yield name, "respelt", f"CASE WHEN {_is_respelt(name, column)} THEN 1 END"
    if column.most is not None:
        outside = f"{identifier(name)} NOT BETWEEN {column.least} AND {column.most}"
        yield name, "number_out_of_range", f"CASE WHEN {outside} THEN 1 END"
    if name in WEEKS_OF_BIRTH and kind in _DATES:
        yield name, "no_monday", f"CASE WHEN isodow({identifier(name)}) <> 1 THEN 1 END"
    if _is_dated(column, kind):
        day = f"CAST({identifier(name)} AS DATE)"
        for part, condition in (("first", "<= 12"), ("later", "> 12")):
            yield name, part, f"CASE WHEN day({day}) {condition} THEN 1 END"
            yield name, f"{part} weekend", f"CASE WHEN day({day}) {condition} AND isodow({day}) > 5 THEN 1 END"
        for way, condition in _impossible(name, column, table, options).items():
            yield name, way, f"CASE WHEN {condition} THEN 1 END"


def _failing(
    table: Table, columns: Mapping[str, SourceColumn], found: Mapping[tuple[str, str], int], total: int
) -> Iterator[Failing]:
    """Yield how many rows of essential columns are empty, and how many dates cannot be."""
    for name, column in columns.items():
        given = found[name, "given"]
        if total and (column.max_empty is not None or total >= ROWS_OF_A_WHOLE):
            yield Failing(f"{table.name}.{name}", "empty", total - given, total)
        elif total and not given:  # of few rows it is counted
            yield Failing(f"{table.name}.{name}", "empty", total, total, limit=1)
        if given:
            impossible = sum(found.get((name, way), 0) for way in _WAYS)
            yield Failing(f"{table.name}.{name}", "impossible_date", impossible, given)
            for way in _LOOKED_AT:
                yield Failing(f"{table.name}.{name}", way, found.get((name, way), 0), given)
            yield from _order_of_day_and_month(table, name, {w: n for (of, w), n in found.items() if of == name})


def _is_dated(column: SourceColumn, kind: str) -> bool:
    """Say whether a column holds days of which it is known which they can be."""
    return column.window not in (None, "open") and kind in _DATES


def _order_of_day_and_month(table: Table, name: str, found: Mapping[str, int]) -> Iterator[Failing]:
    """Yield what tells that day and month stand the other way round: in all dates, or in those that can be read so.

    Days that were read the other way round are of any weekday, and all of them are from 1 to 12: where weekends are
    rare among later days, they are so among these, too, but for chance (five standard errors: many columns are asked).
    """
    first, later = found.get("first", 0), found.get("later", 0)
    if first + later >= DATES_OF_A_PATTERN and not later:
        yield Failing(f"{table.name}.{name}", "no_later_day", first, first)
    if first >= DATES_OF_A_PATTERN and later:
        usual, all_days = found["later weekend"] / later, first + later
        share = (found["first weekend"] + found["later weekend"]) / all_days
        chance = 5 * math.sqrt(share * (1 - share) * (1 / first + 1 / later))
        if usual < RARE_WEEKENDS:
            limit = usual + max(0.1, chance)
            yield Failing(f"{table.name}.{name}", "weekend", found["first weekend"], first, limit=limit)


def _one_value(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Mapping[str, SourceColumn],
    types: Mapping[str, str],
    total: int,
) -> Iterator[Failing]:
    """Yield how often the commonest day of a column stands there and, of people, the commonest linkage field: a word
    for nothing that nobody has told. Days that cannot be are missing by now."""
    is_of_people = any(name in columns for name in WEEKS_OF_BIRTH)
    asked = {
        name: f"CAST({identifier(name)} AS DATE)" if column.window else identifier(name)
        for name, column in columns.items()
        if _is_dated(column, types[name.lower()])
        or (is_of_people and name.startswith("ALF_") and column.type == "integer")
    }
    if total < ROWS_OF_A_WHOLE or not asked:
        return
    there = identifier(table.name)
    commonest = ", ".join(f"mode({value}) AS {identifier(name)}" for name, value in asked.items())
    counts = ", ".join(
        f"count({value}), count(*) FILTER (WHERE {value} = (SELECT {identifier(name)} FROM commonest))"
        for name, value in asked.items()
    )
    (found,) = connection.execute(
        f"WITH commonest AS (SELECT {commonest} FROM {there}) SELECT {counts} FROM {there}"
    ).fetchall()
    for place, name in enumerate(asked):
        given, rows = found[2 * place : 2 * place + 2]
        if given >= ROWS_OF_A_WHOLE:
            limit = None if columns[name].window else RECORDS_OF_A_FIELD
            yield Failing(f"{table.name}.{name}", "one_value", rows, given, limit=limit)


_DATES = ("DATE", "TIMESTAMP")
_WAYS = ("placeholder_date", "date_out_of_window")
#: What is looked at and left as it is.
_LOOKED_AT = ("number_out_of_range", "no_monday")
#: Columns that hold the Monday of the week of birth.
WEEKS_OF_BIRTH = ("WEEKOFBIRTH", "WOB")


def _is_respelt(name: str, column: SourceColumn) -> str:
    """Return SQL that is true for a code of the contract in another spelling: case and outer blanks do not count."""
    codes = column.codes or {}
    there, folded = identifier(name), literals(code.lower() for code in codes)
    return f"{there} NOT IN ({literals(codes)}) AND lower(trim({there})) IN ({folded})"


def _impossible(name: str, column: SourceColumn, table: Table, options: HarmoniseOptions) -> dict[str, str]:
    """Return SQL that is true for a placeholder and for another day that cannot be, by rule."""
    day = f"CAST({identifier(name)} AS DATE)"
    placeholders = ", ".join(f"DATE '{known.isoformat()}'" for known in options.placeholder_dates)
    is_placeholder = f"{day} IN ({placeholders})" if placeholders else "false"
    if column.window == "typed":  # other centuries are typing errors, of which a rule knows some
        unknown = f"NOT ({is_placeholder}) AND year({day}) // 100 NOT IN (18, 19, 20, 22, 29, 79)"
        return {"placeholder_date": is_placeholder, "date_out_of_window": unknown}
    first = options.earliest_court_date if column.window == "court" else options.earliest_birth
    ends = {"CMS": options.end_of_data_england, "ECMS": options.end_of_data_england, "Cymru": options.end_of_data_wales}
    # People of either country: the later end.
    england, wales = options.end_of_data_england, options.end_of_data_wales
    later = max(england, wales) if england and wales else None
    end = ends[system_of(table.name)] if column.window == "court" else later
    after = f" OR {day} > DATE '{end.isoformat()}'" if end else ""
    outside = f"NOT ({is_placeholder}) AND ({day} < DATE '{first.isoformat()}'{after})"
    return {"placeholder_date": is_placeholder, "date_out_of_window": outside}


def _count(found: Mapping[tuple[str, str], int], system: str, source: Source) -> None:
    """Add what was found in one table to the counts of the repairs of its system."""
    for (name, what), n in found.items():
        if what in ("respelt", *_WAYS):
            rule = "code_respelt" if what == "respelt" else what
            before, affected = source.repairs.get((rule, system), (0, 0))
            source.repairs[rule, system] = before + found[name, "given"], affected + n


def _replace_view(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Mapping[str, SourceColumn],
    types: Mapping[str, str],
    options: HarmoniseOptions,
) -> None:
    """Put a view in the place of the plain one that reads codes in the spelling of the contract and only days that can
    be."""
    replaced = []
    for name, column in columns.items():
        there = identifier(name)
        if types[name.lower()] == "VARCHAR":
            cases = " ".join(f"WHEN {literal(code.lower())} THEN {literal(code)}" for code in column.codes or {})
            expression = f"CASE lower(trim({there})) {cases} ELSE {there} END"
        else:
            conditions = _impossible(name, column, table, options).values()
            expression = f"CASE WHEN NOT coalesce({' OR '.join(f'({c})' for c in conditions)}, false) THEN {there} END"
        replaced.append(f"{expression} AS {there}")
    as_delivered = identifier(f"{table.name} as delivered")
    connection.execute(f"ALTER VIEW {identifier(table.name)} RENAME TO {as_delivered}")
    connection.execute(
        f"CREATE VIEW {identifier(table.name)} AS SELECT * REPLACE ({', '.join(replaced)}) FROM {as_delivered}"
    )
