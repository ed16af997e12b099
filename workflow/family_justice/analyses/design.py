"""From covariates to the columns of a model, with a name for each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing
from family_justice.analyses.prepare import require_events
from family_justice.config.schema import Covariate
from family_justice.errors import AnalysisError
from family_justice.estimators.regression.splines import harrell_knots, restricted_cubic_spline


class Cell(NamedTuple):
    """One line of a model table: a level of a categorical covariate, or a number."""

    term: str
    level: str
    column: int | None  # column of the matrix; None for a reference level
    inside: np.ndarray  # (n,) members of the level; everybody for a number


@dataclass(frozen=True)
class Design:
    """Matrix of a model and what its columns mean.

    Attributes
    ----------
    matrix
        (n, p) float64; one indicator per level other than the reference, numbers as they are.
    cells
        Lines of the model table in the order of the covariates and their levels, reference levels among them.
    terms
        Columns of each covariate, for joint tests.
    rows
        Positions of the members with all covariates known (complete cases).
    left_out
        How many members lack a covariate, by the first that they lack (``analyses.left_out``).
    """

    matrix: np.ndarray
    cells: list[Cell]
    terms: dict[str, list[int]]
    rows: np.ndarray
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)


def _require_reference(name: str, covariate: Covariate, codes: np.ndarray) -> None:
    """Raise if nobody has the reference level: another level would take its place without a word."""
    levels = list(covariate.levels or [])
    present = [level for code, level in enumerate(levels) if (codes == code).any()]
    if len(present) > 1 and covariate.reference not in present:
        raise AnalysisError(
            f"covariate '{name}': nobody in the analysis has its reference level '{covariate.reference}'. "
            f"Give it one of those that occur as 'reference': {', '.join(present)}"
        )


def build_design(
    members: pd.DataFrame,
    names: list[str],
    covariates: Mapping[str, Covariate],
    splines: Mapping[str, int] | None = None,
    strata: list[str] | None = None,
) -> Design:
    """Return the design of ``names``; members with an unknown covariate, or in no stratum of ``strata``, are left out.

    ``splines`` gives the number of knots of the numbers that enter as restricted cubic splines. Their columns have no
    lines in the model table: a coefficient of a curve means nothing by itself. Raises ``ValueError`` if knots coincide.
    """
    complete, left_out = first_missing(members, [*names, *(strata or [])])
    rows = np.flatnonzero(complete)
    if len(members) and not len(rows):
        lacking = ", ".join(f"{n} lack '{name}'" for (name, _), n in left_out.items())
        raise AnalysisError(f"no member has a value of every covariate of the model: of {len(members)}, {lacking}")
    known = members.iloc[rows]
    columns: list[np.ndarray] = []
    cells: list[Cell] = []
    terms: dict[str, list[int]] = {}
    everybody = np.ones(len(rows), dtype=bool)
    for name in names:
        covariate = covariates[name]
        terms[name] = []
        if splines and name in splines:
            values = known[name].to_numpy(dtype="float64")
            basis = restricted_cubic_spline(values, harrell_knots(values, splines[name]))
            terms[name] += range(len(columns), len(columns) + basis.shape[1])
            columns += list(basis.T)
            continue
        if covariate.levels is None:
            terms[name].append(len(columns))
            cells.append(Cell(name, "", len(columns), everybody))
            columns.append(known[name].to_numpy(dtype="float64"))
            continue
        codes = known[name].cat.codes.to_numpy()
        _require_reference(name, covariate, codes)
        for code, level in enumerate(covariate.levels):
            inside = codes == code
            if level == covariate.reference:
                cells.append(Cell(name, level, None, inside))
                continue
            terms[name].append(len(columns))
            cells.append(Cell(name, level, len(columns), inside))
            columns.append(inside.astype("float64"))
    matrix = np.column_stack(columns) if columns else np.empty((len(rows), 0))
    return Design(matrix, cells, terms, rows, left_out)


def yes_no_design(
    members: pd.DataFrame,
    analysis: Any,
    covariates: Mapping[str, Covariate],
    where: str,
) -> tuple[pd.DataFrame, Design, np.ndarray]:
    """Return the complete cases of a model of a yes/no variable, its design, and who has the event (n,).

    ``analysis`` has ``variable``, ``event_level`` and ``covariates``.

    Raises ``AnalysisError`` if nobody has the event, or everybody.
    """
    answered, left_out = first_missing(members, [analysis.variable])
    known = members[answered]
    design = build_design(known, analysis.covariates, covariates)
    design = replace(design, left_out={**left_out, **design.left_out})
    used = known.iloc[design.rows]
    event = (used[analysis.variable] == analysis.event_level).to_numpy()
    require_events(event.sum(), where)
    if event.all():
        raise AnalysisError(
            f"{where}: '{analysis.variable}' is '{analysis.event_level}' for everybody; there is nothing to compare"
        )
    return used, design, event
