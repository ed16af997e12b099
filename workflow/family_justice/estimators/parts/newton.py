"""Newton's method for a concave log-likelihood, with a name for everything that can go wrong with a column.

Columns are judged in order, as R judges them: one that is a combination of those before it is left out. A column whose
coefficient runs to infinity (separation, monotone likelihood) is recognised by its Newton step: near the end of the
road the step of every other column shrinks quadratically, while that of a runaway stays near one on the scale of the
linear predictor. It is carried to the limit and held there; the estimates and standard errors of the other columns are
then those of the limit, to which R's tend as its convergence criterion is tightened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.parts.arrays import Floats

# Shares of a column's information that must be its own: 1 - R^2 against the columns before it, and what must be left
# of the information at the start. Rounding leaves about 1e-14 where exact arithmetic leaves nothing.
OWN_INFORMATION = 1e-10
# Twice the log-likelihood still to gain. After the last step the error is about this many standard errors.
CONVERGED = 1e-12
NEARLY_CONVERGED = 1e-3
TO_THE_LIMIT = 30.0  # further steps in one: exp(-30) of what was left to gain

RUNS_AWAY = "the likelihood rises without end"
NOTHING_LEFT = "no information about it is left beside the other columns"

Objective = Callable[[Floats], tuple[float, Floats, Floats]]  # -> log-likelihood, score, information


@dataclass(frozen=True)
class Maximum:
    """Where the search ended; ``reasons`` says why a column has no estimate."""

    parameters: Floats
    loglik: float
    loglik_start: float
    score_start: Floats
    information_start: Floats
    inverse: Floats  # inverse information of the columns that are ``informed``, nan elsewhere
    informed: NDArray[np.bool_]  # estimable columns, and those that stand for a finite difference of runaway ones
    independent: NDArray[np.bool_]  # columns that are no combination of others: they carry degrees of freedom
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]
    iterations: int
    converged: bool

    def shown(self, matrix: Floats) -> Floats:
        """Return the matrix (p, p) with nan for columns that are not estimable."""
        return np.where(np.outer(self.estimable, self.estimable), matrix, np.nan)

    @property
    def variance(self) -> Floats:
        """Covariance matrix of the estimable columns, nan elsewhere."""
        return self.shown(self.inverse)


def maximise(
    objective: Objective,
    start: Floats,
    span: Floats,
    scale: float,
    reasons: dict[int, str] | None = None,
    max_iter: int = 50,
    intercepts: int = 0,
) -> Maximum:
    """Climb from ``start`` (p,).

    ``span`` (p,) is the range of each column, ``scale`` the size of the information of an ordinary column (columns
    have unit variance: the number of events). ``reasons`` marks columns that the caller has already ruled out. The
    first ``intercepts`` parameters are none of the caller's columns and are not counted when a reason names columns.
    """
    climb = _Climb(objective, start, span, scale, dict(reasons or {}), intercepts)
    iterations, converged = climb.run(max_iter)
    return climb.end(iterations, converged)


class _Climb:
    """The state of a search: where it is, and which columns are still ``free``."""

    def __init__(
        self, objective: Objective, start: Floats, span: Floats, scale: float, reasons: dict[int, str], intercepts: int
    ) -> None:
        self.objective, self.span, self.reasons = objective, span, reasons
        self.beta = start.copy()
        self.now = self.begin = objective(self.beta)
        information = self.begin[2]
        candidate = np.array([j not in reasons for j in range(start.size)], dtype=bool)
        self.free = independent_columns(information, candidate, OWN_INFORMATION * scale * np.ones(start.size))
        for j in np.flatnonzero(candidate & ~self.free):
            reasons[int(j)] = _why_dependent(information, self.free, int(j), scale, intercepts)
        self.independent = self.free.copy()
        self.floor = OWN_INFORMATION * np.diag(information)
        self.before = np.zeros(start.size)  # the step before

    def run(self, max_iter: int) -> tuple[int, bool]:
        """Climb; return the number of steps and whether the maximum was reached."""
        iterations, converged = 0, not self.free.any()
        while not converged and iterations < max_iter:
            iterations += 1
            loglik, score, information = self.now
            step = _solve(information, score, independent_columns(information, self.free, self.floor))
            left = float(score @ step)
            if left < NEARLY_CONVERGED and self.carry_away(step):
                converged = not self.free.any()
                continue
            converged = left < CONVERGED
            # In the last step a fall is rounding and no reason to go back.
            least = -np.inf if converged else loglik - 1e-12 * abs(loglik)
            self.now, fraction = _within_reach(self.objective, self.beta, step, least)
            self.beta, self.before = self.beta + fraction * step, step
        if not converged:  # still on the way when time was up: those that are, are going somewhere without end
            loglik, score, information = self.now
            usable = independent_columns(information, self.free, self.floor)
            step = _solve(information, score, usable)
            for j in np.flatnonzero(usable & (np.abs(step) * self.span > 0.5)):
                self.reasons[int(j)] = runs_away(step[j])
                self.free[j] = False
        return iterations, converged and bool(np.isfinite(self.now[0]))

    def carry_away(self, step: Floats) -> bool:
        """Carry columns whose ``step`` does not shrink to their limit and hold them there; return whether any is."""
        steady = self.free & (np.abs(step) > 0.7 * np.abs(self.before)) & (self.before != 0) & (step != 0)
        runaway = steady & (np.abs(step) * self.span > 0.01)
        if not (runaway & (np.abs(step) * self.span > 0.5)).any():
            return False
        for j in np.flatnonzero(runaway):
            self.reasons[int(j)] = runs_away(step[j])
        self.free = self.free & ~runaway
        away = TO_THE_LIMIT * np.where(runaway, step, 0.0)
        self.now, fraction = _within_reach(self.objective, self.beta, away, self.now[0])
        self.beta = self.beta + fraction * away
        self.before = np.zeros(step.size)
        return True

    def end(self, iterations: int, converged: bool) -> Maximum:
        """Return where the search ended, and name the columns that have come to nothing."""
        loglik, _, information = self.now
        usable = independent_columns(information, self.free, self.floor)
        for j in np.flatnonzero(self.free & ~usable):
            far = abs(self.beta[j]) * self.span[j] > 5  # a normal tail is exhausted at eight standard deviations
            self.reasons[int(j)] = runs_away(self.beta[j]) if far else NOTHING_LEFT
        # Where the reference level has no events all other levels run away, but their differences, and in a model with
        # an intercept what it and they add up to, do not: these are parameters too, and the errors of the estimable
        # columns must allow for them. Columns that are the same as such a difference go with it.
        order = np.concatenate([np.flatnonzero(self.independent & ~self.free), np.flatnonzero(usable)])
        own = independent_columns(information[np.ix_(order, order)], np.ones(order.size, bool), self.floor[order])
        informed = np.isin(np.arange(usable.size), order[own])
        for j in np.flatnonzero(usable & ~informed):
            self.reasons[int(j)] = NOTHING_LEFT
        inverse = np.full_like(information, np.nan)
        if informed.any():
            both = np.ix_(informed, informed)
            inverse[both] = np.linalg.inv(information[both])
        return Maximum(
            self.beta, loglik, *self.begin, inverse, informed, self.independent, usable & informed, self.reasons,
            iterations, converged,
        )  # fmt: skip


def independent_columns(information: Floats, candidate: NDArray[np.bool_], floor: Floats) -> NDArray[np.bool_]:
    """Return which columns, in order, add information of their own: a Cholesky decomposition that passes over pivots
    below ``floor`` or below a share ``OWN_INFORMATION`` of the column's diagonal element."""
    rest = information.copy()
    kept = candidate.copy()
    for j in np.flatnonzero(candidate):
        if not rest[j, j] > max(floor[j], OWN_INFORMATION * information[j, j]):
            kept[j] = False
            continue
        below = rest[j + 1 :, j] / rest[j, j]
        rest[j + 1 :, j + 1 :] -= np.outer(below, rest[j, j + 1 :])
    return kept


