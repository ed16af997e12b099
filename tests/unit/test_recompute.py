"""What follows from released counts is worked out again: honest values pass, a changed one of every kind is found."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import kinds_on_the_way
import numpy as np
import pandas as pd
import pytest
import test_agreement_kind
import test_competing_kinds
import test_delayed_entry
import test_inequality_kind
import test_matched_kinds
import test_reentered_states
import test_states_kind
from test_competing_kinds import COHORT, COVARIATES, POLICY

from family_justice.disclosure.disclose import disclose
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.files import write_csv
from family_justice.kinds.follow_up.run import summarise_follow_up
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES
from family_justice.report.recompute.results import FITTED, FOLLOWS, FORMULAS, WITHHELD, Check, recompute
from family_justice.results import tidy

OPEN = POLICY.model_copy(update={"threshold": 1, "rounding_base": 1, "minimum_at_risk": 0})
GRID = {"outcomes": ["back"], "group_by": ["side"], "every": 0.25, "until": 2.5}
AT = {"restricted_mean_at": [1, 2], "risk_difference_at": [1, 2]}


def _curve(kind: str, **keys: Any) -> pd.DataFrame:
    analysis: Any = test_competing_kinds.stream(a={**GRID, "kind": kind, **keys}).analyses["a"]
    found = KINDS[kind].run(test_competing_kinds.members(2000), COHORT, analysis, COVARIATES, "a")
    return tidy(found, stream="s", analysis="a", kind=kind, cohort="mothers")


def _follow_up() -> pd.DataFrame:
    cohort = COHORT.model_copy(update={"follow_up": "back"})
    found = summarise_follow_up(test_competing_kinds.members(2000), cohort, "a")
    return tidy(found, stream="s", analysis="a", kind="follow_up", cohort="mothers")


def _histories(kind: str) -> pd.DataFrame:
    g = np.random.default_rng(3)
    people = [
        (
            sorted({int(day) for day in g.uniform(1, 60, g.integers(0, 4))}),
            float(g.uniform(5, 90)),
            float(g.uniform(5, 60)),
        )
        for _ in range(900)
    ]
    frame = test_states_kind.members(*people)
    if kind == "state_occupation":
        made = test_states_kind.study(group_by=["side"])
        found = KINDS[kind].run(frame, made.cohorts["people"], made.analyses["a"], made.covariates, "a")
        return tidy(found, stream="s", analysis="a", kind=kind, cohort="people")
    events = {"back": test_competing_kinds.EVENTS["back"].model_copy(update={"repeats": True})}
    cohort = COHORT.model_copy(update={"events": {**COHORT.events, **events}})
    frame = frame.rename(columns={"placed": "back", "ends": "end"})
    keys = {**GRID, "kind": kind, "every": 0.02, "until": 0.14}
    analysis: Any = test_competing_kinds.stream(a=keys).analyses["a"]
    found = KINDS[kind].run(frame, cohort, analysis, COVARIATES, "a")
    return tidy(found, stream="s", analysis="a", kind=kind, cohort="mothers")


def _groups(kind: str, **keys: Any) -> pd.DataFrame:
    frame = test_inequality_kind.members() if kind == "inequality" else test_matched_kinds.members()
    analysis: Any = kinds_on_the_way.stream_of(a={"kind": kind, **keys}).analyses["a"]
    found = KINDS[kind].run(frame, kinds_on_the_way.COHORT, analysis, kinds_on_the_way.COVARIATES, "a")
    return tidy(found, stream="s", analysis="a", kind=kind, cohort="children")


def _late() -> pd.DataFrame:
    frame = test_delayed_entry.rows_of(test_delayed_entry.crowd(), kind="kaplan_meier", every=2, group_by=["side"])
    return frame.assign(analysis="a")


MAKERS = {
    "incidence": lambda: _curve("cumulative_incidence", **AT),
    "survival": lambda: _curve("kaplan_meier", **AT),
    "late": _late,
    "follow_up": _follow_up,
    "mean_count": lambda: _histories("mean_cumulative_count"),
    "states": lambda: _histories("state_occupation"),
    "spells": lambda: test_reentered_states.rows_of(test_reentered_states.crowd(), test_reentered_states.study()),
    "shares": lambda: _groups("inequality", variable="placed", over="fifth", group_by=["year"]),
    "rates": lambda: _groups("inequality", outcome="back", over="fifth"),
    "funnel": lambda: _groups("funnel", variable="placed", area="area"),
    "balance": lambda: test_matched_kinds.rows_of(
        test_matched_kinds.members(), {**test_matched_kinds.CASES, "match_on": ["sex"], "nearest_on": ["age"]}
    ),
    "agreement": lambda: test_agreement_kind.rows_of([[400, 4, 60], [20, 150, 30], [60, 50, 170]]),
}


@pytest.fixture(scope="session")
def released() -> dict[str, pd.DataFrame]:
    return {name: disclose(make(), POLICY).rows for name, make in MAKERS.items()}


def checks(folder: Path, rows: pd.DataFrame, policy: Any = POLICY) -> dict[str, Check]:
    (folder / "study.json").write_text(json.dumps({"policy": policy.model_dump()}))
    (folder / "a").mkdir(exist_ok=True)
    write_csv(rows, folder / "a" / "results.csv")
    return {check.what: check for check in recompute(folder / "a" / "results.csv")}


@pytest.mark.parametrize("name", MAKERS)
def test_an_honest_release_follows_from_its_counts(
    name: str, released: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    for what, check in checks(tmp_path, released[name]).items():
        assert check.agrees, check
        fitted = what in MEASURES and MEASURES[what].disclosure == "model"
        assert (check.values > 0) == (check.verdict != WITHHELD)
        other = ("agrees: ", WITHHELD, "not recomputable: of numbers", "not recomputable: computed from exact times")
        usual = FITTED if fitted else FOLLOWS
        assert check.verdict == usual or check.verdict.startswith(other), check


@pytest.mark.parametrize(
    ("name", "measure", "column"),
    [
        ("incidence", "cumulative_incidence", "estimate"),
        ("incidence", "cumulative_incidence", "std_error"),
        ("incidence", "cumulative_incidence", "at_risk"),
        ("incidence", "cumulative_incidence", "events"),
        ("incidence", "restricted_mean_time_lost", "estimate"),
        ("incidence", "restricted_mean_time_lost", "std_error"),
        ("incidence", "restricted_mean_difference", "conf_high"),
        ("incidence", "risk_difference", "estimate"),
        ("incidence", "risk_difference", "conf_low"),
        ("survival", "survival", "conf_high"),
        ("survival", "restricted_mean_time", "estimate"),
        ("survival", "risk_difference", "std_error"),
        ("late", "survival", "estimate"),
        ("follow_up", "survival", "estimate"),
        ("follow_up", "median_follow_up", "estimate"),
        ("follow_up", "median_follow_up", "conf_low"),
        ("mean_count", "mean_cumulative_count", "estimate"),
        ("mean_count", "mean_cumulative_count", "std_error"),
        ("mean_count", "first_events", "events"),
        ("states", "state_probability", "estimate"),
        ("states", "state_probability", "std_error"),
        ("states", "transitions", "events"),
        ("spells", "state_probability", "estimate"),
        ("spells", "mean_time_in_state", "estimate"),
        ("spells", "mean_time_in_state", "std_error"),
        ("shares", "percent", "estimate"),
        ("shares", "slope_index", "estimate"),
        ("shares", "log_relative_index", "std_error"),
        ("rates", "rate", "estimate"),
        ("rates", "rate", "conf_low"),
        ("rates", "time_at_risk", "estimate"),
        ("funnel", "control_limits_95", "conf_low"),
        ("funnel", "control_limits_998", "conf_high"),
        ("funnel", "overdispersion", "estimate"),
        ("balance", "standardised_difference", "estimate"),
        ("agreement", "agreement", "estimate"),
        ("agreement", "kappa", "std_error"),
    ],
)  # fmt: skip
def test_one_changed_number_is_found(
    name: str, measure: str, column: str, released: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    rows = released[name].copy()
    part = rows[(rows["measure"] == measure) & (rows["status"] == "ok") & rows[column].notna() & (rows[column] != 0)]
    part = part[(part["measure"] != "standardised_difference") | (part["level"] != "")]
    row = part.index[len(part) // 2]
    rows.loc[row, column] += 5 if rows[column].dtype == "Int64" else 1e-5 * abs(rows.at[row, column])
    wrong = [check for check in checks(tmp_path, rows).values() if not check.agrees]
    assert wrong
    if MEASURES[measure].disclosure != "count" and measure != "time_at_risk":
        (found,) = (check for check in wrong if check.what == measure)
        assert "do not follow; furthest off is" in found.verdict
        assert found.released != found.made_again


def test_the_value_furthest_off_is_named(released: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    rows = released["survival"].copy()
    place = (rows["measure"] == "survival") & (rows["group"] == "side=right") & (rows["time"] == 1)
    before = rows.loc[place, "estimate"].item()
    rows.loc[place, "estimate"] = 0.75
    check = checks(tmp_path, rows)["survival"]
    assert check.verdict == "1 do not follow; furthest off is estimate of back, side=right, time 1"
    assert (check.released, float(check.made_again)) == ("0.75", pytest.approx(before, abs=1e-9))


@pytest.mark.parametrize(("name", "test"), [("incidence", "gray_test"), ("survival", "log_rank_test")])
@pytest.mark.parametrize("column", ["statistic", "df", "p_value"])
def test_a_test_follows_from_the_released_curves(
    name: str, test: str, column: str, released: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    rows = released[name].copy()
    honest = checks(tmp_path, rows)[test]
    assert (honest.verdict, honest.values) == (FOLLOWS, 3)
    row = rows.index[rows["measure"] == test][0]
    rows.loc[row, column] += 0.0001
    found = checks(tmp_path, rows)[test]
    assert not found.agrees
    assert found.verdict == f"1 do not follow; furthest off is {column} of back"


@pytest.mark.parametrize(("name", "test"), [("incidence", "gray_test"), ("survival", "log_rank_test")])
@pytest.mark.parametrize("wrong", ["another statistic", "p value"])
def test_a_wrong_test_from_exact_times_is_found(name: str, test: str, wrong: str, tmp_path: Path) -> None:
    rows = disclose(MAKERS[name](), OPEN).rows
    row = rows.index[rows["measure"] == test][0]
    honest = checks(tmp_path, rows, OPEN)[f"{test} of back"]
    assert honest.agrees
    assert float(honest.made_again) == pytest.approx(rows.at[row, "statistic"], rel=0.1)
    if wrong == "p value":
        rows.loc[row, "p_value"] *= 1.01
    else:
        rows.loc[row, "statistic"] /= 2
        rows.loc[row, "p_value"] = upper_tail(rows.at[row, "statistic"], 1)
    found = checks(tmp_path, rows, OPEN)[f"{test} of back"]
    assert not found.agrees
    assert found.verdict.startswith("the p value" if wrong == "p value" else "too far off")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cumulative_incidence", "kaplan_meier"])
def test_honest_tests_agree_over_sizes_and_effects(kind: str, tmp_path: Path) -> None:
    """Two to four groups, hazards up to threefold: never beyond what the grid allows; rounded, to the last digit."""
    g = np.random.default_rng(11)
    for n, k, ratio in [(300, 2, 1.0), (300, 3, 2.0), (1500, 4, 1.0), (1500, 2, 3.0), (6000, 3, 1.3), (6000, 2, 2.0)]:
        names = [f"g{i}" for i in range(k)]
        side = g.integers(0, k, n)
        frame = pd.DataFrame({
            "back": np.ceil(g.exponential(900, n) / ratio ** (side / (k - 1))),
            "death": np.ceil(g.exponential(2500, n)),
            "end": g.integers(200, 1200, n),
            "side": pd.Categorical(np.array(names)[side], categories=names),
        })  # fmt: skip
        analysis: Any = test_competing_kinds.stream(a={**GRID, "kind": kind, "until": 3}).analyses["a"]
        rows = tidy(
            KINDS[kind].run(frame, COHORT, analysis, COVARIATES, "a"),
            stream="s",
            analysis="a",
            kind=kind,
            cohort="mothers",
        )
        for policy in (POLICY, OPEN):
            found = checks(tmp_path, disclose(rows, policy).rows, policy)
            tests = [check for what, check in found.items() if "_test" in what]
            assert tests
            assert all(check.agrees for check in tests), tests


@pytest.mark.slow
def test_exact_curves_lie_within_their_bounds(tmp_path: Path) -> None:
    for name in ("incidence", "survival", "follow_up", "late"):
        rows = disclose(MAKERS[name](), OPEN).rows
        found = checks(tmp_path, rows, OPEN)
        assert all(check.agrees for check in found.values()), found
        measure = "cumulative_incidence" if name == "incidence" else "survival"
        assert found[measure].verdict == "from exact times; all lie where the released counts put them"
        place = rows.index[(rows["measure"] == measure) & (rows["time"] > 0)][3]
        rows.loc[place, "estimate"] += 0.2
        assert "1 lie outside what the counts allow" in checks(tmp_path, rows, OPEN)[measure].verdict


def test_what_has_no_rule_is_said(
    released: dict[str, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(FORMULAS, "percent")
    check = checks(tmp_path, released["shares"])["percent"]
    assert (check.agrees, check.verdict) == (False, "there is no rule to work it out again")


def test_what_is_withheld_is_said(released: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    rows = released["rates"].copy()
    rows.loc[rows["measure"] == "slope_index", "status"] = "suppressed"
    check = checks(tmp_path, rows)["slope_index"]
    assert (check.agrees, check.values, check.verdict) == (True, 0, WITHHELD)


def test_every_derived_measure_has_a_rule() -> None:
    derived = {name for name, measure in MEASURES.items() if measure.disclosure == "derived"}
    assert derived - FORMULAS.keys() == {"time_at_risk"}  # a sum of exact times


def test_the_report_has_a_line_per_measure(released: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    found = checks(tmp_path, released["incidence"])
    assert list(found) == [
        "cumulative_incidence", "restricted_mean_time_lost", "restricted_mean_difference", "risk_difference",
        "gray_test",
    ]  # fmt: skip
    with open(tmp_path / "a/results.csv", encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["measure"] == "risk_difference"]
    # Two groups at two times: the reference has its zero, the other an estimate with error and limits.
    assert found["risk_difference"].values == len(lines) // 2 * (1 + 4)
