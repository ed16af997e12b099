"""Observation that starts after time zero: from a stream's words to released curves. Worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from family_justice.analyses.prepare import follow_up
from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.load import Configuration, parse
from family_justice.config.schema import Outcome, Policy, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.errors import AnalysisError, ConfigError, DisclosureError
from family_justice.estimators.survival.cox import fit_cox
from family_justice.estimators.survival.fine_gray import fit_fine_gray
from family_justice.estimators.survival.life_table import event_table, log_rank
from family_justice.estimators.survival.restricted_mean import restricted_mean_survival
from family_justice.kinds.cox.run import run as cox
from family_justice.kinds.fine_gray.run import run as fine_gray
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEMBERS
from family_justice.results import tidy

CONFIG = Configuration(Path(__file__).resolve().parents[2] / "config")
POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
OUTCOME = Outcome(label="o", event="back", competing=["death"], censoring=["end"], entry="moved_in", time_unit="days")
CURVE: dict[str, Any] = {"kind": "kaplan_meier", "outcomes": ["back"], "every": 10, "until": 30}


def study(changed: dict[str, Any] | None = None, /, **analysis: Any) -> Stream:
    event = {name: {"label": name, "sql": "SELECT 1"} for name in ("back", "death", "end", "moved_in")}
    return parse({
        "stream": "s", "title": "t", "question": "q", "summary": "u",
        "cohorts": {"people": {
            "label": "People", "unit": "people", "description": "d", "key": ["person"], "time_zero": "day",
            "steps": [{"name": "all", "label": "All", "sql": "SELECT 1"}],
            "events": {**event, "often": {"label": "Often", "sql": "SELECT 1", "repeats": True}},
            "outcomes": {"back": {**OUTCOME.model_dump(exclude_unset=True), **(changed or {})}},
            "covariates": ["side"],
        }},
        "covariates": {"side": {
            "label": "Side", "definition": "A side.", "value": "side", "levels": ["left", "right"], "reference": "left",
        }},
        "analyses": {"a": {"title": "T", "description": "d", "cohort": "people", **analysis}},
    }, Stream, "s.yaml")  # fmt: skip


def people(*rows: tuple[float, float | None, float]) -> pd.DataFrame:
    """Members from the days on which they move in, have the event, and are last seen."""
    entry, back, end = zip(*rows, strict=True)
    frame = pd.DataFrame({"moved_in": entry, "back": np.array(back, dtype=float), "death": np.nan, "end": end})
    frame["side"] = pd.Categorical(["left", "right"] * (len(frame) // 2) + ["left"] * (len(frame) % 2))
    return frame


FEW = people((0, 8, 40), (-5, None, 40), (5, 20, 40), (12, None, 18), (15, 20, 40), (9, 9, 40))


def test_who_is_observed_from_when() -> None:
    observed = follow_up(FEW, OUTCOME, "test")
    assert observed.rows.tolist() == [0, 1, 2, 3, 4]  # the last one moves in on the day of the event: never observed
    assert observed.entry is not None
    assert observed.entry.tolist() == [0, 0, 5, 12, 15]
    assert observed.exit.tolist() == [8, 40, 20, 18, 20]
    later = follow_up(FEW, OUTCOME.model_copy(update={"at_risk_after_days": 10}), "test")
    assert later.entry is not None
    assert (later.rows.tolist(), later.entry.tolist()) == ([1, 2, 3, 4], [0, 0, 2, 5])


def test_an_entry_must_be_a_date_of_everybody() -> None:
    with pytest.raises(AnalysisError, match="observation of 1 members has no start; 'moved_in' must have a date"):
        follow_up(FEW.assign(moved_in=[0, 0, np.nan, 1, 1, 1]), OUTCOME, "test")
    with pytest.raises(AnalysisError, match="'entry' is 'moved', which is no event and no column of the cohort"):
        follow_up(FEW, OUTCOME.model_copy(update={"entry": "moved"}), "test")
    with pytest.raises(AnalysisError, match="'entry' is 'side', which is no date column"):
        follow_up(FEW, OUTCOME.model_copy(update={"entry": "side"}), "test")


def rows_of(frame: pd.DataFrame, **analysis: Any) -> pd.DataFrame:
    stream = study(**{**CURVE, **analysis})
    chosen: Any = stream.analyses["a"]
    rows = KINDS[chosen.kind].run(frame, stream.cohorts["people"], chosen, stream.covariates, "a")
    return tidy(rows, stream="s", analysis="a", kind=chosen.kind, cohort="people")


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


def test_survival_by_hand() -> None:
    everything = rows_of(FEW)
    rows = own(everything)
    # Day 8: one of the three who are there. Day 20: two of the three who are there (one since day 15, one left on 18).
    assert_allclose(rows["estimate"], [1, 2 / 3, 2 / 3 * 1 / 3, 2 / 3 * 1 / 3])
    assert rows["total"].tolist() == [2, 3, 5, 5]
    assert rows["at_risk"].tolist() == [2, 2, 3, 1]
    assert rows["n"].tolist() == [5] * 4
    said = everything[everything["measure"].isin(MEMBERS)]
    assert said["measure"].tolist() == ["members", "analysed", "left_out"]
    assert said["n"].tolist() == [6, 5, 1]


def crowd(n: int = 1200) -> pd.DataFrame:
    g = np.random.default_rng(5)
    entry = np.where(g.random(n) < 0.4, 0, g.integers(0, 15, n))
    back, end = np.ceil(g.exponential(25, n)) + entry // 2, g.integers(12, 60, n)
    frame = people(*zip(entry, back, end, strict=True))
    frame["death"] = np.ceil(g.exponential(80, n))
    return frame


def test_models_and_tests_get_the_entry() -> None:
    frame = crowd()
    observed = follow_up(frame, OUTCOME, "test")
    used, event = frame.iloc[observed.rows], observed.cause == 1
    right = (used["side"] == "right").to_numpy(dtype=float)[:, None]
    cohort = study(**CURVE).cohorts["people"]
    covariates = study(**CURVE).covariates
    model: Any = study(kind="cox", outcome="back", covariates=["side"]).analyses["a"]
    row = next(r for r in cox(frame, cohort, model, covariates, "a") if r.get("level") == "right")
    assert_allclose(row["estimate"], fit_cox(observed.exit, event, right, entry=observed.entry).coef[0])
    model = study(kind="fine_gray", outcome="back", covariates=["side"], target="finegray").analyses["a"]
    row = next(r for r in fine_gray(frame, cohort, model, covariates, "a") if r.get("level") == "right")
    fit = fit_fine_gray(observed.exit, observed.cause, right, "finegray", entry=observed.entry)
    assert_allclose(row["estimate"], fit.coef[0])
    rows = rows_of(frame, group_by=["side"], restricted_mean_at=[30]).set_index("measure")
    expected = log_rank(observed.exit, event, right[:, 0], entry=observed.entry).test
    assert_allclose(rows.loc["log_rank_test", "statistic"], expected.statistic)
    left = right[:, 0] == 0
    table = event_table(observed.exit[left], event[left], observed.entry[left])  # type: ignore[index]
    assert_allclose(rows.loc["restricted_mean_time", "estimate"].iloc[0], restricted_mean_survival(table, 30).estimate)
    gray = own(rows_of(frame, group_by=["side"], kind="cumulative_incidence")).iloc[-1]
    assert (gray["status"], gray["note"]) == ("not estimable", "Gray's test does not know delayed entry")


# --- disclosure control ------------------------------------------------------------------------------------------


def curve(n: int, entered: list[int], events: list[int], censored: list[int]) -> pd.DataFrame:
    gone = [a + b for a, b in zip(events, censored, strict=True)]
    rows = [
        {"time": float(t), "n": n, "total": entered[t], "events": events[t], "competing": 0, "censored": censored[t],
         "at_risk": entered[max(t - 1, 0)] - gone[max(t - 1, 0)], "estimate": 0.1}
        for t in range(len(events))
    ]  # fmt: skip
    return tidy(rows, stream="s", analysis="a", kind="kaplan_meier", cohort="c", measure="survival", outcome="o")


def test_released_curves_come_from_rounded_entries() -> None:
    rows = disclose(curve(302, [201, 262, 302], [0, 22, 41], [0, 31, 58]), POLICY).rows
    assert rows["total"].tolist() == [200, 260, 300]
    assert rows["at_risk"].tolist() == [200, 210, 200]
    # Exposed: 200 + 60/2 - 30/2 = 215 and 210 + 40/2 - 30/2 = 215.
    assert_allclose(rows["estimate"], [1, 1 - 20 / 215, (1 - 20 / 215) * (1 - 20 / 215)])


def test_exact_and_released_curves_are_close() -> None:
    for kind, measure in (("kaplan_meier", "survival"), ("cumulative_incidence", "cumulative_incidence")):
        exact = rows_of(crowd(), kind=kind, every=2, restricted_mean_at=[30])
        released = disclose(exact, POLICY).rows
        both = own(exact).merge(released, on=["measure", "time"], suffixes=("", "_released"))
        assert both["measure"].value_counts()[measure] > 10
        assert ((both["estimate"] - both["estimate_released"]).abs() < both["std_error"].clip(lower=0.01)).all()
        assert not released[["events", "competing", "censored", "at_risk", "total"]].stack().between(1, 9).any()


def test_few_at_the_start_hide_the_curve() -> None:
    rows = disclose(curve(302, [4, 262, 302], [0, 22, 41], [0, 31, 58]), POLICY).rows
    assert rows["status"].eq("suppressed").all()
    assert rows["total"].isna().all()


@pytest.mark.parametrize(("entered", "says"), [([201, 190, 302], "not cumulative"), ([201, 262, 310], "contradict")])
def test_entries_that_cannot_be_close_the_door(entered: list[int], says: str) -> None:
    with pytest.raises(DisclosureError, match=says):
        disclose(curve(302, entered, [0, 22, 41], [0, 31, 58]), POLICY)


# --- words -------------------------------------------------------------------------------------------------------

WRONG = [
    ({}, {"kind": "aft", "outcome": "back", "covariates": ["side"], "distribution": "weibull"}, "has a delayed entry"),
    ({}, {"kind": "fine_gray", "outcome": "back", "covariates": ["side"], "target": "crr"}, "has a delayed entry"),
    ({"entry": "end"}, CURVE, "entry: 'end' also ends observation"),
    ({"entry": "often"}, CURVE, "entry: 'often' repeats, and observation starts once"),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "analysis", "says"), WRONG)
def test_entries_that_no_estimator_knows(outcome: dict[str, Any], analysis: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stream(study(outcome, **analysis), {}, Path("s.yaml"))
    assert says in str(caught.value)


def test_the_report_says_from_when() -> None:
    stream = study({"at_risk_after_days": 7}, **CURVE)
    check_stream(stream, {}, Path("s.yaml"))
    about = describe_study(stream, stream.covariates, ("replication", CONFIG.source("replication")), POLICY, {})
    said = about["cohorts"]["people"]["outcomes"]["back"]["entry"]
    assert said == "7 days after time zero, or moved in if that is later"
