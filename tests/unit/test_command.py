"""The command: what people type, what it says, and that a mistake is one plain message and never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from family_justice import files
from family_justice.command import start
from family_justice.command.check import check, line_in_file, write_empty
from family_justice.command.parser import main
from family_justice.contracts import research_ready_tables
from family_justice.errors import PipelineError
from family_justice.jobs import JOBS
from family_justice.results import read_results
from family_justice.sql import identifier, literal

ROOT = Path(__file__).resolve().parents[2]
CSV = "Name,weeks,arrest,Age in years\n" + "".join(
    f"Canary{n},{n % 52 + 1},{n % 2},{20 + n % 30}\n" for n in range(400)
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the configuration, and nothing else of the pipeline but its rules."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for name in ("workflow", "Snakefile", "profiles"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(path: Path, before: str, now: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, now, 1))


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the message of a command that fails."""
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


# --- help and errors --------------------------------------------------------------------------------------------------


def test_help_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys; from family_justice.command.parser import make_parser; make_parser().format_help(); "
        "print([m for m in ('pandas', 'duckdb', 'numpy', 'pydantic', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "workflow")},
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "command", ["", "init", "check", "sql", "run", "plan", "trace", "changes", "reproduce", "unpack"]
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([command] if command else []), "--help"])
    assert ended.value.code == 0
    assert "usage: ./family-justice" in capsys.readouterr().out


def test_an_option_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--nix"])
    assert "unknown: --nix" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "recurence"], "Did you mean 'recurrence'?"),
        (["plan", "recurence"], "Did you mean 'recurrence'?"),
        (["run", "recurence"], "'recurence' is no study. Allowed: adults, all, "),
        (["run", "my_own", "-n"], "does not name it. Add it there: streams: [recurrence, infants, "),
        (["run", "--quick", "replication"], "reads the source 'replication', which is none"),
        (["sql"], "no tables of the source 'synthetic' yet. First: ./family-justice run recurrence"),
        (["sql", "--quick"], "no quick look yet. First: ./family-justice run --quick"),
        (["report"], "There is no page yet. First: ./family-justice run"),
        (["report", "recurrence"], "First: ./family-justice run recurrence"),
        (["trace", "recurrence", "characteristics"], "this is no released stream"),
        (["changes", "a", "b", "c"], "this is no release"),
        (["unpack", "Snakefile", "out"], "this is no ZIP file"),
        (["unpack", "gone.zip", "out"], "this is no ZIP file"),
    ],
)
def test_what_cannot_be_done_is_one_plain_message(
    arguments: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "config/streams/my_own.yaml").write_text("stream: my_own\n")
    assert message in refused(arguments, capsys)


def test_what_nobody_foresaw_is_told_without_its_words(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("E1100000001")

    monkeypatch.setattr("family_justice.command.check.check", fail)
    said = refused(["check"], capsys)
    assert "ValueError (message withheld" in said
    assert "E1100000001" not in said


# --- run --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "started"),
    [
        (["run"], ["--cores", "7"]),
        (["run", "recurrence", "-n"], ["--cores", "7", "recurrence", "-n"]),
        (["run", "infants", "--cores", "2"], ["infants", "--cores", "2"]),
        (["run", "-c3", "--forcerun", "run_analysis"], ["-c3", "--forcerun", "run_analysis"]),
        (
            ["run", "write_index", "results/release/index.html"],
            ["--cores", "7", "write_index", "results/release/index.html"],
        ),
        (["run", "disclose_recurrence"], ["--cores", "7", "disclose_recurrence"]),
        (["reproduce"], ["--cores", "7", "reproduce"]),
    ],
)
def test_run_is_snakemake_with_as_many_cores_as_there_are(
    arguments: list[str], started: list[str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(start, "usable_cores", lambda: 7)
    monkeypatch.setattr(os, "execv", lambda program, words: seen.append(words) or sys.exit(0))
    with pytest.raises(SystemExit):
        main(arguments)
    assert seen == [[sys.executable, "-m", "snakemake", *started]]


def test_there_are_as_many_jobs_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2_000_000}.__getitem__)
    assert start.usable_cores() == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert start.usable_cores() == 1


