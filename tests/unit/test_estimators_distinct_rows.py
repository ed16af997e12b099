"""Rows that share patterns give what single rows give."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.survival import distinct_rows
from family_justice.estimators.survival.cox import (
    CoxFit,
    baseline_hazard,
    concordance,
    concordance_std_error,
    fit_cox,
    proportional_hazards_test,
)
from family_justice.estimators.survival.cox_residuals import dfbeta_residuals, schoenfeld_residuals
from family_justice.estimators.survival.distinct_rows import PatternRows, SingleRows, patterns

N = 3_000


def cohort(seed: int = 5) -> dict[str, np.ndarray]:
    """Indicators, a count, a constant column and one that is a combination of others; ties, entry, families."""
    g = np.random.default_rng(seed)
    x = np.column_stack([g.random((N, 3)) < 0.3, g.integers(0, 5, N) * 0.1, np.ones(N), g.random(N) < 0.5])
    x = np.column_stack([x, x[:, 0] + x[:, 1]])
    entry = np.where(g.random(N) < 0.4, g.integers(1, 20, N), 0).astype(float)
    return {
        "exit": entry + np.ceil(g.exponential(30, N) * np.exp(-0.4 * x[:, 0] + x[:, 3])),
        "event": g.random(N) < 0.6,
        "covariates": x,
        "entry": entry,
        "strata": g.integers(0, 3, N),
        "weights": g.choice([0.0, 0.5, 1.0, 2.5], N),
        "clusters": g.integers(0, N // 2, N),
        "offset": g.normal(0, 0.2, N),
    }


OPTIONS = ["entry", "strata", "weights", "offset"]


@pytest.mark.parametrize("chosen", list(product([False, True], repeat=4)))
def test_both_ways_give_the_same(chosen: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    data = cohort()
    used = {name: data[name] for name, wanted in zip(OPTIONS, chosen, strict=True) if wanted}
    if "entry" not in used:
        data["exit"] = data["exit"] - data["entry"]

    def fit() -> CoxFit:
        return fit_cox(data["exit"], data["event"], data["covariates"], clusters=data["clusters"], **used)

    single = fit()
    monkeypatch.setattr(distinct_rows, "MANY_ROWS", 1)
    shared = fit()
    assert isinstance(single.model.likelihood.rows, SingleRows)
    assert isinstance(shared.model.likelihood.rows, PatternRows)
    assert shared.model.likelihood.rows.x.shape[1] == 80
    assert shared.reasons == single.reasons
    assert set(shared.reasons) == {4, 6}
    assert shared.iterations == single.iterations
    assert_allclose(shared.coef, single.coef, rtol=1e-12, atol=1e-13)
    assert_allclose(shared.var_model, single.var_model, rtol=1e-12, atol=1e-15)
    assert_allclose(shared.var_robust, single.var_robust, rtol=1e-11, atol=1e-15)
    assert_allclose(shared.std_error, single.std_error, rtol=1e-12)
    assert_allclose(shared.loglik, single.loglik, rtol=1e-13)
    assert_allclose(shared.score_test.statistic, single.score_test.statistic, rtol=1e-12)
    assert_allclose(baseline_hazard(shared).cumulative, baseline_hazard(single).cumulative, rtol=1e-12)
    assert concordance(shared) == concordance(single)
    assert_allclose(concordance_std_error(shared), concordance_std_error(single), rtol=1e-12)
    zph = [proportional_hazards_test(f).overall.statistic for f in (shared, single)]
    assert_allclose(zph[0], zph[1], rtol=1e-9)
    for residuals in (dfbeta_residuals, lambda f: schoenfeld_residuals(f).residual):
        assert_allclose(residuals(shared), residuals(single), rtol=1e-9, atol=1e-12)


def test_patterns_rebuild_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct_rows, "MANY_ROWS", 1)
    monkeypatch.setattr(distinct_rows, "BLOCK", 700)
    x = cohort()["covariates"]
    x[1_234, 0] = -7.5  # a level that a sample of the rows does not hold
    monkeypatch.setattr(distinct_rows, "SAMPLE", 10)
    found = patterns(x)
    assert found is not None
    code, distinct = found.code, found.x
    assert np.array_equal(distinct[:, code].T, x)
    assert len(np.unique(distinct, axis=1).T) == distinct.shape[1]
    monkeypatch.setattr(distinct_rows, "TABLE", 1)  # too many combinations for a table
    again = patterns(x)
    assert again is not None
    assert np.array_equal(again.x[:, again.code].T, x)


def test_rows_that_hardly_repeat_stay_single(monkeypatch: pytest.MonkeyPatch) -> None:
    g = np.random.default_rng(1)
    assert patterns(np.ones((100, 2))) is None  # few rows are quick in any case
    monkeypatch.setattr(distinct_rows, "MANY_ROWS", 1)
    assert patterns(np.ones((100, 2))) is not None
    assert patterns(g.normal(size=(N, 1))) is None
    assert patterns(g.integers(0, 40, (N, 3)).astype(float)) is None
    assert patterns(np.ones((N, 60))) is None  # more combinations than a whole number holds
    assert patterns(np.empty((N, 0))) is None
