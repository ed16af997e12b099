"""Models with multiple imputation from a stream's words to the page, and the t distribution of few clusters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import COHORT, COVARIATES, FIFTHS, as_categories, checked, disclosed, one, stream_of, take
from numpy.testing import assert_allclose

from family_justice.config.schema import Comparison
from family_justice.errors import ConfigError
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.kinds.families.imputed_run import (
    COMPLETE,
    IMPUTED,
    IMPUTED_NUMBER,
    _completed,
    without_missing_level,
)
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEMBERS
from family_justice.report.comparisons import compare_results
from family_justice.results import tidy

HOW = {"variables": ["fifth", "sex"], "datasets": 6, "iterations": 2}
KEYS: dict[str, dict[str, Any]] = {
    "cox": {"outcome": "back"}, "poisson": {"outcome": "back"}, "logistic": {"variable": "placed"},
    "risk_ratio": {"variable": "placed", "marginal_effects": True},
}  # fmt: skip


def keys(kind: str, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, "covariates": ["fifth", "sex", "age"], "imputation": HOW, **KEYS[kind], **changes}


def members(n: int = 1200, gaps: bool = True) -> pd.DataFrame:
    g = np.random.default_rng(12)
    fifth, sex = g.integers(0, 5, n), g.integers(0, 2, n)
    risk = 0.5 - 0.06 * fifth + 0.1 * sex
    placed = g.random(n) < risk
    frame = pd.DataFrame({
        "fifth": np.array([*FIFTHS, "not known"])[fifth], "sex": np.where(sex, "female", "male"),
        "age": g.normal(30, 5, n).round(1), "placed": np.where(placed, "yes", "no"),
        "duration": g.exponential(2, n) + 0.01, "came_back": (g.random(n) < risk).astype(int),
        "household": g.integers(0, 12, n),
    })  # fmt: skip
    if gaps:
        frame.loc[g.random(n) < 0.15 + 0.2 * placed, "fifth"] = "not known"
        frame.loc[g.random(n) < 0.1, "sex"] = None
    return as_categories(frame)


def rows_of(frame: pd.DataFrame, asked: dict[str, Any]) -> pd.DataFrame:
    made = stream_of(a=asked).analyses["a"]
    found = KINDS[asked["kind"]].run(frame, COHORT, made, COVARIATES, "a")
    return tidy(found, stream="s", analysis="a", kind=asked["kind"], cohort="children")


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


@pytest.mark.parametrize("kind", list(KEYS))
def test_both_ways_stand_beside_each_other(kind: str) -> None:
    frame = members()
    way = disclosed(frame, keys(kind))
    measure = way.exact["measure"].iloc[0]
    level = {"measure": measure, "term": "fifth", "level": "1 most deprived"}
    alone, pooled = (one(way.exact, **level, group=group) for group in (COMPLETE, IMPUTED))
    known = frame[(frame["fifth"] != "not known")]
    complete = known[known["sex"].notna()]
    # Complete cases lack whoever has any gap; counts beside imputed results are of recorded values.
    assert alone["n"] == (complete["fifth"] == "1 most deprived").sum()
    assert pooled["n"] == (known["fifth"] == "1 most deprived").sum()
    assert "not known" not in set(way.exact["level"])
    whole = one(way.exact, measure="missing_information", term="all")
    assert whole["n"] == len(frame)
    lost = one(way.exact, measure="missing_information", term="fifth", level="1 most deprived")
    assert 0 < lost["estimate"] < 0.9
    assert pooled["df"] < len(frame)
    assert pooled["conf_high"] - pooled["estimate"] > 1.96 * pooled["std_error"]

    released = one(way.released, **level, group=IMPUTED)
    assert released["status"] == "ok"
    assert released["df"] % 5 == 0
    assert (way.released[["n", "events"]].fillna(0) % 5 == 0).all(axis=None)


def test_planted_values_are_compared_with_the_imputed_rows(tmp_path: Path) -> None:
    """Complete cases are biased where gaps depend on the outcome: the truth stands beside the imputed estimate."""
    way = take(members(), keys("logistic"), tmp_path)
    for words in (
        "Information lost to missing values",
        ", imputed",
        ", complete cases",
        "imputed by chained equations",
    ):
        assert words in way.page
    made = stream_of(a=keys("logistic"))
    planted = Comparison(title="t", description="d", kind="planted", reference="truth:x", analysis="a")
    truth = [{"parameter_set": "x", "term": "fifth", "level": "2", "value": 0.4, "source": "planted"}]
    known = made.model_copy(update={"comparisons": {"c": planted}})
    compare_results(known, COVARIATES, way.folder, truth, tmp_path, tmp_path / "comparisons.csv")
    ours = pd.read_csv(tmp_path / "comparisons.csv").iloc[0]
    shown = one(way.released, measure="log_odds_ratio", term="fifth", level="2", group=IMPUTED)
    assert_allclose(ours["ours"], np.exp(shown["estimate"]))
    assert ours["reference"] == pytest.approx(np.exp(0.4))
    assert "Likelihood-ratio test of the whole model, complete cases:" in way.page


def test_without_gaps_both_ways_agree() -> None:
    rows = rows_of(members(gaps=False), keys("logistic"))
    for term, level in (("fifth", "2"), ("sex", "female"), ("age", "")):
        alone, pooled = (
            one(rows, measure="log_odds_ratio", term=term, level=level, group=g) for g in (COMPLETE, IMPUTED)
        )
        assert_allclose([pooled["estimate"], pooled["std_error"]], [alone["estimate"], alone["std_error"]], rtol=1e-10)
        assert_allclose(one(rows, measure="missing_information", term=term, level=level)["estimate"], 0, atol=2e-3)


def test_robust_errors_enter_the_rules_of_rubin() -> None:
    """Without gaps the pooled error is the clustered one, beside 12 households: 11 degrees of freedom at most."""
    frame = members(gaps=False)
    rows = rows_of(frame, keys("logistic", cluster="household"))
    direct = fit_logistic(frame["placed"] == "yes", *model_matrix(frame))
    pooled = one(rows, measure="log_odds_ratio", term="sex", level="female", group=IMPUTED)
    assert_allclose(pooled["std_error"], direct.std_error[5], rtol=1e-9)
    assert pooled["df"] < 11


def model_matrix(frame: pd.DataFrame) -> tuple[np.ndarray, pd.Series]:
    columns = [frame["fifth"] == level for level in FIFTHS[:4]]
    return np.column_stack([*columns, frame["sex"] == "female", frame["age"]]).astype(float), frame["household"]


@pytest.mark.slow
def test_an_auxiliary_variable_tells_of_what_is_missing(tmp_path: Path) -> None:
    """In one area everybody is in the most deprived fifth, and nobody there has it on record: the chance of a placement
    does not tell that, the area does. Without its help few of the most deprived are found."""
    frame = members(4000, gaps=False)
    g = np.random.default_rng(5)
    poor = frame["fifth"] == FIFTHS[0]
    frame["area"] = np.where(poor & (g.random(len(frame)) < 0.95), "Anglesey", "Cardiff")
    frame.loc[g.random(len(frame)) < np.where(poor, 0.7, 0.1), "fifth"] = "not known"
    frame = as_categories(frame)
    share = {}
    for names in ([], ["area"]):
        asked = keys("logistic", imputation={"variables": ["fifth"], "auxiliary": names, "datasets": 3})
        made: Any = stream_of(a=asked).analyses["a"]
        known = without_missing_level(made, COVARIATES)
        blank = frame.assign(fifth=frame["fifth"].cat.set_categories(FIFTHS))
        outcome = (blank["placed"] == "yes").to_numpy()[:, None].astype(float)
        found = list(_completed(blank, outcome, made, known, "a"))
        share[bool(names)] = np.mean([(full["fifth"] == FIFTHS[0])[blank["fifth"].isna()].mean() for full in found])
        assert all(full["area"].equals(frame["area"]) for full in found)
    truth = poor[frame["fifth"] == "not known"].mean()
    assert abs(share[True] - truth) < 0.05
    assert share[False] < truth - 0.3
    way = take(frame, asked, tmp_path)
    assert "; auxiliary: area)" in way.page
    assert "area" not in set(way.exact["term"])


def test_gaps_of_an_auxiliary_variable_leave_nobody_out() -> None:
    frame = members()
    frame.loc[frame.index[:100], "age"] = np.nan
    how = {**HOW, "auxiliary": ["age"]}
    rows = rows_of(frame, keys("logistic", covariates=["fifth", "sex"], imputation=how))
    assert one(rows, measure="missing_information", term="all")["n"] == len(frame)


def test_counts_beside_an_imputed_number_say_that_they_hold_everybody() -> None:
    frame = members()
    frame.loc[frame.index[:100], "age"] = np.nan
    rows = rows_of(frame, keys("logistic", imputation={**HOW, "variables": ["fifth", "sex", "age"]}))
    age = one(rows, measure="log_odds_ratio", term="age", group=IMPUTED)
    assert (age["n"], age["note"]) == (len(frame), IMPUTED_NUMBER)
    assert one(rows, measure="log_odds_ratio", term="sex", level="female", group=IMPUTED)["note"] == ""


def test_the_seed_decides() -> None:
    frame = members()
    first, again = rows_of(frame, keys("logistic")), rows_of(frame, keys("logistic"))
    pd.testing.assert_frame_equal(first, again)
    other = rows_of(frame, keys("logistic", imputation={**HOW, "seed": 2}))
    row = {"measure": "log_odds_ratio", "term": "sex", "level": "female", "group": IMPUTED}
    assert one(first, **row)["estimate"] != one(other, **row)["estimate"]


def test_other_gaps_leave_members_out() -> None:
    frame = members()
    frame.loc[frame.index[:100], "age"] = np.nan
    rows = rows_of(frame, keys("logistic"))
    assert one(rows, measure="missing_information", term="all")["n"] == len(frame) - 100


def test_few_clusters_have_the_t_distribution(tmp_path: Path) -> None:
    """12 households: 11 degrees of freedom, a 95% interval of 2.201 standard errors; shown as 10, of 2.228."""
    frame = members(gaps=False)
    asked = {"kind": "logistic", "variable": "placed", "covariates": ["sex"], "cluster": "household"}
    way = take(frame, asked, tmp_path)
    direct = fit_logistic(frame["placed"] == "yes", frame[["sex"]] == "female", frame["household"])
    row = one(way.exact, term="sex", level="female")
    assert_allclose([row["estimate"], row["std_error"]], [direct.coef[1], direct.std_error[1]])
    assert row["df"] == 11
    assert_allclose(row["conf_high"] - row["estimate"], 2.200985 * row["std_error"], rtol=1e-6)
    shown = one(way.released, term="sex", level="female")
    assert shown["df"] == 10
    assert_allclose(shown["conf_high"] - shown["estimate"], 2.228139 * shown["std_error"], rtol=1e-6)
    assert "of the t distribution with 10 degrees of freedom" in way.page
    many = frame.assign(household=np.arange(len(frame)) // 20)
    made = stream_of(a=asked).analyses["a"]
    rows = tidy(KINDS["logistic"].run(many, COHORT, made, COVARIATES, "a"))
    assert pd.isna(one(rows, term="sex", level="female")["df"])


def test_a_number_of_clusters_below_the_base_is_not_told(tmp_path: Path) -> None:
    frame = members(gaps=False)
    frame["household"] = frame["household"] % 5
    asked = {"kind": "logistic", "variable": "placed", "covariates": ["sex"], "cluster": "household"}
    way = take(frame, asked, tmp_path)
    assert own(way.released)["status"].eq("suppressed").all()


def test_wrong_words() -> None:
    with pytest.raises(ConfigError, match=r"imputation.variables: 'area' is no covariate of this model"):
        checked(a=keys("logistic", imputation={**HOW, "variables": ["area"]}))
    with pytest.raises(ConfigError, match=r"imputation.auxiliary: 'ara' is no covariate of the cohort.*Did you mean"):
        checked(a=keys("logistic", imputation={**HOW, "auxiliary": ["ara"]}))
    with pytest.raises(ConfigError, match=r"imputation.auxiliary: 'placed' is in the model.*remove it here"):
        checked(a=keys("logistic", imputation={**HOW, "auxiliary": ["placed"]}))
    with pytest.raises(ConfigError, match=r"imputation.auxiliary: 'area' is named more than once"):
        checked(a=keys("logistic", imputation={**HOW, "auxiliary": ["area", "area"]}))
    with pytest.raises(ConfigError, match=r"a.splines: curves of imputed data are not pooled"):
        checked(a=keys("cox", splines={"age": 4}))
    with pytest.raises(ValueError, match="imputation"):
        checked(a={"kind": "multinomial", "variable": "area", "covariates": ["sex"], "imputation": HOW})


def test_degrees_of_freedom_are_those_of_mice() -> None:
    """1,200 members, 6 coefficients and the intercept: d = 1193; without gaps (d + 1)/(d + 3) d are left."""
    rows = rows_of(members(gaps=False), keys("logistic"))
    complete = 1200 - 7
    pooled = one(rows, measure="log_odds_ratio", term="sex", level="female", group=IMPUTED)
    assert_allclose(pooled["df"], (complete + 1) / (complete + 3) * complete)


def test_as_many_coefficients_as_events_leave_one_degree_of_freedom() -> None:
    """As mice::get.dfcom, and no division by zero. Without gaps in these members (d + 1)/(d + 3) d = 1/2."""
    frame = members(40, gaps=False)
    frame["came_back"] = 0
    for sex in ("female", "male"):
        frame.loc[frame.index[frame["sex"] == sex][2], "came_back"] = 1
    asked = keys("cox", covariates=["sex", "age"], imputation={**HOW, "variables": ["sex"]})
    shown = rows_of(frame, asked).query("group == @IMPUTED and measure == 'log_hazard_ratio' and status == 'ok'")
    assert_allclose(shown["df"], [0.5, 0.5])
