"""The planted course of parents in care proceedings: what is in the events is what the truth table says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from health_world import PARAMETERS, make_residents

from family_justice.sources.synthetic.clock import NULL, Streams
from family_justice.sources.synthetic.health.before_court import nobody
from family_justice.sources.synthetic.health.course import BOUNDS, END
from family_justice.sources.synthetic.health.events import Events, draw_events
from family_justice.sources.synthetic.health.parameters import AFTER, BEFORE
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.parameters.truth import truth_table
from family_justice.sources.synthetic.people.residents import Residents

COURSE = PARAMETERS.health.needs.course_of_parents
TRUTH = {(name, level): value for name, _, level, value, _ in truth_table(PARAMETERS)}


@pytest.fixture(scope="module")
def world() -> tuple[Residents, Events]:
    residents, _ = make_residents({"parents": 16_000}, seed=4)
    return residents, draw_events(PARAMETERS, residents, Streams(5), nobody())


def test_the_crisis_leaves_the_two_years_before_as_they_are() -> None:
    """Shares of people with any record in two years rest on the mean of the factors over these days."""
    ends = [*list(BOUNDS.values())[1:], END]
    days = {name: stop - start for (name, start), stop in zip(BOUNDS.items(), ends, strict=True)}
    mean = sum(COURSE.before.value[name] * days[name] for name in BEFORE) / sum(days[name] for name in BEFORE)
    assert mean == pytest.approx(1, abs=0.001)
    assert sum(days.values()) == 4 * 365


@pytest.mark.parametrize("sex", [0, 1])
@pytest.mark.parametrize(("away", "home"), [(1, "away"), (0, "at_home")])
def test_rates_around_the_issue_are_those_of_the_truth_table(
    world: tuple[Residents, Events], away: int, home: str, sex: int
) -> None:
    residents, events = world
    chosen = (residents.child_away == away) & (residents.sex == sex)
    mental = events.of("depression", "anxiety", "severe_mental_illness")
    mine = mental[chosen[events.resident[mental]]]
    since = events.day[mine] - residents.parent_issue[events.resident[mine]]
    ends = dict(zip(BOUNDS, [*list(BOUNDS.values())[1:], END], strict=True))
    found = {}
    for name, first in BOUNDS.items():
        alive = np.minimum(residents.until[chosen] + 1 - residents.parent_issue[chosen], ends[name]) - first
        number = ((since >= first) & (since < ends[name])).sum()
        found[name] = number, number / np.maximum(alive, 0).sum()
    base, rate = found[BEFORE[0]]
    planted = {name: TRUTH["crisis_before_proceedings", name] for name in BEFORE}
    sexes = ("male", "female")
    planted |= {name: TRUTH[f"mental_health_after_{home}_{sexes[sex]}", name] for name in AFTER}
    for name, (number, own) in found.items():
        # Records of a person come together, so that their sum varies more than a Poisson number.
        error = math.sqrt(3 / number + 3 / base)
        assert math.log(own / rate) == pytest.approx(planted[name], abs=4 * error + 1e-9), name


def test_before_and_after_alone_say_the_opposite_of_what_is_planted(world: tuple[Residents, Events]) -> None:
    """Mothers whose child was placed away: 1.5 times the records of a year and more before, fewer than in the crisis."""
    residents, events = world
    chosen = (residents.child_away == 1) & (residents.sex == 1)
    mental = events.of("depression", "anxiety", "severe_mental_illness")
    mine = mental[chosen[events.resident[mental]]]
    since = events.day[mine] - residents.parent_issue[events.resident[mine]]
    after, crisis = (((since >= first) & (since < first + 91)).sum() for first in (0, -91))
    assert TRUTH["mental_health_after_away_female", AFTER[0]] == pytest.approx(math.log(1.5))
    assert after / crisis < 0.9


def test_what_others_have_is_as_it_was() -> None:
    """Adults in private law keep the course of all court people, whatever is planted for parents."""
    residents, _ = make_residents({"private_adults": 400, "adults": 400, "parents": 400}, seed=4)
    changed = PARAMETERS.model_copy(deep=True)
    changed.health.needs.course_of_parents.after.value["mental_health"]["away"]["female"]["first year after"] = 5.0
    others = set(np.flatnonzero(residents.parent_issue == NULL).tolist())
    assert len(others) == 800

    def drawn(parameters: Parameters) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        events = draw_events(parameters, residents, Streams(5), nobody())
        rows = sorted(zip(events.resident.tolist(), events.day.tolist(), events.kind.tolist(), strict=True))
        return [row for row in rows if row[0] in others], [row for row in rows if row[0] not in others]

    (same, parents), (again, more) = drawn(PARAMETERS), drawn(changed)
    assert len(same) > 1000
    assert same == again
    assert len(more) > len(parents)
