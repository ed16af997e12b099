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


def check_table(connection: duckdb.DuckDBPyConnection, relation: str, table: Table, where: str) -> None:
    """Raise one ContractError that lists everything wrong with ``relation``; ``where`` names it in the message.

    Column names are compared without regard to case. References are not looked at: see ``find_problems``.
    """
    problems = [finding.message for finding in find_problems(connection, relation, table) if finding.is_error]
    report_together(where, problems, ContractError)


def check_tables(
    connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str], tables: Mapping[str, Table], where: str
) -> None:
    """Check several tables and report what is wrong in all of them together.

    ``relations`` maps the name of a table to the relation that holds it; a table without one is reported as missing.
    """
    problems = []
    for name, table in tables.items():
        found = find_problems(connection, relations.get(name, name), table)
        problems += [f"{name}: {finding.message}" for finding in found if finding.is_error]
    report_together(where, problems, ContractError)


def find_problems(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    others: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Return how ``relation`` departs from the contract of ``table``.

    ``others`` maps names of tables to relations. References to these are tried and reported as warnings;
    without it no reference is tried.
    """
    found_types = column_types(connection, relation)
    if found_types is None:
        existing = [
            row[0]
            for row in connection.execute(
                "SELECT view_name FROM duckdb_views() WHERE NOT internal UNION SELECT table_name FROM duckdb_tables()"
            ).fetchall()
        ]
        nearest = _nearest(relation, existing)
        return [Finding(table.name, "", "missing_table", 0, True, f"table '{relation}' does not exist.{nearest}")]

    findings = _problems_of_form(table, found_types)
    usable = {
        name: column
        for name, column in table.columns.items()
        if not any(finding.column == name for finding in findings)
    }
    if connection.execute(f'SELECT 1 FROM "{relation}" LIMIT 1').fetchone() is None:
        return findings  # no row, no wrong one
    findings += _problems_of_content(connection, relation, table, usable)
    if others:
        findings += _unresolved_references(connection, relation, table, usable, others)
    return findings


def column_types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str] | None:
    """Return DuckDB type by column name, or None if there is no such relation."""
    import duckdb

    try:
        return {row[0]: row[1] for row in connection.execute(f'DESCRIBE "{relation}"').fetchall()}
    except duckdb.CatalogException:
        return None


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


def _problems_of_content(
    connection: duckdb.DuckDBPyConnection, relation: str, table: Table, usable: Mapping[str, Column]
) -> list[Finding]:
    """Count empty required cells, unknown codes and duplicate keys in one pass over the table."""
    counted: list[tuple[str, str, str]] = []  # column, rule, message
    counts: list[str] = ["count(*)"]
    for name, column in usable.items():
        if column.required:
            counts.append(f'count(*) FILTER (WHERE "{name}" IS NULL)')
            counted.append((name, "empty_required", f"required column '{name}' is empty in {{rows}}."))
        if column.codes is not None:
            allowed = literals(column.codes)
            counts.append(f'count(*) FILTER (WHERE CAST("{name}" AS VARCHAR) NOT IN ({allowed}))')
            shown = ", ".join(column.codes)
            what = "Known" if column.open_codes else "Allowed"
            counted.append(
                (name, "unknown_code", f"column '{name}' holds an unknown code in {{rows}}. {what}: {shown}.")
            )
    row = connection.execute(f'SELECT {", ".join(counts)} FROM "{relation}"').fetchone()
    assert row is not None
    total, *numbers = (int(number) for number in row)
    findings = [
        Finding(table.name, column, rule, rows, _is_error(usable[column], rule), message.format(rows=_rows(rows)))
        for (column, rule, message), rows in zip(counted, numbers, strict=True)
        if rows
    ]
    if table.key and all(name in usable for name in table.key):
        columns = identifiers(table.key)
        distinct = connection.execute(f'SELECT count(*) FROM (SELECT DISTINCT {columns} FROM "{relation}")').fetchone()
        assert distinct is not None
        surplus = total - int(distinct[0])
        if surplus:
            key = ", ".join(table.key)
            message = f"primary key ({key}) is not unique: {_rows(surplus)} too many."
            findings.append(Finding(table.name, key, "duplicate_key", surplus, True, message))
    return findings


def _is_error(column: Column, rule: str) -> bool:
    """A code that is not listed is a warning where the list is not known to be complete."""
    return not (rule == "unknown_code" and column.open_codes)


def _unresolved_references(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    usable: Mapping[str, Column],
    others: Mapping[str, str],
) -> list[Finding]:
    findings = []
    for name, column in usable.items():
        if column.references is None:
            continue
        other, _, key = column.references.partition(".")
        target_types = column_types(connection, others[other]) if other in others else None
        if target_types is None or key.lower() not in {found.lower() for found in target_types}:
            continue
        row = connection.execute(
            f'SELECT count(*) FROM "{relation}" AS this WHERE this."{name}" IS NOT NULL AND NOT EXISTS '
            f'(SELECT 1 FROM "{others[other]}" AS that WHERE that."{key}" = this."{name}")'
        ).fetchone()
        assert row is not None
        rows = int(row[0])
        if rows:
            message = f"column '{name}' does not resolve in {column.references} in {_rows(rows)}."
            findings.append(Finding(table.name, name, "unresolved_reference", rows, False, message))
    return findings


def _nearest(name: str, existing: list[str]) -> str:
    """Return a hint at the nearest name, whatever its case."""
    by_lower = {other.lower(): other for other in sorted(existing)}
    nearest = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean '{by_lower[nearest[0]]}'?" if nearest else ""


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"
