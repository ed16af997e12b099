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
from family_justice.disclosure.coarsen import p_in_steps, significant, step_below
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.vocabulary import vocabulary
from family_justice.errors import DisclosureError
from family_justice.estimators.parts.t_distribution import t_reference
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
    assert row["p_value"] == 0.0005  # 0.0008: below 0.001
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


@pytest.mark.parametrize(
    ("statistic", "half", "df", "shown"),
    [
        # The tails 0.0561 and 0.0444 of 1.91 and 2.01 are 0.0117 apart, so the step is 0.01.
        (1.96, 0.05, math.inf, 0.05), (-1.96, 0.05, math.inf, 0.05), (2.05, 0.05, math.inf, 0.04),
        (0.6745, 0.05, math.inf, 0.5), (0.0, 0.05, math.inf, 1.0),
        # 0.0404 and 0.0108: steps of 0.02; with 0.05 to 0.017 of a fifth, 0.005.
        (2.3, 0.25, math.inf, 0.02), (2.3, 0.05, math.inf, 0.02), (3.0, 0.05, math.inf, 0.0025),
        (3.28, 0.25, math.inf, 0.002), (3.30, 0.25, math.inf, 0.0005), (9.0, 0.05, math.inf, 0.0005),
        (2.3, 0.05, 5.0, 0.07),
    ],
)  # fmt: skip
def test_a_p_value_is_as_precise_as_its_estimate(statistic: float, half: float, df: float, shown: float) -> None:
    assert p_in_steps(statistic, half, df) == pytest.approx(shown)


def test_no_p_value_is_told_from_its_neighbours() -> None:
    """What is shown is never farther off than half a step of the estimate allows, or half of the limit of 0.001."""
    for half in (0.05, 0.1, 0.25):
        for z in [i / 50 for i in range(251)]:
            exact, most, least = (t_reference(x, math.inf)[1] for x in (z, max(z - half, 0), z + half))
            shown = p_in_steps(z, half)
            assert 0 < shown <= 1
            assert abs(shown - exact) <= max((most - least) / 2, most - exact, 0.0005)


def _wald(measure: str, estimate: float, error: float, df: float = math.nan, **labels: Any) -> dict[str, Any]:
    reach, p_value = t_reference(estimate / error, math.inf if math.isnan(df) else df)
    return {
        "measure": measure, "estimate": estimate, "std_error": error, "conf_low": estimate - reach * error,
        "conf_high": estimate + reach * error, "statistic": estimate / error, "df": df, "p_value": p_value, **labels,
    }  # fmt: skip


NUMBERS = {"n": 6000, "events": 2000}


def _says(row: pd.Series) -> tuple[bool, bool]:
    """Whether the interval leaves out 0, and whether p may be below and above 0.05."""
    leaves_out = row["conf_low"] > 0 or row["conf_high"] < 0
    return leaves_out, bool(row["p_value"] <= 0.05 if leaves_out else row["p_value"] >= 0.05)


@pytest.mark.parametrize("df", [math.nan, 12.0, 45.0])
@pytest.mark.parametrize("is_profile", [False, True])
def test_no_p_value_lies_on_the_other_side_of_its_interval(df: float, is_profile: bool) -> None:
    rows = [_wald("log_odds_ratio", sign * z * 0.1013, 0.1013, df, term=f"x{i}{sign}", **NUMBERS)
            for i, z in enumerate(1.7 + k / 100 for k in range(70)) for sign in (-1, 1)]  # fmt: skip
    if is_profile:
        for row in rows:
            row |= {"statistic": math.nan, "conf_low": row["conf_low"] - 0.01, "conf_high": row["conf_high"] + 0.004}
            z = row["estimate"] / (0.01 * (row["estimate"] > 0) + 0.004 * (row["estimate"] < 0) + 0.1013)
            row["p_value"] = 0.01 if row["conf_low"] > 0 or row["conf_high"] < 0 else math.erfc(abs(z) / 2**0.5) + 0.05
    frame = tidy(rows, stream="s", analysis="m", kind="logistic", cohort="c", outcome="o")
    released = disclose(frame, COURT).rows
    assert released["status"].eq("ok").all()
    said = [_says(row) for _, row in released.iterrows()]
    assert all(agrees for _, agrees in said)
    assert {leaves_out for leaves_out, _ in said} == {True, False}


@pytest.mark.parametrize("reference_events", [2000, 1999, 1998])
def test_a_marginal_effect_says_what_its_coefficient_says(reference_events: int) -> None:
    """z of the effect a little off that of the coefficient, as the delta method leaves it."""
    frames = []
    for i, z in enumerate(sign * (1.5 + k / 40) for k in range(36) for sign in (-1, 1)):
        level = {"term": "age", "level": "young", "n": 3001, "events": 1102}
        base = {"term": "age", "level": "old", "n": 6002, "events": reference_events, "estimate": 0.0,
                "status": "reference"}  # fmt: skip
        rows = [
            {**base, "measure": "log_odds_ratio"}, _wald("log_odds_ratio", z * 0.0471, 0.0471, **level),
            {**base, "measure": "marginal_effect"}, _wald("marginal_effect", (z - 0.03) * 1.083, 1.083, **level),
        ]  # fmt: skip
        frames.append(tidy(rows, stream="s", analysis=f"m{i}", kind="logistic", cohort="c", outcome="o"))
    released = disclose(pd.concat(frames, ignore_index=True), COURT).rows
    level = released[released["level"] == "young"]
    coefficients, effects = (level[level["measure"] == name] for name in ("log_odds_ratio", "marginal_effect"))
    said = [_says(row) for _, row in coefficients.iterrows()]
    assert said == [_says(row) for _, row in effects.iterrows()]
    assert {leaves_out for leaves_out, _ in said} == {True, False}
    # Both are shown in steps of up to a fifth of an error; the effect may lie one step off its nearest.
    z, other = (part["estimate"].to_numpy() / part["std_error"].to_numpy() for part in (coefficients, effects))
    assert abs(z - other).max() < 0.25


def test_an_effect_on_one_of_several_outcomes_goes_its_own_way() -> None:
    """It rests on the coefficients of all of them."""
    level, base = {"term": "age", "level": "young", "n": 3000, "events": 1100}, {"term": "age", "level": "old"}
    base |= {"n": 6000, "events": 2000, "estimate": 0.0, "status": "reference"}
    found = []
    for z in (1.0, 1.1):
        rows = [
            {**base, "measure": "log_odds_ratio"}, _wald("log_odds_ratio", z * 0.05, 0.05, **level),
            {**base, "measure": "marginal_effect"}, _wald("marginal_effect", 1.43, 1.0, **level),
        ]  # fmt: skip
        for kind in ("multinomial", "logistic"):
            frame = tidy(rows, stream="s", analysis="m", kind=kind, cohort="c", outcome="o")
            found.append(disclose(frame, COURT).rows.iloc[3]["estimate"])
    assert found[0] == found[2]
    assert found[1] != found[3]


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
