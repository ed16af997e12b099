"""Which table is where, and how it is brought into a folder so that an interruption loses no finished table."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from family_justice import fingerprint
from family_justice.config.schema import DatabaseSource
from family_justice.contracts import Table
from family_justice.errors import ConfigError, ContractError, did_you_mean, report_together
from family_justice.files import atomic, write_text
from family_justice.sources.database.engines import Engine, open_engine
from family_justice.sources.database.statements import select


@dataclass(frozen=True)
class Located:
    """Where a table of the contract is in the database, and its columns there by their names in the contract.

    A column that the database does not have is None.
    """

    schema: str | None
    name: str
    columns: Mapping[str, str | None]
    refresh: str | None


def places_of(source: DatabaseSource, tables: Mapping[str, Table]) -> dict[str, Located]:
    """Return schema, name and columns of each table that the source names, in the order of the contracts.

    Raises one ConfigError for patterns that match no table, tables that two places match and names that do not exist.
    """
    problems: list[str] = []
    found: dict[str, Located] = {}
    for number, place in enumerate(source.places, start=1):
        where = f"places, number {number}"
        for pattern in place.tables:
            matches = [name for name in tables if fnmatchcase(name, pattern)]
            if not matches:
                hint = did_you_mean(pattern, tables)
                problems.append(f"{where}: no table of the contracts is like '{pattern}'. {hint}")
            problems += [f"{where}: {name} is in another place as well" for name in matches if name in found]
            for name in matches:
                found[name] = Located(
                    place.schema_,
                    place.name.format(table=name, refresh=place.refresh or ""),
                    {column: column for column in tables[name].columns},
                    place.refresh,
                )
    for name, renamed in source.renamed.items():
        if name not in found:
            problems.append(f"renamed: '{name}' is not a table of any place. {did_you_mean(name, found)}")
            continue
        known = tables[name].columns
        problems += [
            f"renamed: {name}: '{column}' is not a column of its contract. {did_you_mean(column, known)}"
            for column in renamed.columns
            if column not in known
        ]
        now = found[name]
        found[name] = Located(now.schema, renamed.table or now.name, {**now.columns, **renamed.columns}, now.refresh)
    report_together("database source", problems, ConfigError)
    return {name: found[name] for name in tables if name in found}


def fetch_tables(source: DatabaseSource, tables: Mapping[str, Table], folder: Path, base: Path) -> dict[str, Path]:
    """Write the declared columns of every table of the source to ``folder/<TABLE>.parquet``; return the files.

    A table that an earlier, interrupted call finished is kept as it is, if it was asked for with the same statement.
    The types are those of the database; ``files.snapshot`` makes them those of the contract. Raises ConfigError if the
    database cannot be reached, one ContractError with all tables and columns that are not there; nothing is fetched
    then. What a server says is not passed on, because it may quote a record.
    """
    located = places_of(source, tables)
    engine = open_engine(source.connection_string(), base)
    try:
        statements = _statements(engine, located)
        folder.mkdir(parents=True, exist_ok=True)
        for name in located:
            columns = located[name].columns
            asked = fingerprint.of_value(source.connection_string(), statements[name], dict(columns))
            _fetch(engine, name, statements[name], asked, columns, folder)
    finally:
        engine.close()
    return {name: folder / f"{name}.parquet" for name in located}


def _statements(engine: Engine, located: Mapping[str, Located]) -> dict[str, str]:
    """Return the SELECT of each table in the spelling of the catalogue."""
    problems: list[str] = []
    statements: dict[str, str] = {}
    for name, place in located.items():
        try:
            catalogue = engine.catalogue(place.schema, place.name)
        except Exception as error:
            raise ConfigError(
                f"{name}: the catalogue of the database cannot be read ({type(error).__name__}). Check the connection "
                f"and the right to read the catalogue, and run the same command again."
            ) from None
        spellings = sorted({(schema, table) for schema, table, _ in catalogue})
        if not spellings:
            problems.append(
                f"{name}: there is no table {place.name} in schema {place.schema or '(default)'}, or no right to read "
                f"it. Correct 'schema', 'name' or 'refresh' of its place, or write its name under 'renamed'."
            )
            continue
        if len(spellings) > 1 and (place.schema, place.name) not in spellings:
            problems.append(f"{name}: several tables differ from {place.name} in upper and lower case only")
            continue
        chosen = spellings[0] if len(spellings) == 1 else (str(place.schema), place.name)
        columns = [column for schema, table, column in catalogue if (schema, table) == chosen]
        by_lower = {column.lower(): column for column in columns}
        wanted = [theirs for theirs in place.columns.values() if theirs is not None]
        missing = [theirs for theirs in wanted if theirs.lower() not in by_lower]
        problems += [
            f"{name}: column '{column}' is missing. {did_you_mean(column, columns)} Write its name under 'renamed', or "
            f"null there if the database has none: it is left empty."
            for column in missing
        ]
        if not missing:
            statements[name] = select(*chosen, [by_lower[theirs.lower()] for theirs in wanted])
    report_together("database source", problems, ContractError)
    return statements


def _unpadded(values: pa.Array) -> pa.Array:
    """Return text without the padding of CHAR columns; blank text is a missing value, as an empty cell of a CSV is."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    text = pc.utf8_rtrim(values, characters=" ")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)


def _fetch(
    engine: Engine, name: str, statement: str, asked: str, columns: Mapping[str, str | None], folder: Path
) -> None:
    """Write one table, unless it is there already and ``asked``, a hash of what is asked for, is the same."""
    path, note = folder / f"{name}.parquet", folder / f"{name}.json"
    if path.is_file() and note.is_file() and json.loads(note.read_text(encoding="utf-8"))["asked"] == asked:
        print(f"{name}: already fetched, {pq.read_metadata(path).num_rows:,} rows (remove {path} to fetch it again)")
        return
    note.unlink(missing_ok=True)
    started, rows, writer = time.monotonic(), 0, None
    try:
        with atomic(path) as temporary:
            try:
                for batch in engine.batches(statement):
                    found = iter(batch.columns)
                    empty = pa.nulls(batch.num_rows, pa.string())
                    values = [empty if theirs is None else _unpadded(next(found)) for theirs in columns.values()]
                    batch = pa.RecordBatch.from_arrays(values, names=list(columns))
                    writer = writer or pq.ParquetWriter(temporary, batch.schema, compression="zstd")
                    writer.write_batch(batch)
                    if (rows + batch.num_rows) // 1_000_000 > rows // 1_000_000:
                        print(f"{name}: {rows + batch.num_rows:,} rows so far")
                    rows += batch.num_rows
            finally:
                if writer is not None:
                    writer.close()
    except ContractError:
        raise
    except Exception as error:
        raise ContractError(
            f"{name}: fetching stopped after {rows:,} rows ({type(error).__name__}). Finished tables are kept: run the "
            f"same command again to go on."
        ) from None
    write_text(note, json.dumps({"asked": asked, "rows": rows}) + "\n")
    print(f"{name}: {rows:,} rows in {time.monotonic() - started:.1f} s")
