"""Whom the counts of results count: people behind each, and a name for each set that is the same wherever it stands.

Two counts of one set of members have one name here, whatever their analyses, outcomes and levels are called; so they
are one count in the ledger. What is known comes from the analyses (``behind``); a count of members about which
nothing is known does not leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from family_justice.behind import PRINTED, Behind
from family_justice.config.schema import Policy
from family_justice.disclosure.rounding import is_open, is_small, shown
from family_justice.errors import DisclosureError
from family_justice.kinds.registry import KINDS
from family_justice.results import COUNTS


class Who(NamedTuple):
    """Whom a count counts: how many people, how much of it is of one person, whether its rows are areas and public, and
    the print of the set."""

    people: int
    largest: int
    public: bool
    print: np.ndarray

    @property
    def key(self) -> tuple[str, bytes]:
        """The name of the set."""
        return set_key(self.print)


def set_key(print_: np.ndarray) -> tuple[str, bytes]:
    """Return the name of the set with a print."""
    return ("set", hashlib.blake2b(print_.tobytes(), digest_size=16).digest())


#: Of a count of which only the number is known: as many people as it says.
def _unknown(exact: int) -> tuple[int, int, bool]:
    return exact, min(exact, 1), False


@dataclass(frozen=True)
class Sets:
    """Whom each count counts, by row of the results and column. Empty for results of which only the numbers are known:
    then every row is a person, and counts are told apart by their labels."""

    who: Mapping[tuple[int, str], Who] = field(default_factory=dict)

    def at(self, row: int, column: str) -> Who | None:
        """Return whom a count counts, or None if it is no set of members."""
        return self.who.get((row, column))

    def is_few(self, row: int, column: str, exact: int, policy: Policy) -> bool:
        """True for a count that must not be shown: of too few rows or people, or mostly of one person."""
        who = self.at(row, column)
        people, largest, public = _unknown(exact) if who is None else (who.people, who.largest, who.public)
        return is_few(exact, people, largest, public, policy)

    def rows_of_one(self, row: int, column: str) -> int:
        """Return the most rows that one person adds to a count; 1 if nothing else is known."""
        who = self.at(row, column)
        return 1 if who is None or who.public else max(1, who.largest)

    def is_public(self, row: int, column: str) -> bool:
        """True for a number of areas, which anybody may know."""
        who = self.at(row, column)
        return who is not None and who.public

    def shown(self, row: int, column: str, exact: int, policy: Policy) -> int:
        """Return what a count that may be shown is shown as: how many areas something is of as it is, all else
        rounded, in how many of these areas something happened too."""
        return exact if column in ("n", "total") and self.is_public(row, column) else shown(exact, policy)


def is_few(exact: int, people: int, largest: int, public: bool, policy: Policy) -> bool:
    """True for a count of too few rows or people, or of which one person has more than the policy's largest share.

    Where rows are areas, their number is public, and people are those whom they count.
    """
    if is_open(policy):
        return False
    if public:
        return is_small(people, policy)
    return is_small(min(exact, people), policy) or is_mostly_of_one(exact, largest, policy)


def is_mostly_of_one(exact: int, largest: int, policy: Policy) -> bool:
    """True for a count of which one person has more than the policy's largest share."""
    return largest > 1 and largest > policy.largest_share * exact and not is_open(policy)


def gather(frames: Mapping[str, pd.DataFrame], behind: Mapping[str, Behind]) -> Sets:
    """Return whom the counts of several results count, by their place in ``pd.concat(frames, ignore_index=True)``.

    Raises ``DisclosureError`` for counts about which nothing is known, or something else than the row says.
    """
    found: dict[tuple[int, str], Who] = {}
    start = 0
    for name, frame in frames.items():
        if KINDS[str(frame["kind"].iloc[0])].keys.counts_members if len(frame) else False:
            if name not in behind:
                raise DisclosureError(f"{name}: nothing is known of the members behind its counts")
            found |= _of_analysis(name, frame, behind[name], start)
        start += len(frame)
    return Sets(found)


def _of_analysis(name: str, frame: pd.DataFrame, behind: Behind, start: int) -> dict[tuple[int, str], Who]:
    found: dict[tuple[int, str], Who] = {}
    known: dict[tuple[int, str], int] = {}
    lines = zip(behind.row.tolist(), behind.column.tolist(), strict=True)
    for place, (row, column) in enumerate(lines):
        known[row, COUNTS[column]] = place
    wrong = 0
    for column in PRINTED:
        values = frame[column]
        for row, value in zip(range(len(frame)), values, strict=True):
            if pd.isna(value):
                continue
            at = known.get((row, column))
            if at is None or behind.count[at] != int(value):
                wrong += 1
                continue
            if behind.people[at] < 0:
                if not behind.one_row_each:
                    raise DisclosureError(
                        f"{name}: expected or weighted numbers of rows of which several may be of one person have no "
                        "rule; give the cohort one row per person"
                    )
                continue
            numbers = int(behind.people[at]), int(behind.largest[at]), bool(behind.public[at])
            found[start + row, column] = Who(*numbers, behind.prints[at])
    if wrong:
        raise DisclosureError(f"{name}: {wrong} counts are not those of the members behind them")
    return found
