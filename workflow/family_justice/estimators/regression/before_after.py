"""Counts of two groups in periods around a day: the rate ratio in each period, and how it differs from one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, binary, codes
from family_justice.estimators.regression.poisson import fit_poisson


@dataclass(frozen=True, eq=False)
class BeforeAfterFit:
    """Positions are periods. ``ratio`` (k,) logarithms of the rate of cases over that of the comparison, ``change``
    (k,) those of the ratio of these to the one of the reference period (0 there), with standard errors; nan, and a
    reason, for what is not estimable."""

    ratio: Floats
    ratio_std_error: Floats
    change: Floats
    change_std_error: Floats
    reasons: dict[int, str]
    converged: bool
    n_clusters: int


def fit_before_after(
    count: ArrayLike,
    case: ArrayLike,
    period: ArrayLike,
    periods: int,
    reference: int,
    exposure: ArrayLike,
    clusters: ArrayLike,
) -> BeforeAfterFit:
    """Fit Poisson rates with a rate ratio of the groups in each period; errors are robust to ``clusters``.

    ``count`` (n,) whole numbers, ``case`` (n,) 0/1, ``period`` (n,) 0 to ``periods`` - 1, ``exposure`` (n,) time above
    zero, ``clusters`` (n,) people or matched sets with rows in several periods. Every period has a rate of its own, so
    that only what the comparison group does not share is a change (difference in differences of log rates). Estimates
    are those of generalised estimating equations with independent working correlation (R ``geepack::geeglm``), errors
    have the factor of ``sandwich::vcovCL(type = "HC1")``.

    A period in which either group has no event, or nobody, is not estimable; the others do not change by that.
    """
    y, group = np.asarray(count, dtype=np.float64), binary("case", case)
    when, time = np.asarray(period, dtype=np.int64), np.asarray(exposure, dtype=np.float64)
    member, labels = codes("clusters", clusters, y.size)
    reasons: dict[int, str] = {}
    for k in range(periods):
        for side, name in ((1, "cases"), (0, "comparison")):
            if not y[(when == k) & (group == side)].sum():
                reasons[k] = f"no events among the {name}" if side else "no events in the comparison group"
    told = [k for k in range(periods) if k not in reasons]
    ratio, error, change, change_error = (np.full(periods, np.nan) for _ in range(4))
    if not told or labels.size < 2:
        why = "fewer than two clusters"
        return BeforeAfterFit(
            ratio, error, change, change_error, reasons or dict.fromkeys(range(periods), why), True, labels.size
        )
    used = np.isin(when, told)
    dummies = (when[used, None] == np.array(told)[None, :]).astype(np.float64)
    design = np.column_stack([dummies[:, 1:], dummies * group[used, None]])
    fit = fit_poisson(y[used], design, time[used], member[used])
    first = len(told)  # the intercept and the other periods come before the ratios
    variance = np.asarray(fit.var_robust)[first:, first:]
    ratio[told], error[told] = fit.coef[first:], np.sqrt(np.diag(variance))
    if reference in told:
        base = told.index(reference)
        change[told] = ratio[told] - ratio[reference]
        spread = np.diag(variance) + variance[base, base] - 2 * variance[:, base]
        change_error[told] = np.sqrt(np.maximum(spread, 0))
    return BeforeAfterFit(ratio, error, change, change_error, reasons, fit.converged, labels.size)
