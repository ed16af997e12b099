"""Accelerated failure time models: Weibull and lognormal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test
from family_justice.estimators.parts.newton import Maximum, maximise
from family_justice.estimators.regression.columns import own_units, scale_columns

WITHOUT_END = 1e4  # 1/scale that no data have: a tenth of a thousandth of the time, on the log scale


@dataclass(frozen=True, eq=False)
class AftFit:
    """log T = intercept + x b + scale * error, the error extreme-value (Weibull) or normal (lognormal).

    Coefficients are on log time: positive means later. The Weibull shape is 1/scale, and -coef/scale are its log
    hazard ratios. Position 0 of every array and of ``reasons`` is the intercept, position j + 1 column j.
    """

    coef: Floats  # (p + 1,) the intercept first
    log_scale: float
    variance: Floats  # (p + 2, p + 2) of coef and, last, log_scale; nan for columns that are not estimable
    loglik: tuple[float, float]  # intercept only, fitted; density of T, as R survreg
    loglik_log_time: float  # fitted, density of log T: larger by the sum of log t over events
    likelihood_ratio_test: ChiSquareTest
    n: int
    n_events: int
    iterations: int
    converged: bool
    distribution: str
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]

    @property
    def std_error(self) -> Floats:
        """Standard errors (p + 1,) of ``coef``."""
        return np.sqrt(np.diag(self.variance)[:-1])

    @property
    def std_error_log_scale(self) -> float:
        """Standard error of ``log_scale`` and of ``log_shape``."""
        return float(np.sqrt(self.variance[-1, -1]))

    @property
    def log_shape(self) -> float:
        """Log of the Weibull shape, 1/scale."""
        return -self.log_scale


def fit_aft(
    exit: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    distribution: Literal["weibull", "lognormal"] = "weibull",
    max_iter: int = 60,
) -> AftFit:
    """Fit to times ``exit`` (n,) > 0, ``event`` (n,) 0/1 and ``covariates`` (n, p) by maximum likelihood.

    Equals R ``survreg``. The search is in b/scale and 1/scale, in which both log-likelihoods are concave (Burridge
    1981; Olsen 1978), so that Newton's method from anywhere finds the one maximum; the covariance matrix follows by the
    delta method. Columns that are constant, collinear or run to infinity are named in ``reasons``; with no events
    nothing is estimable. Raises ``ValueError`` for missing values, unequal lengths and times not above zero.
    """
    if distribution not in ("weibull", "lognormal"):
        raise ValueError("distribution must be weibull or lognormal")
    model = _LogTime(exit, event, covariates, distribution)
    p, n, events = model.columns.scale.size - 1, model.log_time.size, model.events
    start = np.zeros(p + 2)
    start[0] = 1.0
    null = model.maximise(start, max_iter, {j: "" for j in range(2, p + 2)})
    top = model.maximise(null.parameters, max_iter)
    coef, log_scale, variance, estimable, reasons = model.on_log_time(top)
    to_time = float(inner(model.happened, model.log_time))
    return AftFit(
        coef=coef,
        log_scale=log_scale,
        variance=variance,
        loglik=(null.loglik - to_time, top.loglik - to_time) if events else (0.0, 0.0),
        loglik_log_time=top.loglik if events else 0.0,
        likelihood_ratio_test=chi_square_test(2 * (top.loglik - null.loglik), int(top.independent[2:].sum())),
        n=n,
        n_events=events,
        iterations=top.iterations,
        converged=top.converged,
        distribution=distribution,
        estimable=estimable,
        reasons=reasons,
    )


class _LogTime:
    """The likelihood of log time in gamma (p + 2,): 1/scale, then the intercept and slopes divided by scale.

    u = (log t - middle)/scale - intercept - x b is linear in gamma.
    """

    def __init__(self, exit: ArrayLike, event: ArrayLike, covariates: ArrayLike, distribution: str) -> None:
        time = numbers("exit", exit)
        n = time.size
        if (time <= 0).any():
            raise ValueError(f"exit must be above zero; it is not in {int((time <= 0).sum())} rows")
        self.happened = (numbers("event", event, n) > 0).astype(np.float64)
        self.events = int(self.happened.sum())
        self.columns = scale_columns(design_matrix(covariates, n))
        self.log_time = np.log(time)
        self.middle = float(self.log_time.mean()) if n else 0.0
        self.rows = np.concatenate([(self.log_time - self.middle)[None], -self.columns.rows])
        self.error = _extreme_value if distribution == "weibull" else _normal

    def objective(self, gamma: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient and the information."""
        inverse_scale, size = gamma[0], gamma.size
        if inverse_scale <= 0:
            return -np.inf, np.full(size, np.nan), np.full((size, size), np.nan)
        with np.errstate(over="ignore", invalid="ignore"):
            value, slope, curve = self.error(combine(gamma, self.rows), self.happened)
            gradient, information = inner(self.rows, slope), cross_product(self.rows, self.rows, curve)
        gradient[0] += self.events / inverse_scale
        information[0, 0] += self.events / inverse_scale**2
        return float(value.sum() + self.events * np.log(inverse_scale)), gradient, information

    def maximise(self, start: Floats, max_iter: int, left_out: dict[int, str] | None = None) -> Maximum:
        """Climb from ``start`` without the columns ``left_out`` and those that the data rule out."""
        ruled_out = {j + 1: why for j, why in self.columns.constant.items()}
        if self.events == 0:
            ruled_out = dict.fromkeys(range(start.size), "no events")
        elif not np.ptp(self.log_time) > 0:
            ruled_out = dict.fromkeys(range(start.size), "all times are the same")
        span, size = np.append(1.0, self.columns.span), float(max(self.events, 1))
        return maximise(self.objective, start, span, size, ruled_out | (left_out or {}), max_iter, intercepts=2)

    def on_log_time(self, top: Maximum) -> tuple[Floats, float, Floats, NDArray[np.bool_], dict[int, str]]:
        """Return coefficients, log scale, their covariance matrix, what is estimable and why the rest is not."""
        own = own_units(self.columns, top, first=1)
        kept, reasons, p = own.estimable, own.reasons, own.coef.size - 1
        inverse_scale = float(top.parameters[0])
        if not top.estimable[0] or inverse_scale > WITHOUT_END:
            # The events lie on a line and the likelihood is infinite at scale zero: without a scale there is nothing.
            why = top.reasons.get(0, "the scale has no estimate above zero")
            reasons |= {j: why for j in range(p + 1) if top.independent[j + 1] or j not in reasons}
            kept, inverse_scale = np.zeros(p + 1, dtype=bool), np.nan
        coef = np.where(kept, own.coef, np.nan) / inverse_scale
        # d coef / d (b/scale) = scale, d coef / d (1/scale) = -coef * scale, d log scale / d (1/scale) = -scale.
        scale = 1 / inverse_scale
        jacobian = np.zeros((p + 2, p + 2))
        jacobian[:-1, 0] = -np.where(kept, coef, 0.0) * scale
        jacobian[:-1, 1:] = own.change * scale
        jacobian[-1, 0] = -scale
        searched = np.where(np.outer(top.estimable, top.estimable), top.inverse, 0.0)
        last = np.append(kept, top.estimable[0])
        variance = np.where(np.outer(last, last), jacobian @ searched @ jacobian.T, np.nan)
        coef[0] += self.middle
        return coef, float(-np.log(inverse_scale)), variance, kept, reasons


# For a standardised residual u and event d: the log density (d = 1) or log survival (d = 0), its first derivative, and
# minus its second.
Error = Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]


def _extreme_value(u: Floats, d: Floats) -> tuple[Floats, Floats, Floats]:
    rise = np.exp(u)
    return d * u - rise, d - rise, rise


def _normal(u: Floats, d: Floats) -> tuple[Floats, Floats, Floats]:
    from scipy.special import log_ndtr

    log_density = -0.5 * (u * u + np.log(2 * np.pi))
    log_survival = log_ndtr(-u)
    hazard = np.exp(log_density - log_survival)
    value = np.where(d > 0, log_density, log_survival)
    return value, np.where(d > 0, -u, -hazard), np.where(d > 0, 1.0, hazard * (hazard - u))
