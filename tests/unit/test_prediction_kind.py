"""Validation of a prediction: its rows, its errors, and what leaves of it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kind_samples import COHORT, COVARIATES, SAMPLES, members
from kinds_on_the_way import OPEN, POLICY, House, Way, take

from family_justice.analyses.prepare import follow_up
from family_justice.disclosure.families.accuracy import release_accuracy
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


def test_released_values_are_short_and_near(way: Way) -> None:
    keys = ["measure", "group", "term", "time"]
    both = way.exact.merge(way.released, on=keys, suffixes=("", "_shown"))
    rows = both[both["measure"].isin(OF_ALL)]
    assert len(rows) == 10
    # Half a step, which is a fifth of the standard error or less.
    assert ((rows["estimate"] - rows["estimate_shown"]).abs() <= rows["std_error"] / 10 + 1e-12).all()
    assert (rows["estimate"] != rows["estimate_shown"]).sum() > 5
    groups = both[both["measure"] == "predicted_risk"]
    assert ((groups["estimate_shown"] / 0.02) % 1).round(6).isin((0, 1)).all()  # three of 200 are 0.015


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
        {**labels, "measure": measure, "group": f"risk_group={name}", "estimate": 0.123456, **more}
        for name in ("1 lowest", "2 highest")
        for measure, more in (("cumulative_incidence", {"n": 100, "events": 20}), ("predicted_risk", {}))
    ]
    whole = {**labels, "measure": "area_under_curve", "term": "apparent", "estimate": 0.678912, "std_error": 0.0321}
    return tidy([*groups, {**whole, **changes}], analysis="a", kind="prediction", cohort="c", stream="s")


def released(rows: pd.DataFrame, beyond: list[int]) -> pd.DataFrame:
    release_accuracy(rows, rows.index[rows["measure"] != "cumulative_incidence"], beyond, POLICY)
    return rows


def test_values_are_withheld_where_a_curve_has_ended() -> None:
    shown = released(frame(), [])
    assert shown["status"].eq("ok").all()
    assert shown["estimate"].iloc[-1] == pytest.approx(0.68)  # steps of 0.005
    assert shown["estimate"].iloc[1] == 0.1  # steps of 0.05, the widest that there are, for three of 100 members
    hidden = released(frame(), [2])
    assert hidden["status"].tolist() == ["ok", "ok", "ok", "suppressed", "suppressed"]
    assert hidden.loc[hidden["status"] == "suppressed", "estimate"].isna().all()


def test_values_are_withheld_beside_a_curve_that_is() -> None:
    rows = frame()
    rows.loc[0, "status"] = "suppressed"
    assert released(rows, [])["status"].tolist() == ["suppressed", "suppressed", "ok", "ok", "suppressed"]


@pytest.mark.parametrize("changes", [{"std_error": np.nan}, {"n": 100}, {"statistic": 1.0}])
def test_what_the_rule_does_not_know_closes_the_door(changes: dict[str, Any]) -> None:
    with pytest.raises(DisclosureError, match="measures of a prediction"):
        released(frame(**changes), [])
