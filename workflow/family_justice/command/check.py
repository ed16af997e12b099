"""``check``: the whole configuration, and all SQL of it run on tables without rows. No record is read.

The tables are made from the contracts, with the columns and types that these declare (a whole number is a BIGINT, which
may be a narrower one in the records); what runs the SQL is what runs it in the jobs. So it is known before any record
is there whether every statement fits its tables and the statements before it. What depends on values (a step that
leaves nobody, a level that is none) is known only by running.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from family_justice.analyses.calibration import bind_calibration, check_calibration
from family_justice.cohorts.extract import bind_cohort, open_tables
from family_justice.config.base import sql_of
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.config.schema import Cohort, Outcome, Stream
from family_justice.config.source_files import declared_tables
from family_justice.contracts import Table, research_ready_tables
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.covariates.derive import bind_covariates
from family_justice.errors import PipelineError, did_you_mean
from family_justice.files import connect
from family_justice.kinds.families.keys import CALENDAR_DAY, columns_read
from family_justice.layout import Layout, guide_names
from family_justice.sql import NUMBERS, identifier, literal


def check(config: Path, streams: list[str]) -> list[str]:
    """Check ``streams``; without a name those of config.yaml, and what all share. Return a line for each of them.

    Raises one ``PipelineError`` with all problems.
    """
    started, said, problems = time.monotonic(), list[str](), list[str]()
    configuration = Configuration(config)
    files = Layout(configuration)
    with TemporaryDirectory() as folder:
        court = Path(folder, "court")
        write_empty(research_ready_tables(), court)
        if not streams:
            problems += _problems_of_shared(configuration, court)
        for name in streams or files.streams:
            found = list(_problems_of(files, name, court, Path(folder, name)))
            problems += found
            if not found:
                said.append(f"{name}: {_counted(files.stream(name))}")
    if problems:
        number = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise PipelineError("\n".join([*problems, number]))
    return [*said, f"Nothing wrong, in {time.monotonic() - started:.1f} seconds. No record was read."]


def write_empty(tables: Mapping[str, Table], folder: Path) -> None:
    """Write a Parquet file without rows for each table, with the columns and types of its contract."""
    folder.mkdir(parents=True)
    connection = connect()
    for name, table in tables.items():
        columns = ", ".join(f"NULL::{DUCKDB_TYPES[c.type]} AS {identifier(n)}" for n, c in table.columns.items())
        path = literal(folder / f"{name}.parquet")
        connection.execute(f"COPY (SELECT {columns} WHERE false) TO {path} (FORMAT parquet)")


def _counted(stream: Stream) -> str:
    """Return how much of a stream was checked."""
    shared = {name for cohort in stream.cohorts.values() for name in cohort.covariates} - set(stream.covariates)
    statements = sum(1 for _ in sql_of(stream)) + len(shared)
    return f"{len(stream.cohorts)} cohorts, {len(stream.analyses)} analyses, {statements} SQL statements can run"


def _problems_of_shared(configuration: Configuration, court: Path) -> list[str]:
    """Return what is wrong with what belongs to no stream: calibration and catalogue."""
    config, problems = configuration.folder, list[str]()
    try:
        check_calibration(config)
        bound = bind_calibration(court, config)
        problems += [_told(config / "calibration" / file, place, error) for (file, place), error in bound.items()]
    except PipelineError as error:
        problems.append(str(error))
    try:
        guide_names(configuration.catalogue())
    except PipelineError as error:
        problems.append(str(error))
    return problems


def _problems_of(files: Layout, name: str, court: Path, folder: Path) -> Iterator[str]:
    """Yield what is wrong with one stream, each with the line of its file where that is known."""
    configuration = files.configuration
    path = configuration.folder / "streams" / f"{name}.yaml"
    try:
        stream = files.stream(name)
        configuration.check_sql(name)
        tables = _empty_tables(files, name, court, folder / "tables")
    except PipelineError as error:
        yield str(error)
        return
    covariates = covariates_of(stream, configuration.covariates())
    for cohort, about in stream.cohorts.items():
        members = folder / cohort / "cohort.parquet"
        base = {"base": folder / about.base / "cohort.parquet"} if about.base else {}
        if base and not base["base"].is_file():
            continue  # what is wrong with it has been said
        members.parent.mkdir(parents=True, exist_ok=True)
        texts = [text for _, text, _ in sql_of(about)] + [covariates[c].value for c in about.covariates]
        lists = _lists_named(configuration.codelists_of(stream), texts)
        study = open_tables(stream, cohort, {**tables, **base}, lists, [members])
        wrong = bind_cohort(study, about, members)
        yield from (_told(path, f"cohorts.{cohort}.{place}", said) for place, said in wrong.items())
        if wrong:
            continue
        for covariate, said in bind_covariates(study, about, covariates).items():
            own = covariate in stream.covariates
            file = path if own else configuration.folder / "covariates.yaml"
            yield _told(file, f"covariates.{covariate}" if own else covariate, said)
        columns = study.columns("cohort")
        yield from (_told(path, place, said) for place, said in _columns(stream, cohort, about, columns))


def _lists_named(folder: Path | None, texts: Iterable[str]) -> Path | None:
    """Return the folder of code lists, or None if no SQL names one: to open them all takes longer than all else."""
    words = {word for text in texts for word in re.findall(r"\w+", text.lower())}
    return folder if folder and any(path.stem.lower() in words for path in folder.glob("*.csv")) else None


def _empty_tables(files: Layout, stream: str, court: Path, folder: Path) -> dict[str, Path]:
    """Return the tables that a stream reads, without rows; those that a source declares itself are written."""
    source = files.source_of(stream)
    if not files.has_court_records(source):
        court = folder
        own, _ = declared_tables(files.settings_of_source(source), files.configuration.folder.parent)
        write_empty(own, folder)
    return {path.stem: path for path in court.glob("*.parquet")}


def _columns(stream: Stream, name: str, cohort: Cohort, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the places that name a column which the cohort does not have, or has with a type that will not do."""
    for analysis, about in stream.analyses.items():
        wanted = columns_read(cohort, about)[1] if about.cohort == name else []
        for column in [c for c in wanted if c not in columns and c != CALENDAR_DAY]:
            yield (
                f"analyses.{analysis}",
                f"cohort '{name}' has no column '{column}'. {did_you_mean(column, columns)}",
            )
    for outcome, written in cohort.outcomes.items():
        yield from ((f"cohorts.{name}.outcomes.{outcome}.{key}", said) for key, said in _recorded(written, columns))


