"""Variation between areas: the random-intercept logistic model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import (
    Floats,
    Ints,
    codes,
    combine,
    cross_product,
    design_matrix,
    inner,
    numbers,
    sums_by,
)
from family_justice.estimators.parts.newton import NOTHING_LEFT, independent_columns
from family_justice.estimators.regression.columns import Columns, scale_columns, transformed, undecided_rows
from family_justice.estimators.regression.logistic import LogisticFit, fit_logistic

CONVERGED = 1e-12  # twice the log-likelihood still to gain
NOT_CONVERGED = "the search for the estimate did not converge"
NO_VARIATION = "areas differ no more than chance makes them: the likelihood is highest at zero"
WITHOUT_END = 30.0  # a standard deviation of log odds that no areas have


@dataclass(frozen=True, eq=False)
class MixedLogisticFit:
    """A fitted model. Position 0 of ``coef`` is the intercept, position j + 1 column j of the covariates."""

    coef: Floats  # (p + 1,) log odds ratios at a given area
    variance: Floats  # (p + 2, p + 2) inverse observed information of coef and, last, sd; nan where not estimable
    sd: float  # standard deviation of the areas' intercepts
    areas: NDArray  # (G,) labels in sorted order
    area_effect: Floats  # (G,) most likely intercept of each area less the common one (empirical Bayes)
    area_std_error: Floats  # (G,) its standard deviation given the outcomes and the coefficients, as R ``condVar``
    loglik: float
    loglik_without_areas: float
    n: int
    n_events: int
    iterations: int
    converged: bool
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]
    note: str  # why ``sd`` is zero or missing

    @property
    def std_error(self) -> Floats:
        """Standard errors (p + 1,) of ``coef``."""
        return np.sqrt(np.diag(self.variance)[:-1])


def fit_mixed_logistic(
    outcome: ArrayLike, covariates: ArrayLike, areas: ArrayLike, nodes: int = 15, max_iter: int = 60
) -> MixedLogisticFit:
    """Fit logit P(outcome = 1) = intercept + x b + sd u, u standard normal per area, by maximum likelihood.

    ``outcome`` (n,) 0/1, ``covariates`` (n, p), ``areas`` (n,) labels of any kind. The integral over u is taken by
    adaptive Gauss-Hermite quadrature with ``nodes`` points per area (Pinheiro and Bates 1995), as R
    ``lme4::glmer(nAGQ = nodes)``. The score and information are the quadrature of Fisher's and Louis' identities
    (1982, JRSS B 44), exact for the integral and not for few nodes: from about 10 on the fit equals ``glmer`` with as
    many nodes to about 1e-6; ``glmer`` at its default ``nAGQ = 1`` (Laplace) differs from both in the third or fourth
    digit.

    Where areas differ no more than chance makes them, sum((sum of residuals)^2) <= sum(p(1 - p)) at the ordinary
    logistic fit, the maximum is at sd = 0: that fit is returned and ``note`` says so. Where they differ without end (an
    area of events only beside one without) the search does not converge; ``variance`` is then nan and ``note`` says
    so. Columns that the ordinary logistic model cannot estimate are left out, with the rows whose outcome they settle
    (``columns.undecided_rows``). Raises ``ValueError`` as ``fit_logistic``.
    """
    y = numbers("outcome", outcome)
    n = y.size
    design = design_matrix(covariates, n)
    area, labels = codes("areas", areas, n)
    plain = fit_logistic(y, design)
    p = plain.coef.size
    kept = plain.estimable
    columns = scale_columns(design)
    used = undecided_rows(design, plain.reasons)
    y, x, area = y[used], columns.rows[np.ix_(kept, used)], area[used]
    model = _RandomIntercept(y, x, area, labels.size, nodes)

    beta = columns.coefficients(plain.coef)[kept]
    note = "" if used.any() else NOTHING_LEFT
    note = _without_areas(plain, labels.size) or note or model.no_variation(beta)
    if note:
        variance = np.full((p + 1, p + 1), np.nan)
        variance[:p, :p] = plain.var_model
        sd = 0.0 if note == NO_VARIATION else np.nan
        return MixedLogisticFit(
            coef=plain.coef, variance=variance, sd=sd, areas=labels, area_effect=np.full(labels.size, sd),
            area_std_error=np.full(labels.size, sd),
            loglik=plain.loglik[1], loglik_without_areas=plain.loglik[1], n=n, n_events=plain.n_events, iterations=0,
            converged=plain.converged, estimable=kept, reasons=plain.reasons, note=note,
        )  # fmt: skip

    theta, loglik, information, iterations, converged = model.maximise(np.append(beta, 0.5), max_iter)
    width = model.find_modes(combine(theta[:-1], x), float(theta[-1]))
    coef, variance = _in_own_units(theta, information if converged else None, columns, kept)
    return MixedLogisticFit(
        coef=coef, variance=variance, sd=abs(float(theta[-1])), areas=labels, area_effect=theta[-1] * model.mode,
        area_std_error=np.abs(theta[-1]) * width,
        loglik=loglik, loglik_without_areas=plain.loglik[1], n=n, n_events=plain.n_events, iterations=iterations,
        converged=converged, estimable=kept, reasons=plain.reasons, note="" if converged else NOT_CONVERGED,
    )  # fmt: skip


def _without_areas(plain: LogisticFit, areas: int) -> str:
    """Return why there is nothing to be said of areas, empty if there may be."""
    if not plain.estimable[0]:
        return plain.reasons.get(0, "the intercept cannot be estimated")
    if areas < 2:
        return "only one area"
    return "" if plain.converged else NOT_CONVERGED


def _in_own_units(
    theta: Floats, information: Floats | None, columns: Columns, kept: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return coefficients (p + 1,) and the covariance matrix (p + 2, p + 2) of them and the standard deviation; nan
    without ``information``."""
    p = kept.size
    coef = np.zeros(p)
    coef[kept] = theta[:-1]
    coef = np.where(kept, columns.to_own_units @ coef, np.nan)
    full = np.append(kept, True)
    variance = np.full((p + 1, p + 1), np.nan)
    if information is not None:
        variance[np.ix_(full, full)] = np.linalg.inv(information)
        change = np.eye(p + 1)
        change[:p, :p] = columns.to_own_units
        change[p, p] = -1.0 if theta[-1] < 0 else 1.0  # the sign of sd u is that of u
        variance = transformed(variance, change, full)
    return coef, variance


