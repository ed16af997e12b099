"""Matched sets, agreement and pooling where the answer is a line of algebra, and degenerate data."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln

from family_justice.estimators.groups.agreement import cohen_kappa, transition_table
from family_justice.estimators.groups.matching import balance, match_exact, match_nearest
from family_justice.estimators.missing.pooling import pool
from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic


def test_exact_matching_goes_round_where_comparisons_are_few() -> None:
    """Key a: two cases, three others, two asked: one case gets two, one gets one. Key b: no others. Key c: no case."""
    key = np.array(list("aabaaacc"))
    case = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    found = match_exact(case, key, ratio=2, seed=4)
    assert sorted(found.found.tolist()) == [0, 1, 2]
    assert found.found[2] == 0
    assert found.status[2] == "none"
    assert sorted(found.status) == ["fewer than asked", "none", "ok"]
    assert not found.complete
    assert found.sets[2] == -1
    assert (found.sets[6:] == -1).all()
    assert sorted(found.sets[3:6]) in ([0, 0, 1], [0, 1, 1])
    again = match_exact(case, key, ratio=2, seed=4)
    assert (again.sets == found.sets).all()
    drawn = {tuple(match_exact(case, key, ratio=1, seed=s).sets) for s in range(40)}
    assert len(drawn) == 6  # ordered pairs out of three
    with pytest.raises(ValueError, match="ratio"):
        match_exact(case, key, ratio=0)


def test_nearest_neighbours() -> None:
    """Cases at 0.9 and 0.5 choose in this order: 0.7, then 0.45; in the second round 0.2 is too far for a caliper."""
    case = np.array([1, 0, 1, 0, 0])
    score = np.array([0.5, 0.7, 0.9, 0.45, 0.2])
    one = match_nearest(case, score)
    assert one.sets.tolist() == [0, 1, 1, 0, -1]
    assert one.complete
    two = match_nearest(case, score, ratio=2, caliper=0.35)
    assert two.sets.tolist() == [0, 1, 1, 0, 0]
    assert two.status == ["ok", "fewer than asked"]
    tight = match_nearest(case, score, caliper=0.1)
    assert tight.sets.tolist() == [0, -1, -1, 0, -1]
    assert tight.status == ["ok", "none"]
    apart = match_nearest(case, score, key=np.array([0, 1, 1, 1, 0]))
    assert apart.sets.tolist() == [0, 1, 1, -1, 0]
    assert match_nearest(np.zeros(3), np.arange(3)).sets.tolist() == [-1, -1, -1]


def test_balance_counts_every_set_once() -> None:
    """Cases 1, 3 (mean 2, variance 2), others 0, 0, 2, 6 (mean 2, variance 8): unit sqrt 5. Sets: (1; 0, 2), (3; 6)."""
    case, x = [1, 1, 0, 0, 0, 0], np.array([[1.0], [3], [0], [0], [2], [6]])
    found = balance(case, x, [0, 1, 0, -1, 0, 1])
    assert_allclose(found.difference, [0.0], atol=1e-15)
    assert_allclose(found.matched_mean_others, [3.5])  # (1 + 6)/2
    assert_allclose(found.matched_difference, [-1.5 / np.sqrt(5)])
    nobody = balance(case, np.ones((6, 1)), np.full(6, -1))
    assert np.isnan(nobody.matched_difference).all()
    assert np.isnan(nobody.difference).all()


def test_matched_pairs() -> None:
    """12 pairs with only the case exposed, 5 with only the comparison, 4 with both: log(12/5), variance 1/12 + 1/5."""
    sets = np.repeat(np.arange(21), 2)
    y = np.tile([1, 0], 21)
    x = np.concatenate([np.tile([1, 0], 12), np.tile([0, 1], 5), np.ones(8)])
    fit = fit_conditional_logistic(y, x[:, None], sets)
    assert_allclose(fit.coef, [np.log(12 / 5)], rtol=1e-10)
    assert_allclose(fit.variance, [[1 / 12 + 1 / 5]], rtol=1e-10)
    assert_allclose(fit.loglik[0], -21 * np.log(2))


def test_two_cases_of_three() -> None:
    """x = 0, 1, 2 and cases 1, 2: exp(3b)/(exp(b) + exp(2b) + exp(3b)); with cases 0, 1 besides the maximum is where
    both halves balance, b = 0."""
    x = np.array([0.0, 1, 2, 0, 1, 2])
    fit = fit_conditional_logistic([0, 1, 1, 1, 1, 0], x[:, None], [0, 0, 0, 1, 1, 1])
    assert_allclose(fit.coef, [0.0], atol=1e-12)
    assert_allclose(fit.loglik[1], -2 * np.log(3))
    assert_allclose(fit.variance, [[1 / (2 * 2 / 3)]])  # two sets with subset sums 1, 2, 3: variance 2/3 each


def test_conditional_logistic_degenerate() -> None:
    sets = np.repeat(np.arange(10), 3)
    y = np.tile([1, 0, 0], 10)
    x = np.random.default_rng(0).normal(size=30)
    columns = np.column_stack([x, sets, 2 * x, y * (sets < 5)])
    fit = fit_conditional_logistic(y, columns, sets)
    assert fit.reasons == {
        1: "constant within every set",
        2: "a combination of column 0",
        3: "the likelihood rises without end as the coefficient goes to plus infinity",
    }
    nothing = fit_conditional_logistic(np.zeros(30), columns, sets)
    assert nothing.n_sets == 0
    assert set(nothing.reasons.values()) == {"no set has both outcomes"}
    assert fit_conditional_logistic(y, x[:, None], np.full(30, -1)).n == 0


def test_kappa_of_a_two_by_two_table() -> None:
    """20, 5; 10, 15: agreement 0.7, by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5, kappa 0.4."""
    found = cohen_kappa([[20, 5], [10, 15]])
    assert_allclose([found.observed, found.expected, found.kappa], [0.7, 0.5, 0.4])
    # With two classes all weights are the same.
    assert_allclose(cohen_kappa([[20, 5], [10, 15]], "squared").std_error, found.std_error)
    assert cohen_kappa([[8, 0], [0, 8]]).kappa == 1
    assert cohen_kappa([[8, 0], [0, 8]]).std_error == 0
    alone = cohen_kappa([[8, 0], [0, 0]])
    assert np.isnan(alone.kappa)
    assert alone.note == "all units are in one class"
    assert cohen_kappa(np.zeros((2, 2))).note == "no units"
    with pytest.raises(ValueError, match="square"):
        cohen_kappa([[1, 2]])


def test_transitions() -> None:
    table, classes = transition_table(list("abba"), list("abcc"))
    assert classes == ("a", "b", "c")
    assert table.tolist() == [[1, 0, 1], [0, 1, 1], [0, 0, 0]]
    assert transition_table(["b"], ["a"], ["b", "a"])[0].tolist() == [[0, 1], [0, 0]]
    with pytest.raises(ValueError, match="1 labels"):
        transition_table(["z"], ["a"], ["a", "b"])
    with pytest.raises(ValueError, match="same length"):
        transition_table(["a"], ["a", "b"])


def test_pooling() -> None:
    """Estimates 1, 2, 3 with variances 0.5: W 0.5, B 1, T 0.5 + 4/3; lambda 8/11, df 2 (11/8)^2."""
    found = pool(np.array([[1.0, 1], [2, np.nan], [3, 1]]), np.full((3, 2), np.sqrt(0.5)))
    assert_allclose(found.estimate[0], 2)
    assert_allclose(found.std_error[0] ** 2, 0.5 + 4 / 3)
    assert_allclose(found.df[0], 2 * (11 / 8) ** 2)
    assert np.isnan(found.estimate[1])
    assert found.imputations.tolist() == [3, 2]
    same = pool([[1.0], [1.0]], [[0.2], [0.2]])
    assert_allclose([same.std_error[0], same.missing_information[0]], [0.2, 0])
    assert_allclose(same.conf_high, 1 + 1.959964 * 0.2, rtol=1e-6)
    assert np.isnan(pool([[1.0]], [[0.2]]).estimate).all()


def test_conditional_logistic_of_one_very_large_set() -> None:
    """600 cases of 1200 rows: there are 10^359 subsets. With one binary covariate the number of cases that have it is
    hypergeometric, tilted by the odds ratio: at the maximum its mean is the number seen, and its variance the
    information."""
    g = np.random.default_rng(3)
    x = (np.arange(1200) % 3 == 0).astype(float)
    y = (g.random(1200) < np.where(x > 0, 0.6, 0.45)).astype(int)
    fit = fit_conditional_logistic(y, x[:, None], np.zeros(1200))
    assert (fit.converged, fit.reasons) == (True, {})
    d, a = int(y.sum()), np.arange(401)
    logs = fit.coef[0] * a
    for size, chosen in ((400, a), (800, d - a)):
        logs = logs + gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1)
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    mean = float(chance @ a)
    assert mean == pytest.approx(float(x @ y), rel=1e-8)
    assert fit.variance[0, 0] == pytest.approx(1 / float(chance @ (a - mean) ** 2), rel=1e-8)
