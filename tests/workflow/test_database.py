"""The court tables from a database: the same bytes as from files, whatever the server, and nothing asked for twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parent / "database"))
import servers

from family_justice.config.load import Configuration
from family_justice.config.sources import DatabaseSource
from family_justice.contracts import source_tables
from family_justice.errors import ConfigError, ContractError
from family_justice.harmonise import harmonise
from family_justice.sources.database.engines import Dbapi, open_engine
from family_justice.sources.database.fetch import fetch_tables
from family_justice.sources.database.statements import db2_catalogue, select
from family_justice.sources.load import load_source

ROOT = Path(__file__).resolve().parents[2]
REFRESH = "20240111"
#: As in SAIL: the project's views with a refresh in their names, the reference views, and the linked sources.
PLACES: list[dict[str, Any]] = [
    {"tables": ["CAFE_*"], "schema": "SAIL0000V", "name": "{table}_{refresh}", "refresh": REFRESH},
    {"tables": ["CMS_*", "ECMS_*"], "schema": "SAILCAFEREFV", "name": "{table}_{refresh}", "refresh": REFRESH},
    {"tables": ["CAFCASS_*"], "schema": "SAILCAFWV"},
    {"tables": ["ADDE_*", "LSOA_*", "AREA_*"], "schema": "SAILREFRV"},
]


def source_of(connection: str, **changes: Any) -> DatabaseSource:
    given = {"places": PLACES, **changes}
    return DatabaseSource(
        kind="database",
        description="Toy.",
        minimum_policy="court_records",
        refresh_date="2021-12-31",
        connection=connection,
        **given,
    )


def located() -> dict[str, tuple[str, str]]:
    """Return schema and name of every table of the places."""
    from family_justice.sources.database import places_of

    return {name: (str(p.schema), p.name) for name, p in places_of(source_of("duckdb:///x"), source_tables()).items()}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the tables of a small population."""
    folder = tmp_path_factory.mktemp("population")
    source = Configuration(ROOT / "config").source("synthetic").model_copy(update={"scale": 0.005})
    load_source(source, ROOT, folder / "raw", folder / "manifest.csv")
    return folder / "raw"


