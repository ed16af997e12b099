"""SQL of a study: what it may call, what it can reach, and which words an error about it quotes."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from family_justice.config.load import Configuration
from family_justice.errors import CohortError, ConfigError
from family_justice.fingerprint import of_file
from family_justice.study_sql import REFUSED, StudySql, _nodes, _tree, problems_of, told_names, told_words

ROOT = Path(__file__).resolve().parents[2]
REFUSED_NAMES = {name for names in REFUSED.values() for name in names}

# --- functions --------------------------------------------------------------------------------------------------------


def test_what_duckdb_calls_volatile_is_refused_by_name() -> None:
    rows = duckdb.sql(
        "SELECT function_name, function_type, stability, macro_definition FROM duckdb_functions()"
    ).fetchall()
    volatile = {
        name for name, kind, stability, _ in rows if kind in ("scalar", "aggregate") and stability != "CONSISTENT"
    }
    assert volatile
    assert volatile <= REFUSED_NAMES
    connection = duckdb.connect()
    for name, kind, _, definition in rows:
        if kind == "macro" and name not in REFUSED_NAMES and (tree := _tree(connection, f"SELECT {definition}")):
            called = {str(node.get("function_name", "")).lower() for node in _nodes(tree)}
            assert not called & REFUSED_NAMES - {"error"}, f"macro {name}"  # an error says its type alone


@pytest.mark.parametrize(
    ("sql", "instead"),
    [
        ("SELECT random() AS a FROM people", "order by a column of the records"),
        ("SELECT now() AS a FROM people", "write the day as a definition"),
        ("SELECT current_date AS a FROM people", "write the day as a definition"),
        ("SELECT age(born) AS a FROM people", "with one of them it counts to today"),
        ("WITH duckdb_views AS (SELECT 1) SELECT * FROM people, duckdb_views", "a plain name of yours"),
        ("WITH step_0 AS (SELECT 1) SELECT * FROM people, step_0", "a plain name of yours"),
        ("WITH \"x.parquet\" AS (SELECT 1) SELECT * FROM people", "a plain name of yours"),
        ("SELECT * FROM read_csv('x.csv')", "Allowed: generate_series, range, unnest."),
        ("SELECT * FROM 'people.csv'", "no table 'people.csv' to read here. Allowed: people. Did you mean"),
        ("SELECT * FROM people; SELECT 1", "there are 2 statements; write one SELECT"),
        ("PIVOT people ON a USING count(*)", "write them out, PIVOT ... ON column IN ('a', 'b')"),
        ("COPY people TO 'x.csv'", "this is COPY; write one SELECT"),
        ("SELECT * FROM people USING SAMPLE 10", "hash(person_id) % 10 = 0"),
        ("SUMMARIZE people", "write a SELECT"),
        ("SELECT *\nFROM people\nWHERE a = = 1", 'line 3, column 11: Parser Error: syntax error at or near "="'),
        ("SELECT 1; -- end", "without ';' and a comment after it"),
    ],
)  # fmt: skip
def test_what_is_refused_comes_with_what_to_write(sql: str, instead: str) -> None:
    (problem,) = problems_of(sql, "select", {"people"})
    assert instead in problem


@pytest.mark.parametrize(
    "sql",
    [
        *("a, b", "a AS b", "a FROM people", "a WHERE true", "a ORDER BY a", "SELECT a", "a) , (b", "a UNION SELECT b"),
        *("*", "COLUMNS('a')"),
    ],
)  # fmt: skip
def test_an_expression_is_one(sql: str) -> None:
    problems = problems_of(sql, "expression", {"people"})
    assert bool(problems) != (sql in ("*", "COLUMNS('a')"))  # several columns are found when it is run: see below


@pytest.mark.parametrize(
    ("place", "sql"),
    [
        ("select", "SELECT * FROM (PIVOT people ON a IN ('x', 'y') USING count(*))"),
        ("select", "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT * FROM n"),
        ("select", "WITH one AS MATERIALIZED (SELECT * FROM People) SELECT * FROM ONE, generate_series(1, 3);"),
        ("select", "VALUES (1)"),
        ("select", "FROM people SELECT list_transform([1], lambda x: x + 1), [x FOR x IN [1] IF x > 0] -- last\n"),
        ("expression", "CASE WHEN a = ';' THEN '--' ELSE ')' END -- a comment"),
        ("expression", "(a, b)"),
        ("expression", "count(*) FILTER (WHERE a > $limit) OVER (PARTITION BY b)"),
    ],
)
def test_what_is_right_is_not_refused(place: str, sql: str) -> None:
    assert problems_of(sql, place, {"people"}) == []  # type: ignore[arg-type]


# --- what it can reach ------------------------------------------------------------------------------------------------


@pytest.fixture
def study(tmp_path: Path) -> StudySql:
    duckdb.sql(f"COPY (SELECT 1 AS person, 'E1100000001' AS name) TO '{tmp_path}/people.parquet'")
    duckdb.sql(f"COPY (SELECT 1 AS code) TO '{tmp_path}/codes.csv'")
    (tmp_path / "other.csv").write_text("a\n1\n")
    lists = tmp_path / "lists"
    lists.mkdir()
    shutil.move(tmp_path / "codes.csv", lists)
    tables = {"people": tmp_path / "people.parquet"}
    return StudySql(tables, lists, "", [tmp_path / "out.parquet"], about="stream 'toy'", error=CohortError)


def test_the_connection_opens_declared_files_and_nothing_changes_that(study: StudySql, tmp_path: Path) -> None:
    assert study.rows("SELECT * FROM people, codes", "step") == [{"person": 1, "name": "E1100000001", "code": 1}]
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path}/other.csv')",
        f"SELECT * FROM read_text('{tmp_path}/lists/../other.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/leak.csv'",
        f"ATTACH '{tmp_path}/leak.db' AS z",
        f"SET allowed_paths = ['{tmp_path}/other.csv']",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SELECT * FROM glob('/etc/*')",
    ):
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
            study.connection.execute(statement)
    assert not list(tmp_path.glob("leak*"))


def test_a_covariate_of_several_columns_is_refused_when_it_is_run(study: StudySql) -> None:
    around = "SELECT person, coalesce(CAST(({}) AS VARCHAR)) AS name FROM people"
    with pytest.raises(CohortError, match="the SQL cannot be run"):
        study.make("value", "*", "covariate 'x'", around, place="expression")


# --- words of errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            'Binder Error: Referenced column "nosuch" not found in FROM clause!\nCandidate bindings: "E11", "age"',
            'Binder Error: Referenced column "nosuch" not found in FROM clause '
            "(candidates: age, 1 whose names stand in no SQL and no contract)",
        ),
        (
            "Catalog Error: Table with name E1100000001 1982-09-27 does not exist!\nDid you mean \"person\"?\n\nLINE 1",
            "Catalog Error: Table with name … does not exist (4 words left out: no words of this SQL; candidates: 1 "
            "whose names stand in no SQL and no contract)",
        ),
        ("Binder Error: Could not find key \"Müller\" in struct", 'Binder Error: Could not find key "…" in struct '
         "(1 word left out: no words of this SQL)"),
    ],
)  # fmt: skip
def test_an_error_quotes_words_of_the_sql_and_no_others(message: str, told: str) -> None:
    assert told_words(message, ["SELECT nosuch FROM t", "age"]) == told


def test_names_that_nobody_wrote_are_a_number() -> None:
    assert told_names(["b", "a", "E11 1982", "éé", "£"], ["SELECT a, b"]) == [
        "a",
        "b",
        "3 whose names stand in no SQL and no contract",
    ]


def test_an_error_of_the_records_is_told_without_its_words(study: StudySql) -> None:
    with pytest.raises(CohortError) as caught:
        study.make("step_0", "SELECT CAST(name AS INTEGER) AS a FROM people", "step 'x'")
    assert "ConversionException" in str(caught.value)
    assert "E1100000001" not in str(caught.value)
    with pytest.raises(CohortError) as caught:
        study.make("step_0", "SELECT person FROM people\nWHERE nam = 'x'", "step 'x'")
    assert 'line 2, column 7: Binder Error: Referenced column "nam" not found' in str(caught.value)
    assert "candidates: name" in str(caught.value)


# --- sources ----------------------------------------------------------------------------------------------------------

Own = Callable[[str, str], Configuration]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """A configuration with a source of one's own, under a path and a policy, of a file that is there."""

    def make(path: str, policy: str) -> Configuration:
        shutil.copytree(ROOT / "config", tmp_path / "config", dirs_exist_ok=True)
        source = f"""
        kind: files
        description: Mine.
        minimum_policy: {policy}
        tables:
          people:
            path: {path}
            description: People.
            row: one person
            source: me
            columns: {{a: {{type: integer, description: A.}}}}
        """
        (tmp_path / "config/sources/mine.yaml").write_text(textwrap.dedent(source))
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("a\n1\n")
        return Configuration(tmp_path / "config")

    return make