class _RandomIntercept:
    """The marginal likelihood of (beta, sd) with adaptive quadrature around the mode of each area."""

    def __init__(self, y: Floats, x: Floats, area: Ints, count: int, nodes: int) -> None:
        self.y, self.x, self.area, self.count = y, x, area, count
        points, weights = np.polynomial.hermite_e.hermegauss(nodes)
        # Weights for the integral of f(u) du = sum w exp(z^2/2) f(z): the density of u is part of f.
        self.points, self.log_weights = points, np.log(weights) + points**2 / 2
        self.mode = np.zeros(count)

    def no_variation(self, beta: Floats) -> str:
        """Say so if areas differ no more than chance makes them at the coefficients of the ordinary logistic fit."""
        residual = self.y - _risk(combine(beta, self.x))
        by_area = sums_by(self.area, residual, self.count)
        chance = float(inner(np.abs(residual), 1 - np.abs(residual)))
        return NO_VARIATION if float(inner(by_area, by_area)) <= chance else ""

    def find_modes(self, eta: Floats, sd: float) -> Floats:
        """Newton's method for the mode of u in every area at once; return the standard deviations around it."""
        curve = np.ones(self.count)
        for _ in range(50):
            fitted = _risk(eta + sd * self.mode[self.area])
            slope = sd * sums_by(self.area, self.y - fitted, self.count) - self.mode
            curve = 1 + sd**2 * sums_by(self.area, fitted * (1 - fitted), self.count)
            step = np.clip(slope / curve, -2, 2)
            self.mode = self.mode + step
            if np.abs(step).max() < 1e-10:
                break
        return 1 / np.sqrt(curve)

    def at(self, theta: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Return the log-likelihood, score, observed information, and the information if u were known."""
        beta, sd = theta[:-1], float(theta[-1])
        size = theta.size
        eta = combine(beta, self.x)
        width = self.find_modes(eta, sd)
        logs = np.empty((self.points.size, self.count))
        for q, point in enumerate(self.points):
            u = self.mode + width * point
            predictor = eta + sd * u[self.area]
            terms = self.y * predictor - np.logaddexp(0.0, predictor)
            logs[q] = sums_by(self.area, terms, self.count) - u**2 / 2 + self.log_weights[q]
        highest = logs.max(axis=0)
        share = np.exp(logs - highest)
        total = share.sum(axis=0)
        share /= total  # (nodes, areas): distribution of u given the outcomes
        loglik = float((highest + np.log(total) + np.log(width)).sum() - self.count * np.log(2 * np.pi) / 2)

        mean_score = np.zeros((size, self.count))
        spread, complete = np.zeros((size, size)), np.zeros((size, size))
        weight, weight_u, weight_uu = (np.zeros(self.y.size) for _ in range(3))
        for q, point in enumerate(self.points):
            u = self.mode + width * point
            fitted = _risk(eta + sd * u[self.area])
            residual, of_node, of_u = self.y - fitted, fitted * (1 - fitted) * share[q][self.area], u[self.area]
            weight += of_node
            weight_u += of_node * of_u
            weight_uu += of_node * of_u * of_u
            score = np.empty((size, self.count))
            for j, row in enumerate(self.x):
                score[j] = sums_by(self.area, row * residual, self.count)
            score[-1] = u * sums_by(self.area, residual, self.count)
            mean_score += share[q] * score
            spread += cross_product(score, score, share[q])
        complete[:-1, :-1] = cross_product(self.x, self.x, weight)
        complete[:-1, -1], complete[-1, -1] = inner(self.x, weight_u), weight_uu.sum()
        complete[-1] = complete[:, -1]
        observed = complete - (spread - cross_product(mean_score, mean_score))
        return loglik, mean_score.sum(axis=1), observed, complete

    def maximise(self, theta: Floats, max_iter: int) -> tuple[Floats, float, Floats, int, bool]:
        """Newton's method; where the likelihood is not concave, steps with the information as if u were known."""
        loglik, score, observed, complete = self.at(theta)
        iterations, converged = 0, False
        while iterations < max_iter and not converged:
            iterations += 1
            ascent = observed if _positive(observed) else complete
            if not _positive(ascent):
                break
            step = np.linalg.solve(ascent, score)
            converged = float(score @ step) < CONVERGED and _positive(observed)
            fraction = 1.0
            while True:
                trial = self.at(theta + fraction * step)
                if trial[0] >= loglik - 1e-9 * abs(loglik) or fraction < 1e-3:
                    break
                fraction /= 2
            theta = theta + fraction * step
            loglik, score, observed, complete = trial
        return theta, loglik, observed, iterations, converged and abs(theta[-1]) < WITHOUT_END


def _risk(predictor: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-predictor))


def _positive(matrix: Floats) -> bool:
    return bool(independent_columns(matrix, np.ones(len(matrix), dtype=bool), np.zeros(len(matrix))).all())
