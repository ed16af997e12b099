"""What must hold of fitted models whatever the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.survival.accelerated_failure_time import fit_aft
from family_justice.estimators.survival.cox import CoxFit, concordance, fit_cox, proportional_hazards_test

# Time on a busy machine says nothing.
CALM = settings(deadline=None, max_examples=50)


@dataclass
class Rows:
    entry: np.ndarray
    exit: np.ndarray
    event: np.ndarray
    x: np.ndarray
    family: np.ndarray
    court: np.ndarray

    def take(self, order: np.ndarray) -> Rows:
        return Rows(*(getattr(self, name)[order] for name in self.__dataclass_fields__))


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    """60 to 120 people with month-long ties, late entry, three columns, families and courts: always estimable."""
    g = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(60, 120))
    entry = g.integers(0, 4, n)
    x = np.column_stack([g.integers(0, 2, n), g.normal(size=n), g.integers(0, 3, n)])
    return Rows(
        entry, entry + g.integers(1, 9, n), g.integers(0, 2, n), x, g.integers(0, n // 2, n), g.integers(0, 2, n)
    )


def fit(r: Rows, **more) -> CoxFit:
    chosen = {"entry": r.entry, "clusters": r.family, "strata": r.court, **more}
    return fit_cox(r.exit, r.event, r.x, **chosen)


def assert_same(one: CoxFit, other: CoxFit, robust: bool = True) -> None:
    assert_allclose(other.coef, one.coef, rtol=1e-7, atol=1e-9)
    assert_allclose(other.var_model, one.var_model, rtol=1e-7, atol=1e-12)
    assert_allclose(other.loglik, one.loglik, rtol=1e-10)
    if robust:
        assert_allclose(other.var_robust, one.var_robust, rtol=1e-6, atol=1e-10)


@CALM
@given(rows(), st.integers(0, 10**6))
def test_order_of_rows_does_not_matter(r: Rows, seed: int) -> None:
    assert_same(fit(r), fit(r.take(np.random.default_rng(seed).permutation(r.exit.size))))


@CALM
@given(rows())
def test_labels_do_not_matter(r: Rows) -> None:
    names = np.array(["Swansea", "Leeds"])
    other = fit(r, strata=names[r.court], clusters=[f"family {-f}" for f in r.family])
    assert_same(fit(r), other)


@CALM
@given(rows())
def test_splitting_stays_does_not_matter(r: Rows) -> None:
    """(entry, exit] and (entry, middle], (middle, exit] are the same history; the parts share the family."""
    middle = (r.entry + r.exit) / 2
    pieces = Rows(
        np.concatenate([r.entry, middle]),
        np.concatenate([middle, r.exit]),
        np.concatenate([np.zeros_like(r.event), r.event]),
        *(np.concatenate([part, part]) for part in (r.x, r.family, r.court)),
    )
    whole, split = fit(r), fit(pieces)
    assert_same(whole, split)
    pairs, parts = concordance(whole), concordance(split)
    assert_allclose([parts.concordant, parts.tied_risk], [pairs.concordant, pairs.tied_risk])


@CALM
@given(rows(), st.integers(-2, 5), st.sampled_from([1.0, 365.25, 1 / 7]))
def test_time_counts_by_its_order_only(r: Rows, shift: int, unit: float) -> None:
    moved = fit_cox((r.exit + shift) * unit, r.event, r.x, (r.entry + shift) * unit, r.court, clusters=r.family)
    assert_same(fit(r), moved)
    for transform in ("km", "rank", "identity"):
        before, after = (proportional_hazards_test(f, transform) for f in (fit(r), moved))  # type: ignore[arg-type]
        assert_allclose(after.overall.statistic, before.overall.statistic, rtol=1e-6, atol=1e-9)


@CALM
@given(rows())
def test_doubling_every_row_in_its_family_halves_the_model_variance_only(r: Rows) -> None:
    """Breslow's likelihood of twice the rows is twice the likelihood; the families have told nothing new."""
    twice = fit(r.take(np.repeat(np.arange(r.exit.size), 2)), ties="breslow")
    once = fit(r, ties="breslow")
    assert_allclose(twice.coef, once.coef, rtol=1e-7, atol=1e-9)
    assert_allclose(twice.var_model * 2, once.var_model, rtol=1e-7)
    assert_allclose(twice.var_robust, once.var_robust, rtol=1e-6, atol=1e-12)
    assert_same(twice, fit(r, ties="breslow", weights=np.full(r.exit.size, 2.0)))


@CALM
@given(rows())
def test_change_of_units_and_origin_of_the_columns(r: Rows) -> None:
    unit = np.array([2.0, 0.01, -7.0])
    plain = fit(r)
    r.x = r.x * unit + [3, -1, 10]
    other = fit(r)
    assert_allclose(other.coef * unit, plain.coef, rtol=1e-6, atol=1e-9)
    assert_allclose(other.var_robust * np.outer(unit, unit), plain.var_robust, rtol=1e-5, atol=1e-10)


@CALM
@given(rows())
def test_a_stratum_per_court_is_the_sum_of_two_likelihoods(r: Rows) -> None:
    parts = [r.take(np.flatnonzero(r.court == court)) for court in (0, 1)]
    null = sum(fit(part).loglik[0] for part in parts)
    assert_allclose(fit(r).loglik[0], null, rtol=1e-10)


SMALL = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 1), *[st.integers(0, 2)] * 4), max_size=14
)


def by_columns(table: list[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    data = np.array(table, dtype=float).reshape(-1, 7)
    return data[:, 0], data[:, 0] + data[:, 1], data[:, 2], data[:, 3:6], data[:, 6]


@CALM
@given(SMALL, st.sampled_from(["efron", "breslow"]))
def test_no_data_make_the_cox_model_fail_and_no_column_is_dropped_in_silence(table, ties) -> None:
    entry, exit, event, x, group = by_columns(table)
    result = fit_cox(exit, event, x, entry=entry, strata=group == 0, clusters=group, ties=ties)
    assert result.converged
    assert_accounted_for(result.estimable, result.coef, np.diag(result.var_model), result.reasons)
    assert result.loglik[1] >= result.loglik[0] - 1e-9
    test = proportional_hazards_test(result)
    assert len(test.terms) == 3
    c = concordance(result)
    assert np.isnan(c.estimate) or 0 <= c.estimate <= 1


@CALM
@given(SMALL)
def test_no_data_make_the_other_models_fail(table) -> None:
    _, exit, event, x, group = by_columns(table)
    logistic = fit_logistic(event, x, clusters=group)
    assert_accounted_for(logistic.estimable, logistic.coef, np.diag(logistic.var_model), logistic.reasons)
    for distribution in ("weibull", "lognormal"):
        aft = fit_aft(exit, event, x, distribution)  # type: ignore[arg-type]
        assert_accounted_for(aft.estimable, aft.coef, np.diag(aft.variance)[:-1], aft.reasons)


def assert_accounted_for(
    estimable: np.ndarray, coef: np.ndarray, variance: np.ndarray, reasons: dict[int, str]
) -> None:
    assert sorted(reasons) == np.flatnonzero(~estimable).tolist()
    assert all(reasons.values())
    assert np.isfinite(coef[estimable]).all()
    assert np.isnan(coef[~estimable]).all()
    assert (variance[estimable] > 0).all()
    assert np.isnan(variance[~estimable]).all()
