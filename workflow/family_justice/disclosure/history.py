"""What was released of a population before, so that no later release can be subtracted from it.

Two releases of one stream differ by few people when the records were refreshed or a definition was changed a little. A
count that was shown as one number then and as another now tells that somebody came or went, and how few they may be.
So a release is refused if a cell (same cohort, measure, outcome, group, term, level and time) is shown with another
value than before although fewer than ``threshold`` people lie between the two exact counts.

The history holds exact counts and stays in ``results/internal``. It is kept for records, not for a synthetic
population, in which nobody is to be protected.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from family_justice import fingerprint
from family_justice.config.schema import Policy
from family_justice.errors import DisclosureError
from family_justice.files import write_csv
from family_justice.results import COUNTS

#: What makes two released counts counts of the same thing. The name of the analysis is left out: a new name is no
#: new cell.
CELL = ["cohort", "kind", "measure", "outcome", "group", "term", "level", "time"]
COLUMNS = ["population", "release", "refresh", *CELL, "count", "exact", "released"]
NAMED = 5  # pairs of cells that a message names


@dataclass(frozen=True)
class Population:
    """Whose history it is: where it is kept, the source that the people are from, and the last day of its records."""

    history: Path
    name: str
    refresh: str


def released_cells(exact: pd.DataFrame, released: pd.DataFrame, population: Population) -> pd.DataFrame:
    """Return one row per released count: the cell, its exact and its released value.

    ``exact`` and ``released`` are results before and after disclosure control, in the result schema; rows that were
    dropped or suppressed have no released count.
    """
    rows = ["analysis", *CELL]
    numbered = [frame.assign(row=frame.groupby(rows, dropna=False).cumcount()) for frame in (exact, released)]
    both = numbered[0].merge(numbered[1], on=[*rows, "row"], suffixes=("", " released"))
    parts = []
    for count in COUNTS:
        part = both[CELL].assign(count=count, exact=both[count], released=both[f"{count} released"])
        parts.append(part[part["released"].notna() & part["exact"].notna()])
    cells = pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)
    cells["time"] = cells["time"].map(lambda time: "" if pd.isna(time) else f"{time:g}")
    release = fingerprint.of_value(cells.astype(str).to_numpy().tolist())
    return cells.assign(population=population.name, release=release, refresh=population.refresh)[COLUMNS]


def check_differences(cells: pd.DataFrame, history: pd.DataFrame, policy: Policy) -> None:
    """Raise ``DisclosureError`` that names the cells which differ between this release and an earlier one by fewer than
    ``policy.threshold`` people, shown as different numbers; the message holds neither number."""
    key = ["population", *CELL, "count"]
    # A count that was released before, as it is now, adds nothing.
    known = pd.MultiIndex.from_frame(history[[*key, "exact", "released"]].astype(str))
    new = cells[~pd.MultiIndex.from_frame(cells[[*key, "exact", "released"]].astype(str)).isin(known)]
    both = new.merge(history, on=key, suffixes=("", " before"))
    apart = (both["exact"].astype("int64") - both["exact before"].astype("int64")).abs()
    close = both[(apart > 0) & (apart < policy.threshold) & (both["released"] != both["released before"])]
    if close.empty:
        return
    named = close.drop_duplicates(CELL).head(NAMED)
    lines = [_name(row) for row in named.to_dict("records")]
    found = close.drop_duplicates(CELL).shape[0]
    raise DisclosureError(
        f"{found} cell{'s' if found > 1 else ''} can be subtracted from an earlier release of this stream: fewer than "
        f"{policy.threshold} people lie between the two.\n"
        + "\n".join(f"  - {line}" for line in lines)
        + (f"\n  - and {found - len(named)} more" if found > len(named) else "")
        + "\nWrite coarser levels or a coarser grid of times for these cells, or leave them out; or go on with the "
        "earlier records and definitions."
    )


def _name(row: dict[object, object]) -> str:
    parts = [f"{part} {row[part]}" for part in ("outcome", "group", "term", "level", "time") if row[part]]
    now, before = (f"refresh {row[name]}" if row[name] else "no refresh" for name in ("refresh", "refresh before"))
    where = ", ".join([f"cohort {row['cohort']}", str(row["kind"]), *parts, f"column {row['count']}"])
    return f"{where}: this release ({now}) and release {row['release before']} ({before})"


def read_history(path: Path) -> pd.DataFrame:
    """Return the history of a stream; empty if nothing was released yet."""
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS)
    text: dict[Hashable, type[str]] = {column: str for column in COLUMNS if column not in ("exact", "released")}
    found = pd.read_csv(path, dtype=text, keep_default_na=False)
    if list(found.columns) != COLUMNS:
        raise DisclosureError(f"{path.name}: the history of releases does not have the columns it should have")
    return found


def add_to_history(cells: pd.DataFrame, history: pd.DataFrame, path: Path) -> None:
    """Write the history with the cells of this release; one that was released before as it is now stands once."""
    if np.isin(cells["release"].unique(), history["release"].unique()).all():
        return
    write_csv(cells if history.empty else pd.concat([history, cells], ignore_index=True), path)
