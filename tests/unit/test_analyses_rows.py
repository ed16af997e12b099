"""What every model kind shares: robust errors where clusters are named, and words where nothing could be estimated."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from family_justice.analyses import models, regression, rows
from family_justice.config.kinds import Cox, Logistic, NegativeBinomial, Poisson, RiskRatio
from family_justice.config.models import Cohort, Covariate, Event, Outcome, Step
from family_justice.estimators.parts.chi_square import ChiSquareTest, quadratic_form_test

COVARIATES = {
    "side": Covariate(label="Side", definition="Side.", value="side", levels=["left", "right"], reference="left"),
    "placed": Covariate(label="Placed", definition="Placed.", value="placed", levels=["no", "yes"], reference="no"),
    "visits": Covariate(label="Visits", definition="Visits.", value="visits"),
}
COHORT = Cohort(
    label="Children",
    unit="children",
    description="Children.",
    key=["child"],
    time_zero="day",
    steps=[Step(name="all", label="All", sql="SELECT 1")],
    events={name: Event(label=name, sql="SELECT 1") for name in ("back", "end")},
    outcomes={"back": Outcome(label="Return", event="back", censoring=["end"])},
    covariates=["side", "placed", "visits"],
)
ABOUT = {"title": "T", "description": "D", "cohort": "children", "covariates": ["side"]}
KINDS = {
    "cox": (models.cox, Cox, {"outcome": "back"}),
    "logistic": (models.logistic, Logistic, {"variable": "placed"}),
    "poisson": (regression.poisson, Poisson, {"outcome": "back"}),
    "negative_binomial": (regression.negative_binomial, NegativeBinomial, {"count": "visits"}),
    "risk_ratio": (regression.risk_ratio, RiskRatio, {"variable": "placed"}),
}


def members() -> pd.DataFrame:
    """Sixty families of four, alike within the family and on one side."""
    random = np.random.default_rng(3)
    family = np.repeat(np.arange(60), 4)
    shared, right = np.repeat(random.random(60), 4), np.repeat(random.random(60) < 0.5, 4)
    chance = 0.2 + 0.5 * shared + 0.1 * right
    days = np.ceil(random.exponential(400 / chance))
    return pd.DataFrame(
        {
            "child": np.arange(240),
            "family": family,
            "back": np.where(days < 1000, days, np.nan),
            "end": 1000.0,
            "side": pd.Categorical(np.where(right, "right", "left"), categories=["left", "right"]),
            "placed": pd.Categorical(np.where(random.random(240) < chance, "yes", "no"), categories=["no", "yes"]),
            "visits": random.poisson(3 * chance).astype(float),
        }
    )


def fitted(kind: str, cluster: str | None) -> list[dict[str, Any]]:
    function, model, own = KINDS[kind]
    analysis = model.model_validate({"kind": kind, **ABOUT, **own, "cluster": cluster})
    return list(function(members(), COHORT, analysis, COVARIATES, "here"))


@pytest.mark.parametrize("kind", KINDS)
def test_clusters_change_the_standard_error_and_the_test_of_the_model(kind: str) -> None:
    plain, robust = fitted(kind, None), fitted(kind, "family")
    pick = {name: next(r for r in found if r.get("level") == "right") for name, found in (("p", plain), ("r", robust))}
    assert_allclose(pick["p"]["estimate"], pick["r"]["estimate"], rtol=1e-8)
    # Families are alike, and on one side as a whole: the honest error is larger, except where the model itself allows
    # for counts that vary more than chance.
    ratio = pick["r"]["std_error"] / pick["p"]["std_error"]
    assert abs(ratio - 1) > 0.01 if kind == "negative_binomial" else ratio > 1.05
    measures = {row["measure"] for row in robust}
    assert "wald_test" in measures
    assert "likelihood_ratio_test" not in measures
    if kind != "risk_ratio":  # always robust, so that there is never a likelihood ratio
        assert "likelihood_ratio_test" in {row["measure"] for row in plain}
    # With one covariate the robust Wald test is the square of the estimate over its robust error.
    whole = next(row for row in robust if row["measure"] == "wald_test")
    assert_allclose(whole["statistic"], (pick["r"]["estimate"] / pick["r"]["std_error"]) ** 2, rtol=1e-6)


def test_a_search_that_did_not_converge_labels_every_column() -> None:
    fit = SimpleNamespace(converged=False, reasons={0: "constant"})
    assert rows.reasons_of(fit, 2) == dict.fromkeys((0, 1), "the search for the estimate did not converge")
    assert rows.reasons_of(SimpleNamespace(converged=True, reasons={0: "a", 2: "b"}), 2, intercept=True) == {1: "b"}


def test_a_test_without_an_answer_says_so() -> None:
    assert rows.row_of_test(ChiSquareTest(math.nan, 0, math.nan))["status"] == "not estimable"
    assert "fewer clusters" in rows.row_of_test(ChiSquareTest(math.nan, 4, math.nan))["note"]
    # Two clusters: the sandwich of three coefficients has rank one.
    outer = np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert math.isnan(quadratic_form_test(np.array([0.1, 0.2, 0.4]), outer).statistic)


def test_shape_and_scale_have_an_interval_but_no_test_of_being_one() -> None:
    row = rows.estimate_row("log_scale", -3.0, 0.5)
    assert math.isnan(row["statistic"])
    assert math.isnan(row["p_value"])
    assert row["conf_low"] < -3.0 < row["conf_high"]
    assert rows.estimate_row("log_hazard_ratio", 0.5, 0.25)["statistic"] == 2
