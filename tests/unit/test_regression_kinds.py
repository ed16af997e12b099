"""From a stream's words to released rows and a forest plot: rates, risks, categories and areas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from family_justice.analyses import regression
from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.load import Configuration
from family_justice.config.models import Cohort, Covariate, Outcome, Policy, Step, Stream
from family_justice.disclosure.kernel import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import AnalysisError, ConfigError
from family_justice.figures.charts import forest
from family_justice.figures.house.style import house_style
from family_justice.figures.words import Labels
from family_justice.results import tidy

CONFIG = Configuration(Path(__file__).resolve().parents[2] / "config")
COVARIATES = {
    "side": Covariate(label="Side", definition="A side.", value="side", levels=["left", "right"], reference="left"),
    "order": Covariate(
        label="Order", definition="An order.", value="o", levels=["care", "none", "other"], reference="none"
    ),
    "placed": Covariate(label="Placed", definition="Placed.", value="p", levels=["yes", "no"], reference="no"),
    "hearings": Covariate(label="Hearings", definition="Hearings.", value="h", unit="hearings"),
    "years": Covariate(label="Years", definition="Years.", value="y", unit="years"),
}
COHORT = Cohort(
    label="Children",
    unit="children",
    description="Children.",
    key=["child_id"],
    steps=[Step(name="all", label="All", sql="SELECT 1")],
    outcomes={"back": Outcome(label="Return", duration="duration", indicator="came_back")},
    covariates=list(COVARIATES),
)
ANALYSES: dict[str, dict[str, Any]] = {
    "poisson": {"outcome": "back"},
    "risk_ratio": {"variable": "placed", "cluster": "area"},
    "multinomial": {"variable": "order"},
    "negative_binomial": {"count": "hearings", "exposure": "years"},
    "mixed_logistic": {"variable": "placed", "area": "area"},
}
POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip


def stream(**changes: Any) -> Stream:
    shared = {"title": "T", "description": "d", "cohort": "children", "covariates": ["side"]}
    return Stream.model_validate({
        "stream": "s", "title": "t", "question": "q", "summary": "u", "cohorts": {"children": COHORT},
        "covariates": COVARIATES,
        "analyses": {k: {"kind": k, **shared, **keys, **changes.get(k, {})} for k, keys in ANALYSES.items()},
    })  # fmt: skip


def members(n: int = 400) -> pd.DataFrame:
    g = np.random.default_rng(2)
    side, area = np.arange(n) % 2, np.arange(n) % 20
    effect = g.normal(0, 1, 20)[area]
    frame = pd.DataFrame({
        "area": area, "duration": g.uniform(0.5, 2, n), "came_back": (g.random(n) < 0.3 + 0.2 * side).astype(int),
        "hearings": g.negative_binomial(1, 0.3, n), "years": g.uniform(1, 2, n),
        "placed": np.where(g.random(n) < 1 / (1 + np.exp(1 - effect - side)), "yes", "no"),
        "order": g.choice(["care", "none", "other"], n), "side": np.where(side, "right", "left"),
    })  # fmt: skip
    for name, covariate in COVARIATES.items():
        if covariate.levels:
            frame[name] = pd.Categorical(frame[name], categories=covariate.levels)
    return frame


def results(kind: str, frame: pd.DataFrame) -> pd.DataFrame:
    rows = getattr(regression, kind)(frame, COHORT, stream().analyses[kind], COVARIATES, kind)
    return tidy(rows, stream="s", analysis=kind, kind=kind, cohort="children")


@pytest.mark.parametrize("kind", list(ANALYSES))
def test_every_kind_reaches_a_forest_plot(kind: str) -> None:
    study = describe_study(stream(), COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    released = disclose(results(kind, members()), POLICY).rows
    check_labels(released, vocabulary(study), kind)
    assert (released["n"].dropna() % 5 == 0).all()
    # Intercepts, log-likelihoods and the test of a model with one covariate stay inside; everything else leaves.
    alone = released.loc[released["level"] != "", "term"].nunique() == 1
    inside = (released["term"] == "intercept") | (released["measure"] == "log_likelihood")
    inside |= released["measure"].isin(["wald_test", "likelihood_ratio_test"]) & alone
    assert (released.loc[~inside, "status"] != "suppressed").all()
    about = study["analyses"][kind]
    assert "modelled" in about["method"]
    with house_style():
        _, alt, _ = forest.draw(released, about, Labels(study))
    name = {"poisson": "Rate", "negative_binomial": "Rate", "risk_ratio": "Risk"}.get(kind, "Odds")
    assert f"{name} ratios with 95% confidence intervals. " in alt
    assert "right:" in alt


def one(frame: pd.DataFrame, **wanted: Any) -> pd.Series:
    found = frame[np.logical_and.reduce([frame[key] == value for key, value in wanted.items()])]
    assert len(found) == 1
    return found.iloc[0]


def test_rates_and_risks_are_those_of_the_groups() -> None:
    frame = members()
    groups = frame.groupby("side", observed=True)
    rate = groups["came_back"].sum() / groups["duration"].sum()
    row = one(results("poisson", frame), term="side", level="right")
    assert_allclose(row["estimate"], np.log(rate["right"] / rate["left"]), rtol=1e-9)
    assert (row["n"], row["events"]) == (200, frame["came_back"][frame["side"] == "right"].sum())
    risk = (frame["placed"] == "yes").groupby(frame["side"], observed=True).mean()
    row = one(results("risk_ratio", frame), term="side", level="right")
    assert_allclose(row["estimate"], np.log(risk["right"] / risk["left"]), rtol=1e-9)


def test_multinomial_rows_count_the_two_levels_compared() -> None:
    frame = members()
    table = pd.crosstab(frame["side"], frame["order"])
    row = one(results("multinomial", frame), term="side", level="right", outcome="care")
    right, left = table.loc["right"], table.loc["left"]
    assert_allclose(row["estimate"], np.log(right["care"] / right["none"] / (left["care"] / left["none"])), rtol=1e-9)
    assert (row["n"], row["events"]) == (right["care"] + right["none"], right["care"])
    whole = one(results("multinomial", frame), measure="wald_test", outcome="other")
    assert (whole["n"], whole["events"]) == (table["none"].sum() + table["other"].sum(), table["other"].sum())


def test_few_in_the_reference_category_hide_every_contrast() -> None:
    """None of the outcome on the right has fewer than ten: both levels compared with it there are withheld."""
    frame = members()
    rare = frame[(frame["side"] == "right") & (frame["order"] == "none")].index[4:]
    frame.loc[rare, "order"] = "care"
    released = disclose(results("multinomial", frame), POLICY).rows
    right = released[released["level"] == "right"]
    assert list(right["status"]) == ["suppressed", "suppressed"]
    assert right[["estimate", "n", "events"]].isna().all(axis=None)
    assert set(released[released["measure"] == "wald_test"]["status"]) == {"suppressed"}


def test_what_cannot_be_estimated_is_labelled() -> None:
    frame = members()
    frame["hearings"] = np.tile([1, 2, 2, 3], 100)
    shape = one(results("negative_binomial", frame), term="shape")
    assert (shape["status"], shape["note"]) == ("not estimable", "counts vary no more than Poisson counts")
    frame["came_back"] = np.where(frame["side"] == "right", frame["came_back"], 0)
    assert one(results("poisson", frame), term="side", level="right")["status"] == "not estimable"
    frame["placed"] = pd.Categorical(np.tile(["yes", "no", "no", "yes"], 100), categories=["yes", "no"])
    frame["area"] = np.arange(400) // 4
    assert one(results("mixed_logistic", frame), term="scale")["status"] == "not estimable"
    frame["order"] = pd.Categorical(np.repeat("care", 400), categories=["care", "none", "other"])
    with pytest.raises(AnalysisError, match="needs members with its reference level"):
        results("multinomial", frame)
    frame["duration"] = 0.0
    with pytest.raises(AnalysisError, match="400 members have no time at risk"):
        results("poisson", frame)
    with pytest.raises(AnalysisError, match="no whole number of at least 0 in 400 rows"):
        results("negative_binomial", frame.assign(hearings=0.5))
    with pytest.raises(AnalysisError, match="no column 'area'"):
        results("mixed_logistic", frame.drop(columns="area"))


def test_wrong_words_in_a_stream() -> None:
    wrong = stream(
        poisson={"outcome": "bak"}, negative_binomial={"count": "side", "exposure": "yeers", "covariates": ["order"]},
        multinomial={"variable": "hearings"}, mixed_logistic={"event_level": "maybe"},
    )  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        check_stream(wrong, {}, Path("s.yaml"))
    for text in (
        "analyses.poisson.outcome: there is no outcome 'bak' in cohort 'children'",
        "analyses.negative_binomial: 'side' has levels; 'count' and 'exposure' must be numbers",
        "analyses.negative_binomial.count: there is no covariate 'yeers' in cohort 'children'",
        "analyses.multinomial.variable: 'hearings' is a number",
        "analyses.mixed_logistic.event_level: 'maybe' is no level",
    ):
        assert text in str(caught.value)


@pytest.mark.parametrize("rounding", [1, 5])
def test_a_hidden_category_does_not_follow_from_the_others(rounding: int) -> None:
    """On the right 8 are `other` and are hidden. 200 on the right, shown by a table, less the 192 with care or none
    would give 8 back: without rounding a second count must go, rounded ones leave at least three values."""
    frame = members()
    rare = frame[(frame["side"] == "right") & (frame["order"] == "other")].index[8:]
    frame.loc[rare, "order"] = "care"
    table = [
        {"measure": "percent", "term": "side", "level": side, "n": 200, "total": 400, "estimate": 50.0}
        for side in ("left", "right")
    ]
    tables = tidy(table, stream="s", analysis="table", kind="table_one", cohort="children")
    both = pd.concat([tables, results("multinomial", frame)], ignore_index=True)
    released = disclose(both, POLICY.model_copy(update={"rounding_base": rounding})).rows
    right = released[released["level"] == "right"]
    assert one(right, outcome="other")["status"] == "suppressed"
    everybody, care_or_none = one(right, kind="table_one")["n"], one(right, outcome="care")["n"]
    if rounding == 1:
        assert pd.isna(everybody) or pd.isna(care_or_none)
    else:
        least = everybody - care_or_none - 2 * (rounding // 2)
        assert (everybody, care_or_none) == (200, 190)
        assert 9 - max(least, 1) + 1 >= 3
