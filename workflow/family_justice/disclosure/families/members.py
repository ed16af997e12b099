"""Whom an analysis is about, whom it could use and whom it left out: counts like others, tied to one another.

Everybody is the sum of those analysed and those left out for each reason; where variables leave out their own members
(tables), of those with a value and those without. The ledger knows all of them, so that no small number of members left
out follows from what else is shown of the same people.
"""

from __future__ import annotations

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.families.tables import add_group_sums, person_key
from family_justice.disclosure.ledger import Key, Ledger
from family_justice.disclosure.result_frame import (
    Conditions,
    conditions,
    count,
    require_empty,
    require_present,
    suppress,
    text,
)
from family_justice.errors import DisclosureError
from family_justice.results import COUNTS, VALUES

_ABOUT = ["analysis", "cohort", "outcome", "group"]


def check_members(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless the numbers of members of each analysis add up."""
    unused = [column for column in (*VALUES, *COUNTS, "time") if column != "n"]
    require_empty(frame, unused, "numbers of members")
    require_present(frame, ["n"], "numbers of members")
    for _, rows in frame.groupby(_ABOUT, sort=False):
        numbers = {name: part["n"].astype(int) for name, part in rows.groupby("measure", sort=False)}
        everybody = numbers.get("members", pd.Series(dtype=int))
        analysed, left = numbers.get("analysed"), numbers.get("left_out", pd.Series(dtype=int))
        if len(everybody) != 1 or (analysed is not None and len(analysed) != 1):
            raise DisclosureError("numbers of members: an analysis needs one number of members")
        if analysed is not None and int(analysed.iloc[0]) + int(left.sum()) != int(everybody.iloc[0]):
            raise DisclosureError("numbers of members: those analysed and those left out are not everybody")
        if (left > int(everybody.iloc[0])).any():
            raise DisclosureError("numbers of members: more are left out than there are")


def enter_members(frame: pd.DataFrame, ledger: Ledger) -> dict[int, Key]:
    """Enter the numbers and the sums between them; return the name of each row's number."""
    names: dict[int, Key] = {}
    groups: dict[Key, dict[Conditions, Key]] = {}
    for _, rows in frame.groupby(_ABOUT, sort=False):
        first = int(rows.index[0])
        analysis, cohort = text(frame, first, "analysis"), text(frame, first, "cohort")
        group = frozenset(pair for pair in conditions(text(frame, first, "group")) if pair[0] != "missing_values")
        who = ledger.members(analysis, group)
        left: list[tuple[Key, int]] = []
        everybody = used = None
        total = 0
        for row in rows.index:
            n, measure = count(frame, row, "n") or 0, text(frame, row, "measure")
            if measure == "left_out":
                about = (
                    analysis,
                    text(frame, row, "outcome"),
                    who,
                    text(frame, row, "term"),
                    text(frame, row, "level"),
                )
                names[row] = ledger.add(("left out", *about), n, at=(row, "n"))
                left.append((names[row], n))
                continue
            names[row] = ledger.add(person_key(cohort, who, n), n, anchored=True, at=(row, "n"))
            if measure == "members":
                everybody, total = names[row], n
                groups.setdefault((analysis, text(frame, row, "outcome")), {})[who] = everybody
            else:
                used = names[row]
        assert everybody is not None
        if used is not None:
            ledger.add_sum(everybody, [*(key for key, _ in left), used], margin=False)
            continue
        for key, n in left:
            others = ledger.add(person_key(cohort, who, total - n), total - n, published=False)
            ledger.add_sum(everybody, [key, others], margin=False)
    for family in groups.values():
        add_group_sums(ledger, family)
    return names


def release_members(frame: pd.DataFrame, names: dict[int, Key], ledger: Ledger, policy: Policy) -> None:
    """Write rounded numbers into ``frame``; hide what the ledger hides."""
    for row, key in names.items():
        if ledger.shown(key):
            frame.at[row, "n"] = ledger.sets.shown(row, "n", count(frame, row, "n") or 0, policy)
        else:
            suppress(frame, row, policy)
