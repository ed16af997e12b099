"""The ``files`` source: CSV and Parquet files become a typed snapshot of the declared columns.

A snapshot is all or nothing. CSV: comma-separated, UTF-8, with a header, dates as ISO 8601, an empty cell is a
missing value; plain, ``.gz`` or ``.bz2``. Dates never pass through pandas: a week of birth with a century typo
(7985 for 1985) is a legal date that overflows its nanoseconds.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from family_justice.contracts import Column, Table
from family_justice.contracts.check import column_types, find_problems
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.errors import ContractError, did_you_mean, report_together
from family_justice.files import connect, write_parquet
from family_justice.rooms import move
from family_justice.sql import literal

if TYPE_CHECKING:
    import duckdb

EMPTY_WILL_DO = " If your extract does not hold it, add an empty column of that name."


def snapshot(
    tables: Mapping[str, Table], paths: Mapping[str, Path], folder: Path, in_order: bool = False
) -> dict[str, int]:
    """Write one typed Parquet file per table.

    Only declared columns are taken, in the order and spelling of the contract. ``in_order`` sorts the rows by all
    columns: a database gives them in any order. Returns rows by table. Raises one ContractError with the problems of
    all tables; then nothing is written.
    """
    problems = [
        f"'{name}' is not a table of the contract. {did_you_mean(name, tables)}" for name in paths if name not in tables
    ]
    problems += [f"table '{name}' has no file." for name in tables if name not in paths]
    report_together("files source", problems, ContractError)

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as scratch_name:
        scratch = Path(scratch_name)
        rows: dict[str, int] = {}
        for name, table in tables.items():
            with connect() as connection:
                found = _load(connection, table, Path(paths[name]), scratch)
                problems += [f"{name} ({Path(paths[name]).name}): {problem}" for problem in found]
                if not problems:  # once something is wrong only the problems matter
                    query = f"SELECT * FROM loaded{' ORDER BY ALL' if in_order else ''}"
                    rows[name] = write_parquet(connection, query, scratch / f"{name}.parquet")
        report_together("files source", problems, ContractError)
        for name in tables:
            move(scratch / f"{name}.parquet", folder / f"{name}.parquet")
    return rows


def _load(connection: duckdb.DuckDBPyConnection, table: Table, path: Path, scratch: Path) -> list[str]:
    """Make the table ``loaded`` from a file and return what is wrong with it."""
    import duckdb

    if not path.is_file():
        return ["no such file."]
    try:
        _open(connection, path, scratch)
        types = column_types(connection, "source")
        assert types is not None
        spelling = {name.lower(): name for name in types}
        missing = [
            finding.message + ("" if table.columns[finding.column].required else EMPTY_WILL_DO)
            for finding in find_problems(connection, "source", table)
            if finding.rule == "missing_column"
        ]
        present = {name: column for name, column in table.columns.items() if name.lower() in spelling}
        failures = _cast(connection, present, {name: types[spelling[name.lower()]] for name in present})
        checked = table.model_copy(update={"columns": present})
        findings = find_problems(connection, "loaded", checked)
        content = [finding.message for finding in findings if finding.is_error]
    except (duckdb.Error, UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
        # The message of the reader may quote the record it stumbled on: only the line number is passed on.
        line = re.search(r"\bLine: (\d+)", str(error))
        place = f" near line {line.group(1)}" if line else ""
        return [
            f"the file cannot be read{place}: every row needs the columns of the header, "
            f"comma-separated UTF-8 (or a sound Parquet file)."
        ]
    return missing + failures + content


def _open(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> None:
    """Make the view ``source`` on a file; CSV cells stay text."""
    if path.suffix.lower() in (".parquet", ".pq"):
        connection.execute(f"CREATE VIEW source AS SELECT * FROM read_parquet({literal(path)})")
        return
    if path.suffix.lower() == ".bz2":  # DuckDB reads gzip but not bzip2
        plain = scratch / path.stem
        with bz2.open(path, "rb") as packed, open(plain, "wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        path = plain
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with cast("IO[str]", opener(path, "rt", encoding="utf-8-sig", newline="")) as stream:
        header = next(csv.reader(stream), [])
    columns = ", ".join(f"{literal(name.strip())}: 'VARCHAR'" for name in header)
    connection.execute(
        f"CREATE VIEW source AS SELECT * FROM read_csv({literal(path)}, header = true, auto_detect = false, "
        f"delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = true, columns = {{{columns}}})"
    )


def _cast(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Column], found: Mapping[str, str]) -> list[str]:
    """Make the table ``loaded`` with the types of the contract; count the cells that have no such value."""
    casts = {name: _cast_expression(name, column, found[name]) for name, column in columns.items()}
    if not casts:
        connection.execute("CREATE TABLE loaded AS SELECT NULL AS nothing WHERE false")
        return []
    selected = ", ".join(f'{expression} AS "{name}"' for name, expression in casts.items())
    failed = ", ".join(
        f'count(*) FILTER (WHERE "{name}" IS NOT NULL AND {expression} IS NULL)' for name, expression in casts.items()
    )
    connection.execute(f"CREATE TABLE loaded AS SELECT {selected} FROM source")
    row = connection.execute(f"SELECT {failed} FROM source").fetchone()
    assert row is not None
    return [
        f"column '{name}' cannot be read as {columns[name].type} in {rows} row{'' if rows == 1 else 's'}."
        for name, rows in zip(casts, row, strict=True)
        if rows
    ]


def _cast_expression(name: str, column: Column, found: str) -> str:
    """Return SQL that gives the value in the declared type, or NULL if it has none."""
    value, target = f'"{name}"', DUCKDB_TYPES[column.type]
    expression = f"TRY_CAST({value} AS {target})"
    if column.type == "integer" and found == "VARCHAR":  # a plain cast would round 1.5
        return f"CASE WHEN regexp_full_match(trim({value}), '[+-]?[0-9]+([.]0*)?') THEN {expression} END"
    if column.type == "integer" and (found in ("DOUBLE", "FLOAT") or found.startswith("DECIMAL")):
        return f"CASE WHEN {value} = trunc({value}) THEN {expression} END"
    if column.type in ("date", "timestamp"):  # 'infinity' is a date to DuckDB
        return f"CASE WHEN isfinite({expression}) THEN {expression} END"
    return expression
