"""Lines of the conformance page: the Cox model and what is computed from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from conformance import Answers, Estimates, line
from reference_values import RECID, ROSSI, data, std_errors, values

from family_justice.estimators.parts.chi_square import quadratic_form_test
from family_justice.estimators.regression.splines import restricted_cubic_spline
from family_justice.estimators.survival.cox import (
    CoxFit,
    concordance,
    concordance_std_error,
    fit_cox,
    proportional_hazards_test,
    robust_score_test,
)
from family_justice.estimators.survival.cox_curves import survival_at
from family_justice.estimators.survival.cox_residuals import (
    dfbeta_residuals,
    martingale_residuals,
    schoenfeld_residuals,
)

TIED = ["x1", "x2", "x3", "x4"]


def estimates(fit: CoxFit) -> Estimates:
    return fit.coef, fit.std_error


def of_r(r: Any) -> Estimates:
    return r["coef"], std_errors(r["robust"] or r["naive"])


def lifelines_cox(frame: pd.DataFrame, exit_: str, event: str, **more: Any) -> Estimates:
    from lifelines import CoxPHFitter

    fit = CoxPHFitter().fit(frame, exit_, event, fit_options={"precision": 1e-10}, **more)
    return fit.params_.to_numpy(), fit.standard_errors_.to_numpy()


def statsmodels_cox(exit_: Any, event: Any, x: Any, ties: str = "efron", groups: Any = None, **more: Any) -> Estimates:
    from statsmodels.duration.hazard_regression import PHReg

    fit = PHReg(np.asarray(exit_, float), np.asarray(x, float), np.asarray(event), ties=ties, **more).fit(groups=groups)
    return fit.params, fit.bse


def simple(name: str, key: str, exit_: str, event: str, columns: list[str], ties: str = "efron") -> Answers:
    d, r = data(name), values(name)[key]
    answers = {
        "ours": lambda: estimates(fit_cox(d[exit_], d[event], d[columns], ties=ties)),  # type: ignore[arg-type]
        "R": lambda: of_r(r),
        "statsmodels": lambda: statsmodels_cox(d[exit_], d[event], d[columns], ties),
    }
    if ties == "efron":
        answers["lifelines"] = lambda: lifelines_cox(d[[exit_, event, *columns]], exit_, event)
    return answers


@line("Cox, Efron's ties", "rossi")
def rossi() -> Answers:
    return simple("rossi", "efron", "week", "arrest", ROSSI)


@line("Cox, Breslow's ties", "rossi")
def rossi_breslow() -> Answers:
    return simple("rossi", "breslow", "week", "arrest", ROSSI, "breslow")


@line("Cox, Efron's ties", "recid")
def recid() -> Answers:
    return simple("recid", "efron", "durat", "event", RECID)


@line("Cox, Efron's ties", "colon, deaths")
def colon() -> Answers:
    d, r = data("colon"), values("colon")
    d = d[d.etype == 2]
    x = ["lev", "lev5fu", "sex", "age", "nodes", "differ", "extent"]
    return {
        "ours": lambda: estimates(fit_cox(d.time, d.status, d[x])),
        "R": lambda: of_r(r["death"]),
        "lifelines": lambda: lifelines_cox(d[["time", "status", *x]], "time", "status"),
        "statsmodels": lambda: statsmodels_cox(d.time, d.status, d[x]),
    }


@line("Cox, robust errors", "rossi")
def rossi_robust() -> Answers:
    d, r = data("rossi"), values("rossi")["robust"]
    return {
        "ours": lambda: estimates(fit_cox(d.week, d.arrest, d[ROSSI], robust=True)),
        "R": lambda: of_r(r),
        "lifelines": lambda: lifelines_cox(d[["week", "arrest", *ROSSI]], "week", "arrest", robust=True),
    }


def tied(key: str, entry: bool = False, strata: bool = False, weights: bool = False, clusters: bool = True) -> Answers:
    d = data("tied")
    r = values("tied")[key]
    ours = {"entry": d.entry if entry else None, "strata": d.court if strata else None,
            "weights": d.weight if weights else None, "clusters": d.household if clusters else None}  # fmt: skip
    columns = [*TIED, "exit", "event"]
    theirs: dict[str, Any] = {}
    for wanted, option, column in (
        (entry, "entry_col", "entry"), (strata, "strata", "court"), (weights, "weights_col", "weight"),
        (clusters, "cluster_col", "household"),
    ):  # fmt: skip
        if wanted:
            theirs[option] = [column] if option == "strata" else column
            columns.append(column)
    more = {
        name: np.asarray(v, float)
        for name, v in (("entry", ours["entry"]), ("strata", ours["strata"]))
        if v is not None
    }
    answers = {
        "ours": lambda: estimates(fit_cox(d.exit, d.event, d[TIED], **ours)),
        "R": lambda: (r["coef"], std_errors(r["robust" if clusters else "naive"])),
        "lifelines": lambda: lifelines_cox(d[columns], "exit", "event", **theirs),
    }
    if not weights:
        groups = d.household.to_numpy() if clusters else None
        answers["statsmodels"] = lambda: statsmodels_cox(d.exit, d.event, d[TIED], groups=groups, **more)
    return answers


@line("Cox, heavy ties, strata", "tied")
def tied_strata() -> Answers:
    return tied("efron_right_strata_unweighted", strata=True, clusters=False)


@line("Cox, heavy ties, delayed entry", "tied")
def tied_entry() -> Answers:
    return tied("efron_late_pooled_unweighted", entry=True, clusters=False)


@line("Cox, heavy ties, clustered errors", "tied")
def tied_clustered() -> Answers:
    return tied("efron_right_pooled_unweighted")


@line("Cox, heavy ties, strata, clustered errors", "tied")
def tied_strata_clustered() -> Answers:
    return tied("efron_right_strata_unweighted", strata=True)


@line("Cox, heavy ties, delayed entry, clustered errors", "tied")
def tied_entry_clustered() -> Answers:
    return tied("efron_late_pooled_unweighted", entry=True)


@line("Cox, heavy ties, entry, strata, weights, clusters", "tied")
def tied_everything() -> Answers:
    return tied("efron_late_strata_weights", entry=True, strata=True, weights=True)


@line("Cox, offset, delayed entry, clustered errors", "tied")
def offset() -> Answers:
    d, r = data("tied"), values("cox_more")["offset"]
    x = d[["x1", "x3", "x4"]]
    return {
        "ours": lambda: estimates(fit_cox(d.exit, d.event, x, entry=d.entry, clusters=d.household, offset=0.3 * d.x2)),
        "R": lambda: of_r(r),
    }


@line("Cox, restricted cubic spline", "rossi")
def spline() -> Answers:
    d, r = data("rossi"), values("cox_more")["splines"]["cox"]
    x = np.column_stack([restricted_cubic_spline(d.age, [18, 21, 25, 35]), d.fin, d.prio])
    return {"ours": lambda: estimates(fit_cox(d.week, d.arrest, x)), "R": lambda: of_r(r)}


@line("Test of a straight line (spline)", "rossi")
def nonlinearity() -> Answers:
    d, r = data("rossi"), values("cox_more")["splines"]["cox"]
    fit = fit_cox(d.week, d.arrest, np.column_stack([restricted_cubic_spline(d.age, [18, 21, 25, 35]), d.fin, d.prio]))
    test = quadratic_form_test(fit.coef[1:3], fit.var_model[1:3, 1:3])
    return {"ours": lambda: ([test.statistic], None), "R": lambda: ([r["nonlinear"]], None)}


@line("Proportional-hazards test, transform km", "tied")
def proportional_hazards() -> Answers:
    d, r = data("tied"), values("tied")["efron_late_strata_unweighted"]["zph"]["km"]
    test = proportional_hazards_test(fit_cox(d.exit, d.event, d[TIED], entry=d.entry, strata=d.court))
    return {
        "ours": lambda: ([part.statistic for part in (*test.terms, test.overall)], None),
        "R": lambda: (r["chisq"], None),
    }


@line("Proportional-hazards test, transform km", "rossi")
def proportional_hazards_rossi() -> Answers:
    d, r = data("rossi"), values("rossi")["efron"]["zph"]["km"]
    test = proportional_hazards_test(fit_cox(d.week, d.arrest, d[ROSSI]))

    def lifelines() -> Estimates:
        from lifelines import CoxPHFitter
        from lifelines.statistics import proportional_hazard_test as theirs

        frame = d[["week", "arrest", *ROSSI]]
        found = theirs(CoxPHFitter().fit(frame, "week", "arrest"), frame, time_transform="km")
        return found.summary["test_statistic"][ROSSI], None

    return {
        "ours": lambda: ([part.statistic for part in test.terms], None),
        "R": lambda: (r["chisq"][:-1], None),
        "lifelines": lifelines,
    }


def everything() -> tuple[CoxFit, CoxFit, Any]:
    """Return the fits of the tied data with strata and weights: errors by row, errors by household; and R's values."""
    d = data("tied")
    more = {"entry": d.entry, "strata": d.court, "weights": d.weight}
    fits = [
        fit_cox(d.exit, d.event, d[TIED], **more, **errors) for errors in ({"robust": True}, {"clusters": d.household})
    ]
    return fits[0], fits[1], values("cox_more")["efron_strata_weights"]


