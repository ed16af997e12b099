"""How health records are linked: match status of residents, and records without a match."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from family_justice.sources.synthetic.clock import NULL, Ints, Streams
from family_justice.sources.synthetic.health.parameters import HealthDefects
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Defects
from family_justice.sources.synthetic.tables import Columns, Values, Words, to_arrow

MATCHED = ("1", "4", "39", "35", "99")
NO_MATCH = 4


@dataclass(frozen=True)
class Linkage:
    """Match status of each resident, as a place in MATCHED; the same in every health source."""

    status: Ints


def draw_linkage(residents: Residents, streams: Streams) -> Linkage:
    """Draw match statuses: most exact, few fuzzy (assumption)."""
    draws = streams("health linkage").random(len(residents))
    return Linkage(np.searchsorted([0.75, 0.9, 0.98], draws, side="right"))


def linked_columns(
    residents: Residents, who: Ints, linkage: Linkage, rates: HealthDefects, random: np.random.Generator
) -> tuple[Columns, Ints, Ints]:
    """Return ALF_E and ALF_STS_CD of records, and the rows without a number and with a number that is not theirs."""
    draws = random.random(len(who))
    missing = draws < rates.linkage_missing.value
    wrong = ~missing & (draws < rates.linkage_missing.value + rates.status_99_with_number.value)
    number = np.where(missing, NULL, residents.alf[who])
    number[wrong] = residents.alf[random.integers(0, len(residents), int(wrong.sum()))]
    status = np.where(missing | wrong, NO_MATCH, linkage.status[who])
    columns: Columns = {"ALF_E": number, "ALF_STS_CD": Words(status, MATCHED)}
    return columns, np.flatnonzero(missing), np.flatnonzero(wrong)


def label_linkage(defects: Defects, table: str, missing: Ints, wrong: Ints, **key: Values) -> None:
    """Label records without a number, and those whose number means nothing."""
    for name, rows in (("linkage_missing", missing), ("status_99_with_number", wrong)):
        defects.add(name, table, **{column: _rows(values, rows) for column, values in key.items()})


def _rows(values: Values, rows: Ints) -> Ints | pa.Array:
    if isinstance(values, Words):
        return words_of(Words(values.code[rows], values.words))
    assert isinstance(values, np.ndarray)
    return values[rows].astype(np.int64)


def dates(days: Values) -> pa.Array:
    """Return days as dates, for labels."""
    return to_arrow(days, "date")


def words_of(values: Values) -> pa.Array:
    """Return a text column as text, for labels."""
    return to_arrow(values, "string")
