"""Who is observed as what and when, and where events are recorded, worked by hand on a few residents."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from health_world import PARAMETERS

from family_justice.sources.synthetic.clock import NULL, Ints, Streams, to_day
from family_justice.sources.synthetic.health.events import KIND, Events, pregnant
from family_justice.sources.synthetic.health.groups import phases
from family_justice.sources.synthetic.health.parameters import CONDITIONS, PLACES
from family_justice.sources.synthetic.health.practices import Registrations, read_registrations
from family_justice.sources.synthetic.people.residents import Residents

SERVICES = PARAMETERS.health.services


def day(text: str) -> int:
    return to_day(date.fromisoformat(text))


def residents_of(**columns: list[str | None]) -> Residents:
    """Return residents with some days; all live in Wales from 2000 to the end of 2020."""
    size = len(next(iter(columns.values())))
    given = {name: np.array([NULL if text is None else day(text) for text in texts]) for name, texts in columns.items()}
    unset: Ints = np.full(size, NULL)
    none = np.full(size, -1)
    rest = {
        "alf": 100 + np.arange(size), "human": none, "sex": np.ones(size, dtype=np.int64), "ethnicity": none,
        "quintile": none, "lsoa": none, "area": np.zeros(size, dtype=np.int64), "mother": none,
        "household": np.arange(size), "child_away": none, "since": np.full(size, day("2000-01-01")),
        "until": np.full(size, day("2020-12-31")),
    }  # fmt: skip
    days = ("death", "parent_issue", "child_issue", "private_adult", "private_child")
    return Residents(**{**rest, **dict.fromkeys(days, unset), **given})


def test_everybody_is_an_adult_from_18_a_young_mother_from_two_years_before_the_issue() -> None:
    """18 years of 365.25 days after 1 January 2000: 31 December 2017. 730 days before 1 June 2016: 2 June 2014."""
    residents = residents_of(
        week_of_birth=["2000-01-01"] * 4,
        parent_issue=[None, "2016-06-01", "2020-06-01", None],
        private_adult=[None, None, "2016-06-01", None],
        child_issue=[None, "2005-01-01", None, None],
        private_child=[None, None, None, "2004-01-01"],
    )
    adult, child = phases(PARAMETERS, residents)
    turned_18 = day("2017-12-31")
    # A parent in care proceedings is one whatever the person is in private law: the index is the s31 issue.
    assert adult.group.tolist() == [2, 0, 0, 2]
    assert adult.start.tolist() == [turned_18, day("2014-06-02"), turned_18, turned_18]
    assert child.group.tolist() == [2, 0, 2, 1]
    assert child.start.tolist() == [day("2009-01-01")] * 4
    assert child.stop.tolist() == adult.start.tolist()


def test_a_pregnancy_is_forty_weeks_before_the_birth_of_a_child_of_hers() -> None:
    residents = residents_of(week_of_birth=["1990-01-01", "1991-01-01", "2014-06-02"])
    residents.mother = np.array([-1, -1, 0])
    birth = day("2014-06-02")
    who, days = np.array([0, 0, 0, 0, 1]), np.array([birth - 281, birth - 280, birth, birth + 1, birth - 100])
    assert pregnant(residents, who, days).tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_of_an_adult_is_recorded_in_one_place_with_its_share(condition: str) -> None:
    size = 20_000
    draw = (np.arange(size) + 0.5) / size
    kind, adult = np.full(size, KIND[condition]), np.ones(size, dtype=bool)
    events = Events(np.zeros(size, dtype=np.int64), kind, kind, adult, draw)
    rows = [events.recorded(SERVICES, place, condition) for place in PLACES]
    assert sorted(np.concatenate(rows).tolist()) == list(range(size))
    for place, found in zip(PLACES, rows, strict=True):
        assert len(found) / size == pytest.approx(SERVICES.recorded_in.value[condition][place], abs=1e-4)
    child = Events(events.resident, kind, kind, ~adult, draw)
    assert len(child.recorded(SERVICES, "general_practice", condition)) == size
    assert len(child.recorded(SERVICES, "admission", condition)) == 0


def test_other_kinds_are_recorded_wherever_they_are_asked_for() -> None:
    kind = np.full(10, KIND["injury_admission"])
    events = Events(kind, kind, kind, np.ones(10, dtype=bool), np.linspace(0, 0.99, 10))
    assert len(events.recorded(SERVICES, "admission", "injury_admission")) == 10


def test_a_practice_records_while_people_are_registered_with_it_and_supplies_data() -> None:
    registered = Registrations(
        resident=np.array([0, 0, 1]),
        practice=np.array([7001, 7002, 7003]),
        start=np.array([100, 200, 100]),
        stop=np.array([199, 300, 300]),
        supplies=np.array([True, False, True]),
    )
    who, days = np.array([0, 0, 0, 0, 1, 2]), np.array([99, 100, 199, 200, 301, 150])
    assert registered.covering(who, days).tolist() == [-1, 0, 0, -1, -1, -1]


def test_registrations_are_those_of_the_register_and_end_with_the_time_in_wales() -> None:
    residents = residents_of(week_of_birth=["1990-01-01", "1991-01-01"])
    residents.until = np.array([day("2010-05-05"), day("2020-12-31")])
    register = {
        "ALF_E": np.array([101, 100, 101]),
        "PRAC_CD_E": np.array([7002, 7001, 7001]),
        "ACTIVEFROM": np.array([day("2012-01-01"), day("2000-01-01"), day("2000-01-01")]),
        "ACTIVETO": np.array([NULL, day("2010-06-30"), day("2011-12-31")]),
    }
    found = read_registrations(PARAMETERS, residents, register, Streams(1))
    assert found.resident.tolist() == [0, 1, 1]
    assert found.practice.tolist() == [7001, 7001, 7002]
    assert found.stop.tolist() == [day("2010-05-05"), day("2011-12-31"), day("2020-12-31")]
