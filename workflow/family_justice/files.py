"""Reading and writing files so that a failed step leaves nothing half-written and bytes are reproducible."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; rename it to ``path`` if the block succeeds, delete it if not."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: writers choose the format by it.
    temporary = target.with_name(f".{target.stem}.partial{target.suffix}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame with floats in ten significant digits, so that equal results have equal bytes."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def connect(tables: dict[str, str | Path] | None = None, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB with one view per Parquet file.

    ``tables`` maps view name to file. Nothing is fetched from the network: extensions are not installed.
    """
    import duckdb

    connection = duckdb.connect(
        config={"threads": threads, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    for name, path in (tables or {}).items():
        quoted = str(path).replace("'", "''")
        connection.execute(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{quoted}')")
    return connection


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: str | Path) -> int:
    """Write the rows of ``query`` to Parquet and return their number. The query fixes the order of the rows."""
    with atomic(path) as temporary:
        quoted = str(temporary).replace("'", "''")
        written = connection.execute(f"COPY ({query}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
    assert written is not None
    return int(written[0])