def test_an_open_policy_is_for_files_that_the_custodian_lists(own: Own, tmp_path: Path) -> None:
    configuration = own("given/rossi.csv", "public_records")  # the name of a file that is listed
    with pytest.raises(ConfigError) as caught:
        configuration.source("mine")
    checksum = of_file(tmp_path / "given/rossi.csv")
    for said in (
        checksum,
        "config/policies/public_files.csv",
        "the custodian adds a line",
        "given/rossi.csv is not listed",
    ):
        assert said in str(caught.value)
    with open(tmp_path / "config/policies/public_files.csv", "a", encoding="utf-8") as listed:
        listed.write(f"{checksum},rossi.csv,a web page\n")
    Configuration(tmp_path / "config").source("mine")
    (tmp_path / "given/rossi.csv").write_text("a\n2\n")
    with pytest.raises(ConfigError, match="is not listed"):
        Configuration(tmp_path / "config").source("mine")


def test_a_strict_policy_needs_no_list(own: Own, tmp_path: Path) -> None:
    configuration = own("given/people.csv", "court_records")
    (tmp_path / "config/policies/public_files.csv").unlink()
    configuration.source("mine")


def test_a_line_of_the_list_is_whole(own: Own, tmp_path: Path) -> None:
    configuration = own("given/people.csv", "public_records")
    (tmp_path / "config/policies/public_files.csv").write_text("sha256,file,where\nabc,people.csv,a web page\n")
    with pytest.raises(ConfigError, match="line 2: write a SHA-256"):
        configuration.source("mine")


