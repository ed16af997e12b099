"""What is computed from a Cox fit, against R's survival and Hmisc: ``cox_more.R`` makes the values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, STD_ERROR, data, std_errors, values

from family_justice.estimators.parts.chi_square import quadratic_form_test
from family_justice.estimators.regression.splines import harrell_knots, restricted_cubic_spline
from family_justice.estimators.survival.cox import (
    CoxFit,
    baseline_hazard,
    concordance,
    concordance_std_error,
    fit_cox,
    robust_score_test,
)
from family_justice.estimators.survival.cox_curves import standardised_survival, survival_at
from family_justice.estimators.survival.cox_residuals import (
    deviance_residuals,
    dfbeta_residuals,
    martingale_residuals,
    schoenfeld_residuals,
    score_residuals,
)

R = values("cox_more")
TIED = ["efron_pooled_unweighted", "efron_strata_weights", "breslow_strata_weights"]
COLUMNS = ["x1", "x2", "x3", "x4"]
OF_TWO = [[0, 0.3, 0, 1], [1, -1, 1, 0]]


def fit_tied(name: str, clustered: bool = False) -> CoxFit:
    ties, strata, weights = name.split("_")
    d = data("tied")
    return fit_cox(
        d.exit,
        d.event,
        d[COLUMNS],
        entry=d.entry,
        strata=d.court if strata == "strata" else None,
        weights=d.weight if weights == "weights" else None,
        clusters=d.household if clustered else None,
        robust=weights == "weights",  # R makes the errors robust where weights are no whole numbers
        ties=ties,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", TIED)
def test_residuals(name: str) -> None:
    fit, r = fit_tied(name), R[name]
    assert_allclose(martingale_residuals(fit), r["martingale"], atol=1e-11)
    assert_allclose(deviance_residuals(fit), r["deviance"], atol=1e-8)
    assert_allclose(score_residuals(fit), r["score"], atol=1e-11)
    assert_allclose(dfbeta_residuals(fit), r["dfbeta"], atol=1e-12)


@pytest.mark.parametrize("name", TIED)
def test_schoenfeld_residuals(name: str) -> None:
    ours, r = schoenfeld_residuals(fit_tied(name)), R[name]
    assert ours.time.tolist() == r["time"]
    assert data("tied").exit[ours.row].tolist() == r["time"]
    assert_allclose(ours.residual, r["schoenfeld"], atol=1e-11)
    assert_allclose(ours.scaled, r["scaled"], atol=1e-9)


@pytest.mark.parametrize("name", TIED)
def test_robust_score_test_and_error_of_the_concordance(name: str) -> None:
    plain, clustered, r = fit_tied(name), fit_tied(name, clustered=True), R[name]
    assert_allclose(robust_score_test(clustered).statistic, r["robust_score"], rtol=1e-9)
    assert_allclose([concordance(plain).estimate, concordance_std_error(plain)], r["concordance"], rtol=1e-11)
    assert_allclose(concordance_std_error(clustered), r["concordance_clustered"], rtol=1e-11)


def test_a_robust_score_test_needs_clusters() -> None:
    with pytest.raises(ValueError, match="without clusters"):
        robust_score_test(fit_tied("efron_pooled_unweighted"))


@pytest.mark.parametrize("name", TIED)
@pytest.mark.parametrize("clustered", [False, True])
def test_curves_at_covariates(name: str, clustered: bool) -> None:
    r = R[name]["curves_clustered" if clustered else "curves"]
    ours = survival_at(fit_tied(name, clustered), OF_TWO, R["times"], 2 if "strata" in name else None)
    assert_allclose(ours.survival.T, r["survival"], rtol=1e-10)
    assert_allclose(ours.std_error.T, r["std_error"], rtol=1e-9, atol=1e-14)


def test_the_curve_of_a_population_of_one_is_its_own() -> None:
    fit = fit_tied("efron_strata_weights", clustered=True)
    alone = survival_at(fit, OF_TWO[1:], R["times"], 2)
    same = standardised_survival(fit, OF_TWO[1:] * 3, R["times"], 2, weights=[1, 2, 0.5])
    assert_allclose(same.survival, alone.survival, rtol=1e-12)
    assert_allclose(same.std_error, alone.std_error, rtol=1e-12)
    both = standardised_survival(fit, OF_TWO, R["times"], 2)
    assert_allclose(both.survival[0], survival_at(fit, OF_TWO, R["times"], 2).survival.mean(axis=0), rtol=1e-12)


def test_the_standard_error_of_an_average_is_that_of_small_changes() -> None:
    """Delta method by differences: the curve moves with each coefficient, its baseline too, and with each increment."""
    d = data("tied")
    fit = fit_tied("efron_pooled_unweighted")
    x, times = d[COLUMNS].to_numpy()[:50], np.array([3.0, 9.0])

    def mean(coefficients: np.ndarray) -> np.ndarray:
        moved = fit_cox(d.exit, d.event, np.zeros((len(d), 1)), entry=d.entry, offset=d[COLUMNS] @ coefficients)
        base = baseline_hazard(moved)
        hazard = base.cumulative[np.searchsorted(base.time, times, side="right") - 1]
        return np.exp(-np.exp(x @ coefficients)[:, None] * hazard).mean(axis=0)

    step = 1e-5
    slope = np.stack([(mean(fit.coef + step * e) - mean(fit.coef - step * e)) / (2 * step) for e in np.eye(4)])
    ours = standardised_survival(fit, x, times)
    assert_allclose(ours.survival[0], mean(fit.coef), rtol=1e-10)
    from_coefficients = np.einsum("it,ij,jt->t", slope, fit.var_model, slope)
    # What is left is the noise of the increments; at covariates where it can be isolated it is that of survival_at.
    centre = survival_at(fit, np.zeros((1, 4)), times)
    base = baseline_hazard(fit)
    hazard = base.cumulative[np.searchsorted(base.time, times, side="right") - 1]
    zero = np.stack([_slope_at_zero(fit, d, times, e, step) for e in np.eye(4)])
    noise = (centre.std_error[0] / centre.survival[0]) ** 2 - np.einsum("it,ij,jt->t", zero, fit.var_model, zero)
    ratio = np.exp(x @ fit.coef)
    weight = (ratio[:, None] * np.exp(-ratio[:, None] * hazard)).mean(axis=0)
    assert_allclose(ours.std_error[0] ** 2, from_coefficients + weight**2 * noise, rtol=1e-6)


def _slope_at_zero(fit: CoxFit, d, times: np.ndarray, e: np.ndarray, step: float) -> np.ndarray:
    def hazard(coefficients: np.ndarray) -> np.ndarray:
        base = baseline_hazard(
            fit_cox(d.exit, d.event, np.zeros((len(d), 1)), entry=d.entry, offset=d[COLUMNS] @ coefficients)
        )
        return base.cumulative[np.searchsorted(base.time, times, side="right") - 1]

    return (hazard(fit.coef + step * e) - hazard(fit.coef - step * e)) / (2 * step)


def test_offset() -> None:
    d, r = data("tied"), R["offset"]
    fit = fit_cox(d.exit, d.event, d[["x1", "x3", "x4"]], entry=d.entry, clusters=d.household, offset=0.3 * d.x2)
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert fit.var_robust is not None
    assert_allclose(std_errors(fit.var_model), std_errors(r["naive"]), rtol=STD_ERROR)
    assert_allclose(fit.std_error, std_errors(r["robust"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik, r["loglik"], rtol=1e-12)
    c = concordance(fit)
    assert_allclose([c.concordant, c.discordant, c.tied_risk, c.estimate], r["concordance"], rtol=1e-12)
    assert_allclose(martingale_residuals(fit), r["martingale"], atol=1e-11)
    hazard = {step["time"]: step["hazard"] for step in r["basehaz"]}
    ours = baseline_hazard(fit)
    # R's baseline is that of the mean offset, ours that of offset zero.
    assert_allclose(ours.cumulative * np.exp(0.3 * d.x2.mean()), [hazard[t] for t in ours.time], rtol=1e-10)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7])
def test_spline_basis(count: int) -> None:
    r, age = R["splines"][f"k{count}"], data("rossi").age
    knots = harrell_knots(age, len(r["knots"]))
    assert_allclose(restricted_cubic_spline(age, knots)[:40], r["basis"], rtol=1e-12, atol=1e-12)
    assert_allclose(knots, r["knots"])


def test_spline_knots_of_few_values() -> None:
    small = data("rossi").age[:60] + np.arange(60) / 100
    assert_allclose(harrell_knots(small, 4), R["splines"]["small"]["knots"], rtol=1e-12)


def test_spline_in_a_model_and_its_test_of_a_straight_line() -> None:
    d, r = data("rossi"), R["splines"]["cox"]
    basis = restricted_cubic_spline(d.age, [18, 21, 25, 35])
    fit = fit_cox(d.week, d.arrest, np.column_stack([basis, d.fin, d.prio]))
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.std_error, std_errors(r["naive"]), rtol=STD_ERROR)
    curved = quadratic_form_test(fit.coef[1:3], fit.var_model[1:3, 1:3])
    assert_allclose(curved.statistic, r["nonlinear"], rtol=1e-8)
    assert curved.df == 2
