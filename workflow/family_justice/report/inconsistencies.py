"""Published figures that do not reconcile: with their own counts, or with another publication.

What is printed is in ``config/references/inconsistencies.csv``; what follows from it is worked out here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from family_justice.errors import PipelineError
from family_justice.figures import words
from family_justice.report.tables.page_tables import Cell, Row, Table

TITLE = "Published figures that do not reconcile"
COLUMNS = (
    "id", "published", "quantity", "printed", "numerator", "denominator", "elsewhere", "numerator_elsewhere",
    "denominator_elsewhere", "remark", "source", "address",
)  # fmt: skip


def table(path: str | Path) -> tuple[Table, list[str]]:
    """Return the table of inconsistencies, each with what its counts give and with a verdict, and its numbered notes.

    Raises ``PipelineError`` if the columns of the file are others, or a count is not a whole number.
    """
    body: list[Row] = []
    notes: list[str] = []
    for row in _read(Path(path)):
        other = recomputed(row["elsewhere"], row["numerator_elsewhere"], row["denominator_elsewhere"])
        notes.append(f"{row['remark']} {row['source']}: {row['address']}.")
        cells = [
            Cell(row["printed"], sub=row["published"]),
            Cell(recomputed(row["printed"], row["numerator"], row["denominator"]) or "–"),
            Cell(row["elsewhere"] or "–", sub=other),
            Cell(verdict(row)),
            Cell(f"{len(notes)}"),
        ]
        body.append(Row(row["quantity"], cells))
    heads = ["Quantity", "Printed", "From the counts", "Elsewhere", "Verdict", "Note"]
    caption = f"{TITLE}: what is printed, and what follows from the counts beside it"
    return Table(caption, heads, body, text=frozenset({1, 2, 3, 4, 5})), notes


def recomputed(printed: str, numerator: str, denominator: str) -> str:
    """Return the percentage that two counts give, with one more decimal than is printed; empty without two counts."""
    if not (numerator and denominator):
        return ""
    share = 100 * int(numerator) / int(denominator)
    digits = (decimals(printed) if printed.endswith("%") else 0) + 1
    return f"{words.decimal(share, digits)}% ({words.count(int(numerator))} of {words.count(int(denominator))})"


def verdict(row: Mapping[str, str]) -> str:
    """Say what is wrong, by arithmetic alone.

    A percentage agrees with its counts if it is their share rounded to the decimals printed. A part larger than its
    whole is impossible. Where two publications differ, the difference is that of their first counts.
    """
    found = []
    if row["numerator"] and row["denominator"]:
        part, whole = int(row["numerator"]), int(row["denominator"])
        if part > whole:
            found.append("impossible: the part is larger than the whole")
        elif row["printed"].endswith("%"):
            found += _beside_counts(row["printed"], part, whole)
    first, second = (_number(row[column]) for column in ("printed", "elsewhere"))
    if first is not None and second is not None and first != second:
        difference = second - first
        found.append(
            f"the two differ by {words.count(abs(difference))} ({words.decimal(100 * abs(difference) / first, 1)}%)"
        )
    return "; ".join(found) or ("no counts are printed" if not row["numerator"] else "agrees")


def decimals(printed: str) -> int:
    """Return how many decimals a printed percentage has."""
    return len(printed.rstrip("%").partition(".")[2])


def _beside_counts(printed: str, part: int, whole: int) -> list[str]:
    digits = decimals(printed)
    # In whole units of the last decimal, half up, without a float in between.
    scale = 100 * 10**digits
    right = (2 * part * scale + whole) // (2 * whole)
    said = int(printed.rstrip("%").replace(".", ""))
    if said == right:
        return []
    gap = abs(said - right) / 10**digits
    return [f"should be {words.decimal(right / 10**digits, digits)}%, off by {words.decimal(gap, digits)} points"]


def _number(text: str) -> int | None:
    """Return a printed count; None for a percentage, words or nothing."""
    return int(text.replace(",", "")) if re.fullmatch(r"[\d,]+", text) else None


def _read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise PipelineError(
                f"{path}: the columns are {', '.join(reader.fieldnames or ())}; needed: {', '.join(COLUMNS)}"
            )
        rows = list(reader)
    for row in rows:
        wrong = [c for c in COLUMNS if c.startswith(("numerator", "denominator")) and not re.fullmatch(r"\d*", row[c])]
        if wrong:
            raise PipelineError(
                f"{path}: row {row['id']}, {wrong[0]}: write a whole number without separators, or nothing"
            )
    return rows
