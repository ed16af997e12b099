"""Validation of a prediction: its rows, its errors, and what leaves of it."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kind_samples import COHORT, COVARIATES, SAMPLES, members
from kinds_on_the_way import OPEN, POLICY, House, Way, as_categories, disclosed, take

from family_justice.analyses.prepare import follow_up
from family_justice.disclosure.coarsen import step_below
from family_justice.disclosure.families.accuracy import release_accuracy
from family_justice.disclosure.families.curve_series import Curve, Line
from family_justice.errors import ConfigError, DisclosureError
from family_justice.estimators.survival.prediction import fit_risk_model, performance
from family_justice.results import tidy

HOUSE = House(COHORT, COVARIATES)
KEYS = {"kind": "prediction", **SAMPLES["prediction"]}
OF_ALL = ("area_under_curve", "brier_score", "scaled_brier_score", "observed_over_expected", "calibration_slope")


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Way:
    return take(members(), KEYS, tmp_path_factory.mktemp("prediction"), POLICY, HOUSE)


def test_apparent_values_are_those_of_the_estimator(way: Way) -> None:
    observed = follow_up(members(), COHORT.outcomes["back"], "a")
    x = np.column_stack([(members()["sex"] == "male"), members()["age"]]).astype(float)
    model = fit_risk_model(observed.exit, observed.cause, x)
    wanted = performance(model, observed.exit, observed.cause, x, np.array([1.0])).as_array()[:, 0]
    apparent = way.exact[way.exact["term"] == "apparent"].set_index("measure")["estimate"]
    for measure, value in zip(OF_ALL, wanted, strict=True):
        assert apparent[measure] == pytest.approx(value, rel=1e-6), measure


def test_groups_make_up_everybody_and_observed_risks_are_their_curves(way: Way) -> None:
    curves = way.exact[way.exact["measure"] == "cumulative_incidence"]
    assert list(dict.fromkeys(curves["group"])) == [f"risk_group={name}" for name in ("1 lowest", "2", "3 highest")]
    assert curves.drop_duplicates("group")["n"].sum() == len(members())
    predicted = way.exact[way.exact["measure"] == "predicted_risk"]
    assert predicted["estimate"].is_monotonic_increasing
    at = curves[curves["time"] == 1]["estimate"].to_numpy()
    assert np.abs(predicted["estimate"].to_numpy() - at).max() < 0.15


def test_only_corrected_values_have_limits(way: Way) -> None:
    rows = way.released[way.released["measure"].isin(OF_ALL) & (way.released["status"] == "ok")]
    assert rows.loc[rows["term"] == "corrected", ["conf_low", "conf_high"]].notna().all(axis=None)
    assert rows.loc[rows["term"] == "apparent", ["conf_low", "conf_high"]].isna().all(axis=None)
    assert (rows.loc[rows["measure"] == "calibration_slope", "time"].isna()).all()


def test_the_table_has_a_line_for_each_measure_and_time(way: Way) -> None:
    table = next(t for t in re.findall(r"<table.*?</table>", way.page, re.DOTALL) if "Calibration slope" in t)
    lines = re.findall(r"<th[^>]*>(.*?)</th>", table.partition("<tbody")[2], re.DOTALL)
    assert len(lines) == len(OF_ALL)
    assert "nan" not in " ".join(lines)


def test_released_values_are_short_and_as_far_from_the_released_curves_as_from_the_exact_ones(way: Way) -> None:
    keys = ["measure", "group", "term", "time"]
    both = way.exact.merge(way.released, on=keys, suffixes=("", "_shown"))
    rows = both[both["measure"].isin(OF_ALL)]
    assert len(rows) == 10
    # Half a step, which is a fifth of the standard error or less, and what rounding moved.
    assert ((rows["estimate"] - rows["estimate_shown"]).abs() <= rows["std_error"] / 2).all()
    assert (rows["estimate"] != rows["estimate_shown"]).sum() > 5
    groups = both[both["measure"] == "predicted_risk"]
    assert ((groups["estimate_shown"] / 0.02) % 1).round(6).isin((0, 1)).all()  # three of 200 are 0.015
    curves = both[(both["measure"] == "cumulative_incidence") & (both["time"] == 1)]
    apart, apart_shown = (
        groups[column].to_numpy() - curves[column].to_numpy() for column in ("estimate", "estimate_shown")
    )
    assert np.abs(apart - apart_shown).max() <= 0.01 + 1e-9


def test_nothing_is_rounded_under_an_open_policy(tmp_path: Any) -> None:
    taken = take(members(), KEYS, tmp_path, OPEN, HOUSE)
    rows = taken.released["measure"].isin((*OF_ALL, "predicted_risk"))
    assert np.allclose(taken.released.loc[rows, "estimate"], taken.exact.loc[rows, "estimate"], equal_nan=True)


def test_times_off_the_grid_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"analyses\.a\.validate_at: 0\.7 not on the grid"):
        HOUSE.checked(a={**KEYS, "validate_at": [0.7]})
    with pytest.raises(ConfigError, match=r"analyses\.a\.validate_at: 0\.0 not on the grid"):
        HOUSE.checked(a={**KEYS, "validate_at": [0]})


def frame(**changes: Any) -> pd.DataFrame:
    """Two groups with curves, a predicted risk of each, and an area under the curve."""
    labels: dict[str, Any] = {"outcome": "back", "time": 1.0}
    groups = [
        {**labels, "measure": measure, "group": f"risk_group={name}", **more}
        for name, risk in (("1 lowest", 0.05), ("2 highest", 0.15))
        for measure, more in (
            ("cumulative_incidence", {"n": 100, "events": round(100 * risk), "estimate": risk}),
            ("predicted_risk", {"estimate": risk + 0.023456}),
        )
    ]
    whole = {**labels, "measure": "area_under_curve", "term": "apparent", "estimate": 0.678912, "std_error": 0.0321}
    return tidy([*groups, {**whole, **changes}], analysis="a", kind="prediction", cohort="c", stream="s")


def released(rows: pd.DataFrame, beyond: list[int], shown: float = 0.05) -> pd.DataFrame:
    """Release all but the curves, of which the lowest is shown with this risk."""
    exact = rows.copy()
    rows.loc[0, "estimate"] = shown
    lines = [Line([int(row)], {"events": "events"}) for row in rows.index[rows["measure"] == "cumulative_incidence"]]
    curves = [Curve("a", "prediction", "c", "back", frozenset(), 100, lines=[line]) for line in lines]
    release_accuracy(rows, rows.index[rows["measure"] != "cumulative_incidence"], beyond, POLICY, exact, curves)
    return rows


def test_values_are_withheld_where_a_curve_has_ended() -> None:
    shown = released(frame(), [])
    assert shown["status"].eq("ok").all()
    assert shown["estimate"].iloc[-1] == pytest.approx(0.68)  # steps of 0.01
    assert shown["estimate"].iloc[1] == 0.05  # steps of 0.05, the widest that there are, for three of 100 members
    hidden = released(frame(), [2])
    assert hidden["status"].tolist() == ["ok", "ok", "ok", "suppressed", "suppressed"]
    assert hidden.loc[hidden["status"] == "suppressed", "estimate"].isna().all()


def test_values_are_withheld_beside_a_curve_that_is() -> None:
    rows = frame()
    rows.loc[0, "status"] = "suppressed"
    assert released(rows, [])["status"].tolist() == ["suppressed", "suppressed", "ok", "ok", "suppressed"]


def test_values_go_with_the_released_risks_and_keep_their_distance() -> None:
    rows = released(frame(std_error=0.0001), [], shown=0.10)
    # By hand: 10 and 15 events of 100 where there were 5 and 15, none told apart within a group.
    before = (5 * 95 / 2 + 15 * (95 + 85 / 2)) / (20 * 180)
    after = (10 * 90 / 2 + 15 * (90 + 85 / 2)) / (25 * 175)
    assert rows["estimate"].iloc[-1] == pytest.approx(0.678912 + after - before, abs=0.01)
    assert rows["std_error"].iloc[-1] > 0.01  # owns up to the move
    assert rows["estimate"].iloc[1] == pytest.approx(0.10)  # 0.1235 in steps of 0.05


def test_a_group_in_which_no_step_holds_three_persons_has_no_predicted_risk() -> None:
    rows = frame()
    rows.loc[[0, 2], "n"] = 55
    assert released(rows, [])["status"].tolist() == ["ok", "suppressed", "ok", "suppressed", "ok"]


@pytest.mark.parametrize("status", ["ok", "not estimable"])
def test_of_too_few_events_nothing_is_told_not_even_that_there_are_none(status: str) -> None:
    rows = frame(status=status, **({} if status == "ok" else {"estimate": np.nan, "std_error": np.nan}))
    rows.loc[2, "estimate"] = 0.04
    assert released(rows, [], shown=0.05)["status"].iloc[-1] == "suppressed"


def two_groups(early: tuple[int, int], late: tuple[int, int]) -> pd.DataFrame:
    """Two times 200 members, of whom so many have the event after one year, and by two years."""
    years = [
        [1.0] * first + [2.0] * (both - first) + [3.0] * (200 - both) for first, both in zip(early, late, strict=True)
    ]
    frame = pd.DataFrame({"sex": ["female"] * 200 + ["male"] * 200, "duration": years[0] + years[1]})
    return as_categories(frame.assign(came_back=(frame["duration"] < 3).astype(int)))


def told(early: tuple[int, int], late: tuple[int, int]) -> pd.DataFrame:
    """Return what is released of how well the risk by one year is predicted by sex."""
    keys = {"kind": "prediction", "outcome": "back", "covariates": ["sex"], "every": 1, "until": 2, "validate_at": [1],
            "risk_groups": 2, "samples": 20}  # fmt: skip
    rows = disclosed(two_groups(early, late), keys).released
    found = rows[(rows["term"] == "apparent") & rows["time"].notna() | (rows["measure"] == "predicted_risk")]
    assert (found["status"] == "ok").all()
    return found.set_index(["measure", "group"])


@pytest.mark.slow
def test_the_events_of_a_group_do_not_follow_from_how_well_its_risk_is_predicted() -> None:
    """The intruder knows how all is made, and tries out the events that the released curves leave."""
    truth = told((6, 20), (20, 50))
    half = truth["std_error"].map(lambda error: 0.01 if np.isnan(error) else step_below(error / 5) / 2) + 1e-9
    fitting: set[int] = set()
    for late, low, high in itertools.product([(20, 50), (18, 50), (22, 50)], (6, 7, 8, 5, 9), (20, 19, 21, 18, 22)):
        if len(fitting) < 3 and low not in fitting:
            near = (told((low, high), late)["estimate"] - truth["estimate"]).abs() <= half
            fitting |= {low} if near.all() else set()
    assert len(fitting) == 3


@pytest.mark.parametrize("changes", [{"std_error": np.nan}, {"n": 100}, {"statistic": 1.0}])
def test_what_the_rule_does_not_know_closes_the_door(changes: dict[str, Any]) -> None:
    with pytest.raises(DisclosureError, match="measures of a prediction"):
        released(frame(**changes), [])
