"""How each database is reached: its columns, and the rows of a statement in chunks.

Passwords never stand in a connection string: PostgreSQL reads ``PGPASSWORD`` or the client's ``~/.pgpass``, Db2
``DB2PASSWORD`` (with ``DB2USER``, if the connection string names no user).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from family_justice.errors import ConfigError, ContractError, did_you_mean
from family_justice.sources.database.options import db2_text, fits_text, options_of
from family_justice.sources.database.refusals import connection_error
from family_justice.sources.database.statements import db2_catalogue, information_schema

#: Rows that are asked for and written at once.
CHUNK_ROWS = 100_000
#: Whole numbers below are all different in floating point.
EXACT = 2**53
KINDS_OF_DATABASE = ("duckdb", "postgresql", "postgres", "db2")


class Engine(Protocol):
    """What the fetching of a table needs to know of a database."""

    def catalogue(self, schema: str | None, table: str) -> list[tuple[str, str, str]]:
        """Return (schema, table, column) of a table as the database spells them; empty if there is no such table."""

    def batches(self, statement: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement, ``CHUNK_ROWS`` or so at a time; at least one batch, which may be empty."""

    def close(self) -> None:
        """End the connection."""


class DuckDB:
    """A DuckDB file, opened for reading only. Without a schema the table is looked for in ``main``."""

    def __init__(self, path: Path) -> None:
        import duckdb

        if not path.is_file():
            raise ConfigError(f"connection: {path}: no such DuckDB file")
        self._connection = duckdb.connect(str(path), read_only=True, config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")  # not that of the machine, which says nothing of the records

    def catalogue(self, schema: str | None, table: str) -> list[tuple[str, str, str]]:
        """Return (schema, table, column) of a table."""
        return self._connection.execute(information_schema(schema or "main", table)).fetchall()

    def batches(self, statement: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement."""
        reader = self._connection.execute(statement).to_arrow_reader(CHUNK_ROWS)
        yield _empty(reader.schema)
        yield from reader

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class PostgreSQL:
    """A PostgreSQL server, through ADBC. Without a schema the table is looked for in ``public``."""

    def __init__(self, url: str) -> None:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise ConfigError(_not_installed("PostgreSQL", "adbc-driver-postgresql")) from None
        self._connection = dbapi.connect(url)

    def catalogue(self, schema: str | None, table: str) -> list[tuple[str, str, str]]:
        """Return (schema, table, column) of a table."""
        with self._connection.cursor() as cursor:
            cursor.execute(information_schema(schema or "public", table))
            return [tuple(row) for row in cursor.fetchall()]

    def batches(self, statement: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
            yield _empty(reader.schema)
            yield from reader

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class Dbapi:
    """A connection of Python's DB-API 2.0, such as that of IBM Db2.

    Every value travels as text (dates in ISO 8601, numbers in digits), so that the casts of the snapshot see what the
    database holds and count what does not fit.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def catalogue(self, schema: str | None, table: str) -> list[tuple[str, str, str]]:
        """Return (schema, table, column) of a table; Db2 pads its names with spaces."""
        cursor = self._connection.cursor()
        cursor.execute(db2_catalogue(schema, table))
        return [(str(row[0]).rstrip(), str(row[1]).rstrip(), str(row[2]).rstrip()) for row in cursor.fetchall()]

    def batches(self, statement: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement as text."""
        cursor = self._connection.cursor()
        cursor.execute(statement)
        schema = pa.schema([(str(column[0]), pa.string()) for column in cursor.description])
        yield _empty(schema)
        while rows := cursor.fetchmany(CHUNK_ROWS):
            columns = [pa.array([_text(value) for value in values], pa.string()) for values in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def open_engine(connection: str, base: Path) -> Engine:
    """Return the engine of a connection string; a relative path of a DuckDB file counts from ``base``.

    ``duckdb:///folder/file.duckdb`` (four slashes for an absolute path), ``postgresql://user@host:5432/database``,
    ``db2://user@host:50000/DATABASE``; options may follow ``?``. Raises ConfigError for any other, for an option that
    is not known, if a driver is not installed, or if the database cannot be reached; the message says where to look
    and repeats nothing of the answer of the server.
    """
    parts = urlsplit(connection)
    if parts.scheme in KINDS_OF_DATABASE:
        options_of(parts)
    try:
        if parts.scheme == "duckdb":
            return DuckDB(base / unquote(parts.path.removeprefix("/")))
        if parts.scheme in ("postgresql", "postgres"):
            return PostgreSQL(connection)
        if parts.scheme == "db2":
            return _db2(connection)
    except ConfigError:
        raise
    except Exception as error:
        raise connection_error(error) from None
    known = KINDS_OF_DATABASE
    raise ConfigError(f"connection: '{parts.scheme}' is no kind of database. {did_you_mean(parts.scheme, known)}")


def _db2(connection: str) -> Dbapi:
    """Connect to Db2. A password that does not fit into a connection text is given apart, which the client can do for
    a database that its own catalogue knows."""
    try:
        import ibm_db_dbi
    except ImportError:
        raise ConfigError(_not_installed("IBM Db2", "ibm_db")) from None
    parts = urlsplit(connection)
    user = unquote(parts.username or "") or os.environ.get("DB2USER", "")
    password = os.environ.get("DB2PASSWORD", "")
    if not parts.hostname and not parts.query and not fits_text(password):
        import ibm_db

        return Dbapi(ibm_db_dbi.Connection(ibm_db.connect(unquote(parts.path.strip("/")), user, password)))
    return Dbapi(ibm_db_dbi.connect(db2_text(parts, user, password), "", ""))


def _not_installed(database: str, package: str) -> str:
    return (
        f"connection: the driver for {database} is not installed. Install it: "
        f"pip install --require-hashes -r requirements-extras.lock (package {package})"
    )


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch without rows: a table without rows still has its columns."""
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")  # all digits: 10000000000, not 1E+10
    if isinstance(value, float):  # beyond, its digits are not those of the records: written so that this is seen
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise ContractError("a declared column holds binary values, which no contract has a type for")
    return str(value)
