"""What a count is shown as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from family_justice.config.policy import FLOOR, STRICTER, check_every_field_has_a_rule, check_policy_not_below
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
    six = policy(threshold=7, rounding_base=6, rounding="midpoint")
    assert [shown(count, six) for count in (0, 1, 6, 7, 12, 13, 18)] == [0, 3, 3, 9, 9, 15, 15]
    five = policy(threshold=11, rounding_base=5, rounding="midpoint")
    assert [shown(count, five) for count in (1, 3, 5, 6, 8, 10)] == [3, 3, 3, 8, 8, 8]
    # Of a curve: steps of 6, and nothing from 1 to 6 is shown; 9 is the first midpoint from the threshold on.
    assert round_cumulative([0, 1, 4, 5, 12, 13, 18, 19], six).tolist() == [0, 0, 0, 9, 9, 15, 15, 21]


@pytest.mark.parametrize(
    ("base", "threshold", "fitting"),
    [
        (5, 10, "6 or 11"),
        (5, 5, "1 or 6"),
        (5, 7, "6 or 11"),
        (5, 12, "11 or 16"),
        (6, 10, "7 or 13"),
        (2, 2, "1 or 3"),
    ],
)
def test_midpoints_need_a_threshold_that_cuts_no_interval(base: int, threshold: int, fitting: str) -> None:
    """With a threshold of 10, 8 would stand for 10 alone: 6 to 9 are hidden."""
    with pytest.raises(ValidationError, match=f"'threshold' is {threshold}: .*: write {fitting}"):
        policy(threshold=threshold, rounding_base=base, rounding="midpoint")
    for fits in map(int, fitting.split(" or ")):
        assert possible(shown(fits, rule := policy(threshold=fits, rounding_base=base, rounding="midpoint")), rule) == (
            fits,
            fits + base - 1,
        )


def test_no_number_stands_for_one_count() -> None:
    """To the nearest 5, 12 would be shown as 10, and 10 would stand for nothing else if counts under 12 are hidden."""
    for threshold, base, fitting in ((12, 5, "11 or 13"), (10, 2, "another 'rounding_base'")):
        with pytest.raises(ValidationError, match=f"write {fitting}"):
            policy(threshold=threshold, rounding_base=base)
    for threshold in (1, 2, 5, 8, 9, 10, 11, 13, 14, 15, 16, 18):
        rule = policy(threshold=threshold)
        numbers = [shown(count, rule) for count in range(threshold, threshold + 40)]
        assert min(numbers.count(number) for number in numbers if number < numbers[-1]) > 1


def test_the_floor_under_midpoints_is_one_more_than_a_multiple_of_the_base() -> None:
    with pytest.raises(ValidationError, match="write 1 or 6"):
        Policy(**{**FLOOR.model_dump(), "rounding": "midpoint"})
    check_policy_not_below(policy(threshold=6, rounding="midpoint"), FLOOR)
    with pytest.raises(ConfigError, match=r"'threshold' is 1, below .*write 5 or more"):
        check_policy_not_below(policy(threshold=1, rounding="midpoint"), FLOOR)


@pytest.mark.parametrize("way", ["nearest", "midpoint"])
@pytest.mark.parametrize("base", [1, 2, 5, 6, 10, 25])
def test_what_is_behind_a_cumulative_number_is_what_is_shown_as_it(base: int, way: str) -> None:
    rule = policy().model_copy(update={"rounding_base": base, "rounding": way})
    counts = np.arange(400)
    numbers = round_cumulative(counts, rule)
    for number in np.unique(numbers)[:-1]:
        behind = counts[numbers == number]
        low, high = cumulative_bounds(np.array([number]), rule)
        assert (low[0], high[0]) == (behind.min(), behind.max())


@pytest.mark.parametrize("way", ["nearest", "midpoint"])
@pytest.mark.parametrize("base", [1, 2, 5, 6, 10, 25])
def test_possible_counts_are_exactly_those_shown_as_the_number(base: int, way: str) -> None:
    rule = policy().model_copy(update={"rounding_base": base, "rounding": way})
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
    assert curve_step(policy(threshold=21, rounding_base=6)) == 12
    assert curve_step(policy("public_records")) == 1


def test_public_records_stay_as_they_are() -> None:
    public = policy("public_records")
    assert [shown(count, public) for count in range(20)] == list(range(20))
    assert round_cumulative(range(20), public).tolist() == list(range(20))


def test_stricter_policy_passes() -> None:
    check_policy_not_below(policy(threshold=20, rounding_base=10, zero_discloses=True), policy())


def test_a_stream_rounds_in_the_custodians_intervals() -> None:
    six = policy(threshold=7, rounding_base=6, rounding="midpoint")
    check_policy_not_below(policy(threshold=13, rounding_base=12, rounding="midpoint"), six)
    check_policy_not_below(six, FLOOR)
    with pytest.raises(ConfigError, match="'rounding' is nearest; write midpoint"):
        check_policy_not_below(policy(rounding_base=12), six)
    with pytest.raises(ConfigError, match="'rounding_base' is 4; write 5 or more"):
        check_policy_not_below(policy(threshold=9, rounding_base=4), FLOOR)


def test_looser_policy_is_an_error_that_says_what_to_write() -> None:
    loose = policy(threshold=4, rounding_base=7, minimum_at_risk=1)
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


#: A looser value of every field that has a stricter direction, beside the policy below.
LOOSER: dict[str, object] = {
    "threshold": 9, "rounding_base": 7, "rounding": "midpoint", "zero_discloses": False, "minimum_events_per_level": 9,
    "minimum_residual_df": 9, "minimum_at_risk": 9, "file_types": ["csv", "json", "svg", "html", "tex"],
    "maximum_rows": 101, "largest_share": 0.6,
}  # fmt: skip
STRICTER_STILL: dict[str, object] = {
    "threshold": 11, "rounding_base": 10, "minimum_events_per_level": 11, "minimum_residual_df": 11,
    "minimum_at_risk": 11, "file_types": ["csv", "json", "svg"], "maximum_rows": 99, "largest_share": 0.4,
}  # fmt: skip


def test_no_field_of_a_policy_can_be_looser_than_the_minimum() -> None:
    """Field by field, so that a field that the comparison forgets is found here."""
    minimum = policy(zero_discloses=True, file_types=["csv", "json", "svg", "html"], maximum_rows=100)
    check_policy_not_below(minimum, minimum)
    assert set(LOOSER) | {"name", "description"} == set(Policy.model_fields)
    for field, value in LOOSER.items():
        with pytest.raises(ConfigError, match=f"'{field}' is") as error:
            check_policy_not_below(minimum.model_copy(update={field: value}), minimum)
        assert str(error.value).count("' is ") == 1
    for field, value in STRICTER_STILL.items():
        check_policy_not_below(minimum.model_copy(update={field: value}), minimum)


def test_a_field_without_a_direction_is_an_error_at_import() -> None:
    assert set(STRICTER) == set(Policy.model_fields)
    with pytest.raises(ImportError, match="in which direction dominance of a policy is stricter"):
        check_every_field_has_a_rule({**Policy.model_fields, "dominance": None})
