"""Restricted cubic splines, computed anew: cubic between the knots, straight beyond the outer ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from family_justice.second_program.refit import NoSecondProgram, Refit, Refits
from family_justice.second_program.words import KNOTS

#: Shares of the members below the outer knots (Harrell 2015, Regression Modeling Strategies, section 2.4.6).
OUTER = {3: 0.10, 4: 0.05, 5: 0.05, 6: 0.05, 7: 0.025}
SMALL = 100


@dataclass(frozen=True)
class Spline:
    """A spline through ``knots`` (k,) of a number with ``median`` among the members."""

    knots: np.ndarray
    median: float

    @classmethod
    def of(cls, values: np.ndarray, count: int) -> Spline:
        """Return the spline with ``count`` knots at equal shares of the ``values``, in small data at the fifth from
        either end. Raises ``NoSecondProgram`` if knots fall together."""
        knots = np.percentile(values, 100 * np.linspace(OUTER[count], 1 - OUTER[count], count))
        if len(values) < SMALL:
            knots[[0, -1]] = np.sort(values)[[4, -5]]
        if len(set(knots)) < count:
            raise NoSecondProgram(KNOTS)
        return cls(knots, float(np.median(values)))

    def basis(self, values: np.ndarray) -> np.ndarray:
        """Return k - 1 columns (n, k - 1) that span the curves: the number, then d_j - d_(k-1), where d_j is
        [(x - t_j)+^3 - (x - t_k)+^3] / (t_k - t_j) (Hastie, Tibshirani and Friedman, Elements, 5.2.1).

        Other columns than our estimator has, but the same curves. Values are brought to the scale of the knots.
        """
        low, high = self.knots[0], self.knots[-1]
        t, x = (self.knots - low) / (high - low), (np.asarray(values, float) - low) / (high - low)
        part = [(np.clip(x - one, 0, None) ** 3 - np.clip(x - 1, 0, None) ** 3) / (1 - one) for one in t[:-1]]
        return np.column_stack([x, *(one - part[-1] for one in part[:-1])])

    def ratios(
        self, shell: pd.DataFrame, about: dict[str, Any], estimates: np.ndarray, variance: np.ndarray | None
    ) -> Refits:
        """Yield log hazard ratios at the values of our rows, against the one that is nearest to the median.

        ``estimates`` (k - 1,) and ``variance`` (k - 1, k - 1; None where it is not to be compared) are those of the
        columns of ``basis``; ``about`` labels the rows.
        """
        rows = shell[(shell["measure"] == "log_hazard_ratio_at") & (shell["term"] == about["term"])]
        at = rows["time"].to_numpy()
        if not at.size:
            return
        middle = at[np.argmin(np.abs(at - self.median))]
        apart = self.basis(at) - self.basis(np.array([middle]))
        for value, row in zip(at, apart, strict=True):
            if value != middle:
                error = np.nan if variance is None else float(np.sqrt(row @ variance @ row))
                yield Refit(
                    measure="log_hazard_ratio_at", time=float(value), estimate=float(row @ estimates), std_error=error,
                    **about,
                )  # fmt: skip
