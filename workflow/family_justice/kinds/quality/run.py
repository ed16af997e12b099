"""Kind ``quality``: rows of results from the counts of a source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from family_justice.contracts import source_tables
from family_justice.files import write_csv
from family_justice.kinds.quality.model import CHECKS, DEFECTS, RULES, TABLES, Quality
from family_justice.kinds.quality.words import FINDINGS, read_lines, rules
from family_justice.results import tidy


def count_quality(stream: str, analysis: str, counted: Path, results: Path) -> None:
    """Write the tidy rows of one of ``ANALYSES``; ``counted`` is the file of a source's counts that it is made of."""
    rows = {
        TABLES: _tables,
        RULES: _rules,
        CHECKS: _checks,
        DEFECTS: _defects,
    }[analysis](read_lines(counted))
    write_csv(tidy(rows, stream=stream, analysis=analysis, kind=Quality.kind, measure="count"), results)


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
