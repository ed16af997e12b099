"""From a stream's words to released rows: in which of several states members are over time. Worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import svg_only
from numpy.testing import assert_allclose

from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.load import parse
from family_justice.config.schema import Policy, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import AnalysisError, ConfigError, DisclosureError
from family_justice.estimators.survival.life_table import actuarial
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.kinds.families.moves import find_moves, histories
from family_justice.kinds.state_occupation.run import run as state_occupation
from family_justice.measures import MEMBERS
from family_justice.report.tables import states_table as report
from family_justice.results import tidy

POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
OPEN = POLICY.model_copy(update={"threshold": 1, "rounding_base": 1, "minimum_at_risk": 0})

STATES: dict[str, Any] = {
    "home": {"label": "At home"},
    "care": {"label": "In care", "entered_by": "placed"},
    "again": {"label": "In care again", "entered_by": "placed", "number": 2},
    "dead": {"label": "Dead", "entered_by": "death", "absorbing": True},
}
KEYS: dict[str, Any] = {
    "kind": "state_occupation", "states": STATES, "censoring": ["ends"], "time_unit": "days", "every": 10, "until": 30,
}  # fmt: skip


def study(**keys: Any) -> Stream:
    event = {name: {"label": name, "sql": "SELECT 1"} for name in ("death", "ends")}
    return parse({
        "stream": "s", "title": "t", "question": "q", "summary": "u",
        "cohorts": {"people": {
            "label": "People", "unit": "people", "description": "d", "key": ["person"], "time_zero": "day",
            "steps": [{"name": "all", "label": "All", "sql": "SELECT 1"}],
            "events": {"placed": {"label": "Placed", "sql": "SELECT 1", "repeats": True}, **event},
            "covariates": ["side"],
        }},
        "covariates": {"side": {
            "label": "Side", "definition": "A side.", "value": "side", "levels": ["left", "right"], "reference": "left",
        }},
        "analyses": {"a": {"title": "T", "description": "d", "cohort": "people", **KEYS, **keys}},
    }, Stream, "s.yaml")  # fmt: skip


def members(*people: tuple[list[int], float | None, float]) -> pd.DataFrame:
    placed, death, ends = zip(*people, strict=True)
    frame = pd.DataFrame({"death": np.array(death, dtype=float), "ends": ends})
    frame["placed"] = [np.array(days, dtype=int) for days in placed]
    frame["side"] = pd.Categorical(["left", "right"] * (len(frame) // 2) + ["left"] * (len(frame) % 2))
    return frame


PEOPLE = members(
    ([5, 15], None, 40),  # home, care, care again
    ([10], 12, 40),  # dies in care
    ([], None, 8),  # last seen at home on day 8
    ([20], 20, 40),  # placed and dead on one day: dead
    ([25], None, 20),  # placed after the end of observation: not seen
    ([4], 0, 40),  # dead from day 0: the later placement is none
)


def test_moves_by_hand() -> None:
    moves = find_moves(PEOPLE, study().analyses["a"], "a")  # type: ignore[arg-type]
    found = list(zip(moves.member, moves.day, moves.origin, moves.target, strict=True))
    assert found == [(0, 5, 0, 1), (0, 15, 1, 2), (1, 10, 0, 1), (1, 12, 1, 3), (3, 20, 0, 3), (5, 0, 0, 3)]
    assert moves.final.tolist() == [2, 3, 0, 3, 0, 3]
    assert moves.dropped == {"same_day": 1, "against_order": 0, "after_absorbing": 1}
    rows = histories(moves, np.array([False, False, False, True]))
    assert rows.member.tolist() == [0, 0, 0, 1, 1, 2, 3, 4, 5]
    assert rows.start.tolist() == [0, 5, 15, 0, 10, 0, 0, 0, 0]
    assert rows.stop.tolist() == [5, 15, 40, 10, 12, 8, 20, 20, 0.5]
    assert rows.from_state.tolist() == [0, 1, 2, 0, 1, 0, 0, 0, 3]
    assert_allclose(rows.to_state, [1, 2, np.nan, 1, 3, np.nan, 3, np.nan, np.nan])


def test_an_order_can_be_left_open() -> None:
    """States reached in another order than that of the list are moves only if the order is free."""
    turned = {name: STATES[name] for name in ("home", "again", "care", "dead")}
    for ordered, expected in ((True, [(0, 2)]), (False, [(0, 2), (2, 1)])):
        moves = find_moves(members(([5, 15], None, 40)), study(states=turned, ordered=ordered).analyses["a"], "a")  # type: ignore[arg-type]
        assert list(zip(moves.origin, moves.target, strict=True)) == expected
        assert moves.dropped["against_order"] == ordered


def rows_of(frame: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    stream = study(**keys)
    analysis: Any = stream.analyses["a"]
    rows = state_occupation(frame, stream.cohorts["people"], analysis, stream.covariates, "a")
    return tidy(rows, stream="s", analysis="a", kind="state_occupation", cohort="people")


def test_probabilities_by_hand() -> None:
    rows = disclose(rows_of(PEOPLE), OPEN).rows
    of = rows[rows["measure"] == "state_probability"].set_index(["term", "time"])
    # 5 of 6 start at home. Day 5: 1 of 5 leaves it. Day 10: 1 of the 3 still seen there. Day 20: 1 of 2 dies.
    home = np.array([1, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3 * 1 / 2, 4 / 5 * 2 / 3 * 1 / 2]) * 5 / 6
    assert_allclose(of.loc["home", "estimate"], home)
    # Two come to care, one in two dies on day 12, the other moves on on day 15.
    came = 5 / 6 * (1 - 4 / 5 * 2 / 3)
    assert_allclose(of.loc["care", "estimate"], [0, came, 0, 0], atol=1e-12)
    assert_allclose(of.loc["again", "estimate"], [0, 0, came / 2, came / 2])
    assert_allclose(of.loc["dead", "estimate"], [1 / 6, 1 / 6, 1 - home[2] - came / 2, 1 - home[3] - came / 2])
    assert of.loc["home", "at_risk"].tolist() == [6, 3, 2, 0]
    assert of.loc["care", "at_risk"].tolist() == [0, 1, 0, 0]
    assert of.loc["home", "censored"].tolist() == [0, 1, 2, 2]
    moves = rows[(rows["measure"] == "transitions") & (rows["time"] == 30)].set_index("term")["events"]
    assert moves.to_dict() == {"home:care": 2, "home:dead": 2, "care:again": 1, "care:dead": 1}
    audit = rows[rows["measure"] == "count"].set_index("term")["n"].to_dict()
    assert {name: n for name, n in audit.items() if n} == {"same_day": 1, "after_absorbing": 1}
    assert {"overlap", "gap", "jump", "teleport"} < set(audit)


def test_a_group_in_which_nobody_moves() -> None:
    rows = rows_of(members(([5, 15], None, 40), ([], None, 30), ([4], 12, 40), ([], None, 20)), group_by=["side"])
    right = rows[(rows["group"] == "side=right") & (rows["measure"] == "state_probability")].set_index("term")
    assert right.loc["home", "estimate"].tolist() == [1] * 4
    assert right.loc["home", "at_risk"].tolist() == [2, 2, 2, 1]
    assert right.drop(index="home")["estimate"].eq(0).all()
    assert right["std_error"].eq(0).all()


def test_nobody_moves() -> None:
    with pytest.raises(AnalysisError, match="nobody leaves the first state"):
        rows_of(members(([], None, 40), ([], None, 40)))


def crowd(n: int = 900) -> pd.DataFrame:
    g = np.random.default_rng(8)
    first, gap = np.ceil(g.exponential(40, n)).astype(int), np.ceil(g.exponential(30, n)).astype(int)
    death, ends = np.ceil(g.exponential(150, n)), g.integers(10, 60, n).astype(float)
    placed = [[int(a), int(a + b)] for a, b in zip(first, gap, strict=True)]
    return members(*zip(placed, death, ends, strict=True))


def test_released_probabilities_come_from_rounded_transitions() -> None:
    exact = rows_of(crowd(), every=5)
    rows = disclose(exact, POLICY).rows
    of = rows[rows["measure"] == "state_probability"]
    assert (of.groupby("time")["estimate"].sum().round(12) == 1).all()
    for column in ("n", "events", "censored", "at_risk"):
        numbers = rows[column].dropna()
        assert (numbers % 5 == 0).all()
        assert not numbers.between(1, 9).any()
    # The steps of the grid and rounding cost little.
    both = of.merge(exact, on=["term", "time", "measure"], suffixes=("", "_exact"))
    assert len(both) == len(of) > 20
    assert (both["estimate"] - both["estimate_exact"]).abs().max() < 0.015
    known = both[both["estimate_exact"] > 0.05]
    assert_allclose(known["std_error"], known["std_error_exact"], rtol=0.12)


def test_from_a_state_that_nobody_enters_it_is_the_actuarial_life_table() -> None:
    rows = disclose(rows_of(crowd(), every=5), POLICY).rows
    moves = rows[rows["measure"] == "transitions"].pivot(index="time", columns="term", values="events").astype(float)
    home = rows[(rows["measure"] == "state_probability") & (rows["term"] == "home")]
    out = moves[[term for term in moves if term.startswith("home:")]].diff().fillna(moves.iloc[[0]]).to_numpy()
    censored = np.diff(home["censored"].to_numpy(dtype=float), prepend=0)
    start = np.concatenate([[900], home["at_risk"].to_numpy(dtype=float)[:-1]])
    table = actuarial(start, out, censored)
    assert_allclose(home["estimate"], table.survival)
    assert_allclose(home["std_error"], table.survival_std_error)


def test_few_who_move_stay_inside() -> None:
    frame = members(*[([], None, 40.0)] * 200, *[([5, 9], None, 40.0)] * 9)
    rows = disclose(rows_of(frame), POLICY).rows
    shown = rows[~rows["measure"].isin(["count", *MEMBERS])]
    assert shown["status"].eq("suppressed").all()
    assert shown[["estimate", "std_error", "n", "events", "at_risk"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[rows["measure"] != "transitions"], "not the measures of one curve"),
        (lambda rows: rows[(rows["term"] != "home:care") | (rows["time"] < 30)], "not on one grid"),
        (
            lambda rows: rows.assign(term=rows["term"].replace("home:care", "home:moon")),
            "from one known state to another",
        ),
        (lambda rows: rows.assign(term=rows["term"].replace("home:care", "care:home")), "contradict|more persons left"),
        (lambda rows: rows.assign(at_risk=rows["at_risk"] + 700), "at_risk of a state does not follow"),
    ],
)
def test_counts_that_cannot_be_close_the_door(change: Any, says: str) -> None:
    with pytest.raises(DisclosureError, match=says):
        disclose(change(rows_of(crowd())).reset_index(drop=True), POLICY)


WRONG = [
    ({"home": {"label": "h", "entered_by": "death"}}, "states.home: the first state is that at time zero"),
    ({"home": {"label": "h", "absorbing": True}}, "everybody starts in it, so that it cannot be absorbing"),
    ({"care": {"label": "c"}}, "states.care: 'entered_by' is missing"),
    (
        {"care": {"label": "c", "entered_by": "placd"}},
        "there is no event 'placd'. Allowed: death, ends, placed. Did you mean 'placed'",
    ),
    ({"dead": {"label": "d", "entered_by": "death", "number": 2}}, "states.dead.number: 'death' does not repeat"),
    ({"again": {"label": "a", "entered_by": "placed"}}, "state 'care' is entered by the same event"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), WRONG)
def test_states_that_cannot_be(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stream(study(states={**STATES, **change}), {}, Path("s.yaml"))
    assert says in str(caught.value)


def test_what_ends_observation_happens_once() -> None:
    with pytest.raises(ConfigError, match="censoring: 'placed' repeats"):
        check_stream(study(censoring=["placed"]), {}, Path("s.yaml"))
    with pytest.raises(ConfigError, match=r"report_at: 7\.0 not on the grid"):
        check_stream(study(report_at=[7]), {}, Path("s.yaml"))


def test_a_reader_meets_areas_and_a_table(tmp_path: Path) -> None:
    stream = study(group_by=["side"], report_at=[10, 20])
    check_stream(stream, {}, Path("s.yaml"))
    source: Any = type("Source", (), {"kind": "files", "description": "d", "refresh_date": None})()
    about = describe_study(stream, stream.covariates, ("toy", source), svg_only(POLICY), {})
    rows = disclose(rows_of(crowd(), group_by=["side"]), POLICY).rows
    check_labels(rows, vocabulary(about), "a")
    drawn = draw_analysis(about, "a", rows, tmp_path)
    assert "Left, at 30: At home" in drawn["alt"]
    assert "one panel per group" in drawn["caption"]
    table = report.table(rows, about["analyses"]["a"], Labels(about))
    assert [row.head for row in table.rows] == ["Left", "At home", "In care", "In care again", "Dead", "Right", *[
        state["label"] for state in STATES.values()
    ]]  # fmt: skip
    assert table.rows[1].cells[0].text.endswith("%")
    (said,) = report.audit(rows, Labels(about))
    assert said.startswith("Audit of the histories: entries on the same day as another")
    assert said.endswith("entries after a state that nobody leaves: 80.")
    assert "care again, dead; in this order" in about["analyses"]["a"]["method"]
    few = disclose(rows_of(members(*[([5], None, 40.0)] * 9, *[([], None, 40.0)] * 90)), POLICY).rows
    assert "withheld" in draw_analysis(about, "a", few, tmp_path)["alt"]
