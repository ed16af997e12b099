"""Differences of risks between groups at given times: from a stream's words to released rows and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from test_competing_kinds import COHORT, CONFIG, COVARIATES, CURVE, POLICY, members, observed, stream

from family_justice.analyses.curves import curves
from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.disclosure.kernel import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import ConfigError, DisclosureError
from family_justice.estimators.survival.life_table import cumulative_incidence, event_table, kaplan_meier
from family_justice.estimators.survival.risk_difference import Risk, risk_at, risk_difference
from family_justice.figures.words import Labels
from family_justice.report import mean_times
from family_justice.results import tidy

OPEN = POLICY.model_copy(update={"threshold": 1, "rounding_base": 1, "minimum_at_risk": 0})
RISKS = {**CURVE, "until": 2, "every": 0.5, "risk_difference_at": [1, 2]}
KINDS = ["cumulative_incidence", "kaplan_meier"]


def rows_of(kind: str, frame: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    analysis: Any = stream(c={**RISKS, "kind": kind, **keys}).analyses["c"]
    rows = curves(frame, COHORT, analysis, "c", COVARIATES)
    return tidy(rows, stream="s", analysis="c", kind=kind, cohort="mothers")


def differences(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["measure"] == "risk_difference"].set_index(["group", "time"])


def test_by_hand() -> None:
    """Of four the event comes at 1 and 2: S(2) = 1/2, variance (1/4)(1/12 + 1/6) = 1/16. Of four others one has it at
    1: S = 3/4, variance (9/16)(1/12) = 3/64."""
    one = kaplan_meier(event_table([1, 2, 3, 4], [1, 1, 0, 0]))
    two = kaplan_meier(event_table([1, 3, 4, 5], [1, 0, 0, 0]))
    assert_allclose(risk_at(one, 2.5), [1 / 2, 1 / 4])
    assert_allclose(risk_at(two, 2), [1 / 4, np.sqrt(3) / 8])
    error = np.sqrt(1 / 16 + 3 / 64)
    reach = 1.959963984540054 * error
    assert_allclose(risk_difference(risk_at(one, 2), risk_at(two, 2)), [1 / 4, error, 1 / 4 - reach, 1 / 4 + reach])
    # Before any event the error of a risk is zero, which says nothing of precision: there is no interval.
    assert_allclose(risk_difference(Risk(0.0, 0.0), risk_at(one, 2)), [-1 / 2, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("policy", [OPEN, POLICY], ids=["open", "rounded"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_group_without_events_has_no_interval(kind: str, policy: Any) -> None:
    """Zero is no standard error: neither the mean time of the group nor what it differs by has limits, and both say
    why."""
    frame = members()
    frame.loc[frame["side"] == "right", "back"] = 9999
    rows = disclose(rows_of(kind, frame, restricted_mean_at=[2]), policy).rows
    rows = rows[(rows["group"] == "side=right") & rows["measure"].str.contains("restricted|difference")]
    assert set(rows["status"]) == {"ok"}
    for _, row in rows.iterrows():
        assert pd.isna([row[column] for column in ("std_error", "conf_low", "conf_high")]).all()
        assert "nobody, or everybody" in row["note"]
        assert mean_times._cell(row).sub == "no interval"


@pytest.mark.parametrize("kind", KINDS)
def test_exact_differences_are_those_of_the_curves(kind: str) -> None:
    frame = members()
    exit_, cause = observed(frame)
    risks = []
    for side in ("left", "right"):
        inside = (frame["side"] == side).to_numpy()
        if kind == "kaplan_meier":
            curve = kaplan_meier(event_table(exit_[inside], cause[inside] == 1)).at([2])
            risks.append((1 - curve.estimate[0], curve.std_error[0]))
        else:
            curve = cumulative_incidence(event_table(exit_[inside], cause[inside], n_causes=2), 1).at([2])
            risks.append((curve.estimate[0], curve.std_error[0]))
    found = differences(disclose(rows_of(kind, frame), OPEN).rows)
    row = found.loc[("side=right", 2)]
    error = np.hypot(risks[0][1], risks[1][1])
    assert_allclose(row["estimate"], risks[1][0] - risks[0][0])
    assert_allclose(row["std_error"], error)
    assert_allclose(
        [row["conf_low"], row["conf_high"]], row["estimate"] + 1.959963984540054 * error * np.array([-1, 1])
    )
    assert row["estimate"] > 0.05
    assert found.loc[("side=left", 2), ["status", "estimate"]].tolist() == ["reference", 0]


@pytest.mark.parametrize("kind", KINDS)
def test_released_differences_are_those_of_released_curves(kind: str) -> None:
    released, exact = (disclose(rows_of(kind, members()), policy).rows for policy in (POLICY, OPEN))
    drawn = released[released["measure"].isin(["survival", kind])].set_index(["group", "time"])
    for time in (1, 2):
        row = differences(released).loc[("side=right", time)]
        here, there = (drawn.loc[(f"side={side}", time)] for side in ("right", "left"))
        sign = -1 if kind == "kaplan_meier" else 1
        assert_allclose(row["estimate"], sign * (here["estimate"] - there["estimate"]), rtol=1e-12)
        assert_allclose(row["std_error"], np.hypot(here["std_error"], there["std_error"]), rtol=1e-12)
        before = differences(exact).loc[("side=right", time)]
        assert row["estimate"] != before["estimate"]
        assert abs(row["estimate"] - before["estimate"]) < before["std_error"] / 2
        assert row["n"] % 5 == 0


def test_beyond_the_end_of_a_curve_nothing_is_released() -> None:
    frame = members()
    frame.loc[(frame["side"] == "left") & (frame.index > 15), "end"] = 500  # few are left after 500 days
    found = differences(disclose(rows_of("kaplan_meier", frame), POLICY).rows)
    assert found["status"].tolist() == ["reference", "ok", "suppressed", "suppressed"]
    assert found.xs(2, level="time")[["estimate", "std_error", "n"]].isna().all(axis=None)


def test_a_difference_needs_the_reference() -> None:
    frame = members()
    frame.loc[frame["side"] == "left", "end"] = 500
    found = differences(rows_of("kaplan_meier", frame))
    assert found["status"].tolist() == ["reference", "ok", "not estimable", "not estimable"]
    assert found.xs(2, level="time")["note"].eq("nobody is observed for so long").all()


def test_a_difference_without_a_curve_closes_the_door() -> None:
    rows = rows_of("kaplan_meier", members())
    with pytest.raises(DisclosureError, match="no curve to rest on"):
        disclose(rows[(rows["measure"] != "survival") | (rows["group"] != "side=left")], POLICY)


def test_wrong_words() -> None:
    keys = {**RISKS, "kind": "kaplan_meier"}
    with pytest.raises(ConfigError, match=r"risk_difference_at: 0.0, 0.7 not on the grid; write multiples of 0.5"):
        check_stream(stream(c={**keys, "risk_difference_at": [0, 0.7, 1]}), {}, Path("s.yaml"))
    with pytest.raises(ConfigError, match=r"risk_difference_at: there are no groups to compare; name some"):
        check_stream(stream(c={**keys, "group_by": []}), {}, Path("s.yaml"))


def test_a_reader_meets_a_table() -> None:
    described = stream(c={**RISKS, "kind": "cumulative_incidence"})
    study = describe_study(described, COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    released = disclose(rows_of("cumulative_incidence", members()), POLICY).rows
    check_labels(released, vocabulary(study), "c")
    about = study["analyses"]["c"]
    assert about["method"].endswith("Risks were compared between groups by their differences at 1 and 2 years.")
    assert any("normal limits (Klein et al. 2007)" in note for note in study["notes"])
    (table,) = mean_times.risk_differences(released, about, Labels(study))
    assert table.heads == ["Group", "At 1 year", "At 2 years"]
    assert [row.head for row in table.rows] == ["Left", "Right"]
    assert table.rows[0].cells[1].text == "reference"
    row = differences(released).loc[("side=right", 2)]
    assert table.rows[1].cells[1].text == f"+{100 * row['estimate']:.1f}"
    assert table.rows[1].cells[1].sub == f"{100 * row['conf_low']:.1f} to {100 * row['conf_high']:.1f}"
    assert "percentage points" in table.notes[0]
    assert mean_times.risk_differences(released[released["measure"] != "risk_difference"], about, Labels(study)) == []
