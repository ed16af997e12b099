"""Tidy rows of fitted models: coefficients, tests, and the words for what could not be estimated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import Design
from family_justice.errors import AnalysisError
from family_justice.estimators.parts.t_distribution import f_reference, t_reference

if TYPE_CHECKING:
    from family_justice.estimators.regression.marginal import MarginalEffects

Rows = Iterator[dict[str, Any]]

#: With fewer clusters intervals come from the t distribution ("fewer than 20 to 50", Cameron and Miller 2015).
FEW_CLUSTERS = 50
NO_PROFILE = "the profile of the penalised likelihood could not be followed to the ends of the interval"
#: Remark of a joint test of few clusters; ``df`` has room for one number.
F_TEST = "F distribution; its second degrees of freedom are those of the coefficients"


def coefficient_rows(
    design: Design,
    event: np.ndarray,
    coefficients: np.ndarray,
    variance: np.ndarray,
    reasons: Mapping[int, str],
    measure: str,
    outcome: str,
    df: float = math.inf,
) -> Rows:
    """Yield a row per line of the model table: reference levels, estimates, what is not estimable and why.

    Intervals and p values come from the t distribution with ``df`` degrees of freedom.
    """
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
            yield {**row, **estimate_row(measure, coefficients[cell.column], error, df)}


def marginal_rows(
    design: Design,
    event: np.ndarray,
    effects: MarginalEffects,
    reasons: Mapping[int, str],
    outcome: str,
    df: float = math.inf,
) -> Rows:
    """Yield a row per line of the model table with the average marginal effect in percentage points."""
    percent, error = 100 * effects.effect, 100 * effects.std_error
    yield from coefficient_rows(design, event, percent, np.diag(error**2), reasons, "marginal_effect", outcome, df)


def with_profiles(rows: Rows, design: Design, low: np.ndarray, high: np.ndarray, p_value: np.ndarray) -> Rows:
    """Yield coefficient rows with limits and p values of profiles of the likelihood (positions as in the fit, the
    intercept first) in place of Wald's. A coefficient whose interval was not found is not estimable."""
    columns = {(cell.term, cell.level): cell.column for cell in design.cells}
    for row in rows:
        column = columns[row["term"], row["level"]]
        if column is None or "std_error" not in row:
            yield row
            continue
        found = {"conf_low": low[column + 1], "conf_high": high[column + 1], "p_value": p_value[column + 1]}
        if not all(map(math.isfinite, found.values())):
            about = {name: row[name] for name in ("outcome", "term", "level", "n", "events", "measure")}
            yield {**about, "status": "not estimable", "note": NO_PROFILE}
            continue
        yield {**row, "statistic": math.nan, **{name: float(value) for name, value in found.items()}}


def t_degrees(clusters: np.ndarray | None) -> float:
    """Return the degrees of freedom of the reference distribution of clustered standard errors: one less than there
    are clusters where these are fewer than ``FEW_CLUSTERS``, else infinity.

    With few clusters the sandwich is too small and varies: the t distribution makes up for most of it (Cameron and
    Miller 2015, Journal of Human Resources 50; R ``lmtest::coeftest(fit, vcovCL, df = G - 1)``). Joint Wald tests have
    the F distribution with as many second degrees of freedom.
    """
    count = math.inf if clusters is None else len(np.unique(clusters))
    return count - 1 if count < FEW_CLUSTERS else math.inf


def estimate_row(measure: str, estimate: float, std_error: float, df: float = math.inf) -> dict[str, Any]:
    """Return a parameter with its Wald interval and test, or the words that it could not be estimated.

    Finite ``df`` are those of a t distribution and part of the row.
    """
    if not (math.isfinite(estimate) and math.isfinite(std_error)):
        return {"measure": measure, "status": "not estimable", "note": "the model could not be fitted"}
    # A Wald statistic of a logarithm asks whether the parameter is 1, which is no question about a shape or a scale.
    tested = std_error > 0 and measure not in ("log_shape", "log_scale")
    statistic = estimate / std_error if tested else math.nan
    reach, p_value = t_reference(statistic, df)
    return ({} if math.isinf(df) else {"df": df}) | {
        "measure": measure,
        "estimate": estimate,
        "std_error": std_error,
        "conf_low": estimate - reach * std_error,
        "conf_high": estimate + reach * std_error,
        "statistic": statistic,
        "p_value": p_value,
    }


def model_rows(
    totals: dict[str, Any],
    loglik: tuple[float, float],
    likelihood_ratio: Any,
    robust: Any = None,
    df: float = math.inf,
) -> Rows:
    """Yield the log-likelihoods and the test of the whole model: the robust Wald test where errors are robust, with
    ``df`` as in ``row_of_test``.

    A likelihood ratio takes members of one cluster for independent, whatever the standard errors do.
    """
    for term, value in zip(("without_covariates", "fitted"), loglik, strict=True):
        yield {**totals, "measure": "log_likelihood", "term": term, "estimate": value}
    measure, test = ("wald_test", robust) if robust else ("likelihood_ratio_test", likelihood_ratio)
    yield {**totals, "measure": measure, "term": "all", **row_of_test(test, df if robust else math.inf)}


def reasons_of(fit: Any, columns: int, intercept: bool = False) -> dict[int, str]:
    """Return why columns are not estimable; a search that did not converge counts against all of them."""
    if not fit.converged:
        return dict.fromkeys(range(columns), "the search for the estimate did not converge")
    return {column - intercept: reason for column, reason in fit.reasons.items() if column >= intercept}


def row_of_test(test: Any, df: float = math.inf) -> dict[str, Any]:
    """Return statistic, degrees of freedom and p value of a test, or the words that there was nothing to test.

    With finite ``df``, those of the coefficients' t distribution, a Wald test of q of them is W/q beside F(q, df).
    """
    test = f_reference(test, df)
    row = {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
    if not test.df:
        return {**row, "status": "not estimable", "note": "no column of the term could be estimated"}
    if math.isnan(test.statistic):
        return {
            **row,
            "status": "not estimable",
            "note": "no test: fewer clusters than coefficients, or no convergence",
        }
    return row if math.isinf(df) else {**row, "note": F_TEST}


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
