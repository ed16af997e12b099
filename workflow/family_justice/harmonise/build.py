"""Data sets from the research-ready tables, and the checks of both: what is violated is reported, nothing crashes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.contracts import Table, data_set_tables, research_ready_tables
from family_justice.contracts.check import check_tables
from family_justice.errors import ContractError, PipelineError
from family_justice.files import connect, write_parquet, write_rows
from family_justice.harmonise.memory import limited
from family_justice.sql import identifiers, literal, literals

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).resolve().parent
CHECKS = HERE / "checks.csv"
CHECK_COLUMNS = ("table", "rule", "label", "rows", "violations")


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
    with connect(tables, threads=threads) as connection, limited(connection, folder.parent):
        reading = f"SELECT * FROM read_csv({literal(hierarchies)}, all_varchar = true)"
        connection.execute(f"CREATE TABLE order_hierarchies AS {reading}")
        for step in ("common", *data_sets):
            _run(connection, step)
        where = "data sets (a fault of build_datasets, please report it)"
        check_tables(connection, {name: name for name in data_sets}, data_sets, where)
        found = [*_contract_checks(connection, {**research_ready_tables(), **data_sets}), *_known_values(connection)]
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


def _contract_checks(connection: duckdb.DuckDBPyConnection, tables: dict[str, Table]) -> Iterator[dict[str, Any]]:
    """Count, table by table, the rows that break what a contract says of key, required columns, codes, references."""
    for name, table in tables.items():
        rules, counts = [], []
        if table.key:
            rules.append(("key", f"({', '.join(table.key)}) is unique"))
            key = identifiers(table.key)
            counts.append(
                f'(SELECT count(*) FROM "{name}") - (SELECT count(*) FROM (SELECT DISTINCT {key} FROM "{name}"))'
            )
        for column, contract in table.columns.items():
            where = []
            if contract.required:
                where.append(("required", f"{column} is filled", f'"{column}" IS NULL'))
            if contract.codes:
                unknown = f'CAST("{column}" AS VARCHAR) NOT IN ({literals(contract.codes)})'
                where.append(("codes", f"{column} has known codes", unknown))
            if contract.references:
                other, _, target = contract.references.partition(".")
                unresolved = f'NOT EXISTS (SELECT 1 FROM "{other}" AS o WHERE o."{target}" = checked."{column}")'
                label = f"{column} is in {contract.references}"
                where.append(("references", label, f'"{column}" IS NOT NULL AND {unresolved}'))
            for rule, label, condition in where:
                rules.append((f"{rule}_{column}", label))
                counts.append(f'(SELECT count(*) FROM "{name}" AS checked WHERE {condition})')
        row = connection.execute(f'SELECT (SELECT count(*) FROM "{name}"), {", ".join(counts)}').fetchone()
        assert row is not None
        for (rule, label), violations in zip(rules, row[1:], strict=True):
            yield {"table": name, "rule": rule, "label": label, "rows": row[0], "violations": violations}


def _known_values(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """Count the rows that break a rule of ``checks.csv``."""
    with open(CHECKS, encoding="utf-8", newline="") as stream:
        for check in csv.DictReader(stream):
            query = f'SELECT count(*), count(*) FILTER (WHERE {check["violates"]}) FROM "{check["table"]}" AS checked'
            row = connection.execute(query).fetchone()
            assert row is not None
            yield {**{name: check[name] for name in CHECK_COLUMNS[:3]}, "rows": row[0], "violations": row[1]}
