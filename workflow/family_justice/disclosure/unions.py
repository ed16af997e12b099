"""Which counts are unions of others, found by members: age bands put together are age groups, whatever they are called.

Every partition of members that results show (the levels of a term, the groups of a table) is compared with every other
one of the same members, and with every single count; and counts of which one holds the members of the other and a few
more are tied by these few. Single sets, of whatever analyses, are put together two by two and three by three.

The print of a union is the sum of the prints of its parts, so that what adds up to what is a linear system; a solution
counts only if the sums are equal to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from family_justice.disclosure.ledger import Key, Ledger
from family_justice.errors import DisclosureError
from family_justice.prints import BUCKETS, PLACES

Prints = npt.NDArray[np.int64]
#: How far from 0 or 1 a coefficient of the linear system may be.
_CLOSE = 1e-4
#: Sums of few parts are looked for in fewer numbers, each a mixture of all buckets so that nobody is lost; what is
#: found is looked at in all of them.
MIXING = np.random.default_rng(0).choice([-1.0, 1.0], (BUCKETS, 64))
#: Sums of two or three sets are looked for in one number, modulo 2^64: hardly any two are alike by chance.
WEIGHTS = np.random.default_rng(1).integers(-(2**62), 2**62, BUCKETS)
#: So many different sums of sizes are made; where there are more, hardly any size is none of them.
MOST_SUMS = 10_000
#: An eigenvalue that is nothing beside the largest.
_NOTHING = 1e-11


def tie_unions(ledger: Ledger, tied: Mapping[Key, int] = MappingProxyType({})) -> None:
    """Tie every count to those of which it is the union, and partitions of the same members to one another.

    ``tied`` has, as bits, the releases in which a count was looked at already: counts that have one in common are left.
    """
    every = [found for parts in list(ledger.partitions.values()) if (found := _known(ledger, parts))]
    partitions = list({frozenset(parts): parts for parts in every}.values())  # several analyses may show the same
    keys = [key for key in ledger.prints if _holds_members(ledger, key)]
    table = np.array([ledger.prints[key] for key in keys], dtype=np.int64).reshape(len(keys), BUCKETS)
    sizes = np.array([ledger.counts[key].exact for key in keys], dtype=np.int64)
    _tie_to_partitions(ledger, partitions, keys, table, sizes, tied)
    if not tied:  # of several releases there are too many to be put together
        _tie_single_sets(ledger, keys, table)
    _tie_nearly_alike(ledger, keys, table, sizes)
    of_same: dict[bytes, list[list[Key]]] = {}
    for parts in partitions:
        of_same.setdefault(np.sum([ledger.prints[part] for part in parts], axis=0).tobytes(), []).append(parts)
    for alike in of_same.values():
        for one, other in combinations(alike, 2):
            if not np.bitwise_and.reduce([tied.get(part, 0) for part in (*one, *other)]):
                _tie_partitions(ledger, one, other)


def _tie_to_partitions(
    ledger: Ledger,
    partitions: Sequence[Sequence[Key]],
    keys: Sequence[Key],
    table: Prints,
    sizes: npt.NDArray[np.int64],
    tied: Mapping[Key, int],
) -> None:
    """Tie every count to the parts of each partition of which it is the union. ``table``, ``sizes``: of ``keys``."""
    mixed = table.astype("float64") @ MIXING
    bits = np.array([tied.get(key, 0) for key in keys], dtype=np.int64)
    for parts in partitions:
        prints = np.array([ledger.prints[part] for part in parts])
        own = np.bitwise_and.reduce([tied.get(part, 0) for part in parts])
        possible = np.flatnonzero(_may_be_sum(sizes, [ledger.counts[part].exact for part in parts]) & (bits & own == 0))
        for place, chosen in unions(prints, table[possible], mixed[possible]):
            union = keys[possible[place]]
            if union not in parts:
                ledger.add_sum(union, [parts[i] for i in chosen], margin=False)


def _may_be_sum(sizes: npt.NDArray[np.int64], of_parts: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Say which of ``sizes`` (c,) are a sum of sizes of parts: only a set of such a size can be a union of them."""
    sums = _sums_of(tuple(sorted(of_parts)))
    return sizes <= sum(of_parts) if sums is None else np.isin(sizes, sums)


@lru_cache(maxsize=100_000)
def _sums_of(sizes: tuple[int, ...]) -> npt.NDArray[np.int64] | None:
    """Return the sums that some of ``sizes`` can make; None if there are too many. The same partition is looked at in
    the ledger of every release."""
    sums = np.zeros(1, dtype=np.int64)
    for size in sizes:
        sums = np.unique(np.concatenate([sums, sums + size]))
        if len(sums) > MOST_SUMS:
            return None
    return sums


def _tie_single_sets(ledger: Ledger, keys: Sequence[Key], table: Prints) -> None:
    """Tie single sets to the two or three that make them up."""
    for whole, chosen in small_unions(table):
        ledger.add_sum(keys[whole], [keys[part] for part in chosen], margin=False)


