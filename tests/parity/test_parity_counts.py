"""Counts, risks, categories, areas, inequality, agreement and pooling against R (regression.R) and statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, STD_ERROR, data, std_errors, values

from family_justice.estimators.groups.agreement import Weights, cohen_kappa
from family_justice.estimators.groups.funnel import control_limits
from family_justice.estimators.groups.inequality import inequality, ridit_scores
from family_justice.estimators.missing.pooling import pool
from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic
from family_justice.estimators.regression.gee import fit_gee
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.mixed import fit_mixed_logistic
from family_justice.estimators.regression.multinomial import fit_multinomial
from family_justice.estimators.regression.negative_binomial import fit_negative_binomial
from family_justice.estimators.regression.poisson import CountFit, fit_poisson, fit_risk_ratio
from family_justice.estimators.survival.cox import fit_cox

X = ["x1", "x2", "x3"]
PRISON = ["workprg", "felon", "alcohol", "drugs", "black", "married", "educ", "age"]


def equal(fit: CountFit, r: dict[str, Any]) -> None:
    assert fit.converged
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(std_errors(fit.var_model), std_errors(r["naive"]), rtol=STD_ERROR)
    assert_allclose(fit.std_error, std_errors(r["robust"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik[1], r["loglik"], rtol=1e-10)


def test_poisson_rates_with_clusters() -> None:
    d, recid, r = data("areas"), data("recid"), values("regression")
    fit = fit_poisson(d["count"], d[X], d.exposure, d.area)
    equal(fit, r["poisson_areas"])
    assert_allclose(fit.loglik[0], r["poisson_areas"]["null"], rtol=1e-10)
    columns = ["workprg", "priors", *PRISON[1:]]
    equal(fit_poisson(recid.event, recid[columns], recid.durat, recid.age // 12), r["poisson_recid"])


def test_modified_poisson_for_risk_ratios() -> None:
    d, r = data("areas"), values("regression")["risk_areas"]
    equal(fit_risk_ratio(d.y, d[X], d.area), r)
    alone = fit_risk_ratio(d.y, d[X])
    assert_allclose(alone.std_error, std_errors(r["hc1"]), rtol=STD_ERROR)
    n = len(d)
    assert_allclose(alone.std_error * np.sqrt((n - 4) / n), std_errors(r["hc0"]), rtol=STD_ERROR)


def test_negative_binomial() -> None:
    d, recid = data("areas"), data("recid")
    fits = {
        "nb_areas": fit_negative_binomial(d["count"], d[X], d.exposure, d.area),
        "nb_recid": fit_negative_binomial(recid.priors, recid[PRISON], clusters=recid.age // 12),
    }
    for name, fit in fits.items():
        r = values("regression")[name]
        equal(fit, r)
        assert_allclose(fit.theta, r["theta"], rtol=COEFFICIENT)
        assert_allclose(fit.theta_std_error, r["se_theta"], rtol=STD_ERROR)
        # The package's own answers stop a little earlier.
        assert_allclose(fit.coef, r["glm.nb"], rtol=1e-6)
        assert_allclose(fit.std_error, std_errors(r["package_robust"]), rtol=1e-4)


def test_negative_binomial_against_statsmodels() -> None:
    """Its covariance matrix is that of the observed joint information: other standard errors, the same maximum."""
    from statsmodels.api import NegativeBinomial, add_constant

    d = data("areas")
    model = NegativeBinomial(d["count"], add_constant(d[X]), exposure=d.exposure)
    theirs = model.fit(method="newton", start_params=np.append(np.zeros(4), 1.0), disp=0, maxiter=100, tol=1e-13)
    ours = fit_negative_binomial(d["count"], d[X], d.exposure)
    assert_allclose(ours.coef, theirs.params[:4], rtol=1e-6)
    assert_allclose(1 / ours.theta, theirs.params.iloc[-1], rtol=1e-6)
    assert_allclose(ours.loglik[1], theirs.llf, rtol=1e-10)
    assert_allclose(ours.std_error, theirs.bse[:4], rtol=0.02)


def test_multinomial() -> None:
    d, r = data("areas"), values("regression")["multinomial"]
    fit = fit_multinomial(d.category, d[X])
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.coef, r["multinom"], rtol=1e-4)
    assert_allclose(np.sqrt(np.diag(fit.var_model)), std_errors(r["naive"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik[1], r["loglik"], rtol=1e-10)


def test_multinomial_with_clusters_against_statsmodels() -> None:
    from statsmodels.api import MNLogit, add_constant

    d = data("areas")
    options = {"disp": 0, "method": "newton", "tol": 1e-14, "maxiter": 50}
    theirs = MNLogit(d.category, add_constant(d[X])).fit(cov_type="cluster", cov_kwds={"groups": d.area}, **options)
    ours = fit_multinomial(d.category, d[X], clusters=d.area)
    assert_allclose(ours.coef, theirs.params.to_numpy().T, rtol=COEFFICIENT)
    assert_allclose(ours.std_error, theirs.bse.to_numpy().T, rtol=STD_ERROR)


def test_random_intercepts_of_areas() -> None:
    """glmer's optimiser stops about 1e-6 from the maximum, and its covariance is a numerical second derivative."""
    d, r = data("areas"), values("regression")["glmer"]
    fit = fit_mixed_logistic(d.y, d[["x1", "x2"]], d.area, nodes=25)
    assert fit.converged
    assert_allclose(fit.coef, r["agq"]["coef"], rtol=1e-5)
    assert_allclose(fit.sd, r["agq"]["sd"], rtol=1e-5)
    assert_allclose(fit.std_error, std_errors(r["agq"]["vcov"]), rtol=1e-3)
    assert_allclose(fit.area_effect, r["agq"]["modes"], atol=1e-4)
    # The Laplace approximation, glmer's default, is another model of the integral.
    assert_allclose(fit.coef, r["laplace"]["coef"], rtol=5e-3)
    assert_allclose(fit.sd, r["laplace"]["sd"], rtol=2e-2)
    fewer = fit_mixed_logistic(d.y, d[["x1", "x2"]], d.area)
    assert_allclose(fewer.coef, fit.coef, rtol=1e-6)
    assert_allclose(fewer.sd, fit.sd, rtol=1e-6)


