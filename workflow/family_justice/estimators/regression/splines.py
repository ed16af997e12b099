"""Restricted cubic splines: a smooth curve through knots that is straight beyond the first and the last."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, numbers

FEWEST_KNOTS, MOST_KNOTS = 3, 7


def harrell_knots(values: ArrayLike, count: int) -> Floats:
    """Return 3 to 7 knots at equally spaced quantiles (Harrell 2015, Regression Modeling Strategies, 2.4.6).

    The outer ones are the 10th and 90th percentile for 3 knots, the 5th and 95th for 4 to 6, the 2.5th and 97.5th for
    7; with fewer than 100 values they are the fifth smallest and largest. As R ``Hmisc::rcspline.eval``, save for its
    special treatment of many values at either end. Raises ``ValueError`` if two knots fall together.
    """
    if not FEWEST_KNOTS <= count <= MOST_KNOTS:
        raise ValueError(f"a restricted cubic spline needs {FEWEST_KNOTS} to {MOST_KNOTS} knots, not {count}")
    x = np.sort(numbers("values", values))
    if x.size < 2 * FEWEST_KNOTS:
        raise ValueError(f"{x.size} values are too few for knots")
    outer = 0.1 if count == 3 else 0.05 if count < 7 else 0.025
    knots = np.quantile(x, np.linspace(outer, 1 - outer, count))
    if x.size < 100:
        knots[0], knots[-1] = x[min(4, x.size - 1)], x[max(x.size - 5, 0)]
    if (np.diff(knots) <= 0).any():
        raise ValueError(f"the values are too few or too much alike for {count} different knots; ask for fewer")
    return knots


def restricted_cubic_spline(values: ArrayLike, knots: ArrayLike) -> Floats:
    """Return (n, k - 1) for k increasing knots: the values themselves and k - 2 curved columns.

    With (u)+ = max(u, 0) and knots t1 < ... < tk column j is
    [(x - tj)+^3 - (x - t(k-1))+^3 (tk - tj)/(tk - t(k-1)) + (x - tk)+^3 (t(k-1) - tj)/(tk - t(k-1))] / (tk - t1)^2
    (Devlin and Weeks 1986; the divisor keeps the scale of x): R ``Hmisc::rcspline.eval(x, knots, inclx = TRUE)``.
    """
    x, t = numbers("values", values), numbers("knots", knots)
    if t.size < FEWEST_KNOTS or (np.diff(t) <= 0).any():
        raise ValueError(f"knots must be at least {FEWEST_KNOTS} increasing numbers")
    last, before = t[-1], t[-2]
    cubes = np.maximum(x[:, None] - t, 0.0) ** 3
    inner = t[:-2]
    curved = cubes[:, :-2] - (cubes[:, -2:-1] * (last - inner) - cubes[:, -1:] * (before - inner)) / (last - before)
    return np.column_stack([x, curved / (last - t[0]) ** 2])