def _tie_nearly_alike(ledger: Ledger, keys: Sequence[Key], table: Prints, sizes: npt.NDArray[np.int64]) -> None:
    """Tie counts of sets of which one holds the other and a few members more: their difference is a count of few."""
    order = np.argsort(sizes, kind="stable")
    for place, one in enumerate(order):
        beyond = np.searchsorted(sizes[order], sizes[one] + ledger.policy.threshold, side="left")
        others = order[place + 1 : beyond]
        others = others[sizes[others] > sizes[one]]
        if sizes[one] < ledger.policy.threshold or not len(others):
            continue
        differing = (table[others] != table[one]).sum(axis=1)
        for other in others[differing <= PLACES * (sizes[others] - sizes[one])]:
            ledger.add_sum(keys[other], [keys[one]], margin=False)


def _holds_members(ledger: Ledger, key: Key) -> bool:
    """True for a count of somebody, and not of areas."""
    return ledger.counts[key].exact > 0 and not ledger.counts[key].public


def _known(ledger: Ledger, parts: Sequence[Key]) -> list[Key]:
    """Return the parts of a partition that hold somebody, if the sets of all of them are known; else none."""
    held = [part for part in parts if _holds_members(ledger, part)]
    if len(held) > BUCKETS - 6:
        raise DisclosureError(
            f"more than {BUCKETS - 6} levels or groups cannot be audited together; write coarser ones"
        )
    return held if len(held) > 1 and all(part in ledger.prints for part in held) else []


def small_unions(table: Prints) -> Iterator[tuple[int, list[int]]]:
    """Yield each set (its position in the prints ``table`` (c, BUCKETS)) that is the union of two or three others, and
    theirs, whatever they are: indicators of one covariate, or totals of cohorts."""
    number = table @ WEIGHTS
    one, other = np.triu_indices(len(table), 1)
    order = np.argsort(number[one] + number[other], kind="stable")
    together = (number[one] + number[other])[order]
    for whole in range(len(table)):
        # The whole, or what is left of it without one other set, may be two sets put together.
        without = np.concatenate([[number[whole]], number[whole] - number])
        first, last = (np.searchsorted(together, without, side) for side in ("left", "right"))
        for place in np.flatnonzero(last > first):
            for pair in order[first[place] : last[place]]:
                chosen = sorted({int(one[pair]), int(other[pair]), *([int(place) - 1] if place else [])})
                if whole not in chosen and (table[chosen].sum(axis=0) == table[whole]).all():
                    yield whole, chosen


def unions(
    parts: Prints, candidates: Prints, mixed: npt.NDArray[np.float64] | None = None
) -> Iterator[tuple[int, list[int]]]:
    """Yield the position of each candidate (c, BUCKETS) that is the union of two or more parts (p, BUCKETS), and
    theirs. ``mixed`` are the candidates times ``MIXING``, for who has them already."""
    if not len(candidates):
        return
    if 2 * len(parts) <= MIXING.shape[1]:
        floats = parts.astype("float64") @ MIXING
        others = candidates.astype("float64") @ MIXING if mixed is None else mixed
    else:
        floats, others = parts.astype("float64"), candidates.astype("float64")
    scale = np.abs(floats).max(axis=1, keepdims=True)
    coefficients = (np.linalg.pinv(floats / scale).T @ others.T) / scale
    is_one = np.abs(coefficients - 1) < _CLOSE
    whole = (is_one | (np.abs(coefficients) < _CLOSE)).all(axis=0) & (is_one.sum(axis=0) > 1)
    for place in np.flatnonzero(whole):
        chosen = np.flatnonzero(is_one[:, place])
        if (parts[chosen].sum(axis=0) == candidates[place]).all():
            yield int(place), chosen.tolist()


def common_unions(one: Prints, other: Prints) -> list[tuple[list[int], list[int]]]:
    """Return the smallest unions of parts of one partition that are unions of parts of another one of the same members:
    positions in the one, and in the other.

    Two parts are in one such union if they have the same coefficient in every way to write nothing as a sum of the
    parts of one less those of the other: rows of the null space are equal.
    """
    rows = np.concatenate([one, -other]).astype("float64")
    scale = np.abs(rows).max(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh((rows / scale) @ (rows / scale).T)
    free = vectors[:, values < values.max() * _NOTHING] / scale
    if free.shape[1] < 2:
        return [(list(range(len(one))), list(range(len(other))))]
    free = free / np.abs(free).max()
    found: list[tuple[list[int], list[int]]] = []
    left = list(range(len(free)))
    while left:
        alike = [i for i in left if np.abs(free[i] - free[left[0]]).max() < _CLOSE]
        left = [i for i in left if i not in alike]
        found.append(([i for i in alike if i < len(one)], [i - len(one) for i in alike if i >= len(one)]))
    return [(a, b) for a, b in found if (one[a].sum(axis=0) == other[b].sum(axis=0)).all()]


def _tie_partitions(ledger: Ledger, one: Sequence[Key], other: Sequence[Key]) -> None:
    prints = [np.array([ledger.prints[key] for key in parts]) for parts in (one, other)]
    for these, those in common_unions(*prints):
        left, right = [one[i] for i in these], [other[i] for i in those]
        if set(left) == set(right):
            continue
        if len(left) == 1 or len(right) == 1:
            whole, parts = (left[0], right) if len(left) == 1 else (right[0], left)
        else:
            total = sum(ledger.counts[key].exact for key in left)
            members = prints[0][these].sum(axis=0)
            whole, parts = ledger.add(("union", members.tobytes()), total, published=False), right
            ledger.add_sum(whole, left, margin=False)
        ledger.add_sum(whole, parts, margin=False)
