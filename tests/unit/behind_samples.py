"""What stands behind the counts of made-up results: every row is a person, and sets are told by their labels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.behind import PRINTED, Behind
from family_justice.config.schema import Cohort, Step
from family_justice.prints import BUCKETS
from family_justice.results import behind_file, read_results

COHORT = Cohort(label="C", unit="children", description="d", key=["child_id"],
                steps=[Step(name="s", label="S", sql="SELECT 1")])  # fmt: skip


def behind_labels(frame: pd.DataFrame) -> Behind:
    """Return it for a frame in the result schema: one person a row, and a set for each combination of labels."""
    lines: list[Any] = []
    for position, row in enumerate(frame.to_dict("records")):
        for column in PRINTED:
            if not pd.isna(row[column]):
                n = int(row[column])
                lines.append((position, column, n, n, min(n, 1), _print(row, column)))
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
