"""How much of the records a rule of harmonisation may touch before it is a difference of the extract.

A rule is made for single records. One that touches a large part of a system tells of columns that were taken for one
another (``limits.csv``: the rule, the share, and the columns to look at): counted and let pass, it would change the
tables as a whole.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from family_justice.errors import ContractError, report_together

LIMITS = Path(__file__).resolve().with_name("limits.csv")
#: A share of fewer rows says nothing.
ROWS_OF_A_SHARE = 100


@dataclass(frozen=True)
class Limit:
    """The largest share of the rows of one system that a rule may touch, and the ``columns`` to look at beyond it; it
    holds where the source has the system that it ``needs`` (a contract), if it needs any."""

    most: float
    columns: tuple[str, ...]
    needs: str


@cache
def limits() -> dict[str, Limit]:
    """Return the limits by rule."""
    with open(LIMITS, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {row["rule"]: Limit(float(row["most"]), tuple(row["columns"].split()), row["needs"]) for row in rows}


def check_limits(
    counts: Iterable[Mapping[str, Any]], there: Collection[str], shares: Mapping[str, float], where: str
) -> None:
    """Raise one ContractError for all rules that touched more than they may.

    ``counts`` are rows of the quality table, ``there`` the systems (contracts) of which the source has a table;
    ``shares`` (``failing_shares``) has other limits by rule.
    """
    problems = []
    for row in counts:
        limit, before, affected = limits().get(row["rule"]), row["rows_before"], row["rows_affected"]
        if limit is None or before < ROWS_OF_A_SHARE or (limit.needs and limit.needs not in there):
            continue
        most = shares.get(row["rule"], limit.most)
        if affected > most * before + 1e-9:
            problems.append(
                f"{row['rule']} ({row['system']}): {row['label']}: {affected} of {before} rows "
                f"({affected / before:.0%}); at most {most:g} of them may be. See whether these columns hold what "
                f"their names say, or stand for one another: {', '.join(limit.columns)}. If they are right as they "
                f"are, allow it: 'failing_shares: {{{row['rule']}: 1}}' under 'harmonise'."
            )
    report_together(where, problems, ContractError)
