"""Run the steps of a cohort, count its members after each, and add the dates of its events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from family_justice.behind import Behind, printer_of
from family_justice.cohorts.matching import MATCHED, bind_matching, match_members
from family_justice.config.base import sql_of
from family_justice.config.schema import Cohort, Stream
from family_justice.errors import CohortError, PipelineError, did_you_mean, report_together
from family_justice.files import partial_of, write_csv, write_parquet
from family_justice.kinds.attrition.model import COMPARISON, Attrition, matching_rows
from family_justice.kinds.families.states import states_column
from family_justice.prints import NO_SALT, Counted
from family_justice.results import behind_file, tidy
from family_justice.sql import identifier, identifiers, literal
from family_justice.study_sql import StudySql, told_names

if TYPE_CHECKING:
    import duckdb

MACROS = Path(__file__).with_name("macros.sql")
#: What a person is called, so that the same one has the same name in every cohort: by table, the column, and those that
#: come first where they are known.
PERSONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "person": ("person_id", ()),
    "resident": ("resident_id", ("person_id",)),
    "looked_after_episode": ("looked_after_id", ("person_id", "resident_id")),
}


def open_tables(
    stream: Stream, name: str, tables: Mapping[str, Path], codelists: Path | None, writes: Iterable[Path]
) -> StudySql:
    """Return what SQL of a cohort reads: tables, code lists, the macros of ``macros.sql``, and the definitions of the
    stream as ``$parameters``. ``writes``: the files that will be written of it."""
    return StudySql(
        tables,
        codelists,
        MACROS.read_text(encoding="utf-8"),
        [partial_of(path) for path in writes],
        about=f"stream '{stream.stream}', cohort '{name}'",
        error=CohortError,
        values={definition: stream.definitions[definition].value for definition in stream.definitions},
        words=words_of(stream.cohorts[name]),
    )


def words_of(cohort: Cohort) -> list[str]:
    """Return the words of a cohort that messages may quote: its SQL, its key and its names."""
    return [
        *cohort.key,
        *(cohort.time_zero or "", *cohort.events, *cohort.tables, *cohort.covariates),
        *(text for _, text, _ in sql_of(cohort)),
    ]


def extract_cohort(
    stream: Stream,
    name: str,
    tables: Mapping[str, Path],
    codelists: Path | None,
    cohort_path: Path,
    attrition_path: Path,
    salt: bytes = NO_SALT,
) -> int:
    """Write one cohort as Parquet and its attrition as tidy rows, with what stands behind these (``behind``);
    return the number of members.

    Parameters
    ----------
    stream, name
        The study and the name of one of its cohorts.
    tables
        View name -> Parquet file of the tables that the SQL may read.
    codelists
        Folder whose CSV files SQL may read as tables; None for none.
    salt
        The salt of the records (``prints``).

    Raises
    ------
    CohortError
        For SQL that cannot run, a key that is missing, empty or not unique, a person who is none of the records', a
        step that adds members, an event with two dates for one member (two on one day, if it repeats) or a date before
        time zero, and for an empty cohort.
    """
    cohort = stream.cohorts[name]
    where = f"stream '{stream.stream}', cohort '{name}'"
    study = open_tables(stream, name, tables, codelists, [cohort_path])
    connection = study.connection
    attrition: list[tuple[str, str, Behind]] = []
    if cohort.base:
        # Whoever starts from another cohort is counted from there, so that the first step shows whom it leaves out;
        # rows that are parts of its members, such as periods, are no step from these.
        study.check_whole("base")
    if cohort.base and not set(stream.cohorts[cohort.base].key) < set(cohort.key):
        attrition.append(("", "base", count_members(connection, "base", stream.cohorts[cohort.base], salt)))
    attrition += _run_steps(study, cohort, where, salt)
    attrition += _make_members(study, cohort, where, salt)
    _require_persons(study, cohort, where)
    for helper in cohort.tables:
        _make_helper(study, cohort, helper)
    _require_date(study, "cohort", cohort, where)
    _require_time_zero(study, cohort, where)
    problems = [problem for event in cohort.events for problem in _add_event(study, cohort, event)]
    report_together(where, problems, CohortError)
    members = write_parquet(connection, _with_dates(cohort), cohort_path)
    columns = {"analysis": Attrition.name_of(name), "kind": Attrition.kind, "cohort": name, "measure": "count"}
    rows = [{"group": group, "term": term, "n": int(found.count[0])} for group, term, found in attrition]
    write_csv(tidy(rows, stream=stream.stream, **columns), attrition_path)
    Behind.together([found for *_, found in attrition]).write(behind_file(attrition_path))
    return members


def bind_cohort(study: StudySql, cohort: Cohort, cohort_path: Path) -> dict[str, PipelineError]:
    """Run all SQL of a cohort on tables without rows, and write the cohort without members as Parquet if it can run;
    return what is wrong, by place (``steps.alive``), nothing if nothing is.

    ``study``: of ``open_tables``; its view ``cohort`` is then what covariates read. What is done is what
    ``extract_cohort`` does, but for counting people and choosing comparison people.
    """
    where = study.about
    wrong: dict[str, PipelineError] = {}

    def tried(place: str, make: Callable[[], Any]) -> None:
        try:
            report_together(where, make() or [], CohortError)
        except PipelineError as error:
            wrong[place] = error

    for position, step in enumerate(cohort.steps):
        if not wrong:  # a step reads the one before it
            tried(f"steps.{step.name}", partial(_make_step, study, cohort, position, where))
    if not wrong and cohort.matching:
        last = f"step_{len(cohort.steps) - 1}"
        tried("time_zero", partial(_require_date, study, "previous", cohort, where))
        if not wrong:
            tried("matching.pool", partial(bind_matching, study, cohort, cohort.matching, last, where))
    if not wrong:
        tried("key", partial(_view_members, study, cohort, where))
        tried("person", partial(_require_persons, study, cohort, where))
        tried("time_zero", partial(_require_date, study, "cohort", cohort, where))
    for helper in cohort.tables if not wrong else ():
        tried(f"tables.{helper}", partial(_make_helper, study, cohort, helper))
    for event in cohort.events if not wrong else ():  # which read these tables
        tried(f"events.{event}", partial(_add_event, study, cohort, event))
    if not wrong:
        study.connection.execute(f"CREATE TEMP TABLE step_members AS {_with_dates(cohort)}")
        study.connection.execute("CREATE OR REPLACE TEMP VIEW cohort AS SELECT * FROM step_members")
        write_parquet(study.connection, "SELECT * FROM cohort", cohort_path)
    return wrong


def count_members(
    connection: duckdb.DuckDBPyConnection, table: str, cohort: Cohort, salt: bytes, key: list[str] | None = None
) -> Behind:
    """Count the members in a table, and what stands behind that count. ``key``: of another one than the cohort's."""
    key = key or cohort.key
    others = [name for name in (cohort.person_column, cohort.counts) if name and name not in key]
    held = "".join(f", any_value({identifier(name)}) AS {identifier(name)}" for name in others)
    columns = identifiers(key)
    members = connection.execute(f"SELECT {columns}{held} FROM {identifier(table)} GROUP BY {columns}").df()
    if cohort.person_column is not None:
        members.attrs["one_row_each"] = members[cohort.person_column].is_unique
    found = printer_of(members, cohort, salt).print(Counted(np.arange(len(members))))
    line = (
        0,
        "n",
        len(members),
        int(found.people[0]),
        int(found.largest[0]),
        cohort.counts is not None,
        found.prints[0],
    )
    return Behind.of([line], cohort)


