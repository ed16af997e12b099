"""What must hold of models of counts, categories, areas and matched sets whatever the data."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from family_justice.estimators.groups.agreement import cohen_kappa
from family_justice.estimators.groups.matching import match_exact, match_nearest
from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic
from family_justice.estimators.regression.mixed import fit_mixed_logistic
from family_justice.estimators.regression.multinomial import fit_multinomial
from family_justice.estimators.regression.negative_binomial import fit_negative_binomial
from family_justice.estimators.regression.poisson import fit_poisson, fit_risk_ratio

CALM = settings(deadline=None, max_examples=25)
seeds = st.integers(0, 10**6)


def rows(seed: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """150 rows: columns, and families that are also areas."""
    g = np.random.default_rng(seed)
    return g, np.column_stack([g.integers(0, 2, 150), g.normal(size=150)]), g.integers(0, 25, 150)


@CALM
@given(seeds)
def test_order_of_rows_does_not_matter(seed: int) -> None:
    g, x, family = rows(seed)
    order = g.permutation(150)
    time, count, kind = g.uniform(0.5, 3, 150), g.negative_binomial(1, 0.4, 150), g.integers(0, 3, 150)
    y = (count > 1).astype(int)
    for fit in (
        lambda o: fit_poisson(count[o], x[o], time[o], family[o]),
        lambda o: fit_negative_binomial(count[o], x[o], time[o], family[o]),
        lambda o: fit_risk_ratio(y[o], x[o], family[o]),
        lambda o: fit_multinomial(kind[o], x[o], 3, family[o]),
        lambda o: fit_mixed_logistic(y[o], x[o], family[o]),
        lambda o: fit_conditional_logistic(y[o], x[o], family[o]),
    ):
        one, two = fit(np.arange(150)), fit(order)
        assert_allclose(one.coef, two.coef, rtol=1e-6, atol=1e-8)
        assert_allclose(one.std_error, two.std_error, rtol=1e-5)


@CALM
@given(seeds)
def test_person_time_may_be_split_and_its_unit_changed(seed: int) -> None:
    """Two rows with half the time each are one row; a new unit moves the intercept alone."""
    g, x, family = rows(seed)
    time, count = g.uniform(0.5, 3, 150), g.poisson(1.5, 150)
    whole = fit_poisson(count, x, time, family)
    first = g.binomial(count, 0.5)
    split = fit_poisson(np.append(first, count - first), np.tile(x, (2, 1)), np.tile(time / 2, 2), np.tile(family, 2))
    assert_allclose(split.coef, whole.coef, rtol=1e-7, atol=1e-9)
    assert_allclose(split.var_model, whole.var_model, rtol=1e-6, atol=1e-12)
    days = fit_poisson(count, x, time * 365.25, family)
    assert_allclose(days.coef - whole.coef, [-np.log(365.25), 0, 0], atol=1e-8)
    assert_allclose(days.std_error, whole.std_error, rtol=1e-6)


@CALM
@given(seeds)
def test_another_reference_category_changes_signs_only(seed: int) -> None:
    g, x, family = rows(seed)
    kind = g.integers(0, 3, 150)
    one = fit_multinomial(kind, x, clusters=family)
    two = fit_multinomial(np.array([1, 0, 2])[kind], x, clusters=family)
    assert_allclose(two.coef[0], -one.coef[0], rtol=1e-6, atol=1e-8)
    assert_allclose(two.coef[1], one.coef[1] - one.coef[0], rtol=1e-6, atol=1e-8)
    assert_allclose(two.loglik[1], one.loglik[1], rtol=1e-10)


@CALM
@given(seeds, st.integers(1, 4))
def test_matching_uses_nobody_twice_and_keeps_to_the_key(seed: int, ratio: int) -> None:
    g = np.random.default_rng(seed)
    case, key, score = g.integers(0, 5, 80) == 0, g.integers(0, 6, 80), g.normal(size=80).round(1)
    for found in (match_exact(case, key, ratio, seed), match_nearest(case, score, ratio, 0.4, key)):
        others = np.flatnonzero((found.sets >= 0) & ~case)
        assert (key[others] == key[found.cases[found.sets[others]]]).all()
        assert found.found.tolist() == np.bincount(found.sets[others], minlength=case.sum()).tolist()
        assert (found.found <= ratio).all()
        assert (found.sets[found.cases] == np.where(found.found > 0, np.arange(case.sum()), -1)).all()
    others = np.flatnonzero((found.sets >= 0) & ~case)
    assert (np.abs(score[others] - score[found.cases[found.sets[others]]]) <= 0.4 + 1e-12).all()
    # Exact matching finds all that there are.
    exact = match_exact(case, key, ratio, seed)
    for level in range(6):
        inside = key == level
        wanted = min(ratio * int((inside & case).sum()), int((inside & ~case).sum())) if (inside & case).any() else 0
        assert ((exact.sets >= 0) & inside & ~case).sum() == wanted


@CALM
@given(seeds, st.integers(2, 5))
def test_kappa_does_not_know_which_rater_is_first(seed: int, classes: int) -> None:
    table = np.random.default_rng(seed).integers(0, 20, (classes, classes)) + 1
    for weights in ("none", "equal", "squared"):
        one, two = cohen_kappa(table, weights), cohen_kappa(table.T, weights)  # type: ignore[arg-type]
        assert_allclose([one.kappa, one.std_error], [two.kappa, two.std_error], rtol=1e-10)
        assert one.kappa <= 1
