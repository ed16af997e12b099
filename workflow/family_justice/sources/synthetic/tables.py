"""From columns of integers to typed Parquet tables, exactly as the contracts declare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from family_justice.contracts import Table
from family_justice.files import atomic
from family_justice.sources.synthetic.clock import NULL, Bools, Floats, Ints, order_of


class Words(NamedTuple):
    """A text column: places in a list of words; -1 is empty."""

    code: Ints
    words: Sequence[str]


class Times(NamedTuple):
    """A timestamp column: days since 1970-01-01 and minutes of the day."""

    days: Ints
    minutes: Ints


Values = Ints | Floats | Words | Times
Columns = dict[str, Values]


def yes_no(flags: Bools) -> Words:
    """Return a column of the strings "true" and "false", as ECMS has them."""
    return Words(flags.astype(np.int64), ("false", "true"))


def take(columns: Columns, rows: Ints) -> Columns:
    """Return the rows of all columns."""
    taken: Columns = {}
    for name, values in columns.items():
        if isinstance(values, Words):
            taken[name] = Words(values.code[rows], values.words)
        elif isinstance(values, Times):
            taken[name] = Times(values.days[rows], values.minutes[rows])
        else:
            taken[name] = values[rows]
    return taken


def sort_by(columns: Columns, *names: str) -> Columns:
    """Return the rows in ascending order of some integer columns, the first one first."""
    keys: list[Ints] = []
    for name in names:
        values = columns[name]
        assert not isinstance(values, Times), f"{name}: times are not sorted by"
        keys.append(values.code if isinstance(values, Words) else values.astype(np.int64, copy=False))
    return take(columns, order_of(*keys))


def length(columns: Columns) -> int:
    """Return the number of rows."""
    values = next(iter(columns.values()))
    return len(values[0]) if isinstance(values, (Words, Times)) else len(values)


def to_arrow(values: Values, kind: str) -> pa.Array:
    """Return one column as Arrow data of the type that the contract names."""
    if isinstance(values, Words):
        places = pa.array(values.code, mask=values.code < 0)
        return pc.take(pa.array(list(values.words), pa.string()), places)
    if isinstance(values, Times):
        microseconds = (values.days * 1440 + values.minutes) * 60_000_000
        return pa.array(microseconds).cast(pa.timestamp("us"))
    if kind == "number":
        return pa.array(values, pa.float64(), mask=np.isnan(values))
    empty = values == NULL
    integers = pa.array(np.where(empty, 0, values), pa.int64(), mask=empty)
    return integers.cast(pa.int32()).cast(pa.date32()) if kind == "date" else integers


def as_text(values: Ints) -> pa.Array:
    """Return integers as text."""
    return pa.array(values).cast(pa.string())


def write_arrow(table: pa.Table, path: Path) -> None:
    """Write Parquet with fixed settings, so that equal tables have equal bytes."""
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=1 << 20, version="2.6")


def build_table(table: Table, columns: Mapping[str, Values]) -> pa.Table:
    """Return a table with the columns of its contract, in that order."""
    assert set(columns) == set(table.columns), f"{table.name}: {set(columns) ^ set(table.columns)}"
    return pa.table({name: to_arrow(columns[name], column.type) for name, column in table.columns.items()})
