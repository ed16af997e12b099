"""Which table is where, and how it is brought into a folder so that an interruption loses no finished table."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from family_justice import fingerprint
from family_justice.config.source_files import wrong_words
from family_justice.config.sources import DatabaseSource
from family_justice.contracts import Table
from family_justice.errors import ConfigError, ContractError, did_you_mean, report_together
from family_justice.files import atomic, write_text
from family_justice.sources.database.engines import Engine, open_engine
from family_justice.sources.database.refusals import catalogue_error, fetch_error
from family_justice.sources.database.statements import select
from family_justice.sources.names import Lacking, find_columns, how_to_settle, say_missing, say_shared
from family_justice.sources.reading import Reading, reading_of


@dataclass(frozen=True)
class Located:
    """Where a table of the contract is in the database, and how its columns there are called."""

    schema: str | None
    name: str
    reading: Reading
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
                    reading_of(source, name),
                    place.refresh,
                )
    problems += wrong_words(source, {name: tables[name] for name in found})
    for name, renamed in source.renamed.items():
        if name in found and renamed.table:
            found[name] = replace(found[name], name=renamed.table)
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
        statements = _statements(engine, located, tables)
        folder.mkdir(parents=True, exist_ok=True)
        for name, asked in statements.items():
            known = fingerprint.of_value(source.connection_string(), asked.sql, dict(asked.columns))
            _fetch(engine, name, asked.sql, known, asked.columns, folder)
    finally:
        engine.close()
    return {name: folder / f"{name}.parquet" for name in located}


@dataclass(frozen=True)
class Asked:
    """The SELECT of one table, and the columns of the contract with their names there (None: left empty)."""

    sql: str
    columns: Mapping[str, str | None]


def _statements(engine: Engine, located: Mapping[str, Located], tables: Mapping[str, Table]) -> dict[str, Asked]:
    """Return the SELECT of each table in the spelling of the catalogue."""
    problems: list[str] = []
    lacking: dict[str, Lacking] = {}
    statements: dict[str, Asked] = {}
    for name, place in located.items():
        try:
            catalogue = engine.catalogue(place.schema, place.name)
        except Exception as error:
            raise catalogue_error(name, error) from None
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
        there = [column for schema, table, column in catalogue if (schema, table) == chosen]
        named = find_columns(tables[name].columns, there, place.reading)
        if named.missing:
            lacking[name] = Lacking(tables[name].columns, named, place.reading)
            problems.append(f"{name}: {say_missing(lacking[name])}")
            continue
        shared = say_shared(named)
        if shared:
            problems += [f"{name}: {problem}" for problem in shared]
            continue
        columns = {ours: named.found[ours] for ours in tables[name].columns}
        wanted = list(dict.fromkeys(theirs for theirs in columns.values() if theirs is not None))
        statements[name] = Asked(select(*chosen, wanted), columns)
    try:
        report_together("database source", problems, ContractError)
    except ContractError as error:
        settle = how_to_settle(lacking, {name: place.reading for name, place in located.items()})
        raise ContractError("\n".join([str(error), *filter(None, [settle])])) from None
    return statements


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
    wanted = list(dict.fromkeys(theirs for theirs in columns.values() if theirs is not None))
    try:
        with atomic(path) as temporary:
            try:
                for batch in engine.batches(statement):
                    # As they came: blanks are cut, and counted, where all files are read.
                    found = dict(zip(wanted, batch.columns, strict=True))
                    empty = pa.nulls(batch.num_rows, pa.string())
                    values = [empty if theirs is None else found[theirs] for theirs in columns.values()]
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
        raise fetch_error(name, rows, error) from None
    write_text(note, json.dumps({"asked": asked, "rows": rows}) + "\n")
    print(f"{name}: {rows:,} rows in {time.monotonic() - started:.1f} s")
