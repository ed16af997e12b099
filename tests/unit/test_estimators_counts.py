"""Rates, risks, categories and areas where the answer is a line of algebra, and degenerate data."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import digamma, gammaln

from family_justice.estimators.groups.funnel import control_limits, funnel
from family_justice.estimators.groups.inequality import inequality, ordered_codes, ridit_scores
from family_justice.estimators.regression.gee import fit_gee
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.mixed import fit_mixed_logistic
from family_justice.estimators.regression.multinomial import fit_multinomial
from family_justice.estimators.regression.negative_binomial import fit_negative_binomial
from family_justice.estimators.regression.poisson import fit_poisson, fit_risk_ratio

TO_ZERO = "the likelihood rises without end as the coefficient goes to minus infinity"


def test_rate_ratio_of_two_groups() -> None:
    """6 events in 30 years and 12 in 20: ratio 3, variance of its logarithm 1/6 + 1/12."""
    count, time, x = [2, 4, 0, 9, 3], [10, 5, 15, 12, 8], np.array([[0], [0], [0], [1], [1]])
    fit = fit_poisson(count, x, time)
    assert_allclose(fit.coef, [np.log(6 / 30), np.log(3)], rtol=1e-12)
    assert_allclose(np.diag(fit.var_model), [1 / 6, 1 / 6 + 1 / 12], rtol=1e-12)
    assert (fit.n, fit.n_events, fit.exposure) == (5, 18, 50.0)
    # Intercept only: rate 18/50; likelihoods differ by 6 log(0.2) + 12 log(0.6) - 18 log(0.36).
    gain = 6 * np.log(0.2) + 12 * np.log(0.6) - 18 * np.log(0.36)
    assert_allclose(fit.likelihood_ratio_test.statistic, 2 * gain, rtol=1e-10)


def test_risk_ratio_of_a_two_by_two_table() -> None:
    """10 of 30 and 15 of 20: ratio 2.25, variance of its logarithm (1/10 - 1/30 + 1/15 - 1/20) 50/48."""
    x = np.repeat([0, 1], [30, 20])
    y = np.concatenate([np.arange(30) < 10, np.arange(20) < 15]).astype(int)
    fit = fit_risk_ratio(y, x[:, None])
    assert_allclose(fit.coef, [np.log(1 / 3), np.log(2.25)], rtol=1e-12)
    assert_allclose(fit.std_error[1] ** 2, (1 / 10 - 1 / 30 + 1 / 15 - 1 / 20) * 50 / 48, rtol=1e-12)
    assert fit_risk_ratio(np.ones(4), np.arange(4)[:, None]).reasons == {0: "no non-events", 1: "no non-events"}
    with pytest.raises(ValueError, match="0 or 1"):
        fit_risk_ratio([0, 2], [[0], [1]])


def test_counts_that_vary_no_more_than_chance_are_poisson() -> None:
    count, x = [1, 2, 1, 2, 3, 2], np.array([[0], [0], [0], [1], [1], [1]])
    fit, plain = fit_negative_binomial(count, x), fit_poisson(count, x)
    assert fit.theta == np.inf
    assert_allclose(fit.coef, plain.coef)
    assert_allclose(fit.loglik, plain.loglik)


def test_negative_binomial_of_one_group() -> None:
    """The mean is the maximum whatever theta; the variance of its logarithm is (1/mean + 1/theta)/n."""
    count = np.array([0, 0, 1, 7, 2, 0, 12, 3])
    fit = fit_negative_binomial(count, np.empty((8, 0)))
    assert_allclose(fit.coef, [np.log(25 / 8)], rtol=1e-10)
    assert_allclose(fit.var_model, [[(8 / 25 + 1 / fit.theta) / 8]], rtol=1e-10)
    assert fit.loglik[0] == fit.loglik[1]
    # At the maximum no theta nearby does better.
    from scipy.stats import nbinom

    at = [nbinom.logpmf(count, t, t / (t + 25 / 8)).sum() for t in fit.theta * np.array([0.999, 1, 1.001])]
    assert at[1] == max(at)
    assert_allclose(at[1], fit.loglik[1], rtol=1e-12)


def test_counts_with_degenerate_columns() -> None:
    g = np.random.default_rng(3)
    n = 120
    x = g.normal(size=n)
    level = (np.arange(n) < 15).astype(float)
    count = np.where(level == 1, 0, g.negative_binomial(1, 0.3, n))
    columns = np.column_stack([x, np.ones(n), 2 * x - 1, level])
    for fit in (fit_poisson(count, columns), fit_negative_binomial(count, columns), fit_risk_ratio(count > 2, columns)):
        assert fit.converged
        assert fit.reasons == {2: "constant", 3: "a combination of column 0", 4: TO_ZERO}
        if fit.n_events == count.sum():
            model = fit_poisson if np.isinf(fit.theta) else fit_negative_binomial
            assert_allclose(fit.coef[:2], model(count[level == 0], x[level == 0, None]).coef, rtol=1e-6)
    for nothing in (
        fit_poisson(np.zeros(9), np.arange(9)[:, None]),
        fit_negative_binomial(np.zeros(9), np.ones((9, 1))),
    ):
        assert set(nothing.reasons.values()) == {"no events"}
        assert np.isnan(nothing.coef).all()
    assert not fit_poisson([], np.empty((0, 1))).estimable.any()


@pytest.mark.parametrize(
    ("count", "exposure", "message"),
    [([1.5], None, "whole"), ([-1], None, "whole"), ([1], [0], "above zero in|above zero;")],
)
def test_counts_refuse(count: list, exposure: list | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_poisson(count, [[1]], exposure)


def test_multinomial_of_a_two_way_table() -> None:
    """Rows x = 0: 10, 20, 30; x = 1: 25, 15, 5. Odds ratios against category 0 are those of the 2 x 2 tables."""
    x = np.repeat([0, 1], [60, 45])
    y = np.repeat([0, 1, 2, 0, 1, 2], [10, 20, 30, 25, 15, 5])
    fit = fit_multinomial(y, x[:, None])
    assert_allclose(fit.coef, [[np.log(2), np.log(15 / 25 / 2)], [np.log(3), np.log(5 / 25 / 3)]], rtol=1e-10)
    four = [[1 / 10 + 1 / 20 + 1 / 25 + 1 / 15], [1 / 10 + 1 / 30 + 1 / 25 + 1 / 5]]
    assert_allclose(fit.std_error[:, 1:] ** 2, four, rtol=1e-10)
    assert fit.frequencies.tolist() == [35, 35, 35]


def test_multinomial_degenerate() -> None:
    x = np.repeat([0, 1], [60, 45])
    y = np.repeat([0, 1, 2, 0, 1], [10, 20, 30, 25, 20])  # category 2 never with x = 1
    fit = fit_multinomial(y, np.column_stack([x, 1 - x, np.ones(105)]), categories=4)
    collinear, constant = "a combination of columns before it", "constant"
    assert fit.reasons == {
        (0, 2): collinear, (0, 3): constant, (1, 1): TO_ZERO, (1, 2): collinear, (1, 3): constant,
        (2, 0): "no events", (2, 1): "no events", (2, 2): "no events", (2, 3): "no events",
    }  # fmt: skip
    assert_allclose(fit.coef[0, :2], [np.log(2), np.log(20 / 25 / 2)], rtol=1e-6)
    nothing = fit_multinomial(np.ones(5), np.arange(5)[:, None])
    assert set(nothing.reasons.values()) == {"no rows in the reference category"}
    assert np.isnan(nothing.coef).all()


def test_binary_outcome_is_the_logistic_model() -> None:
    g = np.random.default_rng(1)
    x, y, family = g.normal(size=(200, 3)), g.integers(0, 2, 200), g.integers(0, 60, 200)
    several, one = fit_multinomial(y, x, clusters=family), fit_logistic(y, x, family)
    assert_allclose(several.coef[0], one.coef, rtol=1e-9)
    assert_allclose(several.std_error[0], one.std_error, rtol=1e-9)


def test_areas_that_do_not_differ() -> None:
    y, area = np.tile([1, 0, 0, 1], 10), np.repeat(np.arange(10), 4)
    x = np.tile([0.0, 1, 0, 1], 10)
    fit = fit_mixed_logistic(y, x[:, None], area)
    assert fit.sd == 0
    assert fit.note.startswith("areas differ no more than chance")
    assert_allclose(fit.coef, fit_logistic(y, x[:, None]).coef)
    assert fit_mixed_logistic(y, x[:, None], np.zeros(40)).note == "only one area"
    assert fit_mixed_logistic(np.zeros(40), x[:, None], area).note == "no events"


def test_areas_integrate_like_scipy() -> None:
    """The likelihood of two areas, by quadrature over the whole line, is nowhere higher near the fit."""
    from scipy.integrate import quad

    y = np.array([1] * 8 + [0] * 2 + [1] * 2 + [0] * 9)
    area = np.repeat([0, 1], [10, 11])
    fit = fit_mixed_logistic(y, np.empty((21, 0)), area, nodes=25)

    def loglik(intercept: float, sd: float) -> float:
        total = 0.0
        for events, others in ((8, 2), (2, 9)):

            def density(u: float, a: int = events, b: int = others) -> float:
                p = 1 / (1 + np.exp(-(intercept + sd * u)))
                return p**a * (1 - p) ** b * np.exp(-u * u / 2) / np.sqrt(2 * np.pi)

            total += np.log(quad(density, -9, 9, epsabs=1e-14)[0])
        return total

    assert_allclose(fit.loglik, loglik(fit.coef[0], fit.sd), rtol=1e-9)
    for a, b in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert loglik(fit.coef[0] + a, fit.sd + b) < fit.loglik


def test_control_limits_reach_the_tail_by_interpolation() -> None:
    """Poisson with mean 3: F(0) = 0.0498 > 0.025 > 0 = F(-1), so the lower limit is 0 - (0.0498 - 0.025)/0.0498 < 0: 0.
    F(6) = 0.96649, F(7) = 0.98810: the upper limit is 7 - (0.98810 - 0.975)/(0.98810 - 0.96649)."""
    low, high = control_limits([3.0])[:, 0]
    assert low == 0
    f6, f7 = (np.exp(-3) * sum(3.0**k / np.prod(np.arange(1, k + 1)) for k in range(r + 1)) for r in (6, 7))
    assert_allclose(high, 7 - (f7 - 0.975) / (f7 - f6), rtol=1e-9)
    found = funnel([1, 0, 1, 1, 0, 0], [0.5, 0.5, 0.5, 0.2, 0.2, 0.2], ["b", "b", "b", "a", "a", "a"])
    assert found.areas.tolist() == ["a", "b"]
    assert_allclose(found.ratio, [1 / 0.6, 2 / 1.5])
    assert (found.limits_998[0] <= found.limits_95[0]).all()
    assert (found.limits_998[1] > found.limits_95[1]).all()


@pytest.mark.slow
def test_control_limits_are_those_of_spiegelhalter_for_small_areas() -> None:
    """Binomial limits by the printed formula, over whole numbers; and how many areas chance puts beyond them."""
    printed = control_limits([2.0], 0.95, [20], "binomial")[1, 0]
    assert_allclose(printed, 4.569352, atol=1e-6)
    beyond: dict[tuple[int, float], float] = {}
    for n, share in itertools.product(range(5, 101), (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)):
        mass = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
        below = [0.0, *itertools.accumulate(mass)]  # below[k + 1] is F(k)
        for level in (0.95, 0.998):
            ends = control_limits([share * n], level, [n], "binomial")[:, 0]
            for tail, ours in zip(((1 - level) / 2, (1 + level) / 2), ends, strict=True):
                r = next(k for k in range(n + 1) if below[k + 1] >= tail)
                limit = r - (below[r + 1] - tail) / (below[r + 1] - below[r])
                assert_allclose(ours, max(limit, 0), rtol=1e-9, atol=1e-9)
            assert sum(m for k, m in enumerate(mass) if k < ends[0] - 1e-9) <= (1 - level) / 2
            if level == 0.95:
                beyond[n, share] = sum(m for k, m in enumerate(mass) if k > ends[1] + 1e-9)
    most = {sizes: max(beyond[n, 0.2] for n in range(*sizes)) for sizes in ((5, 11), (20, 51))}
    assert [round(value, 2) for value in most.values()] == [0.10, 0.06]


def test_ridit_scores_and_indices() -> None:
    group = np.repeat([0, 1, 2], [10, 20, 10])
    assert ridit_scores(group, 4)[1].tolist()[:3] == [0.125, 0.5, 0.875]
    assert np.isnan(ridit_scores(group, 4)[1][3])
    # Risks on a line in the ridits: 0.2 + 0.8 r is 0.3, 0.6, 0.9.
    y = np.concatenate([np.arange(k) < round(k * risk) for k, risk in ((10, 0.3), (20, 0.6), (10, 0.9))]).astype(int)
    found = inequality(y, group, 3)
    assert_allclose(found.slope, 0.8, rtol=1e-10)
    assert found.log_relative > 0
    alone = inequality(y, np.zeros(40), 3)
    assert alone.reason == "all members are in one group"
    assert np.isnan(alone.slope)
    assert ordered_codes(["low", "high"], ["high", "low"]).tolist() == [1, 0]
    with pytest.raises(ValueError, match="1 labels"):
        ordered_codes(["middle"], ["high", "low"])


def test_marginal_effect_of_a_binary_column_is_the_difference_of_risks() -> None:
    x = np.repeat([0, 1], [30, 20])
    y = np.concatenate([np.arange(30) < 10, np.arange(20) < 15]).astype(int)
    found = average_marginal_effects(fit_logistic(y, x[:, None]), x[:, None])
    assert_allclose(found.effect, [0.75 - 1 / 3], rtol=1e-12)
    assert_allclose(found.std_error**2, [0.75 * 0.25 / 20 + 2 / 9 / 30], rtol=1e-10)
    # Levels of one characteristic are each compared with the reference.
    levels = np.eye(3)[np.repeat([0, 1, 2], [30, 20, 10])][:, 1:]
    event = np.concatenate([y, np.arange(10) < 2]).astype(int)
    found = average_marginal_effects(fit_logistic(event, levels), levels, terms=[[0, 1]])
    assert_allclose(found.effect, [0.75 - 1 / 3, 0.2 - 1 / 3], rtol=1e-10)
    broken = average_marginal_effects(fit_logistic(y, np.column_stack([x, x])), np.column_stack([x, x]))
    assert np.isnan(broken.effect[1])


def test_independent_estimating_equations_are_the_ordinary_model() -> None:
    g = np.random.default_rng(8)
    x, family = g.normal(size=(300, 2)), g.integers(0, 100, 300)
    y, count, time = g.integers(0, 2, 300), g.poisson(2, 300), g.uniform(1, 3, 300)
    groups = np.unique(family).size
    unfactored = np.sqrt(groups / (groups - 1) * 299 / 297)
    for fit, plain in (
        (fit_gee(y, x, family, correlation="independence"), fit_logistic(y, x, family)),
        (fit_gee(count, x, family, "poisson", "independence", time), fit_poisson(count, x, time, family)),
    ):
        assert_allclose(fit.coef, plain.coef, rtol=1e-7)
        assert_allclose(fit.std_error * unfactored, plain.std_error, rtol=1e-6)
    assert fit_gee(np.zeros(6), np.arange(6)[:, None], [0, 0, 1, 1, 2, 2]).reasons[0] == "no events"
    assert fit_gee([0, 1, 0], np.arange(3)[:, None], [1, 1, 1]).reasons[0] == "fewer than two clusters"


@pytest.mark.slow
def test_nothing_makes_a_model_fail() -> None:
    """A few rows, columns on any scale, one area, counts of many thousands: every coefficient is a number or named."""
    for seed in range(40):
        g = np.random.default_rng(seed)
        n, p = int(g.integers(0, 14)), int(g.integers(0, 4))
        columns = [g.integers(0, 2, n) if g.random() < 0.7 else g.normal(size=n) * 10.0**seed % 7 for _ in range(p)]
        x = np.column_stack(columns) if p else np.empty((n, 0))
        y, kind, area = g.integers(0, 2, n), g.integers(0, 3, n), g.integers(0, 4, n)
        count, time = g.integers(0, int(g.choice([1, 2, 5, 100_000])), n), g.uniform(0.001, 1000, n)
        for fit in (
            fit_poisson(count, x, time, area),
            fit_negative_binomial(count, x, time, area),
            fit_risk_ratio(y, x),
            fit_multinomial(kind, x, 3, area),
            fit_mixed_logistic(y, x, area),
        ):
            if fit.converged:
                assert (np.isfinite(fit.coef) == fit.estimable).all()
            assert len(fit.reasons) == (~fit.estimable).sum()


@pytest.mark.parametrize("size", [5, 5_000, 3_000_000, 10**9])
def test_negative_binomial_of_large_counts(size: int) -> None:
    """Time and memory do not grow with the counts, and log-likelihood and theta are those of the gamma function."""
    g = np.random.default_rng(11)
    x = (np.arange(300) % 2).astype(float)
    y = g.poisson(size * g.gamma(2.0, 0.5, 300) * np.exp(0.3 * x)) + 0.0
    fit = fit_negative_binomial(y, x[:, None])
    assert fit.converged

    def loglik(theta: float) -> float:
        mu = np.exp(fit.coef[0] + fit.coef[1] * x)
        gammas = gammaln(y + theta) - gammaln(theta) - gammaln(y + 1)
        return float((gammas + theta * np.log(theta / (mu + theta)) + y * np.log(mu / (mu + theta))).sum())

    # A sum of terms y log y cannot be nearer than their rounding, a thousandth at counts of 10^9.
    assert fit.loglik[1] == pytest.approx(loglik(fit.theta), rel=1e-12, abs=1e-15 * float(y @ np.log(y + 1)))

    def slope(theta: float) -> float:
        mu = np.exp(fit.coef[0] + fit.coef[1] * x)
        terms = digamma(y + theta) - digamma(theta) - np.log1p(mu / theta) - (y + theta) / (mu + theta) + 1
        return float(terms.sum())

    step = 1e-4 * fit.theta
    curve = (slope(fit.theta - step) - slope(fit.theta + step)) / (2 * step)
    assert 1 / np.sqrt(curve) == pytest.approx(fit.theta_std_error, rel=1e-6)
    assert abs(slope(fit.theta)) < 1e-6 * np.sqrt(curve)
