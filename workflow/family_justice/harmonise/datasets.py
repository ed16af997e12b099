"""Data sets from the research-ready tables, and the checks of both: what is violated is reported, nothing crashes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice import rooms
from family_justice.contracts import data_set_tables, research_ready_tables
from family_justice.contracts.check import check_tables, count_departures
from family_justice.errors import ContractError, PipelineError
from family_justice.files import connect, write_parquet, write_rows
from family_justice.harmonise.checks import CHECK_COLUMNS, COUNTED, contract_checks, known_values
from family_justice.sql import identifiers, literal

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).resolve().parent


def build_datasets(ready: Path, folder: Path, checks_csv: Path, codelists: Path, threads: int = 1) -> None:
    """Make the data sets of ``contracts/datasets.yaml`` and check them and the research-ready tables.

    ``ready`` holds the research-ready tables, ``codelists`` the hierarchies of orders. Writes ``<data set>.parquet``
    per data set to ``folder`` (columns of the contract, sorted by primary key) and to ``checks_csv`` one row per check
    (table, rule, label, rows, violations): first what the contracts say (key, required columns, codes, references),
    then the known values of ``checks.csv``. A check that is violated is a row with a number, not an error.

    Raises ContractError if a research-ready table is missing or a data set departs from its contract.
    """
    hierarchies = codelists / "order_hierarchies.csv"
    missing = [name for name in research_ready_tables() if not (ready / f"{name}.parquet").is_file()]
    if missing:
        raise ContractError(f"{ready}: the research-ready tables {', '.join(missing)} are missing; harmonise first")
    if not hierarchies.is_file():
        raise ContractError(f"{hierarchies}: the code list is missing")
    data_sets = data_set_tables()
    tables: dict[str, str | Path] = {name: ready / f"{name}.parquet" for name in research_ready_tables()}
    with connect(tables, threads=threads) as connection:
        reading = f"SELECT * FROM read_csv({literal(hierarchies)}, all_varchar = true)"
        connection.execute(f"CREATE TABLE order_hierarchies AS {reading}")
        for step in ("common", *data_sets):
            _run(connection, step)
        ready_checks = _checks_of_ready(connection, ready)
        everything = {name: name for name in (*tables, *data_sets)}
        where = "data sets (a fault of build_datasets, please report it)"
        made = check_tables(connection, everything, data_sets, where, others=everything)
        found = [*ready_checks, *contract_checks(made), *known_values(connection)]
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in data_sets.items():
            columns = identifiers(table.columns)
            key = identifiers(table.key)
            write_parquet(connection, f'SELECT {columns} FROM "{name}" ORDER BY {key}', folder / f"{name}.parquet")
    write_rows(checks_csv, CHECK_COLUMNS, found)


def _run(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    import duckdb

    try:
        connection.execute((HERE / "dataset_sql" / f"{step}.sql").read_text(encoding="utf-8"))
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
        raise  # about the text of the SQL file, not about records
    except duckdb.Error as error:
        raise PipelineError(
            f"harmonise/dataset_sql/{step}.sql failed on the records ({type(error).__name__}). "
            "The message of the database may quote a record and is not shown."
        ) from None


def _checks_of_ready(connection: duckdb.DuckDBPyConnection, ready: Path) -> list[dict[str, Any]]:
    """Return what harmonisation counted of the contracts; tables that came without counts are counted here."""
    if (ready / COUNTED).is_file():
        rooms.check(ready / COUNTED)
        with open(ready / COUNTED, encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    tables = research_ready_tables()
    relations = {name: name for name in tables}
    return contract_checks(
        departure
        for name, table in tables.items()
        for departure in count_departures(connection, name, table, relations)
    )
