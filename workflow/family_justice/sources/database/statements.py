"""The SQL that is sent to a database: nothing but declared columns of one table, and the catalogue.

Names are delimited ("NAME") in the spelling of the catalogue, which all three databases read in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from family_justice.sql import identifier, identifiers, literal


def select(schema: str | None, table: str, columns: Sequence[str]) -> str:
    """Return ``SELECT columns FROM schema.table``."""
    place = f"{identifier(schema)}.{identifier(table)}" if schema else identifier(table)
    return f"SELECT {identifiers(columns)} FROM {place}"


def information_schema(schema: str, table: str) -> str:
    """Return the statement for (schema, table, column) of a table, in PostgreSQL and DuckDB, whatever its spelling."""
    return (
        "SELECT table_schema, table_name, column_name FROM information_schema.columns "
        f"WHERE lower(table_schema) = {literal(schema.lower())} AND lower(table_name) = {literal(table.lower())} "
        "ORDER BY table_schema, table_name, ordinal_position"
    )


def db2_catalogue(schema: str | None, table: str) -> str:
    """Return the statement for (schema, table, column) in Db2; without a schema, of the current one."""
    place = literal(schema.upper()) if schema else "CURRENT_SCHEMA"
    return (
        "SELECT TABSCHEMA, TABNAME, COLNAME FROM SYSCAT.COLUMNS "
        f"WHERE UPPER(TABSCHEMA) = {place} AND UPPER(TABNAME) = {literal(table.upper())} "
        "ORDER BY TABSCHEMA, TABNAME, COLNO"
    )
