"""Days, weeks of birth, ages and random streams.

A date is an integer: days since 1970-01-01. ``NULL`` stands for an empty date or an empty integer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NULL = int(np.iinfo(np.int64).min)
DAYS_PER_YEAR = 365.25


class Streams:
    """Independent random streams by name: a new draw in one place does not change the draws elsewhere."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, name: str) -> np.random.Generator:
        """Return the stream of a name, from its beginning."""
        return np.random.default_rng(np.random.SeedSequence([self._seed, crc32(name.encode())]))


def to_day(value: date) -> int:
    """Return a calendar date as days since 1970-01-01."""
    return (value - date(1970, 1, 1)).days


def monday(days: Ints) -> Ints:
    """Return the Monday of the week of each day: what a week of birth is recorded as."""
    return days - (days + 3) % 7


def next_working_day(days: Ints) -> Ints:
    """Move Saturdays and Sundays to the Monday after."""
    weekday = (days + 3) % 7
    return days + np.where(weekday >= 5, 7 - weekday, 0)


def calendar(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Return year, month (1-12) and day of the month of each day."""
    as_date = days.astype("M8[D]")
    as_month = as_date.astype("M8[M]")
    months = as_month.astype(np.int64)
    return months // 12 + 1970, months % 12 + 1, (as_date - as_month).astype(np.int64) + 1


def from_calendar(year: Ints, month: Ints, day: Ints) -> Ints:
    """Return days since 1970-01-01; the inverse of ``calendar``."""
    first = ((year - 1970) * 12 + month - 1).astype("M8[M]").astype("M8[D]").astype(np.int64)
    return first + day - 1


def completed_years(birth: Ints, on: Ints) -> Ints:
    """Return completed years from ``birth`` to ``on`` (birthday arithmetic); negative before birth."""
    birth_year, birth_month, birth_day = calendar(birth)
    year, month, day = calendar(on)
    before_birthday = month * 32 + day < birth_month * 32 + birth_day
    return year - birth_year - before_birthday


def year_of(days: Ints) -> Ints:
    """Return the calendar year of each day."""
    return calendar(days)[0]


def interpolate(anchors: Mapping[int, float], days: Ints) -> Floats:
    """Return values that run in straight lines between the 1 January of the anchor years, flat outside them."""
    years = 1970 + days / DAYS_PER_YEAR
    return np.interp(years, list(anchors), list(anchors.values()))


def draw_shares(shares: Floats, random: np.random.Generator) -> Ints:
    """Draw one category per row of ``shares`` (rows x categories, each row sums to one)."""
    cumulative = np.cumsum(shares, axis=1)
    draws = random.random(len(shares))[:, None] * cumulative[:, -1:]
    return (draws >= cumulative[:, :-1]).sum(axis=1).astype(np.int64)


def draw_from(shares: Mapping[str, float], size: int, random: np.random.Generator) -> Ints:
    """Draw ``size`` categories with the same shares; a category is its place in the mapping."""
    cumulative = np.cumsum(list(shares.values()))
    return np.searchsorted(cumulative[:-1], random.random(size) * cumulative[-1], side="right").astype(np.int64)


def distinct(values: Ints) -> Ints:
    """Return the distinct values, ascending. numpy.unique hashes first, which takes longer where most are distinct."""
    values = np.sort(values)
    return values[np.flatnonzero(np.diff(values, prepend=values[:1] - 1))]


def is_among(values: Ints, known: Ints) -> Bools:
    """Return whether each value is among the ``known`` ones, which are in ascending order."""
    if not len(known):
        return np.zeros(len(values), dtype=bool)
    return known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values


def order_of(*keys: Ints) -> Ints:
    """Return the rows in ascending order of the keys, the first one first; rows with equal keys stay in order.

    Identifiers mostly are the numbers of a range in random order: then each row is put at its place without sorting.
    """
    if len(keys) == 1 and len(keys[0]):
        key, size = keys[0], len(keys[0])
        first = int(key.min())
        span = int(key.max()) - first + 1
        if span <= 4 * size:
            place = np.full(span, -1)
            place[key - first] = np.arange(size)
            order = place[place >= 0]
            if len(order) == size:
                return order
    if not len(keys[0]):
        return np.arange(0)
    lows = [int(key.min()) for key in keys]
    spans = [int(key.max()) - low + 1 for key, low in zip(keys, lows, strict=True)]
    size = len(keys[0])
    if math.prod(spans) >= 2**63:
        return np.lexsort(keys[::-1])
    # One number for all keys: one sort instead of one for each; with the row in it, too, a sort that moves no index.
    number = np.zeros(size, dtype=np.int64)
    for key, low, span in zip(keys, lows, spans, strict=True):
        number = number * span + (key - low)
    if math.prod(spans) * size >= 2**63:
        return np.argsort(number, kind="stable")
    number = number * size + np.arange(size)
    number.sort()
    return number % size


def join(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the pairs (row of left, row of right) with equal keys; ``right`` is sorted."""
    start = np.searchsorted(right, left, side="left")
    count = np.searchsorted(right, left, side="right") - start
    rows = np.repeat(np.arange(len(left)), count)
    offset = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, np.repeat(start, count) + offset


def scatter(rate: Floats, start: Ints, stop: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw events at a yearly rate from ``start`` to before ``stop``; return whose they are and their days."""
    days = np.maximum(stop - start, 0)
    here = np.flatnonzero((rate > 0) & (days > 0))
    number = random.poisson(rate[here] * days[here] / DAYS_PER_YEAR)
    who = np.repeat(here, number)
    return who, start[who] + (days[who] * random.random(len(who))).astype(np.int64)
