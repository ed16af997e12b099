"""A recorded duration whose end is told by a code: who is at risk, what ended it, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from family_justice.analyses.prepare import follow_up
from family_justice.config.check_cohort import cohort_problems
from family_justice.config.load import parse
from family_justice.config.schema import Event, Outcome, Status, Stream
from family_justice.errors import AnalysisError
from family_justice.kinds.families.wording import Wording
from family_justice.second_program.follow_up import observe

STATUS = {"column": "how", "event": 1, "competing": {2: "Death"}}
CODED = {"label": "Return", "duration": "time", "time_unit": "months", "status": STATUS}
PEOPLE = pd.DataFrame({"time": [1.0, 2.5, 2.5, 4.0, 0.0], "how": [1, 2, 0, 1, 0], "entry": [0.0, 2.5, 1.0, -1.0, 0.0]})


def outcome(**changed: Any) -> Outcome:
    return Outcome(**{**CODED, **changed})


def test_a_code_says_how_a_duration_ended() -> None:
    seen = follow_up(PEOPLE, outcome(), "test")
    assert seen.exit.tolist() == [1.0, 2.5, 2.5, 4.0, 0.0]  # as recorded, whatever the unit
    assert seen.cause.tolist() == [1, 2, 0, 1, 0]
    either = outcome(status={"column": "how", "event": [1, 2]})
    assert follow_up(PEOPLE, either, "test").cause.tolist() == [1, 1, 0, 1, 0]
    turned = outcome(status={"column": "how", "event": 2, "competing": {1: "Return"}})
    assert follow_up(PEOPLE, turned, "test").cause.tolist() == [2, 1, 0, 2, 0]


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_codes_may_be_words(kind: str) -> None:
    words = PEOPLE.assign(how=PEOPLE["how"].map({0: "alive", 1: "back", 2: "died"}).astype(kind))
    status = {"column": "how", "event": "back", "competing": {"died": "Death"}, "censored": "alive"}
    assert follow_up(words, outcome(status=status), "test").cause.tolist() == [1, 2, 0, 1, 0]


def test_observation_from_a_later_time_on() -> None:
    """Who enters when they leave was never observed, as R's ``Surv`` has it; who enters before zero, from zero on."""
    seen = follow_up(PEOPLE, outcome(entry="entry"), "test")
    assert seen.entry is not None
    assert (seen.rows.tolist(), seen.entry.tolist()) == ([0, 2, 3], [0.0, 1.0, 0.0])
    assert sum(seen.left_out.values()) == 2
    assert seen.time.tolist() == [1.0, 1.5, 4.0]


@pytest.mark.parametrize("entry", [None, "entry"])
def test_the_second_program_reads_the_same(entry: str | None) -> None:
    ours, theirs = follow_up(PEOPLE, outcome(entry=entry), "test"), observe(PEOPLE, outcome(entry=entry))
    assert theirs.stop.tolist() == ours.exit.tolist()
    assert np.select([theirs.event, theirs.competing], [1, 2], 0).tolist() == ours.cause.tolist()
    assert (None if theirs.start is None else theirs.start.tolist()) == (None if entry is None else ours.entry.tolist())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"how": [1, 2, 0, 3, np.nan]}, "'how' is missing in 1 rows, so that nobody knows how they ended"),
        ({"how": [1, 2, 0, 3, 7]}, "'how' has another value than 1, 2 and 0 in 2 rows. How a duration may end stands"),
        ({"how": ["1", "2", "0", "1", "0"]}, "in 5 rows"),
        ({"time": [1, -2, 2, 3, np.nan]}, "'time' is missing or negative in 2 rows"),
        ({"time": list("abcde")}, "'duration' is 'time', which is no number column of the cohort"),
        ({"entry": [0, np.nan, 1, 1, 1]}, "observation of 1 members has no start; 'entry' must have a number"),
        ({"entry": list("abcde")}, "'entry' is 'entry', which is no number column of the cohort"),
    ],
)
def test_what_cannot_be_read_is_counted(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        follow_up(PEOPLE.assign(**changed), outcome(entry="entry"), "test")
    assert says in str(caught.value)
    assert "3 and" not in str(caught.value)  # no value of a record


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(AnalysisError, match=r"the cohort has no column 'how'. It has: time, entry"):
        follow_up(PEOPLE.drop(columns="how"), outcome(), "test")


def study(**changed: Any) -> Stream:
    return parse({
        "stream": "s", "title": "t", "question": "q", "summary": "u",
        "cohorts": {"people": {
            "label": "People", "unit": "people", "description": "d", "key": ["person"], "time_zero": "day",
            "steps": [{"name": "all", "label": "All", "sql": "SELECT 1"}],
            "events": {"moved": {"label": "Moved", "sql": "SELECT 1"}},
            "outcomes": {"back": {key: value for key, value in {**CODED, **changed}.items() if value is not None}},
        }},
        "analyses": {"a": {"kind": "cumulative_incidence", "title": "T", "description": "d", "cohort": "people",
                           "outcomes": ["back"], "every": 1, "until": 3}},
    }, Stream, "s.yaml")  # fmt: skip


WRONG = [
    ({"status": None}, "write either 'indicator', a column that is 1 if the event ended the duration, else 0; or"),
    ({"indicator": "how"}, "write either 'indicator'"),
    ({"competing": ["moved"]}, "'competing' names events with dates; of a duration write status: {column: COLUMN"),
    ({"censoring": ["moved"]}, "'censoring' goes with dates"),
    ({"at_risk_after_days": 3}, "'at_risk_after_days' goes with dates"),
    ({"entry": "moved"}, "'moved' is an event with a date; of a duration write a number column"),
    ({"duration": None, "event": "moved", "censoring": ["moved"]}, "'status' goes with 'duration'; remove it"),
    ({"duration": None, "status": None}, "write either 'event' (with 'competing' and 'censoring') or 'duration'"),
    ({"status": {**STATUS, "event": [1, 2]}}, "status: 2 written twice; a code has one meaning"),
    ({"status": {**STATUS, "censored": 1}}, "status: 1 written twice"),
    ({"status": {**STATUS, "event": []}}, "status: 'event' and 'censored' need a code each"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "says"), WRONG)
def test_what_does_not_fit_together_is_told_before_any_job(changed: dict[str, Any], says: str) -> None:
    stream = study(**changed)
    assert any(says in line for line in cohort_problems("c", stream.cohorts["people"], stream, {})), says


def test_a_code_is_a_number_or_text() -> None:
    for code in (True, 1.5, None):
        with pytest.raises(ValidationError):
            Status(column="how", event=code)  # type: ignore[arg-type]


def test_the_words_say_what_competes() -> None:
    stream = study()
    cohort, analysis = stream.cohorts["people"], stream.analyses["a"]
    assert Wording(analysis, cohort, {}).competing(["back"]) == "death as competing event"
    other = outcome(status={"column": "how", "event": 2, "competing": {1: "Return"}})
    both = cohort.model_copy(update={"outcomes": {**cohort.outcomes, "died": other}})
    assert Wording(analysis, both, {}).competing(["back", "died"]) == "each of these competing with the other"
    dated = Outcome(label="x", event="moved", competing=["moved"])
    assert dated.competing_labels({"moved": Event(label="Moved", sql="SELECT 1")}) == ["Moved"]
