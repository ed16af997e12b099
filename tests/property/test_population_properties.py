"""Properties of the arithmetic that the synthetic population rests on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from family_justice.sources.synthetic.clock import (
    NULL,
    Streams,
    completed_years,
    distinct,
    draw_shares,
    from_calendar,
    is_among,
    join,
    monday,
    next_working_day,
    order_of,
    to_day,
)
from family_justice.sources.synthetic.parameters.effects import infant_age
from family_justice.sources.synthetic.parameters.model import Hazard, Leaf
from family_justice.sources.synthetic.people.register import draw_apart
from family_justice.sources.synthetic.private_law.families import eighteenth_birthday
from family_justice.sources.synthetic.public_law.returns import draw_times, new_births
from family_justice.sources.synthetic.systems.records import typing_errors

DATES = st.dates(date(1930, 1, 1), date(2025, 12, 31))


def days(*dates):
    return np.array([to_day(one) for one in dates])


def as_date(day):
    return date(1970, 1, 1) + timedelta(days=int(day))


@settings(deadline=None)
@given(DATES)
def test_week_of_birth_is_the_monday_on_or_before(day):
    found = as_date(monday(days(day))[0])
    assert found.weekday() == 0
    assert 0 <= (day - found).days <= 6


@settings(deadline=None)
@given(DATES)
def test_next_working_day_is_the_same_day_or_the_monday_after(day):
    found = as_date(next_working_day(days(day))[0])
    assert found == day if day.weekday() < 5 else (found.weekday() == 0 and 0 < (found - day).days <= 2)


@settings(deadline=None)
@given(DATES, DATES)
def test_completed_years_are_birthdays_passed(birth, on):
    expected = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    assert completed_years(days(birth), days(on))[0] == expected


@settings(deadline=None)
@given(DATES)
def test_calendar_and_back(day):
    assert from_calendar(*(np.array([part]) for part in (day.year, day.month, day.day)))[0] == to_day(day)


@settings(deadline=None)
@given(DATES, st.integers(0, 2**32 - 1))
def test_typing_errors_are_undone_by_the_published_repair(day, seed):
    birth = monday(days(day))
    assume((as_date(birth[0]).month, as_date(birth[0]).day) != (2, 29))
    wrong = typing_errors(birth, np.array([True]), np.random.default_rng(seed)).astype("M8[D]")[0]
    year, rest = str(wrong).split("-", 1)
    assert year[:2] in ("18", "79", "22", "29")
    century = {"18": "19", "79": "19", "22": "20", "29": "20"}[year[:2]]
    assert century + year[2:] + "-" + rest == str(as_date(birth[0]))


@settings(deadline=None)
@given(st.lists(st.integers(0, 8), max_size=12), st.lists(st.integers(0, 8), max_size=12))
def test_join_gives_all_pairs_with_equal_keys(left, right):
    right = sorted(right)
    rows, places = join(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64))
    expected = [(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b]
    assert list(zip(rows.tolist(), places.tolist(), strict=True)) == expected


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.integers(0, 1000))
def test_only_categories_with_a_share_are_drawn(weights, seed):
    shares = np.tile(np.array([*weights, 0.0]) / sum(weights), (50, 1))
    drawn = draw_shares(shares, np.random.default_rng(seed))
    assert drawn.min() >= 0
    assert drawn.max() < len(weights)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 3000), max_size=5, unique=True).map(sorted),
    st.data(),
    st.floats(0.1, 5),
    st.integers(0, 1000),
)
def test_the_hazard_integrated_to_the_drawn_time_is_the_exponential_draw(cuts, data, ratio, seed):
    """The definition of a time with a piecewise constant hazard: its integrated hazard is a unit exponential."""
    rates = data.draw(st.lists(st.floats(1, 200), min_size=len(cuts) + 1, max_size=len(cuts) + 1))
    hazard = Hazard.model_construct(
        cut_points_days=Leaf(value=cuts, source="assumption"),
        events_per_1000_years=Leaf(value=rates, source="assumption"),
    )
    ratios = np.full(20, ratio)
    times = draw_times(hazard, ratios, np.random.default_rng(seed))
    drawn = np.random.default_rng(seed).exponential(size=20)
    edges = np.array([0, *cuts, np.inf])
    exposed = np.clip(times[:, None], edges[:-1], edges[1:]) - edges[:-1]
    integral = (exposed * np.array(rates)).sum(axis=1) / 1000 / 365.25 * ratio
    np.testing.assert_allclose(integral, drawn, rtol=1e-9)


@settings(deadline=None)
@given(DATES, st.integers(1, 5000), st.integers(-400, 200), st.integers(0, 1000), st.floats(0, 1))
def test_a_new_child_is_born_in_a_week_on_or_after_the_case_before(issue, gap, latest, seed, share):
    class Parameters:
        class returns:
            baby_under_4_weeks = Leaf(value=share, source="assumption")

        class children:
            weeks_under_4_weeks = Leaf(
                value={"unborn": 0.1, "0": 0.4, "1": 0.2, "2": 0.2, "3": 0.1}, source="assumption"
            )

    before = days(issue)
    birth = new_births(Parameters, before, before + latest, before + gap, np.random.default_rng(seed))
    assert as_date(birth[0]).weekday() == 0
    assert birth[0] >= before[0]
    assert birth[0] <= before[0] + gap + 26 * 7 + 7


@settings(deadline=None)
@given(st.integers(-300, 380))
def test_infant_age_codes(age):
    expected = 0 if age < 14 else 1 if age <= 90 else 2
    assert infant_age(np.array([age]))[0] == expected


@settings(deadline=None)
@given(st.integers(0, 10**6), st.text(max_size=20), st.text(max_size=20))
def test_streams_depend_on_their_name_and_the_seed_only(seed, name, other):
    first = Streams(seed)(name).random(3)
    streams = Streams(seed)
    streams(other).random(100)
    assert (streams(name).random(3) == first).all()
    assert (Streams(seed + 1)(name).random(3) != first).any()


@settings(deadline=None)
@given(DATES)
def test_the_eighteenth_birthday_is_the_first_day_of_being_18(birth):
    day = eighteenth_birthday(days(birth))
    assert completed_years(days(birth), day)[0] == 18
    assert completed_years(days(birth), day - 1)[0] == 17


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=30), st.integers(0, 10**6))
def test_draws_apart_do_not_depend_on_rows_of_the_other_kind(kinds, seed):
    def draw(random, size):
        return random.random(size)

    is_private = np.array(kinds, dtype=bool)
    drawn = draw_apart(Streams(seed), "name", is_private, draw)
    for kind in (False, True):
        alone = draw_apart(Streams(seed), "name", np.full(int((is_private == kind).sum()), kind), draw)
        assert (drawn[is_private == kind] == alone).all()
    assert len(set(drawn.tolist())) == len(drawn)


@settings(deadline=None)
@given(st.lists(st.integers(-3, 40), max_size=40))
def test_distinct_values_are_those_of_a_set_in_order(values):
    assert distinct(np.array(values, dtype=np.int64)).tolist() == sorted(set(values))


@settings(deadline=None)
@given(st.lists(st.integers(-3, 9), max_size=20), st.sets(st.integers(-3, 9)))
def test_values_are_among_those_known(values, known):
    found = is_among(np.array(values, dtype=np.int64), np.array(sorted(known), dtype=np.int64))
    assert found.tolist() == [value in known for value in values]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), max_size=30), st.permutations(range(25)))
def test_rows_are_put_in_order_and_equal_rows_stay_as_they_were(pairs, numbers):
    for keys in ([one for one, _ in pairs], numbers, [7 * one for one in numbers]):
        order = order_of(np.array(keys, dtype=np.int64))
        assert order.tolist() == sorted(range(len(keys)), key=lambda row: keys[row])
    # Keys that fit into one number with the row, without it, and not at all (an empty value is the smallest integer).
    for far in (1, 2**56, 2**61, NULL):
        first, second = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in range(2))
        second = np.where(second == 3, far, second)
        wanted = sorted(range(len(pairs)), key=lambda row: (first[row], second[row]))
        assert order_of(first, second).tolist() == wanted
