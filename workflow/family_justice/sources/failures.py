"""Say why the cells of a column have no value of its type, and what to write: counts and formats, never a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from family_justice.contracts import Column
from family_justice.sources.casts import LAST_WHOLE
from family_justice.sources.opening import Source
from family_justice.sql import literal

if TYPE_CHECKING:
    import duckdb

_MONTH = "[A-Za-z]{3}"
_TIME = "([ T].*)?"
#: Forms of dates that are no ISO 8601, and the ``date_format`` that reads them.
_FORMS = (
    (f"[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}{_TIME}", "%d/%m/%Y", "%m/%d/%Y"),
    (f"[0-9]{{1,2}}-[0-9]{{1,2}}-[0-9]{{4}}{_TIME}", "%d-%m-%Y", "%m-%d-%Y"),
    (f"[0-9]{{1,2}}[.][0-9]{{1,2}}[.][0-9]{{4}}{_TIME}", "%d.%m.%Y", "%m.%d.%Y"),
    (f"[0-9]{{1,2}}{_MONTH}[0-9]{{4}}([ :].*)?", "%d%b%Y", ""),
    (f"[0-9]{{1,2}}-{_MONTH}-[0-9]{{4}}{_TIME}", "%d-%b-%Y", ""),
    (f"[0-9]{{1,2}} {_MONTH} [0-9]{{4}}{_TIME}", "%d %b %Y", ""),
    ("[0-9]{8}", "%Y%m%d", ""),
)
_SHORT_YEAR = f"([0-9]{{1,2}}([-/.])[0-9]{{1,2}}[-/.][0-9]{{1,2}}|[0-9]{{1,2}}[- ]?{_MONTH}[- ]?[0-9]{{2}}){_TIME}"
_SCIENTIFIC = "[+-]?[0-9]+([.][0-9]+)?[eE][+]?[0-9]+"


def rows_of(number: int) -> str:
    """Return a number of rows in words."""
    return f"{number} row{'' if number == 1 else 's'}"


def why_no_value(
    connection: duckdb.DuckDBPyConnection, column: str, declared: Column, source: Source, text: str | None, rows: int
) -> str:
    """Return one sentence about a column with ``rows`` cells that have no value.

    The table ``failed`` has these cells; ``text`` is its column of trimmed text, None if the column is no text.
    """
    said = f"column '{column}' cannot be read as {declared.type} in {rows_of(rows)}"
    if text is None:
        return _of_type(connection, column, declared, source, said)
    if declared.type in ("integer", "string"):
        wide = _count(connection, text, _SCIENTIFIC)
        if wide:
            return (
                f"{said}: {rows_of(wide)} in the form 1.23E+18, which spreadsheets write, and whose last digits are "
                f"lost. Have the column written as text or whole numbers, from where it came."
            )
        rounded = _number(
            connection, f"ends_with({text}, '.0') AND abs(TRY_CAST({text} AS DOUBLE)) >= {LAST_WHOLE['DOUBLE']}"
        )
        return f"{said}: {_beyond(rounded, 'DOUBLE')}" if rounded else _values(said, declared)
    if declared.type == "number":
        commas = _count(connection, text, "[+-]?[0-9]+,[0-9]+")
        return (
            f"{said}: {rows_of(commas)} with a decimal comma. Have them written with a point." if commas else f"{said}."
        )
    short = _count(connection, text, _SHORT_YEAR)
    if short:
        return (
            f"{said}: {rows_of(short)} with a year of two digits, which leaves the century open. Have the column "
            f"written with four (YYYY-MM-DD)."
        )
    return said + _form(connection, text)


def another_day(column: str, rows: int) -> str:
    """Return one sentence about timestamps in UTC whose day in Britain is another."""
    return (
        f"column '{column}' has a time in UTC whose day in Britain is another in {rows_of(rows)}. Write `time_zone: "
        f"Europe/London` if the records mean British time, or `time_zone: UTC` if they do not."
    )


def _values(said: str, declared: Column) -> str:
    if declared.codes:
        return f"{said}. If these are words for its codes ({', '.join(declared.codes)}), write them under 'values'."
    return f"{said}."


def _form(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    for form, day_first, month_first in _FORMS:
        rows = _count(connection, text, form)
        if not rows:
            continue
        if not month_first:
            return f': {rows_of(rows)} in another form. Write `date_format: "{day_first}"`.'
        first, second = (
            _number(
                connection,
                f"regexp_full_match({text}, {literal(form)}) AND "
                f"TRY_CAST(regexp_extract({text}, '^{skip}([0-9]+)', 1) AS INTEGER) > 12",
            )
            for skip in ("", "[0-9]+[-/.]")
        )
        if first and second:
            return f": {rows_of(rows)} in another form, some with the day first and some with the month."
        if first or second:
            return f': {rows_of(rows)} in another form. Write `date_format: "{day_first if first else month_first}"`.'
        return (
            f': {rows_of(rows)} in another form. Write `date_format: "{day_first}"` if the day stands first, '
            f'"{month_first}" if the month does: it cannot be told from these.'
        )
    if _count(connection, text, "[0-9]{5}([.]0)?"):
        return ": they look like the day numbers of a spreadsheet. Have them written as dates (YYYY-MM-DD)."
    return ". If they are written in one other way, say so by 'date_format'."


def _of_type(connection: duckdb.DuckDBPyConnection, column: str, declared: Column, source: Source, said: str) -> str:
    if source.type in LAST_WHOLE and declared.type in ("integer", "string"):
        beyond = _number(connection, f"isfinite(cell) AND abs(cell) >= {LAST_WHOLE[source.type]}")
        if beyond:
            return f"{said}: {_beyond(beyond, source.type)}"
    return f"{said}: its type in the file is {source.type}."


def _beyond(rows: int, kind: str) -> str:
    power = {"DOUBLE": "2^53", "FLOAT": "2^24"}[kind]
    return (
        f"it went through floating point, and beyond {power} ({rows_of(rows)}) different numbers become one. Have the "
        f"column written as whole numbers or text, from where it came."
    )


def _count(connection: duckdb.DuckDBPyConnection, text: str, pattern: str) -> int:
    return _number(connection, f"regexp_full_match({text}, {literal(pattern)})")


def _number(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM failed WHERE {condition}").fetchone()
    return int(row[0]) if row else 0