def _run_steps(study: StudySql, cohort: Cohort, where: str, salt: bytes) -> list[tuple[str, str, Behind]]:
    """Run the steps one on the other, which makes the view ``previous`` of the last; return who is left after each."""
    key, connection = identifiers(cohort.case_key), study.connection
    left: list[tuple[str, str, Behind]] = []
    for position, step in enumerate(cohort.steps):
        _make_step(study, cohort, position, where)
        left.append(("", step.name, count_members(connection, f"step_{position}", cohort, salt, cohort.case_key)))
        if position:
            added = study.count(
                f"SELECT count(*) FROM (SELECT {key} FROM step_{position} "
                f"EXCEPT SELECT {key} FROM step_{position - 1})",
            )
            if added:
                raise CohortError(
                    f"{where}, step '{step.name}': {added} members were not in the step before; "
                    "a step can only leave members out"
                )
        if not left[-1][2].count[0]:
            before = f"; {left[-2][2].count[0]} before it" if position else ""
            raise CohortError(
                f"{where}: empty after step '{step.name}'{before}. Check its condition and the definitions it reads"
            )
    doubled = study.count("SELECT count(*) FROM previous") - int(left[-1][2].count[0])
    if doubled:
        raise CohortError(
            f"{where}: {doubled} rows more than members; the last step must leave one row per "
            + ", ".join(cohort.case_key)
        )
    return left


