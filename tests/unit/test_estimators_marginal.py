"""Average marginal effects of risk ratios and of several categories, by hand and by numerical derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.multinomial import fit_multinomial
from family_justice.estimators.regression.poisson import fit_risk_ratio


def test_one_binary_covariate_gives_the_difference_of_shares() -> None:
    """Risks 6 of 20 and 5 of 10: difference 0.2, variance p q / n of both; the sandwich has the factor 30/28."""
    x = np.repeat([0.0, 1.0], [20, 10])
    y = np.concatenate([np.repeat([1, 0], [6, 14]), np.repeat([1, 0], [5, 5])])
    variance = 0.3 * 0.7 / 20 + 0.5 * 0.5 / 10
    for fit, factor in ((fit_logistic(y, x[:, None]), 1), (fit_risk_ratio(y, x[:, None]), 30 / 28)):
        found = average_marginal_effects(fit, x[:, None])
        assert_allclose(found.effect, [0.2], rtol=1e-9)
        assert_allclose(found.std_error, [math.sqrt(variance * factor)], rtol=1e-9)


def test_categories_of_one_binary_covariate() -> None:
    """Categories 10, 6, 4 of 20 without and 2, 3, 5 of 10 with the covariate: 0.3 - 0.3 and 0.5 - 0.2."""
    x = np.repeat([0.0, 1.0], [20, 10])
    category = np.concatenate([np.repeat([0, 1, 2], [10, 6, 4]), np.repeat([0, 1, 2], [2, 3, 5])])
    found = average_marginal_effects(fit_multinomial(category, x[:, None]), x[:, None])
    assert_allclose(found.effect, [[0.0], [0.3]], atol=1e-12)
    expected = [math.sqrt(0.3 * 0.7 / 20 + 0.3 * 0.7 / 10), math.sqrt(0.2 * 0.8 / 20 + 0.5 * 0.5 / 10)]
    assert_allclose(found.std_error[:, 0], expected, rtol=1e-9)


def random_rows() -> tuple[np.ndarray, np.ndarray]:
    g = np.random.default_rng(5)
    band = g.integers(0, 3, 300)
    x = np.column_stack([band == 1, band == 2, g.normal(size=300)]).astype(float)
    return x, g.integers(0, 3, 300)


@pytest.mark.parametrize("kind", ["multinomial", "risk"])
def test_standard_errors_are_those_of_numerical_derivatives(kind: str) -> None:
    """A term of three levels and a number, the effects written out anew and differentiated by steps of 1e-5."""
    x, category = random_rows()
    risk = kind == "risk"
    fit: Any = fit_risk_ratio(category == 1, x) if risk else fit_multinomial(category, x)
    found = average_marginal_effects(fit, x, terms=[[0, 1], [2]])

    def probabilities(b: np.ndarray, rows: np.ndarray) -> np.ndarray:
        rise = np.exp(np.column_stack([np.ones(len(rows)), rows]) @ b.T)
        return rise if risk else rise / (1 + rise.sum(axis=1, keepdims=True))

    def effects(flat: np.ndarray) -> np.ndarray:
        b = flat.reshape(-1, 4)
        none = x.copy()
        none[:, :2] = 0
        answers = []
        for level in (0, 1):
            there = none.copy()
            there[:, level] = 1
            answers.append((probabilities(b, there) - probabilities(b, none)).mean(axis=0))
        step = np.array([0, 0, 1e-4])
        answers.append(((probabilities(b, x + step) - probabilities(b, x - step)) / 2e-4).mean(axis=0))
        return np.stack(answers, axis=1).ravel()

    b = np.asarray(fit.coef).ravel()
    slopes = np.stack([(effects(b + h) - effects(b - h)) / 2e-5 for h in 1e-5 * np.eye(b.size)], axis=1)
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    assert_allclose(np.ravel(found.effect), effects(b), rtol=1e-6)
    assert_allclose(np.ravel(found.std_error), np.sqrt(np.diag(slopes @ variance @ slopes.T)), rtol=1e-6)


def test_a_category_without_rows_has_no_effects() -> None:
    x, category = random_rows()
    found = average_marginal_effects(fit_multinomial(np.minimum(category, 1), x, 3), x, terms=[[0, 1], [2]])
    assert np.isnan(found.effect[1]).all()
    assert np.isnan(found.std_error[1]).all()
    alone = average_marginal_effects(fit_logistic(np.minimum(category, 1), x), x, terms=[[0, 1], [2]])
    assert_allclose(found.effect[0], alone.effect, rtol=1e-9)
    assert_allclose(found.std_error[0], alone.std_error, rtol=1e-9)


def test_a_level_without_events_has_no_risk_whatever_its_age() -> None:
    """100 of 300 rows are in a level without events: age changes nothing for them, a third of the effect is lost."""
    g = np.random.default_rng(8)
    age, last = g.normal(size=300), np.arange(300) >= 200
    y = (g.random(300) < 1 / (1 + np.exp(-age))) & ~last
    whole = average_marginal_effects(
        fit_logistic(y, np.column_stack([last, age])), np.column_stack([last, age]), terms=[[0], [1]]
    )
    alone = average_marginal_effects(fit_logistic(y[~last], age[~last, None]), age[~last, None])
    assert_allclose(whole.effect[1], alone.effect[0] * 2 / 3, rtol=1e-8)
    assert_allclose(whole.std_error[1], alone.std_error[0] * 2 / 3, rtol=1e-6)
    # With that level as the reference the intercept has no end either: no effect, and not an effect of zero.
    turned = np.column_stack([~last, age])
    assert np.isnan(average_marginal_effects(fit_logistic(y, turned), turned, terms=[[0], [1]]).effect).all()
