"""Models with multiple imputation of missing covariates, beside their complete cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.prepare import EVENT, follow_up
from family_justice.analyses.rows import Rows, estimate_row
from family_justice.config.models import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.estimators.missing.imputation import Incomplete, chained_equations, nelson_aalen
from family_justice.estimators.missing.pooling import pool

Covariates = Mapping[str, Covariate]
Adapter = Callable[[pd.DataFrame, Cohort, Any, Covariates, str], Rows]

COMPLETE, IMPUTED = "missing_values=complete cases", "missing_values=imputed"
IMPUTED_NUMBER = "counts hold members whose value is imputed"


def with_imputation(
    adapter: Adapter, members: pd.DataFrame, cohort: Cohort, analysis: Any, covariates: Covariates, where: str
) -> Rows:
    """Yield the rows of a model twice: of the complete cases (group ``COMPLETE``), and pooled over completed data sets
    by Rubin's rules (group ``IMPUTED``) with the share of information lost to missing values.

    A level that stands for missing values counts as missing in both. Counts of imputed rows are of members whose level
    is recorded. The imputation model holds the outcome (of times the event and the Nelson-Aalen cumulative hazard),
    the model's covariates and its strata, and the auxiliary variables; members with a gap in a covariate or stratum
    that is not imputed are left out.

    With clusters the variance within data sets is the robust one. The imputation model takes members as independent
    given what it holds: where members of a cluster are alike in what is missing, imputed values are less so, and
    intervals a little too narrow (van Buuren 2018, Flexible Imputation of Missing Data, chapter 7). A covariate of the
    clusters among the auxiliary variables makes up for part of it.
    """
    covariates = without_missing_level(analysis, covariates)
    members = _as_missing(members, analysis, covariates)
    plain = analysis.model_copy(update={"imputation": None})
    first = []
    for row in adapter(members, cohort, plain, covariates, where):
        first.append(row)
        yield {**row, "group": COMPLETE}
    used, outcome, event = _imputable(members, cohort, analysis, where)
    cells = [row for row in first if row["term"] in analysis.covariates and _is_estimate(row)]
    fits: list[dict[tuple[str, str, str], dict[str, Any]]] = []
    for frame in _completed(used, outcome, analysis, covariates, where):
        fits.append(dict(_coefficients(adapter(frame, cohort, plain, covariates, where), analysis)))
    parameters = sum(1 for row in cells if row.get("status", "ok") == "ok" and row["measure"] != "marginal_effect")
    # As mice: events less coefficients for a Cox model, else members less coefficients and intercept; at least one.
    whole = event.sum() if analysis.kind == "cox" else len(used) - 1
    degrees = max(float(whole - parameters), 1.0)
    # With few clusters these, and not the members, limit what is known about the errors.
    degrees = min([degrees, *(row["df"] for row in cells if "df" in row)])
    yield from _pooled(cells, fits, used, event, degrees)


def without_missing_level(analysis: Any, covariates: Covariates) -> dict[str, Covariate]:
    """Return the covariates with those to be imputed lacking the level that stands for missing values."""
    changed = dict(covariates)
    for name in analysis.imputation.variables:
        known = covariates[name]
        if known.levels and known.missing:
            levels = [level for level in known.levels if level != known.missing]
            changed[name] = known.model_copy(update={"levels": levels, "missing": None})
    return changed


def _as_missing(members: pd.DataFrame, analysis: Any, covariates: Covariates) -> pd.DataFrame:
    members = members.copy()
    for name in analysis.imputation.variables:
        levels = covariates[name].levels
        if levels:
            members[name] = members[name].cat.set_categories(levels)
    return members


def _imputable(
    members: pd.DataFrame, cohort: Cohort, analysis: Any, where: str
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the members who lack nothing but what is imputed, the outcome as columns (n, q), and who has the event."""
    if getattr(analysis, "outcome", None):
        observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
        used, event = members.iloc[observed.rows], observed.cause == EVENT
        outcome = np.column_stack([event, nelson_aalen(observed.exit, event, observed.entry)])
    else:
        used = members[members[analysis.variable].notna()]
        event = (used[analysis.variable] == analysis.event_level).to_numpy()
        outcome = event[:, None].astype("float64")
    needed = [n for n in (*analysis.covariates, *getattr(analysis, "strata", [])) if n not in _variables(analysis)]
    whole = used[needed].notna().all(axis=1).to_numpy()
    return used[whole], outcome[whole], event[whole]


