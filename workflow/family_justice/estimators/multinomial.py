"""Multinomial logistic regression with clustered standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.arrays import Floats, Ints, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test
from family_justice.estimators.newton import independent_columns, maximise
from family_justice.estimators.regression import clustered_variance, own_units, scale_columns


@dataclass(frozen=True, eq=False)
class MultinomialFit:
    """A fitted model of K categories, one equation for each of 1, ..., K - 1 against category 0.

    Row k of ``coef`` is category k + 1; column 0 is the intercept, column j + 1 column j of the covariates. The
    covariance matrices run over the rows of ``coef`` one after another. What is not estimable is nan and named in
    ``reasons`` under its row and column.
    """

    coef: Floats  # (K - 1, p + 1) log odds against category 0, then log odds ratios
    var_model: Floats  # ((K - 1)(p + 1), (K - 1)(p + 1)) inverse information
    var_robust: Floats | None
    loglik: tuple[float, float]  # intercepts only, fitted
    likelihood_ratio_test: ChiSquareTest
    wald_test: ChiSquareTest  # of the covariates, robust if there are clusters
    n: int
    frequencies: Ints  # (K,) rows per category
    n_clusters: int | None
    iterations: int
    converged: bool
    estimable: NDArray[np.bool_]  # (K - 1, p + 1)
    reasons: dict[tuple[int, int], str]

    @property
    def std_error(self) -> Floats:
        """Standard errors (K - 1, p + 1): robust if there are any, from the model otherwise."""
        variance = self.var_model if self.var_robust is None else self.var_robust
        return np.sqrt(np.diag(variance)).reshape(self.coef.shape)


def fit_multinomial(
    category: ArrayLike,
    covariates: ArrayLike,
    categories: int | None = None,
    clusters: ArrayLike | None = None,
    max_iter: int = 50,
) -> MultinomialFit:
    """Fit P(category k) proportional to exp(intercept_k + x b_k), b_0 = 0, to ``category`` (n,) of 0, ..., K - 1 and
    ``covariates`` (n, p). ``categories`` is K if the highest may be without rows.

    The likelihood of R ``nnet::multinom`` and statsmodels ``MNLogit``, at its maximum. With ``clusters`` the sandwich
    of statsmodels, factor G/(G-1) * (n-1)/(n-k) with k the coefficients of all equations together.

    With one binary covariate the model is saturated: each log odds ratio is that of the two-by-two table of its
    category against category 0, with variance the sum of the four reciprocals. Without rows in category 0 nothing is
    estimable; without rows in another category its equation is not. Raises ``ValueError`` for missing values, unequal
    lengths and categories that are no whole numbers.
    """
    values = numbers("category", category)
    if (values < 0).any() or (values != np.floor(values)).any():
        raise ValueError("category must be whole numbers, not below zero")
    y, n = values.astype(np.int64), values.size
    count = max(int(y.max()) + 1 if n else 0, categories or 2)
    columns = scale_columns(design_matrix(covariates, n))
    x, p = columns.rows, columns.scale.size
    frequencies = np.bincount(y, minlength=count)
    equations = count - 1
    present = np.flatnonzero(frequencies[1:] > 0)

    ruled_out = dict(columns.constant)
    gram = cross_product(x, x)
    independent = independent_columns(gram, np.isin(np.arange(p), list(ruled_out), invert=True), np.zeros(p))
    ruled_out |= {
        j: "a combination of columns before it" for j in range(p) if not independent[j] and j not in ruled_out
    }
    reasons = {(k, j): why for k in range(equations) for j, why in ruled_out.items()}
    for k in range(equations):
        if not frequencies[0] or not frequencies[k + 1]:
            why = "no rows in the reference category" if not frequencies[0] else "no events"
            reasons |= {(k, j): why for j in range(p)}

    indicator = (y == (present + 1)[:, None]).astype(np.float64)

    def probabilities(beta: Floats) -> tuple[float, Floats]:
        eta = np.stack([combine(beta[k * p : (k + 1) * p], x) for k in present]) if present.size else np.empty((0, n))
        highest = np.maximum(eta.max(axis=0, initial=0.0), 0.0)
        rise = np.exp(eta - highest)
        total = np.exp(-highest) + rise.sum(axis=0)
        loglik = inner(indicator, eta).sum() - (highest + np.log(total)).sum()
        return float(loglik), rise / total

    def objective(beta: Floats) -> tuple[float, Floats, Floats]:
        loglik, fitted = probabilities(beta)
        score, information = np.zeros(equations * p), np.zeros((equations * p, equations * p))
        for a, k in enumerate(present):
            at = slice(k * p, (k + 1) * p)
            score[at] = inner(x, indicator[a] - fitted[a])
            information[at, at] = cross_product(x, x, fitted[a] * (1 - fitted[a]))
            for b, m in enumerate(present[:a]):
                other = slice(m * p, (m + 1) * p)
                information[at, other] = -cross_product(x, x, fitted[a] * fitted[b])
                information[other, at] = information[at, other].T
        return loglik, score, information

    start = np.zeros((equations, p))
    if frequencies[0]:
        start[present, 0] = np.log(frequencies[present + 1] / frequencies[0])
    flat = {k * p + j: why for (k, j), why in reasons.items()}
    smallest = float(frequencies[frequencies > 0].min()) if n else 1.0
    top = maximise(objective, start.ravel(), np.tile(columns.span, equations), smallest, flat, max_iter)

    own = own_units(columns, top, equations)
    coef, kept, var_model = own.coef, own.estimable, own.covariance(top.inverse)
    var_robust, n_clusters = None, None
    if clusters is not None:
        residuals = np.zeros((equations, n))
        residuals[present] = indicator - probabilities(top.parameters)[1]
        sandwich, n_clusters = clustered_variance(top.inverse, top.informed, x, residuals, clusters)
        var_robust = own.covariance(sandwich)
    used = var_model if var_robust is None else var_robust
    slopes = np.tile(np.arange(p) > 0, equations)
    tested = kept & slopes
    return MultinomialFit(
        coef=coef.reshape(equations, p),
        var_model=var_model,
        var_robust=var_robust,
        loglik=(top.loglik_start, top.loglik),
        likelihood_ratio_test=chi_square_test(
            2 * (top.loglik - top.loglik_start), int((top.independent & slopes).sum())
        ),
        wald_test=quadratic_form_test(coef[tested], used[np.ix_(tested, tested)]),
        n=n,
        frequencies=frequencies,
        n_clusters=n_clusters,
        iterations=top.iterations,
        converged=top.converged,
        estimable=kept.reshape(equations, p),
        reasons={divmod(j, p): why for j, why in own.reasons.items()},
    )
