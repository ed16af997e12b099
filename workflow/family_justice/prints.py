"""Prints of sets of members: who is counted, without saying who.

The print of a set is a row of ``BUCKETS`` whole numbers. Every member has ``PLACES`` of these and a number for each,
all from a salted hash of its key, and adds its numbers in its places. So

- equal sets have equal prints, whatever they are called and wherever they are counted;
- the print of a union of disjoint sets is the sum of theirs, so that "these levels are those levels, put together" is a
  sum that can be looked for without any member;
- sets that differ by d members differ in at most ``PLACES`` d buckets, so that those nearly alike can be told.

Nobody can be found from a print without the salt, but single members could be tried out with it: prints stay inside.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from family_justice.errors import DamageError

BUCKETS = 256
PLACES = 3
#: The numbers of a member lie between this and its negative.
_REACH = 1 << 15
NO_SALT = b""
_SALT = 16  # bytes


@dataclass(frozen=True)
class Counted:
    """What a count counts.

    Attributes
    ----------
    positions
        (m,) positions in the frame of members; a member with two events stands there twice.
    times
        (m,) when each is counted from; None for what has no time.
    weights
        (m,) how much each adds to the count; None for one each.
    """

    positions: np.ndarray
    times: np.ndarray | None = None
    weights: np.ndarray | None = None

    def at(self, grid: np.ndarray | None) -> np.ndarray:
        """Return the counts at each time of a grid (k,), or the one count (1,)."""
        size = np.ones(len(self.positions)) if self.weights is None else self.weights
        if grid is None:
            return np.array([round(float(size.sum()))])
        return np.cumsum(np.bincount(self.places(grid), weights=size, minlength=len(grid) + 1)[: len(grid)]).round()

    def places(self, grid: np.ndarray) -> np.ndarray:
        """Return the first time of the grid at which each is counted (m,); ``len(grid)`` for later."""
        if self.times is None:
            return np.zeros(len(self.positions), dtype=np.int64)
        # The margin makes 365.25 days end within one year whatever the rounding of the division.
        return np.searchsorted(grid + 1e-9, self.times, side="left")


@dataclass(frozen=True)
class Printed:
    """The counts of one series: (k,) people behind each, the rows of the person with most, and (k, BUCKETS) prints."""

    people: np.ndarray
    largest: np.ndarray
    prints: np.ndarray


class Printer:
    """Makes the prints of sets of rows.

    Parameters
    ----------
    keys
        (n, c) what names a row: its key. Rows with one key are one member wherever they stand.
    people
        (n,) whom each row stands for; None if each stands for somebody else.
    holds
        (n,) how many people each row counts, where rows are areas; None for rows of people.
    salt
        Bytes that do not leave the safe haven.
    """

    def __init__(
        self, keys: pd.DataFrame, people: pd.Series | None, holds: pd.Series | None = None, salt: bytes = NO_SALT
    ) -> None:
        first = _hashes(keys, hashlib.blake2b(salt, digest_size=8).hexdigest())
        second = _mixed(first)
        self._places = np.stack([(first >> np.uint64(8 * i)) & np.uint64(BUCKETS - 1) for i in range(PLACES)], axis=1)
        self._places = self._places.astype(np.int64)
        sixteen = [(second >> np.uint64(16 * i)) & np.uint64(2 * _REACH - 1) for i in range(PLACES)]
        self._numbers = np.stack(sixteen, axis=1).astype("float64") - _REACH
        # A number of zero would leave no trace.
        self._numbers[self._numbers == 0] = _REACH
        self._people = None if people is None else pd.factorize(people, use_na_sentinel=False)[0]
        self._holds = None if holds is None else holds.fillna(0).to_numpy(dtype="float64")

    def print(self, counted: Counted, grid: np.ndarray | None = None) -> Printed:
        """Return people and prints of a count at each time of a grid, or of the one count."""
        k = 1 if grid is None else len(grid)
        place = np.zeros(len(counted.positions), dtype=np.int64) if grid is None else counted.places(grid)
        inside = place < k
        positions, place = counted.positions[inside], place[inside]
        weights = None if counted.weights is None else counted.weights[inside]
        sums = np.zeros(k * BUCKETS)
        for i in range(PLACES):
            numbers = self._numbers[positions, i] * (1 if weights is None else weights)
            sums += np.bincount(place * BUCKETS + self._places[positions, i], numbers, minlength=k * BUCKETS)
        prints = np.cumsum(sums.reshape(k, BUCKETS), axis=0).astype(np.int64)
        people, largest = self._contributions(positions, place, weights, k)
        return Printed(people, largest, prints)

    def _contributions(
        self, positions: np.ndarray, place: np.ndarray, weights: np.ndarray | None, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how many people are counted at each time, and the most that one of them adds to the count."""
        if self._holds is not None:
            held = np.bincount(place, weights=self._holds[positions], minlength=k)
            return np.cumsum(held).round().astype(np.int64), np.zeros(k, dtype=np.int64)
        order = np.argsort(place, kind="stable")
        place = place[order]
        who = (positions if self._people is None else self._people[positions])[order]
        size = np.ones(len(who)) if weights is None else weights[order]
        some = size > 0
        who, place, size = who[some], place[some], size[some]
        new = np.zeros(len(who), dtype=bool)
        new[np.unique(who, return_index=True)[1]] = True
        people = np.cumsum(np.bincount(place[new], minlength=k)).astype(np.int64)
        most = np.zeros(k)
        if len(who):
            so_far = pd.Series(size).groupby(who).cumsum().to_numpy()
            np.maximum.at(most, place, so_far)
        return people, np.maximum.accumulate(most).round().astype(np.int64)


def _hashes(keys: pd.DataFrame, salt: str) -> np.ndarray:
    """Return a hash for each row (n,), of the texts of its columns in their order, whatever their names are."""
    found = np.zeros(len(keys), dtype=np.uint64)
    for column in keys.columns:
        values = keys[column]
        if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
            values = values.astype("Int64")  # 1.0 and 1 are one key
        texts = values.astype(str).to_numpy(dtype=object)
        found = _mixed(found ^ pd.util.hash_array(texts, hash_key=salt, categorize=False))
    return found


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Return hashes of 64-bit numbers (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    mixed: Any = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def salt_of(folder: Path) -> bytes:
    """Return the salt of a room, made when it is first asked for; it stays, so that prints can be compared later.

    Raises ``DamageError`` if it is not whole.
    """
    path = folder / ".salt"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(_SALT))
    except FileExistsError:
        pass
    salt = path.read_bytes()
    if len(salt) != _SALT:
        raise DamageError(f"{path}: damaged. Put back a copy of it: without it earlier releases are not protected")
    return salt
