"""Trend of a share over ordered groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats


class Trend(NamedTuple):
    """Change of a share from one group to the next, its standard error if there is no trend, and why there is none."""

    slope: float
    std_error: float
    reason: str = ""


def share_trend(events: ArrayLike, persons: ArrayLike) -> Trend:
    """Return the slope of events / persons over k groups in order, which lie one step apart (Armitage 1955, Biometrics
    11).

    Its square over that of its standard error is the chi-squared statistic, with one degree of freedom, of R's
    ``prop.trend.test``. Not estimable with a single group, or if nobody or everybody has the event.
    """
    x: Floats = np.asarray(events, dtype=np.float64)
    n: Floats = np.asarray(persons, dtype=np.float64)
    place = np.arange(len(n), dtype=np.float64)[n > 0]
    x, n = x[n > 0], n[n > 0]
    if len(n) < 2:
        return Trend(np.nan, np.nan, "there are no two groups to compare")
    share = x.sum() / n.sum()
    if share in (0.0, 1.0):
        return Trend(np.nan, np.nan, "all members are alike")
    away = place - np.average(place, weights=n)
    spread = (n * away**2).sum()
    return Trend(float((away * (x - n * share)).sum() / spread), float(np.sqrt(share * (1 - share) / spread)))
