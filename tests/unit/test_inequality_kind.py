"""Slope and relative index of inequality: from counts by hand, and from a stream's words to the page."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import FIFTHS, OPEN, as_categories, checked, disclosed, one, take
from numpy.testing import assert_allclose

from family_justice.disclosure.families.release_derived import check_rates
from family_justice.errors import ConfigError, DisclosureError
from family_justice.estimators.groups.inequality import concentration, grouped_inequality, inequality

KEYS = {"kind": "inequality", "variable": "placed", "over": "fifth"}


def test_two_groups_by_hand() -> None:
    """Risks 0.2 and 0.5 in two halves lie at ranks 0.25 and 0.75: slope 0.6, ratio (0.5/0.2)^2; with twice the time in
    the first the rates are 0.1 and 0.5, the slope 0.8, the ratio 25; log variance 4 (1/20 + 1/50)."""
    found = grouped_inequality([20, 50], [100, 100])
    assert_allclose(found.ridits, [0.25, 0.75])
    assert_allclose(found.slope, 0.6)
    assert_allclose(found.log_relative, 2 * math.log(2.5))
    # Both variances rest on four times p q / n of each half, with the factor 200/198.
    variance = 4 * 200 / 198 * (0.16 / 100 + 0.25 / 100)
    assert_allclose(found.slope_std_error, math.sqrt(variance))
    relative = 4 * 200 / 198 * (0.8 / 20 + 0.5 / 50)
    assert_allclose(found.log_relative_std_error, math.sqrt(relative))
    rates = grouped_inequality([20, 50], [100, 100], [200, 100])
    assert_allclose([rates.slope, rates.log_relative], [0.8, math.log(25)])
    assert_allclose(rates.log_relative_std_error, math.sqrt(4 * (1 / 20 + 1 / 50)))
    assert_allclose(rates.slope_std_error, math.sqrt(4 * (20 / 200**2 + 50 / 100**2)))


def test_counts_give_what_the_rows_behind_them_give() -> None:
    d, n = np.array([10, 12, 20, 25, 40]), np.array([100, 90, 110, 80, 120])
    y = np.concatenate([np.repeat([1, 0], [a, b - a]) for a, b in zip(d, n, strict=True)])
    rows, counts = inequality(y, np.repeat(np.arange(5), n), 5), grouped_inequality(d, n)
    for name in ("ridits", "slope", "slope_std_error", "log_relative", "log_relative_std_error"):
        assert_allclose(getattr(rows, name), getattr(counts, name), rtol=1e-10)


def test_concentration_by_hand() -> None:
    """Of 20 and 50 events in two halves, best off first: the worst off half has 5/7, and lies at rank 1/4 from the
    worst off end: 2 (5/7 / 4 + 2/7 * 3/4) - 1 = -3/14. Not compared with R (rineq): no answers are at hand."""
    found = concentration([20, 50], [100, 100], poisson=True)
    assert found.index == pytest.approx(-3 / 14)
    assert_allclose(found.people, [0, 0.5, 1])
    assert_allclose(found.events, [0, 5 / 7, 1])
    # The index is 1/2 less the share of the worst off half, which is binomial given all events.
    assert found.std_error == pytest.approx(math.sqrt(5 / 7 * 2 / 7 / 70))
    assert concentration([30, 30], [50, 50], poisson=False).index == pytest.approx(0)
    assert np.isnan(concentration([0, 0], [10, 10], poisson=True).index)
    assert np.isnan(concentration([5, 0], [10, 0], poisson=True).index)


def test_the_area_between_curve_and_diagonal_is_half_the_index() -> None:
    g = np.random.default_rng(3)
    d, n = g.integers(5, 60, 7), g.integers(100, 400, 7)
    found = concentration(d, n, poisson=False)
    area = float(((found.events[1:] + found.events[:-1]) / 2 * np.diff(found.people)).sum())
    assert found.index == pytest.approx(1 - 2 * area)


@pytest.mark.parametrize("poisson", [True, False])
def test_the_error_of_the_index_is_the_spread_of_indices_of_drawn_events(poisson: bool) -> None:
    g = np.random.default_rng(4)
    n, risk = np.array([300, 250, 250, 200, 200]), np.array([0.1, 0.15, 0.2, 0.3, 0.5])
    drawn = [g.poisson(n * risk) if poisson else g.binomial(n, risk) for _ in range(4000)]
    indices = [concentration(d, n, poisson).index for d in drawn]
    errors = [concentration(d, n, poisson).std_error for d in drawn]
    assert np.std(indices) == pytest.approx(np.mean(errors), rel=0.05)


def test_concentration_curves_are_drawn_from_released_counts(tmp_path: Path) -> None:
    way = take(members(), {**KEYS, "group_by": ["year"], "curve": True}, tmp_path)
    released = one(way.released, measure="concentration_index", group="year=2016")
    shares = way.released[(way.released["measure"] == "percent") & way.released["group"].str.startswith("year=2016")]
    again = concentration(shares["n"].astype(float), shares["total"].astype(float), poisson=False)
    assert_allclose([released["estimate"], released["std_error"]], [again.index, again.std_error])
    assert released["estimate"] < 0
    assert way.figures["a"]["alt"].startswith("Concentration curves.")
    assert "Concentration index (95% CI)" in way.page


@pytest.mark.parametrize(
    ("events", "size", "reason"),
    [([5, 0], [10, 0], "all members are in one group"), ([0, 0], [10, 10], "no events"), ([], [], "all members")],
)
def test_what_cannot_be_estimated_says_why(events: list[int], size: list[int], reason: str) -> None:
    found = grouped_inequality(events, size)
    assert found.reason.startswith(reason)
    assert math.isnan(found.slope)


def members(n: int = 4000) -> pd.DataFrame:
    g = np.random.default_rng(8)
    fifth = g.choice(6, n, p=[0.3, 0.25, 0.2, 0.13, 0.1, 0.02])
    worse = np.where(fifth < 5, 4 - fifth, 2)
    return as_categories(pd.DataFrame({
        "fifth": np.array([*FIFTHS, "not known"])[fifth], "year": g.choice(["2015", "2016"], n),
        "placed": np.where(g.random(n) < 0.1 + 0.06 * worse, "yes", "no"), "duration": g.uniform(0.5, 3, n),
        "came_back": (g.random(n) < 0.1 + 0.05 * worse).astype(int),
    }))  # fmt: skip


def test_shares_reach_the_page(tmp_path: Path) -> None:
    frame = members()
    way = take(frame, {**KEYS, "group_by": ["year"]}, tmp_path)
    known = frame[frame["fifth"] != "not known"]
    own = known[known["year"] == "2016"]
    expected = inequality(own["placed"] == "yes", 4 - own["fifth"].cat.codes, 5)
    exact = one(way.exact, measure="slope_index", group="year=2016")
    assert_allclose([exact["estimate"], exact["std_error"]], [100 * expected.slope, 100 * expected.slope_std_error])
    assert exact["estimate"] > 10

    # What leaves is the index of the released counts, and of nothing else.
    released = one(way.released, measure="slope_index", group="year=2016")
    shares = way.released[(way.released["measure"] == "percent") & way.released["group"].str.startswith("year=2016")]
    assert shares["group"].iloc[0].endswith("5 least deprived")
    again = grouped_inequality(shares["n"].astype(float), shares["total"].astype(float))
    assert_allclose([released["estimate"], released["std_error"]], [100 * again.slope, 100 * again.slope_std_error])
    assert released["estimate"] != exact["estimate"]
    assert released["n"] == shares["total"].sum()
    assert (way.released[["n", "total", "events"]].fillna(0) % 5 == 0).all(axis=None)
    assert "slope index" in way.figures["a"]["alt"]
    assert "Slope index (95% CI)" in way.page


def test_rates_reach_the_page(tmp_path: Path) -> None:
    frame = members()
    way = take(frame, {"kind": "inequality", "outcome": "back", "over": "fifth"}, tmp_path)
    worst = frame[frame["fifth"] == "1 most deprived"]
    row = one(way.exact, measure="rate", group="fifth=1 most deprived")
    assert_allclose(row["estimate"], 1000 * worst["came_back"].sum() / worst["duration"].sum())
    time = one(way.released, measure="time_at_risk", group="fifth=1 most deprived")
    # Of so many people as are shown, each with the mean time to two digits.
    mean = float(f"{worst['duration'].mean():.2g}")
    assert abs(time["estimate"] - worst["duration"].sum()) <= 3 * mean
    assert_allclose(time["estimate"] / mean, 5 * round(time["estimate"] / mean / 5))
    rate = one(way.released, measure="rate", group="fifth=1 most deprived")
    assert_allclose(rate["estimate"], 1000 * rate["n"] / time["estimate"])
    assert rate["conf_low"] < rate["estimate"] < rate["conf_high"]
    assert "Per 1000 person-years" in way.figures["a"]["caption"]
    assert one(way.released, measure="log_relative_index")["estimate"] > 0.5


def test_the_worst_off_end_can_be_the_last_one() -> None:
    frame = members()
    first = disclosed(frame, KEYS)
    last = disclosed(frame, {**KEYS, "worst_off": "last"})
    for measure in ("slope_index", "log_relative_index"):
        a, b = (one(way.exact, measure=measure) for way in (first, last))
        assert_allclose([a["estimate"], a["std_error"]], [-b["estimate"], b["std_error"]])


def test_a_small_group_withholds_the_indices(tmp_path: Path) -> None:
    frame = members()
    few = frame[(frame["fifth"] == "5 least deprived") & (frame["placed"] == "yes")].index[4:]
    frame.loc[few, "placed"] = "no"
    way = take(frame, KEYS, tmp_path)
    best = one(way.released, measure="percent", group="fifth=5 least deprived")
    assert (best["status"], pd.isna(best["n"])) == ("suppressed", True)
    for measure in ("slope_index", "log_relative_index"):
        row = one(way.released, measure=measure)
        assert row["status"] == "suppressed"
        assert row[["estimate", "std_error", "conf_low", "n", "events"]].isna().all()
    assert "withheld" in way.figures["a"]["alt"]
    public = disclosed(frame, KEYS, OPEN)
    pd.testing.assert_frame_equal(public.released, public.exact)


def test_a_rate_without_its_time_closes_the_door() -> None:
    way = disclosed(members(), {"kind": "inequality", "outcome": "back", "over": "fifth"})
    with pytest.raises(DisclosureError, match="one rate and one time at risk"):
        check_rates(way.exact[way.exact["measure"] != "time_at_risk"])
    wrong = way.exact.copy()
    wrong.loc[wrong["measure"] == "rate", "estimate"] += 1
    with pytest.raises(DisclosureError, match="not events over time"):
        check_rates(wrong)


def test_wrong_words() -> None:
    with pytest.raises(ConfigError, match=r"write either 'variable' .* or 'outcome'"):
        checked(a={**KEYS, "outcome": "back"})
    with pytest.raises(ConfigError, match=r"analyses.a.over: 'age' is a number"):
        checked(a={**KEYS, "over": "age"})


def test_where_all_have_the_event_there_is_no_precision() -> None:
    """No residuals are left but rounding; its size is no standard error."""
    found = grouped_inequality([54, 59, 64], [54, 59, 64])
    assert found.reason == "all members have the event"
    assert np.isnan([found.slope, found.slope_std_error, found.log_relative, found.log_relative_std_error]).all()