@pytest.fixture(scope="module")
def duckdb_file(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a DuckDB file with the tables, each with a column that no contract declares, rows in another order."""
    path = tmp_path_factory.mktemp("duckdb") / "sail.duckdb"
    with duckdb.connect(str(path)) as connection:
        for name, (schema, table) in located().items():
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            connection.execute(
                f"""CREATE TABLE "{schema}"."{table}" AS SELECT 'x' AS NOT_DECLARED, * """
                f"""FROM read_parquet('{raw}/{name}.parquet') ORDER BY ALL DESC"""
            )
    return path


@pytest.fixture(scope="module")
def postgresql(raw: Path) -> Iterator[str]:
    """Return the connection string of a server with the tables, names in lower case as PostgreSQL makes them."""
    missing = servers.missing_programs()
    if missing:
        pytest.skip(f"PostgreSQL is not installed here, nothing to read from: no {', '.join(missing)}")
    from adbc_driver_postgresql import dbapi

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", servers.PASSWORD)
        with servers.postgresql() as url:
            with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
                for name, (schema, table) in located().items():
                    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                    rows = duckdb.sql(f"SELECT * FROM read_parquet('{raw}/{name}.parquet') ORDER BY ALL").arrow()
                    rows = rows.read_all() if hasattr(rows, "read_all") else rows
                    rows = rows.rename_columns([column.lower() for column in rows.column_names])
                    cursor.adbc_ingest(table.lower(), rows, mode="create", db_schema_name=schema.lower())
            yield url


def ready(raw: Path, folder: Path) -> dict[str, bytes]:
    harmonise(raw, folder / "ready", folder / "quality.csv", ROOT / "config/codelists")
    return {path.name: path.read_bytes() for path in sorted((folder / "ready").glob("*.parquet"))}


def snapshot_of(source: DatabaseSource, folder: Path) -> dict[str, bytes]:
    load_source(source, ROOT, folder / "raw", folder / "manifest.csv")
    assert not (folder / "fetched").exists()
    return {path.name: path.read_bytes() for path in sorted((folder / "raw").glob("*.parquet"))}


def test_two_databases_give_the_same_snapshot_and_the_tables_of_the_files(
    raw: Path, duckdb_file: Path, postgresql: str, tmp_path: Path
) -> None:
    first = snapshot_of(source_of(f"duckdb:///{duckdb_file}"), tmp_path / "duckdb")
    second = snapshot_of(source_of(postgresql), tmp_path / "postgresql")
    assert first.keys() == second.keys() == {f"{name}.parquet" for name in located()}
    assert [name for name in first if first[name] != second[name]] == []
    manifests = [(tmp_path / kind / "manifest.csv").read_text() for kind in ("duckdb", "postgresql")]
    assert manifests[0] == manifests[1]
    lines = {line.split(",")[0]: line.split(",") for line in manifests[0].splitlines()}
    assert lines["CAFE_ECMS_CASES"][2] == REFRESH
    assert lines["CAFCASS_INCIDENT"][2] == "2021-12-31"
    # The same records as files give the same research-ready tables, and so the same cohorts.
    wanted = tmp_path / "files" / "raw"
    wanted.mkdir(parents=True)
    for name in located():
        (wanted / f"{name}.parquet").write_bytes((raw / f"{name}.parquet").read_bytes())
    files, database = ready(wanted, tmp_path / "files"), ready(tmp_path / "postgresql" / "raw", tmp_path / "again")
    assert [name for name in files if files[name] != database[name]] == []


def test_only_declared_columns_are_asked_for(duckdb_file: Path, tmp_path: Path) -> None:
    paths = fetch_tables(source_of(f"duckdb:///{duckdb_file}"), source_tables(), tmp_path, ROOT)
    columns = duckdb.sql(f"SELECT * FROM read_parquet('{paths['CAFE_ECMS_PEOPLE']}') LIMIT 0").columns
    assert columns == list(source_tables()["CAFE_ECMS_PEOPLE"].columns)


def test_an_interrupted_fetch_goes_on_with_the_table_it_stopped_at(
    duckdb_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from family_justice.sources.database import engines

    source, stop = source_of(f"duckdb:///{duckdb_file}"), "CAFE_ECMS_CASES"
    asked: list[str] = []
    original = engines.DuckDB.batches

    def batches(self: Any, statement: str) -> Iterator[Any]:
        asked.append(statement)
        for batch in original(self, statement):
            yield batch
            if stop and stop in statement:
                raise OSError("connection lost, and a record with it")

    monkeypatch.setattr(engines.DuckDB, "batches", batches)
    with pytest.raises(ContractError, match="CAFE_ECMS_CASES: fetching stopped after 0 rows") as caught:
        fetch_tables(source, source_tables(), tmp_path, ROOT)
    assert "a record with it" not in str(caught.value)
    done, stop = len(asked) - 1, ""
    assert done > 5
    assert not (tmp_path / "CAFE_ECMS_CASES.parquet").exists()
    asked.clear()
    fetch_tables(source, source_tables(), tmp_path, ROOT)
    assert len(asked) == len(located()) - done
    assert capsys.readouterr().out.count("already fetched") == done
    # Another refresh is another statement: what was fetched before is no answer to it.
    other = [{**PLACES[0], "refresh": "20240712"}, *PLACES[1:]]
    with pytest.raises(ContractError, match="there is no table CAFE_ECMS_CASES_20240712 in schema SAIL0000V"):
        fetch_tables(source_of(f"duckdb:///{duckdb_file}", places=other), source_tables(), tmp_path, ROOT)


def test_other_names_in_the_database(duckdb_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    path.write_bytes(duckdb_file.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE VIEW SAILREFRV.DEATHS AS SELECT ALF_E, DEATH_DT AS DOD FROM SAILREFRV.ADDE_DEATHS")
    renamed = {"ADDE_DEATHS": {"table": "DEATHS", "columns": {"DEATH_DT": "DOD"}}}
    plain = fetch_tables(source_of(f"duckdb:///{path}"), source_tables(), tmp_path / "plain", ROOT)
    other = fetch_tables(source_of(f"duckdb:///{path}", renamed=renamed), source_tables(), tmp_path / "other", ROOT)
    read = [duckdb.sql(f"SELECT * FROM read_parquet('{p['ADDE_DEATHS']}') ORDER BY ALL") for p in (plain, other)]
    assert read[0].columns == read[1].columns
    assert read[0].fetchall() == read[1].fetchall()


def test_what_a_server_says_of_its_catalogue_is_not_passed_on(
    duckdb_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from family_justice.sources.database import engines

    def catalogue(*_: Any) -> None:
        raise OSError("user analyst at host 10.0.0.1 is not allowed")

    monkeypatch.setattr(engines.DuckDB, "catalogue", catalogue)
    with pytest.raises(ConfigError, match=r"the catalogue of the database cannot be read \(OSError\)") as caught:
        fetch_tables(source_of(f"duckdb:///{duckdb_file}"), source_tables(), tmp_path, ROOT)
    assert "analyst" not in str(caught.value)


def test_a_column_that_the_database_does_not_have_is_left_empty(duckdb_file: Path, tmp_path: Path) -> None:
    """Every declared column must be there unless the source says that one is not: a typo is never an empty column."""
    path, table = tmp_path / "lacking.duckdb", f'SAIL0000V."CAFE_ECMS_PEOPLE_{REFRESH}"'
    path.write_bytes(duckdb_file.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"ALTER TABLE {table} DROP LSOA2011_CD")
    with pytest.raises(ContractError, match=r"(?s)column 'LSOA2011_CD' is missing.*LSOA2011_CD: null  # left empty"):
        fetch_tables(source_of(f"duckdb:///{path}"), source_tables(), tmp_path / "refused", ROOT)
    renamed = {"CAFE_ECMS_PEOPLE": {"columns": {"LSOA2011_CD": None}}}
    load_source(source_of(f"duckdb:///{path}", renamed=renamed), ROOT, tmp_path / "raw", tmp_path / "manifest.csv")
    whole = fetch_tables(source_of(f"duckdb:///{duckdb_file}"), source_tables(), tmp_path / "whole", ROOT)
    query = "SELECT * REPLACE (NULL::VARCHAR AS LSOA2011_CD) FROM read_parquet('{}') ORDER BY ALL"
    kept, of_all = tmp_path / "raw" / "CAFE_ECMS_PEOPLE.parquet", whole["CAFE_ECMS_PEOPLE"]
    assert duckdb.sql(f"SELECT count(*), count(LSOA2011_CD) FROM read_parquet('{kept}')").fetchone()[1] == 0
    assert duckdb.sql(query.format(kept)).fetchall() == duckdb.sql(query.format(of_all)).fetchall()


def test_everything_that_is_not_there_is_told_at_once(duckdb_file: Path, tmp_path: Path) -> None:
    renamed = {"ADDE_DEATHS": {"columns": {"DEATH_DT": "DETH_DT"}}, "CAFE_ECMS_PEOPLE": {"table": "PEOPLE"}}
    with pytest.raises(ContractError) as caught:
        fetch_tables(source_of(f"duckdb:///{duckdb_file}", renamed=renamed), source_tables(), tmp_path, ROOT)
    message = str(caught.value)
    assert "2 problems" in message
    assert "ADDE_DEATHS: column 'DETH_DT' (for DEATH_DT) is missing. There are: " in message
    settled = message.partition("Check the names")[2]
    assert settled.endswith("renamed:\n  CAFE_ECMS_PEOPLE:\n    table: PEOPLE")  # its own name was there
    assert "CAFE_ECMS_PEOPLE: there is no table PEOPLE in schema SAIL0000V" in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"places": [{"tables": ["CAFE_ECSM_*"]}]}, "no table of the contracts is like 'CAFE_ECSM_*'"),
        ({"places": [*PLACES, {"tables": ["ADDE_DEATHS"]}]}, "number 5: ADDE_DEATHS is in another place as well"),
        ({"renamed": {"ADDE_DETHS": {}}}, "renamed: 'ADDE_DETHS' is not a table of this source"),
        ({"renamed": {"ADDE_DEATHS": {"columns": {"DOD": "X"}}}}, "'DOD' is not a column of its contract"),
    ],
)
def test_places_that_cannot_be_right(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="database source") as caught:
        fetch_tables(source_of("duckdb:///none", **changes), source_tables(), tmp_path, ROOT)
    assert message in str(caught.value)


def test_connection_strings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no password here"):
        source_of("postgresql://analyst:secret@host/sail")
    with pytest.raises(ValueError, match="'refresh' is missing"):
        source_of("duckdb:///x", places=[{"tables": ["*"], "name": "{table}_{refresh}"}])
    monkeypatch.delenv("FAMILY_JUSTICE_DATABASE", raising=False)
    with pytest.raises(ConfigError, match="environment variable FAMILY_JUSTICE_DATABASE"):
        fetch_tables(source_of(None), source_tables(), tmp_path, ROOT)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"none\.duckdb: no such DuckDB file"):
        open_engine("duckdb:///none.duckdb", tmp_path)
    with pytest.raises(ConfigError, match="'oracle' is no kind of database"):
        open_engine("oracle://host/x", tmp_path)
    with pytest.raises(ConfigError, match="the database cannot be reached"):
        open_engine("postgresql://analyst@127.0.0.1:1/none?connect_timeout=2", tmp_path)


def test_padding_is_cut_and_blank_text_is_missing(tmp_path: Path) -> None:
    """A padded '99 ' would not be the code 99, and an unmatched linkage field would count as matched."""
    path = tmp_path / "padded.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE EDDS_EDDS AS SELECT 1 AS RECORD_ID_E, 7 AS ALF_E, '99 ' AS ALF_STS_CD, '  ' AS DIAG_CD_1, "
            "' 01' AS DIAG_CD_2, NULL::VARCHAR AS SEX, DATE '2015-01-05' AS ADMIN_ARR_DT, NULL::DATE AS ADMIN_END_DT, "
            "1 AS AGE, '' AS ARRIVAL_MODE, 'x' AS ATTEND_CAT, NULL::VARCHAR AS ATTEND_GROUP"
        )
    source = source_of(f"duckdb:///{path}", places=[{"tables": ["EDDS_EDDS"]}])
    load_source(source, ROOT, tmp_path / "raw", tmp_path / "manifest.csv")
    read = f"read_parquet('{tmp_path}/raw/EDDS_EDDS.parquet')"
    query = f"SELECT ALF_STS_CD, DIAG_CD_1, DIAG_CD_2, SEX, ARRIVAL_MODE, ATTEND_CAT FROM {read}"
    assert duckdb.sql(query).fetchall() == [("99", None, "01", None, None, "x")]
    assert (tmp_path / "repairs.csv").read_text().splitlines() == [
        "table,column,repair,rows",
        "EDDS_EDDS,ALF_STS_CD,trimmed,1",
        "EDDS_EDDS,ARRIVAL_MODE,missing,1",
        "EDDS_EDDS,DIAG_CD_1,missing,1",
        "EDDS_EDDS,DIAG_CD_2,trimmed,1",
    ]


def test_a_dbapi_connection_gives_text_that_the_contract_reads(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA SYSCAT; CREATE SCHEMA SAILX")
    connection.execute(
        "CREATE TABLE SAILX.T AS SELECT 7::DECIMAL(10, 0) AS ID, 'M  ' AS SEX, DATE '7985-01-07' AS WOB, "
        "TIMESTAMP '2015-01-05 10:30:00' AS SEEN, true AS ISPARTY, NULL::INTEGER AS NONE"
    )
    connection.execute(
        "CREATE VIEW SYSCAT.COLUMNS AS SELECT table_schema AS TABSCHEMA, table_name AS TABNAME, "
        "column_name AS COLNAME, ordinal_position AS COLNO FROM information_schema.columns"
    )
    # DuckDB's own connection has the methods of the DB-API; the text for Db2 is plain enough for it.
    engine = Dbapi(connection)
    found = [column for _, _, column in engine.catalogue("sailx", "t")]
    assert found == ["ID", "SEX", "WOB", "SEEN", "ISPARTY", "NONE"]
    empty, batch = engine.batches(select("SAILX", "T", found))
    assert empty.num_rows == 0
    assert batch.to_pylist() == [
        {"ID": "7", "SEX": "M  ", "WOB": "7985-01-07", "SEEN": "2015-01-05 10:30:00", "ISPARTY": "true", "NONE": None}
    ]


@pytest.mark.skipif(not servers.H2, reason="H2 is not installed here, nothing that reads Db2's dialect")
def test_the_text_for_db2_runs_in_its_dialect(tmp_path: Path) -> None:
    statement = select("SAIL0000V", "CAFE_ECMS_CASES_20240111", ["ID_PE", "DATERECEIVED"])
    assert statement == 'SELECT "ID_PE", "DATERECEIVED" FROM "SAIL0000V"."CAFE_ECMS_CASES_20240111"'
    said = servers.h2_in_db2_mode(
        tmp_path,
        f"""
        CREATE SCHEMA SAIL0000V; CREATE SCHEMA SYSCAT;
        CREATE TABLE SAIL0000V.CAFE_ECMS_CASES_20240111 (ID_PE BIGINT, DATERECEIVED DATE, NOT_DECLARED CHAR(3));
        INSERT INTO SAIL0000V.CAFE_ECMS_CASES_20240111 VALUES (41, '2015-01-05', 'x');
        CREATE VIEW SYSCAT.COLUMNS AS SELECT TABLE_SCHEMA AS TABSCHEMA, TABLE_NAME AS TABNAME, COLUMN_NAME AS COLNAME,
            ORDINAL_POSITION - 1 AS COLNO FROM INFORMATION_SCHEMA.COLUMNS;
        {statement};
        {db2_catalogue("sail0000v", "CAFE_ECMS_CASES_20240111")};
        SET SCHEMA SAIL0000V;
        {db2_catalogue(None, "cafe_ecms_cases_20240111")};
        """,
    )
    assert "41" in said
    assert "2015-01-05" in said
    assert said.count("CAFE_ECMS_CASES_20240111") >= 6
    assert said.count("NOT_DECLARED") >= 3


def people_in(connection: Any) -> None:
    """Make the table of deaths as a project may have it: other ends of names, a zone, padding, another word."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA project")
        cursor.execute(
            "CREATE TABLE project.adde_deaths AS SELECT 7 AS alf_pe, "
            "TIMESTAMPTZ '1985-07-01 00:00:00 Europe/London' AS death_dt"
        )
        cursor.execute(
            "CREATE TABLE project.edds_edds (record_id_pe numeric(31, 0), alf_pe bigint, alf_sts_cd char(3), "
            "diag_cd_1 text, diag_cd_2 text, sex text, admin_arr_dt text, admin_end_dt date, age integer, "
            "arrival_mode text, attend_cat text, attend_group text)"
        )
        cursor.execute(
            "INSERT INTO project.edds_edds VALUES (9007199254740993, 7, '99', 'NULL', ' 01', 'Male', "
            "'05/01/2015', NULL, 1, '', 'x', 'NA')"
        )


