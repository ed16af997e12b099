"""Reading and writing files so that a failed step leaves nothing half-written and bytes are reproducible."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; rename it to ``path`` if the block succeeds, delete it if not."""
    target, temporary = Path(path), partial_of(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def partial_of(path: str | Path) -> Path:
    """Return the temporary name of a file that is being written."""
    target = Path(path)
    # The suffix stays last: writers choose the format by it.
    return target.with_name(f".{target.stem}.partial{target.suffix}")


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame with floats in ten significant digits, so that equal results have equal bytes."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def write_rows(path: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV with a header; a row that lacks a column leaves it empty, one that has others is a fault."""
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def connect(tables: dict[str, str | Path] | None = None, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB with one view per Parquet file.

    ``tables`` maps view name to file. Nothing is fetched from the network: extensions are not installed.
    """
    import duckdb

    connection = duckdb.connect(
        config={"threads": threads, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    for name, path in (tables or {}).items():
        connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM read_parquet({literal(path)})")
    return connection


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: str | Path) -> int:
    """Write the rows of ``query`` to Parquet and return their number. The query fixes the order of the rows."""
    with atomic(path) as temporary:
        copy = f"COPY ({query}) TO {literal(temporary)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        written = connection.execute(copy).fetchone()
    assert written is not None
    return int(written[0])
