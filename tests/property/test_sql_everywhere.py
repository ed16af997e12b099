"""Wherever SQL of a study may stand, it reads the declared tables; neither it nor an error about it gets further."""

from __future__ import annotations

import shutil
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from family_justice.analyses.calibration import Calibration, calibrate, check_calibration
from family_justice.cohorts.extract import extract_cohort
from family_justice.config.base import place_of
from family_justice.config.check_sql import check_stream_sql
from family_justice.config.generate import SCHEMAS
from family_justice.config.load import parse
from family_justice.config.schema import Stream
from family_justice.contracts import research_ready_tables
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.covariates.derive import derive_covariates
from family_justice.errors import ConfigError, PipelineError
from family_justice.study_sql import parameters_in

CONFIG = Path(__file__).resolve().parents[2] / "config"
#: What stands in the records and in a file beside them: in no message.
SECRETS = ("E1100000001", "Wcanary", "1982")

# --- the places -------------------------------------------------------------------------------------------------------


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that a type of the configuration is made of, itself included."""
    waiting, seen = [annotation], list[type[BaseModel]]()
    while waiting:
        part = waiting.pop()
        waiting += typing.get_args(part)
        if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
            seen.append(part)
            waiting += [field.annotation for field in part.model_fields.values()]
    return iter(seen)


def places() -> dict[str, str]:
    """What stands at each place of the configuration that has a type of SQL: ``Model.key`` -> select or expression."""
    found = {}
    for model in {m for schema in (*SCHEMAS.values(), Calibration) for m in models(schema)}:
        for name, hint in typing.get_type_hints(model, include_extras=True).items():
            parts = [hint, *(p for part in typing.get_args(hint) for p in (part, *typing.get_args(part)))]
            here = [place for part in parts if (place := place_of(part))]
            if here and name in model.model_fields:
                found[f"{model.__name__}.{name}"] = here[0]
    return found


def test_what_speaks_of_sql_has_a_type_of_sql() -> None:
    known = places()
    for model in {m for schema in (*SCHEMAS.values(), Calibration) for m in models(schema)}:
        for name, field in model.model_fields.items():
            speaks = name == "sql" or any(word in (field.description or "") for word in ("SQL", "SELECT"))
            assert not speaks or f"{model.__name__}.{name}" in known, f"{model.__name__}.{name}"


# --- a study and its records ------------------------------------------------------------------------------------------


class World:
    """A folder with a table, a file that nobody has declared, and a configuration; what runs SQL at a place of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables = {"people": folder / "people.parquet"}
        people = (
            "SELECT * FROM (VALUES ('E1100000001', DATE '1982-09-27'), ('Wcanary', DATE '1982-09-28')) t (person, born)"
        )
        duckdb.sql(f"COPY ({people}) TO '{self.tables['people']}'")
        (folder / "secret.csv").write_text("a\nE1100000001\n")
        self.config = folder / "config"
        for name in ("calibration", "codelists", "references"):
            shutil.copytree(CONFIG / name, self.config / name)
        self.keep_few_figures()
        self.ready = folder / "ready"
        self.ready.mkdir()
        for name, table in research_ready_tables().items():
            columns = ", ".join(f'NULL::{DUCKDB_TYPES[c.type]} AS "{n}"' for n, c in table.columns.items())
            empty = "" if name == "person" else "WHERE false"  # one record, so that what is run is run for a row
            duckdb.sql(f"COPY (SELECT {columns} {empty}) TO '{self.ready / name}.parquet'")

    def keep_few_figures(self) -> None:
        """Leave three of the published figures, which are enough for one query to be another."""
        path, published = self.config / "calibration/targets.yaml", self.config / "references/population.csv"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        kept = dict(list(data["targets"].items())[:3])
        path.write_text(yaml.safe_dump(data | {"targets": kept, "not_modelled": {}}, sort_keys=False), encoding="utf-8")
        frame = pd.read_csv(published, dtype=str, keep_default_na=False)
        frame[frame["id"].isin(kept)].to_csv(published, index=False)

    def stream(self, **changed: str) -> Stream:
        sql = {
            "step": "SELECT *, born AS day FROM people", "pool": "", "table": "SELECT person, born FROM cohort",
            "event": "SELECT person, born AS date FROM cohort", "value": "year(born)",
        } | changed  # fmt: skip
        words = dict.fromkeys(("title", "question", "summary", "description", "label", "unit", "definition"), "Toy.")
        cohort = {
            **{key: words[key] for key in ("label", "unit", "description")},
            "key": ["person"],
            "time_zero": "born",
            "steps": [{"name": "first", "label": "First", "sql": sql["step"]}],
            "tables": {"helper": {"description": "A table.", "sql": sql["table"]}},
            "events": {"event": {"label": "Event", "sql": sql["event"]}},
            "covariates": ["year"],
        }
        if sql["pool"]:
            cohort["matching"] = {"label": "Others", "pool": sql["pool"], "nearest": {"day": 9}, "ratio": 1}
        analysis = {"kind": "table_one", "title": "T", "description": "T.", "cohort": "all", "variables": ["year"]}
        year = {"label": "Year", "definition": "Year.", "value": sql["value"]}
        data = {"stream": "toy", **{key: words[key] for key in ("title", "question", "summary")}}
        data |= {"cohorts": {"all": cohort}, "covariates": {"year": year}, "analyses": {"one": analysis}}
        stream: Stream = parse(data, Stream, "toy.yaml")
        return stream

    def check(self, **changed: str) -> None:
        check_stream_sql(self.stream(**changed), {}, {"people"}, Path("toy.yaml"))

    def extract(self, **changed: str) -> None:
        to = self.folder / "cohort.parquet", self.folder / "attrition.csv"
        extract_cohort(self.stream(**changed), "all", self.tables, self.config / "codelists", *to)

    def derive(self, **changed: str) -> None:
        stream = self.stream(**changed)
        lists, folder = self.config / "codelists", self.folder / "derived"
        derive_covariates(stream, "all", stream.covariates, self.tables, lists, self.folder / "cohort.parquet", folder)

    def calibrated(self, part: str, sql: str, run: Callable[[], object]) -> None:
        """Do something with a configuration in which one of the queries is another."""
        path = self.config / "calibration" / f"{part}.yaml"
        written = path.read_text(encoding="utf-8")
        data = yaml.safe_load(written)
        first = next(iter(data[part]))
        data[part][first] = sql
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        try:
            run()
        finally:
            path.write_text(written, encoding="utf-8")

    def calibrate(self, part: str, sql: str) -> None:
        to = self.folder / "calibration.csv"
        self.calibrated(part, sql, lambda: calibrate(self.ready, self.config, 1.0, to))

    def files(self) -> set[Path]:
        made = {self.folder / name for name in ("cohort.parquet", "attrition.csv", "calibration.csv", "derived")}
        return {p for p in self.folder.rglob("*") if p not in made and p.parent not in made}


