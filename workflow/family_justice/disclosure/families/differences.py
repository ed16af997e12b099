"""Estimates that are the difference of two others: changes of a rate ratio from one period to another.

Three numbers of which one is the sum of the others tell together what two of them tell. So a difference is shown where
both of its estimates are, and moves as these move (``rounding_shift``): else the hidden one would follow, or how far
the three are from adding up would tell what was rounded away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from family_justice.disclosure.result_frame import Conditions, conditions, text
from family_justice.measures import MEASURES


@dataclass(frozen=True)
class Contrast:
    """An estimate of a level: its row, that of its reference, the rows of their model and which of these are hidden."""

    row: int
    reference: int
    rows: pd.DataFrame
    suppressed: set[int]

    @property
    def is_hidden(self) -> bool:
        """True if the estimate does not leave."""
        return not {self.row, self.reference}.isdisjoint(self.suppressed)


#: Estimates by analysis, outcome, measure, group, term and level.
Places = dict[tuple[str, str, str, Conditions, str, str], Contrast]


def places_of(models: Iterable[tuple[pd.DataFrame, set[int]]]) -> Places:
    """Return where the estimates stand of which others are differences, from the rows of models and those hidden."""
    of = {measure.difference_of for measure in MEASURES.values()} - {""}
    found: Places = {}
    for rows, suppressed in models:
        mine = rows[rows["measure"].isin(of) & (rows["level"] != "")]
        for (measure, term), levels in mine.groupby(["measure", "term"], sort=False):
            for reference in levels.index[levels["status"] == "reference"]:
                for row in levels.index[levels["status"] != "reference"]:
                    analysis, outcome, group, level = (
                        text(levels, row, name) for name in ("analysis", "outcome", "group", "level")
                    )
                    where = (analysis, outcome, str(measure), conditions(group), str(term), level)
                    found[where] = Contrast(int(row), int(reference), rows, suppressed)
    return found


def parts_of(rows: pd.DataFrame, row: int, places: Places) -> tuple[Contrast, ...]:
    """Return the two estimates of which that of a row is the difference; none if it is no difference, or one of them is
    not to be found."""
    if not MEASURES[text(rows, row, "measure")].difference_of:
        return ()
    same = (rows["term"] == rows.at[row, "term"]) & (rows["measure"] == rows.at[row, "measure"])
    references = rows.index[same & (rows["status"] == "reference")]
    levels = [text(rows, row, "level"), *(text(rows, int(other), "level") for other in references)]
    found = [_part(rows, row, level, places) for level in levels]
    known = tuple(contrast for contrast in found if contrast is not None)
    return known if len(found) == len(known) == 2 else ()


def _part(rows: pd.DataFrame, row: int, level: str, places: Places) -> Contrast | None:
    """Return the estimate of a level of which that of a row is a part: there, group and level have changed places."""
    analysis, outcome, measure, group, term = (
        text(rows, row, name) for name in ("analysis", "outcome", "measure", "group", "term")
    )
    inside, of = conditions(group), MEASURES[measure].difference_of
    found = [places.get((analysis, outcome, of, inside - {pair} | {(term, level)}, *pair)) for pair in sorted(inside)]
    known = [contrast for contrast in found if contrast is not None]
    return known[0] if len(known) == 1 else None


def of_hidden(rows: pd.DataFrame, places: Places) -> set[int]:
    """Return the rows of a model that are a difference of two estimates of which one is hidden or not to be found."""
    found = set()
    for row in map(int, rows.index[rows["status"] == "ok"]):
        if MEASURES[text(rows, row, "measure")].difference_of:
            parts = parts_of(rows, row, places)
            if not parts or any(part.is_hidden for part in parts):
                found.add(row)
    return found