def _make_step(study: StudySql, cohort: Cohort, position: int, where: str) -> None:
    """Make the table of a step, which is ``previous`` from then on."""
    name = cohort.steps[position].name
    study.make(f"step_{position}", cohort.steps[position].sql, f"step '{name}'")
    _require_key(study, f"step_{position}", cohort, f"{where}, step '{name}'", cohort.case_key)
    study.connection.execute(f"CREATE OR REPLACE TEMP VIEW previous AS SELECT * FROM step_{position}")
    study.readable.add("previous")


def _make_members(study: StudySql, cohort: Cohort, where: str, salt: bytes) -> list[tuple[str, str, Behind]]:
    """Make the view ``cohort``: who is left after the last step, or these and their comparison people; return whom
    matching counts."""
    connection, counted = study.connection, list[tuple[str, str, Behind]]()
    if cohort.matching:
        _require_date(study, "previous", cohort, where)
        found = match_members(study, cohort, cohort.matching, f"step_{len(cohort.steps) - 1}", where)
        for group, name, _ in matching_rows(cohort.matching):
            key = cohort.case_key if group != COMPARISON else [str(cohort.person_column)]
            connection.execute(f"CREATE OR REPLACE TEMP TABLE step_counted AS {found[name]}")
            counted.append((group, name, count_members(connection, "step_counted", cohort, salt, key)))
    _view_members(study, cohort, where)
    return counted


def _view_members(study: StudySql, cohort: Cohort, where: str) -> None:
    """Make the view ``cohort`` of the last step, or of what matching has made of it."""
    members = MATCHED if cohort.matching else f"step_{len(cohort.steps) - 1}"
    study.connection.execute(f"CREATE TEMP VIEW cohort AS SELECT * FROM {members}")
    study.readable.add("cohort")
    if cohort.matching:
        _require_key(study, "cohort", cohort, where, cohort.key)


def _require_persons(study: StudySql, cohort: Cohort, where: str) -> None:
    """Raise ``CohortError`` unless every row stands for a person of the records, if these have a table of persons."""
    connection, column = study.connection, cohort.person_column or cohort.key[0]
    tables = {str(row[0]) for row in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    if "person_id" not in _columns_of(connection, "person", tables):
        return
    if cohort.counts:
        known = f"{identifier(column)}::VARCHAR IN (SELECT person_id::VARCHAR FROM person)"
        people = study.count(f"SELECT count(*) FROM cohort WHERE {known}")
        if people:
            raise CohortError(
                f"{where}: 'counts' is for rows of areas, but '{column}' is a person_id of the records in {people} "
                "rows. Name under 'person' whom a row stands for"
            )
        return
    there = [
        (table, name, better)
        for table, (name, better) in PERSONS.items()
        if {name, *better} <= _columns_of(connection, table, tables)
    ]
    known = " UNION ALL ".join(
        f"SELECT {name}::VARCHAR FROM {table} WHERE "
        + " AND ".join([f"{other} IS NULL" for other in better] or ["true"])
        for table, name, better in there
    )
    strange = study.count(
        f"SELECT count(DISTINCT {identifier(column)}) FROM cohort WHERE {identifier(column)}::VARCHAR NOT IN ({known})"
    )
    empty = study.count(f"SELECT count(*) FROM cohort WHERE {identifier(column)} IS NULL")
    if strange or empty:
        names = ", ".join(name for _, name, _ in there)
        raise CohortError(
            f"{where}: 'person' is '{column}', but {strange} of its values are no person of the records, and "
            f"{empty} rows have none. Name the column of the person whom a row stands for (of a case, that of its "
            f"eldest child): the first of {names} that is known, such as coalesce({names})"
        )


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str, tables: Collection[str]) -> set[str]:
    """Return the columns of a table, none if there is no such."""
    if table not in tables:
        return set()
    return {str(row[0]) for row in connection.execute(f"DESCRIBE {identifier(table)}").fetchall()}


