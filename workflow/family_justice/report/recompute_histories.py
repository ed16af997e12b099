"""Mean cumulative counts and probabilities of states worked out again from their released counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.life_table import Z95, log_log_limits
from family_justice.report.recompute_curves import Steps

_LIMITS = ["estimate", "std_error", "conf_low", "conf_high", "at_risk"]


def mean_counts(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """Each step adds S events / exposed, S the share without a competing event at its start.

    Were events independent the variance would be the sum of S^2 events / exposed^2. It is that times variance over mean
    of a person's number of events, which is read off the share with any event as if numbers were negative binomial:
    the variance is m (1 + a m) where the probability of none, (1 + a m)^(-1/a), is one less that share.
    """
    firsts = rows[rows["measure"] == "first_events"]
    parts = []
    for (outcome, group), curve in part.groupby(["outcome", "group"], sort=False):
        curve = curve.sort_values("time")
        first = firsts[(firsts["outcome"] == outcome) & (firsts["group"] == group)].sort_values("time")
        steps = Steps(curve.assign(events=0))  # an event ends nobody's time at risk
        free = steps.life_table("cumulative_incidence")
        weight = np.concatenate([[1.0], free.survival[:-1]]) / np.where(free.exposed > 0, free.exposed, np.nan)
        events, persons = (Steps(of).events for of in (curve, first.iloc[: len(curve)]))
        mean, share = np.cumsum(weight * events), np.cumsum(weight * persons)
        ratio = [_variance_over_mean(m, p) for m, p in zip(mean, share, strict=True)]
        error = np.sqrt(np.cumsum(weight**2 * events) * ratio)
        width = np.exp(Z95 * np.divide(error, mean, out=np.full_like(mean, np.nan), where=mean > 0))
        parts.append(
            pd.DataFrame(np.column_stack([mean, error, mean / width, mean * width, steps.at_end]), curve.index, _LIMITS)
        )
    return pd.concat(parts)


def _variance_over_mean(mean: float, share: float) -> float:
    if not mean > 0:
        return 0.0
    log_none = np.log1p(-min(max(share, 0.0), 1 - 1e-12))

    def gap(a: float) -> float:
        return float((-mean if abs(a) < 1e-9 else -np.log1p(a * mean) / a) - log_none)

    # a = -1 is a number that is 0 or 1; a share above the mean, as rounding may leave it, is read as that.
    low, high = max(-1.0, -(1 - 1e-9) / mean), 1e6
    if gap(low) >= 0 or gap(high) <= 0:
        return 1 + (low if gap(low) >= 0 else high) * mean
    from scipy.optimize import brentq

    return 1 + float(brentq(gap, low, high, xtol=1e-15, rtol=1e-14)) * mean


def state_probabilities(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The increment-decrement life table of the released transitions (Schoen 1975), step by step of the grid.

    With as many persons exposed in a state as the mean of both ends of a step, moves per exposed Q give the
    probabilities (I - Q/2)^-1 (I + Q/2); the variance adds that of multinomial moves of the exposed in each step.
    """
    parts = []
    for group, mine in part.groupby("group", sort=False):
        states = list(dict.fromkeys(mine["term"]))
        lines = {state: mine[mine["term"] == state].sort_values("time") for state in states}
        length = max(len(line) for line in lines.values())
        moves, left = _flows(rows[rows["group"] == group], states, lines, length)
        start = np.zeros(len(states))
        start[0] = float(lines[states[0]]["n"].iloc[0])
        flow = np.cumsum(moves.sum(axis=1) - moves.sum(axis=2) - left, axis=0)
        here = np.maximum(start + flow, 0.0)
        probability, error = _chain(moves, start, here)
        low, high = log_log_limits(probability, error)
        for place, state in enumerate(states):
            columns = np.column_stack([values[:, place] for values in (probability, error, low, high, here)])
            line = lines[state]
            values = pd.DataFrame(columns[: len(line)], line.index, _LIMITS)
            values["at_risk"] = values["at_risk"].where(line["at_risk"].notna())
            parts.append(values)
    return pd.concat(parts)


def _flows(rows: pd.DataFrame, states: list[str], lines: dict[str, pd.DataFrame], length: int) -> tuple[Floats, Floats]:
    """Return new moves (T, from, to) and censorings (T, state) within the steps."""
    moves, left = np.zeros((length, len(states), len(states))), np.zeros((length, len(states)))
    counted = rows[rows["measure"] == "transitions"]
    for a, origin in enumerate(states):
        left[:, a] = np.diff(lines[origin]["censored"].fillna(0).to_numpy(dtype=float), prepend=0.0)
        for b, target in enumerate(states):
            line = counted[counted["term"] == f"{origin}:{target}"].sort_values("time")
            if len(line):
                moves[:, a, b] = np.diff(line["events"].fillna(0).to_numpy(dtype=float)[:length], prepend=0.0)
    return moves, left


def _chain(moves: Floats, start: Floats, here: Floats) -> tuple[Floats, Floats]:
    """Return probabilities and their standard errors, both (T, state)."""
    size = len(start)
    now, covariance, before = start / start.sum(), np.zeros((size, size)), start
    probability, error = np.empty_like(here), np.empty_like(here)
    for j, new in enumerate(moves):
        out = new.sum(axis=1)
        exposed = np.maximum((before + here[j]) / 2, out / 2)
        rate = new / np.where(exposed > 0, exposed, 1.0)[:, None]
        rate -= np.diag(rate.sum(axis=1))
        step = np.linalg.solve(np.eye(size) - rate / 2, np.eye(size) + rate / 2)
        covariance = step.T @ covariance @ step
        for place in np.flatnonzero((now > 0) & (out > 0)):
            spread = np.diag(step[place]) - np.outer(step[place], step[place])
            covariance += now[place] ** 2 * spread / (exposed[place] + out[place] / 2)
        now, before = now @ step, here[j]
        probability[j], error[j] = now, np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return probability, error


FORMULAS = {"mean_cumulative_count": mean_counts, "state_probability": state_probabilities}
