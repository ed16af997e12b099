"""Where a number begins does not matter: a calendar year, a year less 2015 and a timestamp are one covariate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from family_justice.estimators.groups.inequality import inequality
from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic
from family_justice.estimators.regression.firth import fit_firth
from family_justice.estimators.regression.gee import fit_gee
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.mixed import fit_mixed_logistic
from family_justice.estimators.regression.multinomial import fit_multinomial
from family_justice.estimators.regression.negative_binomial import fit_negative_binomial
from family_justice.estimators.regression.poisson import fit_poisson, fit_risk_ratio
from family_justice.estimators.survival.accelerated_failure_time import fit_aft
from family_justice.estimators.survival.cox import fit_cox
from family_justice.estimators.survival.fine_gray import fit_fine_gray

N = 240


class Rows:
    """Outcomes of every kind that depend on a number ``z`` of mean zero and variance one, and on a level."""

    def __init__(self, seed: int) -> None:
        g = np.random.default_rng(seed)
        self.z, self.level = g.normal(size=N), g.integers(0, 2, N)
        self.court = np.arange(N) % 24
        score = 0.5 * self.z + 0.4 * self.level + 0.6 * g.normal(size=24)[self.court]
        self.yes = (score + g.logistic(size=N) > 0.3).astype(int)
        self.count = g.poisson(np.exp(0.3 * score) * g.gamma(1.0, size=N) * 1.5)
        self.time = g.integers(1, 60, N) + 0.0
        self.category = np.clip(np.floor(score + g.logistic(size=N)) + 1, 0, 2).astype(int)
        self.cause = np.where(self.yes, 1, g.integers(0, 3, N))

    def design(self, start: float) -> np.ndarray:
        # The level comes last: nothing may be blamed on it.
        return np.column_stack([start + self.z, self.level])


def coefficients(fit: Any) -> dict[str, Any]:
    """Everything of a fit with an intercept that may not move."""
    return {"coef": np.atleast_2d(fit.coef)[:, 1:], "error": np.atleast_2d(fit.std_error)[:, 1:]}


def firth(r: Rows, x: np.ndarray) -> dict[str, Any]:
    fit = fit_firth(r.yes, x)
    assert fit.converged
    return coefficients(fit) | {"low": fit.conf_low[1:], "high": fit.conf_high[1:], "p": fit.p_value[1:]}


def negative_binomial(r: Rows, x: np.ndarray) -> dict[str, Any]:
    fit = fit_negative_binomial(r.count, x, r.time, clusters=r.court)
    return coefficients(fit) | {"theta": [fit.theta, fit.theta_std_error]}


def gee(r: Rows, x: np.ndarray) -> dict[str, Any]:
    fit = fit_gee(r.yes, x, r.court)
    assert fit.converged
    return coefficients(fit) | {"correlation": fit.correlation}


def mixed(r: Rows, x: np.ndarray) -> dict[str, Any]:
    fit = fit_mixed_logistic(r.yes, x, r.court)
    return coefficients(fit) | {"sd": fit.sd, "areas": fit.area_effect}


def aft(distribution: Any) -> Callable[[Rows, np.ndarray], dict[str, Any]]:
    def run(r: Rows, x: np.ndarray) -> dict[str, Any]:
        fit = fit_aft(r.time, r.yes, x, distribution)
        return coefficients(fit) | {"scale": [fit.log_scale, fit.std_error_log_scale]}

    return run


def indices(r: Rows, x: np.ndarray) -> dict[str, Any]:
    found = inequality(r.yes, r.category, 3, adjust=x)
    return {
        "slope": [found.slope, found.slope_std_error],
        "relative": [found.log_relative, found.log_relative_std_error],
    }


def without_intercept(fit: Any) -> dict[str, Any]:
    return {"coef": fit.coef, "error": fit.std_error}


FAMILIES: dict[str, Callable[[Rows, np.ndarray], dict[str, Any]]] = {
    "logistic": lambda r, x: coefficients(fit_logistic(r.yes, x)),
    "logistic, clustered": lambda r, x: coefficients(fit_logistic(r.yes, x, clusters=r.court)),
    "firth": firth,
    "risk ratio": lambda r, x: coefficients(fit_risk_ratio(r.yes, x, clusters=r.court)),
    "poisson": lambda r, x: coefficients(fit_poisson(r.count, x, r.time)),
    "negative binomial": negative_binomial,
    "multinomial": lambda r, x: coefficients(fit_multinomial(r.category, x, clusters=r.court)),
    "gee": gee,
    "mixed": mixed,
    "weibull": aft("weibull"),
    "lognormal": aft("lognormal"),
    "inequality": indices,
    "cox": lambda r, x: without_intercept(fit_cox(r.time, r.yes, x, clusters=r.court)),
    "fine and gray": lambda r, x: without_intercept(fit_fine_gray(r.time, r.cause, x, "crr")),
    "conditional logistic": lambda r, x: without_intercept(fit_conditional_logistic(r.yes, x, r.court)),
}


@pytest.mark.parametrize("family", FAMILIES)
@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10**6), st.floats(1.0, 6.0), st.sampled_from([-1.0, 1.0]))
def test_estimates_and_errors_do_not_depend_on_where_a_number_begins(
    family: str, seed: int, power: float, sign: float
) -> None:
    """Up to a million standard deviations from zero. Adding 10^6 rounds ``z`` itself to about 10^-10, and no estimate
    can be nearer than that."""
    r = Rows(seed)
    here, there = (FAMILIES[family](r, r.design(start)) for start in (0.0, sign * 10**power))
    for name, values in here.items():
        assert np.isfinite(values).all(), name
        assert_allclose(there[name], values, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("start", [2015.0, -1e6])
def test_the_intercept_is_that_of_zero(start: float) -> None:
    """Its estimate and variance follow from those at the mean: a line and the variance of a sum."""
    r = Rows(7)
    here, there = fit_logistic(r.yes, r.design(0.0)), fit_logistic(r.yes, r.design(start))
    assert there.coef[0] == pytest.approx(here.coef[0] - start * here.coef[1], rel=1e-8)
    move = np.eye(3)
    move[0, 1] = -start
    assert_allclose(there.var_model, move @ here.var_model @ move.T, rtol=1e-7)


def test_profile_limits_of_an_intercept_are_those_of_zero() -> None:
    r = Rows(7)
    shift = 30.0
    z = np.column_stack([r.z, r.level])
    there = fit_firth(r.yes, z + np.array([shift, 0.0]))
    here = fit_firth(r.yes, np.column_stack([r.z + shift, r.level, np.zeros(N)]))
    assert_allclose(there.conf_low[:3], here.conf_low[:3])
    # Twice the penalised likelihood lost at the limit is the quantile, by a search that knows nothing of profiles.
    from scipy.optimize import minimize

    x = np.column_stack([np.ones(N), z + np.array([shift, 0.0])])

    def loss(b: np.ndarray) -> float:
        eta = x @ b
        p = 1 / (1 + np.exp(-eta))
        determinant = np.linalg.slogdet((x * (p * (1 - p))[:, None]).T @ x)[1]
        return -float(r.yes @ eta - np.logaddexp(0, eta).sum() + determinant / 2)

    for limit in (there.conf_low[0], there.conf_high[0]):
        start = there.coef[1:] + there.var_model[0, 1:] / there.var_model[0, 0] * (limit - there.coef[0])
        best = minimize(lambda b, at=limit: loss(np.append(at, b)), start, method="Nelder-Mead",
                        options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 5000})  # fmt: skip
        assert 2 * (best.fun - loss(there.coef)) == pytest.approx(3.8414588, abs=1e-5)


@pytest.mark.parametrize("start", [2015.0, 1e4])
def test_marginal_effects_of_a_number(start: float) -> None:
    r = Rows(7)
    x, y = r.design(0.0), r.design(start)
    one, other = (average_marginal_effects(fit_logistic(r.yes, z), z) for z in (x, y))
    assert_allclose(other.effect, one.effect, rtol=1e-8)
    assert_allclose(other.std_error, one.std_error, rtol=1e-6)


def test_a_number_that_is_constant_but_for_rounding_is_constant() -> None:
    r = Rows(7)
    x = np.column_stack([np.where(r.level, 0.1 + 0.2, 0.3), r.z])
    for fit in (fit_logistic(r.yes, x), fit_firth(r.yes, x), fit_poisson(r.count, x), fit_aft(r.time, r.yes, x)):
        assert fit.reasons == {1: "constant"}
    assert fit_cox(r.time, r.yes, x).reasons == {0: "constant among those at risk"}


def test_a_separating_year_takes_the_intercept_with_it() -> None:
    """Events after 2015 only: the slope rises without end, and what it says of the year zero falls."""
    r = Rows(7)
    year = 2010 + np.arange(N) % 10
    fit = fit_logistic((year > 2014).astype(int), np.column_stack([year, r.level]))
    assert "to plus infinity" in fit.reasons[1]
    assert "to minus infinity" in fit.reasons[0]
    assert not np.isfinite(fit.coef[:2]).any()


@pytest.mark.parametrize("first", [1990, 2007, 2011, 2017])
def test_profile_limits_of_a_calendar_year_are_finite(first: int) -> None:
    g = np.random.default_rng(first)
    year = g.integers(first, 2021, 150) + 0.0
    outcome = (g.random(150) < 0.2).astype(int)
    fit, near = fit_firth(outcome, year[:, None]), fit_firth(outcome, year[:, None] - 2015)
    assert fit.converged
    assert np.isfinite([fit.conf_low[1], fit.conf_high[1], fit.p_value[1]]).all()
    assert_allclose([fit.conf_low[1], fit.conf_high[1]], [near.conf_low[1], near.conf_high[1]], rtol=1e-7)
