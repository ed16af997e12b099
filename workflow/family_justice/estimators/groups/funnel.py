"""Ratios of areas and the limits of a funnel plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, codes, numbers, sums_by


@dataclass(frozen=True, eq=False)
class Funnel:
    """One area per position."""

    areas: NDArray  # (G,) labels in sorted order
    n: Ints  # (G,) rows
    observed: Ints  # (G,) events
    expected: Floats  # (G,)
    ratio: Floats  # (G,) observed / expected, nan where nothing is expected
    limits_95: Floats  # (2, G) lower and upper control limit of the ratio
    limits_998: Floats  # (2, G)


def funnel(outcome: ArrayLike, expected: ArrayLike | None, areas: ArrayLike) -> Funnel:
    """Return standardised ratios per area with interpolated Poisson control limits at 95% and 99.8%.

    ``outcome`` (n,) counts or 0/1; ``expected`` (n,) from a model, its sum per area is the expectation (indirect
    standardisation); None: the overall mean for every row. Limits are those of ``control_limits``.
    """
    y = numbers("outcome", outcome)
    area, labels = codes("areas", areas, y.size)
    mean = (
        np.full(y.size, y.mean() if y.size else np.nan) if expected is None else numbers("expected", expected, y.size)
    )
    counted, sums = sums_by(area, y, labels.size), sums_by(area, mean, labels.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(sums > 0, counted / sums, np.nan)
        limits = [np.where(sums > 0, control_limits(sums, level) / sums, np.nan) for level in (0.95, 0.998)]
    rows = np.bincount(area, minlength=labels.size)
    return Funnel(labels, rows, counted.astype(np.int64), sums, ratio, limits[0], limits[1])


def control_limits(
    expected: ArrayLike,
    level: float = 0.95,
    n: ArrayLike | None = None,
    distribution: Literal["poisson", "binomial"] = "poisson",
) -> Floats:
    """Return (2, G): counts between which ``level`` of areas with ``expected`` (G,) events lie if nothing but chance
    is at work; for ``binomial`` out of ``n`` (G,).

    Spiegelhalter (2005, Statistics in Medicine 24, appendix A.1.1): with r the smallest count whose distribution
    function F(r) reaches the tail q, the limit is r - (F(r) - q) / (F(r) - F(r - 1)), so that limits do not jump from
    one whole number to the next. With a share of 10% of 20, F(4) = 0.95683 and F(5) = 0.98875: the upper 95% limit is
    5 - 0.01375/0.03192 = 4.569, 22.8%. The lower limit may be -1 < limit < 0 for small expectations and is then set
    to 0.

    In between whole numbers the upper limit is below r, so that r itself lies above it, and P(r or more) exceeds the
    tail: at most 10% of 5 to 10 with a share of 20%, 6% of 20 to 50, where 2.5% are meant. Below the lower limit lie
    no more than are meant.
    """
    from scipy.stats import binom, poisson

    mean = np.asarray(expected, dtype=np.float64)
    if distribution == "binomial":
        size = np.asarray(n, dtype=np.float64)
        law: Any = binom(size, mean / size)
    else:
        law = poisson(mean)
    limits = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        r = law.ppf(tail)
        at, below = law.cdf(r), law.cdf(r - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            limit = np.maximum(r - (at - tail) / (at - below), 0.0)
        # Where everybody has the event chance leaves nothing open, and the formula would fall short of it.
        limits.append(np.where(mean >= size, size, limit) if distribution == "binomial" else limit)
    return np.stack(limits)
