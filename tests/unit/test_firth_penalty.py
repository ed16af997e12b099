"""Firth's penalty from a stream's words to the page."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import COHORT, COVARIATES, OPEN, as_categories, checked, one, stream_of, take
from numpy.testing import assert_allclose

from family_justice.analyses.models import logistic
from family_justice.disclosure.digits import step_below
from family_justice.errors import ConfigError
from family_justice.estimators.regression import firth
from family_justice.estimators.regression.firth import fit_firth
from family_justice.results import tidy

KEYS = {"kind": "logistic", "variable": "placed", "covariates": ["sex", "age"], "penalty": "firth"}


def members(n: int = 200, separated: bool = False) -> pd.DataFrame:
    g = np.random.default_rng(9)
    sex = g.integers(0, 2, n)
    placed = (g.random(n) < 0.3 + 0.2 * sex) | (separated & (sex == 1))
    return as_categories(pd.DataFrame({
        "sex": np.where(sex, "female", "male"), "age": g.normal(30, 5, n), "placed": np.where(placed, "yes", "no"),
    }))  # fmt: skip


def test_separation_has_a_finite_ratio(tmp_path: Path) -> None:
    frame = members(separated=True)
    without = stream_of(a={**KEYS, "penalty": "none"}).analyses["a"]
    rows = tidy(logistic(frame, COHORT, without, COVARIATES, "a"))
    assert one(rows, term="sex", level="female")["status"] == "not estimable"
    way = take(logistic, frame, KEYS, tmp_path, OPEN)
    row = one(way.released, term="sex", level="female")
    x = np.column_stack([frame["sex"] == "female", frame["age"]]).astype(float)
    direct = fit_firth(frame["placed"] == "yes", x)
    shown = [row["estimate"], row["conf_low"], row["conf_high"], row["p_value"]]
    assert_allclose(shown, [direct.coef[1], direct.conf_low[1], direct.conf_high[1], direct.p_value[1]], rtol=1e-9)
    assert row["conf_high"] - row["estimate"] > 1.2 * (row["estimate"] - row["conf_low"])
    assert "Firth&#39;s penalty (Heinze and Schemper 2002)" in way.page


def test_limits_of_profiles_are_shown_in_steps(tmp_path: Path) -> None:
    way = take(logistic, members(), KEYS, tmp_path)
    before, after = (one(f, term="sex", level="female") for f in (way.exact, way.released))
    unit = step_below(after["std_error"] / 10)
    for column in ("estimate", "conf_low", "conf_high"):
        assert after[column] == pytest.approx(unit * round(after[column] / unit))
    # Limits move with the estimate, as rounding moves its counts.
    wider = after["std_error"] / before["std_error"]
    for column in ("conf_low", "conf_high"):
        distances = [float(row[column] - row["estimate"]) for row in (before, after)]
        assert distances[1] == pytest.approx(wider * distances[0], abs=1.1 * unit)
    assert before["p_value"] < 0.001
    assert after["p_value"] == 0.0005
    assert math.isnan(after["statistic"])
    # Where a level has no members without the event, nothing of it leaves, whatever the penalty makes of it.
    hidden = take(logistic, members(separated=True), KEYS, tmp_path / "separated")
    row = one(hidden.released, term="sex", level="female")
    assert (row["status"], pd.isna(row["estimate"])) == ("suppressed", True)


def test_an_end_that_is_not_found_is_no_infinite_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that fails leaves the coefficient without an estimate and with the reason."""
    frame, analysis = members(), stream_of(a=KEYS).analyses["a"]
    monkeypatch.setattr(firth._Profile, "at", lambda *_: None)
    assert np.isnan(fit_firth(frame["placed"] == "yes", frame[["age"]]).conf_high).all()
    row = one(tidy(logistic(frame, COHORT, analysis, COVARIATES, "a")), term="sex", level="female")
    assert row["status"] == "not estimable"
    assert "could not be followed" in row["note"]
    assert pd.isna([row[column] for column in ("estimate", "std_error", "conf_low", "conf_high", "p_value")]).all()


def test_wrong_words() -> None:
    with pytest.raises(ConfigError, match="penalty: 'firth' has no 'cluster'"):
        checked(a={**KEYS, "cluster": "area"})