@line("Residuals: martingale", "tied")
def martingale() -> Answers:
    fit, _, r = everything()
    return {"ours": lambda: (martingale_residuals(fit), None), "R": lambda: (r["martingale"], None)}


@line("Residuals: Schoenfeld", "tied")
def schoenfeld() -> Answers:
    fit, _, r = everything()
    return {"ours": lambda: (schoenfeld_residuals(fit).residual, None), "R": lambda: (r["schoenfeld"], None)}


@line("Residuals: dfbeta", "tied")
def dfbeta() -> Answers:
    fit, _, r = everything()
    return {"ours": lambda: (dfbeta_residuals(fit), None), "R": lambda: (r["dfbeta"], None)}


@line("Survival at covariates, clustered errors", "tied")
def curves() -> Answers:
    _, fit, r = everything()
    found = survival_at(fit, [[0, 0.3, 0, 1], [1, -1, 1, 0]], values("cox_more")["times"], 2)
    r = r["curves_clustered"]
    return {
        "ours": lambda: (found.survival.T, found.std_error.T),
        "R": lambda: (r["survival"], r["std_error"]),
    }


@line("Concordance", "tied")
def harrell() -> Answers:
    fit, _, r = everything()
    return {
        "ours": lambda: ([concordance(fit).estimate], [concordance_std_error(fit)]),
        "R": lambda: (r["concordance"][:1], r["concordance"][1:]),
    }


@line("Robust score test", "tied")
def robust_score() -> Answers:
    _, fit, r = everything()
    return {"ours": lambda: ([robust_score_test(fit).statistic], None), "R": lambda: ([r["robust_score"]], None)}
