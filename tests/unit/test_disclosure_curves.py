"""Curves rebuilt from rounded cumulative counts: worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.curves import time_of_half
from family_justice.errors import DisclosureError
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.results import tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
PUBLIC = Policy(**yaml.safe_load((POLICIES / "public_records.yaml").read_text()))


def curve(
    n: int,
    events: Sequence[int],
    competing: Sequence[int] | None = None,
    censored: Sequence[int] | None = None,
    **labels: str,
) -> pd.DataFrame:
    zeros = [0] * len(events)
    rows = [
        {
            "time": float(t),
            "n": n,
            "events": e,
            "competing": d,
            "censored": c,
            "at_risk": n - e - d - c,
            "estimate": 0.1,
        }
        for t, (e, d, c) in enumerate(
            zip(events, zeros if competing is None else competing, zeros if censored is None else censored, strict=True)
        )
    ]
    kind = labels.pop("kind", "cumulative_incidence")
    measure = {"cumulative_incidence": "cumulative_incidence"}.get(kind, "survival")
    defaults = {"stream": "s", "analysis": "a", "kind": kind, "cohort": "c", "measure": measure, "outcome": "o"}
    return tidy(rows, **{**defaults, **labels})


def together(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


def test_estimates_come_from_rounded_counts() -> None:
    rows = disclose(curve(203, [0, 22, 41], [0, 11, 19], [0, 31, 58]), COURT).rows
    assert rows["n"].tolist() == [205] * 3
    assert rows["events"].tolist() == [0, 20, 40]
    assert rows["competing"].tolist() == [0, 10, 20]
    assert rows["censored"].tolist() == [0, 30, 60]
    assert rows["at_risk"].tolist() == [205, 145, 85]
    # Exposed 205 - 15 = 190: F(1) = 20/190, S(1) = 160/190; exposed 145 - 15 = 130: F(2) = F(1) + S(1) 20/130.
    assert rows["estimate"].tolist() == pytest.approx([0, 20 / 190, 20 / 190 + 160 / 190 * 20 / 130])
    # One interval: binomial standard error; limits 1.96 se / |F log F| apart on the log-log scale.
    error = np.sqrt(20 * 170 / 190**3)
    assert rows["std_error"][1] == pytest.approx(error)
    width = 1.959963984540054 * error / abs(20 / 190 * np.log(20 / 190))
    assert rows["conf_low"][1] == pytest.approx((20 / 190) ** np.exp(width))
    assert rows["conf_high"][1] == pytest.approx((20 / 190) ** np.exp(-width))


def test_survival_counts_competing_events_as_censored() -> None:
    rows = disclose(curve(200, [0, 20], [0, 10], [0, 30], kind="kaplan_meier"), COURT).rows
    assert rows["estimate"].tolist() == pytest.approx([1, 1 - 20 / 180])


def test_curves_over_few_persons_or_few_events_are_suppressed() -> None:
    assert disclose(curve(9, [0, 0]), COURT).rows["status"].eq("suppressed").all()
    few = disclose(curve(500, [0, 3, 7]), COURT).rows
    assert few["status"].eq("suppressed").all()
    assert few["n"].isna().all()
    assert few["estimate"].isna().all()
    assert disclose(curve(500, [0, 0, 0]), COURT).rows["estimate"].tolist() == [0.0] * 3


def test_no_events_is_hidden_where_zero_discloses() -> None:
    strict = COURT.model_copy(update={"zero_discloses": True})
    assert disclose(curve(500, [0, 0, 0]), strict).rows["status"].eq("suppressed").all()


def test_curve_ends_where_few_are_at_risk() -> None:
    disclosed = disclose(curve(100, [0, 30, 40, 50], censored=[0, 30, 45, 46]), COURT)
    assert disclosed.rows["time"].tolist() == [0, 1, 2]
    assert disclosed.summary["beyond_curve_end"].tolist() == [1]


def test_no_small_cumulative_count_is_shown() -> None:
    rows = disclose(curve(500, range(0, 40, 2), range(20)), COURT).rows
    for column in ("events", "competing", "censored"):
        assert not rows[column].between(1, 9).any()


def test_outcomes_over_the_same_persons_add_up_as_shown() -> None:
    drawn = np.random.default_rng(1).poisson([[6], [3], [2]], (3, 22)) * (np.arange(22) > 0)
    new, existing, death = np.cumsum(drawn, axis=1)
    rows = disclose(together(
        curve(903, new, existing + death, outcome="new"),
        curve(903, existing, new + death, outcome="existing"),
        curve(903, new + existing, death, outcome="any"),
    ), COURT).rows.set_index(["outcome", "time"])  # fmt: skip
    events = rows["events"].unstack(0)
    assert (events["any"] == events["new"] + events["existing"]).all()
    gone = (rows["events"] + rows["competing"]).unstack(0)
    assert gone.nunique(axis=1).eq(1).all()


def test_the_same_persons_under_another_name_are_shown_the_same() -> None:
    """Mothers may be a group of one analysis and everybody of another; 12 and 12 are shown as 10 and 10, so that 24
    must not be shown as 20 in one place and as 25 in the other."""
    new, existing = np.array([0, 12, 70]), np.array([0, 12, 60])
    rows = disclose(together(
        curve(600, new, existing, outcome="new"),
        curve(600, existing, new, outcome="existing"),
        curve(600, new + existing, outcome="any", analysis="b", group="parent=mother"),
    ), COURT).rows  # fmt: skip
    assert rows.loc[(rows["outcome"] == "any") & (rows["time"] == 1), "events"].tolist() == [20]


def test_a_stratum_must_not_follow_from_everybody() -> None:
    # 13 + 23 + 1 = 37 in rounded numbers of persons, see the test of tables; all with enough events elsewhere.
    parts = [curve(n, [0, e], group=f"age={i}") for i, (n, e) in enumerate([(113, 13), (123, 23), (1, 1)])]
    rows = disclose(together(*parts, curve(237, [0, 37])), COURT).rows
    shown = rows[rows["status"] == "ok"].groupby("group")["n"].first()
    assert len(shown) == 2, "one more curve is suppressed beside the one over a single person"


def test_median_follow_up_is_read_from_the_released_curve() -> None:
    observed = curve(1000, [0, 203, 398, 612], censored=[0, 0, 0, 0], kind="follow_up", analysis="follow_up.c")
    median = tidy(
        [{"measure": "median_follow_up", "estimate": 2.4471, "n": 1000, "events": 612}],
        stream="s", analysis="follow_up.c", kind="follow_up", cohort="c", outcome="o",
    )  # fmt: skip
    row = disclose(together(observed, median), COURT).rows.iloc[-1]
    # S = 0.8, 0.6, 0.39 from 205, 400, 610: half is reached (0.6 - 0.5) / (0.6 - 0.39) after 2.
    assert row["estimate"] == pytest.approx(2 + 0.1 / 0.21)
    assert (row["n"], row["events"]) == (1000, 610)
    alone = disclose(median, COURT).rows
    assert alone["status"].tolist() == ["suppressed"]
    assert alone["estimate"].isna().all()


def test_time_of_half_is_missing_if_the_curve_stays_above() -> None:
    assert np.isnan(time_of_half(np.array([0.0, 1.0]), np.array([1.0, 0.7])))


def rank_test(measure: str = "log_rank_test", **values: float) -> pd.DataFrame:
    kind = "kaplan_meier" if measure == "log_rank_test" else "cumulative_incidence"
    row = {"measure": measure, "statistic": 4.56789, "df": 1, "p_value": upper_tail(4.56789, 1), **values}
    return tidy([row], stream="s", analysis="a", kind=kind, cohort="c", outcome="o")


def test_a_log_rank_test_is_that_of_the_released_life_tables() -> None:
    """One step: 50 and 30 events, 20 and 10 withdrawals of 200 and 300 persons, all as they are shown."""
    good = [
        curve(200, [0, 50], censored=[0, 20], kind="kaplan_meier", group="x=0"),
        curve(300, [0, 30], censored=[0, 10], kind="kaplan_meier", group="x=1"),
    ]
    row = disclose(together(*good, rank_test(n=499, events=83)), COURT).rows.iloc[-1]
    # Persons who leave evenly over the step: by hand from the events and those at risk at each of its 48 moments.
    leaving = {(g, c): np.floor((np.arange(n) + 0.5) / n * 48) for g, c, n in
               ((0, 1, 50), (0, 0, 20), (1, 1, 30), (1, 0, 10))}  # fmt: skip
    gap = variance = 0.0
    for moment in range(48):
        at_risk = [n - sum((leaving[g, c] < moment).sum() for c in (0, 1)) for g, n in ((0, 200), (1, 300))]
        events = [(leaving[g, 1] == moment).sum() for g in (0, 1)]
        n, d = sum(at_risk), sum(events)
        gap += events[1] - d * at_risk[1] / n
        variance += d * (n - d) / (n - 1) * at_risk[0] * at_risk[1] / n**2
    assert row["statistic"] == pytest.approx(gap**2 / variance, rel=1e-9)
    assert row["p_value"] == pytest.approx(upper_tail(gap**2 / variance, 1), rel=1e-9)
    assert (row["df"], row["n"], row["events"]) == (1, 500, 80)  # of the released curves, not rounded anew


@pytest.mark.parametrize(
    ("kind", "measure"), [("kaplan_meier", "log_rank_test"), ("cumulative_incidence", "gray_test")]
)
def test_no_digit_of_an_exact_rank_test_leaves(kind: str, measure: str) -> None:
    """Counts that are shown alike have one test, whatever the exact one was."""
    found = set()
    for shift, exact in ((-2, 4.5), (-1, 14.5), (0, 0.5), (1, 99.0), (2, 3.84)):
        counts = [[0, 20 + shift, 50 + shift], [0, 0, 10 + shift], [0, 15 + shift, 25 + shift]]
        groups = [curve(200, *counts, kind=kind, group="x=0"), curve(300 + shift, *counts, kind=kind, group="x=1")]
        test = rank_test(measure, statistic=exact, p_value=upper_tail(exact, 1), n=500 + shift, events=100 + 2 * shift)
        row = disclose(together(*groups, test), COURT).rows.iloc[-1]
        found.add(tuple(row[["statistic", "df", "p_value", "n", "events"]]))
    assert len(found) == 1
    assert found.pop()[0] not in (4.5, 14.5, 0.5, 99.0, 3.84)


def test_a_rank_test_goes_with_its_curves() -> None:
    good = curve(200, [0, 50], kind="kaplan_meier", group="x=0")
    poor = [good, curve(200, [0, 5], kind="kaplan_meier", group="x=1")]
    row = disclose(together(*poor, rank_test(n=400, events=55)), COURT).rows.iloc[-1]
    assert row["status"] == "suppressed"
    assert row[["statistic", "df", "p_value", "n", "events"]].isna().all()
    # A curve that is withheld from its start on, as too few are at risk, is no curve to test.
    short = [good, curve(12, [0, 11], kind="kaplan_meier", group="x=1")]
    short[1].loc[:, ["events", "at_risk"]] = [[11, 1], [11, 1]]
    assert disclose(together(*short, rank_test()), COURT).rows.iloc[-1]["status"] == "suppressed"


def test_a_rank_test_without_a_test_says_so() -> None:
    """All curves end at once: nobody is compared. What could not be tested inside is not tested outside."""
    groups = [curve(200, [50, 190], kind="kaplan_meier", group=f"x={i}") for i in range(2)]
    for frame in groups:
        frame.loc[:, ["competing", "censored"]] = 0
    row = disclose(together(*groups[:1], rank_test()), COURT).rows.iloc[-1]
    assert (row["status"], row["note"]) == ("not estimable", "the released curves end too early for a test")
    assert np.isnan(row["statistic"])
    none = rank_test(n=400, statistic=np.nan, df=np.nan, p_value=np.nan).assign(status="not estimable", note="no test")
    row = disclose(together(*groups, none), COURT).rows.iloc[-1]
    assert (row["status"], row["note"], row["n"]) == ("not estimable", "no test", 400)
    assert np.isnan(row["statistic"])


@pytest.mark.parametrize("column", ["estimate", "conf_low", "at_risk", "total", "censored"])
def test_other_values_of_a_rank_test_close_the_door(column: str) -> None:
    groups = [curve(200, [0, 50], kind="kaplan_meier", group=f"x={i}") for i in range(2)]
    with pytest.raises(DisclosureError, match=f"rank tests: no rule of disclosure control for values in {column}"):
        disclose(together(*groups, rank_test(**{column: 4})), COURT)


def test_public_curves_stay_exact() -> None:
    before = curve(50, [0, 3, 7])
    pd.testing.assert_frame_equal(disclose(before, PUBLIC).rows, before)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("time", [1.0, 2.0, 3.0], "increase from 0"),
        ("time", [0.0, 0.37, 1.113], "regular grid"),
        ("events", [0, 30, 20], "not cumulative"),
        ("censored", [0, 0, 190], "more persons left"),
        ("at_risk", [200, 150, 60], "does not follow"),
        ("n", [200, 201, 202], "not the same in all rows"),
        ("events", [0, pd.NA, 20], "needs events"),
        ("total", [1, 1, 1], "more persons left"),
        ("measure", ["survival"] * 3, "measures have no rule"),
    ],
)
def test_what_is_not_a_curve_on_a_grid_closes_the_door(column: str, values: list[object], message: str) -> None:
    frame = curve(200, [0, 20, 40])
    frame[column] = pd.array(values, dtype=frame[column].dtype)
    with pytest.raises(DisclosureError, match=message):
        disclose(frame, COURT)


def test_curves_of_an_analysis_share_their_grid() -> None:
    other = curve(200, [0, 20, 40], group="x=1")
    other["time"] *= 2
    with pytest.raises(DisclosureError, match="one grid"):
        disclose(together(curve(200, [0, 20, 40], group="x=0"), other), COURT)
