"""Sets of members are told by their prints: equal sets, unions, and sets that differ by a few."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from family_justice.disclosure.exact import Constraints, Programme
from family_justice.disclosure.unions import common_unions, small_unions, unions
from family_justice.errors import DamageError
from family_justice.prints import BUCKETS, PLACES, Counted, Printer, salt_of

N = 400
PRINTER = Printer(pd.DataFrame({"id": np.arange(N)}), None)


def print_of(ids: object, printer: Printer = PRINTER) -> np.ndarray:
    return printer.print(Counted(np.array(ids, dtype=np.int64))).prints[0]


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, N - 1)), st.sets(st.integers(0, N - 1)))
def test_a_print_is_of_the_set_alone(one: set[int], other: set[int]) -> None:
    assert (print_of(sorted(one)) == print_of(sorted(one, reverse=True))).all()
    assert (print_of(sorted(one)) == print_of(sorted(other))).all() == (one == other)
    assert (print_of(sorted(one | other)) == print_of(sorted(one)) + print_of(sorted(other - one))).all()
    differing = int((print_of(sorted(one)) != print_of(sorted(other))).sum())
    assert differing <= PLACES * len(one ^ other)


def test_a_member_is_known_by_its_key_whatever_the_column_is_called_and_wherever_it_stands() -> None:
    numbers = [7, 3, 5]
    one = Printer(pd.DataFrame({"person_id": numbers}), None)
    other = Printer(pd.DataFrame({"child_id": ["5", "7", "3"]}), None)
    assert (print_of([0, 2], one) == print_of([1, 0], other)).all()
    for salt in (b"another", bytes(range(240, 256))):
        salted = Printer(pd.DataFrame({"person_id": numbers}), None, salt=salt)
        assert (print_of([0, 2], one) != print_of([0, 2], salted)).any()


def test_people_are_counted_beside_rows_and_the_most_of_one_person() -> None:
    keys = pd.DataFrame({"case": np.arange(6)})
    printer = Printer(keys, pd.Series(["a", "a", "a", "b", "c", None]))
    found = printer.print(
        Counted(np.arange(6), times=np.array([1.0, 2.0, 3.0, 1.0, 3.0, 3.0])), np.array([0, 1, 2, 3.0])
    )
    assert found.people.tolist() == [0, 2, 2, 4]
    assert found.largest.tolist() == [0, 1, 2, 3]


def test_areas_count_the_people_that_they_hold() -> None:
    keys = pd.DataFrame({"area": ["A", "B"], "year": [1, 1]})
    printer = Printer(keys, None, holds=pd.Series([30, 4]))
    assert printer.print(Counted(np.array([0, 1]))).people.tolist() == [34]
    assert printer.print(Counted(np.array([0, 1]))).largest.tolist() == [0]


def test_a_member_with_two_events_counts_twice_and_is_one_person() -> None:
    found = PRINTER.print(Counted(np.array([4, 4, 9])))
    assert (found.people.tolist(), found.largest.tolist()) == ([2], [2])
    weighted = PRINTER.print(Counted(np.array([4, 9]), weights=np.array([2.0, 1.0])))
    assert (weighted.prints == found.prints).all()
    assert (weighted.people.tolist(), weighted.largest.tolist()) == ([2], [2])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.data())
def test_every_union_is_found_and_nothing_else(levels: int, data: st.DataObject) -> None:
    level = np.random.default_rng(data.draw(st.integers(0, 2**16))).integers(0, levels, N)
    parts = [np.flatnonzero(level == k) for k in range(levels) if (level == k).any()]
    prints = np.array([print_of(ids) for ids in parts])
    chosen = data.draw(st.sets(st.integers(0, len(parts) - 1), min_size=2))
    union = np.concatenate([parts[k] for k in sorted(chosen)])
    candidates = np.array([print_of(union), print_of(union[:-1]), print_of(np.arange(N - 1))])
    assert list(unions(prints, candidates))[:1] == [(0, sorted(chosen))]
    assert [place for place, _ in unions(prints, candidates[1:2])] == ([0] if len(union) - 1 == 0 else [])


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 3), st.integers(0, 2**16))
def test_single_sets_that_make_up_another_are_found(parts: int, seed: int) -> None:
    level = np.random.default_rng(seed).integers(0, 6, N)
    sets = [np.flatnonzero(level == k) for k in range(6)]
    whole = np.concatenate(sets[:parts])
    table = np.array([print_of(ids) for ids in [*sets, whole, whole[:-1]]])
    found = {place: chosen for place, chosen in small_unions(table)}
    assert found == {6: list(range(parts))}


def test_bands_and_groups_of_age_are_tied_where_they_meet() -> None:
    age = np.arange(N) % 50
    bands = [np.flatnonzero((age >= low) & (age < low + 10)) for low in range(0, 50, 10)]
    groups = [np.flatnonzero(age < 20), np.flatnonzero((age >= 20) & (age < 40)), np.flatnonzero(age >= 40)]
    found = common_unions(np.array([print_of(ids) for ids in bands]), np.array([print_of(ids) for ids in groups]))
    assert sorted(found) == [([0, 1], [0]), ([2, 3], [1]), ([4], [2])]


def test_partitions_that_meet_nowhere_are_tied_as_a_whole() -> None:
    third, fifth = (
        [np.flatnonzero(np.arange(N) % k == r) for k in (3,) for r in range(3)],
        np.array_split(np.arange(N), 5),
    )
    found = common_unions(np.array([print_of(ids) for ids in third]), np.array([print_of(ids) for ids in fifth]))
    assert found == [([0, 1, 2], [0, 1, 2, 3, 4])]


def test_prints_have_room_for_many_levels() -> None:
    printer = Printer(pd.DataFrame({"id": np.arange(5000)}), None)
    parts = np.array([print_of(ids, printer) for ids in np.array_split(np.arange(5000), BUCKETS - 6)])
    assert list(unions(parts, parts[[3, 5]].sum(axis=0, keepdims=True))) == [(0, [3, 5])]


def test_a_salt_is_made_once_and_stays(tmp_path: Path) -> None:
    salt = salt_of(tmp_path)
    assert (len(salt), salt_of(tmp_path)) == (16, salt)
    assert (tmp_path / ".salt").stat().st_mode & 0o777 == 0o600


def test_a_salt_that_is_not_whole_is_damage(tmp_path: Path) -> None:
    salt_of(tmp_path)
    (tmp_path / ".salt").write_bytes(b"")
    with pytest.raises(DamageError, match="Put back a copy"):
        salt_of(tmp_path)


def test_numbers_are_the_same_key_as_whole_numbers() -> None:
    whole, floating = (Printer(pd.DataFrame({"id": np.arange(5, dtype=kind)}), None) for kind in ("int64", "float64"))
    assert (print_of([1, 3], whole) == print_of([1, 3], floating)).all()


@pytest.mark.parametrize(("least", "expected"), [(53, (4, 4)), (52, (3, 4)), (51, (2, 4)), (45, (0, 4))])
def test_integer_programmes_see_all_sums_at_once(least: int, expected: tuple[int, int]) -> None:
    """Four released numbers of version 0.3.0: two bands of age, 53 to 57 and 23 to 27, are together an age group, in
    England 68 to 72 and in Wales at most 4. Then the bands are 53 and 23, and 72 and 4 the age group."""
    low, high = np.array([least, 23, 68, 0, 0]), np.array([57, 27, 72, 4, 1000])
    truth = np.array([53, 23, 72, 4, 76])
    zero = [((4, 1), (0, -1), (1, -1)), ((4, 1), (2, -1), (3, -1))]
    assert Programme(low, high, truth, Constraints(5, zero)).ranges([((3, 1),)], 10) == [expected]


def test_what_the_solver_says_counts_only_if_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded, its numbers 52, 23 and 75 contradict a bound, and 54, 24 and 77 a sum."""
    programme = Programme(
        np.array([53, 23, 0]),
        np.array([57, 27, 100]),
        np.array([53, 23, 76]),
        Constraints(3, [((2, 1), (0, -1), (1, -1))]),
    )
    for said in ([52.0, 23.0, 75.0], [54.0, 24.0, 77.0]):
        monkeypatch.setattr("scipy.optimize.milp", lambda *_, said=said, **__: SimpleNamespace(x=np.array(said)))
        assert programme.ranges([((0, 1),), ((1, 1),)], 10) == [(53, 53), (23, 23)]
