"""Odds of areas beside the average one, from a mixed model to the page, and what an intruder makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import COVARIATES, OPEN, one, take
from numpy.testing import assert_allclose

from family_justice.analyses.regression import mixed_logistic
from family_justice.disclosure.digits import step_below
from family_justice.estimators.regression.mixed import fit_mixed_logistic

NAMES = [f"Area {chr(65 + i)}" for i in range(20)]
KEYS = {"kind": "mixed_logistic", "variable": "placed", "covariates": ["sex"], "area": "area"}


@pytest.fixture(autouse=True)
def many_areas(monkeypatch: pytest.MonkeyPatch) -> None:
    named = COVARIATES["area"].model_copy(update={"levels": NAMES, "reference": NAMES[0]})
    monkeypatch.setattr("kinds_on_the_way.COVARIATES", {**COVARIATES, "area": named})


def members() -> pd.DataFrame:
    g = np.random.default_rng(3)
    area = np.repeat(np.arange(20), np.linspace(15, 160, 20).astype(int))
    sex = g.integers(0, 2, area.size)
    risk = 1 / (1 + np.exp(0.6 - 0.4 * sex - g.normal(0, 0.6, 20)[area]))
    return pd.DataFrame({
        "area": pd.Categorical(np.array(NAMES)[area], categories=NAMES),
        "sex": pd.Categorical(np.where(sex, "female", "male"), categories=["female", "male"]),
        "placed": pd.Categorical(np.where(g.random(area.size) < risk, "yes", "no"), categories=["yes", "no"]),
    })  # fmt: skip


def test_areas_reach_the_page(tmp_path: Path) -> None:
    frame = members()
    fit = fit_mixed_logistic(frame["placed"] == "yes", frame[["sex"]] == "female", frame["area"].cat.codes)
    way = take(mixed_logistic, frame, KEYS, tmp_path)
    row = one(way.exact, measure="log_area_odds_ratio", level="Area T")
    assert_allclose([row["estimate"], row["std_error"]], [fit.area_effect[19], fit.area_std_error[19]], rtol=1e-9)
    assert (row["n"], row["events"]) == (160, ((frame["area"] == "Area T") & (frame["placed"] == "yes")).sum())
    # Small areas are withheld, and take neither the others nor the test of the model with them.
    areas = way.released[way.released["measure"] == "log_area_odds_ratio"]
    assert areas["status"].eq("suppressed").sum() >= 1
    assert areas["status"].eq("ok").sum() >= 12
    assert one(way.released, measure="wald_test")["status"] == "ok"
    shown = one(way.released, measure="log_area_odds_ratio", level="Area T")
    unit = step_below(row["std_error"] / 2)
    assert shown["estimate"] == pytest.approx(unit * round(row["estimate"] / unit))
    assert "odds beside those of the average area" in way.page
    public = take(mixed_logistic, frame, KEYS, tmp_path / "open", OPEN)
    assert_allclose(one(public.released, level="Area T")["estimate"], fit.area_effect[19], rtol=1e-9)


def effect(n: np.ndarray, d: np.ndarray, sd: float, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the most likely log odds of areas beside the average one, and their standard deviation, by Newton."""
    u = np.zeros(n.size)
    for _ in range(60):
        p = 1 / (1 + np.exp(-(mean + u)))
        u = u + (d - n * p - u / sd**2) / (n * p * (1 - p) + 1 / sd**2)
    return u, 1 / np.sqrt(n * p * (1 - p) + 1 / sd**2)


def test_an_area_does_not_give_its_counts_away() -> None:
    """Even to somebody who knows the model exactly: in the usual steps most areas would be solved."""
    rng = np.random.default_rng(5)
    left: dict[str, list[int]] = {"usual steps": [], "released": []}
    for _ in range(150):
        n = int(rng.integers(40, 400))
        d = int(rng.integers(12, n - 12))
        near = [range(max(10, 5 * ((x + 2) // 5) - 2), 5 * ((x + 2) // 5) + 3) for x in (n, d)]
        guesses = np.array([(a, b) for a in near[0] for b in near[1] if b < a])
        truth, told = effect(np.array([n]), np.array([d]), 0.5, -0.7), effect(*guesses.T, 0.5, -0.7)
        for name, parts in (("usual steps", (10, 50)), ("released", (2, 5))):
            same = np.ones(len(guesses), dtype=bool)
            for i in (0, 1):
                unit = step_below(float(truth[1][0]) / parts[i])
                same &= np.rint(told[i] / unit) == np.rint(truth[i] / unit)
            left[name].append(int(same.sum()))
    alone = {name: sum(count == 1 for count in counts) / 150 for name, counts in left.items()}
    assert alone["usual steps"] > 0.2
    assert alone["released"] <= 0.05
    assert np.median(left["released"]) >= 6
