"""What stands behind the counts of made-up results: every row is a person, and sets are told by their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from family_justice.behind import PRINTED, Behind
from family_justice.config.schema import Cohort, Step
from family_justice.prints import BUCKETS, Counted, Printer
from family_justice.results import behind_file, read_results, tidy

COHORT = Cohort(label="C", unit="children", description="d", key=["child_id"],
                steps=[Step(name="s", label="S", sql="SELECT 1")])  # fmt: skip


def behind_labels(frame: pd.DataFrame) -> Behind:
    """Return it for a frame in the result schema: one person a row, and a set for each combination of labels."""
    lines: list[Any] = []
    for position, row in enumerate(frame.to_dict("records")):
        for column in PRINTED:
            if not pd.isna(row[column]):
                n = int(row[column])
                lines.append((position, column, n, n, min(n, 1), False, _print(row, column)))
    return Behind.of(lines, COHORT)


def _print(row: dict[Any, Any], column: str) -> np.ndarray:
    where = {*str(row["group"]).split("; "), f"{row['term']}={row['level']}" if row["level"] else ""} - {""}
    if column == "total":
        where.discard(f"{row['term']}={row['level']}")
    whole = column in ("n", "total")
    about = (row["cohort"], sorted(where), int(row[column]), "" if whole else (row["outcome"], column, row["time"]))
    seed = int.from_bytes(hashlib.blake2b(repr(about).encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).integers(-(2**40), 2**40, BUCKETS)


def write_behind(results: Path) -> None:
    """Write it beside a file of results, unless that cannot be read: then the door has to say so."""
    try:
        frame = read_results(str(results))
        behind_labels(frame).write(behind_file(results))
    except Exception:
        behind_labels(pd.DataFrame()).write(behind_file(results))


class People:
    """People with numbers, and what stands behind tables that count them."""

    def __init__(self, most: int = 5000) -> None:
        self._printer = Printer(pd.DataFrame({"id": np.arange(most)}), None)

    def print(self, ids: Iterable[int]) -> np.ndarray:
        """Return the print of a set of people."""
        return self._printer.print(Counted(np.array(sorted(ids), dtype=np.int64))).prints[0]

    def table(self, levels: Mapping[str, Iterable[int]], **labels: str) -> tuple[pd.DataFrame, Behind]:
        """Return a table of the people of each level, and who stands behind its counts."""
        sets = {level: set(ids) for level, ids in levels.items()}
        whole = set().union(*sets.values())
        n = len(whole)
        rows = [
            {"level": level, "n": len(ids), "total": n, "estimate": 100 * len(ids) / n} for level, ids in sets.items()
        ]
        frame = tidy(rows, **{"measure": "percent", **labels})
        lines: list[Any] = []
        for place, ids in enumerate(sets.values()):
            lines.append((place, "n", len(ids), len(ids), min(len(ids), 1), False, self.print(ids)))
            lines.append((place, "total", n, n, 1, False, self.print(whole)))
        return frame, Behind.of(lines, COHORT)
