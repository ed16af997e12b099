"""Recurrent events and histories of several states worked by hand, and what they do with degenerate data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.survival.multistate import audit_histories, state_occupation
from family_justice.estimators.survival.recurrent import fit_recurrent, marginal_rows, mean_cumulative_count

# Three people: events at 2 and 4, followed to 6; an event at 3, followed to 5; no event, followed to 3.
ID = [1, 1, 1, 2, 2, 3]
START = [0, 2, 4, 0, 3, 0]
STOP = [2, 4, 6, 3, 5, 3]
EVENT = [1, 1, 0, 1, 0, 0]
NUMBER = [1, 2, 3, 1, 2, 1]


def test_mean_cumulative_count_of_six_rows() -> None:
    """At risk 3, 3, 2 at the events 2, 3, 4: the count is 1/3, 2/3, 7/6.

    Influence of the three at 4, the sum over the times of (own events - 1/n)/n while at risk:
        first  (1 - 1/3)/3 + (0 - 1/3)/3 + (1 - 1/2)/2 = 2/9 - 1/9 + 1/4 = 13/36
        second (0 - 1/3)/3 + (1 - 1/3)/3 + (0 - 1/2)/2 = -1/9 + 2/9 - 1/4 = -5/36
        third  -1/9 - 1/9 = -8/36
    and the variance is the sum of their squares, 258/1296.
    """
    count = mean_cumulative_count(ID, START, STOP, EVENT)
    assert count.time.tolist() == [2, 3, 4]
    assert count.at_risk.tolist() == [3, 3, 2]
    assert_allclose(count.estimate, [1 / 3, 2 / 3, 7 / 6])
    assert_allclose(count.std_error[2], math.sqrt(258) / 36)
    assert_allclose(count.low[2] * count.high[2], count.estimate[2] ** 2)


def test_mean_cumulative_count_after_deaths() -> None:
    """The third person dies at 3, after the event of the second at the same time: S = 2/3 from then on, so that the
    event at 4 counts 2/3 * 1/2: the mean is 2/3 + 1/3 = 1."""
    count = mean_cumulative_count(ID, START, STOP, EVENT, terminal=[0, 0, 0, 0, 0, 1])
    assert_allclose(count.estimate, [1 / 3, 2 / 3, 1])
    everybody = mean_cumulative_count([1, 2], [0, 0], [2, 3], [0, 0], terminal=[1, 1], times=[1, 2, 9])
    assert everybody.estimate.tolist() == [0, 0, 0]
    assert everybody.std_error.tolist() == [0, 0, 0]


def test_first_events_only_are_one_minus_survival_without_a_product() -> None:
    """With one row per person the count is the Nelson-Aalen estimate: 1/4 + 1/3 with one lost in between."""
    count = mean_cumulative_count([1, 2, 3, 4], [0] * 4, [1, 1.5, 2, 3], [1, 0, 1, 0])
    assert_allclose(count.estimate, [1 / 4, 1 / 4 + 1 / 2])


def test_marginal_rows_of_six_rows() -> None:
    """Everybody waits for the first, second and third event from 0; the end of observation if it does not come."""
    rows = marginal_rows(ID, START, STOP, EVENT, NUMBER)
    assert rows.stop.reshape(3, 3).tolist() == [[2, 4, 6], [3, 5, 5], [3, 3, 3]]
    assert rows.event.reshape(3, 3).tolist() == [[True, True, False], [True, False, False], [False, False, False]]
    assert rows.first.reshape(3, 3)[:, 0].tolist() == [0, 3, 5]
    assert rows.number.tolist() == [1, 2, 3] * 3
    with pytest.raises(ValueError, match="count from 1"):
        marginal_rows([1], [0], [1], [1], [0])


@pytest.mark.parametrize("model", ["andersen_gill", "prentice_total", "prentice_gap", "wei_lin_weissfeld"])
def test_recurrent_models_of_nobody_and_of_people_without_events(model: str) -> None:
    for rows in (0, 4):
        zeros, ones = np.zeros(rows), np.ones(rows)
        x = np.arange(rows)[:, None]
        fit = fit_recurrent(model, np.arange(rows), zeros, ones, zeros, ones, x)  # type: ignore[arg-type]
        assert fit.reasons == {0: "no events"}
        assert np.isnan(fit.coef).all()


def test_an_unknown_recurrent_model_is_turned_away() -> None:
    with pytest.raises(ValueError, match="model must be"):
        fit_recurrent("frailty", ID, START, STOP, EVENT, NUMBER, np.zeros((6, 1)))  # type: ignore[arg-type]


def test_counts_of_nobody() -> None:
    nobody = mean_cumulative_count([], [], [], [])
    assert nobody.estimate.size == 0
    quiet = mean_cumulative_count([1, 2], [0, 0], [3, 4], [0, 0], times=[1, 5])
    assert quiet.estimate.tolist() == [0, 0]
    assert quiet.at_risk.tolist() == [2, 0]


def test_state_occupation_of_six_rows() -> None:
    """Four people are at home at 0. One goes into care at 1 and back home at 3; one into care at 2, where observation
    ends at 4; one is adopted at 3; one leaves at 2, at home.

    home: 1, 3/4 after 1, then of three at home one goes into care at 2: 1/2, and care 1/2. At 3 one of one at home is
    adopted, p(adopted) = 1/2, and one of two in care goes home, p(home) = 1/4, p(care) = 1/4.
    """
    found = state_occupation(
        [1, 1, 2, 2, 3, 4],
        [0, 1, 0, 2, 0, 0],
        [1, 3, 2, 4, 3, 2],
        ["home", "care", "home", "care", "home", "home"],
        ["care", "home", "care", "", "adopted", ""],
    )
    assert found.states.tolist() == ["adopted", "care", "home"]
    assert found.time.tolist() == [1, 2, 3]
    assert_allclose(found.probability, [[0, 1 / 4, 3 / 4], [0, 1 / 2, 1 / 2], [1 / 2, 1 / 4, 1 / 4]])
    # At 1 it is a share of four: sqrt(1/4 * 3/4 / 4).
    assert_allclose(found.std_error[0], [0, math.sqrt(3 / 64), math.sqrt(3 / 64)])


def test_two_states_are_a_survival_curve() -> None:
    """Alive or dead: 1 - 1/4, then 3/4 (1 - 1/2), with Greenwood's standard errors."""
    found = state_occupation(
        [1, 2, 3, 4], [0] * 4, [1, 2, 3, 4], ["alive"] * 4, ["dead", None, "dead", None], times=[0.5, 1, 3, 9]
    )
    assert_allclose(found.probability[:, 0], [1, 3 / 4, 3 / 8, 3 / 8])
    assert_allclose(found.std_error[:, 0] ** 2, [0, 9 / 16 / 12, *[9 / 64 * (1 / 12 + 1 / 2)] * 2])


