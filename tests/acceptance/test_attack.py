"""The attack of ``attack.py`` on a finished run leaves every small count three values, and bites on a naive release."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from attack import ATTACKS, JOINT, REFRESHES, Line, score
from attacks.background import Pool
from attacks.curves import Drawn, spoken, sums
from attacks.joint import Shown, bounds_of, window
from attacks.rules import WIDER, behind, behind_cumulative, steps_of, wider, widest
from attacks.system import System
from test_intruder import COURT

from family_justice.disclosure.rounding import round_cumulative, shown


@pytest.fixture(scope="module")
def attack_log(attacked: Path) -> tuple[list[Line], str]:
    """Return the log of the attack on a finished run, and the refusal of a second release."""
    said = json.loads(attacked.read_text(encoding="utf-8"))
    return [Line(**line) for line in said["log"]], said["refusal"]


def test_no_attack_narrows_a_small_count_of_the_real_release_down(attack_log: tuple[list[Line], str]) -> None:
    log, _ = attack_log
    assert {line.attack for line in log} == {*ATTACKS, *JOINT, REFRESHES, f"{REFRESHES}, no history"}
    promised = [line for line in log if line.attack != f"{REFRESHES}, no history"]
    assert [(line.attack, line.where) for line in promised if line.real_found] == []
    assert sum(line.small for line in log) > 500


def test_every_attack_bites_on_the_naive_release(attack_log: tuple[list[Line], str]) -> None:
    pinned: dict[str, int] = defaultdict(int)
    for line in attack_log[0]:
        pinned[line.attack] += line.naive_pinned
    assert [attack for attack, number in pinned.items() if number == 0] == []


def test_a_second_release_a_week_later_is_refused(attack_log: tuple[list[Line], str]) -> None:
    log, refusal = attack_log
    assert next(line for line in log if line.attack == REFRESHES).note == "second release refused"
    assert re.match("cells can be subtracted|together with what is released of the same people already", refusal)


def test_a_system_of_sums_leaves_what_trying_all_numbers_leaves() -> None:
    rng = np.random.default_rng(3)
    for _ in range(25):
        tops = rng.integers(1, 7, 4)
        ties = [({int(i): int(rng.choice([-1, 1])) for i in rng.choice(4, 3, replace=False)}) for _ in range(2)]
        truth = [int(rng.integers(0, top + 1)) for top in tops]
        system = System()
        for i, top in enumerate(tops):
            system.add(i, 0, int(top))
        for terms in ties:
            total = sum(factor * truth[i] for i, factor in terms.items())
            system.tie(terms, total, total)  # type: ignore[arg-type]
        every = [
            numbers
            for numbers in itertools.product(*(range(top + 1) for top in tops))
            if all(sum(f * numbers[i] for i, f in t.items()) == sum(f * truth[i] for i, f in t.items()) for t in ties)
        ]
        for i, (low, high) in system.solve(range(4)).items():
            values = {numbers[int(i)] for numbers in every}  # type: ignore[call-overload]
            assert low <= min(values)
            assert max(values) <= high
            if len(values) < 3:
                assert (low, high) == (min(values), max(values))


def test_a_faulty_attack_is_found_out() -> None:
    cell = ("stream", "analysis", "n", "", "", "term", "level", "")
    assert score("guess", "run", {cell: 4}, {cell: (4, 4)}, {cell: (1, 9)}, 10).naive_pinned == 1
    with pytest.raises(AssertionError, match="faulty"):
        score("guess", "run", {cell: 4}, {cell: (5, 9)}, {cell: (1, 9)}, 10)


def test_figures_are_read_as_they_are_drawn_and_told() -> None:
    line = Drawn(np.array([0, 1, 1, 2, 2.0]), np.array([0, 0, 3.5, 3.5, 7.0]), point=0.2)
    heights, errors = line.at([0, 1, 1.5, 2])
    assert heights.tolist() == [0, 3.5, 3.5, 7]
    assert (errors > 0.01).tolist() == [False, False, True, False]
    words = [
        "0 years\nEngland: 0.0%, 1\u202f005 at risk\nWales: 0.0%, 25 at risk",
        "1 year\nEngland: 3.5% (95% CI 2.1 to 4.9)",
    ]
    assert spoken(words, 2) == [[(0.0, 1005.0), (3.5, pytest.approx(float("nan"), nan_ok=True))], [(0.0, 25.0)]]


def test_a_series_that_others_add_up_to_is_recognised() -> None:
    found = sums((0, 20, 45), [(0, 10, 15), (0, 10, 30)])
    assert {tuple(sorted(parts)) for parts in found} == {((0, 10, 15), (0, 10, 30))}


def test_four_released_numbers_of_two_analyses_pin_a_count_only_if_recodes_are_known() -> None:
    """Women of 30 and over in England (68 to 72) and Wales (0 to 4) are those of 30 to 34 (53 to 57) and of 35 and over
    (23 to 27): 4 in Wales. The age groups of one analysis are unions of the bands of the other."""
    pool = Pool(1000)
    england, wales = pool.name(np.arange(700)), pool.name(np.arange(700, 740))
    young, old = pool.name(np.arange(0, 740, 2)), pool.name(np.arange(1, 740, 2))
    pool.partitions["groups"], pool.partitions["bands"] = [england, wales], [young, old]
    ties = pool.ties([england, wales, young, old])
    (tie,) = [tie for tie in ties if tie[2]]
    assert {frozenset(side) for side in tie[:2]} == {frozenset([england, wales]), frozenset([young, old])}
    told = {(england, "any"): (68, 72), (wales, "any"): (0, 4), (young, "again"): (53, 57), (old, "again"): (23, 27)}
    own = {key: [Shown(key, [0.0, 1.0], bounds=[(0, 0), bounds])] for key, bounds in told.items()}
    wanted = ("by now", wales, "any")
    for together, left in ((True, (4, 4)), (False, (0, 4))):
        kinds = [frozenset({"any", "again"})] if together else [frozenset({"any"}), frozenset({"again"})]
        assert window(own, kinds, [tie], 0.0, 1.0).solve([wanted])[wanted] == left


@pytest.mark.parametrize("rounding", ["nearest", "midpoint"])
def test_the_rules_are_turned_round_at_every_count(rounding: str) -> None:
    policy = COURT.model_copy(update={"threshold": 11, "rounding": rounding})
    for times in WIDER:
        rule = wider(policy, 2, times)
        for count in range(200):
            low, high = behind_cumulative(int(round_cumulative(count, rule)), rule)
            assert low <= count <= high
            assert low == 0 or round_cumulative(low - 1, rule) != round_cumulative(count, rule)
            assert round_cumulative(high + 1, rule) != round_cumulative(count, rule)
            if count >= policy.threshold:
                least, most = behind(shown(count, policy), policy)
                assert least <= count <= most


def test_the_steps_of_a_curve_are_seen_from_its_numbers() -> None:
    exact = list(range(0, 300, 7))
    for times in WIDER:
        numbers = round_cumulative(exact, wider(COURT, 1, times)).tolist()
        assert steps_of([(numbers, exact)], COURT, 1) == wider(COURT, 1, times)
        assert widest(set(numbers), COURT).rounding_base % (5 * times) == 0
    assert steps_of([([0, 1], [0, 1])], COURT, 1) is None  # a sum of other series


def test_a_curve_that_is_shown_to_its_end_with_nobody_has_nobody() -> None:
    """One of few events would have been withheld; one that ends early may have had its events later."""
    assert bounds_of([0, 0, 0], [0, 0, 0], COURT, enough=True) == [(0, 0)] * 3
    assert bounds_of([0, 0], [0, 0, 0], COURT, enough=True) == [(0, 4)] * 2
    assert bounds_of([0, 10], [0, 11], COURT, enough=True) == [(0, 4), (10, 12)]