def test_slope_of_inequality() -> None:
    d, r = data("areas"), values("regression")["inequality"]
    ranks, scores = ridit_scores(d.x3, 4)
    found = inequality(d.y, d.x3, 4, clusters=d.area)
    assert_allclose(found.ridits, scores)
    assert_allclose(np.unique(ranks), scores)
    assert_allclose(found.log_relative, fit_risk_ratio(d.y, ranks[:, None], d.area).coef[1], rtol=1e-12)
    assert_allclose([found.slope, found.slope_std_error], [r["slope"], r["se"]], rtol=STD_ERROR)


@pytest.mark.parametrize(
    ("weights", "name", "part"), [("none", "equal", "u"), ("equal", "equal", "k"), ("squared", "squared", "k")]
)
def test_kappa(weights: Weights, name: str, part: str) -> None:
    r = values("regression")["kappa"]
    fit = cohen_kappa(r["table"], weights)
    assert_allclose([fit.kappa, fit.std_error], r[name][part], rtol=STD_ERROR)


def test_rubin_rules() -> None:
    r = values("regression")["pool"]
    estimate, error = [[1.21], [1.47], [0.98], [1.33], [1.10]], [[0.31], [0.29], [0.35], [0.33], [0.30]]
    pooled = pool(estimate, error, complete_df=116)
    ours = [pooled.estimate, pooled.within, pooled.between, pooled.std_error**2, pooled.df, pooled.missing_information]
    assert_allclose(np.ravel(ours), [r[k] for k in ("qbar", "ubar", "b", "t", "df", "fmi")], rtol=1e-10)


def test_control_limits_lie_between_the_quantiles() -> None:
    r = values("regression")["funnel"]
    for distribution, mean in (("binomial", 15.0), ("poisson", 12.5)):
        found = [control_limits([mean], level, [50], distribution)[:, 0] for level in (0.95, 0.998)]
        ours = np.array([found[1][0], *found[0], found[1][1]])
        assert ((np.array(r[distribution]) - 1 <= ours) & (ours <= r[distribution])).all()
        # The cumulative distribution reaches the tail at the quantile.
        assert (
            np.array(r[f"p{distribution[:5]}" if distribution == "binomial" else "ppois"])
            >= [0.001, 0.025, 0.975, 0.999]
        ).all()


def test_generalised_estimating_equations() -> None:
    d, r = data("areas"), values("regression")["gee"]
    independent = fit_gee(d.y, d[["x1", "x2"]], d.area, correlation="independence")
    assert_allclose(independent.std_error, std_errors(r["independence"]), rtol=1e-6)
    fit = fit_gee(d.y, d[["x1", "x2"]], d.area)
    assert fit.converged
    # Two divisors of the moment estimate of the correlation.
    assert_allclose(fit.coef, r["coef"], rtol=2e-3)
    assert_allclose(fit.std_error, std_errors(r["vcov"]), rtol=2e-3)


def test_average_marginal_effects() -> None:
    d, r = data("areas"), values("regression")["marginal"]
    found = average_marginal_effects(fit_logistic(d.y, d[X]), d[X])
    assert_allclose(found.effect, r["effect"], rtol=COEFFICIENT)
    assert_allclose(found.std_error, r["se"], rtol=STD_ERROR)


def test_conditional_logistic() -> None:
    d, r = data("areas"), values("regression")["clogit"]
    score = d.y + d.x2 / 100
    case = (score.groupby(d["set"]).transform("idxmax") == d.index).astype(int)
    one = fit_conditional_logistic(case, d[["x1", "x3"]], d["set"])
    several = fit_conditional_logistic(d.y, d[["x1", "x2"]], d["set"])
    for fit, name in ((one, "one"), (several, "several")):
        assert fit.converged
        assert_allclose(fit.coef, r[name]["coef"], rtol=COEFFICIENT)
        assert_allclose(fit.std_error, std_errors(r[name]["vcov"]), rtol=STD_ERROR)
        assert_allclose(fit.loglik, r[name]["loglik"], rtol=1e-10)


def test_conditional_logistic_of_single_cases_is_a_stratified_cox_model() -> None:
    d = data("areas")
    score = d.y + d.x2 / 100
    case = (score.groupby(d["set"]).transform("idxmax") == d.index).astype(int)
    cox = fit_cox(np.ones(len(d)), case, d[["x1", "x3"]], strata=d["set"], ties="breslow")
    fit = fit_conditional_logistic(case, d[["x1", "x3"]], d["set"])
    assert_allclose(fit.coef, cox.coef, rtol=1e-10)
    assert_allclose(fit.variance, cox.var_model, rtol=1e-8)
