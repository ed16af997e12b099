"""Generalised estimating equations, by statsmodels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, codes, design_matrix, numbers
from family_justice.estimators.parts.newton import NOTHING_LEFT
from family_justice.estimators.regression.columns import scale_columns, transformed, undecided_rows
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.poisson import fit_poisson


@dataclass(frozen=True, eq=False)
class GeeFit:
    """Position 0 is the intercept, position j + 1 column j of the covariates; what is not estimable is nan."""

    coef: Floats  # (p + 1,) log odds ratios or log rate ratios
    var_robust: Floats  # (p + 1, p + 1) sandwich without a small-sample factor
    correlation: float  # between two rows of a cluster; 0 under independence
    n: int
    n_clusters: int
    converged: bool
    reasons: dict[int, str]

    @property
    def std_error(self) -> Floats:
        """Robust standard errors (p + 1,)."""
        return np.sqrt(np.diag(self.var_robust))


def fit_gee(
    outcome: ArrayLike,
    covariates: ArrayLike,
    clusters: ArrayLike,
    family: Literal["binomial", "poisson"] = "binomial",
    correlation: Literal["independence", "exchangeable"] = "exchangeable",
    exposure: ArrayLike | None = None,
) -> GeeFit:
    """Fit the population-averaged model of Liang and Zeger (1986, Biometrika 73) with statsmodels ``GEE``.

    ``outcome`` (n,) 0/1 or counts, ``covariates`` (n, p), ``clusters`` (n,) labels, ``exposure`` (n,) person-time of
    counts. Under independence this is the logistic or Poisson model with clustered standard errors without their
    factor, and equal to R ``geepack``. The exchangeable correlation is the moment estimate with the divisor of
    Liang and Zeger, pairs less coefficients; ``geepack`` divides by the pairs: the results differ in the fourth or
    fifth digit.

    The ordinary model is fitted first; columns that it cannot estimate are left out and named in ``reasons``, with them
    the rows whose outcome they settle (``columns.undecided_rows``).
    """
    y = numbers("outcome", outcome)
    x = design_matrix(covariates, y.size)
    member, labels = codes("clusters", clusters, y.size)
    plain = fit_logistic(y, x) if family == "binomial" else fit_poisson(y, x, exposure)
    kept, p = plain.estimable, x.shape[1] + 1
    coef, variance = np.full(p, np.nan), np.full((p, p), np.nan)
    reasons = dict(plain.reasons)
    used = undecided_rows(x, plain.reasons)
    if not kept[0] or labels.size < 2 or not used.any():
        why = "fewer than two clusters" if labels.size < 2 else plain.reasons.get(0, NOTHING_LEFT)
        reasons |= {j: reasons.get(j, why) for j in range(p)}
        return GeeFit(coef, variance, np.nan, y.size, labels.size, False, reasons)

    from statsmodels.genmod import families
    from statsmodels.genmod.cov_struct import Exchangeable, Independence
    from statsmodels.genmod.generalized_estimating_equations import GEE

    columns = scale_columns(x)
    design = columns.rows[np.ix_(kept, used)].T
    model = GEE(
        y[used],
        design,
        groups=member[used],
        family=families.Binomial() if family == "binomial" else families.Poisson(),
        cov_struct=Exchangeable() if correlation == "exchangeable" else Independence(),
        exposure=None if exposure is None else numbers("exposure", exposure, y.size)[used],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether the search converged is part of the answer
        fit = model.fit(start_params=columns.coefficients(plain.coef)[kept], ctol=1e-10, maxiter=100)
    coef[kept] = fit.params
    variance[np.ix_(kept, kept)] = fit.cov_robust
    change = columns.to_own_units
    coef = np.where(kept, change @ np.where(kept, coef, 0.0), np.nan)
    variance = transformed(variance, change, kept)
    alpha = float(model.cov_struct.dep_params) if correlation == "exchangeable" else 0.0
    return GeeFit(coef, variance, alpha, y.size, labels.size, bool(fit.converged), reasons)
