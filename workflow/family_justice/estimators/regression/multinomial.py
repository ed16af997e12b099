"""Multinomial logistic regression with clustered standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test
from family_justice.estimators.parts.newton import Maximum, independent_columns, maximise
from family_justice.estimators.regression.columns import own_units, robust_covariance, scale_columns


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
    model = _Equations(category, covariates, categories)
    top = model.maximise(max_iter)
    count, p = model.start.shape
    own = own_units(model.columns, top, count)
    coef, kept, var_model = own.coef, own.estimable, own.covariance(top.inverse)
    residuals = np.zeros((count, model.y.size))
    residuals[model.present] = model.indicator - model.probabilities(top.parameters)[1]
    var_robust, n_clusters = robust_covariance(own, top, top.inverse, model.columns.rows, residuals, clusters)
    used = var_model if var_robust is None else var_robust
    slopes = np.tile(np.arange(p) > 0, count)
    tested = kept & slopes
    degrees = int((top.independent & slopes).sum())
    return MultinomialFit(
        coef=coef.reshape(count, p),
        var_model=var_model,
        var_robust=var_robust,
        loglik=(top.loglik_start, top.loglik),
        likelihood_ratio_test=chi_square_test(2 * (top.loglik - top.loglik_start), degrees),
        wald_test=quadratic_form_test(coef[tested], used[np.ix_(tested, tested)]),
        n=model.y.size,
        frequencies=model.frequencies,
        n_clusters=n_clusters,
        iterations=top.iterations,
        converged=top.converged,
        estimable=kept.reshape(count, p),
        reasons={divmod(j, p): why for j, why in own.reasons.items()},
    )


class _Equations:
    """The likelihood of the coefficients (K - 1)(p + 1) of all equations, one after another."""

    def __init__(self, category: ArrayLike, covariates: ArrayLike, categories: int | None) -> None:
        values = numbers("category", category)
        if (values < 0).any() or (values != np.floor(values)).any():
            raise ValueError("category must be whole numbers, not below zero")
        self.y, n = values.astype(np.int64), values.size
        count = max(int(self.y.max()) + 1 if n else 0, categories or 2)
        self.columns = scale_columns(design_matrix(covariates, n))
        self.frequencies = np.bincount(self.y, minlength=count)
        self.present = np.flatnonzero(self.frequencies[1:] > 0)  # equations of categories that have rows
        self.indicator = (self.y == (self.present + 1)[:, None]).astype(np.float64)
        self.start = np.zeros((count - 1, self.columns.scale.size))
        if self.frequencies[0]:
            self.start[self.present, 0] = np.log(self.frequencies[self.present + 1] / self.frequencies[0])

    def ruled_out(self) -> dict[int, str]:
        """Return why coefficients cannot be estimated, as far as the columns and the frequencies tell."""
        equations, p = self.start.shape
        columns = dict(self.columns.constant)
        gram = cross_product(self.columns.rows, self.columns.rows)
        varying = np.array([j not in columns for j in range(p)], dtype=bool)
        dependent = varying & ~independent_columns(gram, varying, np.zeros(p))
        columns |= {int(j): "a combination of columns before it" for j in np.flatnonzero(dependent)}
        reasons = {k * p + j: why for k in range(equations) for j, why in columns.items()}
        for k in range(equations):
            if not self.frequencies[0] or not self.frequencies[k + 1]:
                why = "no events" if self.frequencies[0] else "no rows in the reference category"
                reasons |= dict.fromkeys(range(k * p, (k + 1) * p), why)
        return reasons

    def probabilities(self, beta: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and the probabilities (equations present, n) of the categories after the first."""
        n, p = self.y.size, self.start.shape[1]
        parts = [combine(beta[k * p : (k + 1) * p], self.columns.rows) for k in self.present]
        eta = np.stack(parts) if parts else np.empty((0, n))
        highest = np.maximum(eta.max(axis=0, initial=0.0), 0.0)
        rise = np.exp(eta - highest)
        total = np.exp(-highest) + rise.sum(axis=0)
        loglik = inner(self.indicator, eta).sum() - (highest + np.log(total)).sum()
        return float(loglik), rise / total

    def objective(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient and the information."""
        loglik, fitted = self.probabilities(beta)
        x, p = self.columns.rows, self.start.shape[1]
        score, information = np.zeros(beta.size), np.zeros((beta.size, beta.size))
        for a, k in enumerate(self.present):
            at = slice(k * p, (k + 1) * p)
            score[at] = inner(x, self.indicator[a] - fitted[a])
            information[at, at] = cross_product(x, x, fitted[a] * (1 - fitted[a]))
            for b, m in enumerate(self.present[:a]):
                other = slice(m * p, (m + 1) * p)
                information[at, other] = -cross_product(x, x, fitted[a] * fitted[b])
                information[other, at] = information[at, other].T
        return loglik, score, information

    def maximise(self, max_iter: int) -> Maximum:
        """Climb from intercepts alone."""
        span = np.tile(self.columns.span, len(self.start))
        smallest = float(self.frequencies[self.frequencies > 0].min()) if self.y.size else 1.0
        return maximise(self.objective, self.start.ravel(), span, smallest, self.ruled_out(), max_iter)
