"""Mean cumulative counts and probabilities of states worked out again from their released counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.life_table import Z95, log_log_limits
from family_justice.estimators.survival.restricted_mean import with_limits
from family_justice.kinds.families.states import START
from family_justice.report.recompute.curves import Steps

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
        table = _Table(rows[rows["group"] == group], mine)
        probability, error = _chain(table)[:2]
        low, high = log_log_limits(probability, error)
        for place, line in enumerate(table.lines.values()):
            columns = np.column_stack([values[:, place] for values in (probability, error, low, high, table.here)])
            values = pd.DataFrame(columns[: len(line)], line.index, _LIMITS)
            values["at_risk"] = values["at_risk"].where(line["at_risk"].notna())
            parts.append(values)
    return pd.concat(parts)


def times_in_states(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The area under the released probability of a state, straight lines between its points, and its standard error:
    areas are carried along with probabilities from step to step, and their covariances with them."""
    drawn = rows[(rows["measure"] == "state_probability") & rows["estimate"].notna()]
    lines = []
    for _, row in part.iterrows():
        mine = drawn[(drawn["group"] == row["group"]) & (drawn["time"] <= row["time"] + 1e-9)]
        table = _Table(rows[rows["group"] == row["group"]], mine)
        curve = table.lines[str(row["term"])]
        area = float(np.trapezoid(curve["estimate"].to_numpy(dtype=float), curve["time"].to_numpy(dtype=float)))
        error = float(_chain(table)[2][-1, list(table.lines).index(str(row["term"]))])
        lines.append(list(with_limits(area, error)))
    return pd.DataFrame(lines, part.index, _LIMITS[:4])


class _Table:
    """What is released of the states of a group.

    ``lines`` are the rows of each state; ``times`` (T,); ``moves`` (T, from, to) those within the steps; ``start``
    (state,) the numbers at time zero; ``told`` says whether these are released; ``here`` (T, state) those after each
    step.
    """

    def __init__(self, rows: pd.DataFrame, mine: pd.DataFrame) -> None:
        states = list(dict.fromkeys(mine["term"]))
        self.lines = {str(state): mine[mine["term"] == state].sort_values("time") for state in states}
        longest = max(self.lines.values(), key=len)
        self.times = longest["time"].to_numpy(dtype=float)
        self.moves, left = _flows(rows, states, self.lines, len(longest))
        begun = rows[(rows["measure"] == "transitions") & (rows["time"] == 0)].set_index("term")["events"]
        self.start = np.array([float(begun.get(f"{START}:{state}", 0)) for state in states])
        self.told = bool(self.start.any())
        if not self.told:
            self.start[0] = float(self.lines[states[0]]["n"].iloc[0])
        flow = np.cumsum(self.moves.sum(axis=1) - self.moves.sum(axis=2) - left, axis=0)
        self.here = np.maximum(self.start + flow, 0.0)


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


def _chain(table: _Table) -> tuple[Floats, Floats, Floats]:
    """Return probabilities, their standard errors, and those of the areas under them so far, all (T, state)."""
    size, start = len(table.start), table.start
    identity = np.eye(size)
    now, before = start / start.sum(), start
    covariance = np.zeros((2 * size, 2 * size))  # of probabilities and areas
    if table.told:
        covariance[:size, :size] = (np.diag(now) - np.outer(now, now)) / start.sum()
    probability, error, areas = (np.empty_like(table.here) for _ in range(3))
    for j, new in enumerate(table.moves):
        out = new.sum(axis=1)
        exposed = np.maximum((before + table.here[j]) / 2, out / 2)
        rate = new / np.where(exposed > 0, exposed, 1.0)[:, None]
        rate -= np.diag(rate.sum(axis=1))
        step = np.linalg.solve(identity - rate / 2, identity + rate / 2)
        half = (table.times[j] - table.times[j - 1]) / 2 if j else 0.0
        onward = np.block([[step, half * (identity + step)], [np.zeros((size, size)), identity]])
        covariance = onward.T @ covariance @ onward
        spread = np.hstack([identity, half * identity])
        for place in np.flatnonzero((now > 0) & (out > 0)):
            noise = np.diag(step[place]) - np.outer(step[place], step[place])
            noise *= now[place] ** 2 / (exposed[place] + out[place] / 2)
            covariance += spread.T @ noise @ spread
        now, before = now @ step, table.here[j]
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        probability[j], error[j], areas[j] = now, deviation[:size], deviation[size:]
    return probability, error, areas


FORMULAS = {
    "mean_cumulative_count": mean_counts,
    "state_probability": state_probabilities,
    "mean_time_in_state": times_in_states,
}
