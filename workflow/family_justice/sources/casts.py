"""SQL that makes the cells of one column what the contract declares, and says of each what had to be done for it.

A cell that is written as it should be takes the short way: one cast. Any other is trimmed, looked up under ``values``,
compared with the words for a missing value, and cast again. Nothing is changed without a mark:

0 as it is, 1 trimmed, 2 made missing, 3 mapped by ``values``, 4 a word of a flag, 5 an identifier without its '.0',
6 no such value, 7 another day, 8 a date whose time of day was cut off, 9 a number whose leading zeros were
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from family_justice.contracts import Column
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.sources.opening import Source
from family_justice.sources.reading import Reading
from family_justice.sql import literal, literals

AS_IT_IS, TRIMMED, MADE_MISSING, MAPPED, FLAG, WHOLE, NO_VALUE, ANOTHER_DAY, TIME_CUT, ZEROS_CUT = range(10)
#: Whole numbers from here on are not all different in floating point of 64 (32) bits.
LAST_WHOLE = {"DOUBLE": 2**53, "FLOAT": 2**24}
BRITAIN = "Europe/London"
_BLANKS = ("' '", "chr(9)", "chr(10)", "chr(13)", "chr(160)")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
#: Codes of flags, as false and true.
_FLAGS = {("0", "1"), ("false", "true"), ("n", "y"), ("no", "yes")}
_INTEGER = "[+-]?[0-9]+([.]0*)?"
_NUMBER = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
_ZONE = "[Zz]|[+-][0-9]{2}(:?[0-9]{2})?"
_CLOCK = "[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_ISO = f"[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}({_CLOCK}( ?({_ZONE}))?)?"
_WITH_ZONE, _OF_UTC = f".*:.*({_ZONE})", ".*:.*([Zz]|[+-]00(:?00)?)"
#: As Db2 exports a timestamp: 2015-01-05-10.30.00.000000.
_DB2_MOMENT = "([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{2})[.]([0-9]{2})[.]([0-9]{2}([.][0-9]+)?)"
_NAMES_OF_UTC = ("UTC", "ETC/UTC", "GMT", "Z", "+00:00")
#: Types of DuckDB that are no cells of a table: bytes, lists and structures.
_NO_CELLS = ("BLOB", "BIT", "STRUCT", "MAP", "UNION")
_SCIENTIFIC = "[+-]?[0-9]+([.][0-9]+)?[eE][+]?[0-9]+"


@dataclass(frozen=True)
class Cast:
    """One column on its way. ``steps`` are lists of ``expression AS name``, each read from the one before; the last one
    gives ``value`` and ``mark``. ``text`` is the cell as text after trimming, of columns that are text."""

    steps: tuple[tuple[str, ...], ...]
    text: str | None = None


def cast_of(place: int, column: Column, source: Source, reading: Reading, values: Mapping[str, str | None]) -> Cast:
    """Return the SQL of a column; names end in ``place`` so that several columns can be read at once."""
    raw, text = source.sql, source.type
    if values and text != "VARCHAR":
        raw, text = f"({_as_text(raw, source.type)})", "VARCHAR"
    if text == "VARCHAR":
        return _of_text(place, column, raw, reading, values)
    value, mark = _of_type(column, source, reading)
    return Cast(
        (
            (f"{raw} AS r{place}",),
            (f"r{place}", f"{value.format(x=f'r{place}')} AS v{place}"),
            (f"v{place} AS value{place}", f"{mark.format(x=f'r{place}', v=f'v{place}')} AS mark{place}"),
        )
    )


def _of_text(place: int, column: Column, raw: str, reading: Reading, values: Mapping[str, str | None]) -> Cast:
    """Return the steps of a column of text: raw, short way, trimmed, meant, value, mark."""
    r, f, t, m, v = (f"{letter}{place}" for letter in "rftmv")
    words = _words(column, reading, values)
    longest = max((len(word.encode()) for word in words), default=0)
    missing = f"{t} = ''" + (f" OR (strlen({t}) <= {longest} AND lower({t}) IN ({literals(words)}))" if words else "")
    mapped = "".join(
        f" WHEN {literal(theirs)} THEN {'NULL' if ours is None else literal(ours)}" for theirs, ours in values.items()
    )
    is_mapped = f"{t} IN ({literals(values)})" if values else "false"
    edge = " OR ".join([f"{r} < '!'", f"starts_with({r}, chr(160))", *(f"ends_with({r}, {b})" for b in _BLANKS)])
    # A column of strings has no short way past trimming; where values are mapped there is none at all.
    short = "NULL" if values or column.type == "string" else _typed(column, r, reading, short=True)
    is_short = short != "NULL"
    done = f" WHEN {f} IS NOT NULL THEN NULL" if is_short else ""
    trimmed = f"CASE{done} WHEN {edge} THEN trim({r}, {' || '.join(_BLANKS)}) ELSE {r} END"
    meant = f"CASE WHEN {missing} THEN NULL ELSE {t} END"
    if mapped:
        meant = f"CASE {t}{mapped} ELSE {meant} END"
    last = f"coalesce({f}, {_typed(column, m, reading)})" if is_short else _typed(column, m, reading)
    flag, other_day = _marks_of_text(column, m, v, reading)
    seen = f"{f} IS NOT NULL OR " if is_short else ""
    mark = (
        f"CASE WHEN {seen}{r} IS NULL THEN {AS_IT_IS} "
        f"WHEN {m} IS NULL THEN CASE WHEN {is_mapped} THEN {MAPPED} ELSE {MADE_MISSING} END "
        f"WHEN {v} IS NULL THEN {NO_VALUE}{other_day} WHEN {is_mapped} THEN {MAPPED}{flag} "
        f"WHEN {r} <> {t} THEN {TRIMMED} ELSE {AS_IT_IS} END"
    )
    return Cast(
        (
            (f"{raw} AS {r}",),
            (r, f"{short} AS {f}"),
            (r, f, f"{trimmed} AS {t}"),
            (r, f, t, f"{meant} AS {m}"),
            (r, f, t, m, f"{last} AS {v}"),
            (f"{v} AS value{place}", f"CAST({mark} AS UTINYINT) AS mark{place}"),
        ),
        m,
    )


def _marks_of_text(column: Column, m: str, v: str, reading: Reading) -> tuple[str, str]:
    """Return the conditions, with their marks, under which the value ``v`` of trimmed text ``m`` is not what the text
    says letter by letter: a flag, a number or a date that lost something; and another day."""
    is_flag = f"lower({m}) IN ({literals((*_TRUE, *_FALSE))}) AND {m} NOT IN ({literals(column.codes or ('',))})"
    changed = f" WHEN {is_flag} THEN {FLAG}" if _flag_codes(column) else ""
    other_day = ""
    if column.type == "string" and column.sensitivity == "identifier":
        changed += f" WHEN {_is_whole(m)} THEN {WHOLE}"
    elif column.type == "integer":
        changed += f" WHEN regexp_matches({m}, '^[+-]?0[0-9]') THEN {ZEROS_CUT}"
    elif column.type == "date":
        moment = _typed(column.model_copy(update={"type": "timestamp"}), m, reading)
        changed += f" WHEN {moment} <> CAST({v} AS TIMESTAMP) THEN {TIME_CUT}"
    if column.type in ("date", "timestamp") and reading.time_zone is None:
        moved = f"CAST({_in_zone(f'TRY_CAST({m} AS TIMESTAMPTZ)', BRITAIN)} AS DATE) <> CAST({v} AS DATE)"
        other_day = f" WHEN regexp_full_match({m}, {literal(_OF_UTC)}) AND {moved} THEN {ANOTHER_DAY}"
    return changed, other_day


def _words(column: Column, reading: Reading, values: Mapping[str, str | None]) -> list[str]:
    """Return the words for missing of a column, in lower case: none that is one of its codes or mapped."""
    kept = {code.casefold() for code in (*(column.codes or ()), *values)}
    return sorted({word.strip().lower() for word in reading.missing if word.strip().casefold() not in kept} - {""})


def _flag_codes(column: Column) -> tuple[str, str] | None:
    """Return the codes for false and true of a column that is a flag."""
    codes = sorted(column.codes or (), key=str.casefold)
    if tuple(code.casefold() for code in codes) not in _FLAGS or column.type not in ("integer", "string"):
        return None
    return codes[0], codes[1]


def _typed(column: Column, text: str, reading: Reading, short: bool = False) -> str:
    """Return SQL that gives text in the declared type, or NULL if it has none; ``short``: in the common form only."""
    if column.type == "string":
        value = text
        if column.sensitivity == "identifier":  # 1.23E+18 was many identifiers once, and 12.0 was 12
            value = (
                f"CASE WHEN lower({text}) LIKE '%e+%' AND regexp_full_match({text}, {literal(_SCIENTIFIC)}) THEN NULL "
                f"WHEN {_is_whole(text)} THEN CASE WHEN {_rounded(text)} THEN NULL ELSE left({text}, -2) END "
                f"ELSE {text} END"
            )
    elif column.type == "integer" and short:
        return f"CASE WHEN CAST(TRY_CAST({text} AS BIGINT) AS VARCHAR) = {text} THEN TRY_CAST({text} AS BIGINT) END"
    elif column.type == "integer":  # '9007199254740993.0' went through floating point
        sound = f"regexp_full_match({text}, {literal(_INTEGER)}) AND NOT ({_rounded(text)})"
        value = f"CASE WHEN {sound} THEN TRY_CAST({text} AS BIGINT) END"
    elif column.type == "number":
        cast = f"TRY_CAST({text} AS DOUBLE)"
        value = f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER)}) AND isfinite({cast}) THEN {cast} END"
    else:
        return _moment(column, text, reading, short)
    flag = _flag_codes(column)
    if flag is None or short:
        return value
    words = f"lower({text}) IN ({literals(_TRUE)})", f"lower({text}) IN ({literals(_FALSE)})"
    if column.type == "integer":
        return f"coalesce({value}, CASE WHEN {words[0]} THEN {flag[1]} WHEN {words[1]} THEN {flag[0]} END)"
    yes, no, codes = literal(flag[1]), literal(flag[0]), literals(column.codes or ())
    read = f"WHEN {words[0]} THEN {yes} WHEN {words[1]} THEN {no}"
    return f"CASE WHEN {text} IN ({codes}) THEN {text} {read} ELSE {text} END"


def _is_whole(text: str) -> str:
    return f"(ends_with({text}, '.0') AND regexp_full_match({text}, '[0-9]+[.]0'))"


def _rounded(text: str) -> str:
    return f"ends_with({text}, '.0') AND abs(TRY_CAST({text} AS DOUBLE)) >= {LAST_WHOLE['DOUBLE']}"


def _moment(column: Column, text: str, reading: Reading, short: bool) -> str:
    """Return SQL for a date or timestamp that is written as text. DuckDB alone would read 04/03/12 as a day of year 4,
    'epoch' as a day of 1970 and '2015-01-05 or so' as a day."""
    target = DUCKDB_TYPES[column.type]
    if short:
        if reading.date_format is not None and reading.date_format.startswith("%Y"):
            return "NULL"
        common = "____-__-__" if column.type == "date" else "____-__-__ __:__:__"
        return f"CASE WHEN {text} LIKE '{common}' AND {text} >= '0' THEN TRY_CAST({text} AS {target}) END"
    iso = f"regexp_full_match({text}, {literal(_ISO)})"
    zoned = f"regexp_full_match({text}, {literal(_WITH_ZONE)})"
    if reading.time_zone is None:  # the clock that is written
        clock = f"TRY_CAST(regexp_replace({text}, {literal(f' ?({_ZONE})$')}, '') AS TIMESTAMP)"
    else:
        clock = _in_zone(f"TRY_CAST({text} AS TIMESTAMPTZ)", reading.time_zone)
    ways = f"WHEN {iso} AND {zoned} THEN CAST({clock} AS {target}) WHEN {iso} THEN TRY_CAST({text} AS {target})"
    plain = f"regexp_replace({text}, {literal(_DB2_MOMENT)}, '\\1 \\2:\\3:\\4')"
    ways += (
        f" WHEN regexp_full_match({text}, {literal(_DB2_MOMENT)}) THEN CAST(TRY_CAST({plain} AS TIMESTAMP) AS {target})"
    )
    if reading.date_format is not None:
        formats = [reading.date_format]
        if "%H" not in reading.date_format and "%I" not in reading.date_format:
            formats += [f"{reading.date_format} {clock}" for clock in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")]
        own = f"CAST(try_strptime({text}, [{literals(formats)}]) AS {target})"
        own = f"CASE WHEN regexp_matches({text}, '^[^:]*[0-9]{{4}}') THEN {own} END"
        if reading.date_format.startswith("%Y"):  # %Y-%d-%m is no ISO 8601: one or the other
            return own
        return f"coalesce({own}, CASE {ways} END)"
    return f"CASE {ways} END"


def _in_zone(moment: str, zone: str) -> str:
    return f"timezone({literal(zone)}, {moment})"


def _as_text(value: str, found: str) -> str:
    """Return a value of another type as text; whole numbers without '.0'."""
    if found in LAST_WHOLE:
        whole = f"{value} = trunc({value}) AND abs({value}) < {LAST_WHOLE[found]}"
        return f"CASE WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE CAST({value} AS VARCHAR) END"
    return f"CAST({value} AS VARCHAR)"


def _of_type(column: Column, source: Source, reading: Reading) -> tuple[str, str]:
    """Return SQL for the value and the mark of a column that is no text; ``{x}`` is the cell, ``{v}`` the value."""
    found, target = source.type, DUCKDB_TYPES[column.type]
    mark = f"CASE WHEN {{x}} IS NOT NULL AND {{v}} IS NULL THEN {NO_VALUE} ELSE {AS_IT_IS} END"
    value = f"CAST(NULL AS {target})"
    if found in LAST_WHOLE:
        mark = mark.replace("CASE", f"CASE WHEN isnan({{x}}) THEN {MADE_MISSING}", 1)
        value = _of_double(column, found) or value
    elif column.type in ("date", "timestamp"):
        zone = reading.time_zone or source.zone or "UTC"
        if found == "TIMESTAMP WITH TIME ZONE":
            value = f"CASE WHEN isfinite({{x}}) THEN CAST({_in_zone('{x}', zone)} AS {target}) END"
            if reading.time_zone is None and zone.upper() in _NAMES_OF_UTC:
                moved = f"CAST({_in_zone('{x}', BRITAIN)} AS DATE) <> CAST({{v}} AS DATE)"
                mark = mark.replace("CASE", f"CASE WHEN {moved} THEN {ANOTHER_DAY}", 1)
        elif found == "DATE" or found.startswith("TIMESTAMP"):
            moment = "{x}" if found == "DATE" else "TRY_CAST({x} AS TIMESTAMP)"
            value = f"CASE WHEN isfinite({moment}) THEN TRY_CAST({{x}} AS {target}) END"
        mark = _with_time_cut(mark, column, found, zone)
    elif column.type == "integer" and found.startswith("DECIMAL"):
        value = "CASE WHEN {x} = trunc({x}) THEN TRY_CAST({x} AS BIGINT) END"
    elif found.endswith("]") or found.startswith(_NO_CELLS):
        pass
    elif column.type == "string" or not found.startswith(("DATE", "TIME")):
        value = f"TRY_CAST({{x}} AS {target})"
    return value, f"CAST({mark} AS UTINYINT)"


def _with_time_cut(mark: str, column: Column, found: str, zone: str) -> str:
    """Return the mark of a timestamp, which also tells of a time of day that a date loses."""
    if column.type != "date" or not found.startswith("TIMESTAMP"):
        return mark
    clock = _in_zone("{x}", zone) if found == "TIMESTAMP WITH TIME ZONE" else "CAST({x} AS TIMESTAMP)"
    return mark.replace("ELSE", f"WHEN {clock} <> CAST({{v}} AS TIMESTAMP) THEN {TIME_CUT} ELSE")


def _of_double(column: Column, found: str) -> str | None:
    """Return SQL for the value of a cell in floating point; None if it has none in this column."""
    if column.type == "integer":
        return f"CASE WHEN {{x}} = trunc({{x}}) AND abs({{x}}) < {LAST_WHOLE[found]} THEN TRY_CAST({{x}} AS BIGINT) END"
    if column.type == "string":
        return f"CASE WHEN NOT isnan({{x}}) AND abs({{x}}) < {LAST_WHOLE[found]} THEN {_as_text('{x}', found)} END"
    return "CASE WHEN isfinite({x}) THEN CAST({x} AS DOUBLE) END" if column.type == "number" else None
