"""CSV and Parquet files become a typed snapshot of the declared columns.

A snapshot is all or nothing. CSV has a header; plain, ``.gz`` or ``.bz2``; how else it is written, its source says
(``Reading``). What is read otherwise than it is written is counted (``Repair``); what cannot be read without doubt is
an error that says what to write. Dates never pass through pandas: a week of birth with a century typo (7985 for 1985)
is a legal date that overflows its nanoseconds.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from family_justice.contracts import Column, Table, source_tables
from family_justice.contracts.check import find_problems
from family_justice.errors import ContractError, did_you_mean, report_together
from family_justice.files import connect, write_parquet
from family_justice.rooms import move
from family_justice.sources.casts import ANOTHER_DAY, MADE_MISSING, NO_VALUE, Cast, cast_of
from family_justice.sources.failures import another_day, rows_of, why_no_value
from family_justice.sources.names import (
    Lacking,
    Named,
    find_columns,
    how_to_settle,
    may_be_a_record,
    say_missing,
    say_shared,
)
from family_justice.sources.opening import PARQUET, Source, Unreadable, open_file, twice, why_unreadable
from family_justice.sources.reading import REPAIRS, Reading, Repair
from family_justice.sql import identifiers

if TYPE_CHECKING:
    import duckdb

#: A problem of more files than these is told once.
SAME_OF_MANY = 3
NO_HEADER = (
    "the first line has none of the names of the contract, and is not shown, since it may be a record. If the file has "
    "no header, have it written with one; if all its names differ, write them under 'renamed'. Wanted: "
)


@dataclass
class Snapshot:
    """What was written: ``rows`` by table, and which cells were read otherwise than they are written."""

    rows: dict[str, int] = field(default_factory=dict)
    repairs: list[Repair] = field(default_factory=list)


@dataclass
class _Loaded:
    """What came of one file: problems, names that are missing, repairs."""

    problems: list[str] = field(default_factory=list)
    lacking: Lacking | None = None
    repairs: list[Repair] = field(default_factory=list)


def snapshot(
    tables: Mapping[str, Table],
    paths: Mapping[str, Path],
    folder: Path,
    in_order: bool = False,
    readings: Mapping[str, Reading] | None = None,
) -> Snapshot:
    """Write one typed Parquet file per table.

    Only declared columns are taken, in the order and spelling of the contract. ``in_order`` sorts the rows by all
    columns: a database gives them in any order. ``readings`` say by table how its file differs from its contract.
    Raises one ContractError with the problems of all tables; then nothing is written.
    """
    readings = readings or {}
    problems = [
        f"'{name}' is not a table of the contract. {did_you_mean(name, tables)}" for name in paths if name not in tables
    ]
    problems += [f"table '{name}' has no file." for name in tables if name not in paths]
    report_together("files source", problems, ContractError)

    folder.mkdir(parents=True, exist_ok=True)
    made, lacking = Snapshot(), {}
    found: dict[str, list[str]] = {}  # which files have the same problem
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as scratch_name:
        scratch = Path(scratch_name)
        for name, table in tables.items():
            path = Path(paths[name])
            with connect() as connection:
                loaded = _load(connection, table, path, readings.get(name, Reading()), scratch)
                for problem in loaded.problems:
                    found.setdefault(problem, []).append(f"{name} ({path.name})")
                made.repairs += loaded.repairs
                if loaded.lacking is not None:
                    lacking[name] = loaded.lacking
                if not found:  # once something is wrong only the problems matter
                    query = f"SELECT {identifiers(table.columns)} FROM loaded{' ORDER BY ALL' if in_order else ''}"
                    made.rows[name] = write_parquet(connection, query, scratch / f"{name}.parquet")
        try:
            report_together("files source", _together(found), ContractError)
        except ContractError as error:
            raise ContractError("\n".join([str(error), *filter(None, [how_to_settle(lacking, readings)])])) from None
        for name in tables:
            move(scratch / f"{name}.parquet", folder / f"{name}.parquet")
    return made


def _together(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one sentence for each problem and file, but one for a problem of many files, which has one cause."""
    said = []
    for problem, files in found.items():
        if len(files) > SAME_OF_MANY:
            said.append(f"{', '.join(files[:SAME_OF_MANY])} and {len(files) - SAME_OF_MANY} more: {problem}")
        else:
            said += [f"{file}: {problem}" for file in files]
    return said


def _load(connection: duckdb.DuckDBPyConnection, table: Table, path: Path, reading: Reading, scratch: Path) -> _Loaded:
    """Make the table ``loaded`` from a file and return what is wrong with it, and what was repaired."""
    import duckdb

    if not path.is_file():
        return _Loaded(["no such file."])
    try:
        sources = open_file(connection, path, table, reading, scratch)
        named = find_columns(table.columns, [source.name for source in sources], reading)
        doubled = twice(sources, named.found.values())
        if doubled:
            return _Loaded([f"the header has '{name}' more than once." for name in doubled])
        if shared := say_shared(named):
            return _Loaded(shared)
        loaded = _Loaded()
        if named.missing:
            loaded.lacking = Lacking(table.columns, named, reading)
            if path.suffix.lower() not in PARQUET and may_be_a_record(loaded.lacking):
                return _Loaded([NO_HEADER + ", ".join(table.columns) + "."])
            loaded.problems.append(say_missing(loaded.lacking))
        _cast(connection, table, sources, named, reading, loaded)
        loaded.problems += _wrong_number(connection, reading)
    except Unreadable as cause:
        return _Loaded([str(cause)])
    except (duckdb.Error, UnicodeError, csv.Error, EOFError, OSError) as error:
        return _Loaded([why_unreadable(path, reading, error)])
    return loaded