#: How SQL gets to each place: the check of the configuration, the job, a text that is right, and a table to read there.
Ways = tuple[Callable[[World, str], None], Callable[[World, str], None], str, str]
WAYS: dict[str, Ways] = {
    "Step.sql": (
        lambda w, sql: w.check(step=sql),
        lambda w, sql: w.extract(step=sql),
        "SELECT person, born FROM people",
        "people",
    ),
    "CaseMatching.pool": (
        lambda w, sql: w.check(pool=sql),
        lambda w, sql: w.extract(pool=sql),
        "SELECT 'W' || person AS person, born AS day, born AS eligible_from, NULL::DATE AS eligible_to FROM people",
        "people",
    ),
    "Helper.sql": (
        lambda w, sql: w.check(table=sql),
        lambda w, sql: w.extract(table=sql),
        "SELECT person FROM cohort",
        "cohort",
    ),
    "Event.sql": (
        lambda w, sql: w.check(event=sql),
        lambda w, sql: w.extract(event=sql),
        "SELECT person, max(born) AS date FROM helper GROUP BY person -- the last",
        "helper",
    ),
    "Covariate.value": (
        lambda w, sql: w.check(value=sql),
        lambda w, sql: w.derive(value=sql),
        "(SELECT count(*) FROM people WHERE people.born <= cohort.born) -- rank",
        "people",
    ),
    "Calibration.views": (
        lambda w, sql: w.calibrated("views", sql, lambda: check_calibration(w.config)),
        lambda w, sql: w.calibrate("views", sql),
        yaml.safe_load((CONFIG / "calibration/views.yaml").read_text(encoding="utf-8"))["views"]["s31_child"],
        "person",
    ),
    "Calibration.targets": (
        lambda w, sql: w.calibrated("targets", sql, lambda: check_calibration(w.config)),
        lambda w, sql: w.calibrate("targets", sql),
        "SELECT count(*) AS n FROM person;",
        "person",
    ),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("world"))
    made.extract()
    return made


def test_every_place_is_tried() -> None:
    assert places().keys() == WAYS.keys()


@pytest.mark.parametrize("place", WAYS)
def test_sql_that_is_right_is_run(world: World, place: str) -> None:
    check, run, right, _ = WAYS[place]
    check(world, right)
    run(world, right)


# --- what must not get through ----------------------------------------------------------------------------------------

