"""Logistic and accelerated failure time models where the answer is a line of algebra, and degenerate data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.regression.gee import fit_gee
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.mixed import fit_mixed_logistic
from family_justice.estimators.regression.poisson import fit_poisson
from family_justice.estimators.survival.accelerated_failure_time import fit_aft
from family_justice.estimators.survival.cox import fit_cox


def test_logistic_of_a_two_by_two_table() -> None:
    """x=0: 10 of 30, x=1: 15 of 20. Intercept log(10/20), slope log(3/(1/2)) = log 6; variances 1/10 + 1/20 and
    1/10 + 1/20 + 1/15 + 1/5. With every row its own cluster the sandwich equals them (the model is saturated), times
    50/49 * 49/48."""
    x = np.repeat([0, 1], [30, 20])
    y = np.concatenate([np.arange(30) < 10, np.arange(20) < 15]).astype(int)
    fit = fit_logistic(y, x[:, None], clusters=np.arange(50))
    assert_allclose(fit.coef, [np.log(0.5), np.log(6)], rtol=1e-12)
    variance = [1 / 10 + 1 / 20, 1 / 10 + 1 / 20 + 1 / 15 + 1 / 5]
    assert_allclose(np.diag(fit.var_model), variance, rtol=1e-12)
    assert fit.var_robust is not None
    assert_allclose(np.diag(fit.var_robust), np.array(variance) * 50 / 48, rtol=1e-12)
    assert_allclose(fit.loglik[0], 25 * np.log(0.5) * 2)
    assert (fit.n, fit.n_events, fit.n_clusters) == (50, 25, 50)


def test_logistic_degenerate_columns_and_outcomes() -> None:
    g = np.random.default_rng(5)
    x = g.normal(size=(80, 2))
    y = g.integers(0, 2, 80)
    columns = np.column_stack([x[:, 0], np.ones(80), x[:, 0] + 3, x[:, 1], (y == 1) & (x[:, 1] > 0)])
    fit = fit_logistic(y, columns)
    assert fit.reasons == {
        2: "constant",
        3: "a combination of column 0",
        5: "the likelihood rises without end as the coefficient goes to plus infinity",
    }
    assert fit.estimable.tolist() == [True, True, False, False, True, False]
    for outcome, why in ((np.zeros(80), "no events"), (np.ones(80), "no non-events")):
        nothing = fit_logistic(outcome, x, clusters=np.arange(80) // 2)
        assert nothing.reasons == {0: why, 1: why, 2: why}
        assert np.isnan(nothing.coef).all()
    assert fit_logistic([], np.zeros((0, 1))).reasons == {0: "no events", 1: "no events"}
    # Complete separation: nothing is left to estimate.
    assert not fit_logistic(x[:, 0] > 0, x[:, :1]).estimable.any()


def test_logistic_intercept_only() -> None:
    fit = fit_logistic([1, 0, 0, 0], np.zeros((4, 0)))
    assert_allclose(fit.coef, [np.log(1 / 3)])
    assert_allclose(fit.var_model, [[1 / 1 + 1 / 3]])


def test_logistic_refuses_other_outcomes() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        fit_logistic([0, 2], [[1], [2]])
    with pytest.raises(ValueError, match="columns 0"):
        fit_logistic([0, 1], [[1], [np.nan]])


def test_lognormal_without_censoring_is_least_squares() -> None:
    """Coefficients of the regression of log t, scale sqrt(rss/n), variance of the log scale 1/(2n)."""
    g = np.random.default_rng(2)
    x = g.normal(size=(60, 2))
    log_time = 1 + x @ [0.5, -0.2] + 0.7 * g.normal(size=60)
    fit = fit_aft(np.exp(log_time), np.ones(60), x, "lognormal")
    design = np.column_stack([np.ones(60), x])
    coef, rss, *_ = np.linalg.lstsq(design, log_time, rcond=None)
    assert_allclose(fit.coef, coef, rtol=1e-10)
    assert_allclose(np.exp(2 * fit.log_scale), rss[0] / 60, rtol=1e-10)
    assert_allclose(fit.variance[:3, :3], rss[0] / 60 * np.linalg.inv(design.T @ design), rtol=1e-8)
    assert_allclose(fit.std_error_log_scale**2, 1 / 120, rtol=1e-8)
    assert_allclose(fit.loglik_log_time - fit.loglik[1], log_time.sum())


def test_weibull_maximum_satisfies_its_equations() -> None:
    """At the maximum the rate is events / sum t^shape and 1/shape = sum t^k log t / sum t^k - mean log t of events."""
    g = np.random.default_rng(4)
    time, event = g.weibull(1.7, 90) * 3, g.integers(0, 2, 90)
    fit = fit_aft(time, event, np.zeros((90, 0)))
    shape = np.exp(fit.log_shape)
    assert_allclose(np.exp(-shape * fit.coef[0]), event.sum() / (time**shape).sum(), rtol=1e-10)
    weighted = (time**shape * np.log(time)).sum() / (time**shape).sum()
    assert_allclose(1 / shape, weighted - np.log(time[event == 1]).mean(), rtol=1e-10)


def test_aft_degenerate() -> None:
    g = np.random.default_rng(6)
    x, time, event = g.normal(size=(50, 1)), g.exponential(size=50) + 0.1, g.integers(0, 2, 50)
    for distribution in ("weibull", "lognormal"):
        none = fit_aft(time, np.zeros(50), x, distribution)  # type: ignore[arg-type]
        assert none.reasons == {0: "no events", 1: "no events"}
        assert np.isnan(none.coef).all()
        columns = np.column_stack([x, np.ones(50), 2 * x - 1, event == 0])
        fit = fit_aft(time, event, columns, distribution)  # type: ignore[arg-type]
        assert fit.reasons == {
            2: "constant",
            3: "a combination of column 0",
            4: "the likelihood rises without end as the coefficient goes to plus infinity",
        }
        assert np.isfinite(fit.coef[[0, 1]]).all()
        line = fit_aft([1, 2, 4, 8], [1, 1, 1, 1], [[0], [1], [2], [3]], distribution)  # type: ignore[arg-type]
        assert line.reasons == dict.fromkeys((0, 1), "the scale has no estimate above zero")
    with pytest.raises(ValueError, match="above zero"):
        fit_aft([0, 1], [1, 1], [[1], [2]])
    with pytest.raises(ValueError, match="weibull or lognormal"):
        fit_aft([2, 1], [1, 1], [[1], [2]], "gamma")  # type: ignore[arg-type]


def test_a_reference_level_without_events_does_not_narrow_the_others() -> None:
    """The intercept and the level run away, their sum does not: all is as among the rows of the level alone."""
    g = np.random.default_rng(8)
    age, level = g.normal(size=300), np.arange(300) < 200
    y, clusters = (g.random(300) < 1 / (1 + np.exp(-age))) & level, np.arange(300) // 2
    both, alone = np.column_stack([level, age]), age[level, None]
    for fit in (fit_logistic, fit_poisson):
        whole, part = fit(y, both), fit(y[level], alone)
        assert whole.estimable.tolist() == [False, False, True]
        assert_allclose([whole.coef[2], whole.std_error[2]], [part.coef[1], part.std_error[1]], rtol=1e-7)
        robust, own = fit(y, both, clusters=clusters), fit(y[level], alone, clusters=clusters[level])
        # The factor is that of all rows, G/(G-1) (n-1)/(n-2) with 150 clusters of 300 and not 100 of 200.
        factor = math.sqrt((150 / 149 * 299 / 298) / (100 / 99 * 199 / 198))
        assert_allclose(robust.std_error[2], own.std_error[1] * factor, rtol=1e-7)


def test_a_reference_level_without_events_in_a_cox_model() -> None:
    """Both other levels run away together, and their difference does not: as without the reference level."""
    g = np.random.default_rng(3)
    level, time = g.integers(0, 3, 300), g.exponential(size=300).round(2) + 0.01
    age, event = g.normal(size=300) + (level == 1), (g.random(300) < 0.6) & (level > 0)
    there = level > 0
    for clusters in (None, np.arange(300) // 2):
        whole = fit_cox(time, event, np.column_stack([level == 1, level == 2, age]), clusters=clusters)
        own = None if clusters is None else clusters[there]
        part = fit_cox(time[there], event[there], np.column_stack([level == 2, age])[there], clusters=own)
        assert whole.estimable.tolist() == [False, False, True]
        assert_allclose([whole.coef[2], whole.std_error[2]], [part.coef[1], part.std_error[1]], rtol=1e-7)


def test_a_level_without_events_does_not_join_the_reference() -> None:
    """Its rows say nothing about the other columns: generalised estimating equations and random intercepts are those
    without them. Taken for the reference level they would double the log odds ratio."""
    g = np.random.default_rng(1)
    level, age, area = g.integers(0, 3, 2000), g.normal(size=2000), g.integers(0, 20, 2000)
    risk = 1 / (1 + np.exp(0.3 - 0.8 * (level == 1) - 0.5 * age - 0.6 * g.normal(size=20)[area]))
    y, there = (g.random(2000) < risk) & (level != 2), level != 2
    columns = np.column_stack([level == 1, level == 2, age]).astype(float)
    for fit in (fit_gee, fit_mixed_logistic):
        whole, part = fit(y, columns, area), fit(y[there], columns[there][:, [0, 2]], area[there])
        assert_allclose(whole.coef[[0, 1, 3]], part.coef, rtol=1e-6)
        assert_allclose(whole.std_error[[0, 1, 3]], part.std_error, rtol=1e-6)
        assert list(whole.reasons) == [2]
