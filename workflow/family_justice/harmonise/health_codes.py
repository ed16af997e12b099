"""Code lists of health events (``config/codelists/health_*.csv``): read, checked, and made a table for SQL."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from family_justice.contracts import Table
from family_justice.errors import ContractError, did_you_mean, report_together
from family_justice.sql import literals

if TYPE_CHECKING:
    import duckdb

COLUMNS = ("version", "indicator", "group", "published_group", "code_system", "code", "label", "source", "licence")
#: Columns whose values the contract of the research-ready table lists, and its names for them.
_COLUMN_OF = {"indicator": "indicator", "group": "indicator_group", "code_system": "code_system"}


def read_health_codes(folder: Path, table: Table) -> list[dict[str, str]]:
    """Return the entries of all health code lists of a folder; ``table`` is the contract of ``health_event``.

    Raises ContractError, one for all that is wrong: no list, a column that is missing, an indicator, group or code
    system that the contract does not have, a code or source that is empty, a code that stands in the lists twice.
    """
    files = sorted(folder.glob("health_*.csv"))
    if not files:
        raise ContractError(f"{folder}: there is no code list of health events (health_*.csv).")
    entries: list[dict[str, str]] = []
    problems: list[str] = []
    first: dict[tuple[str, str], str] = {}
    allowed = {name: table.columns[column].codes or {} for name, column in _COLUMN_OF.items()}
    for path in files:
        with open(path, encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            rows = [] if missing else list(reader)
        problems += [f"{path.name}: column '{column}' is missing." for column in missing]
        for line, row in enumerate(rows, start=2):
            where = f"{path.name}, line {line}"
            for name, known in allowed.items():
                if row[name] not in known:
                    problems.append(f"{where}: {name} '{row[name]}' is unknown. {did_you_mean(row[name], known)}")
            problems += [f"{where}: '{name}' is empty." for name in ("code", "label", "source") if not row[name]]
            key = (row["code_system"], row["code"])
            if key in first:
                problems.append(f"{where}: code {row['code']} of {row['code_system']} is in {first[key]} already.")
            first.setdefault(key, where)
        entries += rows
    report_together(str(folder), problems, ContractError)
    return entries


def load_health_codes(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table) -> None:
    """Make the table ``health_code`` (code_system, prefix, indicator, indicator_group).

    A code means what the longest prefix says that it begins with; the dots that fill up a Read code are no part of it.
    """
    connection.execute(
        "CREATE TABLE health_code (code_system VARCHAR, prefix VARCHAR, indicator VARCHAR, indicator_group VARCHAR)"
    )
    values = ", ".join(f"({literals(_entry(row))})" for row in read_health_codes(folder, table))
    connection.execute(f"INSERT INTO health_code VALUES {values}")


def _entry(row: dict[str, str]) -> tuple[str, str, str, str]:
    prefix = row["code"].rstrip(".") if row["code_system"] == "read_v2" else row["code"]
    return row["code_system"], prefix, row["indicator"], row["group"]
