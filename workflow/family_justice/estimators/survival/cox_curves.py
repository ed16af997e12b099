"""Survival curves from a Cox fit: of given covariates, and averaged over a population.

The variance of the cumulative hazard at covariates z is that of R's ``survfit(coxph)`` (Tsiatis 1981, Annals of
Statistics 9; Therneau and Grambsch 2000, section 10.2), with the increments of the fit's own ties. The averaged
curve is direct standardisation (g-computation); its variance is the delta method with the covariates taken as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, numbers
from family_justice.estimators.survival.cox import CoxFit


@dataclass(frozen=True, eq=False)
class SurvivalCurves:
    """Survival with standard errors, a row for each set of covariates (one for an average), a column for each time."""

    time: Floats  # (T,)
    survival: Floats  # (m, T)
    std_error: Floats  # (m, T) of the survival


def survival_at(fit: CoxFit, covariates: ArrayLike, times: ArrayLike, stratum: Any = None) -> SurvivalCurves:
    """Return the curves of rows with ``covariates`` (m, p) and offset 0 at ``times`` (T,).

    ``stratum`` names the stratum whose baseline is meant. Standard errors are robust if the fit's are. Columns that are
    not estimable add nothing to the standard errors. Raises ``ValueError`` for an unknown stratum and another number
    of columns.
    """
    at, base = numbers("times", times), _Baseline(fit, covariates, times, stratum)
    survival = np.exp(-base.hazard * base.ratio[:, None])
    spread = np.empty_like(survival)
    for i, (ratio, z) in enumerate(zip(base.ratio, base.z, strict=True)):
        moved = np.outer(z, base.hazard) - base.means
        spread[i] = ratio * np.sqrt(base.noise + np.einsum("it,ij,jt->t", moved, base.variance, moved))
    return SurvivalCurves(at, survival, survival * spread)


def standardised_survival(
    fit: CoxFit, covariates: ArrayLike, times: ArrayLike, stratum: Any = None, weights: ArrayLike | None = None
) -> SurvivalCurves:
    """Return the mean curve of a population with ``covariates`` (m, p) and ``weights`` (m,) at ``times`` (T,): (1, T).

    Set one column to the same value in all rows to compare populations that differ in nothing else.
    """
    at, base = numbers("times", times), _Baseline(fit, covariates, times, stratum)
    share = np.ones(base.ratio.size) if weights is None else numbers("weights", weights, base.ratio.size)
    share = share / share.sum()
    mean, error = np.empty(at.size), np.empty(at.size)
    for t, hazard in enumerate(base.hazard):
        survival = np.exp(-hazard * base.ratio)
        mean[t] = share @ survival
        slope = share * survival * base.ratio
        moved = hazard * (slope @ base.z) - slope.sum() * base.means[:, t]
        error[t] = np.sqrt(slope.sum() ** 2 * base.noise[t] + moved @ base.variance @ moved)
    return SurvivalCurves(at, mean[None, :], error[None, :])


class _Baseline:
    """What the curves of one stratum share, on the scale of the fit's own columns."""

    def __init__(self, fit: CoxFit, covariates: ArrayLike, times: ArrayLike, stratum: Any) -> None:
        model, likelihood = fit.model, fit.model.likelihood
        risk = likelihood.risk
        design = np.asarray(covariates, dtype=np.float64)
        if design.ndim != 2 or design.shape[1] != fit.coef.size:
            raise ValueError(f"covariates have shape {design.shape}; rows of {fit.coef.size} columns are needed")
        if stratum is None and len(model.strata) == 1:
            stratum = model.strata[0]
        code = np.flatnonzero(model.strata == stratum)
        if stratum is None or code.size != 1:
            raise ValueError(f"stratum must be one of the {len(model.strata)} strata of the fit")
        inside = np.flatnonzero(risk.stratum == code[0])
        upto = np.searchsorted(risk.time[inside], numbers("times", times), side="right")
        now = likelihood.at(model.parameters)

        def summed(increments: Floats) -> Floats:
            steps = np.cumsum(increments[..., inside], axis=-1)
            return np.concatenate([np.zeros((*steps.shape[:-1], 1)), steps], axis=-1)[..., upto]

        self.z = (design - model.centre) / model.scale
        self.ratio = np.exp(self.z @ model.parameters - now.shift)
        self.hazard = summed(now.A / now.s0)
        self.noise = summed(now.a / now.s0**2)
        self.means = summed((now.a * now.s1 - now.b * now.d1) / now.s0)
        used = fit.var_model if fit.var_robust is None else fit.var_robust
        self.variance = np.nan_to_num(used * np.outer(model.scale, model.scale), nan=0.0)
