"""Gray's test, restricted means and Fine-Gray models against R's cmprsk and survival; values from ``competing.R``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, STD_ERROR, data, std_errors, values

from family_justice.estimators.survival.fine_gray import FineGrayFit, fit_fine_gray
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.life_table import cumulative_incidence, event_table, kaplan_meier
from family_justice.estimators.survival.restricted_mean import restricted_mean_survival, restricted_mean_time_lost
from family_justice.estimators.survival.risk_difference import risk_at, risk_difference

COLUMNS = ["x1", "x2", "x3", "x4"]


def tied() -> pd.DataFrame:
    d = data("tied")
    return d.assign(cause=d.event * (1 + d.household % 2))


def gray_cases() -> dict[str, dict[str, Any]]:
    m, d = data("mgus2"), tied()
    band = np.digitize(m.age, [60, 70, 80], right=True)
    small = {"exit": [1, 2, 3, 4, 5, 6], "cause": [2, 1, 0, 1, 2, 1], "group": [1, 0, 1, 1, 0, 0]}
    return {
        "gray_mgus2": {"exit": m.time, "cause": m.cause, "group": m.female},
        "gray_mgus2_bands": {"exit": m.time, "cause": m.cause, "group": band},
        "gray_mgus2_strata": {"exit": m.time, "cause": m.cause, "group": band, "strata": m.female},
        "gray_tied": {"exit": d.exit, "cause": d.cause, "group": d.household % 5},
        "gray_tied_strata": {"exit": d.exit, "cause": d.cause, "group": d.household % 3, "strata": d.court},
        "gray_small": small,
    }


@pytest.mark.parametrize("name", gray_cases())
@pytest.mark.parametrize("cause", [1, 2])
def test_gray(name: str, cause: int) -> None:
    r = values("competing")[name]
    test = gray_test(**gray_cases()[name], of=cause).test
    assert_allclose(test.statistic, r["stat"][cause - 1], rtol=1e-10)
    assert test.df == r["df"][cause - 1]
    assert_allclose(test.p_value, r["p"][cause - 1], rtol=1e-9, atol=1e-15)  # R's is one minus a probability


@pytest.mark.parametrize("name", ["mgus2", "mgus2_women", "tied"])
def test_restricted_means(name: str) -> None:
    r = values("competing")[f"restricted_{name}"]
    m, d = data("mgus2"), tied()
    women = m[m.female == 1]
    exit_, cause = {
        "mgus2": (m.time, m.cause), "mgus2_women": (women.time, women.cause), "tied": (d.exit, d.cause)
    }[name]  # fmt: skip
    table = event_table(exit_, cause)
    assert_allclose(restricted_mean_survival(table, r["until"])[:2], r["mean"], rtol=1e-12)
    lost = [restricted_mean_time_lost(table, c, r["until"]) for c in (1, 2)]
    assert_allclose([area.estimate for area in lost], r["lost"], rtol=1e-12)
    assert_allclose([area.std_error for area in lost], r["lost_std_error"], rtol=1e-10)


def test_risk_differences() -> None:
    m = data("mgus2")
    for r in values("competing")["risks_mgus2"]:
        for kind in ("survival", "incidence"):
            risks = []
            for female in (0, 1):
                own = m[m.female == female]
                if kind == "survival":
                    curve = kaplan_meier(event_table(own.time, own.cause == 1))
                else:
                    curve = cumulative_incidence(event_table(own.time, own.cause), 1)
                risks.append(risk_at(curve, r["time"]))
            assert_allclose([risk.estimate for risk in risks], r[kind]["risk"], rtol=1e-12)
            assert_allclose([risk.std_error for risk in risks], r[kind]["std_error"], rtol=1e-10)
            assert_allclose(risk_difference(risks[1], risks[0])[:2], r[kind]["difference"], rtol=1e-10)


def test_restricted_mean_with_late_entry() -> None:
    d = data("tied")
    area = restricted_mean_survival(event_table(d.exit, d.event, d.entry), 12)
    assert_allclose(area[:2], values("competing")["restricted_late"], rtol=1e-12)


def assert_equals_r(fit: FineGrayFit, r: Any, variance: str) -> None:
    assert fit.converged
    assert fit.reasons == {}
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.std_error, std_errors(r[variance]), rtol=STD_ERROR)
    assert_allclose(std_errors(fit.var_model), std_errors(r["naive"]), rtol=STD_ERROR)
    assert_allclose(fit.loglik, r["loglik"], rtol=1e-10)


@pytest.mark.parametrize("name", ["mgus2_1", "mgus2_2", "tied_1", "tied_2"])
def test_fine_gray_as_crr(name: str) -> None:
    source, cause = name.split("_")
    d = {"mgus2": data("mgus2"), "tied": tied()}[source]
    exit_, columns = (d.time, ["age", "female"]) if source == "mgus2" else (d.exit, COLUMNS)
    fit = fit_fine_gray(exit_, d.cause, d[columns], "crr", of=int(cause))
    assert_equals_r(fit, values("competing")["crr"][name], "var")


@pytest.mark.parametrize("name", values("competing")["finegray"])
def test_fine_gray_as_finegray(name: str) -> None:
    """With tied times, both causes, strata with a censoring distribution each, late entry and households."""
    source, cause, ties = name.split("_")
    if source == "mgus2":
        m = data("mgus2")
        fit = fit_fine_gray(m.time, m.cause, m[["age", "female"]], "finegray", of=int(cause), ties=ties)  # type: ignore
    else:
        d = tied()
        fit = fit_fine_gray(
            d.exit,
            d.cause,
            d[COLUMNS],
            "finegray",
            of=int(cause),
            entry=d.entry if source == "late" else None,
            strata=d.court if source == "strata" else None,
            clusters=d.household,
            ties=ties,  # type: ignore[arg-type]
        )
    assert_equals_r(fit, values("competing")["finegray"][name], "robust")
