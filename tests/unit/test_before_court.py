"""The health of mothers before their first care proceedings: what returns were drawn with is what services record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from health_world import PARAMETERS, make_residents

from family_justice.sources.synthetic.clock import Streams
from family_justice.sources.synthetic.health.before_court import (
    CONDITIONS,
    MENTAL,
    TWO_YEARS,
    BeforeCourt,
    draw_before_court,
    nobody,
)
from family_justice.sources.synthetic.health.events import Events, draw_events
from family_justice.sources.synthetic.people.residents import Residents

MOTHERS = 8_000


@pytest.fixture(scope="module")
def world() -> tuple[Residents, BeforeCourt, Events, Events]:
    """Parents of whom all were drawn before, their events, and those of the same people if none was."""
    residents, _ = make_residents({"parents": MOTHERS, "adults": 500}, seed=4)
    human = np.where(np.arange(len(residents)) < MOTHERS, np.arange(len(residents)), -1)
    residents = replace(residents, human=human, sex=np.ones(len(residents), dtype=np.int64))
    none = np.zeros(0, dtype=np.int64)
    before = draw_before_court(PARAMETERS.health, residents.parent_issue[:MOTHERS], none, none, Streams(6))
    with_them = draw_events(PARAMETERS, residents, Streams(5), before)
    return residents, before, with_them, draw_events(PARAMETERS, residents, Streams(5), nobody())


def in_look_back(residents: Residents, events: Events, *kinds: str) -> np.ndarray:
    """Return who has an event of some kinds in the two years before the first issue (n,)."""
    rows = events.of(*kinds)
    since = events.day[rows] - residents.parent_issue[events.resident[rows]]
    inside = (since >= -TWO_YEARS) & (since < 0) & (events.resident[rows] < MOTHERS)
    return np.bincount(events.resident[rows[inside]], minlength=len(residents)) > 0


@pytest.mark.parametrize("kinds", [MENTAL, ("substance_use",)])
def test_whoever_was_drawn_with_a_record_has_one_and_nobody_else(
    world: tuple[Residents, BeforeCourt, Events, Events], kinds: tuple[str, ...]
) -> None:
    residents, before, events, _ = world
    alive = (residents.until >= residents.parent_issue)[:MOTHERS]
    found = in_look_back(residents, events, *kinds)[:MOTHERS]
    assert 0.1 < found.mean() < 0.6
    assert (found == before.recorded(*kinds))[alive].all()


@pytest.mark.parametrize("kind", CONDITIONS)
def test_records_are_as_frequent_as_those_that_are_drawn_later(
    world: tuple[Residents, BeforeCourt, Events, Events], kind: str
) -> None:
    """Before, after, and long before the issue: the numbers differ by chance alone."""
    residents, _, *drawn = world
    numbers = []
    for events in drawn:
        rows = events.of(kind)
        rows = rows[events.resident[rows] < MOTHERS]
        since = events.day[rows] - residents.parent_issue[events.resident[rows]]
        numbers.append(np.histogram(since, [-4000, -TWO_YEARS, -365, -91, 0, 365, 4000])[0])
    first, second = numbers
    assert (np.abs(first - second) < 5 * np.sqrt(first + second) + 0.05 * second).all()


def test_a_mother_with_records_is_prone_to_the_condition_afterwards(
    world: tuple[Residents, BeforeCourt, Events, Events],
) -> None:
    residents, before, events, _ = world
    rows = events.of("substance_use")
    later = rows[events.day[rows] >= residents.parent_issue[events.resident[rows]]]
    has_later = np.bincount(events.resident[later], minlength=len(residents))[:MOTHERS] > 0
    had = before.recorded("substance_use")
    assert has_later[had].mean() > 0.8
    assert has_later[~had].mean() < 0.15


def test_a_mother_who_is_first_a_parent_in_another_case_is_left_out() -> None:
    none = np.zeros(0, dtype=np.int64)
    before = draw_before_court(PARAMETERS.health, np.array([15_000, 16_000]), none, none, Streams(6))
    places = before.places(human=np.array([7, 1, 0, -1]), issue=np.array([15_000, 16_001, 15_000, 16_000]))
    assert places.tolist() == [2, -1]
