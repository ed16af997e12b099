"""How the extract of one table differs from its contract, as its source says, and what was repaired for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from family_justice.config.sources import WORDS_FOR_MISSING


@dataclass(frozen=True)
class Reading:
    """How one table is read. The keys are those of a source's file, see ``config.schema``."""

    renamed: Mapping[str, str | None] = field(default_factory=dict)  # contract -> extract; None: left empty
    suffixes: Mapping[str, str] = field(default_factory=dict)  # contract -> extract
    values: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)  # column -> extract -> contract
    missing: tuple[str, ...] = WORDS_FOR_MISSING
    date_format: str | None = None
    time_zone: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    rows: int | None = None  # as many as were delivered
    written: Mapping[str, Any] = field(default_factory=dict)  # the table's entry under ``renamed``, as it is written

    def of_named(self) -> Reading:
        """Return how to read a table whose columns have the names of the contract by now."""
        return replace(self, renamed={}, suffixes={})


@dataclass(frozen=True)
class Repair:
    """In how many ``rows`` a column was read otherwise than it is written, and why (``REPAIRS``)."""

    table: str
    column: str
    repair: str
    rows: int


#: By the marks in ``casts``, which has further ones between.
#: trimmed: blanks were cut. missing: text became a missing value. values: mapped by ``values``.
#: flag: a word such as TRUE or Y was read as the code of a flag. whole: an identifier lost the '.0' of floating point.
#: time: a date lost its time of day. zeros: a number lost leading zeros.
REPAIRS = {1: "trimmed", 2: "missing", 3: "values", 4: "flag", 5: "whole", 8: "time", 9: "zeros"}


def reading_of(source: Any, table: str) -> Reading:
    """Return how a table of a source, a model of ``config/sources``, is read."""
    renamed = source.renamed.get(table)

    def own(key: str, default: Any) -> Any:
        given = getattr(source, key, default)
        return given.get(table, default) if isinstance(given, dict) else given

    return Reading(
        renamed=renamed.columns if renamed else {},
        suffixes=source.suffixes,
        values=source.values.get(table, {}),
        missing=tuple(source.missing),
        date_format=own("date_format", None),
        time_zone=source.time_zone,
        delimiter=own("delimiter", ","),
        encoding=own("encoding", "utf-8"),
        rows=source.rows.get(table),
        written=renamed.model_dump(exclude_defaults=True) if renamed else {},
    )
