"""Curves and log-rank tests against R's survival and cmprsk: ``life_table.R`` makes the values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import array, data, values

from family_justice.estimators.survival.life_table import (
    Curve,
    cumulative_incidence,
    event_table,
    kaplan_meier,
    log_rank,
    median_follow_up,
    quantile,
    quantile_interval,
    reverse_kaplan_meier,
)


def assert_curve(curve: Curve, r: Any, std_error: float = 1e-10) -> None:
    at = np.searchsorted(curve.time, array(r["time"]))
    assert_array_equal(curve.time[at], r["time"])
    assert_allclose(curve.at_risk[at], r["at_risk"], rtol=1e-12)
    assert_allclose(curve.estimate[at], array(r["estimate"]), rtol=1e-10)
    for name in ("std_error", "low", "high"):
        assert_allclose(getattr(curve, name)[at], array(r[name]), rtol=std_error, atol=1e-14)


@pytest.fixture(scope="module")
def mgus():
    return data("mgus2"), values("mgus2")


@pytest.fixture(scope="module")
def tied():
    d = data("tied")
    return d.assign(cause=d.event * (1 + d.x1)), values("tied_curves")


def test_kaplan_meier(mgus) -> None:
    d, r = mgus
    curve = kaplan_meier(event_table(d.time, d.cause))
    assert_curve(curve, r["km"])
    q = r["km_quantiles"]
    found = [quantile_interval(curve, p) for p in q["p"]]
    assert_array_equal(found, np.column_stack([q["estimate"], q["low"], q["high"]]))
    at = curve.at(r["km_at"]["time"])
    assert_allclose(at.estimate, r["km_at"]["estimate"], rtol=1e-12)
    assert_array_equal(at.at_risk, r["km_at"]["at_risk"])


def test_kaplan_meier_with_late_entry_and_with_weights(tied) -> None:
    d, r = tied
    late = kaplan_meier(event_table(d.exit, d.event, d.entry))
    assert_curve(late, r["late"])
    assert_array_equal([quantile(late, p) for p in r["late_quantiles"]["p"]], r["late_quantiles"]["estimate"])
    assert_curve(kaplan_meier(event_table(d.exit, d.event, weights=d.weight)), r["weighted"])


def test_quantiles_on_flat_stretches(tied) -> None:
    r = tied[1]
    curve = kaplan_meier(event_table([1, 2, 2, 3, 4, 6, 6, 8], [1, 1, 0, 1, 0, 1, 1, 0]))
    assert_curve(curve, r["small"])
    q = r["small_quantiles"]
    found = [quantile_interval(curve, p) for p in q["p"]]
    assert_array_equal(found, np.column_stack([array(q["estimate"]), array(q["low"]), array(q["high"])]))


def test_reverse_kaplan_meier_and_median_follow_up(mgus) -> None:
    """R moves the events a little earlier, which makes its risk sets those of the convention."""
    d, r = mgus
    curve = reverse_kaplan_meier(d.time, d.cause > 0)
    time = array(r["reverse"]["time"])
    whole = time == np.round(time)
    at = np.searchsorted(curve.time, time[whole])
    assert_allclose(curve.estimate[at], array(r["reverse"]["estimate"])[whole], rtol=1e-10)
    assert_allclose(curve.std_error[at], array(r["reverse"]["std_error"])[whole], rtol=1e-10)
    q = r["reverse_median"]
    assert median_follow_up(d.time, d.cause > 0) == (q["estimate"], q["low"], q["high"])


@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence(mgus, tied, cause: int) -> None:
    d, r = mgus
    assert_curve(cumulative_incidence(event_table(d.time, d.cause), cause), r[f"cif{cause}"])
    d, r = tied
    assert_curve(cumulative_incidence(event_table(d.exit, d.cause), cause), r[f"cif{cause}"])


@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence_with_late_entry(tied, cause: int) -> None:
    """The estimate is R's. The standard error is the one that needs counts only; R's jackknife is within 2% here."""
    d, r = tied
    curve = cumulative_incidence(event_table(d.exit, d.cause, d.entry), cause)
    assert_curve(curve, r[f"late_cif{cause}"], std_error=0.02)


@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence_against_cmprsk(mgus, cause: int) -> None:
    """``cuminc`` has the same estimate and Aalen's variance, which is up to half a percent larger here."""
    d, r = mgus
    curve = cumulative_incidence(event_table(d.time, d.cause), cause).at(r["gray"]["time"])
    assert_allclose(curve.estimate, r["gray"]["estimate"][cause - 1], rtol=1e-12)
    assert_allclose(curve.std_error**2, r["gray"]["variance"][cause - 1], rtol=6e-3)


def test_cumulative_incidence_against_statsmodels(tied) -> None:
    from statsmodels.duration.survfunc import CumIncidenceRight

    d, _ = tied
    theirs = CumIncidenceRight(d.exit, d.cause)
    for cause in (1, 2):
        ours = cumulative_incidence(event_table(d.exit, d.cause), cause).at(theirs.times)
        assert_allclose(ours.estimate, theirs.cinc[cause - 1], rtol=1e-12)
        assert_allclose(ours.std_error, theirs.cinc_se[cause - 1], rtol=1e-10)


def test_log_rank(mgus, tied) -> None:
    d, r = mgus
    two = log_rank(d.time, d.cause == 1, d.female)
    assert_allclose(two.test.statistic, r["log_rank"]["chisq"], rtol=1e-10)
    assert_allclose(two.test.p_value, r["log_rank"]["p"], rtol=1e-10)
    assert_allclose(two.expected, r["log_rank"]["expected"], rtol=1e-12)
    assert_array_equal(two.observed, r["log_rank"]["observed"])
    band = np.digitize(d.age, [60, 70, 80], right=True)
    four = log_rank(d.time, d.cause == 2, band, strata=d.female)
    assert_allclose(four.test.statistic, r["log_rank_strata"]["chisq"], rtol=1e-10)
    assert_allclose(four.test.p_value, r["log_rank_strata"]["p"], rtol=1e-9)
    assert_allclose(four.variance, r["log_rank_strata"]["var"], rtol=1e-9)
    d, r = tied
    five = log_rank(d.exit, d.event, d.household % 5, strata=d.court)
    assert_allclose(five.test.statistic, r["log_rank"]["chisq"], rtol=1e-10)
    assert five.test.df == 4