def _cast(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    sources: Sequence[Source],
    named: Named,
    reading: Reading,
    loaded: _Loaded,
) -> None:
    """Make the table ``loaded`` with the types of the contract in one pass over the file, and count what was done."""
    present = {name: column for name, column in table.columns.items() if name in named.found}
    if not present:
        connection.execute("CREATE TABLE loaded AS SELECT NULL AS nothing WHERE false")
        return
    by_name = {source.name.lower(): source for source in reversed(sources)}
    by_name |= {source.name: source for source in reversed(sources)}
    empty = Source("", "NULL::VARCHAR", "VARCHAR")
    origin = {name: empty if theirs is None else by_name[theirs] for name, theirs in named.found.items()}
    values = {name.lower(): mapping for name, mapping in reading.values.items()}
    casts = [
        cast_of(place, column, origin[name], reading, values.get(name.lower(), {}))
        for place, (name, column) in enumerate(present.items())
    ]
    last = ", ".join(f'value{place} AS "{name}", mark{place}' for place, name in enumerate(present))
    connection.execute(f"CREATE TABLE loaded AS SELECT {last} FROM ({_nested(casts, 'source')})")
    counts = _counts(connection, list(present))
    wrong = set()
    for place, (name, column) in enumerate(present.items()):
        found = counts[name]
        loaded.repairs += [
            Repair(table.name, name, repair, found[mark]) for mark, repair in REPAIRS.items() if found.get(mark)
        ]
        if found.get(NO_VALUE):
            wrong.add(name)
            text = _failed(connection, casts[place], place)
            said = why_no_value(connection, name, column, origin[name], text, found[NO_VALUE])
            loaded.problems.append(said)
        if found.get(ANOTHER_DAY):
            loaded.problems.append(another_day(name, found[ANOTHER_DAY]))
    loaded.problems += _content(connection, table, present, wrong, counts)


def _wrong_number(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[str]:
    """Return a sentence if there are not as many rows as the source says that there are."""
    ((rows,),) = connection.execute("SELECT count(*) FROM loaded").fetchall()
    if reading.rows is None or rows == reading.rows:
        return []
    return [f"the file has {rows_of(rows)}, and 'rows' says {reading.rows}: it was cut, or is of another delivery."]


def _nested(casts: Sequence[Cast], relation: str) -> str:
    """Return a SELECT that takes the steps of all columns, each step from the one before."""
    query, most = relation, max(len(cast.steps) for cast in casts)
    for step in range(most):
        # A column with fewer steps takes its first ones early and waits.
        taken = [
            part
            for cast in casts
            for part in (
                cast.steps[step] if step < len(cast.steps) else [part.rsplit(" AS ", 1)[-1] for part in cast.steps[-1]]
            )
        ]
        query = f"SELECT {', '.join(taken)} FROM {query if step == 0 else f'({query})'}"
    return query


def _counts(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, dict[int, int]]:
    """Return, by column, in how many rows each mark stands."""
    marks = sorted({*REPAIRS, NO_VALUE, ANOTHER_DAY})
    asked = ", ".join(f"count(*) FILTER (WHERE mark{place} = {mark})" for place in range(len(names)) for mark in marks)
    row = connection.execute(f"SELECT {asked} FROM loaded").fetchone()
    assert row is not None
    return {
        name: dict(zip(marks, row[place * len(marks) : (place + 1) * len(marks)], strict=True))
        for place, name in enumerate(names)
    }


def _failed(connection: duckdb.DuckDBPyConnection, cast: Cast, place: int) -> str | None:
    """Make the table ``failed`` of the cells of a column without a value; return its column of text, if any."""
    cell = cast.text or f"r{place}"
    # The cell goes along to the last step.
    steps = Cast((*cast.steps[:-1], (*cast.steps[-1], cell)))
    connection.execute(
        f"CREATE OR REPLACE TABLE failed AS SELECT {cell} AS cell FROM ({_nested([steps], 'source')}) "
        f"WHERE mark{place} = {NO_VALUE}"
    )
    return "cell" if cast.text is not None else None


def _content(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    present: Mapping[str, Column],
    wrong: set[str],
    counts: Mapping[str, Mapping[int, int]],
) -> list[str]:
    """Return how the content departs from the contract. What only follows from cells without a value is left out."""
    problems = []
    # Harmonisation reads the codes of source tables in any case; tables of one's own are read as they are.
    any_case = table.name in source_tables()
    checked = table.model_copy(update={"columns": dict(present)})
    for finding in find_problems(connection, "loaded", checked, any_case=any_case):
        if not finding.is_error or wrong & set(finding.column.split(", ")):
            continue
        words = counts.get(finding.column, {}).get(MADE_MISSING, 0)
        said = finding.message
        if finding.rule == "empty_required" and words:
            said += f" In {rows_of(words)} it is blank or one of the words for missing; see 'missing'."
        if finding.rule == "unknown_code":
            said += " Write other words for them under 'values'."
        problems.append(said)
    return problems
