"""The log-rank and Gray's test of curves of which only the counts in steps of time are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.survival.gray import GrayTest, gray_test
from family_justice.estimators.survival.log_rank import LogRank, log_rank

#: Moments within a step at which its events may lie.
MOMENTS = 48


@dataclass(frozen=True)
class Grouped:
    """One group: the ends of the steps of its grid (k,), the first being time zero itself, the new counts in each step
    (k,), and how many are still at risk when the last one ends."""

    times: Floats
    events: Floats
    competing: Floats
    censored: Floats
    entered: Floats
    left: float


class Members(NamedTuple):
    """Persons with such counts: when each came (None: all at time zero) and left, with which cause, in which group."""

    exit: Floats
    cause: Floats
    group: Floats
    entry: Floats | None


def grouped_test(groups: Sequence[Grouped], is_gray: bool) -> GrayTest | LogRank:
    """Test that the groups have the same curve, up to the end of each."""
    return of_members(members_of(groups), is_gray)


def of_members(members: Members, is_gray: bool) -> GrayTest | LogRank:
    """Gray's test of cause 1, or the log-rank test."""
    if is_gray:
        return gray_test(members.exit, members.cause, members.group)
    return log_rank(members.exit, members.cause == 1, members.group, entry=members.entry)


def members_of(groups: Sequence[Grouped], late: float | None = None) -> Members:
    """Return persons with the counts of each group.

    Within each step events, competing events and censorings are spread evenly, so that whoever leaves within a step is
    exposed for half of it, as in an actuarial life table. Who is left leaves at the end; or, with a number of ``late``
    events, over as long again: so many of all who are left with the event, wherever they are, the others with a
    competing one.
    """
    share = min((late or 0.0) / max(sum(group.left for group in groups), 1.0), 1.0)
    exits, causes, entries, numbers = [], [], [], []
    for number, group in enumerate(groups):
        exit_, cause = [np.empty(0)], [np.empty(0)]
        for code, counts in ((1, group.events), (2, group.competing), (0, group.censored)):
            exit_.append(_spread(group.times, counts))
            cause.append(np.full(len(exit_[-1]), float(code)))
        left, end = max(int(group.left), 0), float(group.times[-1])
        order = np.arange(left)
        exit_.append(np.full(left, end) if late is None else end * (1 + (order + 1) / max(left, 1)))
        is_event = np.floor((order + 1) * share) > np.floor(order * share)
        cause.append(np.zeros(left) if late is None else np.where(is_event, 1.0, 2.0))
        exits.append(np.concatenate(exit_))
        causes.append(np.concatenate(cause))
        entered = _spread(group.times, group.entered)
        entries.append(np.sort(np.concatenate([np.zeros(max(len(exits[-1]) - len(entered), 0)), entered])))
        numbers.append(np.full(len(exits[-1]), number))
    entry = None
    if any(group.entered.any() for group in groups):
        # Only the numbers at risk count: first in, first out. Rounding may let somebody leave before he came.
        orders = [np.argsort(exit_, kind="stable") for exit_ in exits]
        exits, causes = ([values[o] for values, o in zip(of, orders, strict=True)] for of in (exits, causes))
        entry = np.concatenate([e[: len(x)] for e, x in zip(entries, exits, strict=True)])
        entry = np.minimum(entry, np.concatenate(exits) - 1e-6)
    return Members(np.concatenate(exits), np.concatenate(causes), np.concatenate(numbers), entry)


def _spread(times: Floats, counts: Floats) -> Floats:
    """Return times at which ``counts`` of each step happen: those of time zero there, others in its middle moments."""
    found = [np.full(int(counts[0]), times[0])]
    for start, stop, count in zip(times, times[1:], counts[1:].astype(int), strict=False):
        moments = (np.floor((np.arange(count) + 0.5) / max(count, 1) * MOMENTS) + 0.5) / MOMENTS
        found.append(start + (stop - start) * moments)
    return np.concatenate(found)
