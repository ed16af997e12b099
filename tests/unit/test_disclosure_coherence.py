"""Rows that contradict themselves are refused, and no honest row of any kind is."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kind_samples import COHORT, COVARIATES, OPTIONS, SAMPLES, members
from kinds_on_the_way import OPEN, POLICY, House

from family_justice.analyses.model_rows import F_TEST
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.coherence import check_coherence
from family_justice.errors import DisclosureError
from family_justice.estimators.parts.t_distribution import t_reference
from family_justice.files import write_csv
from family_justice.kinds.registry import KINDS
from family_justice.results import read_results, tidy

HOUSE = House(COHORT, COVARIATES)
FIRTH = ("logistic", {"penalty": "firth"})
#: Six households: t and F distributions.
FEW = ("logistic", {"cluster": "few", "covariates": ["sex", "age"]})
WALD = ["estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value"]
LIMITS = ["estimate", "std_error", "conf_low", "conf_high"]


def _option(kind: str, key: str) -> tuple[str, dict[str, Any]]:
    """Return the first sample of a kind with a further key."""
    return next(option for option in OPTIONS if option[0] == kind and key in option[1])


@cache
def _rows(kind: str, number: int) -> pd.DataFrame:
    changes = [FIRTH, FEW, *((kind, {}) for kind in SAMPLES), *OPTIONS][number][1]
    keys = {key: value for key, value in {"kind": kind, **SAMPLES[kind], **changes}.items() if value is not None}
    frame = members().assign(few=np.arange(len(members())) % 6)
    return HOUSE.rows(HOUSE.checked(a=keys), frame)["a"]


CASES = [(kind, number) for number, (kind, _) in enumerate([FIRTH, FEW, *((k, {}) for k in SAMPLES), *OPTIONS])]


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_no_honest_row_is_refused(kind: str, number: int, tmp_path: Any) -> None:
    """As they are, and to the ten digits in which the door reads them."""
    check_coherence(_rows(kind, number))
    write_csv(_rows(kind, number), tmp_path / "rows.csv")
    check_coherence(read_results(str(tmp_path / "rows.csv")))


@pytest.mark.parametrize(
    ("case", "measure", "columns"),
    [
        (FIRTH, "marginal_effect", WALD), (FIRTH, "likelihood_ratio_test", ["statistic", "df", "p_value"]),
        (FIRTH, "log_likelihood", ["estimate"]),
        (FEW, "log_odds_ratio", [*WALD, "df"]), (FEW, "marginal_effect", [*WALD, "df"]),
        (FEW, "wald_test", ["statistic", "df", "p_value"]),
        (("cox", {}), "log_hazard_ratio", WALD), (("cox", {}), "proportional_hazards_test", ["statistic", "p_value"]),
        (("aft", {}), "log_shape", LIMITS), (_option("cox", "splines"), "log_hazard_ratio_at", WALD),
        (_option("cox", "splines"), "nonlinearity_test", ["statistic", "p_value"]),
        (("kaplan_meier", {}), "survival", LIMITS), (("kaplan_meier", {}), "risk_difference", LIMITS),
        (("kaplan_meier", {}), "log_rank_test", ["statistic", "df", "p_value"]),
        (("cumulative_incidence", {}), "cumulative_incidence", LIMITS),
        (("cumulative_incidence", {}), "restricted_mean_time_lost", LIMITS),
        (("cumulative_incidence", {}), "restricted_mean_difference", LIMITS),
        (("mean_cumulative_count", {}), "mean_cumulative_count", LIMITS),
        (("state_occupation", {}), "state_probability", LIMITS),
        (_option("state_occupation", "restricted_mean_at"), "mean_time_in_state", LIMITS),
        (_option("frequency", "trend"), "trend", WALD), (("transition_cox", {}), "log_hazard_ratio", WALD),
        (("adjusted_survival", {}), "survival", LIMITS),
        (("inequality", {}), "slope_index", WALD), (("inequality", {}), "percent", ["conf_low", "conf_high", "n"]),
        (_option("inequality", "outcome"), "rate", ["conf_low", "conf_high", "n"]),
        (("agreement", {}), "kappa", LIMITS),
    ],
)  # fmt: skip
def test_a_changed_value_is_a_contradiction(case: tuple[str, Any], measure: str, columns: list[str]) -> None:
    number = [FIRTH, FEW, *((kind, {}) for kind in SAMPLES), *OPTIONS].index(case)
    rows = _rows(case[0], number)
    row = rows.index[(rows["measure"] == measure) & (rows["status"] == "ok") & (rows["time"].fillna(1) > 0)][0]
    for column in columns:
        wrong = rows.copy()
        wrong.loc[row, column] += 1 if column in ("df", "n") else 1e-4 * max(abs(wrong.at[row, column]), 1e-3)
        with pytest.raises(DisclosureError, match=rf"contradict themselves[^\0]*{case[0]}, {measure}|{case[0]}, like"):
            check_coherence(wrong)


def profile(**values: float) -> pd.DataFrame:
    row = {"estimate": 0.6, "std_error": 0.2, "conf_low": 0.21, "conf_high": 1.02, "p_value": 0.003, **values}
    return tidy(
        [{"measure": "log_odds_ratio", "term": "x", **row}], stream="s", analysis="a", kind="logistic", cohort="c"
    )


def test_limits_of_a_profile_lie_about_the_estimate_and_say_what_p_says() -> None:
    check_coherence(profile())
    check_coherence(profile(conf_low=-0.01, p_value=0.054))
    check_coherence(profile(conf_low=0.0001, p_value=0.0505))  # the search stopped a little off the end
    for wrong in ({"estimate": 1.6}, {"estimate": 0.2}, {"conf_low": 0.7}):
        with pytest.raises(DisclosureError, match="logistic, log_odds_ratio: estimate outside its limits"):
            check_coherence(profile(**wrong))
    for wrong in ({"conf_low": -0.01}, {"p_value": 0.06}, {"p_value": 0.0511}):
        with pytest.raises(DisclosureError, match="p_value says another thing than the limits"):
            check_coherence(profile(**wrong))


@pytest.mark.parametrize(
    ("measure", "values", "said"),
    [
        ("log_odds_ratio", {"p_value": 1.2}, "out of range"), ("log_odds_ratio", {"std_error": -0.2}, "out of range"),
        ("log_odds_ratio", {"df": 0.0}, "out of range"), ("percent", {"estimate": 101.0}, "estimate out of range"),
        ("concordance", {"estimate": 1.01}, "estimate out of range"),
        ("log_odds_ratio", {"statistic": 3.0, "p_value": 0.003}, "a test without a standard error"),
        ("wald_test", {"statistic": -1.0, "df": 1, "p_value": 1.0}, "statistic or df out of range"),
        ("wald_test", {"statistic": 1.0, "df": 1.5, "p_value": 0.3}, "statistic or df out of range"),
        ("log_odds_ratio", {"estimate": 1.0, "status": "not estimable"}, "an estimate that is not estimable"),
        ("log_odds_ratio", {"estimate": 1.0, "status": "reference"}, "a reference that is not 0"),
        ("count", {}, ""), ("concordance", {"estimate": 1.0}, ""), ("percent", {"estimate": 100.0}, ""),
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused(measure: str, values: dict[str, Any], said: str) -> None:
    frame = tidy([{"measure": measure, **values}], stream="s", analysis="a", kind="logistic", cohort="c")
    if not said:
        check_coherence(frame)
        return
    with pytest.raises(DisclosureError, match=said):
        check_coherence(frame)


def test_the_t_distribution_of_a_row_is_that_of_its_df() -> None:
    z = 2.5
    for df in (3.0, 14.5, 40.0):
        reach, p_value = t_reference(z, df)
        row = {"estimate": z, "std_error": 1.0, "conf_low": z - reach, "conf_high": z + reach, "statistic": z, "df": df}
        block = {"stream": "s", "analysis": "a", "kind": "logistic", "cohort": "c", "measure": "log_odds_ratio"}
        check_coherence(tidy([{**row, "p_value": p_value}], **block))
        for wrong in ({"df": df + 0.5}, {"df": np.nan}, {"p_value": 0.0124}):
            with pytest.raises(DisclosureError, match=r"limits are not those|p_value is not that"):
                check_coherence(tidy([{**row, "p_value": p_value, **wrong}], **block))


def test_an_f_test_without_its_second_df_is_not_judged() -> None:
    """Its model has no coefficient left to tell them."""
    row = {"measure": "wald_test", "statistic": 4.0, "df": 2, "p_value": 0.09, "note": F_TEST}
    block = {"stream": "s", "analysis": "a", "kind": "logistic", "cohort": "c"}
    check_coherence(tidy([row], **block))
    with pytest.raises(DisclosureError, match="p_value is not that of statistic and df"):
        check_coherence(tidy([{**row, "note": ""}], **block))


@pytest.mark.parametrize("policy", [POLICY, OPEN], ids=["court", "open"])
def test_the_door_refuses_a_model_row_that_contradicts_itself(policy: Any) -> None:
    """An estimate of another row, with limits and test of its own: nothing leaves, and no value is said."""
    rows = _rows("cox", CASES.index(("cox", 2 + list(SAMPLES).index("cox")))).copy()
    disclose(rows, policy)
    row = rows.index[(rows["measure"] == "log_hazard_ratio") & (rows["status"] == "ok")][0]
    rows.loc[row, "estimate"] += 1
    with pytest.raises(DisclosureError) as error:
        disclose(rows, policy)
    assert "cox, log_hazard_ratio: estimate outside its limits (1 row)" in str(error.value)
    assert f"{rows.at[row, 'estimate']:.3f}" not in str(error.value)


def test_every_kind_with_values_is_tried() -> None:
    assert {kind for kind, _ in CASES} == {name for name, kind in KINDS.items() if kind.is_asked}
