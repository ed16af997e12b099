"""What stands behind the counts of a file of results: how many people, how much of one person, the print of the set.

An analysis writes it beside its rows (``analyses.recount``), the extraction of a cohort beside its steps; disclosure
control reads it (``disclosure.sets``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from family_justice import rooms
from family_justice.files import atomic
from family_justice.prints import BUCKETS, Printer
from family_justice.results import COUNTS

if TYPE_CHECKING:
    import pandas as pd

#: Counts of which people and print are kept. Who is at risk is who there is less who has left, and these are.
PRINTED = tuple(column for column in COUNTS if column != "at_risk")
_ARRAYS, _SAID = ("row", "column", "count", "people", "largest", "public", "prints"), ("one_row_each",)


@dataclass
class Behind:
    """What stands behind the counts of one file of results: one line per count.

    Attributes
    ----------
    row, column
        (m,) the row of the file, and the position of the column in ``results.COUNTS``.
    count, people, largest
        (m,) the count, the people behind it, and how much of it is of the one person with most; people of -1: the count
        is no set of members.
    public
        (m,) true if the count is one of areas, which are public, and ``people`` are those whom these count.
    one_row_each
        True if each row of the cohort is another person.
    prints
        (m, BUCKETS) prints of the sets; all zero where there is no set.
    """

    row: np.ndarray
    column: np.ndarray
    count: np.ndarray
    people: np.ndarray
    largest: np.ndarray
    prints: np.ndarray
    public: np.ndarray
    one_row_each: bool = True

    def write(self, path: Path) -> None:
        """Write it as compressed arrays."""
        with atomic(path) as temporary:
            arrays: dict[str, Any] = {name: np.asarray(value) for name, value in vars(self).items()}
            np.savez_compressed(temporary, **arrays)

    @classmethod
    def read(cls, path: Path) -> Behind:
        """Read what ``write`` wrote."""
        rooms.check(path)
        with np.load(path, allow_pickle=False) as arrays:
            found: Any = {name: arrays[name] for name in arrays.files}
        found |= {name: bool(found[name]) for name in _SAID}
        # Releases that were remembered by earlier versions said it of all their counts at once.
        found["public"] = np.broadcast_to(found["public"], found["row"].shape)
        return cls(**found)

    @classmethod
    def together(cls, parts: list[Behind]) -> Behind:
        """Return what stands behind rows of one line each, in their order."""
        lines = [part for part in parts if len(part.row)]
        found: Any = {name: np.concatenate([getattr(part, name) for part in lines]) for name in _ARRAYS}
        found |= {"row": np.arange(len(lines))}
        found |= {"one_row_each": all(p.one_row_each for p in parts)}
        return cls(**found)

    @classmethod
    def of(cls, lines: list[tuple[int, str, int, int, int, bool, np.ndarray]], cohort: Any) -> Behind:
        """Return it from lines of row, column, count, people, largest, whether it is public, and print, of a
        ``config.schema.Cohort``."""
        rows, columns, counts, people, largest, public, prints = zip(*lines, strict=True) if lines else ([],) * 7
        places = [COUNTS.index(column) for column in columns]
        numbers = dict(zip(_ARRAYS, (rows, places, counts, people, largest), strict=False))
        found: Any = {name: np.array(values, dtype=np.int64) for name, values in numbers.items()}
        found |= {"prints": np.array(prints, dtype=np.int64).reshape(len(rows), BUCKETS)}
        found |= {"public": np.array(public, dtype=bool), "one_row_each": cohort.key == [cohort.person_column]}
        return cls(**found)


def printer_of(members: pd.DataFrame, cohort: Any, salt: bytes) -> Printer:
    """Return what makes the prints of sets of members of a cohort.

    Rows are known by the person whom they stand for, whatever the key is: the rows of one period are the same members
    as the cohort of persons that they were made from, and a person with two rows stands there twice. A count is the
    sum of how often each person stands there, so that what has equal prints, or adds up, is equal, or adds up, in
    numbers too. Rows of areas are known by their key.
    """
    person = cohort.person_column
    # Where each row is another person (``attrs["one_row_each"]``, or the key), people need not be counted again.
    alone = person is not None and (cohort.key == [person] or bool(members.attrs.get("one_row_each")))
    people = None if person is None or alone else members[person]
    keys = members[cohort.key] if person is None else members[[person]]
    return Printer(keys, people, members[cohort.counts] if cohort.counts else None, salt)