def test_a_project_with_other_names_words_and_a_zone(postgresql: str, tmp_path: Path) -> None:
    """Names end in _PE, dates have another form, and midnight in summer is the day before in UTC."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(postgresql, autocommit=True) as connection:
        people_in(connection)
    places = [{"tables": ["ADDE_DEATHS", "EDDS_EDDS"], "schema": "project"}]
    with pytest.raises(ContractError) as caught:
        load_source(source_of(postgresql, places=places), ROOT, tmp_path / "raw", tmp_path / "manifest.csv")
    assert "write into the file of the source:\n\nsuffixes: {_E: _PE}" in str(caught.value)
    assert "renamed:" not in str(caught.value)
    told = {"places": places, "suffixes": {"_E": "_PE"}, "values": {"EDDS_EDDS": {"SEX": {"Male": "1"}}}}
    with pytest.raises(ContractError) as caught:
        load_source(source_of(postgresql, **told), ROOT, tmp_path / "raw", tmp_path / "manifest.csv")
    assert "column 'DEATH_DT' has a time in UTC whose day in Britain is another in 1 row" in str(caught.value)
    assert "column 'ADMIN_ARR_DT' cannot be read as date in 1 row" in str(caught.value)
    assert "2015" not in str(caught.value)
    told |= {"time_zone": "Europe/London", "date_format": "%d/%m/%Y"}
    load_source(source_of(postgresql, **told), ROOT, tmp_path / "raw", tmp_path / "manifest.csv")
    deaths, visits = (f"read_parquet('{tmp_path}/raw/{name}.parquet')" for name in ("ADDE_DEATHS", "EDDS_EDDS"))
    assert duckdb.sql(f"SELECT ALF_E, DEATH_DT::VARCHAR FROM {deaths}").fetchall() == [(7, "1985-07-01")]
    query = (
        f"SELECT RECORD_ID_E, ALF_STS_CD, DIAG_CD_1, DIAG_CD_2, SEX, ADMIN_ARR_DT::VARCHAR, ATTEND_GROUP FROM {visits}"
    )
    assert duckdb.sql(query).fetchall() == [(9007199254740993, "99", None, "01", "1", "2015-01-05", None)]
    assert "EDDS_EDDS,SEX,values,1" in (tmp_path / "repairs.csv").read_text()


def test_what_a_server_refuses_is_told_apart_and_without_its_words(
    postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adbc_driver_postgresql import dbapi

    def said(url: str) -> str:
        with pytest.raises((ConfigError, ContractError)) as caught:
            fetch_tables(source_of(url, places=PLACES[3:]), source_tables(), tmp_path, ROOT)
        assert caught.value.__cause__ is None
        for secret in (servers.PASSWORD, "wrong-password", "analyst"):
            assert secret not in str(caught.value)
        return str(caught.value)

    server, _, _ = postgresql.rpartition("/")
    with dbapi.connect(postgresql) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE sailrefrv.adde_deaths IN ACCESS EXCLUSIVE MODE")
        waiting = f"{postgresql}?options=-c%20lock_timeout%3D300"
        assert "ADDE_DEATHS: fetching stopped after 0 rows: somebody else holds a lock" in said(waiting)
    monkeypatch.setenv("PGPASSWORD", "wrong-password")
    wrong = said(postgresql)
    monkeypatch.delenv("PGPASSWORD")
    assert wrong == said(postgresql)
    assert "user or password is refused" in wrong
    monkeypatch.setenv("PGPASSWORD", servers.PASSWORD)
    assert "no database of this name" in said(f"{server}/none")
    assert "no database answers there" in said("postgresql://analyst@127.0.0.1:1/none")
    assert "no database answers there" in said("postgresql://analyst@no.such.host.invalid/none?connect_timeout=2")
    assert "do not agree on encryption" in said(f"{postgresql}?sslmode=require")
    assert "option 'sslmod' is not known for postgresql" in said(f"{postgresql}?sslmod=require")
