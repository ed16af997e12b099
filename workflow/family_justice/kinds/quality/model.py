"""The records themselves: rows of tables, what harmonisation did to them, checks, and planted defects that it found.

These are exact aggregates of records like any other result: they become rows of the result schema, of kind
``quality``, and pass the door before the data guide may show them.
"""

from __future__ import annotations

from typing import ClassVar

from family_justice.kinds.families.keys import Unasked

TABLES, RULES, CHECKS, DEFECTS = "quality.tables", "quality.rules", "quality.checks", "quality.defects"

#: Analyses of kind ``quality`` that a stream with a data guide has besides those of its file: title, description, and
#: the file of a source's counts that it is made of.
ANALYSES = {
    TABLES: ("Rows of each table", "How many rows each source table has at this refresh.", "manifest"),
    RULES: (
        "Known problems and what was done about them",
        "How many rows each rule of harmonisation touched, of how many it looked at.",
        "quality",
    ),
    CHECKS: (
        "Checks of the research-ready tables and data sets",
        "How many rows break what the contracts, and a list of known values, say of them.",
        "checks",
    ),
    DEFECTS: (
        "Planted defects that harmonisation finds",
        "Of the defects planted in synthetic records, how many are found, and how many of those found were planted.",
        "recovery",
    ),
}


class Quality(Unasked):
    """Counts of the records themselves, in streams with a data guide."""

    kind: ClassVar[str] = "quality"
    family: ClassVar[str] = "quality"
    counts_members: ClassVar[bool] = False
    is_drawn: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ("count",)


KEYS = Quality


def analyses_of_records(is_synthetic: bool) -> list[str]:
    """Return the names of the analyses of kind ``quality``; only synthetic records have planted defects."""
    return [name for name in ANALYSES if is_synthetic or name != DEFECTS]
