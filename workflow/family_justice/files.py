"""Reading and writing files so that a failed step leaves nothing half-written and bytes are reproducible."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice import rooms
from family_justice.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; rename it to ``path`` if the block succeeds, delete it if not.

    A file of a room that stays inside gets its checksum beside it.
    """
    target, temporary = Path(path), partial_of(path)
    with rooms.private_umask(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            os.replace(temporary, target)
            rooms.seal(target)
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


def connect(
    tables: Mapping[str, str | Path] | None = None, threads: int = 1, checked: bool = True
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB with one view per Parquet file, with the memory and the place to spill of the job.

    ``tables`` maps view name to file; each is compared with its checksum, unless the caller does so when it reads it
    (``checked``). Nothing is fetched from the network: extensions are not installed.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            **rooms.duckdb_limits(),
        }
    )
    for name, path in (tables or {}).items():
        view_parquet(connection, name, path, checked)
    return connection


def view_parquet(connection: duckdb.DuckDBPyConnection, name: str, path: str | Path, checked: bool = True) -> None:
    """Make a view on a Parquet file, which is compared with its checksum (``checked``)."""
    import duckdb

    if checked:
        rooms.check(path)
    try:
        connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM read_parquet({literal(path)})")
    except duckdb.Error:
        rooms.check(path)  # damage is said as such
        raise


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: str | Path) -> int:
    """Write the rows of ``query`` to Parquet and return their number. The query fixes the order of the rows."""
    with atomic(path) as temporary:
        copy = f"COPY ({query}) TO {literal(temporary)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        written = connection.execute(copy).fetchone()
    assert written is not None
    return int(written[0])
