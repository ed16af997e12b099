"""Logistic regression with clustered standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, binary, combine, cross_product, design_matrix, inner
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test
from family_justice.estimators.parts.newton import maximise
from family_justice.estimators.regression.columns import own_units, robust_covariance, scale_columns


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """A fitted model. Position 0 is the intercept, position j + 1 is column j of the covariates, in every array and in
    the keys of ``reasons`` (whose text counts the columns from 0, as the caller does). Where a coefficient is not
    estimable it and its rows of the covariance matrices are nan."""

    coef: Floats  # (p + 1,) log odds ratios after the intercept
    var_model: Floats  # (p + 1, p + 1) inverse information
    var_robust: Floats | None  # (p + 1, p + 1) clustered sandwich
    loglik: tuple[float, float]  # intercept only, fitted
    likelihood_ratio_test: ChiSquareTest
    wald_test: ChiSquareTest  # of the covariates, robust if there are clusters
    n: int
    n_events: int
    n_clusters: int | None
    iterations: int
    converged: bool
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]

    @property
    def std_error(self) -> Floats:
        """Standard errors (p + 1,): robust if there are any, from the model otherwise."""
        return np.sqrt(np.diag(self.var_model if self.var_robust is None else self.var_robust))


def fit_logistic(
    outcome: ArrayLike, covariates: ArrayLike, clusters: ArrayLike | None = None, max_iter: int = 50
) -> LogisticFit:
    """Fit P(outcome = 1) = 1 / (1 + exp(-(intercept + x b))) to ``outcome`` (n,) 0/1 and ``covariates`` (n, p).

    Equals R ``glm(family = binomial)``. With ``clusters`` (n,), labels of any kind, the covariance matrix is that of R
    ``sandwich::vcovCL(type = "HC1")`` and of statsmodels: the sums of scores over G clusters with the factor
    G/(G-1) * (n-1)/(n-k), k the number of estimated coefficients. (Stata, and vcovCL for a glm unless told otherwise,
    leave out the second part.)

    Columns that are constant, collinear with columns before them, or separate the outcomes are named in ``reasons``
    and the others estimated without them or at the limit, see ``newton``. If all outcomes are equal nothing is
    estimable. Raises ``ValueError`` for missing values, unequal lengths and outcomes other than 0 and 1.
    """
    y = binary("outcome", outcome)
    n, events = y.size, int(y.sum())
    columns = scale_columns(design_matrix(covariates, n))
    x, ruled_out, p = columns.rows, columns.constant, columns.scale.size - 1
    one_outcome = events in (0, n)
    if one_outcome:
        ruled_out = dict.fromkeys(range(p + 1), "no non-events" if events else "no events")

    def mean(beta: Floats) -> tuple[Floats, Floats]:
        eta = combine(beta, x)
        with np.errstate(over="ignore"):
            return eta, 1 / (1 + np.exp(-eta))

    def objective(beta: Floats) -> tuple[float, Floats, Floats]:
        eta, fitted = mean(beta)
        loglik = float(inner(y, eta) - np.logaddexp(0.0, eta).sum())
        return loglik, inner(x, y - fitted), cross_product(x, x, fitted * (1 - fitted))

    start = np.zeros(p + 1)
    if not one_outcome:
        start[0] = np.log(events / (n - events))
    size = events * (n - events) / max(n, 1)  # information about the intercept
    top = maximise(objective, start, columns.span, size, ruled_out, max_iter, intercepts=1)

    own = own_units(columns, top)
    coef, kept, var_model = own.coef, own.estimable, own.covariance(top.inverse)

    residual = y - mean(top.parameters)[1]
    var_robust, n_clusters = robust_covariance(own, top, top.inverse, x, residual, clusters)
    used = var_model if var_robust is None else var_robust
    tested = kept & (np.arange(p + 1) > 0)
    return LogisticFit(
        coef=coef,
        var_model=var_model,
        var_robust=var_robust,
        loglik=(0.0, 0.0) if one_outcome else (top.loglik_start, top.loglik),
        likelihood_ratio_test=chi_square_test(2 * (top.loglik - top.loglik_start), int(top.independent[1:].sum())),
        wald_test=quadratic_form_test(coef[tested], used[np.ix_(tested, tested)]),
        n=n,
        n_events=events,
        n_clusters=n_clusters,
        iterations=top.iterations,
        converged=top.converged,
        estimable=kept,
        reasons=own.reasons,
    )