def test_state_occupation_turns_away_impossible_histories() -> None:
    with pytest.raises(ValueError, match="overlap in 1, teleport in 1 rows; see audit_histories"):
        state_occupation(
            [1, 1, 2, 2], [0, 1, 0, 2], [2, 3, 2, 4], ["a", "a", "a", "b"], ["", "b", "", ""]
        )  # fmt: skip
    with pytest.raises(ValueError, match="from_state is missing in 1 rows"):
        state_occupation([1, 2], [0, 0], [1, 1], ["a", None], ["b", "b"])


def test_state_occupation_of_nobody_and_of_people_who_never_move() -> None:
    assert state_occupation([], [], [], [], []).probability.size == 0
    still = state_occupation([1, 2], [0, 0], [3, 4], ["a", "b"], ["", ""], times=[2])
    assert still.probability.tolist() == [[0.5, 0.5]]
    assert still.std_error.tolist() == [[0, 0]]


def test_the_four_ways_a_history_can_be_wrong() -> None:
    """Second rows of five people: before the first ends; later, in the same state; later, in another; at once, in
    another; at once, in the state to which the first row went. The rows come in reverse order."""
    first = (["a"] * 5, ["", "", "", "", "b"])
    second = (["a", "a", "b", "b", "b"], [""] * 5)
    audit = audit_histories(
        [1, 2, 3, 4, 5] * 2,
        [3, 7, 7, 5, 5] + [0] * 5,
        [9] * 5 + [5] * 5,
        second[0] + first[0],
        second[1] + first[1],
    )
    assert {rule: rows.tolist() for rule, rows in audit.rows.items()} == {
        "overlap": [0], "gap": [1], "jump": [2], "teleport": [3]
    }  # fmt: skip
    assert audit.persons == 4
    assert audit_histories([], [], [], [], []).consistent
