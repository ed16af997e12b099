"""Checks of the research-ready tables and data sets: what contracts say, and known values, each with a count."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.contracts.check import Departure

if TYPE_CHECKING:
    import duckdb

#: Known values by table; ``violates`` is the condition under which a row (``checked``) breaks the rule.
CHECKS = Path(__file__).resolve().with_name("checks.csv")
CHECK_COLUMNS = ("table", "rule", "label", "rows", "violations")

#: What harmonisation counted of the contracts, beside the research-ready tables.
COUNTED = "contract_checks.csv"

_ORDER = ("key", "required", "codes", "references")


def contract_checks(departures: Iterable[Departure]) -> list[dict[str, Any]]:
    """Return one row per rule of a contract (``CHECK_COLUMNS``): table by table the key, then column by column."""
    rows: list[dict[str, Any]] = []
    for name, group in groupby(departures, key=lambda departure: departure.table.name):
        counted = list(group)
        columns = list(counted[0].table.columns)

        def place(found: Departure, columns: list[str] = columns) -> tuple[int, int]:
            return (-1 if found.rule == "key" else columns.index(found.column), _ORDER.index(found.rule))

        rows += [
            {
                "table": name,
                "rule": found.rule if found.rule == "key" else f"{found.rule}_{found.column}",
                "label": _label(found),
                "rows": found.total,
                "violations": found.rows,
            }
            for found in sorted(counted, key=place)
        ]
    return rows


def _label(found: Departure) -> str:
    if found.rule == "key":
        return f"({found.column}) is unique"
    promise = {
        "required": "is filled",
        "codes": "has known codes",
        "references": f"is in {found.table.columns[found.column].references}",
    }
    return f"{found.column} {promise[found.rule]}"


def known_values(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return one row per check of ``checks.csv``, which names its tables; each table is read once."""
    with open(CHECKS, encoding="utf-8", newline="") as stream:
        checks = list(csv.DictReader(stream))
    rows: list[dict[str, Any]] = []
    for table, group in groupby(checks, key=lambda check: check["table"]):
        of_table = list(group)
        counts = ", ".join(f"count(*) FILTER (WHERE {check['violates']})" for check in of_table)
        found = connection.execute(f'SELECT count(*), {counts} FROM "{table}" AS checked').fetchone()
        assert found is not None
        for check, violations in zip(of_table, found[1:], strict=True):
            rows.append({**{n: check[n] for n in CHECK_COLUMNS[:3]}, "rows": found[0], "violations": violations})
    return rows
