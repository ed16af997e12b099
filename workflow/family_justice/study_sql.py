"""SQL that a study writes: steps, tables, events, covariates, calibration. All of it is checked and run here.

A text is one SELECT (or one expression), checked by itself before it is put into a statement, so that nothing in it can
close a bracket or start a second statement. It reads the declared tables and the code lists by their names, and calls
only functions that give the same value in every run. ``problems_of`` says what is wrong without a record at hand: the
configuration is checked by it before any job. ``StudySql`` runs it, on a connection that can open the declared files
and no other, and cannot be changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from family_justice import rooms
from family_justice.errors import PipelineError, did_you_mean
from family_justice.files import connect
from family_justice.sql import identifier, literal, literals

if TYPE_CHECKING:
    import duckdb

#: What stands at a place of the configuration: a whole SELECT, or one expression.
Place = Literal["select", "expression"]

_COMMENT = re.compile(r"--[^\n]*")
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_WORD = re.compile(r"\w+")

# --- what SQL of a study may not say ----------------------------------------------------------------------------------

#: Functions whose value is not that of the records, by what to write instead. A test holds this beside the functions
#: that DuckDB itself calls volatile, and the macros that call these.
REFUSED = {
    "order by a column of the records, which is the same in every run": (
        *("random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "nextval", "currval"),
        *("reservoir_quantile",),
    ),
    "write the day as a definition, and read it as $name": (
        *("now", "today", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
        *("get_current_time", "get_current_timestamp", "transaction_timestamp", "ago", "pg_postmaster_start_time"),
        *("pg_conf_load_time",),
    ),
    "write age_in_years(born, day), or date_diff with both days; with one of them it counts to today": ("age",),
    "a study depends on its records and definitions alone; remove it": (
        *("current_connection_id", "current_query", "current_query_id", "current_transaction_id", "txid_current"),
        *("current_database", "current_catalog", "current_schema", "current_schemas", "current_role", "current_user"),
        *("session_user", "user", "in_search_path", "current_setting", "getvariable", "getenv", "version"),
        *("sleep_ms", "pg_sleep", "write_log", "stats", "error", "getsecret", "which_secret", "get_block_size"),
        *("inet_client_addr", "inet_client_port", "inet_server_addr", "inet_server_port", "add_parquet_key"),
        *("pg_get_viewdef", "pg_get_constraintdef", "pg_my_temp_schema", "pg_is_other_temp_schema"),
        *("format_pg_type", "format_type", "map_to_pg_oid"),
    ),
}  # fmt: skip
_INSTEAD = {name: instead for instead, names in REFUSED.items() for name in names}
#: How names of DuckDB's own tables, and those of steps, begin.
_OF_DUCKDB = ("duckdb_", "sqlite_", "pg_", "pragma_", "information_schema", "step_")
#: Those that SQL calls without brackets, so that they look like a column.
_LIKE_COLUMNS = {
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "user", "session_user"),
    *("current_user", "current_role", "current_catalog", "current_schema"),
}
#: What may stand after FROM with brackets; all else reads files, settings or other SQL.
TABLE_FUNCTIONS = ("generate_series", "range", "unnest")


def parameters_in(sql: str) -> set[str]:
    """Return the names that SQL reads as ``$name``; comments do not count."""
    return set(_PARAMETER.findall(_COMMENT.sub("", sql)))


def problems_of(sql: str, place: Place, tables: Collection[str]) -> list[str]:
    """Return what is wrong with SQL of a study, without running it.

    ``place``: whether a whole SELECT stands there or one expression; ``tables``: the names that it may read.
    """
    return _problems(_reader(), sql, place, {name.lower() for name in tables})


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """Return a connection that only takes SQL apart."""
    return connect()


def _problems(connection: duckdb.DuckDBPyConnection, sql: str, place: Place, tables: Collection[str]) -> list[str]:
    import duckdb

    text = sql if place == "select" else f"SELECT\n{sql}\n"
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as error:
        return [_said(error, sql, tables, 0 if place == "select" else 1)]
    if len(statements) != 1:
        return [
            f"there are {len(statements)} statements; write one SELECT (a PIVOT that takes its columns from the "
            "values of the records counts as two: write them out, PIVOT ... ON column IN ('a', 'b'))"
        ]
    if statements[0].type != duckdb.StatementType.SELECT:
        return [f"this is {statements[0].type.name}; write one SELECT, which is all that SQL of a study can be"]
    tree = _tree(connection, text)
    if place == "select" and _tree(connection, f"SELECT * FROM (\n{_bare(sql)}\n)") is None:
        return ["it does not stand in brackets; end it with its last word, without ';' and a comment after it"]
    # An expression stays what it is in brackets: a clause, a second column or a name of a column do not.
    if place == "expression" and tree != _tree(connection, f"SELECT (\n{sql}\n)"):
        return ["write one expression, a value for each row, without FROM, AS, WHERE or a comma outside brackets"]
    found = list(_nodes(tree))
    named = _given(found)
    # A name given in one place of a statement is known in all of it, and must not be one of DuckDB's own or of a file.
    if any(not re.fullmatch(r"[a-z_]\w*", name) or name.startswith(_OF_DUCKDB) for name in named):
        return ["a table of WITH has a name of DuckDB's own or of a file; give it a plain name of yours"]
    return list(dict.fromkeys(problem for node in found for problem in _wrong(node, {*tables, *named}, tables)))


def _given(found: list[Any]) -> set[str]:
    """Return the names that WITH gives to tables."""
    named = {str(entry["key"]).lower() for node in found for entry in node.get("cte_map", {}).get("map", [])}
    return named | {str(node["cte_name"]).lower() for node in found if "cte_name" in node}


def _bare(sql: str) -> str:
    """Return SQL without the semicolon that may end it."""
    return sql.rstrip().rstrip(";")


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """Return a SELECT taken apart, as DuckDB does before it looks at any table; None if it is none."""
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    read = json.loads(row[0] if row else "{}")
    return None if read.get("error", True) else _without_places(read)


def _without_places(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_without_places(part) for part in tree]
    if isinstance(tree, dict):
        return {key: _without_places(part) for key, part in tree.items() if key != "query_location"}
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a SELECT, itself included."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def _wrong(node: dict[str, Any], readable: Collection[str], tables: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with one part of a SELECT."""
    kind, function = node.get("type"), str(node.get("function_name", "")).lower()
    if kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            yield (
                f"'{name}' cannot stand after FROM: SQL reads the tables of its source and the code lists by their "
                f"names. {did_you_mean(name, TABLE_FUNCTIONS)}"
            )
    elif function in _INSTEAD:
        yield f"'{function}' is not allowed, as its value is not one of the records: {_INSTEAD[function]}"
    columns = node.get("column_names", [])
    if kind == "COLUMN_REF" and len(columns) == 1 and str(columns[0]).lower() in _LIKE_COLUMNS:
        name = str(columns[0]).lower()
        yield f"'{name}' is not allowed, as its value is not one of the records: {_INSTEAD[name]}"
    if kind == "BASE_TABLE":
        name, parts = str(node["table_name"]), [node.get("catalog_name"), node.get("schema_name")]
        if any(parts):
            yield f"table '{name}': write the name alone, without database or schema"
        elif name.lower() not in readable:
            yield f"there is no table '{name}' to read here. {did_you_mean(name, tables)}"
    if kind == "SHOW_REF":
        yield "DESCRIBE, SHOW and SUMMARIZE are not allowed; write a SELECT"
    if kind == "PIVOT" and any(pivot.get("pivot_enum") for pivot in node.get("pivots", [])):
        yield "PIVOT: write the columns out, ON column IN ('a', 'b')"
    if node.get("sample"):
        yield "a sample is another one in each run; take rows by a condition, such as hash(person_id) % 10 = 0"