def _with_dates(cohort: Cohort) -> str:
    """Return the query for the members, in the order of their key, with one column per event.

    Dates of an event that repeats are one list per member: the cohort keeps one row per member, and whoever reads
    other columns does not notice. The states of spells are a list beside their dates.
    """
    key = identifiers(cohort.key)
    dates = "".join(
        f', coalesce("event_{event}".date, [])::DATE[] AS "{event}"'
        if definition.is_listed
        else f', "event_{event}".date::DATE AS "{event}"'
        for event, definition in cohort.events.items()
    )
    dates += "".join(
        f', "event_{event}".state AS "{states_column(event)}"'
        for event, definition in cohort.events.items()
        if definition.states is not None
    )
    joins = "".join(f' LEFT JOIN "event_{event}" USING ({key})' for event in cohort.events)
    return f"SELECT cohort.*{dates} FROM cohort{joins} ORDER BY {key}"


def _make_helper(study: StudySql, cohort: Cohort, name: str) -> None:
    """Make a table that events share."""
    study.make(name, cohort.tables[name].sql, f"table '{name}'")
    study.readable.add(name)


def _add_event(study: StudySql, cohort: Cohort, event: str) -> list[str]:
    """Make the table of an event, key and date; return what is wrong with its dates."""
    definition, columns = cohort.events[event], study.columns("cohort")
    if event in columns or (definition.states is not None and states_column(event) in columns):
        return [f"event '{event}': the last step has a column of that name, too; rename one of them"]
    key = identifiers(cohort.key)
    date = "CAST(date AS DATE) AS date" if definition.is_listed else "date"
    date += ", CAST(state AS VARCHAR) AS state" * (definition.states is not None)
    dates = f"SELECT {key}, {date} FROM ({{}}) WHERE date IS NOT NULL"
    study.make(f"event_{event}", definition.sql, f"event '{event}'", dates)
    kind = study.columns(f"event_{event}")["date"]
    if not kind.startswith(("DATE", "TIMESTAMP")):
        return [
            f"event '{event}': 'date' is {kind}; write a DATE, such as CAST(column AS DATE) or "
            "make_date(year, month, day)"
        ]
    if definition.repeats:
        return _collect_repeats(study, event, key, cohort)
    if definition.states is not None:
        return _collect_spells(study, event, key, cohort)
    doubled = study.count(f'SELECT count(*) - count(DISTINCT ({key})) FROM "event_{event}"')
    if doubled:
        return [f"event '{event}': {doubled} dates too many; its SQL must give at most one date per member"]
    early = study.count(
        f'SELECT count(*) FROM "event_{event}" JOIN cohort USING ({key}) WHERE date < cohort."{cohort.time_zero}"'
    )
    if early:
        return [
            f"event '{event}': {early} members have it before time zero ({cohort.time_zero}); "
            "leave them out in a step, so that the attrition counts them"
        ]
    return []


