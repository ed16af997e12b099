"""Curves worked by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pkgutil import walk_packages

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from family_justice import estimators
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.estimators.survival.life_table import (
    actuarial,
    at_risk_at,
    cumulative_incidence,
    event_table,
    kaplan_meier,
    log_rank,
    median_follow_up,
    quantile,
    reverse_kaplan_meier,
)


def test_event_table_of_six_rows() -> None:
    """time   1   2   2   2   3   4
    cause  1   1   2   0   2   0   so that at 2 an event of each cause and a censoring fall together."""
    table = event_table([1, 2, 2, 2, 3, 4], [1, 1, 2, 0, 2, 0])
    assert table.time.tolist() == [1, 2, 3, 4]
    assert table.at_risk.tolist() == [6, 5, 2, 1]
    assert table.events.tolist() == [[1, 0], [1, 1], [0, 1], [0, 0]]
    assert table.censored.tolist() == [0, 1, 0, 1]
    assert table.at_risk.dtype.kind == "i"


def test_cumulative_incidence_of_six_rows() -> None:
    """F1: 1/6, then 1/6 + 5/6 * 1/5 = 1/3.  F2: 0, 5/6 * 1/5 = 1/6, then 1/6 + 1/2 * 1/2 = 5/12.
    S: 5/6, 5/6 * 3/5 = 1/2, 1/4; at time 3 two are left, one of the three having been censored at 2.

    Until then nobody is censored before an event, so that the variances are binomial: F(1 - F)/6."""
    table = event_table([1, 2, 2, 2, 3, 4], [1, 1, 2, 0, 2, 0])
    first, second = cumulative_incidence(table, 1), cumulative_incidence(table, 2)
    assert_allclose(first.estimate, [1 / 6, 1 / 3, 1 / 3, 1 / 3])
    assert_allclose(second.estimate, [0, 1 / 6, 5 / 12, 5 / 12])
    assert_allclose(kaplan_meier(table).estimate, [5 / 6, 1 / 2, 1 / 4, 1 / 4])
    assert_allclose(first.std_error[:2] ** 2, [5 / 216, 2 / 54])
    assert_allclose(second.std_error[:2] ** 2, [0, 5 / 216], atol=1e-17)
    # log-log: 1/3 to the power exp(-+1.96 se / (F log F))
    power = np.exp(1.959963984540054 * np.sqrt(2 / 54) / (np.log(1 / 3) / 3))
    assert_allclose([first.low[1], first.high[1]], [(1 / 3) ** (1 / power), (1 / 3) ** power])


def test_kaplan_meier_standard_error_and_limits() -> None:
    """Greenwood at time 2 of the six rows: S^2 (1/(6*5) + 2/(5*3)) = (1/2)^2 * 1/6 = 1/24."""
    curve = kaplan_meier(event_table([1, 2, 2, 2, 3, 4], [1, 1, 2, 0, 2, 0]))
    assert_allclose(curve.std_error[1], np.sqrt(1 / 24))
    power = np.exp(1.959963984540054 * np.sqrt(1 / 24) / (np.log(0.5) * 0.5))
    assert_allclose([curve.low[1], curve.high[1]], [0.5 ** (1 / power), 0.5**power])


def test_everybody_has_the_event() -> None:
    curve = kaplan_meier(event_table([1, 1, 2], [1, 1, 1]))
    assert_allclose(curve.estimate, [1 / 3, 0])
    assert np.isnan(curve.std_error[1])
    risk = cumulative_incidence(event_table([1, 1, 2], [1, 1, 1]), 1)
    assert_allclose(risk.estimate, [2 / 3, 1])
    assert_allclose(risk.std_error, [np.sqrt(2 / 27), 0], atol=1e-15)


def test_nothing_happens_and_nobody_is_there() -> None:
    curve = kaplan_meier(event_table([1, 2], [0, 0]))
    assert curve.estimate.tolist() == [1, 1]
    assert curve.std_error.tolist() == [0, 0]
    assert np.isnan(quantile(curve, 0.5))
    empty = event_table([], [], n_causes=2)
    assert empty.events.shape == (0, 2)
    assert kaplan_meier(empty).at([0, 1]).estimate.tolist() == [1, 1]
    assert cumulative_incidence(empty, 2).at([0, 1]).estimate.tolist() == [0, 0]


def test_entry_at_an_event_time_is_not_yet_at_risk() -> None:
    """(0, 2] event, (0, 3] event, (2, 4] event, (1, 3] censored, (3, 5] event, (0, 5] censored:
    at 2 four rows are at risk (not the one that enters at 2), at 3 four, at 4 three, at 5 two."""
    exit, entry, event = [2, 3, 4, 3, 5, 5], [0, 0, 2, 1, 3, 0], [1, 1, 1, 0, 1, 0]
    table = event_table(exit, event, entry)
    assert table.at_risk.tolist() == [4, 4, 3, 2]
    assert_allclose(kaplan_meier(table).estimate, np.cumprod([3 / 4, 3 / 4, 2 / 3, 1 / 2]))
    assert at_risk_at(exit, [1, 2, 2.5, 3, 6], entry).tolist() == [3, 4, 4, 4, 0]


def test_times_that_differ_by_rounding_are_one_time() -> None:
    table = event_table([0.1 + 0.2, 0.3, 1.0], [1, 0, 0])
    assert table.time.size == 2
    assert table.at_risk.tolist() == [3, 1]
    curve = kaplan_meier(event_table([0.1 + 0.2, 1.0], [1, 1]))
    assert curve.at(0.3).estimate == 0.5
    assert curve.at(0.3).at_risk == 2
    assert at_risk_at([0.3, 1.0], [0.1 + 0.2]).tolist() == [2]


def test_reverse_kaplan_meier_takes_events_first() -> None:
    """At 2 one of four at risk has the event; the censoring is then one of three, not of four."""
    curve = reverse_kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 0, 0])
    assert_allclose(curve.estimate, [1, 2 / 3, 1 / 3, 0])
    assert curve.at_risk.tolist() == [4, 3, 2, 1]
    assert median_follow_up([1, 2, 2, 3, 4], [1, 1, 0, 0, 0]).estimate == 3


def test_curve_between_its_times() -> None:
    curve = kaplan_meier(event_table([1, 2, 2, 2, 3, 4], [1, 1, 2, 0, 2, 0]))
    at = curve.at([0, 1, 1.5, 2, 9])
    assert_allclose(at.estimate, [1, 5 / 6, 5 / 6, 1 / 2, 1 / 4])
    assert at.at_risk.tolist() == [6, 6, 5, 5, 0]


def test_weights_count_as_copies() -> None:
    once = event_table([1, 2, 3, 3], [1, 0, 1, 1], weights=[2, 1, 3, 1])
    copies = event_table([1, 1, 2, 3, 3, 3, 3], [1, 1, 0, 1, 1, 1, 1])
    assert_array_equal(once.at_risk, copies.at_risk)
    assert_array_equal(once.events, copies.events)


def test_actuarial_table() -> None:
    """100 start, 10 + 5 events, 20 censored: 90 exposed, S = 75/90. Then 65 start, 0 events, none censored."""
    table = actuarial([100, 65], [[10, 5], [0, 0]], [20, 0])
    assert_allclose(table.exposed, [90, 65])
    assert_allclose(table.conditional, [[1 / 9, 1 / 18], [0, 0]])
    assert_allclose(table.survival, [5 / 6, 5 / 6])
    assert_allclose(table.survival_std_error, 5 / 6 * np.sqrt(15 / (90 * 75)) * np.ones(2))
    assert_allclose(table.cumulative_incidence, [[1 / 9, 1 / 18]] * 2)
    assert_allclose(table.cumulative_incidence_std_error[0], [np.sqrt(8 / 81 / 90), np.sqrt(17 / 324 / 90)])


def test_actuarial_equals_aalen_johansen_without_censoring_inside_intervals() -> None:
    raw = event_table([1, 1, 2, 3, 3, 4, 4, 4], [1, 2, 1, 2, 2, 1, 0, 0])
    table = actuarial(raw.at_risk, raw.events, np.zeros(4))
    for cause in (1, 2):
        curve = cumulative_incidence(raw, cause)
        assert_allclose(table.cumulative_incidence[:, cause - 1], curve.estimate)
        assert_allclose(table.cumulative_incidence_std_error[:, cause - 1], curve.std_error)
    assert_allclose(table.survival, kaplan_meier(raw).estimate)


def test_actuarial_takes_rounded_counts_that_do_not_add_up() -> None:
    table = actuarial([10, 0, 10], [[10, 5], [0, 0], [5, 0]], [10, 0, 0])
    assert table.exposed.tolist() == [15, 0, 10]
    assert_allclose(table.survival[0], 0, atol=1e-15)
    assert_allclose(table.cumulative_incidence[0], [2 / 3, 1 / 3])
    assert np.isnan(table.survival[1:]).all()
    assert np.isnan(table.cumulative_incidence[1:]).all()
    gone = actuarial([10], [[10]], [25])
    assert gone.survival.tolist() == [0]
    nobody = actuarial([0], [[0]], [0])
    assert np.isnan(nobody.survival).all()
    assert actuarial([], np.zeros((0, 2)), []).cumulative_incidence.shape == (0, 2)


def test_log_rank_of_six_rows() -> None:
    """Group a dies at 1, 2, 4; group b dies at 3, is censored at 5 and 5.
    At risk (a, all): (3, 6), (2, 5), (1, 4), (1, 3); expected in a: 1/2 + 2/5 + 1/4 + 1/3 = 89/60.
    Variance: 1/4 + 6/25 + 3/16 + 2/9."""
    test = log_rank([1, 2, 4, 3, 5, 5], [1, 1, 1, 1, 0, 0], list("aaabbb"))
    assert test.groups.tolist() == ["a", "b"]
    assert_allclose(test.expected[0], 89 / 60)
    variance = 1 / 4 + 6 / 25 + 3 / 16 + 2 / 9
    assert_allclose(test.variance, variance * np.array([[1, -1], [-1, 1]]), atol=1e-15)
    assert_allclose(test.test.statistic, (3 - 89 / 60) ** 2 / variance)
    assert test.test.df == 1


def test_log_rank_with_nothing_to_compare() -> None:
    assert np.isnan(log_rank([1, 2], [1, 1], ["a", "a"]).test.statistic)
    assert np.isnan(log_rank([1, 2], [0, 0], ["a", "b"]).test.p_value)
    # A group that leaves before the first event expects none: it is not tested.
    assert log_rank([1, 1, 2, 3, 4, 5], [0, 0, 1, 1, 1, 0], list("aabbcc")).test.df == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: event_table([1, np.nan], [0, 0]), "exit has 1 rows that are missing"),
        (lambda: event_table([1, 2], [0]), "cause has 1 rows where exit has 2"),
        (lambda: event_table([1, 2], [0, 3], n_causes=2), "cause must be a whole number from 0"),
        (lambda: event_table([1, 2], [0, 0.5]), "cause must be a whole number"),
        (lambda: event_table([1, 2], [0, 1], entry=[1, 0]), "entry must be before exit; it is not in 1 rows"),
        (lambda: event_table([1, 2], [0, 1], weights=[1, -1]), "weights has 1 negative"),
    ],
)
def test_bad_arrays_are_named_without_their_values(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_chi_squared_tail_against_scipy() -> None:
    from scipy.stats import chi2

    for df in (1, 2, 3, 4, 7, 20, 41):
        for x in (1e-8, 0.3, 1.0, 9.5, 40.0, 300.0):
            assert_allclose(upper_tail(x, df), chi2.sf(x, df), rtol=1e-12)
    assert upper_tail(0, 3) == 1
    assert upper_tail(np.inf, 3) == 0
    assert np.isnan(upper_tail(np.nan, 3))


def test_importing_the_estimators_costs_numpy_only() -> None:
    names = [found.name for found in walk_packages(estimators.__path__, "family_justice.estimators.")]
    assert len(names) > 40
    code = "; ".join([f"import {name}" for name in names] + ["import sys"])
    code += "; print([m for m in ('scipy', 'pandas', 'statsmodels', 'lifelines') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == "[]\n"
