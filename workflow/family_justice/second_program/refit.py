"""What the second program says about one row of our results."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

LIFELINES, STATSMODELS = "lifelines", "statsmodels"


@dataclass(frozen=True)
class Refit:
    """One row of ours as the second program has it: which row, then its values.

    ``estimate``, ``std_error`` and ``statistic`` are in the unit of our row; nan where there is nothing to compare
    with, and ``why`` then says so (empty where our row has no such value either).
    """

    program: str
    measure: str
    outcome: str = ""
    group: str = ""
    term: str = ""
    level: str = ""
    time: float = math.nan
    estimate: float = math.nan
    std_error: float = math.nan
    statistic: float = math.nan
    why: str = ""


Refits = Iterator[Refit]


class NoSecondProgram(Exception):
    """Raised by ``refit`` for an analysis that neither package fits; the message is the reason, in words for readers.

    The words are among ``words.REASONS``, for they are released.
    """
