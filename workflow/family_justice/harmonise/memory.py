"""Memory of harmonisation: tables are let go after the last step that reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def drop_unread(connection: duckdb.DuckDBPyConnection, later: list[str]) -> None:
    """Drop the tables that neither a later SQL text nor a view reads; results and counts stay."""
    views = connection.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
    words = set(re.findall(r"\w+", "\n".join([*later, *(str(sql) for (sql,) in views)])))
    tables = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()
    for (name,) in tables:
        if name not in words and name != "counted" and not name.startswith("ready_"):
            connection.execute(f'DROP TABLE "{name}"')
