"""Every number of a policy at the number itself, one below and one above."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from behind_samples import write_behind

from family_justice.config.schema import Policy
from family_justice.disclosure import door
from family_justice.disclosure.coarsen import in_steps
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.curve_series import Curve
from family_justice.disclosure.rounding import (
    cumulative_bounds,
    is_open,
    is_small,
    lowest_shown,
    round_cumulative,
    shown,
)
from family_justice.disclosure.rounding_shift import Cell, rounding_shift
from family_justice.disclosure.vocabulary import vocabulary
from family_justice.errors import DisclosureError
from family_justice.estimators.parts.t_distribution import t_reference
from family_justice.files import write_csv
from family_justice.results import tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
PUBLIC = Policy(**yaml.safe_load((POLICIES / "public_records.yaml").read_text()))


def rule(**changes: Any) -> Policy:
    return COURT.model_copy(update=changes)


# --- counts ------------------------------------------------------------------------------------------------------


def test_counts_from_one_to_threshold_less_one_are_small() -> None:
    for threshold in (5, 10, 11):
        small = [count for count in range(threshold + 3) if is_small(count, rule(threshold=threshold))]
        assert small == list(range(1, threshold))
        discloses = rule(threshold=threshold, zero_discloses=True)
        assert [count for count in range(threshold + 3) if is_small(count, discloses)] == list(range(threshold))
    assert not any(is_small(count, PUBLIC) for count in range(3))


def test_only_a_policy_that_changes_nothing_is_open() -> None:
    assert is_open(PUBLIC)
    for change in ({"threshold": 2}, {"rounding_base": 2}, {"zero_discloses": True}):
        assert not is_open(PUBLIC.model_copy(update=change))


def percents(*cells: int) -> pd.DataFrame:
    rows = [
        {"level": f"l{i}", "n": n, "total": sum(cells), "estimate": 100 * n / sum(cells)} for i, n in enumerate(cells)
    ]
    labels = {"stream": "s", "analysis": "t", "kind": "table_one", "cohort": "c", "measure": "percent", "term": "x"}
    return tidy(rows, **labels)


@pytest.mark.parametrize(
    ("count", "is_hidden"), [(1, True), (8, True), (9, True), (10, False), (11, False), (0, False)]
)
def test_a_cell_of_a_table(count: int, is_hidden: bool) -> None:
    released = disclose(percents(count, 200, 300, 400), COURT).rows
    assert (released["status"].iloc[0] == "suppressed") == is_hidden
    assert pd.isna(released["n"].iloc[0]) == is_hidden


@pytest.mark.parametrize("estimate", [199.0, 201.0])
def test_a_count_with_another_estimate_closes_the_door(estimate: float) -> None:
    row = {"measure": "count", "term": "x", "level": "a", "n": 200, "estimate": 200.0}
    labels = {"stream": "s", "analysis": "t", "kind": "table_one", "cohort": "c"}
    assert disclose(tidy([row], **labels), COURT).rows["n"].tolist() == [200]
    with pytest.raises(DisclosureError, match="estimate"):
        disclose(tidy([{**row, "estimate": estimate}], **labels), COURT)


@pytest.mark.parametrize(("count", "is_hidden"), [(9, True), (10, False), (11, False)])
def test_a_cohort_step(count: int, is_hidden: bool) -> None:
    rows = [{"term": f"step{i}", "n": n} for i, n in enumerate((400, count))]
    labels = {"stream": "s", "analysis": "attrition.c", "kind": "attrition", "cohort": "c", "measure": "count"}
    released = disclose(tidy(rows, **labels), COURT).rows
    assert pd.isna(released["n"].iloc[1]) == is_hidden


@pytest.mark.parametrize(("excluded", "shown_apart"), [(0, False), (1, False), (9, False), (10, True), (11, True)])
def test_a_difference_of_cohort_steps(excluded: int, shown_apart: bool) -> None:
    """200 are left; the step before had so many more. A difference of one to nine is shown as none."""
    rows = [{"term": f"step{i}", "n": n, "estimate": n} for i, n in enumerate((200 + excluded, 200))]
    labels = {"stream": "s", "analysis": "attrition.c", "kind": "attrition", "cohort": "c", "measure": "count"}
    released = disclose(tidy(rows, **labels), COURT).rows
    assert released["n"].tolist() == [210 if shown_apart else 200, 200]
    assert released["estimate"].tolist() == released["n"].tolist()
    assert (released["note"].iloc[1] == "fewer than 10 excluded, or none") == (not shown_apart)


def test_differences_of_cohort_steps_telescope() -> None:
    """Steps of nine each: 18 in all are ten or more beside the last one, nine are not."""
    rows = [{"term": f"step{i}", "n": n} for i, n in enumerate((227, 218, 209, 200))]
    labels = {"stream": "s", "analysis": "attrition.c", "kind": "attrition", "cohort": "c", "measure": "count"}
    assert disclose(tidy(rows, **labels), COURT).rows["n"].tolist() == [220, 220, 200, 200]


# --- models ------------------------------------------------------------------------------------------------------


def coefficient(term: str, level: str, n: int, events: int, **more: Any) -> dict[str, Any]:
    error, estimate = 0.2, 0.5
    reach, p_value = t_reference(estimate / error, more.get("df", math.inf))
    return {
        "measure": "log_odds_ratio", "term": term, "level": level, "n": n, "events": events, "estimate": estimate,
        "std_error": error, "conf_low": estimate - reach * error, "conf_high": estimate + reach * error,
        "statistic": estimate / error, "p_value": p_value, **more,
    }  # fmt: skip


def reference(term: str, level: str, n: int, events: int) -> dict[str, Any]:
    return {"measure": "log_odds_ratio", "term": term, "level": level, "n": n, "events": events, "estimate": 0.0,
            "status": "reference"}  # fmt: skip


def released_model(*rows: dict[str, Any], policy: Policy = COURT) -> pd.DataFrame:
    return disclose(tidy(rows, stream="s", analysis="m", kind="logistic", cohort="c", outcome="o"), policy).rows


@pytest.mark.parametrize(("number", "is_hidden"), [(9, True), (10, False), (11, False)])
@pytest.mark.parametrize("of", ["events", "non-events"])
def test_events_of_a_level(of: str, number: int, is_hidden: bool) -> None:
    events = number if of == "events" else 200 - number
    rows = released_model(
        reference("x", "a", 400, 200), coefficient("x", "b", 200, events), coefficient("x", "c", 300, 150)
    )
    assert rows["status"].tolist() == ["reference", "suppressed" if is_hidden else "ok", "ok"]
    assert rows["estimate"].isna().tolist() == [False, is_hidden, False]


@pytest.mark.parametrize(("number", "is_hidden"), [(9, True), (10, False), (11, False)])
@pytest.mark.parametrize("of", ["events", "non-events"])
def test_events_of_a_model(of: str, number: int, is_hidden: bool) -> None:
    rows = released_model(coefficient("dose", "", 200, number if of == "events" else 200 - number))
    assert (rows["status"] == "suppressed").all() == is_hidden


@pytest.mark.parametrize(("events", "status"), [(199, "suppressed"), (200, "suppressed"), (201, "ok")])
def test_more_events_than_persons_leave_no_non_events(events: int, status: str) -> None:
    """Of repeated events there may be more than persons; as many as persons are persons who all have it."""
    assert released_model(coefficient("dose", "", 200, events))["status"].tolist() == [status]


@pytest.mark.parametrize(("n", "is_hidden"), [(19, True), (20, False), (21, False)])
def test_residual_degrees_of_freedom(n: int, is_hidden: bool) -> None:
    """Ten coefficients of n persons, ten of them with the event."""
    policy = rule(minimum_events_per_level=5)
    rows = released_model(*(coefficient(f"x{i}", "", n, 9) for i in range(10)), policy=policy)
    assert (rows["status"] == "suppressed").all() == is_hidden


@pytest.mark.parametrize(
    ("clusters", "threshold", "base", "is_hidden"),
    [(9, 10, 5, True), (10, 10, 5, False), (11, 10, 5, False), (12, 10, 12, True), (13, 10, 12, False)],
)
def test_few_clusters(clusters: int, threshold: int, base: int, is_hidden: bool) -> None:
    """Their number less one is shown, rounded down to a multiple of the base, which must not be zero."""
    rows = released_model(coefficient("dose", "", 400, 200, df=clusters - 1),
                          policy=rule(threshold=threshold, rounding_base=base))  # fmt: skip
    assert (rows["status"] == "suppressed").all() == is_hidden
    if not is_hidden:
        assert rows["df"].iloc[0] == base * ((clusters - 1) // base) > 0


# --- curves ------------------------------------------------------------------------------------------------------


def curve(n: int, events: list[int], censored: list[int]) -> pd.DataFrame:
    rows = [
        {"time": float(t), "n": n, "events": d, "competing": 0, "censored": c, "at_risk": n - d - c, "estimate": 0.5}
        for t, (d, c) in enumerate(zip(events, censored, strict=True))
    ]
    labels = {
        "stream": "s",
        "analysis": "a",
        "kind": "kaplan_meier",
        "cohort": "c",
        "measure": "survival",
        "outcome": "o",
    }
    return tidy(rows, **labels)


@pytest.mark.parametrize(("events", "is_hidden"), [(9, True), (10, False), (11, False)])
def test_events_of_a_curve(events: int, is_hidden: bool) -> None:
    released = disclose(curve(400, [0, events], [0, 0]), COURT).rows
    assert released["status"].eq("suppressed").all() == is_hidden


@pytest.mark.parametrize(
    ("minimum", "left", "length"), [(10, 9, 1), (10, 10, 2), (10, 11, 2), (30, 29, 1), (30, 30, 2)]
)
def test_a_curve_ends_where_few_are_at_risk(minimum: int, left: int, length: int) -> None:
    released = disclose(curve(400, [0, 100], [0, 300 - left]), rule(minimum_at_risk=minimum)).rows
    assert released["time"].tolist() == [0.0, 1.0][:length]


@pytest.mark.parametrize(("minimum", "left", "length"), [(0, 0, 2), (1, 0, 1), (1, 1, 2), (2, 1, 1)])
def test_an_open_curve_ends_where_nobody_is_left(minimum: int, left: int, length: int) -> None:
    found = Curve("a", "kaplan_meier", "c", "o", frozenset(), 40)
    found.times, found.exact = (0.0, 1.0), {
        "events": np.array([0, 40 - left]), "competing": np.array([0, 0]), "censored": np.array([0, 0]),
    }  # fmt: skip
    found.rounded = found.exact
    assert found.length(PUBLIC.model_copy(update={"minimum_at_risk": minimum})) == length


@pytest.mark.parametrize(("threshold", "lowest"), [(9, 10), (10, 10), (11, 20)])
def test_a_cumulative_count_is_shown_from_the_first_step_on(threshold: int, lowest: int) -> None:
    policy = rule(threshold=threshold)
    assert lowest_shown(policy) == lowest
    assert round_cumulative([lowest // 2 - 1, lowest // 2], policy).tolist() == [0, lowest]
    assert cumulative_bounds(np.array([0, lowest]), policy)[0].tolist() == [0, lowest // 2]


# --- the door ----------------------------------------------------------------------------------------------------

STUDY: dict[str, Any] = {
    "stream": "s", "cohorts": {"c": {"label": "C", "steps": []}},
    "covariates": {"x": {"label": "X", "levels": ["l0", "l1"]}},
    "analyses": {"t": {"kind": "table_one", "cohort": "c", "variables": ["x"]}},
}  # fmt: skip


@pytest.mark.parametrize(("time", "is_wrong"), [(-1e-9, True), (-1.0, True), (0.0, False), (1e-9, False)])
def test_a_time_before_time_zero_closes_the_door(time: float, is_wrong: bool, tmp_path: Path) -> None:
    write_csv(percents(200, 300).assign(time=time), tmp_path / "rows.csv")
    if not is_wrong:
        assert len(door._read("t", tmp_path / "rows.csv", vocabulary(STUDY))) == 2
        return
    with pytest.raises(DisclosureError, match="t: times must be finite and not negative"):
        door._read("t", tmp_path / "rows.csv", vocabulary(STUDY))


@pytest.mark.parametrize(("most", "is_refused"), [(1, True), (2, False), (3, False)])
def test_a_file_has_no_more_rows_than_the_policy_allows(most: int, is_refused: bool, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps(STUDY))
    write_csv(percents(200, 300), tmp_path / "t.csv")
    write_behind(tmp_path / "t.csv")
    policy = rule(maximum_rows=most)
    files = ({"t": tmp_path / "t.csv"}, {"t": tmp_path / "out.csv"}, policy, policy, tmp_path / "study.json",
             tmp_path / "out.json", tmp_path / "suppressed.csv")  # fmt: skip
    if is_refused:
        with pytest.raises(DisclosureError, match="t: more than 1 rows, the policy's limit"):
            door.open_door(*files)
    else:
        door.open_door(*files)
    assert (tmp_path / "out.csv").is_file() != is_refused


def test_what_is_shown_is_never_zero_for_somebody() -> None:
    assert [shown(count, rule(threshold=1)) for count in (0, 1, 2, 3, 7, 8)] == [0, 5, 5, 5, 5, 10]
    assert [shown(count, rule(threshold=1, rounding="midpoint")) for count in (0, 1, 5, 6)] == [0, 3, 3, 8]


# --- what rests on what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "stays_inside"),
    [
        ([("x", ["a", "b"])], True), ([("x", ["a", "b", "c"])], True), ([("x", ["a", "b"]), ("y", ["a", "b"])], False),
        ([("x", ["a", "b"]), ("dose", [""])], False), ([("dose", [""])], False),
    ],
)  # fmt: skip
def test_the_test_of_a_model_with_one_covariate_stays_inside(terms: list[Any], stays_inside: bool) -> None:
    """It is its estimate over its standard error, to more digits than these are shown with."""
    rows: list[dict[str, Any]] = []
    for term, levels in terms:
        share = 600 // len(levels)
        rows += [
            reference(term, level, share, share // 3) if level == "a" else coefficient(term, level, share, share // 3)
            for level in levels
        ]
    test = {"measure": "wald_test", "term": "all", "n": 600, "events": 200, "statistic": 9.0, "df": 2,
            "p_value": math.exp(-4.5)}  # fmt: skip
    row = released_model(*rows, test).iloc[-1]
    assert (row["status"] == "suppressed") == stays_inside
    assert pd.isna(row["statistic"])
    if not stays_inside:
        assert row["p_value"] == 0.01


@pytest.mark.parametrize(("terms", "estimate", "error"), [(1, 0.45, 0.1), (2, 0.43, 0.104)])
def test_a_single_coefficient_of_matched_sets_has_wider_steps(terms: int, estimate: float, error: float) -> None:
    """All rests on two numbers of discordant pairs: half a standard error, and a fifth of it."""
    value = {"estimate": 0.431, "std_error": 0.1041}
    rows = [{"measure": "log_odds_ratio", "term": f"x{i}", "level": "", "n": 400, "events": 200, **value}
            for i in range(terms)]  # fmt: skip
    frame = tidy(rows, stream="s", analysis="m", kind="matched_logistic", cohort="c", outcome="o")
    row = disclose(frame, COURT).rows.iloc[0]
    assert (row["estimate"], row["std_error"]) == pytest.approx((estimate, error))


def test_an_effect_on_one_of_several_outcomes_moves_with_the_persons_beside_it() -> None:
    """Persons with a level are those with the reference outcome and those with each of the others."""
    levels = {"a": (402, {"care": 103, "other": 91}), "b": (303, {"care": 52, "other": 44})}
    frames = []
    for outcome in ("care", "other"):
        rows = []
        for level, (without, events) in levels.items():
            row = {"measure": "marginal_effect", "term": "x", "level": level, "n": without + events[outcome],
                   "events": events[outcome], "estimate": 0.0}  # fmt: skip
            rows.append({**row, "status": "reference"} if level == "a" else {**row, "estimate": 4.0, "std_error": 1.0})
        frames.append(tidy(rows, stream="s", analysis="m", kind="multinomial", cohort="c", outcome=outcome))
    row = disclose(pd.concat(frames, ignore_index=True), COURT).rows.iloc[1]
    level, base = (Cell(n + e["care"], e["care"], (e["other"],)) for n, e in (levels["b"], levels["a"]))
    alone = Cell(303 + 52, 52), Cell(402 + 103, 103)
    moved, other = (4 + rounding_shift("marginal_effect", *cells, COURT).estimate for cells in ((level, base), alone))
    assert abs(moved - other) > 0.05
    assert row["estimate"] == pytest.approx(in_steps(moved, 0.1))
    assert in_steps(moved, 0.1) != pytest.approx(in_steps(other, 0.1))
