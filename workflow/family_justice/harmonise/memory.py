"""Memory of harmonisation: tables are let go after the last step that reads them, and a limit holds for the rest."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from family_justice.sql import literal

if TYPE_CHECKING:
    import duckdb

#: Beyond this DuckDB writes to disk. At national volumes a process then takes about 5.2 GB.
MEMORY_LIMIT = "5GB"


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[None]:
    """Hold the limit within the block; what does not fit goes to a hidden place in ``folder`` and is deleted after."""
    folder.mkdir(parents=True, exist_ok=True)
    spill = Path(tempfile.mkdtemp(prefix=".spill-", dir=folder))
    try:
        connection.execute(f"SET temp_directory = {literal(spill)}")
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        yield
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def drop_unread(connection: duckdb.DuckDBPyConnection, later: list[str]) -> None:
    """Drop the tables that neither a later SQL text nor a view reads; results and counts stay."""
    views = connection.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
    words = set(re.findall(r"\w+", "\n".join([*later, *(str(sql) for (sql,) in views)])))
    tables = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()
    for (name,) in tables:
        if name not in words and name != "counted" and not name.startswith("ready_"):
            connection.execute(f'DROP TABLE "{name}"')
