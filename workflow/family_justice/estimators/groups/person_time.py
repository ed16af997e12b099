"""Person-time split along several time scales at once (Lexis 1875), and what follows from events and time in cells.

Splitting is that of R's ``survival::pyears`` with ``tcut`` and of ``Epi::splitMulti``, but for one thing: an event on
the very day of a cut belongs to the cell that begins on it, as a date belongs to its year (they put it into the one
before).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.survival.life_table import Z95

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Pieces:
    """Follow-up in m pieces, each within one cell.

    Attributes
    ----------
    member
        (m,) position of the member.
    codes
        (m, axes) number of the cell on each time scale: how many of its cuts lie at or before the piece.
    time
        (m,) length, above zero.
    """

    member: Whole
    codes: Whole
    time: Numbers


def split_time(start: ArrayLike, stop: ArrayLike, cuts: Sequence[ArrayLike]) -> Pieces:
    """Split the follow-up (start, stop] of n members at the cuts of several time scales.

    ``start`` and ``stop`` (n,) are on one scale; ``cuts`` has for each further scale an array (n, k) with the times, on
    the first scale, at which a member passes the k cuts, increasing along the rows.
    """
    begin, end = (np.asarray(values, dtype="float64") for values in (start, stop))
    crossed = [np.asarray(axis, dtype="float64") for axis in cuts]
    edges = np.column_stack([begin, *(np.clip(axis, begin[:, None], end[:, None]) for axis in crossed), end])
    edges.sort(axis=1)
    length = np.diff(edges, axis=1)
    member, place = np.nonzero(length > 0)
    middle = (edges[member, place] + edges[member, place + 1]) / 2
    return Pieces(member, cells_at(middle, member, crossed), length[member, place])


def cells_at(time: Numbers, member: Whole, cuts: Sequence[ArrayLike]) -> Whole:
    """Return the cell (m, axes) of each time of a member: how many cuts of each scale lie at or before it."""
    tables = [np.asarray(axis, dtype="float64") for axis in cuts]
    found = [(axis[member] <= time[:, None] + 1e-9).sum(axis=1) for axis in tables]
    return np.column_stack(found).astype(np.int64) if found else np.zeros((len(time), 0), dtype=np.int64)


def log_rate_ratio(events: tuple[float, float], time: tuple[float, float]) -> tuple[float, float]:
    """Return the logarithm of the ratio of two rates (of the first to the second) and its standard error, nan if either
    has no event: sqrt(1/a + 1/b) (Rothman, Greenland and Lash 2008, chapter 14)."""
    (a, b), (s, t) = events, time
    if min(a, b, s, t) <= 0:
        return math.nan, math.nan
    return math.log(a / s / (b / t)), math.sqrt(1 / a + 1 / b)


def rate_difference(events: tuple[float, float], time: tuple[float, float]) -> tuple[float, float]:
    """Return the difference of two rates (the first less the second) and its standard error, sqrt(a/s^2 + b/t^2)."""
    (a, b), (s, t) = events, time
    if min(s, t) <= 0:
        return math.nan, math.nan
    return a / s - b / t, math.sqrt(a / s**2 + b / t**2)


def mantel_haenszel(
    events: ArrayLike, time: ArrayLike, other_events: ArrayLike, other_time: ArrayLike
) -> tuple[float, float]:
    """Return the logarithm of the Mantel-Haenszel ratio of rates over strata (k,), and its standard error (Greenland
    and Robins 1985, Biometrics 41:55-68); nan if one side has no events.

    It is consistent for many sparse strata as for few large ones, and needs no fit. Equals Stata's ``ir, by()``.
    """
    a, s, b, t = (np.asarray(values, dtype="float64") for values in (events, time, other_events, other_time))
    whole = s + t
    inside = whole > 0
    a, s, b, t, whole = a[inside], s[inside], b[inside], t[inside], whole[inside]
    above, below = float((a * t / whole).sum()), float((b * s / whole).sum())
    if above <= 0 or below <= 0:
        return math.nan, math.nan
    spread = float(((a + b) * s * t / whole**2).sum())
    return math.log(above / below), math.sqrt(spread / (above * below))


def byar_limits(events: float) -> tuple[float, float]:
    """Return Byar's 95% limits of a count (Breslow and Day 1987, volume II, page 69)."""
    above = events + 1
    low = events * (1 - 1 / (9 * events) - Z95 / (3 * math.sqrt(events))) ** 3 if events > 0 else 0.0
    return low, above * (1 - 1 / (9 * above) + Z95 / (3 * math.sqrt(above))) ** 3


def direct_rate(events: ArrayLike, time: ArrayLike, weights: ArrayLike) -> tuple[float, float, float]:
    """Return the directly standardised rate of strata (k,) and its 95% limits: those of Dobson, Kuulasmaa, Eberle and
    Scherer (1991, Statistics in Medicine 10:457-462) with Byar's for the count, as R's ``PHEindicatormethods``.

    nan if a stratum with a weight has no time, and limits of nan if nobody has an event.
    """
    d, t, w = (np.asarray(values, dtype="float64") for values in (events, time, weights))
    d, t, w = d[w > 0], t[w > 0], w[w > 0]
    if not len(w) or (t <= 0).any():
        return math.nan, math.nan, math.nan
    w = w / w.sum()
    rate, total = float((w * d / t).sum()), float(d.sum())
    if total <= 0:
        return rate, math.nan, math.nan
    scale = math.sqrt(float((w**2 * d / t**2).sum()) / total)
    low, high = byar_limits(total)
    return rate, rate + scale * (low - total), rate + scale * (high - total)


def indirect_ratio(events: float, time: ArrayLike, rates: ArrayLike) -> tuple[float, float, float]:
    """Return observed over expected events with Byar's 95% limits; expected are those that the ``rates`` (k,) of a
    reference would give in the group's ``time`` (k,). nan if none are expected."""
    expected = float((np.asarray(time, dtype="float64") * np.asarray(rates, dtype="float64")).sum())
    if not expected > 0:
        return math.nan, math.nan, math.nan
    low, high = byar_limits(events)
    return events / expected, low / expected, high / expected


def robust_error(events: ArrayLike, time: ArrayLike) -> float:
    """Return the standard error of the logarithm of a rate whose events repeat, from the events and the time of each
    person (n,): sqrt(sum (d - r t)^2) / sum d, the sandwich of Poisson regression (Lin, Wei, Yang and Ying 2000); nan
    without events."""
    d, t = (np.asarray(values, dtype="float64") for values in (events, time))
    total, length = float(d.sum()), float(t.sum())
    if total <= 0 or length <= 0:
        return math.nan
    return math.sqrt(float(((d - total / length * t) ** 2).sum())) / total
