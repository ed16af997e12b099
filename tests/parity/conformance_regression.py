"""Lines of the conformance page: areas, matched sets, estimating equations, agreement, pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from conformance import Answers, line
from reference_values import data, std_errors, values

from family_justice.estimators.groups.agreement import cohen_kappa
from family_justice.estimators.missing.pooling import pool
from family_justice.estimators.regression.conditional_logistic import fit_conditional_logistic
from family_justice.estimators.regression.firth import fit_firth
from family_justice.estimators.regression.gee import fit_gee
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.mixed import fit_mixed_logistic

AREAS = ["x1", "x2", "x3"]


def against_r(ours: Any, name: str, estimate: str = "coef", variance: str = "vcov", *inner: str) -> Answers:
    r = values("regression")[name]
    for key in inner:
        r = r[key]
    return {"ours": lambda: ours, "R": lambda: (r[estimate], std_errors(r[variance]))}


@line("Average marginal effects (logistic)", "areas")
def marginal() -> Answers:
    d, r = data("areas"), values("regression")["marginal"]
    fit = fit_logistic(d.y, d[AREAS])

    def statsmodels() -> Any:
        from statsmodels.api import Logit, add_constant

        theirs = Logit(d.y, add_constant(d[AREAS])).fit(disp=0, method="newton", tol=1e-14, maxiter=50)
        found = theirs.get_margeff(dummy=True)
        return found.margeff, found.margeff_se

    found = average_marginal_effects(fit, d[AREAS])
    return {
        "ours": lambda: (found.effect, found.std_error),
        "R": lambda: (r["effect"], r["se"]),
        "statsmodels": statsmodels,
    }


@line("Logistic with Firth's penalty (R: brglm2)", "endometrial")
def firth() -> Answers:
    d, r = data("endometrial"), values("small_samples")["firth"]
    fit = fit_firth(d.HG, d[["NV", "PI", "EH"]])
    return {"ours": lambda: (fit.coef, fit.std_error), "R": lambda: (r["coef"], r["se"])}


@line("Logistic, random intercepts, 25 nodes (R: glmer)", "areas")
def mixed() -> Answers:
    d = data("areas")
    fit = fit_mixed_logistic(d.y, d[["x1", "x2"]], d.area, nodes=25)
    return against_r((fit.coef, fit.std_error), "glmer", "coef", "vcov", "agq")


@line("Logistic, random intercepts (R: glmer by Laplace's method)", "areas")
def laplace() -> Answers:
    d = data("areas")
    fit = fit_mixed_logistic(d.y, d[["x1", "x2"]], d.area)
    return against_r((fit.coef, fit.std_error), "glmer", "coef", "vcov", "laplace")


@line("Estimating equations, exchangeable (R: geepack)", "areas")
def gee() -> Answers:
    d = data("areas")
    fit = fit_gee(d.y, d[["x1", "x2"]], d.area)
    return against_r((fit.coef, fit.std_error), "gee")


@line("Conditional logistic, several cases per set", "areas")
def conditional() -> Answers:
    d = data("areas")
    fit = fit_conditional_logistic(d.y, d[["x1", "x2"]], d["set"])

    def statsmodels() -> Any:
        from statsmodels.discrete.conditional_models import ConditionalLogit

        theirs = ConditionalLogit(d.y, d[["x1", "x2"]], groups=d["set"]).fit(disp=0)
        return theirs.params, theirs.bse

    return {**against_r((fit.coef, fit.std_error), "clogit", "coef", "vcov", "several"), "statsmodels": statsmodels}


@line("Cohen's kappa, squared weights (R: vcd)", "areas")
def kappa() -> Answers:
    r = values("regression")["kappa"]
    found = cohen_kappa(r["table"], "squared")

    def statsmodels() -> Any:
        from statsmodels.stats.inter_rater import cohens_kappa

        theirs = cohens_kappa(np.array(r["table"]), wt="quadratic")
        return theirs.kappa, theirs.std_kappa

    ours = (found.kappa, found.std_error)
    return {"ours": lambda: ours, "R": lambda: tuple(r["squared"]["k"]), "statsmodels": statsmodels}


@line("Rubin's rules (R: mice)", "five estimates")
def rubin() -> Answers:
    r = values("regression")["pool"]
    found = pool([[1.21], [1.47], [0.98], [1.33], [1.10]], [[0.31], [0.29], [0.35], [0.33], [0.30]], 116)
    ours = [found.estimate[0], found.df[0], found.missing_information[0]]
    return {
        "ours": lambda: (ours, found.std_error),
        "R": lambda: ([r[name] for name in ("qbar", "df", "fmi")], [np.sqrt(r["t"])]),
    }
