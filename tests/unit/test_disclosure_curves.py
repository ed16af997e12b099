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
    new, existing, death = np.arange(0, 110, 5), np.arange(0, 44, 2), np.arange(22)
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


def test_log_rank_test_goes_with_its_curves() -> None:
    test = tidy(
        [{"measure": "log_rank_test", "statistic": 4.56789, "df": 1, "p_value": 0.0326, "n": 400}],
        stream="s", analysis="a", kind="kaplan_meier", cohort="c", outcome="o",
    )  # fmt: skip
    good = [curve(200, [0, 50], kind="kaplan_meier", group=f"x={i}") for i in range(2)]
    row = disclose(together(*good, test), COURT).rows.iloc[-1]
    assert row["statistic"] == 4.57
    assert row["p_value"] == pytest.approx(0.0325366, abs=1e-6)
    poor = [good[0], curve(200, [0, 5], kind="kaplan_meier", group="x=1")]
    assert disclose(together(*poor, test), COURT).rows.iloc[-1]["status"] == "suppressed"


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
