"""What a count is shown as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from family_justice.config.policy import FLOOR, check_policy_not_below
from family_justice.config.schema import Policy
from family_justice.disclosure.rounding import (
    cumulative_bounds,
    curve_step,
    possible,
    round_cumulative,
    round_to_base,
    shown,
)
from family_justice.errors import ConfigError

POLICIES = Path(__file__).parents[2] / "config" / "policies"


def policy(name: str = "court_records", **changes: object) -> Policy:
    return Policy(**{**yaml.safe_load((POLICIES / f"{name}.yaml").read_text()), **changes})


def test_court_records_are_rounded_to_five_and_hide_one_to_nine() -> None:
    court = policy()
    assert (court.threshold, court.rounding_base, court.minimum_at_risk) == (10, 5, 10)
    assert [shown(count, court) for count in (0, 10, 12, 13, 17, 18)] == [0, 10, 10, 15, 15, 20]


def test_ties_go_to_the_even_multiple() -> None:
    assert round_to_base([5, 15, 25, 35, 14, 16], 10).tolist() == [0, 20, 20, 40, 10, 20]


def test_midpoints_stand_for_as_many_counts_below_as_above() -> None:
    six = policy(rounding_base=6, rounding="midpoint")
    assert [shown(count, six) for count in (0, 1, 6, 7, 12, 13, 18)] == [0, 3, 3, 9, 9, 15, 15]
    five = policy(rounding_base=5, rounding="midpoint")
    assert [shown(count, five) for count in (1, 3, 5, 6, 8, 10)] == [3, 3, 3, 8, 8, 8]
    # Of a curve: steps of 6, and nothing from 1 to 9 is shown; 15 is the first midpoint from the threshold on.
    assert round_cumulative([0, 1, 7, 8, 12, 18, 19], six).tolist() == [0, 0, 0, 15, 15, 15, 21]


@pytest.mark.parametrize("way", ["nearest", "midpoint"])
@pytest.mark.parametrize("base", [1, 2, 5, 6, 10, 25])
def test_what_is_behind_a_cumulative_number_is_what_is_shown_as_it(base: int, way: str) -> None:
    rule = policy(rounding_base=base, rounding=way)
    counts = np.arange(400)
    numbers = round_cumulative(counts, rule)
    for number in np.unique(numbers)[:-1]:
        behind = counts[numbers == number]
        low, high = cumulative_bounds(np.array([number]), rule)
        assert (low[0], high[0]) == (behind.min(), behind.max())


@pytest.mark.parametrize("way", ["nearest", "midpoint"])
@pytest.mark.parametrize("base", [1, 2, 5, 6, 10, 25])
def test_possible_counts_are_exactly_those_shown_as_the_number(base: int, way: str) -> None:
    rule = policy(rounding_base=base, rounding=way)
    by_number: dict[int, list[int]] = {}
    for count in [0, *range(10, 400)]:
        by_number.setdefault(shown(count, rule), []).append(count)
    for number, counts in list(by_number.items())[:-1]:
        assert possible(number, rule) == (min(counts), max(counts))


def test_cumulative_counts_never_show_a_small_number() -> None:
    court = policy()
    assert curve_step(court) == 5
    assert round_cumulative(range(15), court).tolist() == [0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 10, 10, 10, 15, 15]
    assert np.diff(round_cumulative(range(2000), court)).min() == 0
    # Steps of 10 from 20 on: 9 is nearer to 0 than to 20, 10 lies between and is shown.
    eleven = court.model_copy(update={"threshold": 11})
    assert round_cumulative([0, 6, 9, 10, 20, 24, 26], eleven).tolist() == [0, 0, 0, 20, 20, 20, 30]


def test_step_of_curves_is_at_least_half_the_threshold() -> None:
    assert curve_step(policy(rounding_base=1)) == 5
    assert curve_step(policy(threshold=20, rounding_base=6)) == 12
    assert curve_step(policy("public_records")) == 1


def test_public_records_stay_as_they_are() -> None:
    public = policy("public_records")
    assert [shown(count, public) for count in range(20)] == list(range(20))
    assert round_cumulative(range(20), public).tolist() == list(range(20))


def test_stricter_policy_passes() -> None:
    check_policy_not_below(policy(threshold=20, rounding_base=10, zero_discloses=True), policy())


def test_a_stream_rounds_in_the_custodians_intervals() -> None:
    six = policy(rounding_base=6, rounding="midpoint")
    check_policy_not_below(policy(rounding_base=12, rounding="midpoint"), six)
    check_policy_not_below(six, FLOOR)
    with pytest.raises(ConfigError, match="'rounding' is nearest; write midpoint"):
        check_policy_not_below(policy(rounding_base=12), six)
    with pytest.raises(ConfigError, match="'rounding_base' is 4; write 5 or more"):
        check_policy_not_below(policy(rounding_base=4), FLOOR)


def test_looser_policy_is_an_error_that_says_what_to_write() -> None:
    loose = policy(threshold=5, rounding_base=7, minimum_at_risk=1)
    with pytest.raises(ConfigError) as error:
        check_policy_not_below(loose, policy(zero_discloses=True))
    message = str(error.value)
    assert "4 problems" in message
    for part in (
        "threshold",
        "write 10 or more",
        "rounding_base",
        "multiple of 5",
        "minimum_at_risk",
        "zero_discloses",
    ):
        assert part in message
