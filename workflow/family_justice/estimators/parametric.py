"""Accelerated failure time models: Weibull and lognormal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.arrays import Floats, combine, cross_product, design_matrix, inner, numbers
from family_justice.estimators.chi_square import ChiSquareTest, chi_square_test
from family_justice.estimators.newton import maximise

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
    time = numbers("exit", exit)
    n = time.size
    if (time <= 0).any():
        raise ValueError(f"exit must be above zero; it is not in {int((time <= 0).sum())} rows")
    happened = (numbers("event", event, n) > 0).astype(np.float64)
    design = design_matrix(covariates, n)
    p, events = design.shape[1], int(happened.sum())
    log_time = np.log(time)
    middle = float(log_time.mean()) if n else 0.0
    error = _extreme_value if distribution == "weibull" else _normal

    # Parameters: 1/scale, then intercept and slopes divided by scale. u = (log t - middle)/scale - intercept - x b.
    rows, unit, span = np.ones((p + 2, n)), np.ones(p + 2), np.ones(p + 2)
    rows[0] = log_time - middle
    rows[1] = -1.0
    ruled_out: dict[int, str] = {}
    for j, column in enumerate(design.T, start=2):
        spread = float(np.ptp(column)) if n else 0.0
        if spread > 0:
            unit[j] = column.std()
            span[j] = spread / unit[j]
            rows[j] = -column / unit[j]
        else:
            rows[j] = 0.0
            ruled_out[j] = "constant"
    if events == 0:
        ruled_out = {j: "no events" for j in range(p + 2)}
    elif not np.ptp(log_time) > 0:
        ruled_out = {j: "all times are the same" for j in range(p + 2)}

    def objective(gamma: Floats) -> tuple[float, Floats, Floats]:
        inverse_scale = gamma[0]
        if inverse_scale <= 0:
            return -np.inf, np.full(p + 2, np.nan), np.full((p + 2, p + 2), np.nan)
        with np.errstate(over="ignore", invalid="ignore"):
            value, slope, curve = error(combine(gamma, rows), happened)
            gradient, information = inner(rows, slope), cross_product(rows, rows, curve)
        gradient[0] += events / inverse_scale
        information[0, 0] += events / inverse_scale**2
        return float(value.sum() + events * np.log(inverse_scale)), gradient, information

    start = np.zeros(p + 2)
    start[0] = 1.0
    intercept_only = {j: "" for j in range(2, p + 2)}
    null = maximise(objective, start, span, float(max(events, 1)), {**ruled_out, **intercept_only}, max_iter)
    top = maximise(objective, null.parameters, span, float(max(events, 1)), ruled_out, max_iter, intercepts=2)

    kept, reasons = top.estimable[1:], {j - 1: why for j, why in top.reasons.items() if j > 0}
    inverse_scale = float(top.parameters[0])
    if not top.estimable[0] or inverse_scale > WITHOUT_END:
        # The events lie on a line and the likelihood is infinite at scale zero: without a scale there is nothing.
        why = reasons.get(0, "the scale has no estimate above zero")
        reasons |= {j: why for j in range(p + 1) if top.independent[j + 1] or j not in reasons}
        kept, inverse_scale = np.zeros(p + 1, dtype=bool), np.nan
    slopes = np.where(kept, top.parameters[1:] / unit[1:], np.nan) / inverse_scale
    shift = np.zeros(p + 1)
    shift[0] = middle
    # d coef / d (b/scale) = scale, d coef / d (1/scale) = -coef * scale, d log scale / d (1/scale) = -scale.
    scale = 1 / inverse_scale
    jacobian = np.zeros((p + 2, p + 2))
    jacobian[:-1, 0] = -np.where(kept, slopes, 0.0) * scale
    jacobian[:-1, 1:] = np.diag(scale / unit[1:])
    jacobian[-1, 0] = -scale
    known = np.outer(top.estimable, top.estimable)
    variance = jacobian @ np.where(known, top.variance, 0.0) @ jacobian.T
    last = np.append(kept, top.estimable[0])
    variance[~np.outer(last, last)] = np.nan

    to_time = float(inner(happened, log_time))
    degrees = int(top.independent[2:].sum())
    return AftFit(
        coef=slopes + shift,
        log_scale=float(-np.log(inverse_scale)),
        variance=variance,
        loglik=(null.loglik - to_time, top.loglik - to_time) if events else (0.0, 0.0),
        loglik_log_time=top.loglik if events else 0.0,
        likelihood_ratio_test=chi_square_test(2 * (top.loglik - null.loglik), degrees),
        n=n,
        n_events=events,
        iterations=top.iterations,
        converged=top.converged,
        distribution=distribution,
        estimable=kept,
        reasons=reasons,
    )


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
