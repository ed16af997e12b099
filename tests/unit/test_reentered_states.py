"""States that members enter again and again, told by spells: from the cohort's SQL to released rows. Worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from family_justice.analyses.prepare import load_members
from family_justice.analyses.recount import find_behind
from family_justice.cohorts.extract import extract_cohort
from family_justice.config.check import check_stream
from family_justice.config.load import parse
from family_justice.config.schema import Policy, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.sets import gather
from family_justice.errors import CohortError, ConfigError, DisclosureError
from family_justice.estimators.survival.multistate import state_occupation, time_in_states
from family_justice.kinds.families.moves import find_moves, states_at
from family_justice.kinds.registry import KINDS
from family_justice.results import tidy

POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
OPEN = POLICY.model_copy(update={"threshold": 1, "rounding_base": 1, "minimum_at_risk": 0})
SPELLS = """
    SELECT * FROM (VALUES
        (1, 0, 'foster'), (1, 10, 'home'), (1, 20, 'foster'), (1, 30, 'kin'), (1, 35, 'home'),
        (2, 0, 'home'), (2, 15, 'adopted'), (2, 25, 'home'),
        (3, 0, 'kin'), (3, 12, 'foster')
    ) AS t (person, day, state)
"""
EVERYBODY = "SELECT DISTINCT person, DATE '2015-01-01' AS started FROM spell"
STATES: dict[str, Any] = {
    "home": {"label": "At home"},
    "away": {"label": "Away", "spells": ["foster", "kin"]},
    "adopted": {"label": "Adopted", "absorbing": True},
}
KEYS: dict[str, Any] = {
    "kind": "state_occupation", "spells": "places", "states": STATES, "censoring": ["ends"], "time_unit": "days",
    "every": 10, "until": 40, "restricted_mean_at": [40],
}  # fmt: skip


def study(sql: str = "", event: dict[str, Any] | None = None, **keys: Any) -> Stream:
    places = sql or "SELECT person, started + day::INTEGER AS date, state FROM spell"
    places = places.replace("FROM spell", "FROM spell JOIN cohort USING (person)")
    return parse({
        "stream": "s", "title": "t", "question": "q", "summary": "u",
        "cohorts": {"people": {
            "label": "People", "unit": "people", "description": "d", "key": ["person"], "time_zero": "started",
            "steps": [{"name": "all", "label": "All", "sql": EVERYBODY}],
            "events": {
                "places": {"label": "Places", "sql": places,
                           "states": ["foster", "kin", "home", "adopted"], **(event or {})},
                "ends": {"label": "End", "sql": "SELECT person, started + 40 AS date FROM cohort"},
            },
        }},
        "analyses": {"a": {"title": "T", "description": "d", "cohort": "people", **KEYS, **keys}},
    }, Stream, "s.yaml")  # fmt: skip


def extracted(tmp_path: Path, stream: Stream, spells: str = SPELLS) -> pd.DataFrame:
    duckdb.sql(spells).write_parquet(str(tmp_path / "spell.parquet"))
    extract_cohort(
        stream, "people", {"spell": tmp_path / "spell.parquet"}, None, tmp_path / "cohort.parquet", tmp_path / "a.csv"
    )
    cohort = stream.cohorts["people"]
    return load_members(cohort, tmp_path / "cohort.parquet", tmp_path, {}, stream.analyses["a"], "a")


def rows_of(frame: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    kind = KINDS["state_occupation"]
    rows = kind.run(frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    return tidy(rows, stream="s", analysis="a", kind="state_occupation", cohort="people")


def test_from_sql_to_probabilities_by_hand(tmp_path: Path) -> None:
    stream = study()
    check_stream(stream, {}, Path("s.yaml"))
    frame = extracted(tmp_path, stream)
    assert frame["places"].map(list).tolist() == [[0, 10, 20, 30, 35], [0, 15, 25], [0, 12]]
    analysis: Any = stream.analyses["a"]
    moves = find_moves(frame, analysis, "a")
    # Foster to kin is no move where both are "away"; nobody leaves an adoption.
    assert list(zip(moves.member, moves.day, moves.origin, moves.target, strict=True)) == [
        (0, 10, 1, 0), (0, 20, 0, 1), (0, 35, 1, 0), (1, 15, 0, 2),
    ]  # fmt: skip
    assert moves.begin.tolist() == [1, 0, 1]
    assert moves.dropped["after_absorbing"] == 1
    at = states_at(moves, np.array([0.0, 10, 34, 35, 40, 41]), np.array([False, False, True]))
    assert at.tolist() == [[1, 0, 1, 0, 0, -1], [0, 0, 2, 2, 2, 2], [1, 1, 1, 1, 1, -1]]
    rows = disclose(rows_of(frame, stream), OPEN).rows
    of = rows[rows["measure"] == "state_probability"].pivot(index="time", columns="term", values="estimate")
    assert_allclose(of[["home", "away", "adopted"]] * 3, [[1, 2, 0], [2, 1, 0], [0, 2, 1], [0, 2, 1], [1, 1, 1]])
    moved = rows[(rows["measure"] == "transitions") & (rows["time"] == 40)].set_index("term")["events"].to_dict()
    assert moved == {
        "time_zero:home": 1, "time_zero:away": 2, "home:away": 1, "home:adopted": 1, "away:home": 2,
    }  # fmt: skip
    mean = rows[rows["measure"] == "mean_time_in_state"].set_index("term")
    # Days in each state: (15, 25, 0), (15, 0, 25) and (0, 40, 0).
    assert_allclose(mean.loc[["home", "away", "adopted"], "estimate"], [10, 65 / 3, 25 / 3])
    days = np.array([[15, 25, 0], [15, 0, 25], [0, 40, 0]])
    assert_allclose(mean.loc[["home", "away", "adopted"], "std_error"], days.std(axis=0) / np.sqrt(3))


WRONG_SPELLS = [
    ("SELECT person, started + day::INTEGER AS date, 'moon' AS state FROM spell", "10 rows have a state that is not"),
    ("SELECT person, started + (day // 20 * 20)::INTEGER AS date, state FROM spell", "rows are on the same day"),
    ("SELECT person, started + day::INTEGER - 1 AS date, state FROM spell", "3 rows are before time zero"),
    ("SELECT person, started + day::INTEGER AS date, state FROM spell WHERE person < 3", "1 members have no state on"),
]


@pytest.mark.parametrize(("sql", "says"), WRONG_SPELLS)
def test_spells_that_cannot_be(tmp_path: Path, sql: str, says: str) -> None:
    with pytest.raises(CohortError, match=says):
        extracted(tmp_path, study(sql))


OUTCOMES = {"placed": {"label": "P", "event": "places", "censoring": ["ends"]}}
WRONG_KEYS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"repeats": True}, {}, "has many dates anyway; remove 'repeats'"),
    ({}, {"spells": "place"}, "spells: there is no event with 'states' 'place'"),
    ({}, {"spells": None}, "the analysis has no 'spells'; name the event"),
    ({}, {"ordered": False}, "ordered: states of spells come in any order; remove it"),
    ({}, {"states": {**STATES, "home": {"label": "h", "entered_by": "ends"}}}, "go without 'spells'"),
    ({}, {"states": {**STATES, "adopted": {"label": "a", "spells": ["kin", "adopted"]}}}, "'kin' is state 'away'"),
    ({}, {"states": {k: STATES[k] for k in ("home", "away")}}, "adopted of 'places' are in no state; put them into"),
    ({}, {"states": {**STATES, "time_zero": {"label": "t", "spells": ["kin"]}}}, "name stands for the start of time"),
    ({}, {"censoring": ["places"]}, "censoring: 'places' repeats"),
    ({}, {"restricted_mean_at": [45]}, "restricted_mean_at: 45.0 not on the grid"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "keys", "says"), WRONG_KEYS)
def test_keys_that_do_not_go_together(event: dict[str, Any], keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stream(study(event=event, **keys), {}, Path("s.yaml"))
    assert says in str(caught.value)


def test_no_outcome_is_read_from_spells() -> None:
    stream = study()
    cohort = stream.cohorts["people"].model_dump() | {"outcomes": OUTCOMES}
    wrong = parse({**stream.model_dump(exclude_none=True), "cohorts": {"people": cohort}}, Stream, "s.yaml")
    with pytest.raises(ConfigError, match="'places' is a history of spells"):
        check_stream(wrong, {}, Path("s.yaml"))


@st.composite
def careers(draw: st.DrawFn) -> pd.DataFrame:
    """Rows of people who move among three states, as often as they like, all observed for ten days."""
    rows = []
    for person in range(draw(st.integers(2, 8))):
        days = sorted(draw(st.sets(st.integers(1, 9), max_size=5)))
        states = [draw(st.integers(0, 2))]
        for _ in days:
            states.append(draw(st.integers(0, 2).filter(lambda state, last=states[-1]: state != last)))
        bounds = [0, *days, 10]
        for j, state in enumerate(states):
            to = states[j + 1] if j + 1 < len(states) else np.nan
            rows.append((person, bounds[j], bounds[j + 1], state, to))
    return pd.DataFrame(rows, columns=["id", "start", "stop", "here", "to"])


@settings(max_examples=60, deadline=None)
@given(careers(), st.floats(0.5, 10))
def test_where_all_are_observed_they_are_shares_and_means_of_people(rows: pd.DataFrame, until: float) -> None:
    """With everybody observed for as long, what is estimated is a share, and a mean of people, with its usual error."""
    lines = [rows[name] for name in ("id", "start", "stop", "here", "to")]
    n = rows["id"].nunique()
    found = state_occupation(*lines, times=[until], start_is_known=False)
    here = rows[(rows["start"] <= until) & (until < rows["stop"] + (rows["stop"] == 10))]
    spent = (rows["stop"].clip(upper=until) - rows["start"].clip(upper=until)).groupby([rows["id"], rows["here"]]).sum()
    mean = time_in_states(*lines, until=until, start_is_known=False)
    for s, state in enumerate(found.states):
        share = float((here["here"] == state).sum()) / n
        assert found.probability[0, s] == pytest.approx(share, abs=1e-12)
        assert found.std_error[0, s] == pytest.approx(np.sqrt(share * (1 - share) / n), abs=1e-12)
        days = spent.unstack(fill_value=0.0).reindex(columns=found.states, fill_value=0.0)[state].to_numpy()
        assert mean.mean[s] == pytest.approx(days.mean(), abs=1e-12)
        assert mean.std_error[s] == pytest.approx(days.std() / np.sqrt(n), abs=1e-12)
    assert mean.mean.sum() == pytest.approx(until)


def crowd(n: int = 1500, most: int = 8) -> pd.DataFrame:
    g = np.random.default_rng(5)
    days, words, ends = [], [], g.integers(15, 60, n).astype(float)
    for _ in range(n):
        own, told = [0], [str(g.choice(["home", "foster", "kin"], p=[0.3, 0.5, 0.2]))]
        while told[-1] != "adopted" and len(own) < most:
            own.append(own[-1] + int(np.ceil(g.exponential(25))))
            told.append("adopted" if g.random() < 0.2 else {"home": "foster"}.get(told[-1], "home"))
        days.append(np.array(own))
        words.append(np.array(told, dtype=object))
    frame = pd.DataFrame({"person": np.arange(n), "ends": ends})
    frame["places"], frame["places_state"] = days, words
    return frame


def released(frame: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
    stream = study()
    exact = rows_of(frame, stream)
    cohort = stream.cohorts["people"]
    behind = find_behind(exact, frame, cohort, stream.analyses["a"], stream.covariates, "a")
    return exact, disclose(exact, POLICY, sets=gather({"a": exact}, {"a": behind}))


def test_steps_are_as_wide_as_the_person_who_moves_most_often() -> None:
    frame = crowd()
    exact, found = released(frame)
    (curve,) = found.curves
    moves = find_moves(frame, study().analyses["a"], "a")  # type: ignore[arg-type]
    back = (moves.origin == 1) & (moves.target == 0) & (moves.day <= 40)
    most = int(np.bincount(moves.member[back]).max())
    assert curve.most_of_one("away:home") == most > 1
    rows = found.rows
    seen = rows[rows["term"] == "away:home"]["events"].dropna()
    assert len(seen)
    assert (seen % (5 * most) == 0).all()
    assert not seen.between(1, 10 * most - 1).any()
    # Nobody is adopted twice, or last seen twice.
    assert curve.most_of_one("home:adopted") == curve.most_of_one("home:") == 1
    of = rows[rows["measure"] == "state_probability"]
    assert (of.groupby("time")["estimate"].sum().round(12) == 1).all()
    both = of.merge(exact, on=["term", "time", "measure"], suffixes=("", "_exact"))
    assert (both["estimate"] - both["estimate_exact"]).abs().max() < 0.03
    known = both[both["estimate_exact"] > 0.1]
    assert_allclose(known["std_error"], known["std_error_exact"], rtol=0.25)
    mean, before = (r[r["measure"] == "mean_time_in_state"].set_index("term") for r in (rows, exact))
    assert_allclose(mean["estimate"], before["estimate"], atol=0.6)
    assert mean["estimate"].sum() == pytest.approx(40)
    assert_allclose(mean["std_error"], before["std_error"], rtol=0.25)
    assert not (mean["estimate"] == before["estimate"]).any()


def test_many_moves_of_few_people_do_not_show() -> None:
    """Three people make sixty moves home: more than any threshold for moves, and no number of them is told."""
    frame = crowd(400, most=1)
    for row in range(3):
        frame.at[row, "places"] = np.arange(41)
        frame.at[row, "places_state"] = np.array((["foster", "home"] * 21)[:41], dtype=object)
    frame.loc[:3, "ends"] = 45.0
    exact, found = released(frame)
    at_end = exact[(exact["term"] == "away:home") & (exact["time"] == 40)]["events"].iloc[0]
    assert at_end == 60
    shown = found.rows[found.rows["term"] == "away:home"]
    assert shown["events"].isna().all() or (shown["events"].fillna(0) == 0).all()


def test_starts_must_stay_what_they_are() -> None:
    exact = rows_of(crowd(), study())
    wrong = (exact["term"] == "time_zero:home") & (exact["time"] == 40)
    exact.loc[wrong, "events"] += 1
    with pytest.raises(DisclosureError, match="who starts in a state"):
        disclose(exact, POLICY)
