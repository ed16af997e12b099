"""What must hold of curves whatever the data."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from family_justice.estimators.survival.life_table import (
    actuarial,
    at_risk_at,
    cumulative_incidence,
    event_table,
    kaplan_meier,
    log_rank,
    quantile,
    reverse_kaplan_meier,
)

# Time on a busy machine says nothing.
CALM = settings(deadline=None, max_examples=50)


@st.composite
def histories(draw: st.DrawFn, late: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entry (0 unless late), exit and cause 0..2 of up to 30 people, in whole months so that ties abound."""
    row = st.tuples(st.integers(0, 5 if late else 0), st.integers(1, 6), st.integers(0, 2))
    rows = np.array(draw(st.lists(row, min_size=1, max_size=30)))
    return rows[:, 0], rows[:, 0] + rows[:, 1], rows[:, 2]


@CALM
@given(histories(late=True))
def test_cumulative_incidences_and_survival_add_up_to_one(history) -> None:
    entry, exit, cause = history
    table = event_table(exit, cause, entry, n_causes=2)
    total = kaplan_meier(table).estimate + sum(cumulative_incidence(table, k).estimate for k in (1, 2))
    assert_allclose(total, 1, atol=1e-12)


@CALM
@given(histories(late=True))
def test_counts_telescope(history) -> None:
    """Those at risk at the next time are those before, less who left, plus who came since."""
    entry, exit, cause = history
    table = event_table(exit, cause, entry, n_causes=2)
    left = table.events.sum(axis=1) + table.censored
    edges = np.concatenate([[-1], table.time])
    came = np.histogram(entry, bins=np.append(edges, np.inf))[0][:-1]  # entry in [previous time, this time)
    assert_array_equal(table.at_risk, np.cumsum(came) - np.concatenate([[0], np.cumsum(left)[:-1]]))
    assert left.sum() == exit.size
    assert_array_equal(table.at_risk, at_risk_at(exit, table.time, entry))


@CALM
@given(histories(late=True), st.randoms(use_true_random=False))
def test_order_of_rows_and_splitting_of_intervals_do_not_matter(history, random) -> None:
    entry, exit, cause = history
    table = event_table(exit, cause, entry, n_causes=2)
    order = np.array(random.sample(range(exit.size), exit.size))
    shuffled = event_table(exit[order], cause[order], entry[order], n_causes=2)
    assert_array_equal(table.events, shuffled.events)
    # Each person as two consecutive stays (entry, middle], (middle, exit]: only censorings are added.
    middle = (entry + exit) / 2
    both = event_table(
        np.concatenate([middle, exit]),
        np.concatenate([np.zeros_like(cause), cause]),
        np.concatenate([entry, middle]),
        n_causes=2,
    )
    for make in (kaplan_meier, lambda t: cumulative_incidence(t, 2)):
        whole, split = make(table), make(both).at(table.time)
        assert_allclose(split.estimate, whole.estimate, atol=1e-12)
        assert_allclose(split.std_error, whole.std_error, atol=1e-12)


@CALM
@given(histories())
def test_without_censoring_the_curves_are_proportions(history) -> None:
    _, exit, cause = history
    cause = np.where(cause == 0, 1, cause)
    table = event_table(exit, cause, n_causes=2)
    curve = cumulative_incidence(table, 2)
    share = np.array([((exit <= t) & (cause == 2)).mean() for t in table.time])
    assert_allclose(curve.estimate, share, atol=1e-12)
    assert_allclose(curve.std_error, np.sqrt(share * (1 - share) / exit.size), atol=1e-7)


@CALM
@given(histories())
def test_limits_enclose_the_curve(history) -> None:
    _, exit, cause = history
    table = event_table(exit, cause, n_causes=2)
    for curve in (kaplan_meier(table), cumulative_incidence(table, 1), reverse_kaplan_meier(exit, cause > 0)):
        shown = ~np.isnan(curve.low)
        assert (curve.low[shown] <= curve.estimate[shown]).all()
        assert (curve.estimate[shown] <= curve.high[shown]).all()
        assert ((curve.low[shown] >= 0) & (curve.high[shown] <= 1)).all()


@CALM
@given(histories(), st.floats(0.01, 0.99))
def test_a_quantile_is_where_the_curve_passes_the_level(history, p: float) -> None:
    _, exit, cause = history
    curve = kaplan_meier(event_table(exit, cause))
    time = quantile(curve, p)
    if np.isnan(time):
        assert curve.estimate[-1] > 1 - p - 1e-7
    else:
        assert curve.at([time]).estimate[0] <= 1 - p + 1e-7
        assert curve.at([time - 0.6]).estimate[0] >= 1 - p - 1e-7 or time == curve.time[0]


@CALM
@given(histories(late=True), st.integers(-3, 3))
def test_the_log_rank_test_knows_time_by_its_order_only(history, shift: int) -> None:
    entry, exit, cause = history
    group = np.arange(exit.size) % 3
    one = log_rank(exit, cause == 1, group, entry=entry)
    assert_allclose(one.observed.sum(), one.expected.sum(), atol=1e-9)
    moved = log_rank((exit + shift) * 2.5, cause == 1, 10 - group, entry=(entry + shift) * 2.5)
    assert_allclose(moved.test.statistic, one.test.statistic, rtol=1e-6, atol=1e-9)


@CALM
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), max_size=8))
def test_the_actuarial_table_takes_any_counts(rows: list[tuple[int, int, int, int]]) -> None:
    counts = np.array(rows).reshape(-1, 4)
    table = actuarial(counts[:, 0] * 5, counts[:, 1:3] * 5, counts[:, 3] * 5)
    for values in (table.survival, table.cumulative_incidence, table.conditional):
        known = values[~np.isnan(values)]
        assert ((known >= 0) & (known <= 1 + 1e-12)).all()
    total = table.survival + table.cumulative_incidence.sum(axis=1)
    assert_allclose(total[~np.isnan(total)], 1, atol=1e-9)