@pytest.mark.parametrize("path", ["results/restricted/x/people.csv", "given/../results/internal/people.csv"])
def test_a_source_is_not_what_the_pipeline_made(own: Own, path: str) -> None:
    with pytest.raises(ConfigError, match="lies under results/"):
        own(path, "court_records").source("mine")


def test_nor_through_a_link_a_folder_or_a_database(own: Own, tmp_path: Path) -> None:
    configuration = own("results/restricted/people.csv", "court_records")
    (tmp_path / "given").symlink_to(tmp_path / "results/restricted")
    own("given/people.csv", "court_records")
    with pytest.raises(ConfigError, match="lies under results/"):
        configuration.source("mine")
    path = tmp_path / "config/sources/mine.yaml"
    head = "description: Mine.\nminimum_policy: court_records\nrefresh_date: 2021-12-31\n"
    path.write_text(f"kind: files\nfolder: results/restricted\n{head}")
    with pytest.raises(ConfigError, match="lies under results/"):
        Configuration(tmp_path / "config").source("mine")
    path.write_text(f"kind: database\nconnection: duckdb:///results/x.db\nplaces: [{{tables: [CAFE_*]}}]\n{head}")
    with pytest.raises(ConfigError, match="lies under results/"):
        Configuration(tmp_path / "config").source("mine")


def test_a_stream_under_an_open_policy_reads_no_code_lists(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    configuration = Configuration(tmp_path / "config")
    assert configuration.codelists_of(configuration.stream("replication")) is None
    assert configuration.codelists_of(configuration.stream("recurrence")) == tmp_path / "config/codelists"
    path = tmp_path / "config/streams/replication.yaml"
    text = path.read_text(encoding="utf-8")
    assert "FROM rossi" in text
    path.write_text(text.replace("FROM rossi", "FROM religions AS rossi", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no table 'religions' to read here"):
        Configuration(tmp_path / "config").check_sql("replication")


def test_a_code_list_is_no_link_to_results(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "results/internal").mkdir(parents=True)
    (tmp_path / "results/internal/results.csv").write_text("a\n1\n")
    (tmp_path / "config/codelists/mine.csv").symlink_to(tmp_path / "results/internal/results.csv")
    with pytest.raises(ConfigError, match=r"config/codelists/mine.csv leads under results/"):
        Configuration(tmp_path / "config").check_sql("recurrence")
