"""Average marginal effects: by how much a probability changes on average with each covariate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, combine, design_matrix, inner
from family_justice.estimators.parts.newton import RUNS_AWAY
from family_justice.estimators.regression.logistic import LogisticFit
from family_justice.estimators.regression.multinomial import MultinomialFit
from family_justice.estimators.regression.poisson import CountFit

#: Log odds that are as good as infinite.
FAR = 1000.0


@dataclass(frozen=True, eq=False)
class MarginalEffects:
    """Average marginal effects (p,), of a multinomial fit (K - 1, p): differences in probability; nan where a
    coefficient is not estimable."""

    effect: Floats
    std_error: Floats


def average_marginal_effects(
    fit: LogisticFit | CountFit | MultinomialFit, covariates: ArrayLike, terms: list[list[int]] | None = None
) -> MarginalEffects:
    """Return by how much the probability changes on average with each column of ``covariates`` (n, p) of ``fit``: a
    logistic model, risk ratios by modified Poisson, or a multinomial model (row k: the probability of category k + 1).

    A column of zeros and ones: mean of P(x_j = 1) - P(x_j = 0), the other columns of its term (``terms``, lists of
    columns: the levels of one characteristic) at zero both times, so that a level is compared with the reference. Any
    other column: the mean derivative. Standard errors by the delta method with the robust covariance matrix if the fit
    has one, the covariates taken as given (as R ``margins``, Stata ``margins``). Constant
    and collinear columns count as zero. A coefficient that runs to infinity counts as infinite: whoever has the level
    has the event for certain, or not at all, whatever else changes. If an intercept does (nobody in the reference level
    has the event), what it and the other levels add up to is not known here and no effect is estimable.
    """
    x = design_matrix(covariates, fit.n)
    model = _Model(fit, x)
    m, p = model.kept.shape[0], x.shape[1]
    group = {j: list(columns) for columns in terms or [] for j in columns}
    effect, gradient = np.full((m, p), np.nan), np.zeros((m, p, m, p + 1))
    for j in range(p):
        if model.unknown or not model.kept[:, j + 1].any():
            continue
        if np.isin(x[:, j], (0.0, 1.0)).all():
            effect[:, j], gradient[:, j] = model.of_level(j, group.get(j, [j]))
        else:
            effect[:, j], gradient[:, j] = model.of_number(j)
    effect[~model.kept[:, 1:]] = np.nan
    by = gradient.reshape(m, p, -1)
    error = np.sqrt(np.einsum("kpi,ij,kpj->kp", by, model.variance, by))
    error[np.isnan(effect)] = np.nan
    many = isinstance(fit, MultinomialFit)
    return MarginalEffects(effect if many else effect[0], error if many else error[0])


class _Model:
    """The probabilities (m, n) that a fit gives to the rows ``x`` (n, p), in its coefficients ``b`` (m, p + 1)."""

    def __init__(self, fit: LogisticFit | CountFit | MultinomialFit, x: Floats) -> None:
        coef, self.kept = np.atleast_2d(fit.coef), np.atleast_2d(fit.estimable)
        self.b = np.where(self.kept, coef, 0.0)
        for key, why in fit.reasons.items():
            if RUNS_AWAY in why:
                self.b[key if isinstance(key, tuple) else (0, key)] = FAR if "plus" in why else -FAR
        flat = self.kept.ravel()
        variance = fit.var_model if fit.var_robust is None else fit.var_robust
        self.variance = np.where(np.outer(flat, flat), variance, 0.0)
        self.log = isinstance(fit, CountFit)
        self.link = _log if self.log else _logit
        n = len(x)
        self.rows = np.vstack([np.ones(n), x.T])
        # A category without rows has no intercept, and its probability is zero.
        known = zip(self.b, self.kept[:, 0], strict=True)
        self.eta = np.stack([combine(b, self.rows) if has else np.full(n, -np.inf) for b, has in known])
        self.unknown = bool((np.abs(self.b[:, 0]) == FAR).any())

    def of_level(self, j: int, term: list[int]) -> tuple[Floats, Floats]:
        """Return the effect (m,) of an indicator and its gradient (m, m, p + 1), the columns of its term at zero."""
        others, m = [k + 1 for k in term], len(self.b)
        base = self.eta - np.stack([combine(b[others], self.rows[others]) for b in self.b])
        change, gradient = np.zeros(m), np.zeros((m, m, len(self.rows)))
        for sign, predictor in ((1.0, base + self.b[:, j + 1 : j + 2]), (-1.0, base)):
            probability, slope = self.link(predictor)
            change += sign * probability.mean(axis=1)
            part = self.mean_over_rows(slope)
            part[:, :, others] = 0.0
            if sign > 0:
                part[:, :, j + 1] = slope.mean(axis=2)
            gradient += sign * part
        return change, gradient

    def of_number(self, j: int) -> tuple[Floats, Floats]:
        """Return the mean derivative (m,) in a number and its gradient (m, m, p + 1)."""
        probability, slope = self.link(self.eta)
        along = self.b[:, j + 1]
        tilt = np.einsum("kln,l->kn", slope, along)  # derivative of every probability in x_j
        gradient = self.mean_over_rows(_bend(probability, tilt, slope, along, self.log))
        gradient[:, :, j + 1] += slope.mean(axis=2)
        return tilt.mean(axis=1), gradient

    def mean_over_rows(self, values: Floats) -> Floats:
        """Return (m, m, p + 1): the means of the columns times values (m, m, n)."""
        parts = [inner(self.rows, values[:, k, None, :]) for k in range(values.shape[1])]
        return np.stack(parts, axis=1) / self.rows.shape[1]


def _logit(predictor: Floats) -> tuple[Floats, Floats]:
    """Return probabilities (m, n) of the categories after the first and their derivatives (m, m, n)."""
    highest = np.maximum(predictor.max(axis=0), 0.0)
    rise = np.exp(predictor - highest)
    probability = rise / (np.exp(-highest) + rise.sum(axis=0))
    return probability, probability[:, None, :] * (np.eye(len(predictor))[:, :, None] - probability[None])


def _log(predictor: Floats) -> tuple[Floats, Floats]:
    risk = np.exp(predictor)
    return risk, risk[None]


def _bend(probability: Floats, tilt: Floats, slope: Floats, along: Floats, log: bool) -> Floats:
    """Return (m, m, n): the derivative of ``tilt`` k in linear predictor l."""
    if log:
        return tilt[None]
    mean = np.einsum("kn,k->n", probability, along)
    return slope * (along[:, None, None] - mean) - probability[:, None, :] * tilt[None]
