"""Few clusters and Firth's penalty against R's lmtest, sandwich and brglm2, and against published values."""

from __future__ import annotations

import math

import numpy as np
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, STD_ERROR, array, data, values

from family_justice.analyses.rows import F_TEST, estimate_row, row_of_test, t_degrees
from family_justice.estimators.regression.firth import fit_firth
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.mixed import fit_mixed_logistic


def test_few_clusters_as_lmtest() -> None:
    d, r = data("areas"), values("small_samples")["few"]
    d = d[d.area <= 12]
    fit = fit_logistic(d.y, d[["x1", "x2"]], d.area)
    degrees = t_degrees(d.area.to_numpy())
    assert degrees == 11
    rows = [estimate_row("log_odds_ratio", b, s, degrees) for b, s in zip(fit.coef, fit.std_error, strict=True)]
    for ours, theirs, tolerance in (
        ("estimate", "coef", COEFFICIENT), ("std_error", "se", STD_ERROR), ("p_value", "p", 1e-6),
        ("conf_low", "low", 1e-6), ("conf_high", "high", 1e-6),
    ):  # fmt: skip
        assert_allclose([row[ours] for row in rows], array(r[theirs]), rtol=tolerance)
    assert math.isinf(t_degrees(np.arange(50)))
    assert math.isinf(t_degrees(None))


def test_joint_test_of_few_clusters_as_waldtest_and_pf() -> None:
    """Twelve areas: W/2 beside F(2, 11). Chi-squared on W, its limit with many, has a smaller p value."""
    d, r = data("areas"), values("small_samples")["joint"]
    d = d[d.area <= 12]
    fit = fit_logistic(d.y, d[["x1", "x2"]], d.area)
    few, many = row_of_test(fit.wald_test, 11), row_of_test(fit.wald_test)
    assert_allclose([few["statistic"], few["p_value"]], [r["F"], r["p"]], rtol=1e-6)
    assert_allclose([many["statistic"], many["p_value"]], [r["wald"], r["p_chisq"]], rtol=1e-6)
    assert (few["df"], few["note"], many.get("note")) == (2, F_TEST, None)
    assert few["p_value"] > many["p_value"]
    # Of one coefficient: the square of its t test.
    alone = fit_logistic(d.y, d[["x1"]], d.area)
    joint = row_of_test(alone.wald_test, 11)
    single = estimate_row("log_odds_ratio", alone.coef[1], alone.std_error[1], 11)
    assert_allclose([joint["statistic"], joint["p_value"]], [single["statistic"] ** 2, single["p_value"]], rtol=1e-9)


def test_areas_of_a_mixed_model() -> None:
    d, r = data("areas"), values("small_samples")["areas"]
    fit = fit_mixed_logistic(d.y, d[["x1", "x2"]], d.area, nodes=25)
    assert_allclose(fit.area_effect, array(r["effect"]), rtol=1e-4, atol=1e-5)
    assert_allclose(fit.area_std_error, array(r["se"]), rtol=1e-4)


def test_firth_on_the_endometrial_data() -> None:
    d, r = data("endometrial"), values("small_samples")["firth"]
    x = d[["NV", "PI", "EH"]]
    fit = fit_firth(d.HG, x)
    assert fit.converged
    assert fit_logistic(d.HG, x).reasons[1].startswith("the likelihood rises without end")
    assert_allclose(fit.coef, array(r["coef"]), rtol=1e-7)
    assert_allclose(fit.std_error, array(r["se"]), rtol=1e-6)
    assert_allclose(fit.loglik[1], r["loglik"], rtol=1e-10)
    assert_allclose(fit.conf_low, array(r["low"]), rtol=1e-5, atol=1e-6)
    assert_allclose(fit.conf_high, array(r["high"]), rtol=1e-5, atol=1e-6)
    assert_allclose(fit.p_value, array(r["p"]), rtol=1e-4)
    # Heinze and Schemper (2002), as printed: neovasculation 2.93, pulsatility index -0.03, endometrium height -2.60.
    assert [round(float(b), 2) for b in fit.coef[1:]] == [2.93, -0.03, -2.60]


def test_firth_by_hand_one_binary_covariate() -> None:
    """8 of 8 with and 5 of 12 without the covariate: half a person more in every cell, log (8.5/0.5) / (5.5/7.5)."""
    x = np.repeat([1.0, 0.0], [8, 12])
    y = np.repeat([1, 1, 0], [8, 5, 7])
    fit = fit_firth(y, x[:, None])
    assert_allclose(fit.coef, [math.log(5.5 / 7.5), math.log(8.5 / 0.5 / (5.5 / 7.5))], rtol=1e-9)
    assert math.isfinite(fit.conf_low[1])
    assert fit.conf_low[1] > 0
    effects = average_marginal_effects(fit, x[:, None])
    assert_allclose(effects.effect, [8.5 / 9 - 5.5 / 13], rtol=1e-9)


def test_firth_names_what_it_cannot_estimate() -> None:
    g = np.random.default_rng(1)
    x = g.integers(0, 2, (60, 2)).astype(float)
    y = g.integers(0, 2, 60)
    fit = fit_firth(y, np.column_stack([x, x.sum(axis=1), np.ones(60)]))
    assert fit.reasons == {3: "a combination of columns before it", 4: "constant"}
    assert_allclose(fit.coef[:3], fit_firth(y, x).coef, rtol=1e-8)
    nothing = fit_firth(np.zeros(10), np.ones((10, 1)))
    assert nothing.reasons[0] == "no events"
    assert np.isnan(nothing.coef).all()
    # With much data the penalty hardly matters.
    x = g.normal(size=(20_000, 1))
    y = g.random(20_000) < 0.5
    assert_allclose(fit_firth(y, x).coef, fit_logistic(y, x).coef, atol=1e-3)
