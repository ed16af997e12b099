"""Gray's test, restricted means and the Fine-Gray model worked by hand, and what they do with degenerate data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.survival.fine_gray import fit_fine_gray
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.life_table import event_table
from family_justice.estimators.survival.restricted_mean import (
    difference,
    restricted_mean_survival,
    restricted_mean_time_lost,
)

NOT_ESTIMABLE = pytest.mark.filterwarnings("error")  # degenerate data must not even warn


def test_restricted_mean_of_six_people() -> None:
    """Times 1, 2, 3+, 4, 5, 6+ (+ censored), until 6. S falls to 5/6, 4/6, at 4 by a third to 4/9, at 5 by half to 2/9.

    Area: 1 + 5/6 + 2 * 4/6 + 4/9 + 2/9 = 23/6. Areas still to come at the events: 17/6, 2, 2/3, 2/9.
    Variance: (17/6)^2 / (6*5) + 2^2 / (5*4) + (2/3)^2 / (3*2) + (2/9)^2 / (2*1) = 0.566255...
    """
    area = restricted_mean_survival(event_table([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0]), 6)
    assert_allclose(area.estimate, 23 / 6)
    assert_allclose(area.std_error**2, (17 / 6) ** 2 / 30 + 4 / 20 + (2 / 3) ** 2 / 6 + (2 / 9) ** 2 / 2)


def test_time_lost_without_censoring_is_a_mean() -> None:
    """Causes 1, 2, 1, 2 at 1, 2, 3, 4: time lost to cause 1 before 5 is 4, 0, 2, 0 for the four, 1.5 on average, and
    its standard error is that of a mean with divisor n: sqrt(((2.5)^2 + 1.5^2 + 0.5^2 + 1.5^2) / 4 / 4)."""
    area = restricted_mean_time_lost(event_table([1, 2, 3, 4], [1, 2, 1, 2]), 1, 5)
    assert_allclose(area.estimate, 1.5)
    assert_allclose(area.std_error, math.sqrt((6.25 + 2.25 + 0.25 + 2.25) / 16))


def test_difference_of_restricted_means() -> None:
    one = restricted_mean_survival(event_table([1, 2, 3], [1, 1, 0]), 3)
    two = restricted_mean_survival(event_table([2, 3, 3], [1, 1, 0]), 3)
    gap = difference(one, two)
    assert_allclose(gap.estimate, one.estimate - two.estimate)
    assert_allclose(gap.std_error**2, one.std_error**2 + two.std_error**2)
    assert_allclose(gap.high - gap.low, 2 * 1.959963984540054 * gap.std_error)


def test_restricted_mean_of_nobody_and_of_all_censored() -> None:
    assert math.isnan(restricted_mean_survival(event_table([], []), 3).estimate)
    # R's standard error is zero here; that nothing happened to two people says little of precision.
    without_events = restricted_mean_survival(event_table([1, 2], [0, 0]), 3)
    assert without_events.estimate == 3
    assert np.isnan(without_events[1:]).all()
    with pytest.raises(ValueError, match="after zero"):
        restricted_mean_survival(event_table([1], [1]), 0)


def test_gray_score_of_six_people() -> None:
    """Groups b a b b a a with causes 2 1 0 1 2 1 at 1 ... 6; a has 3 people, b 3.

    Whoever has a competing event goes on counting: R = n (1 - F)/S. At 2: b has lost one of three to cause 2, S = 2/3,
    R_b = 2/(2/3) = 3, R_a = 3, so that a expects 3/6. At 4: a has F = 1/3, S = 2/3, n = 2: R_a = 2 (2/3)/(2/3) = 2;
    b has n = 1, S = 2/3, F = 0: R_b = 3/2, so that a expects 2/(7/2) = 4/7. At 6: only a is left and expects 1.
    Score of a: 2 - 1/2 - 4/7 - 1 = -1/14.
    """
    result = gray_test([1, 2, 3, 4, 5, 6], [2, 1, 0, 1, 2, 1], list("babbaa"))
    assert result.groups.tolist() == ["a", "b"]
    assert_allclose(result.score, [-1 / 14, 1 / 14])
    assert result.n.tolist() == [3, 3]


@NOT_ESTIMABLE
@pytest.mark.parametrize(
    ("exit_", "cause", "group"),
    [
        ([], [], []),
        ([1.0], [1], [0]),
        ([1, 2, 3], [1, 2, 0], [0, 0, 0]),  # one group
        ([1, 2, 3, 4], [0, 0, 0, 0], [0, 1, 0, 1]),  # all censored
        ([1, 2, 3, 4], [2, 2, 2, 0], [0, 1, 0, 1]),  # the event never happens
    ],
)
def test_gray_test_that_cannot_be_made(exit_: list, cause: list, group: list) -> None:
    assert math.isnan(gray_test(exit_, cause, group).test.statistic)


def test_an_empty_stratum_of_gray_test_changes_nothing() -> None:
    """A stratum in which all are censored adds neither score nor variance."""
    exit_, cause, group = [1, 2, 3, 4, 5, 6], [2, 1, 0, 1, 2, 1], [1, 0, 1, 1, 0, 0]
    alone = gray_test(exit_, cause, group).test
    both = gray_test([*exit_, 2, 3], [*cause, 0, 0], [*group, 0, 1], strata=[0] * 6 + [1] * 2).test
    assert_allclose(both.statistic, alone.statistic)


def test_fine_gray_of_six_people() -> None:
    """x 1 0 1 1 0 0, causes 2 1 0 1 2 1 at 1 ... 6. One is censored, at 3, when four are left: G = 3/4 afterwards.

    The risk sets of the events at 2, 4, 6, those with x = 1 as t = exp(beta) each, are
        2: five at risk of whom two have x = 1, and the first person with weight 1:           3 + 3t
        4: three at risk, one of them x = 1; the first person with weight 3/4:                 2 + 7t/4
        6: one at risk; the first person with 3/4, the one who left at 5 with (3/4)/(3/4):   1 + 1 + 3t/4
    and the events have x = 0, 1, 0. The score is zero where
        3t/(3 + 3t) + (7t/4)/(2 + 7t/4) + (3t/4)/(2 + 3t/4) = 1.
    """
    for target in ("crr", "finegray"):
        fit = fit_fine_gray([1, 2, 3, 4, 5, 6], [2, 1, 0, 1, 2, 1], [[1], [0], [1], [1], [0], [0]], target)
        t = math.exp(fit.coef[0])
        assert_allclose(t / (1 + t) + 1.75 * t / (2 + 1.75 * t) + 0.75 * t / (2 + 0.75 * t), 1, rtol=1e-10)
        assert_allclose(fit.loglik[0], -math.log(6) - math.log(3.75) - math.log(2.75))
        assert (fit.n, fit.n_events, fit.n_competing) == (6, 3, 2)


def test_targets_differ_where_an_event_and_a_censoring_fall_together() -> None:
    """At 2 one has the event and one is censored, three are at risk: crr has G = 2/3 afterwards, finegray 1/2."""
    exit_, cause, x = [1, 2, 2, 3], [2, 1, 0, 1], [[0.0], [1.0], [0.0], [0.5]]
    null = {target: fit_fine_gray(exit_, cause, x, target).loglik[0] for target in ("crr", "finegray")}
    assert_allclose(null["crr"], -math.log(4) - math.log(1 + 2 / 3))
    assert_allclose(null["finegray"], -math.log(4) - math.log(1 + 1 / 2))


@NOT_ESTIMABLE
@pytest.mark.parametrize("target", ["crr", "finegray"])
def test_fine_gray_says_what_cannot_be_estimated(target: str) -> None:
    g = np.random.default_rng(3)
    exit_, cause = g.integers(1, 9, 60), g.integers(0, 3, 60)
    x = g.normal(size=60)
    never = (cause == 0).astype(float)
    fit = fit_fine_gray(exit_, cause, np.column_stack([x, np.ones(60), 2 * x, never]), target)  # type: ignore[arg-type]
    assert fit.reasons[1] == "constant among those at risk"
    assert fit.reasons[2] == "a combination of column 0"
    assert "minus infinity" in fit.reasons[3]
    assert fit.estimable.tolist() == [True, False, False, False]
    assert np.isfinite(fit.std_error).tolist() == [True, False, False, False]
    for some in ([], [0, 0], [2, 2]):
        empty = fit_fine_gray(np.arange(1, len(some) + 1), some, np.arange(len(some))[:, None], target)  # type: ignore
        assert empty.reasons == {0: "no events"}
    assert fit_fine_gray([1.0], [1], [[0.5]], target).estimable.tolist() == [False]  # type: ignore[arg-type]


def test_fine_gray_turns_away_what_crr_does_not_have() -> None:
    for more in ({"entry": [0, 1]}, {"strata": [0, 1]}, {"ties": "efron"}):
        with pytest.raises(ValueError, match="use finegray"):
            fit_fine_gray([1, 2], [1, 0], [[0], [1]], "crr", **more)
    with pytest.raises(ValueError, match="crr or finegray"):
        fit_fine_gray([1, 2], [1, 0], [[0], [1]], "cmprsk")  # type: ignore[arg-type]
