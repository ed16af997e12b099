"""Open one CSV or Parquet file as the view ``source``; where that fails, find the cause and say what to write."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from family_justice.contracts import Table
from family_justice.contracts.check import column_types
from family_justice.sources.names import find_columns
from family_justice.sources.reading import Reading
from family_justice.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb

#: Marks that stand between the cells of files, and how they are called and written in YAML.
DELIMITERS = {",": ("commas", '","'), ";": ("semicolons", '";"'), "\t": ("tabs", '"\\t"'), "|": ("bars", '"|"')}
PARQUET = (".parquet", ".pq")  # ends of files that are no CSV
HEAD = 65536  # bytes that are looked at to know an encoding
GENERAL = "every row needs the columns of the header, comma-separated UTF-8 (or a sound Parquet file)."


class Unreadable(Exception):
    """The file is not what it was taken for; the message is one sentence for the user, without a value of a record."""


@dataclass(frozen=True)
class Source:
    """A column of the view ``source``: its ``name`` in the file, as SQL, its type and, of a timestamp, its zone."""

    name: str
    sql: str
    type: str
    zone: str | None = None


def open_file(
    connection: duckdb.DuckDBPyConnection, path: Path, table: Table, reading: Reading, scratch: Path
) -> list[Source]:
    """Make the view ``source`` on a file and return its columns; CSV cells stay text.

    Raises Unreadable with the cause if it is known, else an error of the reader.
    """
    connection.execute("SET TimeZone = 'UTC'")  # not that of the machine, which says nothing of the records
    if path.suffix.lower() in PARQUET:
        return _open_parquet(connection, path)
    path = _plain(path, reading.encoding, scratch)
    _know_encoding(path, reading.encoding)
    first = _header(path, reading.delimiter)
    _know_delimiter(path, first, table, reading)
    columns = [Source(name.strip(), f"c{place}", "VARCHAR") for place, name in enumerate(first)]
    named = ", ".join(f"{column.sql}: 'VARCHAR'" for column in columns)
    connection.execute(
        f"CREATE VIEW source AS SELECT * FROM read_csv({literal(path)}, header = true, auto_detect = false, "
        f"delim = {literal(reading.delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"allow_quoted_nulls = true, compression = '{'gzip' if path.suffix.lower() == '.gz' else 'none'}', "
        f"columns = {{{named}}})"
    )
    return columns


def twice(columns: Sequence[Source], wanted: Collection[str | None]) -> list[str]:
    """Return the names that are wanted and stand over several columns."""
    low = [column.name.lower() for column in columns]
    exact = [column.name for column in columns]
    return sorted({name for name in wanted if name and low.count(name.lower()) > 1 and exact.count(name) != 1})


def why_unreadable(path: Path, reading: Reading, error: Exception) -> str:
    """Return the cause for which a reader gave up, if it can be found; the words of the reader may quote a record."""
    line = re.search(r"\bLine: (\d+)", str(error))
    place = f" near line {line.group(1)}" if line else ""
    cause = ""
    if path.suffix.lower() not in PARQUET:
        try:
            cause = _undecodable(path) if reading.encoding == "utf-8" else ""
            cause = cause or _longer_rows(path, reading) or _line_ends(path, reading)
        except (OSError, EOFError, UnicodeError, csv.Error):
            cause = ""
    return cause or f"the file cannot be read{place}: {GENERAL}"


def _open_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Source]:
    connection.execute(f"CREATE VIEW source AS SELECT * FROM read_parquet({literal(path)})")
    types = column_types(connection, "source") or {}
    zones: dict[str, str] = {}
    if "TIMESTAMP WITH TIME ZONE" in types.values():  # DuckDB keeps the instant and forgets in which zone it was
        import pyarrow.parquet as pq

        zones = {field.name: field.type.tz for field in pq.read_schema(path) if getattr(field.type, "tz", None)}
    return [Source(name, identifier(name), found, zones.get(name)) for name, found in types.items()]


@contextmanager
def _bytes_of(path: Path) -> Iterator[IO[bytes]]:
    opener: Any = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower(), open)
    with opener(path, "rb") as stream:
        yield stream


def _plain(path: Path, encoding: str, scratch: Path) -> Path:
    """Return a file that DuckDB reads: it knows gzip, but not bzip2, and UTF-8 alone."""
    if encoding == "utf-8" and path.suffix.lower() != ".bz2":
        return path
    plain = scratch / f"{path.name}.plain.csv"
    with _bytes_of(path) as packed, open(plain, "wb") as unpacked:
        if encoding == "utf-8":
            shutil.copyfileobj(packed, unpacked)
        else:
            _as_utf8(packed, unpacked, encoding)
    return plain


def _as_utf8(stream: IO[bytes], target: IO[bytes], encoding: str) -> None:
    """Write text in another encoding as UTF-8. Raises Unreadable if the file is not in that encoding."""
    decoder, as_utf8 = codecs.getincrementaldecoder(encoding)(), codecs.getincrementaldecoder("utf-8")()
    one_byte = codecs.lookup(encoding).name not in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
    could_be_utf8, foreign, line = one_byte, False, 1
    wrong = f"the file is not {encoding}, as 'encoding' says"
    while True:
        chunk = stream.read(1 << 20)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError:
            raise Unreadable(f"{wrong}: it cannot be decoded near line {line}.") from None
        if could_be_utf8:
            foreign = foreign or not chunk.isascii()
            try:
                as_utf8.decode(chunk, final=not chunk)
            except UnicodeError:
                could_be_utf8 = False
        if codecs.lookup(encoding).name.startswith("iso8859") and re.search("[\x80-\x9f]", text):
            raise Unreadable(f"{wrong}; it looks like Windows-1252: write `encoding: windows-1252`.")
        target.write(text.removeprefix("\ufeff").encode("utf-8") if line == 1 else text.encode("utf-8"))
        line += text.count("\n")
        if not chunk:
            break
    if could_be_utf8 and foreign:
        raise Unreadable(f"{wrong}: it is UTF-8. Leave 'encoding' out.")


def _know_encoding(path: Path, declared: str) -> None:
    """Raise Unreadable if a file that is read as UTF-8 is UTF-16 or holds zero bytes."""
    with _bytes_of(path) as stream:
        head = stream.read(HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("the file is UTF-16: write `encoding: utf-16`.")
    if head.startswith(b"PK\3\4"):
        raise Unreadable("this is an Excel workbook or a ZIP file: save its table as CSV, or unpack it.")
    if b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) > 0.3 * len(head) / 2:
            raise Unreadable(f"the file is UTF-16: write `encoding: utf-16-{'be' if even > odd else 'le'}`.")
        raise Unreadable("the file holds zero bytes: it is no text, or was damaged on its way.")


def _header(path: Path, delimiter: str) -> list[str]:
    with _bytes_of(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        return next(csv.reader(text, delimiter=delimiter), [])


def _know_delimiter(path: Path, first: Sequence[str], table: Table, reading: Reading) -> None:
    """Raise Unreadable if another mark parts the first line into more columns of the contract."""
    known = [name.strip() for name in first]
    if len(known) == 1 and (found := re.fullmatch("sep=(.)?", known[0])):
        written = f" and write `delimiter: {DELIMITERS[found[1]][1]}`" if found[1] in (";", "\t", "|") else ""
        raise Unreadable(f"the first line is 'sep=', not the header: remove that line{written}.")

    def hits(names: Sequence[str]) -> int:
        return sum(theirs is not None for theirs in find_columns(table.columns, names, reading).found.values())

    best, most = reading.delimiter, (hits(known), 0)
    for mark in DELIMITERS:
        try:
            names = [name.strip() for name in _header(path, mark)]
        except csv.Error:
            continue
        score = (hits(names), len(names) if len(known) == 1 else 0)
        if score > most and (score[0] > most[0] or len(names) > 1):
            best, most = mark, score
    if best != reading.delimiter:
        called, written = DELIMITERS[best]
        raise Unreadable(f"the columns are parted by {called}: write `delimiter: {written}`.")


def _undecodable(path: Path) -> str:
    """Return what to do about a file that is not UTF-8; empty if it is."""
    first, foreign, wrong = 0, 0, 0
    with _bytes_of(path) as stream:
        for number, line in enumerate(stream, start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                foreign += 1
            except UnicodeError:
                first, wrong = first or number, wrong + 1
    if not wrong:
        return ""
    if foreign:
        return (
            f"the file holds two encodings: of its lines that are not plain ASCII, {foreign} UTF-8 and {wrong} not, of "
            f"which the first is line {first}. Have it written again in one."
        )
    return f"the file is not UTF-8 (line {first}); it looks like Windows-1252: write `encoding: windows-1252`."


def _longer_rows(path: Path, reading: Reading) -> str:
    """Return what to do about a file whose rows have one cell more than its header."""
    if reading.encoding != "utf-8":
        return ""
    with _bytes_of(path) as stream:
        rows = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), delimiter=reading.delimiter)
        header, second = next(rows, []), next(rows, [])
    if len(second) == len(header) + 1 and second:
        return (
            "the file cannot be read: its rows have one cell more than its header. R writes row names so: have it "
            "written with row.names = FALSE."
        )
    return ""


def _line_ends(path: Path, reading: Reading) -> str:
    """Return what to do about a file whose lines end in two ways; empty if they do not."""
    if reading.encoding != "utf-8":
        return ""
    with _bytes_of(path) as stream:
        ends = {line.endswith(b"\r\n") for line in stream if line.endswith(b"\n")}
    return "the file cannot be read: its lines end in two ways (CRLF and LF)." if len(ends) > 1 else ""