def test_a_quick_look_has_a_folder_of_its_own(here: Path) -> None:
    before = {path: path.read_bytes() for path in (here / "config").rglob("*") if path.is_file()}
    (here / "config/plans").mkdir()
    for _ in range(2):  # a second one renews it
        start.prepare_quick(Path("config"), Path("quick"), "infants")
    assert yaml.safe_load(Path("quick/config/config.yaml").read_text())["streams"] == ["infants"]
    assert yaml.safe_load(Path("quick/config/sources/synthetic.yaml").read_text())["scale"] == start.QUICK_SCALE
    assert not Path("quick/config/plans").exists()
    assert Path("quick/Snakefile").resolve() == ROOT / "Snakefile"
    assert {path: path.read_bytes() for path in before} == before
    assert not (here / "results").exists()
    changed = {
        path.relative_to(here / "config").as_posix()
        for path, content in before.items()
        if (here / "quick/config" / path.relative_to(here / "config")).read_bytes() != content
    }
    assert changed == {"config.yaml", "sources/synthetic.yaml"}


# --- check ------------------------------------------------------------------------------------------------------------

#: File, what stands there, what is written instead, and what is said of it. Each was an error of a job before.
MISTAKES = [
    ("streams/recurrence.yaml", "cp.family_role AS parent", "cp.family_rol AS parent",
     "config/streams/recurrence.yaml, line {line}: cohorts.parents.steps.parents_in_s31: ", "line 1, column 22: Binder Error"),
    ("streams/recurrence.yaml", "WHERE issue_date <= $issued_to", "WHERE issue_dat <= $issued_to",
     "cohorts.parents.steps.first_set: ", "line 3, column 7"),
    ("streams/recurrence.yaml", "SELECT cp.person_id, cp.family_role", "SELECT cp.person_id AS who, cp.family_role",
     "cohorts.parents.steps.parents_in_s31: ", "the key column person_id is not selected"),
    ("streams/recurrence.yaml", "c.s31_issue_date AS issue_date", "c.s31_issue_date::VARCHAR AS issue_date",
     "cohorts.parents.steps.first_set: ", "values of type VARCHAR and type DATE"),
    ("streams/recurrence.yaml", "r.return_date,", "r.retur_date,",
     "line {line}: cohorts.parents.tables.first_return: ", "line 19, column 5"),
    ("streams/recurrence.yaml", "SELECT person_id, death_date AS date FROM cohort", "SELECT person_id, death_date FROM cohort",
     "line {line}: cohorts.parents.events.death: ", 'column "date" not found'),
    ("streams/recurrence.yaml", "value: parent_age_band(age)", "value: parent_age_bands(age)",
     "covariates.age_band: ", "parent_age_bands does not exist"),
    ("streams/recurrence.yaml", "value: parent\n", "value: issue_date - parent\n", "covariates.parent: ", "Binder Error"),
    ("covariates.yaml", "value: financial_year(issue_date)", "value: financial_year(issue_dat)",
     "config/covariates.yaml, line {line}: financial_year: ", 'column "issue_dat" not found'),
    ("streams/replication.yaml", "indicator: arrest", "indicator: arest",
     "config/streams/replication.yaml, line ", "cohort 'rossi' has no column 'arest'"),
    ("streams/replication.yaml", "SELECT row_number() OVER () AS man, *", "SELECT row_number() OVER () AS man, week::VARCHAR AS week, * EXCLUDE (week)",
     "cohorts.rossi.outcomes.arrest.duration: ", "column 'week' is VARCHAR"),
    ("streams/adults.yaml", "AS eligible_from", "AS eligible_since", ".matching.pool: ", "the pool does not select 'eligible_from'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "now", "place", "said"), MISTAKES, ids=[m[2][:30] for m in MISTAKES])
def test_sql_that_cannot_run_is_told_without_a_record(
    name: str, before: str, now: str, place: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("config") / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, now))
    line = path.read_text().partition(now)[0].count("\n") + 1
    stream = "infants" if name == "covariates.yaml" else path.stem
    message = refused(["check", stream], capsys)
    assert place.format(line=line) in message
    assert said in message
    assert message.splitlines()[-1].endswith(("1 problem", " problems"))


def test_calibration_is_bound_as_well(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    streams = Path("config/config.yaml")
    streams.write_text(streams.read_text().replace("streams: [recurrence, ", "streams: [replication] # ["))
    assert main(["check"]) == 0
    capsys.readouterr()
    targets = Path("config/calibration/targets.yaml")
    change(targets, "count(*)", "count(nobody)")
    assert "config/calibration/targets.yaml, line " in refused(["check"], capsys)


def test_a_study_has_no_name_of_the_pipelines_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(Path("config/config.yaml"), "streams: [", "streams: [datasets, ")
    assert "streams: 'datasets' is a word of the pipeline itself" in refused(["check"], capsys)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("streams/recurrence.yaml", "stream: recurrence\ntitle: Zo\u00e9\n".encode("cp1252"), "line 2 is not UTF-8"),
        ("streams/recurrence.yaml", b"", "the file is empty"),
        ("config.yaml", b"recurrence\n", "there are no keys in the file"),
        (
            "codelists/religions.csv",
            "name\nZo\u00e9\n".encode("cp1252"),
            "line 2 is not UTF-8; save it as UTF-8 (in Excel",
        ),
        ("codelists/person.csv", b"name\nx\n", "a table of the source is called so as well"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    name: str, content: bytes, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("config") / name
    path.write_bytes(content)
    message = refused(["check", "recurrence"], capsys)
    assert str(path) in message
    assert said in message


def test_a_file_with_another_end_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("config/streams/mine.yml").write_text("stream: mine\n")
    assert "there is mine.yml; rename it" in refused(["check", "mine"], capsys)


def test_several_mistakes_are_told_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("config/streams/recurrence.yaml")
    change(path, "value: parent_age_band(age)", "value: parent_age_band(ages)")
    change(path, "value: age, unit", "value: ages, unit")
    message = refused(["check", "recurrence", "replication"], capsys)
    assert "covariates.age_band: " in message
    assert "covariates.age_years: " in message
    assert "cohort 'parents'" in message
    assert "cohort 'mothers_wales'" in message  # which has the first of the two as well
    assert message.endswith("3 problems\n")


def test_check_writes_nothing_and_says_what_it_checked(here: Path) -> None:
    before = sorted(here.rglob("*"))
    said = check(Path("config"), ["replication", "recurrence"])
    assert said[0] == "replication: 2 cohorts, 8 analyses, 20 SQL statements can run"
    assert said[-1].endswith("No record was read.")
    assert sorted(here.rglob("*")) == before


@pytest.mark.slow
def test_the_whole_configuration_can_run() -> None:
    assert len(check(ROOT / "config", [])) == len(list((ROOT / "config/streams").glob("*.yaml"))) + 1


def test_the_line_of_a_place_is_that_of_its_sql(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "cohorts:\n  a:\n    steps:\n      - name: one\n        sql: |\n          SELECT 1\n          FROM b\n"
    )
    assert line_in_file(path, "cohorts.a.steps.one", 2) == 7
    assert line_in_file(path, "cohorts.a.steps.one") == 4
    assert line_in_file(path, "cohorts.a.gone") == 2


# --- init -------------------------------------------------------------------------------------------------------------


def test_a_study_of_court_records_can_run_as_it_is_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "my_study"]) == 0
    assert "add it to config/config.yaml:  streams: [recurrence, " in capsys.readouterr().out
    assert main(["check", "my_study"]) == 0


def test_a_study_of_a_file_can_run_and_holds_no_value_of_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text(CSV)
    assert main(["init", "mine", "--file", "data.csv", "--time", "weeks", "--event", "arrest", "--until", "52"]) == 0
    assert main(["check", "mine"]) == 0
    source = yaml.safe_load(Path("config/sources/mine.yaml").read_text())
    columns = source["tables"]["records"]["columns"]
    assert {name: about["type"] for name, about in columns.items()} == {
        "Name": "string", "weeks": "integer", "arrest": "integer", "Age in years": "integer",
    }  # fmt: skip
    written = Path("config/sources/mine.yaml").read_text() + Path("config/streams/mine.yaml").read_text()
    assert "Canary" not in written + capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["My-Study"], "small letters, digits and _"),
        (["all"], "a word of the pipeline itself"),
        (["infants"], "config/streams/infants.yaml is there already"),
        (["mine", "--file", "gone.csv"], "there is no such file"),
        (["mine", "--file", "Snakefile"], "write a CSV or Parquet file"),
        (["mine", "--file", "one.csv"], "one column only. Is it separated by commas?"),
        (["mine", "--file", "data.csv", "--time", "weeks"], "missing: --event, --until"),
        (
            ["mine", "--file", "data.csv", "--time", "week", "--event", "arrest", "--until", "9"],
            "Did you mean 'weeks'?",
        ),
        (["mine", "--time", "weeks"], "name it with --file"),
        (["mine", "--status", "arrest"], "name it with --file"),
        (["mine", "--file", "data.csv", "--entry", "weeks"], "missing: --time, --event, --until"),
        (
            ["mine", "--file", "data.csv", "--time", "weeks", "--status", "arrest", "--event", "arrest"],
            "write --event (0 and 1) or --status (0, 1 and 2), not both",
        ),
        (
            ["mine", "--file", "data.csv", "--time", "weeks", "--status", "Name", "--until", "9"],
            "Codes that are words are told in the study itself: docs/own_data.md",
        ),
        (
            ["mine", "--file", "data.csv", "--time", "weeks", "--event", "arrest", "--until", "-9"],
            "--until: -9 is no length of time",
        ),
        (["mine", "--file", "bare.csv"], "the first line is no header: 3 of 4 names do not begin with a letter"),
    ],
)
def test_what_cannot_be_a_study_is_told_and_nothing_is_written(
    arguments: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("data.csv").write_text(CSV)
    Path("one.csv").write_text("a;b\n1;2\n")
    Path("bare.csv").write_text(CSV.partition("\n")[2])
    said = refused(["init", *arguments], capsys)
    assert message in said
    assert "Canary" not in said
    assert not Path("config/streams/mine.yaml").exists()
    assert not Path("config/sources/mine.yaml").exists()


def test_columns_that_look_like_durations_are_offered(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text("id,survTime,status\n1,2,0\n2,3,1\n")
    assert main(["init", "mine", "--file", "data.csv"]) == 0
    assert "--time survTime --status status --until NUMBER   if 2 competes with 1" in capsys.readouterr().out
    Path("data.csv").write_text("id,weight,height\n1,2,0\n2,3,1\n")
    assert main(["init", "other", "--file", "data.csv"]) == 0
    assert "looks like" not in capsys.readouterr().out


@pytest.mark.parametrize("entry", [[], ["--entry", "since"]])
def test_a_study_of_durations_with_a_status_code_can_run(here: Path, entry: list[str]) -> None:
    Path("data.csv").write_text(
        "time,how,since\n" + "".join(f"{n % 40 + 1},{n % 3},{(n + 1) % 2}\n" for n in range(300))
    )
    options = ["--time", "time", "--status", "how", "--until", "40", *entry]
    assert main(["init", "mine", "--file", "data.csv", *options]) == 0
    assert main(["check", "mine"]) == 0
    JOBS["load_source"]("mine")
    JOBS["extract_cohort"]("mine", "everybody")
    JOBS["derive_covariates"]("mine", "everybody")
    JOBS["run_analysis"]("mine", "time_to_event")
    rows = read_results("results/internal/mine/time_to_event/results.csv")
    last = rows[rows["measure"] == "cumulative_incidence"].iloc[-1]
    left, with_event = (8, 3) if entry else (0, 0)  # rows 0, 40 ... 280 end as they begin
    assert (last["events"] + last["competing"] + last["censored"], last["events"]) == (300 - left, 100 - with_event)


@pytest.mark.slow
def test_a_study_of_a_file_runs_to_its_page_as_it_is_written(here: Path) -> None:
    Path("data.csv").write_text(CSV)
    assert main(["init", "mine", "--file", "data.csv", "--time", "weeks", "--event", "arrest", "--until", "52"]) == 0
    settings = Path("config/config.yaml")
    settings.write_text(settings.read_text().replace("streams: [recurrence, ", "streams: [mine] # ["))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "mine", "--cores", "1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = Path("results/release/mine/index.html").read_text()
    assert "What is recorded" in page
    assert "Time to the event" in page
    assert main(["sql", "--stream", "mine", "-c", "SELECT count(*) FROM everybody JOIN records USING (Name)"]) == 0
    assert main(["report", "mine"]) == 0


# --- sql --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_tables(here: Path) -> Path:
    """A folder in which a run has left research-ready tables, with one person."""
    ready = here / "results/restricted/sources/synthetic/ready"
    write_empty(research_ready_tables(), here / "empty")
    for name in research_ready_tables():
        columns = ", ".join(identifier(c) for c in research_ready_tables()[name].columns)
        rows = f"SELECT {columns} FROM read_parquet({literal(here / 'empty' / f'{name}.parquet')})"
        if name == "person":
            rows += " UNION ALL BY NAME SELECT 'E1100000001' AS person_id, DATE '1982-09-27' AS week_of_birth"
        files.write_parquet(files.connect(), rows, ready / f"{name}.parquet")
    return here


def shown(sql: str, capfd: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["sql", *options, "-c", sql]) == 0
    return capfd.readouterr().out


def test_the_console_knows_tables_lists_functions_and_definitions(
    with_tables: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "E1100000001" in shown("SELECT * FROM person", capfd)
    assert "No religion" in shown("SELECT name FROM religions", capfd)
    assert "39" in shown("SELECT age_in_years(week_of_birth, DATE '2021-12-31') AS age FROM person", capfd)
    assert "2020-12-31" in shown("SELECT $issued_to AS day", capfd, "--stream", "recurrence")
    assert "week_of_birth" in shown("DESCRIBE person", capfd)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO 'out.csv'",
        "COPY (SELECT 1 AS a) TO 'results/restricted/sources/synthetic/ready/person.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'results/restricted/sources/synthetic/ready/person.parquet'",
        "SELECT * FROM read_text('config/config.yaml')",
        "SELECT * FROM glob('*')",
        "ATTACH 'x.db'",
        "PRAGMA database_list",
        "SET enable_external_access = true",
        "CREATE TABLE x AS SELECT 1",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "SELECT $nobody",
        "SELECT * FROM nobody",
    ],
)
def test_the_console_opens_nothing_else_and_writes_nothing(
    sql: str, with_tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {
        path: path.read_bytes() for path in with_tables.rglob("*") if path.is_file() and "workflow" not in path.parts
    }
    refused(["sql", "-c", sql], capsys)
    after = {
        path: path.read_bytes() for path in with_tables.rglob("*") if path.is_file() and "workflow" not in path.parts
    }
    assert after == before


def test_a_damaged_table_is_not_shown(with_tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = with_tables / "results/restricted/sources/synthetic/ready/person.parquet"
    duckdb.sql(f"COPY (SELECT 'x' AS person_id) TO '{path}'")
    assert "not as it was written" in refused(["sql", "-c", "SELECT * FROM person"], capsys)


def test_a_script_ends_with_its_first_mistake(with_tables: Path) -> None:
    script = "SELECT 'first' AS a;\n\nSELECT\n  nothing\nFROM person;\nSELECT 'third' AS a;\n"
    done = subprocess.run(
        [sys.executable, "-m", "family_justice", "sql"], input=script, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "first" in done.stdout
    assert "third" not in done.stdout
    assert "Binder Error" in done.stderr


# --- the front door ---------------------------------------------------------------------------------------------------


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """Return the front door of a copy of the repository whose environment is said to be there."""
    shutil.copy(ROOT / "family-justice", tmp_path)
    for name in ("requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("workflow", "config", "Snakefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def enter(door: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(door / "family-justice"), *arguments], capture_output=True, text=True, check=False, cwd="/",
        env={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip


def test_the_first_use_makes_the_environment_and_the_second_does_not(door: Path) -> None:
    """A Python that makes an environment in which pip is replaced, and everything else is that of the tests."""
    log = door / "log.txt"
    inside = f'case "$*" in "-m pip"*) echo "$*" >>{log} ;; *) exec {sys.executable} "$@" ;; esac'
    python = script(
        door / "python",
        f'case "$*" in "-m venv"*) mkdir -p "$3/bin"; printf \'%s\\n\' "#!/bin/sh" \'{inside}\' >"$3/bin/python"; '
        f'chmod +x "$3/bin/python" ;; *) exec {sys.executable} "$@" ;; esac',
    )
    first = enter(door, PYTHON=str(python))
    assert first.returncode == 0, first.stderr
    assert "This happens once" in first.stderr
    assert "Installing the packages of requirements.lock" in first.stderr
    assert first.stdout.startswith("usage: ./family-justice")
    second = enter(door, "run", "recurence")
    assert second.stderr.startswith("'recurence' is no study")
    assert enter(door, "test", "--version").returncode == 0
    assert [line.rpartition("/")[2] for line in log.read_text().splitlines()] == [
        "requirements.lock", "requirements-test.lock",
    ]  # fmt: skip
    (door / "requirements-test.lock").write_text("# another\n")
    (door / "requirements.lock").write_text("# another\n")
    assert "Installing" in enter(door, "--help").stderr


def test_a_failed_installation_is_told_and_tried_again(door: Path) -> None:
    script(door / ".venv/bin/python", "echo 'no index' >&2; exit 1")
    for _ in range(2):
        done = enter(door, "run")
        assert done.returncode == 1
        assert done.stderr.endswith("Start again: what is there is kept.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 1", "Python 3.11 or newer was not found"),
        ('case "$*" in *version_info*) exit 0 ;; esac; exit 1', "apt install python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_told(text: str, said: str, door: Path) -> None:
    done = enter(door, "run", PYTHON=str(script(door / "python", text)))
    assert done.returncode == 1
    assert said in done.stderr
    assert not (door / ".venv").exists()


def test_a_problem_has_words_of_its_own() -> None:
    with pytest.raises(PipelineError, match="there is no such file"):
        check(ROOT / "config", ["nobody"])
