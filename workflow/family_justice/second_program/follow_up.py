"""Time at risk and groups, worked out from the days since time zero anew.

Times stay whole days, so that what falls on one day is on one day whatever the unit of the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.config.schema import Outcome

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}

#: Who leaves on the day of time zero is observed for half of it.
HALF_DAY = 0.5
#: A time of the grid counts as the end of its day.
HAIR = 1e-6


@dataclass(frozen=True)
class Observed:
    """Members at risk of an outcome.

    ``members`` (n rows); ``stop`` (n,) end of observation since the start of risk; ``start`` (n,) beginning of
    observation, or None if everybody's is the start of risk; ``event`` (n,) and ``competing`` (n,) what ended it.
    ``per_unit`` turns times in the outcome's unit into those of ``stop``.
    """

    members: pd.DataFrame
    stop: np.ndarray
    event: np.ndarray
    competing: np.ndarray
    start: np.ndarray | None
    per_unit: float

    def among(self, inside: np.ndarray) -> Observed:
        """Return the members ``inside`` (n,) only."""
        start = None if self.start is None else self.start[inside]
        return Observed(
            self.members[inside], self.stop[inside], self.event[inside], self.competing[inside], start, self.per_unit
        )


def observe(members: pd.DataFrame, outcome: Outcome) -> Observed:
    """Return who is at risk and what ended it: the earliest date; on one day the event, then a competing event."""
    if outcome.duration:
        return _recorded(members, outcome)
    roles = ([outcome.event] if outcome.event else [], outcome.competing, outcome.censoring)
    first, second, last = (_earliest(members, names) for names in roles)
    event = first <= np.minimum(second, last)
    competing = ~event & (second <= last)
    stop = np.minimum(np.minimum(first, second), last) - outcome.at_risk_after_days
    at_risk = stop > 0 if outcome.at_risk_after_days else stop >= 0
    start = None
    if outcome.entry:
        start = np.maximum(
            members[outcome.entry].to_numpy(dtype=float, na_value=np.nan) - outcome.at_risk_after_days, 0
        )
        at_risk = at_risk & (start < stop)
    return Observed(members, stop, event, competing, start, DAYS[outcome.time_unit]).among(at_risk)


def _recorded(members: pd.DataFrame, outcome: Outcome) -> Observed:
    """Return what a recorded duration and the code of its end say; times stay in the unit of the outcome."""
    stop = members[str(outcome.duration)].astype(float).to_numpy()
    if outcome.status is None:
        event = members[str(outcome.indicator)].to_numpy() == 1
        competing = np.zeros(len(members), dtype=bool)
    else:
        code, status = members[outcome.status.column], outcome.status
        event = code.isin(status.events).to_numpy()
        competing = code.isin(list(status.competing)).to_numpy()
    if outcome.entry is None:
        return Observed(members, stop, event, competing, None, 1.0)
    start = np.maximum(members[outcome.entry].to_numpy(dtype=float), 0)
    return Observed(members, stop, event, competing, start, 1.0).among(start < stop)


def _earliest(members: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return the first of the days in the columns ``names`` (n,), infinite where there is none."""
    first = np.full(len(members), np.inf)
    for name in names:
        first = np.fmin(first, members[name].to_numpy(dtype=float, na_value=np.nan))
    return first


def groups(members: pd.DataFrame, names: list[str]) -> dict[str, np.ndarray]:
    """Return who is in each group (n,), by its label ``name=level; name=level``; nobody without a level is in any."""
    if not names:
        return {"": np.ones(len(members), dtype=bool)}
    known = members[names].notna().all(axis=1)
    label = members[names[0]].astype("string")
    label = names[0] + "=" + label
    for name in names[1:]:
        label = label + "; " + name + "=" + members[name].astype("string")
    return {str(one): (known & (label == one)).to_numpy() for one in label[known].unique()}


def step_at(times: np.ndarray, values: np.ndarray, before: float, wanted: np.ndarray) -> np.ndarray:
    """Return the step function with ``values`` from ``times`` on, and ``before`` until then, at ``wanted``."""
    return np.append(before, values)[np.searchsorted(times, wanted + HAIR, side="right")]