# --- words of errors --------------------------------------------------------------------------------------------------

#: Words of DuckDB's own sentences. What an error says beyond these and the SQL may be a value of a record.
_DUCKDB_WORDS = frozenset(
    _WORD.findall(
        """a aggregate aggregates alias allowed ambiguous an and any argument arguments array as at be because before
        bigint binder blob boolean by call called can cannot case cast casts catalog child clause clauses column columns
        comparison contain contains could data date decimal defined did different does distinct double duplicate either
        element end error exist exists explicit expression expressions failed find for found from function functions
        given group grouping has have having if in input integer interval invalid is it join key lambda left limit list
        macro match matches mean might mixed more must name named near need nested no non not number numbers of on one
        only operands operator or order output over parameter parameters parser part position qualify query referenced
        required requires result return returned returns right row rows same scalar schema select set should side
        statement struct subqueries subquery support supported syntax table tables than that the this timestamp to too
        type types undefined union unique unnest unrecognized use used using value values varchar where which window
        with within without yet you your add any_value appear boolean compare double exact expected explicitly first
        float hugeint important integer_literal mixing numeric real smallint string string_literal time tinyint trying
        ubigint uinteger"""
    )
)
_CANDIDATES = re.compile(r'(?:Candidate (?:bindings|functions|macros)|Did you mean)[^"\n]*:?', re.IGNORECASE)