def _variables(analysis: Any) -> list[str]:
    return [*analysis.imputation.variables, *analysis.imputation.auxiliary]


def _completed(
    used: pd.DataFrame, outcome: np.ndarray, analysis: Any, covariates: Covariates, where: str
) -> Iterator[pd.DataFrame]:
    """Yield the members with their gaps filled, one frame per data set."""
    named = _variables(analysis)
    others = [n for n in (*analysis.covariates, *getattr(analysis, "strata", [])) if n not in named]
    always = np.column_stack([outcome, build_design(used, others, covariates).matrix])
    variables = {}
    for name in named:
        levels = covariates[name].levels
        values = used[name].cat.codes.to_numpy() if levels else used[name]
        column = np.array(values, dtype="float64")
        variables[name] = Incomplete(np.where(column < 0, np.nan, column) if levels else column, len(levels or []))
    how = analysis.imputation
    try:
        for full in chained_equations(variables, always, how.datasets, how.iterations, how.seed):
            frame = used.copy()
            for name in named:
                levels = covariates[name].levels
                if levels:
                    names = np.array(levels, dtype=object)[full[name].astype(np.int64)]
                    frame[name] = pd.Categorical(names, categories=levels)
                else:
                    frame[name] = full[name]
            yield frame
    except ValueError as error:
        raise AnalysisError(f"{where}: imputation: {error}") from None


def _is_estimate(row: Mapping[str, Any]) -> bool:
    return row["measure"].endswith("_ratio") or row["measure"] == "marginal_effect"


def _coefficients(rows: Rows, analysis: Any) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    """Yield the rows of covariates; the tests after them are never asked for, so that they are never computed."""
    for row in rows:
        if row["term"] not in analysis.covariates or not _is_estimate(row):
            return
        yield (row["measure"], row["term"], row.get("level", "")), row


def _pooled(
    cells: list[dict[str, Any]],
    fits: list[dict[tuple[str, str, str], dict[str, Any]]],
    used: pd.DataFrame,
    event: np.ndarray,
    degrees: float,
) -> Rows:
    lost_most = 0.0
    outcome = cells[0]["outcome"] if cells else ""
    for cell in cells:
        key = (cell["measure"], cell["term"], cell["level"])
        inside = (used[cell["term"]] == cell["level"]).to_numpy() if cell["level"] else np.ones(len(used), dtype=bool)
        row = {"outcome": outcome, "group": IMPUTED, "term": cell["term"], "level": cell["level"]}
        guessed = not cell["level"] and used[cell["term"]].isna().any()
        counts = {"n": int(inside.sum()), "events": int(event[inside].sum())}
        if cell.get("status") == "reference":
            yield {**row, **counts, "measure": cell["measure"], "estimate": 0.0, "status": "reference"}
            continue
        found = [fit.get(key, {}) for fit in fits]
        estimates, errors = ([[one.get(c, np.nan)] for one in found] for c in ("estimate", "std_error"))
        pooled = pool(estimates, errors, degrees)
        if not np.isfinite(pooled.estimate[0]):
            why = next((one["note"] for one in found if one.get("note")), "not estimable in every completed data set")
            yield {**row, **counts, "measure": cell["measure"], "status": "not estimable", "note": why}
            continue
        values = estimate_row(cell["measure"], pooled.estimate[0], pooled.std_error[0], pooled.df[0])
        yield {**row, **counts, **values, **({"note": IMPUTED_NUMBER} if guessed else {})}
        if cell["measure"] != "marginal_effect":
            lost_most = max(lost_most, float(pooled.missing_information[0]))
            yield {**row, "measure": "missing_information", "estimate": float(pooled.missing_information[0])}
    totals = {"outcome": outcome, "group": IMPUTED, "n": len(used), "events": int(event.sum())}
    yield {**totals, "measure": "missing_information", "term": "all", "estimate": lost_most}
