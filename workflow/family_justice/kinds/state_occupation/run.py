"""In which of several states members are, over time: from members to tidy rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.prepare import (
    DAYS_PER_UNIT,
    strata,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.estimators.survival.life_table import log_log_limits
from family_justice.estimators.survival.multistate import audit_histories, time_in_states
from family_justice.estimators.survival.multistate import state_occupation as aalen_johansen
from family_justice.estimators.survival.restricted_mean import with_limits
from family_justice.kinds.families.curve_run import TOO_SHORT, grid_of, limits_row
from family_justice.kinds.families.moves import Histories, absorbing_states, find_moves
from family_justice.kinds.families.moves import histories as intervals
from family_justice.kinds.families.states import START
from family_justice.kinds.state_occupation.model import AUDIT, StateOccupation


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: StateOccupation, covariates: Mapping[str, Covariate], where: str
) -> Iterator[dict[str, Any]]:
    """Yield for each group and time of the grid the probability of each state and the moves between states so far.

    A row of a state has in ``at_risk`` who is in it just before the time, and in ``censored`` whose observation ended
    there so far (empty for an absorbing state). A row of ``transitions`` names two states in ``term``, or ``START`` and
    the state at time zero. Mean times in states follow, and last the audit of the histories.
    """
    names = list(analysis.states)
    absorbing = absorbing_states(analysis)
    moves = find_moves(members, analysis, where)
    if not len(moves.member):
        raise AnalysisError(f"{where}: nobody leaves the first state. Check the events that enter the others")
    scale = DAYS_PER_UNIT[analysis.time_unit]
    grid = grid_of(analysis.until, analysis.every)
    pairs = sorted(set(zip(moves.origin.tolist(), moves.target.tolist(), strict=True)))
    rows = intervals(moves, absorbing)
    for group, inside in strata(members, analysis.group_by):
        n = int(inside.sum())
        own = inside[moves.member]
        lines = _lines(rows, inside, scale)
        found = aalen_johansen(*lines, times=grid + 1e-9, start_is_known=analysis.spells is None)
        when, origin, target = moves.day[own] / scale, moves.origin[own], moves.target[own]
        end, final = moves.end[inside] / scale, moves.final[inside]
        for s, name in enumerate(names):
            at = np.flatnonzero(found.states == s)
            values, errors = (
                (array[:, at[0]] if at.size else np.zeros(len(grid))) for array in (found.probability, found.std_error)
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = log_log_limits(values, errors)
            left = np.zeros(0) if absorbing[s] else end[final == s]
            censored = _up_to(left, grid)
            begun = int((moves.begin[inside] == s).sum())
            here = begun + _before(when[target == s], grid) - _before(when[origin == s], grid) - _before(left, grid)
            for i, time in enumerate(grid):
                row = {"measure": "state_probability", "term": name, "group": group, "time": float(time), "n": n}
                row |= {"at_risk": int(here[i])} | ({} if absorbing[s] else {"censored": int(censored[i])})
                row |= {"estimate": values[i], "std_error": errors[i], "conf_low": low[i], "conf_high": high[i]}
                yield row
        counted = {
            f"{START}:{names[s]}": np.full(len(grid), (moves.begin[inside] == s).sum())
            for s in (np.unique(moves.begin) if analysis.spells else [])
        }
        counted |= {f"{names[a]}:{names[b]}": _up_to(when[(origin == a) & (target == b)], grid) for a, b in pairs}
        for term, events in counted.items():
            row = {"measure": "transitions", "term": term, "group": group, "n": n}
            yield from ({**row, "time": float(t), "events": int(e)} for t, e in zip(grid, events, strict=True))
        for until in analysis.restricted_mean_at:
            row = {"measure": "mean_time_in_state", "group": group, "time": until, "n": n}
            yield from ({**row, **mean} for mean in _mean_times(lines, names, until, analysis.spells is None))
    audit = audit_histories(rows.member, rows.start, rows.stop, rows.from_state, rows.to_state)
    for reason in AUDIT:
        count = moves.dropped[reason] if reason in moves.dropped else getattr(audit, reason)
        yield {"measure": "count", "term": reason, "n": int(count)}
    _, left_out = first_missing(members, analysis.group_by)
    yield from member_rows(len(members), left_out)


Lines = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _lines(rows: Histories, inside: np.ndarray, scale: float) -> Lines:
    """Return the histories of some members as the estimators take them, with times in the unit of the analysis."""
    mine = inside[rows.member]
    times = rows.start[mine] / scale, rows.stop[mine] / scale
    return rows.member[mine], *times, rows.from_state[mine], rows.to_state[mine]


def _mean_times(lines: Lines, names: list[str], until: float, start_is_known: bool) -> Iterator[dict[str, Any]]:
    """Yield the mean time in each state up to a time; not estimable where nobody is observed for so long."""
    last = lines[2].max()
    if last < until - 1e-9 and np.isnan(lines[4][lines[2] == last]).any():
        yield from ({"term": name, "status": "not estimable", "note": TOO_SHORT} for name in names)
        return
    found = time_in_states(*lines, until=until, start_is_known=start_is_known)
    for s, name in enumerate(names):
        at = np.flatnonzero(found.states == s)
        mean, error = (float(values[at[0]]) if at.size else 0.0 for values in (found.mean, found.std_error))
        yield {"term": name, **limits_row(with_limits(mean, error))}


def _up_to(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return how many of the times lie at or before each time of the grid, whatever the rounding of the division."""
    return np.searchsorted(np.sort(times), grid + 1e-9, side="right")


def _before(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return how many of the times lie before each time of the grid."""
    return np.searchsorted(np.sort(times), grid - 1e-9, side="left")
