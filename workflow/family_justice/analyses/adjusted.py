"""Kind ``adjusted_survival``: survival of a population as if all of it had one level of a covariate, then another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.prepare import EVENT, follow_up, require_events
from family_justice.analyses.rows import Rows, cluster_codes, reasons_of
from family_justice.config.kinds import AdjustedSurvival
from family_justice.config.models import Cohort, Covariate
from family_justice.estimators.parts.newton import RUNS_AWAY
from family_justice.estimators.survival.life_table import at_risk_at, log_log_limits

NOT_DETERMINED = "the covariates tell the contrast: the data lack what everybody would be given"
AT_LIMIT = "a level of another covariate has no finite estimate: its members are at the limit"


def adjusted_survival(
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: AdjustedSurvival,
    covariates: Mapping[str, Covariate],
    where: str,
) -> Rows:
    """Yield for each level of the contrast and each time of the grid the mean survival of all members with that level.

    ``n``, ``events`` and ``at_risk`` are those of the members who have the level. A level whose effect cannot be
    estimated has no curve, and no level has one if another covariate tells the contrast and members would be given
    combinations that the data lack. Where a level of another covariate runs away the curve is the limit: without
    events its members survive for certain, and the others' survival has the standard error of a fit to them alone. If
    it is the reference level that has no events, errors of the differences between the others are not at hand, and
    the curve has none.
    """
    from family_justice.estimators.survival.cox import fit_cox
    from family_justice.estimators.survival.cox_curves import standardised_survival

    observed = follow_up(members, cohort.outcomes[analysis.outcome], where)
    design = build_design(members.iloc[observed.rows], analysis.covariates, covariates)
    exit_, event = observed.exit[design.rows], observed.cause[design.rows] == EVENT
    entry = None if observed.entry is None else observed.entry[design.rows]
    require_events(event.sum(), where)
    used = members.iloc[observed.rows].iloc[design.rows]
    clusters = cluster_codes(used, analysis.cluster, where)
    fit = fit_cox(exit_, event, design.matrix, entry=entry, clusters=clusters, ties=analysis.ties)
    reasons = reasons_of(fit, design.matrix.shape[1])
    own = design.terms[analysis.contrast]
    away = [why for column, why in reasons.items() if column not in own and RUNS_AWAY in why]
    upwards = any(why.endswith("plus infinity") for why in away)
    grid = np.round(np.arange(0, analysis.until + analysis.every / 2, analysis.every), 10)
    for cell in (cell for cell in design.cells if cell.term == analysis.contrast):
        everybody = design.matrix.copy()
        everybody[:, own] = 0.0
        row: dict[str, Any] = {"measure": "survival", "outcome": analysis.outcome, "group": f"{cell.term}={cell.level}"}
        row |= {"n": int(cell.inside.sum()), "events": int(event[cell.inside].sum())}
        if cell.column is not None:
            everybody[:, cell.column] = 1.0
        # Without convergence no level has a curve, the reference level neither; every column has the same reason.
        column = cell.column if fit.converged else 0
        why = "" if column is None else reasons.get(column, "")
        if why or not row["n"]:
            yield {**row, "time": 0.0, "status": "not estimable", "note": why or "no members"}
            continue
        if not _is_determined(fit, design.matrix, everybody):
            yield {**row, "time": 0.0, "status": "not estimable", "note": NOT_DETERMINED}
            continue
        curve = standardised_survival(fit, everybody, grid + 1e-9)
        survival, error = curve.survival[0], np.where(upwards, np.nan, curve.std_error[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = log_log_limits(survival, error)
        inside = cell.inside
        still = at_risk_at(exit_[inside], grid, None if entry is None else entry[inside])
        for i, time in enumerate(grid):
            values = {"estimate": survival[i], "std_error": error[i], "conf_low": low[i], "conf_high": high[i]}
            yield {**row, "time": float(time), "at_risk": int(still[i]), **values, "note": AT_LIMIT if away else ""}


def _is_determined(fit: Any, matrix: np.ndarray, everybody: np.ndarray) -> bool:
    """True if the linear predictors of ``everybody`` (m, p) follow from the fit to ``matrix`` (n, p).

    A column that is a combination of others has no coefficient of its own, and needs none as long as it is the same
    combination of them.
    """
    aliased = [column for column, why in fit.reasons.items() if RUNS_AWAY not in why]
    others = [column for column in range(matrix.shape[1]) if column not in aliased]

    def with_constant(rows: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(rows)), rows[:, others]])

    made = np.linalg.lstsq(with_constant(matrix), matrix[:, aliased], rcond=None)[0]
    return all(
        np.allclose(with_constant(rows) @ made, rows[:, aliased], atol=1e-6) for rows in (matrix, everybody) if aliased
    )
