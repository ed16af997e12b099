"""Counts of the records themselves: rows of a table, and rows that a rule of harmonisation touched."""

from __future__ import annotations

import pandas as pd

from family_justice.disclosure.ledger import Key, Ledger
from family_justice.disclosure.result_frame import conditions, count, require_empty, require_present, text
from family_justice.errors import DisclosureError
from family_justice.results import COUNTS, VALUES


def check_quality(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless the rows are counts, with or without what they were counted among."""
    unused = [column for column in (*VALUES, *COUNTS) if column not in ("n", "total")]
    require_empty(frame, unused, "counts of records")
    require_present(frame, ["n"], "counts of records")
    if (frame["n"] > frame["total"]).fillna(False).any():
        raise DisclosureError("counts of records: n exceeds total in some rows")


def enter_quality(frame: pd.DataFrame, ledger: Ledger) -> dict[int, tuple[Key, Key | None]]:
    """Enter the counts, and what each rule left of the rows it looked at. Returns each row's count and denominator.

    The rules of a system follow one another, and what one leaves is what the next looks at. Equal numbers of one
    system are therefore one count: that ties first and last numbers of the chain together for the auditor.
    """
    names: dict[int, tuple[Key, Key | None]] = {}
    for row in frame.index:
        who = conditions(text(frame, row, "group")) or frozenset({(text(frame, row, "term"), "")})
        n, total = count(frame, row, "n") or 0, count(frame, row, "total")
        cell = ledger.add(("rows", who, n), n)
        whole = None if total is None else ledger.add(("rows", who, total), total, anchored=True)
        names[int(row)] = (cell, whole)
        if whole is not None and total is not None and total > n:
            rest = ledger.add(("rows", who, total - n), total - n, published=False)
            ledger.add_sum(whole, [cell, rest], margin=False)
    return names
