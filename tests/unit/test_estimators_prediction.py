"""Validation of predicted risks: worked out by hand, beside other programs, and what bootstrap finds of noise.

Not compared with R (riskRegression, timeROC): no answers of these are at hand. The weights are those of the papers that
the module names; without censoring before the time all measures are the plain ones of statistics packages.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.survival.life_table import cumulative_incidence, event_table
from family_justice.estimators.survival.prediction import (
    area_under_curve,
    censoring_weights,
    fit_risk_model,
    performance,
    risk_groups,
    validate,
)

REFERENCE = Path(__file__).resolve().parents[1] / "parity/reference"


def simulated(n: int, seed: int, useful: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    g = np.random.default_rng(seed)
    x = (g.random((n, 6)) < 0.4).astype(float)
    score = x @ np.array([0.8, 0.5, -0.4, 0, 0, 0]) if useful else np.zeros(n)
    event, death, end = g.exponential(10 / np.exp(score)), g.exponential(40, n), g.uniform(1, 12, n)
    exit_ = np.minimum.reduce([event, death, end])
    return exit_, np.where(exit_ == event, 1, np.where(exit_ == death, 2, 0)), x


def test_weights_by_hand() -> None:
    """Of five, censored at 2 and 4: G is 3/4 after 2 and 3/8 after 4; at 3 one has had the event, two go on."""
    exit_, cause = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1, 0, 1, 0, 1])
    weights = censoring_weights(exit_, cause, np.array([1.5, 3.0, 4.5]))
    assert_allclose(weights[:, 0], [1, 1, 1, 1, 1])
    assert_allclose(weights[:, 1], [1, 0, 4 / 3, 4 / 3, 4 / 3])
    assert_allclose(weights[:, 2], [1, 0, 4 / 3, 0, 8 / 3])
    assert_allclose(weights.sum(axis=0), 5)


def test_an_event_on_the_day_of_a_censoring_comes_first() -> None:
    exit_, cause = np.array([1.0, 1.0, 2.0]), np.array([1, 0, 1])
    assert_allclose(censoring_weights(exit_, cause, np.array([1.5]))[:, 0], [1, 0, 2])


def test_area_under_the_curve_by_hand() -> None:
    """Two cases and three others: of six pairs four are concordant and one is tied."""
    marker = np.array([0.9, 0.4, 0.4, 0.2, 0.6])
    case = np.array([True, True, False, False, False])
    assert area_under_curve(marker, case, np.ones(5)) == pytest.approx(4.5 / 6)
    # A weight of two is the member twice.
    weights = np.array([1.0, 2.0, 1.0, 1.0, 3.0])
    rows = np.repeat(np.arange(5), weights.astype(int))
    assert area_under_curve(marker, case, weights) == pytest.approx(
        area_under_curve(marker[rows], case[rows], np.ones(len(rows)))
    )
    assert np.isnan(area_under_curve(marker, np.zeros(5, dtype=bool), np.ones(5)))


def test_without_competing_events_risks_are_those_of_lifelines() -> None:
    from lifelines import CoxPHFitter

    rossi = pd.read_csv(REFERENCE / "rossi.csv")
    columns = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    exit_, cause, x = rossi["week"].to_numpy(float), rossi["arrest"].to_numpy(), rossi[columns].to_numpy(float)
    found = fit_risk_model(exit_, cause, x)
    fitter = CoxPHFitter().fit(rossi[["week", "arrest", *columns]], "week", "arrest", fit_options={"precision": 1e-12})
    # lifelines has Breslow's hazard beside Efron's coefficients, so risks differ in the third digit.
    theirs = 1 - fitter.predict_survival_function(rossi[columns], times=[20, 50]).T.to_numpy()
    assert_allclose(found.risk(found.score(x), np.array([20.0, 50.0])), theirs, rtol=0.01)
    assert_allclose(found.coef, fitter.params_.to_numpy(), rtol=1e-6)


def test_without_censoring_before_the_time_measures_are_the_plain_ones() -> None:
    rossi = pd.read_csv(REFERENCE / "rossi.csv")
    exit_, cause = rossi["week"].to_numpy(float), rossi["arrest"].to_numpy()
    x = rossi[["age", "prio"]].to_numpy(float)
    model = fit_risk_model(exit_, cause, x)
    had = exit_ <= 40
    risk = model.risk(model.score(x), np.array([40.0]))[:, 0]
    found = performance(model, exit_, cause, x, np.array([40.0]))
    case, other = risk[had & (cause == 1)], risk[~had]
    pairs = np.sign(case[:, None] - other[None, :])
    assert found.auc[0] == pytest.approx((1 + pairs.mean()) / 2)
    assert found.brier[0] == pytest.approx(((had - risk) ** 2).mean())
    assert found.scaled_brier[0] == pytest.approx(1 - found.brier[0] / (had.mean() * (1 - had.mean())))
    assert found.observed_over_expected[0] == pytest.approx(had.mean() / risk.mean())
    assert found.slope == pytest.approx(1, abs=1e-6)


def test_risks_add_up_with_competing_events() -> None:
    """Without covariates the mean predicted risk is the Aalen-Johansen risk, but for hazards as exponentials."""
    exit_, cause, x = simulated(4000, 3)
    model = fit_risk_model(exit_, cause, 0 * x)
    times = np.array([2.0, 5.0, 9.0])
    curve = cumulative_incidence(event_table(exit_, cause, n_causes=2), 1)
    assert_allclose(model.risk(model.score(x), times)[0], curve.at(times).estimate, rtol=2e-3)
    # The sum of the terms that cancel is the sum of all terms.
    model = fit_risk_model(exit_, cause, x)
    score = model.score(x)[:5]
    own = np.exp(score)[:, None] * model.step
    before = np.cumsum(own, axis=1) - own + model.competing
    terms = np.exp(-before) * -np.expm1(-own)
    assert_allclose(model.risk(score, np.array([5.0]))[:, 0], terms[:, model.time <= 5].sum(axis=1), rtol=1e-9)


def test_true_risks_are_found() -> None:
    """Of 20,000 with hazards 0.1 exp(m) and competing 0.025: the risk by 5 is known."""
    exit_, cause, x = simulated(20_000, 4)
    model = fit_risk_model(exit_, cause, x)
    hazard = 0.1 * np.exp(x @ np.array([0.8, 0.5, -0.4, 0, 0, 0]))
    truth = hazard / (hazard + 0.025) * (1 - np.exp(-5 * (hazard + 0.025)))
    assert np.abs(model.risk(model.score(x), np.array([5.0]))[:, 0] - truth).max() < 0.03
    found = performance(model, exit_, cause, x, np.array([5.0]))
    assert found.observed_over_expected[0] == pytest.approx(1, abs=0.01)
    assert found.brier[0] == pytest.approx((truth * (1 - truth)).mean(), abs=0.005)


@pytest.mark.slow
def test_optimism_makes_up_for_noise() -> None:
    """A model of six covariates that tell nothing looks better than chance, and does not when corrected; one fitted to
    a sample does as well among many others as was to be expected."""
    apparent, corrected = [], []
    for seed in range(12):
        checked = validate(*simulated(250, seed, useful=False), np.array([4.0]), 30, seed)
        apparent.append(checked.apparent[0, 0])
        corrected.append(checked.corrected[0, 0])
    assert np.mean(apparent) > 0.55
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.03)
    others, own = simulated(20_000, 99), []
    expected = []
    for seed in range(12):
        data = simulated(300, 100 + seed)
        checked = validate(*data, np.array([4.0]), 30, seed)
        own.append(performance(checked.model, *others, np.array([4.0])).as_array()[:, 0])
        expected.append(checked.corrected[:, 0])
    gap = np.mean(expected, axis=0) - np.mean(own, axis=0)
    assert abs(gap[0]) < 0.03  # area under the curve
    assert abs(gap[1]) < 0.02  # Brier score
    assert abs(gap[4]) < 0.15  # slope, which is 1 apparently
    assert np.mean(own, axis=0)[4] < 0.97


def test_the_same_seed_gives_the_same_answer_and_another_one_another() -> None:
    data = simulated(200, 1)
    one, again, other = (validate(*data, np.array([3.0]), 20, seed) for seed in (1, 1, 2))
    assert (one.corrected == again.corrected).all()
    assert (one.corrected != other.corrected).any()


def test_risk_groups_are_of_equal_size_but_for_ties() -> None:
    assert np.bincount(risk_groups(np.arange(100.0), 5)).tolist() == [20] * 5
    score = np.array([1.0] * 50 + [2.0] * 50)
    assert [len(np.unique(risk_groups(score, 5)[score == value])) for value in (1.0, 2.0)] == [1, 1]
    assert (np.diff(risk_groups(np.sort(np.random.default_rng(1).random(37)), 4)) >= 0).all()