def told_words(message: str, known: Iterable[str]) -> str:
    """Return a sentence of DuckDB with every word left out that is neither DuckDB's own nor among the ``known`` words.

    The words that are left out become a number, also those of its candidates.
    """
    sentence, *candidates = _CANDIDATES.split(" ".join(message.split("LINE ")[0].split()), maxsplit=1)
    known = list(known)
    words = _DUCKDB_WORDS | {word.lower() for text in known for word in _WORD.findall(text)}
    left_out = 0

    def told(match: re.Match[str]) -> str:
        nonlocal left_out
        if match.group().lower() in words:
            return match.group()
        left_out += 1
        return "…"

    said = _WORD.sub(told, sentence).strip(" !.")
    # What stands between the words that were left out belonged to them.
    said = re.sub(r"…(?:[^\w…]*…)+", "…", said)
    numbers = [f"{left_out} word{'s' if left_out > 1 else ''} left out: no words of this SQL"] if left_out else []
    if candidates and (named := re.findall(r'"([^"]*)"', candidates[0])):
        numbers.append(f"candidates: {', '.join(told_names(named, known))}")
    return said + (f" ({'; '.join(numbers)})" if numbers else "")


def told_names(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return names as a message may list them: those among the ``known`` words, and the number of the others."""
    words = {word.lower() for text in known for word in _WORD.findall(text)}
    listed = sorted(set(names))
    safe = [name for name in listed if {word.lower() for word in _WORD.findall(name) or [name]} <= words]
    others = len(listed) - len(safe)
    return [*safe, *([f"{others} whose names stand in no SQL and no contract"] if others else [])]


def _said(error: Exception, sql: str, known: Iterable[str], lines_before: int) -> str:
    """Return what DuckDB finds wrong with a statement, and in which line and column of the SQL as it is written."""
    line, column = _place_in(str(error), sql, lines_before)
    place = f"line {line}" + (f", column {column}" if column else "") + ": " if line else ""
    return place + told_words(str(error), [sql, *known]) + _of_quotes(str(error), sql)


def _of_quotes(message: str, sql: str) -> str:
    """Return what to write if a value stands in the quotes of names."""
    found = re.search(r'Referenced column "([^"]*)" not found', message)
    if found is None or f'"{found[1]}"' not in sql:
        return ""
    return f". Double quotes are for names of columns; if it is a value, write {literal(found[1])}"


def _place_in(message: str, sql: str, lines_before: int) -> tuple[int, int]:
    """Return line and column that DuckDB points at (``LINE 3: text`` with a caret below), from 1; 0 if not known."""
    shown = re.search(r"\bLINE (\d+): ([^\n]*)(?:\n( *)\^)?", message)
    if not shown:
        return 0, 0
    line = max(1, int(shown.group(1)) - lines_before)
    written = [*sql.split("\n"), *line * [""]][line - 1]
    # A long line is shown in part, between dots.
    part, before = shown.group(2).strip(), len(shown.group(2)) - len(shown.group(2).lstrip())
    dots = 3 if part.startswith("...") else 0
    start = written.find(part[dots:].removesuffix("..."))
    if shown.group(3) is None or start < 0:
        return line, 0
    column = start + len(shown.group(3)) - len(f"LINE {shown.group(1)}: ") - before - dots + 1
    return line, column if 0 < column <= len(written) + 1 else 0


def _of_texts(values: Mapping[str, Any]) -> str:
    """Return which definitions are text, with which no number or day can be compared."""
    names = [f"${name}" for name, value in values.items() if isinstance(value, str)]
    if not names:
        return ""
    return (
        f". Text is {', '.join(names)}: if it is a number or a day, write it under 'definitions' as 90 or 2021-04-30, "
        "without quotes"
    )


# --- running it -------------------------------------------------------------------------------------------------------


class StudySql:
    """A connection for SQL of a study: one view per table and code list, the macros, and nothing else to open.

    Parameters
    ----------
    tables
        View name -> Parquet file of the tables that SQL may read.
    codelists
        Folder whose CSV files SQL may read as tables; None for none.
    macros
        SQL of the macros that it may call.
    writes
        Files that the library, not the SQL, will write by this connection.
    about, error
        What messages start with, and the class of the errors that they are.
    values
        What SQL reads as ``$name``.
    words
        Further names that messages may quote: those that the configuration writes.
    """

    def __init__(
        self,
        tables: Mapping[str, Path],
        codelists: Path | None,
        macros: str,
        writes: Iterable[Path],
        about: str,
        error: type[PipelineError],
        values: Mapping[str, Any] | None = None,
        words: Iterable[str] = (),
    ) -> None:
        self.connection, self.files = connect(tables, checked=False), dict(tables)
        self.about, self.error, self.values = about, error, values or {}
        lists = sorted(codelists.glob("*.csv")) if codelists else []
        for path in lists:
            reading = f"SELECT * FROM read_csv({literal(path)}, header = true)"
            self.connection.execute(f"CREATE VIEW {identifier(path.stem)} AS {reading}")
        self.connection.execute(macros)
        self.readable = {name.lower() for name in (*tables, *(path.stem for path in lists))}
        # Tables of the contracts and code lists: their columns are no values of records. Cohorts are made by SQL.
        fixed = [name for name in tables if name not in ("base", "cohort")]
        self.words = {*words, macros, *self.readable, *(c for name in fixed for c in self.columns(name))}
        self._close([*tables.values(), *lists, *writes])

    def _close(self, files: Iterable[Path]) -> None:
        """Let the connection open these files and no other, and let no statement change that."""
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f"SET allowed_paths = [{literals(dict.fromkeys(files))}]")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def check_whole(self, sql: str) -> None:
        """Raise ``DamageError`` if the file of a table that SQL names is not as it was written; look at each once."""
        words = {word.lower() for word in _WORD.findall(sql)}
        for name in [name for name in self.files if words & set(_WORD.findall(name.lower()))]:
            rooms.check(self.files.pop(name))

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of a table with their types."""
        return {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE {identifier(table)}").fetchall()}

    def count(self, sql: str) -> int:
        """Return the number that SQL of the library gives; what it reads is checked as for SQL of the study."""
        self.check_whole(sql)
        try:
            row: Any = self.connection.execute(sql).fetchone()
        except Exception as error:
            raise PipelineError(f"{self.about}: a count failed ({type(error).__name__})") from None
        return int(row[0])

    def make(self, table: str, sql: str, where: str, around: str = "{}", place: Place = "select") -> None:
        """Make a table of SQL of a study; ``around``: the library's SELECT with ``{}`` for it."""
        self._run(f"CREATE TEMP TABLE {identifier(table)} AS {around}", sql, where, place)

    def rows(self, sql: str, where: str) -> list[dict[str, Any]]:
        """Return the rows of SQL of a study, by column."""
        result = self._run("{}", sql, where, "select")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _run(self, around: str, sql: str, where: str, place: Place) -> duckdb.DuckDBPyConnection:
        """Check SQL and run it inside ``around``.

        DuckDB's words are passed on only where they speak of the statement, and only words that stand in the SQL, in
        the contracts or in the configuration.
        """
        import duckdb

        written = f"{self.about}, {where}"
        if problems := _problems(self.connection, sql, place, self.readable):
            raise self.error(f"{written}: the SQL cannot be run. {'; '.join(problems)}")
        self.check_whole(f"{around} {sql}")
        values = {name: self.values[name] for name in sorted(parameters_in(sql))}
        before, _, after = around.partition("{}")
        statement = f"{before}\n{_bare(sql)}\n{after}"
        try:
            return self.connection.execute(statement, values) if values else self.connection.execute(statement)
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            lines_before = before.count("\n") + 1
            wrong = self.error(f"{written}: the SQL cannot be run. {_said(error, sql, self.words, lines_before)}")
            wrong.line, _ = _place_in(str(error), sql, lines_before)
            raise wrong from None
        except duckdb.OutOfMemoryException:
            raise  # no fault of the SQL; its words are those of the job
        except duckdb.Error as error:
            raise self.error(
                f"{written}: the SQL failed on the records ({type(error).__name__}). "
                "Its message may quote a record and is not shown; check casts, divisions and scalar subqueries"
                + _of_texts(values)
            ) from None
