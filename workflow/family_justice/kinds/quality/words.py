"""The terms and levels that counts of the records may have, from contracts and rules alone."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from family_justice import rooms
from family_justice.contracts import data_set_tables, research_ready_tables, source_tables
from family_justice.harmonise.checks import CHECKS as CHECK_LIST
from family_justice.harmonise.recovery import HERE as RECOVERY
from family_justice.harmonise.research_ready import COUNTED_APART
from family_justice.harmonise.research_ready import RULES as RULE_LIST
from family_justice.kinds.quality.model import ANALYSES, CHECKS, DEFECTS, TABLES, Quality

#: What a check of a source table against its contract may count.
FINDINGS = ("unresolved_reference", "unknown_code", "unknown_name", "unlisted_name", "contradicted_code")

#: What the contract of a research-ready table says of a column, in the words of a check.
CONTRACT_CHECKS = {
    "required": "{column} is filled",
    "codes": "{column} has known codes",
    "references": "{column} is in the table that it refers to",
}


@cache
def rules() -> dict[str, dict[str, str]]:
    """Return the rules of harmonisation by name: table, action and label."""
    return {row["rule"]: row for row in read_lines(RULE_LIST)}


@cache
def defects() -> dict[str, str]:
    """Return what it means to find each planted defect of the court records."""
    return {row["defect"]: row["note"] for row in read_lines(RECOVERY / "recovery.csv")}


@cache
def checks() -> dict[str, str]:
    """Return the checks of research-ready tables and data sets as ``table.rule`` with their words."""
    found = {}
    for name, table in (research_ready_tables() | data_set_tables()).items():
        found[f"{name}.key"] = f"{', '.join(table.key)}: unique together"
        for kind, said in CONTRACT_CHECKS.items():
            found |= {f"{name}.{kind}_{column}": said.format(column=column) for column in table.columns}
    return found | {f"{row['table']}.{row['rule']}": row["label"] for row in read_lines(CHECK_LIST)}


def read_lines(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file as they are written."""
    rooms.check(path)
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(analysis: str) -> dict[str, list[str]]:
    """Return the terms and levels that the rows of an analysis may have, from contracts and rules alone."""
    if analysis == TABLES:
        return {"terms": list(source_tables())}
    if analysis == CHECKS:
        return {"terms": list(checks())}
    if analysis == DEFECTS:
        return {"terms": list(defects()), "levels": ["planted", "found"]}
    columns = [f"{name}.{column}" for name, table in source_tables().items() for column in table.columns]
    tables = [*source_tables(), *research_ready_tables()]
    return {"terms": [*rules(), *columns, *tables, "system"], "levels": [*COUNTED_APART, *FINDINGS]}


def described(analysis: str) -> dict[str, Any]:
    """Return the description of an analysis of the records for the study."""
    title, description, _ = ANALYSES[analysis]
    about = {"kind": Quality.kind, "title": title, "description": description, "cohort": "", "method": ""}
    return {**about, **words(analysis)}
