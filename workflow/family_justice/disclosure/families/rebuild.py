"""Estimates from rounded counts on a time grid: what a reader of the released counts could compute, and no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.config.schema import Policy
from family_justice.disclosure.families.curve_series import ENTERED, Curve
from family_justice.disclosure.rounding import Counts, shown
from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.life_table import Z95, actuarial, log_log_limits
from family_justice.kinds.families.states import START

Columns = dict[str, np.ndarray]


def rebuild(curve: Curve, length: int, policy: Policy) -> list[Columns]:
    """Return for each line of a curve its values at the first ``length`` times of the grid."""
    if curve.measure == "mean_cumulative_count":
        return _mean_count(curve, length, policy)
    if curve.measure == "state_probability":
        return _state_probabilities(curve, length, policy)
    return [_life_table(curve, length, policy)]


def new_counts(curve: Curve, length: int) -> dict[str, Counts]:
    """Return the counts of each series within the steps of the grid, as shown."""
    return {name: np.diff(counts[:length], prepend=0) for name, counts in curve.rounded.items()}


def at_start(curve: Curve, length: int, policy: Policy) -> tuple[Counts, Counts]:
    """Return the numbers at risk when each step of the grid starts, and when it ends."""
    end = curve.at_risk(policy)[:length]
    first = curve.entered(curve.rounded, shown(curve.n, policy))[:1]
    return np.concatenate([first, end[:-1]]), end


def withdrawn(new: dict[str, Counts], *names: str) -> Counts:
    """Return who left within each step without an event, less who entered within it (the first step is the start)."""
    left = np.sum([new[name] for name in names], axis=0, dtype=np.int64)
    late = np.concatenate([[0], new[ENTERED][1:]]) if ENTERED in new else np.zeros_like(left)
    return np.asarray(left - late, dtype=np.int64)


def _life_table(curve: Curve, length: int, policy: Policy) -> Columns:
    """The actuarial life table; who enters within a step of the grid is exposed for half of it, as who leaves is."""
    start, end = at_start(curve, length, policy)
    new = new_counts(curve, length)
    if curve.measure == "cumulative_incidence":
        events = np.column_stack([new["events"], new["competing"]])
        table = actuarial(start, events, withdrawn(new, "censored"))
        estimate, error = table.cumulative_incidence[:, 0], table.cumulative_incidence_std_error[:, 0]
    else:
        table = actuarial(start, new["events"], withdrawn(new, "censored", "competing"))
        estimate, error = table.survival, table.survival_std_error
    low, high = log_log_limits(estimate, error)
    return {"estimate": estimate, "std_error": error, "conf_low": low, "conf_high": high, "at_risk": end}


def _mean_count(curve: Curve, length: int, policy: Policy) -> list[Columns]:
    """The mean cumulative count with the exposed of the actuarial life table: steps S events / exposed, S the share
    without competing event when the step starts.

    Were events independent, the variance of the mean would be V, the sum of S^2 events / exposed^2. It is V times the
    ratio of the variance of the number of events of a person to its mean M. That ratio is taken from the share of
    persons with any event, as if numbers of events were negative binomial (binomial, if they vary less than Poisson
    numbers): see ``dispersion``. The number of pairs of events would give it without that assumption, but beside the
    events it can single out a person who had many. In simulations the error is that of Ghosh and Lin or up to a tenth
    wider, with heavy censoring and events that cluster in persons.
    """
    start, end = at_start(curve, length, policy)
    new = new_counts(curve, length)
    table = actuarial(start, new["competing"], new["censored"])
    before = np.concatenate([[1.0], table.survival[:-1]])
    weight = before / np.where(table.exposed > 0, table.exposed, np.nan)
    mean, share = np.cumsum(weight * new["events"]), np.cumsum(weight * new["first_events"])
    error = np.sqrt(np.cumsum(weight**2 * new["events"]) * dispersion(mean, share))
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.where(mean > 0, np.exp(Z95 * error / mean), np.nan)
    values = {"estimate": mean, "std_error": error, "conf_low": mean / width, "conf_high": mean * width, "at_risk": end}
    return [values if line.columns["events"] == "events" else {"at_risk": end} for line in curve.lines]


def dispersion(mean: Floats, share: Floats) -> Floats:
    """Return variance / mean of a number whose ``mean`` and ``share`` above zero are given, each (k,).

    In the family of Katz (1965) the variance is mean (1 + a mean) and the probability of zero (1 + a mean)^(-1/a):
    negative binomial for a > 0, Poisson at 0, binomial below; a = -1, the least, is a number that is 0 or 1. ``a`` is
    found by bisection.
    """
    m = np.where(mean > 0, mean, 1.0)
    low = np.maximum(-1.0, -(1 - 1e-9) / m)
    high = np.full_like(m, 1e6)
    log_zero = np.log1p(-np.clip(share, 0.0, 1 - 1e-12))
    for _ in range(80):
        a = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = np.where(np.abs(a) < 1e-9, -m, -np.log1p(a * m) / a)
        low, high = np.where(expected < log_zero, a, low), np.where(expected < log_zero, high, a)
    return np.where(mean > 0, 1 + (low + high) / 2 * m, 0.0)


@dataclass(frozen=True)
class _Steps:
    """An increment-decrement life table of S states in k steps of the grid, the first of which is time zero.

    ``initial`` (S,) are the shares of the states at its start and ``spread`` (S, S) their covariance, ``moves``
    (k, S, S) the probabilities of moves within each step, ``noise`` (k, S, S) what each step adds to the covariance of
    the probabilities after it, and ``here`` (S, k) the numbers in each state after it.
    """

    initial: Floats
    spread: Floats
    moves: Floats
    noise: Floats
    here: Floats


def _steps(curve: Curve, length: int, policy: Policy) -> _Steps:
    """Return the life table by the linear method (Schoen 1975, Demography 12).

    Persons in a state count as exposed with the mean of their numbers at both ends of a step; with the rates Q of moves
    per exposed person the probabilities of moves are (I - Q/2)^-1 (I + Q/2). From a state into which nobody moves these
    are the ones of the actuarial life table. The variance adds, step by step, that of multinomial moves of the exposed
    (Greenwood's type; Andersen et al. 1993, section IV.4), and that of who starts in which state, unless all start in
    one.
    """
    n, size = shown(curve.n, policy), len(curve.states)
    here = np.array([np.maximum(curve.in_state(s, curve.rounded, n), 0) for s in curve.states], dtype=np.float64)
    new = new_counts(curve, length)
    started = np.array([new.get(f"{START}:{state}", [n * (state == curve.start)])[0] for state in curve.states])
    # Rounding may leave other numbers than n at the start: the shares are those of the numbers that are shown.
    total = max(float(started.sum()), 1.0)
    initial = started / total
    spread = (np.diag(initial) - np.outer(initial, initial)) / total
    now, before = initial, started.astype(np.float64)
    steps, noise = np.empty((length, size, size)), np.zeros((length, size, size))
    for j in range(length):
        moves = np.zeros((size, size))
        for a, origin in enumerate(curve.states):
            for b, target in enumerate(curve.states):
                moves[a, b] = new[f"{origin}:{target}"][j] if f"{origin}:{target}" in new else 0
        out = moves.sum(axis=1)
        # Rounding may let more persons leave than were there: all of them leave then, not more.
        exposed = np.maximum((before + here[:, j]) / 2, out / 2)
        rate = np.divide(moves, exposed[:, None], out=np.zeros_like(moves), where=exposed[:, None] > 0)
        rate -= np.diag(rate.sum(axis=1))
        steps[j] = np.linalg.solve(np.eye(size) - rate / 2, np.eye(size) + rate / 2)
        for place in np.flatnonzero((now > 0) & (out > 0)):
            row = steps[j, place]
            noise[j] += now[place] ** 2 * (np.diag(row) - np.outer(row, row)) / (exposed[place] + out[place] / 2)
        now, before = now @ steps[j], here[:, j]
    return _Steps(initial, spread, steps, noise, here)


def _state_probabilities(curve: Curve, length: int, policy: Policy) -> list[Columns]:
    """The probabilities of the life table, and the numbers in each state."""
    table, size = _steps(curve, length, policy), len(curve.states)
    now, covariance = table.initial, table.spread
    probability, error = np.empty((size, length)), np.empty((size, length))
    for j in range(length):
        covariance = table.moves[j].T @ covariance @ table.moves[j] + table.noise[j]
        now = now @ table.moves[j]
        probability[:, j], error[:, j] = now, np.sqrt(np.maximum(np.diag(covariance), 0.0))
    low, high = log_log_limits(probability, error)
    columns: list[Columns] = [
        {"estimate": probability[s], "std_error": error[s], "conf_low": low[s], "conf_high": high[s],
         "at_risk": table.here[s, :length]}
        for s in range(size)
    ]  # fmt: skip
    for values in columns:
        # A difference of rounded numbers, not a count; but nobody should have to ask whether it is a small one.
        small = (values["at_risk"] > 0) & (values["at_risk"] < policy.threshold)
        values["at_risk"] = np.where(small, np.nan, values["at_risk"])
    return columns + [{} for _ in curve.lines[size:]]


def time_in_states(curve: Curve, length: int, policy: Policy) -> tuple[Floats, Floats]:
    """Return the mean time in each state up to the last of ``length`` times (S,), and its standard error (S,).

    The areas under the probabilities of the life table by the trapezoid rule. What a step adds to the covariance of the
    probabilities counts by the time that being in a state after it is worth up to the end.
    """
    table, size = _steps(curve, length, policy), len(curve.states)
    width = np.diff(np.asarray(curve.times[:length]))
    worth = np.zeros((size, size))
    covariance = np.zeros((size, size))
    for j in range(length - 1, -1, -1):
        after = (width[j] if j < length - 1 else 0.0) / 2 + (width[j - 1] if j else 0.0) / 2
        worth = after * np.eye(size) + worth
        covariance += worth.T @ table.noise[j] @ worth
        worth = table.moves[j] @ worth
    covariance += worth.T @ table.spread @ worth
    return table.initial @ worth, np.sqrt(np.maximum(np.diag(covariance), 0.0))
