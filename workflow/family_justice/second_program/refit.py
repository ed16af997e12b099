"""What the second program says about one row of our results."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

LIFELINES, STATSMODELS = "lifelines", "statsmodels"

# Why one value has no counterpart. These words, and those of NoSecondProgram, stand on pages and in released files.
CLUSTERED = "clustered standard errors of a Cox model"
NO_ERROR_OF_AREA = "standard errors of mean times and their differences"
EVERYBODY_GONE = "the standard error once nobody is at risk"
NO_EFFECT_OF_SEPARATED = "marginal effects beside levels in which all or none have the event"
NO_ENTRY_IN_TEST = "log-rank tests with delayed entry"
LIKELIHOOD_OF_OTHERS = "the likelihood where a level without events is left out"
ALL_AGREE = "the standard error of kappa where all agree, which is rounding of zero"
ERROR_OF_SHAPE = "the standard error of the shape"


@dataclass(frozen=True)
class Refit:
    """One row of ours as the second program has it: which row, then its values.

    ``estimate``, ``std_error`` and ``statistic`` are in the unit of our row; nan where there is nothing to compare with,
    and ``why`` then says so (empty where our row has no such value either).
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

    The words are among ``REASONS``, for they are released.
    """


DELAYED_ENTRY = "statsmodels' cumulative incidence does not know delayed entry"
PENALISED = "neither lifelines nor statsmodels has Firth's penalty"
NEAREST = "nearest-neighbour sets hang on the last digit of the score"
MONOTONE = "a coefficient has no end, and its members cannot be set aside"
NOTHING = "our program estimated nothing"
NOT_FITTED = "the second program came to no end"
MARGINAL = "the Wei-Lin-Weissfeld model is not refitted"
NO_SHAPE = "counts vary no more than Poisson counts"
KNOTS = "the knots of a spline could not be placed"
