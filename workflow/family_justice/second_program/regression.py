"""What the models that statsmodels fits have in common: clusters, coefficients, marginal effects, likelihoods."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from family_justice.second_program.design import INTERCEPT, Frame, Key
from family_justice.second_program.refit import STATSMODELS, Refit, Refits
from family_justice.second_program.words import LIKELIHOOD_OF_OTHERS, NO_EFFECT_OF_SEPARATED

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Step of a derivative along the imaginary axis: exact to rounding, as nothing is subtracted.
STEP = 1e-30


def robust(groups: np.ndarray | None) -> dict[str, Any]:
    """Return statsmodels' arguments of a fit for errors clustered by ``groups`` (n,), or for those of the model.

    The factor is statsmodels' own, G/(G-1) * (n-1)/(n-k), which is also ours.
    """
    if groups is None:
        return {}
    return {"cov_type": "cluster", "cov_kwds": {"groups": groups, "use_correction": True}}


def clustered_errors(fit: Any, groups: np.ndarray) -> np.ndarray:
    """Return clustered standard errors of a ``GLM`` around its expected information, as R's ``vcovCL`` has them.

    Asked for them itself, statsmodels takes the observed information, which is another where the link is not canonical.
    """
    label = np.unique(groups, return_inverse=True)[1]
    score = fit.model.exog * fit.model.score_factor(fit.params)[:, None]
    sums = np.zeros((label.max() + 1, score.shape[1]))
    np.add.at(sums, label, score)
    (n, k), clusters = score.shape, len(sums)
    factor = clusters / (clusters - 1) * (n - 1) / (n - k)
    around = np.asarray(fit.cov_params())
    return np.asarray(np.sqrt(factor * np.diag(around @ (sums.T @ sums) @ around)))


def set_aside_factor(groups: np.ndarray | None, frame: Frame, parameters: int) -> float:
    """Return by what clustered errors grow if rows that were set aside count among n and G, as they do in ours."""
    if groups is None or frame.whole:
        return 1.0

    def factor(labels: np.ndarray) -> float:
        n, count = len(labels), len(np.unique(labels))
        return count / (count - 1) * (n - 1) / (n - parameters)

    return math.sqrt(factor(groups) / factor(groups[frame.used]))


def coefficients(
    measure: str, outcome: str, keys: list[Key], estimates: np.ndarray, errors: np.ndarray, why: str = ""
) -> Refits:
    """Yield a row per term and level, with ``estimates`` and ``errors`` (p,); ``why`` where errors are nan."""
    for (term, level), estimate, error in zip(keys, estimates, errors, strict=True):
        yield Refit(
            STATSMODELS, measure, outcome, term=term, level=level,
            estimate=float(estimate), std_error=float(error), why=why,
        )  # fmt: skip


def with_intercept(frame: Frame) -> list[Key]:
    """Return the keys of a model's parameters, the intercept first."""
    return [INTERCEPT, *frame.keys]


def likelihood(outcome: str, null: float, fitted: float, frame: Frame) -> Refits:
    """Yield the log-likelihoods of the intercept alone and of the fitted model."""
    for term, value in (("without_covariates", null), ("fitted", fitted)):
        value, why = (value, "") if frame.whole else (math.nan, LIKELIHOOD_OF_OTHERS)
        yield Refit(STATSMODELS, "log_likelihood", outcome, term=term, estimate=value, why=why)


def poisson(count: np.ndarray, frame: Frame, offset: np.ndarray | None, groups: np.ndarray | None) -> tuple[Any, Any]:
    """Return statsmodels' model and fit of ``count`` (n,) to the columns, with errors clustered by ``groups`` (n,)."""
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    model = GLM(count.astype(float), frame.with_intercept, family=Poisson(), offset=offset)
    return model, model.fit(tol=1e-12, **robust(groups))


def marginal_effects(
    predict: Predict, parameters: np.ndarray, variance: np.ndarray, frame: Frame, outcome: str
) -> Refits:
    """Yield average marginal effects in percentage points with errors by the delta method.

    ``predict`` gives probabilities (n,) for parameters (q,) and columns (n, p + 1). A column of zeros and ones: mean
    change of the probability when it goes from 0 to 1, other levels of its covariate being 0. Other columns: mean
    derivative.
    """
    x = frame.with_intercept
    for j, (term, level) in enumerate(frame.keys):
        if not frame.whole:
            yield Refit(STATSMODELS, "marginal_effect", outcome, term=term, level=level, why=NO_EFFECT_OF_SEPARATED)
            continue
        effect = _effect(predict, x, j + 1, [k + 1 for k in frame.columns_of(term)])
        slope = _gradient(effect, parameters)
        yield Refit(
            STATSMODELS, "marginal_effect", outcome, term=term, level=level,
            estimate=100 * effect(parameters), std_error=100 * math.sqrt(slope @ variance @ slope),
        )  # fmt: skip


def _effect(predict: Predict, x: np.ndarray, j: int, levels: list[int]) -> Callable[[np.ndarray], float]:
    if np.isin(x[:, j], (0.0, 1.0)).all():
        low, high = x.copy(), x.copy()
        low[:, levels] = high[:, levels] = 0.0
        high[:, j] = 1.0
        return lambda b: float((predict(b, high) - predict(b, low)).mean())
    step = x.astype(complex)
    step[:, j] += 1j * STEP
    return lambda b: float(predict(b, step).imag.mean() / STEP)


def _gradient(effect: Callable[[np.ndarray], float], parameters: np.ndarray) -> np.ndarray:
    from statsmodels.tools.numdiff import approx_fprime

    return np.asarray(approx_fprime(parameters, lambda b: effect(np.asarray(b)), centered=True)).ravel()
