"""What the output checker and readers are told of the people behind a release: in numbers that may be shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import Disclosed
from family_justice.disclosure.result_frame import count
from family_justice.disclosure.rounding import curve_step, is_open, shown
from family_justice.disclosure.sets import Who
from family_justice.results import COUNTS

#: The share of one person is told in steps of so many percent.
_STEP = 5


def told(exact: pd.DataFrame, disclosed: Disclosed, policy: Policy) -> dict[str, dict[str, Any]]:
    """Return for each analysis, of the counts that it shows:

    ``people``: the fewest people behind one of them, rounded as counts are (None if it shows none of people);
    ``rows_of_one``: the most rows that one person has in one of them (1, or rounded up to the base);
    ``share``: the largest share that one person has of one of them, in percent, rounded up; and
    ``steps``: of curves, the outcome and group, the step of its counts, and the number of persons, as shown.
    """
    found: dict[str, dict[str, Any]] = {}
    for analysis, own in exact.groupby("analysis", sort=False):
        seen = list(_seen(own, exact, disclosed, policy))
        people = min((who.people for who, _ in seen), default=None)
        most = max((who.largest for who, _ in seen), default=0)
        # Of the numbers as they are shown: of the exact ones it would say on which side of a limit the smallest lies.
        # What is shown is never more of one person than the policy lets it be.
        share = max((100 * who.largest / number for who, number in seen), default=0.0)
        share = share if is_open(policy) else min(share, 100 * policy.largest_share)
        found[str(analysis)] = {
            "people": None if people is None else shown(people, policy),
            "rows_of_one": most if most <= 1 or is_open(policy) else _up(most, policy.rounding_base),
            "share": _up(share, _STEP),
            "steps": [] if is_open(policy) else _steps(str(analysis), exact, disclosed, policy),
        }
    return found


def _seen(own: pd.DataFrame, exact: pd.DataFrame, disclosed: Disclosed, policy: Policy) -> Iterator[tuple[Who, int]]:
    """Yield whom each count that is shown counts, and the number that is shown."""
    for row in map(int, own.index):
        at = disclosed.kept.get(row)
        for column in COUNTS if at is not None else ():
            who, number, released = disclosed.ledger.sets.at(row, column), count(exact, row, column), None
            if who is not None and number is not None and at is not None:
                released = count(disclosed.rows, at, column)
            if who is not None and number is not None and released and number >= policy.threshold:
                yield who, released


def _up(number: float, step: int) -> int:
    """Round up to a multiple of ``step``."""
    return step * math.ceil(number / step)


def _steps(analysis: str, exact: pd.DataFrame, disclosed: Disclosed, policy: Policy) -> list[dict[str, Any]]:
    return [
        {
            "outcome": curve.outcome,
            "group": str(exact.at[curve.rows[0], "group"]),
            "step": max(curve_step(curve.own(policy, series)) for series in curve.exact),
            "n": shown(curve.n, policy),
        }
        for curve in disclosed.curves
        if curve.analysis == analysis and not curve.suppressed
    ]
