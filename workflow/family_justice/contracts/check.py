"""Compare a table with its contract.

Two kinds of finding: an *error* means that later steps would compute nonsense (missing column, wrong type, empty
required column, duplicate key, unknown code); a *warning* is what real tables have and what harmonisation deals
with (a reference that does not resolve). Findings carry counts and names of columns, never a value of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from family_justice.contracts.model import Column, Table
from family_justice.errors import ContractError, report_together
from family_justice.sql import identifiers, literals

if TYPE_CHECKING:
    import duckdb

#: DuckDB types that may hold a column of a declared type. Width does not matter to SQL.
ACCEPTED_TYPES: dict[str, tuple[str, ...]] = {
    "string": ("VARCHAR",),
    "integer": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT"),
    "number": ("DOUBLE", "FLOAT"),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
}


@dataclass(frozen=True)
class Finding:
    """One way in which a table departs from its contract. ``rows`` is 0 where no single row is to blame."""

    table: str
    column: str
    rule: str
    rows: int
    is_error: bool
    message: str


@dataclass(frozen=True)
class Departure:
    """How many of a table's ``total`` rows break one rule of its contract; mostly ``rows`` is 0.

    ``rule`` is key, required, codes or references; ``column`` is the column, or for the key its columns.
    """

    table: Table
    rule: str
    column: str
    total: int
    rows: int

    @property
    def is_error(self) -> bool:
        """Whether later steps cannot do with it, as they can with references and with codes of an open list."""
        if self.rule == "codes":
            return not self.table.columns[self.column].open_codes
        return self.rule != "references"

    def finding(self) -> Finding:
        """Return the departure in words."""
        rows = f"{self.rows} row{'' if self.rows == 1 else 's'}"
        if self.rule == "key":
            rule, message = "duplicate_key", f"primary key ({self.column}) is not unique: {rows} too many."
            return Finding(self.table.name, self.column, rule, self.rows, True, message)
        column = self.table.columns[self.column]
        codes = f"{'Known' if column.open_codes else 'Allowed'}: {', '.join(column.codes or ())}."
        rule, message = {
            "required": ("empty_required", f"required column '{self.column}' is empty in {rows}."),
            "codes": ("unknown_code", f"column '{self.column}' holds an unknown code in {rows}. {codes}"),
            "references": (
                "unresolved_reference",
                f"column '{self.column}' does not resolve in {column.references} in {rows}.",
            ),
        }[self.rule]
        return Finding(self.table.name, self.column, rule, self.rows, self.is_error, message)


def check_tables(
    connection: duckdb.DuckDBPyConnection,
    relations: Mapping[str, str],
    tables: Mapping[str, Table],
    where: str,
    others: Mapping[str, str] | None = None,
) -> list[Departure]:
    """Check several tables, report what is wrong in all of them together, and return what was counted of each rule.

    ``relations`` maps the name of a table to the relation that holds it; a table without one is reported as missing.
    References are tried to ``others``, which maps names of tables to relations. Column names are compared without
    regard to case. Raises one ContractError, which begins with ``where``, for missing columns, wrong types, empty
    required cells, unknown codes and keys that are not unique.
    """
    problems: list[str] = []
    counted: list[Departure] = []
    for name, table in tables.items():
        relation = relations.get(name, name)
        findings, usable = _form(connection, relation, table)
        departures = count_departures(connection, relation, table, others or {}, usable) if usable else []
        findings += [departure.finding() for departure in departures if departure.rows]
        problems += [f"{name}: {finding.message}" for finding in findings if finding.is_error]
        counted += departures
    report_together(where, problems, ContractError)
    return counted


def find_problems(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    others: Mapping[str, str] | None = None,
    any_case: bool = False,
) -> list[Finding]:
    """Return how ``relation`` departs from the contract of ``table``.

    ``others`` maps names of tables to relations. References to these are tried and reported as warnings;
    without it no reference is tried. ``any_case``: codes that are words may be written in any case.
    """
    findings, usable = _form(connection, relation, table)
    if not usable:
        return findings
    if connection.execute(f'SELECT 1 FROM "{relation}" LIMIT 1').fetchone() is None:
        return findings  # no row, no wrong one
    departures = count_departures(connection, relation, table, others or {}, usable, any_case)
    return findings + [departure.finding() for departure in departures if departure.rows]


def count_departures(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    others: Mapping[str, str],
    columns: Mapping[str, Column] | None = None,
    any_case: bool = False,
) -> list[Departure]:
    """Count the rows that break each rule of a contract: required columns and codes, then the key, then references.

    ``others`` maps names of tables to relations: references to these are tried. ``columns`` are those that are there
    in their type, by default all. ``any_case``: codes that are words may be written in any case. The first two rules
    take one pass over the table.
    """
    columns = table.columns if columns is None else columns
    rules = [(name, "required", f'"{name}" IS NULL') for name, column in columns.items() if column.required]
    rules += [(name, "codes", _is_no_code(name, column, any_case)) for name, column in columns.items() if column.codes]
    counts = "".join(f", count(*) FILTER (WHERE {condition})" for _, _, condition in rules)
    total, *broken = _numbers(connection, f'SELECT count(*){counts} FROM "{relation}"')
    found = [Departure(table, rule, name, total, rows) for (name, rule, _), rows in zip(rules, broken, strict=True)]
    places = {name: place for place, name in enumerate(columns)}
    found.sort(key=lambda departure: places[departure.column])  # column by column, as a reader looks
    if table.key and all(name in columns for name in table.key):
        distinct = f'SELECT count(*) FROM (SELECT DISTINCT {identifiers(table.key)} FROM "{relation}")'
        surplus = total - _numbers(connection, distinct)[0]
        found.append(Departure(table, "key", ", ".join(table.key), total, surplus))
    for name, column in columns.items():
        other, _, key = (column.references or "").partition(".")
        target_types = column_types(connection, others[other]) if other in others else None
        if target_types is None or key.lower() not in {target.lower() for target in target_types}:
            continue
        unresolved = _numbers(
            connection,
            f'SELECT count(*) FROM "{relation}" AS this WHERE this."{name}" IS NOT NULL AND NOT EXISTS '
            f'(SELECT 1 FROM "{others[other]}" AS that WHERE that."{key}" = this."{name}")',
        )
        found.append(Departure(table, "references", name, total, unresolved[0]))
    return found


def _is_no_code(name: str, column: Column, any_case: bool) -> str:
    """Return SQL that is true for a value that is none of the codes of a column."""
    codes = list(column.codes or ())
    if any_case and column.type == "string":
        return f'lower(trim("{name}")) NOT IN ({literals(code.lower() for code in codes)})'
    return f'CAST("{name}" AS VARCHAR) NOT IN ({literals(codes)})'


def _numbers(connection: duckdb.DuckDBPyConnection, sql: str) -> list[int]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return [int(number) for number in row]


def column_types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str] | None:
    """Return DuckDB type by column name, or None if there is no such relation."""
    import duckdb

    try:
        return {row[0]: row[1] for row in connection.execute(f'DESCRIBE "{relation}"').fetchall()}
    except duckdb.CatalogException:
        return None


def _form(
    connection: duckdb.DuckDBPyConnection, relation: str, table: Table
) -> tuple[list[Finding], dict[str, Column]]:
    """Return what is wrong with the form of a relation, and the columns that are there in their type."""
    found_types = column_types(connection, relation)
    if found_types is None:
        existing = [
            row[0]
            for row in connection.execute(
                "SELECT view_name FROM duckdb_views() WHERE NOT internal UNION SELECT table_name FROM duckdb_tables()"
            ).fetchall()
        ]
        nearest = _nearest(relation, existing)
        return [Finding(table.name, "", "missing_table", 0, True, f"table '{relation}' does not exist.{nearest}")], {}
    findings = _problems_of_form(table, found_types)
    wrong = {finding.column for finding in findings}
    return findings, {name: column for name, column in table.columns.items() if name not in wrong}


def _problems_of_form(table: Table, found_types: Mapping[str, str]) -> list[Finding]:
    """Return the columns that are missing or have the wrong type."""
    by_lower_name = {name.lower(): kind for name, kind in found_types.items()}
    findings = []
    for name, column in table.columns.items():
        found = by_lower_name.get(name.lower())
        if found is None:
            spare = [other for other in found_types if other.lower() not in {c.lower() for c in table.columns}]
            message = f"column '{name}' is missing.{_nearest(name, spare)}"
            findings.append(Finding(table.name, name, "missing_column", 0, True, message))
        elif found not in ACCEPTED_TYPES[column.type] and not (column.type == "number" and found.startswith("DECIMAL")):
            expected = ACCEPTED_TYPES[column.type][0]
            message = f"column '{name}' has type {found}, expected {column.type} ({expected})."
            findings.append(Finding(table.name, name, "wrong_type", 0, True, message))
    return findings


def _nearest(name: str, existing: list[str]) -> str:
    """Return a hint at the nearest name, whatever its case."""
    by_lower = {other.lower(): other for other in sorted(existing)}
    nearest = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean '{by_lower[nearest[0]]}'?" if nearest else ""
