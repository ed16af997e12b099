"""Estimates of models: which rows are shown and to how many digits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from family_justice.config.schema import Policy
from family_justice.disclosure import door
from family_justice.disclosure.coarsen import significant, step_below
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.vocabulary import vocabulary
from family_justice.errors import DisclosureError
from family_justice.files import write_csv
from family_justice.results import tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
PUBLIC = Policy(**yaml.safe_load((POLICIES / "public_records.yaml").read_text()))
STUDY: dict[str, Any] = {
    "stream": "s",
    "covariates": {"age": {"label": "Age", "levels": ["old", "middle", "young"], "reference": "old"}},
    "analyses": {
        "m": {"kind": "cox", "cohort": "c", "outcome": "o", "covariates": ["age"], "terms": ["fitted", "all"]}
    },
}
Z95 = 1.959963984540054


def coefficient(
    term: str, level: str, n: int, events: int, estimate: float = 0.43219, error: float = 0.10417
) -> dict[str, Any]:
    return {
        "measure": "log_hazard_ratio", "term": term, "level": level, "n": n, "events": events,
        "estimate": estimate, "std_error": error,
        "conf_low": estimate - Z95 * error, "conf_high": estimate + Z95 * error,
        "statistic": estimate / error, "p_value": math.erfc(abs(estimate / error) / math.sqrt(2)),
    }  # fmt: skip


def reference(term: str, level: str, n: int, events: int) -> dict[str, Any]:
    return {"measure": "log_hazard_ratio", "term": term, "level": level, "n": n, "events": events,
            "estimate": 0.0, "status": "reference"}  # fmt: skip


def model(*rows: dict[str, Any], n: int, events: int) -> pd.DataFrame:
    whole = {"n": n, "events": events}
    wide = [
        {**whole, "measure": "log_likelihood", "term": "fitted", "estimate": -1234.5678},
        {
            **whole,
            "measure": "proportional_hazards_test",
            "term": "age",
            "statistic": 7.8912,
            "df": 2,
            "p_value": math.exp(-7.8912 / 2),
        },
        {**whole, "measure": "concordance", "term": "all", "estimate": 0.65432},
    ]
    return tidy([*rows, *wide], stream="s", analysis="m", kind="cox", cohort="c", outcome="o")


AGE = (reference("age", "old", 301, 103), coefficient("age", "middle", 198, 52), coefficient("age", "young", 101, 44))


def test_estimates_are_shown_to_a_fraction_of_their_standard_error() -> None:
    rows = disclose(model(*AGE, n=600, events=199), COURT).rows
    row = rows.iloc[1]
    # 52 of 103 events in the reference level are shown as 50 of 105: 0.43219 + log(50/52) - log(105/103) = 0.37374, and
    # 0.10417 * sqrt((1/50 + 1/105) / (1/52 + 1/103)) = 0.10522; five neighbours are shown alike, a variance of two:
    # sqrt(0.10522^2 + 2 (1/50^2 + 1/105^2)) = 0.10976.
    assert (row["estimate"], row["std_error"]) == pytest.approx((0.37, 0.11))
    assert row["conf_low"] == pytest.approx(0.37 - Z95 * 0.11)
    assert row["statistic"] == pytest.approx(0.37 / 0.11)
    assert row["p_value"] == pytest.approx(math.erfc(0.37 / 0.11 / math.sqrt(2)))
    assert rows["n"].fillna(0).tolist() == [300, 200, 100, 0, 600, 600]
    assert rows["events"].fillna(0).tolist() == [105, 50, 45, 0, 200, 200]
    assert rows["estimate"].iloc[0] == 0
    assert rows["status"].iloc[0] == "reference"
    assert rows.iloc[3]["status"] == "suppressed"
    assert rows.iloc[3]["note"] == "not released: with the released counts it would tell exact ones"
    assert rows.iloc[4]["statistic"] == 7.89
    assert rows.iloc[4]["p_value"] == pytest.approx(math.exp(-7.89 / 2))
    assert rows.iloc[5]["estimate"] == 0.65


def test_level_with_few_events_is_suppressed_with_what_depends_on_it() -> None:
    rows = disclose(model(*AGE[:2], coefficient("age", "young", 101, 7), n=600, events=162), COURT).rows
    assert rows["status"].tolist() == ["reference", "ok", "suppressed", "suppressed", "suppressed", "ok"]
    assert rows.iloc[2][["estimate", "conf_low", "statistic", "n", "events"]].isna().all()
    # Seven must not follow from the events of the others: the next smallest number is hidden, its estimate is not.
    assert pd.isna(rows["events"].iloc[1])
    assert rows["n"].iloc[1] == 200
    assert rows["estimate"].iloc[1] == pytest.approx(0.37)


def test_level_with_few_without_events_is_suppressed() -> None:
    rows = disclose(model(*AGE[:2], coefficient("age", "young", 101, 95), n=600, events=250), COURT).rows
    assert rows["status"].iloc[2] == "suppressed"


def test_small_reference_suppresses_the_term() -> None:
    sex = (reference("sex", "a", 300, 5), coefficient("sex", "b", 300, 194))
    rows = disclose(model(*AGE, *sex, n=600, events=199), COURT).rows
    assert rows["status"].tolist()[:5] == ["reference", "ok", "ok", "suppressed", "suppressed"]


def test_small_model_is_suppressed() -> None:
    for n, events in ((600, 9), (205, 199), (12, 11)):
        rows = disclose(model(coefficient("dose", "", n, events), n=n, events=events), COURT).rows
        assert rows["status"].eq("suppressed").all()


def test_residual_degrees_of_freedom() -> None:
    many = [coefficient(f"x{i}", "", 40, 20) for i in range(31)]
    assert disclose(model(*many, n=40, events=20), COURT).rows["status"].eq("suppressed").all()
    rows = disclose(model(*many[:30], n=40, events=20), COURT).rows
    assert rows.loc[rows["measure"] != "log_likelihood", "status"].eq("ok").all()


def test_row_without_estimate_stays() -> None:
    none = {"measure": "log_hazard_ratio", "term": "age", "level": "young", "n": 101, "events": 44,
            "status": "not estimable", "note": "constant within every risk set"}  # fmt: skip
    rows = disclose(model(*AGE[:2], none, n=600, events=199), COURT).rows
    assert rows.iloc[2][["status", "note", "n"]].tolist() == ["not estimable", "constant within every risk set", 100]
    none["events"] = 0
    rows = disclose(model(*AGE[:2], none, n=600, events=155), COURT).rows
    assert rows.iloc[2]["status"] == "not estimable"
    assert pd.isna(rows.iloc[2]["events"])


def test_level_without_members_takes_nothing_with_it() -> None:
    empty = {
        "measure": "log_hazard_ratio",
        "term": "age",
        "level": "none",
        "n": 0,
        "events": 0,
        "status": "not estimable",
    }
    rows = disclose(model(*AGE, empty, n=600, events=199), COURT).rows
    assert rows["status"].tolist() == ["reference", "ok", "ok", "not estimable", "suppressed", "ok", "ok"]
    assert rows.iloc[3][["n", "events"]].tolist() == [0, 0]


def test_public_models_stay_exact() -> None:
    before = model(*AGE, n=600, events=199)
    pd.testing.assert_frame_equal(disclose(before, PUBLIC).rows, before)


def test_level_without_counts_closes_the_door() -> None:
    frame = model(*AGE, n=600, events=199)
    frame.loc[1, "events"] = pd.NA
    with pytest.raises(DisclosureError, match="n and events for every level"):
        disclose(frame, COURT)


def test_model_without_counts_closes_the_door() -> None:
    frame = model(n=600, events=199)
    frame[["n", "events"]] = pd.NA
    with pytest.raises(DisclosureError, match="n and events of the model"):
        disclose(frame, COURT)


def test_complete_cases_do_not_tell_how_few_were_left_out() -> None:
    left_out = tidy([{"measure": "count", "term": "complete_cases", "n": 600, "total": 603}],
                    stream="s", analysis="m", kind="cox", cohort="c", outcome="o")  # fmt: skip
    rows = disclose(pd.concat([model(*AGE, n=600, events=199), left_out], ignore_index=True), COURT).rows
    assert rows["status"].iloc[-1] == "suppressed"
    assert rows["n"].iloc[0] == 300


def test_steps_and_digits() -> None:
    assert [step_below(x) for x in (0.0104, 0.2, 0.0499, 7)] == pytest.approx([0.01, 0.2, 0.02, 5])
    assert [significant(x, 3) for x in (0.0123456, 98765.0, 0.0)] == [0.0123, 98800.0, 0.0]


def test_tests_of_the_whole_model_show_a_banded_p_value_only() -> None:
    # chi-squared 7.8912 on 2 degrees of freedom has p = 0.0193; 27.6 has p = 1e-6.
    for statistic, shown in ((7.8912, 0.02), (27.6, 0.0005)):
        test = {"measure": "wald_test", "term": "all", "n": 600, "events": 199, "df": 2,
                "statistic": statistic, "p_value": math.exp(-statistic / 2)}  # fmt: skip
        row = disclose(model(*AGE, coefficient("dose", "", 600, 199), test, n=600, events=199), COURT).rows.iloc[4]
        assert math.isnan(row["statistic"])
        assert row["p_value"] == shown


def test_the_intercept_is_not_released_and_everything_is_under_an_open_policy() -> None:
    intercept = {"measure": "log_odds_ratio", "term": "intercept", "n": 600, "events": 199,
                 "estimate": -0.7012, "std_error": 0.0867}  # fmt: skip
    frame = model(*AGE, intercept, n=600, events=199)
    assert disclose(frame, COURT).rows.iloc[3]["status"] == "suppressed"
    assert disclose(frame, PUBLIC).rows.iloc[3]["estimate"] == -0.7012


def test_a_profile_without_an_end_is_refused(tmp_path: Path) -> None:
    """An infinite limit is written as a number and is none to release: who has one says 'not estimable'."""
    rows = [reference("age", "old", 301, 103), coefficient("age", "young", 101, 44)]
    finite = model(*rows, n=402, events=147)
    refused = "1 rows with status ok have a value that is infinite"
    for column, end in (("conf_high", math.inf), ("conf_low", -math.inf)):
        with pytest.raises(ValueError, match=refused):
            model(rows[0], {**rows[1], column: end}, n=402, events=147)
        # The door reads the text of such a limit as a number, and what it makes of the file refuses it.
        assert door._has_type(column, str(end))
        frame = finite.copy()
        frame.loc[frame["level"] == "young", column] = end
        write_csv(frame, tmp_path / "rows.csv")
        with pytest.raises(ValueError, match=refused):
            door._read("m", tmp_path / "rows.csv", vocabulary(STUDY))
    assert not door._has_type("conf_high", "infinity")
    write_csv(finite, tmp_path / "rows.csv")
    assert len(door._read("m", tmp_path / "rows.csv", vocabulary(STUDY))) == len(finite)
