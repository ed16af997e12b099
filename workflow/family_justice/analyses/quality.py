"""The records themselves: rows of tables, what harmonisation did to them, checks, and planted defects that it found.

These are exact aggregates of records like any other result: they become rows of the result schema, of kind
``quality``, and pass the door before the data guide may show them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from family_justice.contracts import data_set_tables, research_ready_tables, source_tables
from family_justice.files import write_csv
from family_justice.harmonise.checks import CHECKS
from family_justice.harmonise.recovery import HERE as RECOVERY
from family_justice.harmonise.research_ready import COUNTED_APART, RULES
from family_justice.results import tidy

#: Analyses of kind ``quality`` that a stream with a data guide has besides those of its file: title, description, and
#: the file of a source's counts that it is made of.
ANALYSES = {
    "quality.tables": ("Rows of each table", "How many rows each source table has at this refresh.", "manifest"),
    "quality.rules": (
        "Known problems and what was done about them",
        "How many rows each rule of harmonisation touched, of how many it looked at.",
        "quality",
    ),
    "quality.checks": (
        "Checks of the research-ready tables and data sets",
        "How many rows break what the contracts, and a list of known values, say of them.",
        "checks",
    ),
    "quality.defects": (
        "Planted defects that harmonisation finds",
        "Of the defects planted in synthetic records, how many are found, and how many of those found were planted.",
        "recovery",
    ),
}

#: What a check of a source table against its contract may count.
FINDINGS = ("unresolved_reference", "unknown_code")

#: What the contract of a research-ready table says of a column, in the words of a check.
CONTRACT_CHECKS = {
    "required": "{column} is filled",
    "codes": "{column} has known codes",
    "references": "{column} is in the table that it refers to",
}


def analyses_of_records(is_synthetic: bool) -> list[str]:
    """Return the names of the analyses of kind ``quality``; only synthetic records have planted defects."""
    return [name for name in ANALYSES if is_synthetic or name != "quality.defects"]


@cache
def rules() -> dict[str, dict[str, str]]:
    """Return the rules of harmonisation by name: table, action and label."""
    return {row["rule"]: row for row in _lines(RULES)}


@cache
def defects() -> dict[str, str]:
    """Return what it means to find each planted defect of the court records."""
    return {row["defect"]: row["note"] for row in _lines(RECOVERY / "recovery.csv")}


@cache
def checks() -> dict[str, str]:
    """Return the checks of research-ready tables and data sets as ``table.rule`` with their words."""
    found = {}
    for name, table in (research_ready_tables() | data_set_tables()).items():
        found[f"{name}.key"] = f"{', '.join(table.key)}: unique together"
        for kind, said in CONTRACT_CHECKS.items():
            found |= {f"{name}.{kind}_{column}": said.format(column=column) for column in table.columns}
    return found | {f"{row['table']}.{row['rule']}": row["label"] for row in _lines(CHECKS)}


def words(analysis: str) -> dict[str, list[str]]:
    """Return the terms and levels that the rows of an analysis may have, from contracts and rules alone."""
    if analysis == "quality.tables":
        return {"terms": list(source_tables())}
    if analysis == "quality.checks":
        return {"terms": list(checks())}
    if analysis == "quality.defects":
        return {"terms": list(defects()), "levels": ["planted", "found"]}
    columns = [f"{name}.{column}" for name, table in source_tables().items() for column in table.columns]
    tables = [*source_tables(), *research_ready_tables()]
    return {"terms": [*rules(), *columns, *tables, "system"], "levels": [*COUNTED_APART, *FINDINGS]}


def count_quality(stream: str, analysis: str, counted: Path, results: Path) -> None:
    """Write the tidy rows of one of ``ANALYSES``; ``counted`` is the file of a source's counts that it is made of."""
    rows = {
        "quality.tables": _tables,
        "quality.rules": _rules,
        "quality.checks": _checks,
        "quality.defects": _defects,
    }[analysis](_lines(counted))
    write_csv(tidy(rows, stream=stream, analysis=analysis, kind="quality", measure="count"), results)


def _lines(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _tables(lines: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for row in lines:
        if row["table"] in source_tables():
            yield {"term": row["table"], "n": int(row["rows"])}


def _rules(lines: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield one row per rule and system (``group``), and one per column that a check found fault with."""
    for row in lines:
        touched, before = int(row["rows_affected"]), int(row["rows_before"] or -1)
        # Some rules make rows (an order for each child of a case) or count others than those they looked at.
        counts: dict[str, int | None] = {"n": touched, "total": before if before >= touched else None}
        if row["action"] in ("read", "ready"):
            counts = {"n": before, "total": None}
        if row["rule"] in rules():
            yield {"term": row["rule"], "group": f"system={row['system']}", **counts}
        elif row["rule"] in FINDINGS:
            table, column = row["table"], row["label"].partition(":")[0]
            known = column in source_tables()[table].columns if table in source_tables() else False
            yield {"term": f"{table}.{column}" if known else table, "level": row["rule"], **counts}


def _checks(lines: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for row in lines:
        yield {"term": f"{row['table']}.{row['rule']}", "n": int(row["violations"]), "total": int(row["rows"])}


def _defects(lines: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield for each defect how many of the planted ones were found, and how many of those found were planted."""
    for row in lines:
        for level in ("planted", "found"):
            yield {"term": row["defect"], "level": level, "n": int(row["correct"]), "total": int(row[level])}
