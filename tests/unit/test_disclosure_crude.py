"""What rounding does to a crude estimate, by hand; no count makes it infinite."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import pytest
import yaml

from family_justice.config.schema import Policy
from family_justice.disclosure.rounding_shift import Cell, Shift, rounding_shift
from family_justice.measures import MEASURES

COURT = Path(__file__).parents[2] / "config/policies/court_records.yaml"
NEAREST = Policy(**{**yaml.safe_load(COURT.read_text()), "rounding_base": 5})
MIDPOINT = Policy(**{**NEAREST.model_dump(), "threshold": 11, "rounding": "midpoint"})


def test_odds_move_to_those_of_the_rounded_counts() -> None:
    # 52 of 103 and 31 of 98 are shown as 50 of 105 and 30 of 100.
    found = rounding_shift("log_odds_ratio", Cell(103, 52), Cell(98, 31), NEAREST)
    moved = math.log(50 / 55) - math.log(30 / 70) - (math.log(52 / 51) - math.log(31 / 67))
    assert found.estimate == pytest.approx(moved, abs=1e-12)
    exact, short = 1 / 52 + 1 / 51 + 1 / 31 + 1 / 67, 1 / 50 + 1 / 55 + 1 / 30 + 1 / 70
    assert found.error == pytest.approx(math.sqrt(short / exact))
    # One of five numbers, all as likely, has the variance (25 - 1)/12 = 2.
    slopes = [1 / 50 + 1 / 55, 1 / 55, 1 / 30 + 1 / 70, 1 / 70]
    assert found.variance == pytest.approx(2 * sum(slope**2 for slope in slopes), rel=1e-5)
    assert found.of_error(0.3) == pytest.approx(math.sqrt((0.3 * found.error) ** 2 + found.variance))


def test_midpoints_are_what_the_moved_estimate_rests_on() -> None:
    # 4 events are shown as 3, the midpoint of 1 to 5, and 44 as 43.
    found = rounding_shift("log_rate_ratio", Cell(200, 4), Cell(200, 44), MIDPOINT)
    assert found.estimate == pytest.approx(math.log(3 / 43) - math.log(4 / 44))


@pytest.mark.parametrize("policy", [NEAREST, MIDPOINT])
def test_no_count_makes_a_shift_infinite(policy: Policy) -> None:
    counts = [(0, 0), (1, 0), (1, 1), (9, 9), (12, 11), (12, 0), (10**9, 1), (10**9, 10**9), (30, 45)]
    for measure, first, second in product(MEASURES, counts, counts):
        for beside in ((), (0, 7)):
            found = rounding_shift(measure, Cell(*first, beside), Cell(*second, beside), policy)
            assert math.isfinite(found.estimate), (measure, first, second)
            assert 0 < found.error < math.inf, (measure, first, second)
            assert 0 <= found.variance < math.inf, (measure, first, second)


def test_nothing_moves_without_rounding_or_counts() -> None:
    unrounded = NEAREST.model_copy(update={"rounding_base": 1})
    assert rounding_shift("log_odds_ratio", Cell(40, 40), Cell(40, 0), unrounded) == Shift()
    assert rounding_shift("log_shape", Cell(40, 20), Cell(40, 10), NEAREST) == Shift()
