"""Residuals of a Cox fit, exact for Efron's ties, delayed entry, strata and weights: R ``residuals(fit, type = )``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.estimators.parts.arrays import Floats, Ints
from family_justice.estimators.survival.cox import CoxFit


@dataclass(frozen=True, eq=False)
class SchoenfeldResiduals:
    """For each death its covariates less their mean over the risk set, by stratum and time."""

    row: Ints  # (E,) of the data as they were given
    time: Floats  # (E,)
    residual: Floats  # (E, p)
    scaled: Floats  # (E, p): an estimate of the coefficient at each death (Grambsch and Therneau 1994, Biometrika 81)


def schoenfeld_residuals(fit: CoxFit) -> SchoenfeldResiduals:
    """Return R's ``schoenfeld`` and ``scaledsch``; columns that are not estimable are nan in the scaled ones.

    With Efron's ties a death is compared with the mean of the d means of its time. The scaled residuals use the
    covariance matrix of the model, as R's.
    """
    model, likelihood = fit.model, fit.model.likelihood
    risk, now = likelihood.risk, likelihood.at(model.parameters)
    size = likelihood.mean_weight * risk.tied
    mean = (now.A * now.s1 - now.B * now.d1) / size
    columns = [likelihood.rows.at_deaths(x) - m[risk.death_pair] for x, m in zip(likelihood.rows.x, mean, strict=True)]
    residual = np.stack(columns, axis=1) * model.scale if columns else np.empty((risk.deaths.size, 0))
    kept = np.flatnonzero(fit.estimable)
    scaled = np.full_like(residual, np.nan)
    scaled[:, kept] = fit.coef[kept] + residual[:, kept] @ fit.var_model[np.ix_(kept, kept)] * risk.deaths.size
    return SchoenfeldResiduals(risk.order[risk.deaths], risk.time[risk.death_pair], residual, scaled)


def martingale_residuals(fit: CoxFit) -> Floats:
    """Return (n,): events less those the model expects of the row."""
    model, likelihood = fit.model, fit.model.likelihood
    now = likelihood.at(model.parameters)
    expected = now.score_risk / likelihood.weight * likelihood.hazard(now.A / now.s0, now.B / now.s0)
    return _of_all_rows(fit, likelihood.risk.died - expected)


def deviance_residuals(fit: CoxFit) -> Floats:
    """Return (n,): martingale residuals transformed towards symmetry."""
    martingale, event = martingale_residuals(fit), fit.model.event
    logarithm = np.log(np.where(event, event - martingale, 1.0))
    return np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + logarithm), 0.0))


def score_residuals(fit: CoxFit) -> Floats:
    """Return (n, p): each row's part of the score, before weights."""
    model, likelihood = fit.model, fit.model.likelihood
    residuals = likelihood.score_residuals(likelihood.at(model.parameters))
    columns = [_of_all_rows(fit, residual * s) for residual, s in zip(residuals, model.scale, strict=True)]
    return np.stack(columns, axis=1) if columns else np.empty((fit.n, 0))


def dfbeta_residuals(fit: CoxFit) -> Floats:
    """Return (n, p): about how much each row moves each coefficient, case weights included; nan if not estimable."""
    kept = np.flatnonzero(fit.estimable)
    weight = _of_all_rows(fit, fit.model.likelihood.weight)
    change = np.full((fit.n, fit.coef.size), np.nan)
    change[:, kept] = weight[:, None] * score_residuals(fit)[:, kept] @ fit.var_model[np.ix_(kept, kept)]
    return change


def _of_all_rows(fit: CoxFit, values: Floats) -> Floats:
    """Return (n,) in the order of the data; rows that are never at risk when somebody dies have nothing to say: 0."""
    everybody = np.zeros(fit.n)
    everybody[fit.model.likelihood.risk.order] = values
    return everybody
