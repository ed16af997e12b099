"""Mean times up to a time: from a stream's words to released rows and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from test_competing_kinds import COHORT, CONFIG, COVARIATES, CURVE, POLICY, members, observed, stream

from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import ConfigError, DisclosureError
from family_justice.estimators.survival.life_table import event_table
from family_justice.estimators.survival.restricted_mean import restricted_mean_survival, restricted_mean_time_lost
from family_justice.figures.words import Labels
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEMBERS
from family_justice.report.tables import mean_times_table as mean_times
from family_justice.results import tidy

OPEN = POLICY.model_copy(update={"threshold": 1, "rounding_base": 1, "minimum_at_risk": 0})
MEANS = {**CURVE, "until": 2, "every": 0.5, "restricted_mean_at": [1, 2]}


def rows_of(kind: str, frame: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    analysis: Any = stream(c={**MEANS, "kind": kind, **keys}).analyses["c"]
    rows = KINDS[kind].run(frame, COHORT, analysis, COVARIATES, "c")
    return tidy(rows, stream="s", analysis="c", kind=kind, cohort="mothers")


@pytest.mark.parametrize("kind", ["cumulative_incidence", "kaplan_meier"])
def test_exact_mean_times_are_those_of_the_estimator(kind: str) -> None:
    frame = members()
    exit_, cause = observed(frame)
    rows = disclose(rows_of(kind, frame), OPEN).rows
    expected = {}
    for side in ("left", "right"):
        inside = (frame["side"] == side).to_numpy()
        if kind == "kaplan_meier":
            table = event_table(exit_[inside], cause[inside] == 1)
            expected[side] = restricted_mean_survival(table, 2)
        else:
            expected[side] = restricted_mean_time_lost(event_table(exit_[inside], cause[inside], n_causes=2), 1, 2)
    at_two = rows[(rows["time"] == 2) & rows["measure"].str.startswith("restricted_mean")].set_index(
        ["measure", "group"]
    )
    measure = "restricted_mean_time" if kind == "kaplan_meier" else "restricted_mean_time_lost"
    for side, mean in expected.items():
        assert_allclose(at_two.loc[(measure, f"side={side}"), "estimate"], mean.estimate)
        assert_allclose(at_two.loc[(measure, f"side={side}"), "std_error"], mean.std_error)
    difference = at_two.loc[("restricted_mean_difference", "side=right")]
    assert_allclose(difference["estimate"], expected["right"].estimate - expected["left"].estimate)
    assert_allclose(difference["std_error"], np.hypot(expected["right"].std_error, expected["left"].std_error))
    assert at_two.loc[("restricted_mean_difference", "side=left"), "status"] == "reference"


@pytest.mark.parametrize("kind", ["cumulative_incidence", "kaplan_meier"])
def test_released_mean_times_are_areas_of_released_curves(kind: str) -> None:
    released = disclose(rows_of(kind, members()), POLICY).rows
    exact = disclose(rows_of(kind, members()), OPEN).rows
    measure = "restricted_mean_time" if kind == "kaplan_meier" else "restricted_mean_time_lost"
    for side in ("left", "right"):
        curve = released[(released["group"] == f"side={side}") & released["measure"].isin(["survival", kind])]
        for until in (1, 2):
            here = (
                (released["measure"] == measure) & (released["group"] == f"side={side}") & (released["time"] == until)
            )
            upto = curve[curve["time"] <= until]
            area = np.trapezoid(upto["estimate"].to_numpy(dtype=float), upto["time"].to_numpy(dtype=float))
            assert_allclose(released.loc[here, "estimate"], area)
            assert (released.loc[here, "n"] % 5 == 0).all()
            # Close to the exact ones: rounding and the grid move them by far less than their error.
            error = exact.loc[here, "std_error"].to_numpy()
            assert (np.abs(released.loc[here, "estimate"] - exact.loc[here, "estimate"]) < error / 2).all()
            assert_allclose(released.loc[here, "std_error"], error, rtol=0.05)


def test_standard_error_by_hand() -> None:
    """One step of the grid: 20 of 200 have the event, 20 are censored, exposed 190. Mean 1 - (20/190)/2."""
    exit_ = np.concatenate([np.full(20, 100.0), np.full(20, 50.0), np.full(160, 400.0)])
    frame = pd.DataFrame({
        "back": np.where(exit_ == 100, 100.0, np.nan), "death": np.nan, "end": exit_,
        "side": pd.Categorical(["left"] * 200, categories=["left", "right"]), "age": 30.0,
    })  # fmt: skip
    rows = rows_of("kaplan_meier", frame, every=1, until=1, restricted_mean_at=[1], group_by=[])
    row = disclose(rows, POLICY).rows.query("measure == 'restricted_mean_time'").iloc[0]
    q = 20 / 190
    assert row["estimate"] == pytest.approx(1 - q / 2)
    # Events lie evenly within the step: the time lost to one is 1/2 on average, its square 1/3.
    assert row["std_error"] == pytest.approx(np.sqrt((q / 3 - (q / 2) ** 2) / 190))
    assert row["n"] == 200


def test_beyond_the_end_of_a_curve_nothing_is_released() -> None:
    frame = members()
    frame.loc[(frame["side"] == "left") & (frame.index > 15), "end"] = 500  # few are left after 500 days
    rows = disclose(rows_of("kaplan_meier", frame), POLICY).rows
    means = rows[rows["measure"].str.startswith("restricted_mean")].set_index(["measure", "group", "time"])
    assert means.loc[("restricted_mean_time", "side=left", 1), "status"] == "ok"
    hidden = means.loc[("restricted_mean_time", "side=left", 2)]
    assert hidden["status"] == "suppressed"
    assert np.isnan(hidden["estimate"])
    # Without its reference no difference is shown either.
    assert means.xs("restricted_mean_difference")["status"].tolist() == ["reference", "ok", "suppressed", "suppressed"]


def test_nobody_observed_for_so_long() -> None:
    frame = members()
    frame["end"] = 500
    rows = rows_of("kaplan_meier", frame)
    late = rows[(rows["measure"] == "restricted_mean_time") & (rows["time"] == 2)]
    assert late["status"].eq("not estimable").all()
    assert late["note"].eq("nobody is observed for so long").all()
    assert not ((rows["measure"] == "restricted_mean_difference") & (rows["time"] == 2)).any()


def test_a_mean_time_without_a_curve_closes_the_door() -> None:
    rows = rows_of("kaplan_meier", members())
    with pytest.raises(DisclosureError, match="no curve to rest on"):
        disclose(rows[(rows["measure"] != "survival") | (rows["group"] != "side=left")], POLICY)
    rows = rows[~rows["measure"].isin(MEMBERS)].copy()
    rows["events"] = rows["events"].fillna(3)
    with pytest.raises(DisclosureError, match=r"summaries of curves: no rule .* for values in events"):
        disclose(rows[rows["measure"] != "log_rank_test"], POLICY)


def test_times_must_be_on_the_grid() -> None:
    with pytest.raises(ConfigError, match=r"restricted_mean_at: 0.7 not on the grid; write multiples of 0.5 up to 2"):
        check_stream(stream(c={**MEANS, "kind": "kaplan_meier", "restricted_mean_at": [0.7, 1]}), {}, Path("s.yaml"))


def test_a_reader_meets_a_table() -> None:
    described = stream(c={**MEANS, "kind": "cumulative_incidence"})
    study = describe_study(described, COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    released = disclose(rows_of("cumulative_incidence", members()), POLICY).rows
    check_labels(released, vocabulary(study), "c")
    about = study["analyses"]["c"]
    assert about["method"].endswith("The mean time lost to the event was computed up to 1 and 2 years.")
    assert any("areas under the released life tables" in note for note in study["notes"])
    (table,) = mean_times.table(released, about, Labels(study))
    assert table.heads == ["Group", "Up to 1 year", "Difference", "Up to 2 years", "Difference"]
    assert [row.head for row in table.rows] == ["Left", "Right"]
    assert table.rows[0].cells[1].text == "reference"
    assert table.rows[1].cells[3].text.startswith("+")
    assert " to " in table.rows[1].cells[2].sub