#: Expressions that read more than the records, or something else in each run.
EXPRESSIONS = (
    "random()",
    "RANDOM()",
    "uuid()",
    "now()",
    "today()",
    "current_date",
    "CURRENT_TIMESTAMP",
    "current_user",
    "version()",
    "getenv('HOME')",
    "current_setting('home_directory')",
    "getvariable('x')",
    "nextval('s')",
    "error('x')",
    "ago(INTERVAL 1 DAY)",
    "(SELECT max(content) FROM read_text('{secret}'))",
    "(SELECT max(a) FROM '{secret}')",
    '(SELECT max(a) FROM "{secret}")',
    "(SELECT max(a) FROM read_csv('{secret}'))",
    "(SELECT count(*) FROM glob('{folder}/*'))",
    "(SELECT max(file) FROM glob('/etc/pass*'))",
    "(SELECT count(*) FROM read_parquet('{folder}/people.parquet'))",
    "(SELECT count(*) FROM query('SELECT 1'))",
    "(SELECT count(*) FROM query_table('{table}'))",
    "(SELECT count(*) FROM duckdb_settings())",
    "(SELECT count(*) FROM information_schema.tables)",
    "(SELECT count(*) FROM main.{table})",
    "(SELECT count(*) FROM {table} USING SAMPLE 1)",
    "(SELECT count(*) FROM (DESCRIBE {table}))",
    "(SELECT count(*) FROM (SHOW TABLES))",
    "(SELECT count(*) FROM nosuch)",
    "(WITH x AS (SELECT random() AS r) SELECT max(r) FROM x)",
    "rank() OVER (ORDER BY random())",
    "(SELECT count(*) FROM (PIVOT {table} ON person USING count(*)))",
)
#: Statements beside the SELECT, or instead of it.
STATEMENTS = (
    "COPY (SELECT 'E1100000001' AS a) TO '{folder}/leak.csv'",
    "ATTACH '{folder}/leak.db' AS z",
    "SET VARIABLE x = 1",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "CREATE TABLE leak AS SELECT 1 AS a",
    "EXPORT DATABASE '{folder}/leak'",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "DROP TABLE step_0",
    "EXPLAIN SELECT 1",
    "PIVOT {table} ON person USING count(*)",
    "CREATE MACRO m() AS 1",
)
#: Ways out of the brackets that the library puts round a text. ``{}`` is a statement, ``{right}`` what may stand there.
WAYS_OUT = (
    "{}",
    "{right}; {}",
    "{}; {right}",
    "{right}) ; {} ; SELECT * FROM ({right}",
    "{right}) AS VARCHAR)) AS x FROM cohort; {} --",
    "{right} -- \n; {}",
    "{right} /* ) */ ; {}",
    "{right}) WHERE true; {}; SELECT (1",
    "{right}\n)\n;\n{}\n;SELECT (\n1",
)


#: What may be written round an expression.
INSIDE = ("{}", "(({}))", "coalesce({}, {})", "CASE WHEN {} IS NULL THEN 1 END")
SELECTS = ("SELECT *, {} AS x FROM {table}", "SELECT * FROM {table} WHERE {} IS NULL", "FROM {table} ORDER BY {}")
COMMENTS = ("{}", "{} -- a comment", "/* a comment */ {}")


@st.composite
def hostile(draw: st.DrawFn, place: str, right: str, table: str) -> str:
    """SQL that is not what may stand at a place."""
    right = right.split("--")[0].rstrip("; ")
    if draw(st.booleans()):
        way, statement = draw(st.sampled_from(WAYS_OUT)), draw(st.sampled_from(STATEMENTS))
        text = way.replace("{right}", right).replace("{}", statement)
    else:
        text = draw(st.sampled_from(EXPRESSIONS))
        for around in (INSIDE, SELECTS if place == "select" else ("{}",), COMMENTS):
            text = draw(st.sampled_from(around)).replace("{}", text)
    return text.replace("{table}", table)


@pytest.mark.parametrize("place", WAYS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_other_sql_is_refused_before_any_job_and_by_the_job(world: World, place: str, data: st.DataObject) -> None:
    check, run, right, table = WAYS[place]
    sql = data.draw(hostile(places()[place], right, table))
    sql = sql.replace("{folder}", str(world.folder)).replace("{secret}", str(world.folder / "secret.csv"))
    before = world.files()
    for way, error in ((check, ConfigError), (run, PipelineError)):
        with pytest.raises(error) as caught:
            way(world, sql)
        written = {secret for secret in SECRETS if secret in sql}
        assert [secret for secret in SECRETS if secret in str(caught.value) and secret not in written] == []
    assert world.files() == before


@pytest.mark.parametrize("place", WAYS)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_of_them_is_refused(world: World, place: str, expression: str) -> None:
    check, _, _, table = WAYS[place]
    sql = expression if places()[place] == "expression" else f"SELECT *, {expression} AS x FROM {table}"
    sql = sql.replace("{secret}", str(world.folder / "secret.csv")).replace("{folder}", str(world.folder))
    with pytest.raises(ConfigError):
        check(world, sql.replace("{table}", table))


def test_definitions_are_read_as_values_and_never_as_sql() -> None:
    assert parameters_in("SELECT $a -- $b\n, $c_1") == {"a", "c_1"}