def _within_reach(
    objective: Objective, beta: Floats, step: Floats, floor: float
) -> tuple[tuple[float, Floats, Floats], float]:
    """Halve the step until the log-likelihood is at least ``floor`` and everything is finite; return what is found
    there and the fraction of the step taken (none, if even the smallest is too long)."""
    fraction = 1.0
    while fraction > 1e-6:
        trial = objective(beta + fraction * step)
        if trial[0] >= floor and np.isfinite(trial[1]).all() and np.isfinite(trial[2]).all():
            return trial, fraction
        fraction /= 2
    return objective(beta), 0.0


def _solve(information: Floats, score: Floats, usable: NDArray[np.bool_]) -> Floats:
    step = np.zeros(score.size)
    if usable.any():
        step[usable] = np.linalg.solve(information[np.ix_(usable, usable)], score[usable])
    return step


def runs_away(direction: float) -> str:
    """Return the words for a coefficient that goes to infinity in ``direction``."""
    sign = "plus" if direction > 0 else "minus"
    return f"{RUNS_AWAY} as the coefficient goes to {sign} infinity"


def _why_dependent(information: Floats, free: NDArray[np.bool_], j: int, scale: float, intercepts: int) -> str:
    if not information[j, j] > OWN_INFORMATION * scale:
        return "constant within every risk set"
    earlier = np.flatnonzero(free & (np.arange(free.size) < j))
    share = np.linalg.lstsq(information[np.ix_(earlier, earlier)], information[earlier, j], rcond=None)[0]
    columns = [str(k - intercepts) for k in earlier[np.abs(share) > 1e-6] if k >= intercepts]
    return f"a combination of column{'' if len(columns) == 1 else 's'} {', '.join(columns)}"
