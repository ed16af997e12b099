"""Logistic and accelerated failure time models against R's glm, sandwich and survreg, and against Python packages."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, RECID, ROSSI, STD_ERROR, data, std_errors, values

from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.survival.accelerated_failure_time import AftFit, fit_aft

COLUMNS = ["x1", "x2", "x3", "x4"]


def test_logistic_with_clusters() -> None:
    d, recid, r = data("tied"), data("recid"), values("logistic")
    fits = {
        "tied": fit_logistic(d.event, d[COLUMNS], d.household),
        "recid": fit_logistic(recid.event, recid[RECID], recid.age // 12),
    }
    for name, fit in fits.items():
        assert fit.converged
        assert_allclose(fit.coef, r[name]["coef"], rtol=COEFFICIENT)
        assert_allclose(std_errors(fit.var_model), std_errors(r[name]["naive"]), rtol=STD_ERROR)
        assert_allclose(fit.std_error, std_errors(r[name]["robust"]), rtol=STD_ERROR)
        assert_allclose(fit.loglik, r[name]["loglik"], rtol=1e-10)


def test_logistic_against_statsmodels() -> None:
    from statsmodels.api import Logit, add_constant

    d = data("tied")
    # Its default stops 1e-8 short of the maximum.
    options = {"disp": 0, "method": "newton", "tol": 1e-14, "maxiter": 50}
    theirs = Logit(d.event, add_constant(d[COLUMNS])).fit(
        cov_type="cluster", cov_kwds={"groups": d.household}, **options
    )
    ours = fit_logistic(d.event, d[COLUMNS], d.household)
    assert_allclose(ours.coef, theirs.params, rtol=COEFFICIENT)
    assert_allclose(ours.std_error, theirs.bse, rtol=STD_ERROR)
    assert_allclose(
        ours.likelihood_ratio_test.statistic, theirs.llr, rtol=1e-7
    )  # its null model has the default criterion
    assert_allclose(ours.likelihood_ratio_test.p_value, theirs.llr_pvalue, rtol=1e-6)


def test_logistic_separation_leaves_the_others_at_their_limit() -> None:
    d, r = data("tied"), values("logistic")["separated_without"]
    d["x5"] = ((d.event == 0) & (d.household % 3 == 0)).astype(int)
    fit = fit_logistic(d.event, d[["x1", "x2", "x5"]])
    assert fit.reasons == {3: "the likelihood rises without end as the coefficient goes to minus infinity"}
    assert fit.estimable.tolist() == [True, True, True, False]
    assert_allclose(fit.coef[:3], r["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.std_error[:3], std_errors(r["naive"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik[1], r["loglik"][1], rtol=1e-10)


@pytest.mark.parametrize(
    "name", ["recid_weibull", "recid_lognormal", "rossi_weibull", "tied_weibull", "tied_lognormal"]
)
def test_accelerated_failure_times(name: str) -> None:
    fit, r = fit_named(name), values("parametric")[name]
    assert fit.converged
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.log_scale, r["log_scale"], rtol=COEFFICIENT)
    assert_allclose(std_errors(fit.variance), std_errors(r["var"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik, r["loglik"], rtol=1e-10)
    assert_allclose(fit.likelihood_ratio_test.statistic, 2 * np.diff(r["loglik"])[0], rtol=1e-8)


def fit_named(name: str) -> AftFit:
    source, distribution = name.split("_")
    d = data(source)
    time, event, columns = {
        "recid": (d.get("durat"), d.get("event"), RECID),
        "rossi": (d.get("week"), d.get("arrest"), ROSSI),
        "tied": (d.get("exit"), d.get("event"), COLUMNS),
    }[source]
    return fit_aft(time, event, d[columns], distribution)  # type: ignore[arg-type]


def test_published_recidivism_models() -> None:
    """Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, chapter 22, as printed: lognormal
    coefficients, standard errors, sigma 1.810, log-likelihood -1597.06 (density of log time); Weibull shape .806."""
    fit = fit_named("recid_lognormal")
    printed = [-0.0625, -0.1373, -0.0193, 0.4440, -0.6349, -0.2981, -0.5427, 0.3406, 0.0229, 0.0039]
    printed_se = [0.1200, 0.0215, 0.0030, 0.1451, 0.1442, 0.1327, 0.1174, 0.1398, 0.0254, 0.0006]
    assert_allclose(fit.coef[1:], printed, atol=1e-4)
    assert_allclose(fit.std_error[1:], printed_se, atol=5e-5)
    assert_allclose(np.exp(fit.log_scale), 1.810, atol=5e-4)
    assert_allclose(fit.loglik_log_time, -1597.06, atol=5e-3)
    assert_allclose(np.exp(fit_named("recid_weibull").log_shape), 0.806, atol=5e-4)


def test_weibull_against_lifelines() -> None:
    """lifelines stops its search earlier: five digits."""
    from lifelines import WeibullAFTFitter

    d = data("rossi")
    theirs = WeibullAFTFitter().fit(d[["week", "arrest", *ROSSI]], "week", "arrest")
    ours = fit_named("rossi_weibull")
    assert_allclose(ours.coef[1:], theirs.params_["lambda_"][ROSSI], rtol=1e-4, atol=1e-6)
    assert_allclose(ours.log_shape, theirs.params_["rho_"]["Intercept"], rtol=1e-4)
    assert_allclose(ours.loglik[1], theirs.log_likelihood_, rtol=1e-8)