def _recorded(outcome: Outcome, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a recorded duration whose column has a type that will not do."""
    if outcome.duration is None:
        return
    for key in ("duration", "indicator", "entry"):
        column = getattr(outcome, key)
        kind = columns.get(column or "")
        if kind is not None and not kind.startswith(NUMBERS):
            yield key, f"column '{column}' is {kind}; write one of numbers"
    status = outcome.status
    kind = columns.get(status.column) if status else None
    if status is None or kind is None:
        return
    if kind == "VARCHAR" and any(isinstance(code, int) for code in status.codes):
        yield "status", f"column '{status.column}' is text; write its codes in quotes, 'censored' too"
    elif kind.startswith(NUMBERS) and any(isinstance(code, str) for code in status.codes):
        yield "status", f"column '{status.column}' is {kind}; write its codes without quotes"


def _told(path: Path, place: str, said: PipelineError | str) -> str:
    """Return a problem with the file and line where it stands, and its place in the file."""
    line = line_in_file(path, place, getattr(said, "line", 0))
    return f"{path}{f', line {line}' if line else ''}: {place}: {said}"


def line_in_file(path: Path, place: str, line: int = 0) -> int:
    """Return the line, from 1, on which a place of a YAML file stands; ``line``: that of the SQL there. 0 if unknown.

    ``place`` is a path of keys with dots, in which items of lists have their names (``cohorts.parents.steps.alive``).
    """
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = 0
    for key in place.split("."):
        after = _child(node, key)
        if after is None:
            break
        found, node = after[0], after[1]
    sql = _child(node, "sql") or _child(node, "value") or _child(node, "pool")
    scalar = sql[1] if sql else node
    if line and isinstance(scalar, yaml.ScalarNode):
        block = scalar.style == "|"
        return int(scalar.start_mark.line) + (1 + line if block else 1)
    return found


def _child(node: yaml.Node | None, key: str) -> tuple[int, yaml.Node] | None:
    """Return the line and the value of a key, or of the item of a list that has it as its name."""
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark.line + 1, value) for k, value in node.value if k.value == key), None)
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        named = _child(item, "name")
        if named and named[1].value == key:
            return item.start_mark.line + 1, item
    return None
