"""Tidy rows of fitted models: coefficients, tests, and the words for what could not be estimated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import Design
from family_justice.errors import AnalysisError
from family_justice.estimators.life_table import Z95

Rows = Iterator[dict[str, Any]]


def coefficient_rows(
    design: Design,
    event: np.ndarray,
    coefficients: np.ndarray,
    variance: np.ndarray,
    reasons: Mapping[int, str],
    measure: str,
    outcome: str,
) -> Rows:
    """Yield a row per line of the model table: reference levels, estimates, what is not estimable and why."""
    for cell in design.cells:
        row = {
            "outcome": outcome,
            "term": cell.term,
            "level": cell.level,
            "n": int(cell.inside.sum()),
            "events": int(event[cell.inside].sum()),
        }
        if cell.column is None:
            yield {**row, "measure": measure, "estimate": 0.0, "status": "reference"}
        elif cell.column in reasons:
            yield {**row, "measure": measure, "status": "not estimable", "note": reasons[cell.column]}
        else:
            error = math.sqrt(variance[cell.column, cell.column])
            yield {**row, **estimate_row(measure, coefficients[cell.column], error)}


def estimate_row(measure: str, estimate: float, std_error: float) -> dict[str, Any]:
    """Return a parameter with its Wald interval and test, or the words that it could not be estimated."""
    if not (math.isfinite(estimate) and math.isfinite(std_error)):
        return {"measure": measure, "status": "not estimable", "note": "the model could not be fitted"}
    # A Wald statistic of a logarithm asks whether the parameter is 1, which is no question about a shape or a scale.
    tested = std_error > 0 and measure not in ("log_shape", "log_scale")
    statistic = estimate / std_error if tested else math.nan
    return {
        "measure": measure,
        "estimate": estimate,
        "std_error": std_error,
        "conf_low": estimate - Z95 * std_error,
        "conf_high": estimate + Z95 * std_error,
        "statistic": statistic,
        "p_value": math.erfc(abs(statistic) / math.sqrt(2)),
    }


def model_rows(totals: dict[str, Any], loglik: tuple[float, float], likelihood_ratio: Any, robust: Any = None) -> Rows:
    """Yield the log-likelihoods and the test of the whole model: the robust Wald test where errors are robust.

    A likelihood ratio takes members of one cluster for independent, whatever the standard errors do.
    """
    for term, value in zip(("without_covariates", "fitted"), loglik, strict=True):
        yield {**totals, "measure": "log_likelihood", "term": term, "estimate": value}
    measure, test = ("wald_test", robust) if robust else ("likelihood_ratio_test", likelihood_ratio)
    yield {**totals, "measure": measure, "term": "all", **test_row(test)}


def reasons_of(fit: Any, columns: int, intercept: bool = False) -> dict[int, str]:
    """Return why columns are not estimable; a search that did not converge counts against all of them."""
    if not fit.converged:
        return dict.fromkeys(range(columns), "the search for the estimate did not converge")
    return {column - intercept: reason for column, reason in fit.reasons.items() if column >= intercept}


def test_row(test: Any) -> dict[str, Any]:
    """Return statistic, degrees of freedom and p value of a test, or the words that there was nothing to test."""
    row = {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
    if not test.df:
        return {**row, "status": "not estimable", "note": "no column of the term could be estimated"}
    if math.isnan(test.statistic):
        return {
            **row,
            "status": "not estimable",
            "note": "no test: fewer clusters than coefficients, or no convergence",
        }
    return row


def cluster_codes(members: pd.DataFrame, column: str | None, where: str) -> np.ndarray | None:
    """Return whole numbers for the clusters in a cohort's column; ``AnalysisError`` if it is absent or has gaps."""
    if column is None:
        return None
    if column not in members:
        raise AnalysisError(
            f"{where}: 'cluster' is '{column}', which is no column of the cohort. "
            f"It has: {', '.join(map(str, members.columns))}"
        )
    empty = int(members[column].isna().sum())
    if empty:
        raise AnalysisError(f"{where}: the cluster column '{column}' is empty in {empty} rows")
    codes, labels = pd.factorize(members[column])
    if len(labels) < 2:
        raise AnalysisError(f"{where}: the cluster column '{column}' has one value only; robust errors need clusters")
    return codes


def stratum_codes(members: pd.DataFrame, names: list[str]) -> np.ndarray | None:
    """Return a whole number per combination of the levels of the strata, or None if there are no strata."""
    if not names:
        return None
    return members.groupby(names, observed=True, sort=True).ngroup().to_numpy()
