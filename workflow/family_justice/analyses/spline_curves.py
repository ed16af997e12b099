"""Hazard ratios along a number that enters a model as a restricted cubic spline."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from family_justice.analyses.rows import Rows, estimate_row
from family_justice.estimators.regression.splines import harrell_knots, restricted_cubic_spline

#: The curve is shown at so many round values at most, from the 5th to the 95th percentile of the number.
MOST_VALUES = 9
_STEPS = (1.0, 2.0, 2.5, 5.0)


def round_values(values: np.ndarray) -> np.ndarray:
    """Return 3 to ``MOST_VALUES`` multiples of a round step from the 5th to the 95th percentile; fewer if these are
    close together."""
    low, high = np.quantile(values, [0.05, 0.95])
    if not high > low:
        return np.empty(0)
    power = 10.0 ** math.floor(math.log10((high - low) / MOST_VALUES))
    for step in (power * factor for factor in (*_STEPS, *(10 * s for s in _STEPS), 100.0)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < MOST_VALUES:
            break
    return np.round(np.arange(first, last + 1) * step, 10)


def spline_curve(
    values: np.ndarray,
    knots: int,
    coefficients: np.ndarray,
    variance: np.ndarray,
    totals: dict[str, Any],
    df: float = math.inf,
) -> Rows:
    """Yield log hazard ratios at round values of a number, against the round value nearest to its median.

    ``values`` (n,) enter the model with so many ``knots``; ``coefficients`` (k - 1,) and ``variance`` (k - 1, k - 1)
    are those of the columns of their spline; intervals come from the t distribution with ``df``. ``time`` of a row is
    the value of the number. Nothing is yielded for values below zero, which the schema has no place for, nor for a
    curve that could not be estimated.
    """
    at = round_values(values)
    at = at[at >= 0]
    if at.size < 2 or not (np.isfinite(coefficients).all() and np.isfinite(variance).all()):
        return
    basis = restricted_cubic_spline(at, harrell_knots(values, knots))
    middle = int(np.argmin(np.abs(at - np.median(values))))
    for value, difference in zip(at, basis - basis[middle], strict=True):
        row = {**totals, "measure": "log_hazard_ratio_at", "time": float(value)}
        if value == at[middle]:
            yield {**row, "estimate": 0.0, "status": "reference"}
            continue
        error = math.sqrt(max(float(difference @ variance @ difference), 0.0))
        yield {**row, **estimate_row("log_hazard_ratio_at", float(difference @ coefficients), error, df)}
