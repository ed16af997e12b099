"""Multiple imputation: pooling the results of completed data sets by Rubin's rules."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats


@dataclass(frozen=True, eq=False)
class Pooled:
    """Pooled estimates, one position per coefficient."""

    estimate: Floats
    std_error: Floats  # square root of within + (1 + 1/m) between
    within: Floats
    between: Floats
    df: Floats  # Barnard and Rubin (1999)
    missing_information: Floats  # share of the information lost to missing values
    conf_low: Floats  # 95%, from the t distribution
    conf_high: Floats
    p_value: Floats
    imputations: Floats  # how many data sets could estimate the coefficient

    def __len__(self) -> int:
        return self.estimate.size


def pool(estimates: ArrayLike, std_errors: ArrayLike, complete_df: float = math.inf) -> Pooled:
    """Pool ``estimates`` and ``std_errors`` (m, p) of m completed data sets by Rubin's rules (1987).

    With W the mean variance and B the variance of the estimates, T = W + (1 + 1/m) B and r = (1 + 1/m) B / W. Degrees
    of freedom of Barnard and Rubin (1999, Biometrika 86): with lambda = (1 + 1/m) B / T, old = (m - 1)/lambda^2 and
    observed = (d + 1)/(d + 3) d (1 - lambda) for ``complete_df`` d (rows less coefficients; infinite: old), df =
    old observed / (old + observed). Equal to R ``mice::pool``, ``missing_information`` to its ``fmi``:
    (r + 2/(df + 3))/(r + 1).

    A coefficient that any data set could not estimate (nan) is nan: pooling the others would choose the data sets by
    their answer. With one data set B is unknown and everything is nan.
    """
    from scipy.stats import t

    q, se = np.atleast_2d(np.asarray(estimates, float)), np.atleast_2d(np.asarray(std_errors, float))
    if q.shape != se.shape:
        raise ValueError(f"estimates have shape {q.shape} and standard errors {se.shape}")
    m, p = q.shape
    known = (np.isfinite(q) & np.isfinite(se)).sum(axis=0)
    complete = (known == m) & (m > 1)
    mean, within, between = (np.full(p, np.nan) for _ in range(3))
    mean[complete] = q[:, complete].mean(axis=0)
    within[complete] = (se[:, complete] ** 2).mean(axis=0)
    between[complete] = q[:, complete].var(axis=0, ddof=1) if m > 1 else np.nan
    added = (1 + 1 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        share = added / total
        old = (m - 1) / share**2
        if math.isinf(complete_df):
            df = old
        else:
            observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
            df = np.where(share == 0, observed, 1 / (1 / old + 1 / observed))
        r = added / within
        lost = np.where(np.isinf(df), r / (r + 1), (r + 2 / (df + 3)) / (r + 1))
        error = np.sqrt(total)
        half = t.ppf(0.975, df) * error
        p_value = 2 * t.sf(np.abs(mean / error), df)
    return Pooled(mean, error, within, between, df, lost, mean - half, mean + half, p_value, known.astype(np.float64))