def _collect_repeats(study: StudySql, event: str, key: str, cohort: Cohort) -> list[str]:
    """Make the dates of an event one ordered list per member; return what is wrong with them.

    Order and number decide what is a first and what a second event, so that no two may be on one day, and none on the
    day of time zero, which is before the first.
    """
    table = f'"event_{event}"'
    problems = []
    tied = study.count(f"SELECT count(*) - count(DISTINCT ({key}, date)) FROM {table}")
    if tied:
        problems.append(
            f"event '{event}': {tied} dates are on the same day as another of the member; "
            "let its SQL give each day once (SELECT DISTINCT)"
        )
    early = study.count(
        f'SELECT count(*) FROM {table} JOIN cohort USING ({key}) WHERE date <= cohort."{cohort.time_zero}"'
    )
    if early:
        problems.append(
            f"event '{event}': {early} dates are on the day of time zero ({cohort.time_zero}) or before; an event that "
            "repeats counts from the day after, so leave them out in its SQL"
        )
    study.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {key}, list(date ORDER BY date) AS date "
        f"FROM {table} GROUP BY {key}"
    )
    return problems


def _collect_spells(study: StudySql, event: str, key: str, cohort: Cohort) -> list[str]:
    """Make dates and states of spells two lists per member, in order; return what is wrong with them.

    A member is in one state on every day from time zero on, so that there is one row for the day of time zero, and at
    most one for each later day.
    """
    table, zero = f'"event_{event}"', f'cohort."{cohort.time_zero}"'
    known = ", ".join(map(literal, cohort.events[event].states or []))
    of_members = f"FROM {table} AS spell JOIN cohort USING ({key}) WHERE"
    counted = [
        (
            f"SELECT count(*) FROM {table} WHERE state IS NULL OR state NOT IN ({known})",
            "rows have a state that is not among its 'states'; declare it there, or leave these rows out in its SQL",
        ),
        (
            f"SELECT count(*) - count(DISTINCT ({key}, date)) FROM {table}",
            "rows are on the same day as another of the member, who is in one state on a day; let its SQL say which",
        ),
        (
            f"SELECT count(*) {of_members} date < {zero}",
            f"rows are before time zero ({cohort.time_zero}); let a spell that goes on then start with it: "
            f"greatest(date, {cohort.time_zero})",
        ),
        (
            f"SELECT (SELECT count(*) FROM cohort) - (SELECT count(*) {of_members} date = {zero})",
            f"members have no state on the day of time zero ({cohort.time_zero}); its SQL must give each member one",
        ),
    ]
    problems = [f"event '{event}': {n} {said}" for sql, said in counted if (n := study.count(sql))]
    study.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {key}, list(date ORDER BY date) AS date, "
        f"list(state ORDER BY date) AS state FROM {table} GROUP BY {key}"
    )
    return problems


def _require_date(study: StudySql, table: str, cohort: Cohort, where: str) -> None:
    columns = study.columns(table)
    if cohort.time_zero and columns.get(cohort.time_zero) != "DATE":
        possible = [column for column, kind in columns.items() if kind == "DATE"]
        raise CohortError(
            f"{where}: 'time_zero' is '{cohort.time_zero}', which is no date column of the last step. "
            + did_you_mean(cohort.time_zero, told_names(possible, study.words))
        )


def _require_time_zero(study: StudySql, cohort: Cohort, where: str) -> None:
    """Raise ``CohortError`` if time does not begin for every member."""
    if not cohort.time_zero:
        return
    without = study.count(f"SELECT count(*) FROM cohort WHERE {identifier(cohort.time_zero)} IS NULL")
    if without:
        raise CohortError(
            f"{where}: 'time_zero' ({cohort.time_zero}) is empty for {without} members; leave them out in a step, "
            "so that the attrition counts them"
        )


def _require_key(study: StudySql, table: str, cohort: Cohort, where: str, key: list[str]) -> None:
    columns = study.columns(table)
    missing = [column for column in key if column not in columns]
    if missing:
        raise CohortError(
            f"{where}: the key column {', '.join(missing)} is not selected. Selected: "
            + ", ".join(told_names(columns, study.words))
        )
    for name in ("person", "counts"):
        column = getattr(cohort, name)
        if column is not None and column not in columns:
            raise CohortError(f"{where}: the column '{column}' of '{name}' is not selected; every step selects it")
    empty = " OR ".join(f'"{column}" IS NULL' for column in key)
    nulls = study.count(f"SELECT count(*) FROM {table} WHERE {empty}")
    if nulls:
        raise CohortError(f"{where}: the key is empty in {nulls} rows")
