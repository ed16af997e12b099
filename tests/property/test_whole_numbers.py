"""What follows of whole numbers from bounds and sums, beside what trying all of them gives."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from family_justice.disclosure.exact import Combination, Constraints, Numbers, Programme

N = 4
TARGETS: list[Combination] = [((place, 1),) for place in range(N)] + [((1, 1), (0, -1))]


@st.composite
def programmes(draw: st.DrawFn) -> tuple[Programme, int]:
    """Return a programme of four numbers, of which one solution is known, and how many values are wanted."""
    truth = np.array(draw(st.lists(st.integers(0, 8), min_size=N, max_size=N)))
    less, more = (np.array(draw(st.lists(st.integers(0, 3), min_size=N, max_size=N))) for _ in range(2))
    # A constant is a fifth number with one value.
    ties = []
    for _ in range(draw(st.integers(0, 2))):
        factors = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=N, max_size=N).filter(any))
        ties.append(factors)
    totals = [int(np.dot(factors, truth)) for factors in ties]
    n = N + len(ties)
    zero = [(*((i, f) for i, f in enumerate(factors) if f), (N + row, -1)) for row, factors in enumerate(ties)]
    low, high, truth = (np.array([*x, *totals], dtype=np.int64) for x in (truth - less, truth + more, truth))
    at_least = [((1, 1), (0, -1))] if truth[1] >= truth[0] and draw(st.booleans()) else []
    return Programme(low, high, truth, Constraints(n, zero, at_least)), draw(st.integers(2, 4))


def every(programme: Programme) -> Numbers:
    """Return all solutions."""
    free = [range(low, high + 1) for low, high in zip(programme.low, programme.high, strict=True)]
    tried = np.array(list(itertools.product(*free)), dtype=np.int64)
    return tried[programme.constraints.holding(tried)]


def exact(programme: Programme) -> list[tuple[int, int]]:
    solutions = every(programme)
    values = [sum(factor * solutions[:, place] for place, factor in target) for target in TARGETS]
    return [(int(np.min(v)), int(np.max(v))) for v in values]


def assert_right(found: list[tuple[int, int]], known: list[tuple[int, int]], wanted: int) -> None:
    for (low, high), (least, greatest) in zip(found, known, strict=True):
        if high - low + 1 < wanted:
            assert (low, high) == (least, greatest)
        assert least <= low <= high <= greatest


@settings(max_examples=150, deadline=None)
@given(programmes())
def test_too_few_values_are_exactly_those_that_there_are(drawn: tuple[Programme, int]) -> None:
    programme, wanted = drawn
    assert_right(programme.ranges(TARGETS, wanted), exact(programme), wanted)


@settings(max_examples=150, deadline=None)
@given(programmes())
def test_the_first_that_has_too_few_values_is_found(drawn: tuple[Programme, int]) -> None:
    programme, wanted = drawn
    known = exact(programme)
    found = programme.ranges(TARGETS, wanted, first=True)
    narrow = [place for place, (low, high) in enumerate(known) if high - low + 1 < wanted]
    assert len(found) == (narrow[0] + 1 if narrow else len(TARGETS))
    assert_right(found, known[: len(found)], wanted)


@settings(max_examples=150, deadline=None)
@given(programmes(), st.integers(0, 2), st.integers(0, 2))
def test_what_was_possible_before_is_taken_only_where_it_still_is(
    drawn: tuple[Programme, int], more: int, less: int
) -> None:
    programme, wanted = drawn
    found: list[Numbers] = []
    programme.ranges(TARGETS, wanted, found)
    low, high = programme.low.copy(), programme.high.copy()
    low[0], high[0] = low[0] - more, high[0] + more
    low[2], high[2] = min(low[2] + less, programme.truth[2]), max(high[2] - less, programme.truth[2])
    other = Programme(low, high, programme.truth, programme.constraints)
    assert_right(other.ranges(TARGETS, wanted, found), exact(other), wanted)
