"""Lines of the conformance page: curves, competing risks, recurrent events, regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from conformance import Answers, Estimates, line
from reference_values import RECID, ROSSI, data, std_errors, values

from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.multinomial import fit_multinomial
from family_justice.estimators.regression.negative_binomial import fit_negative_binomial
from family_justice.estimators.regression.poisson import fit_poisson, fit_risk_ratio
from family_justice.estimators.survival.accelerated_failure_time import fit_aft
from family_justice.estimators.survival.fine_gray import fit_fine_gray
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.life_table import (
    Curve,
    cumulative_incidence,
    event_table,
    kaplan_meier,
    log_rank,
)
from family_justice.estimators.survival.multistate import state_occupation
from family_justice.estimators.survival.recurrent import fit_recurrent, mean_cumulative_count

TIED = ["x1", "x2", "x3", "x4"]
AREAS = ["x1", "x2", "x3"]
SEARCH = {"disp": 0, "method": "newton", "tol": 1e-14, "maxiter": 50}


def at(curve: Curve, times: Any) -> Estimates:
    found = curve.at(times)
    return found.estimate, found.std_error


@line("Kaplan-Meier", "mgus2")
def km() -> Answers:
    d, r = data("mgus2"), values("mgus2")["km"]

    def lifelines() -> Estimates:
        from lifelines import KaplanMeierFitter

        return KaplanMeierFitter().fit(d.time, d.cause > 0).survival_function_at_times(r["time"]), None

    def statsmodels() -> Estimates:
        from statsmodels.duration.survfunc import SurvfuncRight

        found = SurvfuncRight(d.time, d.cause > 0)
        place = np.searchsorted(found.surv_times, r["time"], side="right") - 1
        before = place < 0
        return np.where(before, 1, found.surv_prob[place]), np.where(before, 0, found.surv_prob_se[place])

    return {
        "ours": lambda: at(kaplan_meier(event_table(d.time, d.cause)), r["time"]),
        "R": lambda: (r["estimate"], r["std_error"]),
        "lifelines": lifelines,
        "statsmodels": statsmodels,
    }


@line("Kaplan-Meier, delayed entry", "tied")
def km_late() -> Answers:
    d, r = data("tied"), values("tied_curves")["late"]

    def lifelines() -> Estimates:
        from lifelines import KaplanMeierFitter

        found = KaplanMeierFitter().fit(d.exit, d.event, entry=d.entry)
        return found.survival_function_at_times(r["time"]), None

    return {
        "ours": lambda: at(kaplan_meier(event_table(d.exit, d.event, d.entry)), r["time"]),
        "R": lambda: (r["estimate"], r["std_error"]),
        "lifelines": lifelines,
    }


@line("Cumulative incidence", "tied")
def incidence() -> Answers:
    d, r = data("tied"), values("tied_curves")["cif1"]
    cause = d.event * (1 + d.x1)

    def lifelines() -> Estimates:
        from lifelines import AalenJohansenFitter

        found = AalenJohansenFitter(seed=1).fit(d.exit, cause, 1).cumulative_density_
        place = np.searchsorted(found.index, np.asarray(r["time"]) + 0.5) - 1
        return found.to_numpy()[place, 0], None

    def statsmodels() -> Estimates:
        from statsmodels.duration.survfunc import CumIncidenceRight

        found = CumIncidenceRight(d.exit, cause)
        place = np.searchsorted(found.times, r["time"])
        return found.cinc[0][place], found.cinc_se[0][place]

    return {
        "ours": lambda: at(cumulative_incidence(event_table(d.exit, cause), 1), r["time"]),
        "R": lambda: (r["estimate"], r["std_error"]),
        "lifelines": lifelines,
        "statsmodels": statsmodels,
    }


@line("Log-rank test, strata", "mgus2")
def rank() -> Answers:
    d, r = data("mgus2"), values("mgus2")["log_rank_strata"]
    band = np.digitize(d.age, [60, 70, 80], right=True)

    def statsmodels() -> Estimates:
        from statsmodels.duration.survfunc import survdiff

        return [survdiff(d.time, d.cause == 2, band, strata=d.female)[0]], None

    return {
        "ours": lambda: ([log_rank(d.time, d.cause == 2, band, strata=d.female).test.statistic], None),
        "R": lambda: ([r["chisq"]], None),
        "statsmodels": statsmodels,
    }


@line("Gray's test", "mgus2")
def gray() -> Answers:
    d, r = data("mgus2"), values("competing")["gray_mgus2"]
    return {
        "ours": lambda: ([gray_test(d.time, d.cause, d.female, of=1).test.statistic], None),
        "R": lambda: (r["stat"][:1], None),
    }


@line("Fine-Gray, target crr", "mgus2")
def crr() -> Answers:
    d, r = data("mgus2"), values("competing")["crr"]["mgus2_1"]
    fit = fit_fine_gray(d.time, d.cause, d[["age", "female"]], "crr", of=1)
    return {"ours": lambda: (fit.coef, fit.std_error), "R": lambda: (r["coef"], std_errors(r["var"]))}


@line("Fine-Gray, target finegray, delayed entry, clusters", "tied")
def finegray() -> Answers:
    d, r = data("tied"), values("competing")["finegray"]["late_1_efron"]
    cause = d.event * (1 + d.household % 2)
    fit = fit_fine_gray(d.exit, cause, d[TIED], "finegray", of=1, entry=d.entry, clusters=d.household, ties="efron")
    return {"ours": lambda: (fit.coef, fit.std_error), "R": lambda: (r["coef"], std_errors(r["robust"]))}


def bladder(model: Any) -> Answers:
    b = data("bladder2")
    b = b[b.stop > b.start]
    x = ["rx", "number", "size"]
    r = values("recurrent")["marginal"] if model == "wei_lin_weissfeld" else values("bladder2")[model]
    fit = fit_recurrent(model, b.id, b.start, b.stop, b.event, b.enum, b[x])
    answers = {"ours": lambda: (fit.coef, fit.std_error), "R": lambda: (r["coef"], std_errors(r["robust"]))}
    if model == "andersen_gill":

        def lifelines() -> Estimates:
            from lifelines import CoxPHFitter

            found = CoxPHFitter().fit(
                b[["start", "stop", "event", "id", *x]], "stop", "event", entry_col="start", cluster_col="id",
                fit_options={"precision": 1e-10},
            )  # fmt: skip
            return found.params_, found.standard_errors_

        def statsmodels() -> Estimates:
            from statsmodels.duration.hazard_regression import PHReg

            found = PHReg(
                b.stop.to_numpy(float), b[x].to_numpy(float), b.event.to_numpy(), entry=b.start.to_numpy(float),
                ties="efron",
            ).fit(groups=b.id.to_numpy())  # fmt: skip
            return found.params, found.bse

        answers |= {"lifelines": lifelines, "statsmodels": statsmodels}
    return answers


@line("Andersen-Gill", "bladder2")
def andersen_gill() -> Answers:
    return bladder("andersen_gill")


@line("Prentice-Williams-Peterson, total time", "bladder2")
def prentice_total() -> Answers:
    return bladder("prentice_total")


@line("Prentice-Williams-Peterson, gap time", "bladder2")
def prentice_gap() -> Answers:
    return bladder("prentice_gap")


@line("Wei-Lin-Weissfeld", "bladder2")
def wei_lin_weissfeld() -> Answers:
    return bladder("wei_lin_weissfeld")


@line("Mean cumulative count", "cgd")
def mean_count() -> Answers:
    d, r = data("cgd"), values("recurrent")["cgd"]
    found = mean_cumulative_count(d.id, d.tstart, d.tstop, d.status, times=r["time"])
    return {"ours": lambda: (found.estimate, found.std_error), "R": lambda: (r["estimate"], r["std_error"])}


@line("State occupation", "pathways")
def occupation() -> Answers:
    d, r = data("pathways"), values("multistate")["pathways"]
    labels = np.array(["", "a", "b", "c"])
    found = state_occupation(d.id, d.start, d.stop, labels[d["from"]], labels[d.to], times=r["time"])
    return {"ours": lambda: (found.probability, found.std_error), "R": lambda: (r["estimate"], r["std_error"])}


def accelerated(source: str, columns: list[str], time: str, event: str, distribution: Any) -> Answers:
    d, r = data(source), values("parametric")[f"{source}_{distribution}"]
    fit = fit_aft(d[time], d[event], d[columns], distribution)

    def lifelines() -> Estimates:
        from lifelines import LogNormalAFTFitter, WeibullAFTFitter

        fitter, name = (WeibullAFTFitter, "lambda_") if distribution == "weibull" else (LogNormalAFTFitter, "mu_")
        found = fitter().fit(d[[time, event, *columns]].astype(float), time, event)
        order = [(name, column) for column in ["Intercept", *columns]]
        return found.params_[order], found.standard_errors_[order]

    return {
        "ours": lambda: (fit.coef, fit.std_error),
        "R": lambda: (r["coef"], std_errors(r["var"])[: len(r["coef"])]),
        "lifelines": lifelines,
    }


@line("Accelerated failure time, Weibull", "rossi")
def weibull() -> Answers:
    return accelerated("rossi", ROSSI, "week", "arrest", "weibull")


@line("Accelerated failure time, lognormal", "recid")
def lognormal() -> Answers:
    return accelerated("recid", RECID, "durat", "event", "lognormal")


def with_constant(d: pd.DataFrame, columns: list[str]) -> Any:
    from statsmodels.api import add_constant

    return add_constant(d[columns].astype(float))


@line("Logistic, clustered errors", "tied")
def logistic() -> Answers:
    d, r = data("tied"), values("logistic")["tied"]
    fit = fit_logistic(d.event, d[TIED], d.household)

    def statsmodels() -> Estimates:
        from statsmodels.api import Logit

        groups = {"cov_type": "cluster", "cov_kwds": {"groups": d.household}}
        found = Logit(d.event, with_constant(d, TIED)).fit(**groups, **SEARCH)
        return found.params, found.bse

    return {
        "ours": lambda: (fit.coef, fit.std_error),
        "R": lambda: (r["coef"], std_errors(r["robust"])),
        "statsmodels": statsmodels,
    }


def poisson_like(key: str, fit: Any, y: str, exposure: bool) -> Answers:
    d, r = data("areas"), values("regression")[key]

    def statsmodels() -> Estimates:
        from statsmodels.api import Poisson

        groups = {"cov_type": "cluster", "cov_kwds": {"groups": d.area}}
        more = {"exposure": d.exposure} if exposure else {}
        found = Poisson(d[y], with_constant(d, AREAS), **more).fit(**groups, **SEARCH)
        return found.params, found.bse

    return {
        "ours": lambda: (fit.coef, fit.std_error),
        "R": lambda: (r["coef"], std_errors(r["robust"])),
        "statsmodels": statsmodels,
    }


@line("Poisson rates, clustered errors", "areas")
def poisson() -> Answers:
    d = data("areas")
    return poisson_like("poisson_areas", fit_poisson(d["count"], d[AREAS], d.exposure, d.area), "count", True)


@line("Risk ratios (modified Poisson), clustered errors", "areas")
def risk_ratio() -> Answers:
    d = data("areas")
    return poisson_like("risk_areas", fit_risk_ratio(d.y, d[AREAS], d.area), "y", False)


@line("Negative binomial, clustered errors", "areas")
def negative_binomial() -> Answers:
    d, r = data("areas"), values("regression")["nb_areas"]
    fit = fit_negative_binomial(d["count"], d[AREAS], d.exposure, d.area)
    return {"ours": lambda: (fit.coef, fit.std_error), "R": lambda: (r["coef"], std_errors(r["robust"]))}


@line("Multinomial logistic", "areas")
def multinomial() -> Answers:
    d, r = data("areas"), values("regression")["multinomial"]
    fit = fit_multinomial(d.category, d[AREAS])

    def statsmodels() -> Estimates:
        from statsmodels.api import MNLogit

        found = MNLogit(d.category, with_constant(d, AREAS)).fit(**SEARCH)
        return found.params.to_numpy().T, found.bse.to_numpy().T

    return {
        "ours": lambda: (fit.coef, np.sqrt(np.diag(fit.var_model)).reshape(np.shape(fit.coef))),
        "R": lambda: (r["coef"], std_errors(r["naive"])),
        "statsmodels": statsmodels,
    }
