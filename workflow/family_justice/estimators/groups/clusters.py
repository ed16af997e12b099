"""Clusters of things of which the distances are known, each of which may stand for several: Ward's method, how well
clusters hold together, and how alike two partitions are."""

from __future__ import annotations

import numpy as np

from family_justice.estimators.parts.arrays import Floats, Ints


def ward(distances: Floats, weights: Floats) -> tuple[Ints, Floats]:
    """Return the merges of n things (n - 1, 2), the nearest first, and their heights (n - 1,), by Ward's method.

    ``distances`` is (n, n); a thing of ``weights`` (n,) w stands for w equal ones, so that the result is that of all of
    them by themselves. Squared distances are updated by the formula of Lance and Williams (Murtagh and Legendre 2014,
    J Classification 31: "Ward2", as R's ``ward.D2`` and scipy do); the search follows chains of nearest neighbours.
    A merge names two things, each for the cluster that it is in by then.
    """
    n = len(weights)
    size = np.asarray(weights, dtype=np.float64).copy()
    # Things that stand for several are clusters already, further apart than their members.
    squared = np.asarray(distances, dtype=np.float64) ** 2 * (2 * np.outer(size, size) / np.add.outer(size, size))
    np.fill_diagonal(squared, np.inf)
    alive = np.ones(n, dtype=bool)
    merges, heights = np.empty((max(n - 1, 0), 2), dtype=np.int64), np.empty(max(n - 1, 0))
    chain: list[int] = []
    for step in range(n - 1):
        if not chain:
            chain.append(int(np.argmax(alive)))
        while True:
            here = chain[-1]
            nearest = int(np.argmin(squared[here]))
            if len(chain) > 1 and squared[here, chain[-2]] <= squared[here, nearest]:
                break
            chain.append(nearest)
        a, b = sorted((chain.pop(), chain.pop()))
        between = squared[a, b]
        merges[step], heights[step] = (a, b), np.sqrt(between)
        others = alive.copy()
        others[[a, b]] = False
        w = size[others]
        new = (size[a] + w) * squared[a, others] + (size[b] + w) * squared[b, others] - w * between
        squared[a, others] = squared[others, a] = new / (size[a] + size[b] + w)
        squared[b, :] = squared[:, b] = np.inf
        size[a] += size[b]
        alive[b] = False
    order = np.argsort(heights, kind="stable")
    return merges[order], heights[order]


def cut(merges: Ints, clusters: int) -> Ints:
    """Return the cluster of each thing (n,) where so many are left, numbered in the order of their first things."""
    n = len(merges) + 1
    top = np.arange(n)
    for a, b in merges[: n - clusters]:
        first, second = top[a], top[b]
        top[top == max(first, second)] = min(first, second)
    return np.unique(top, return_inverse=True)[1]


def silhouette(distances: Floats, weights: Floats, labels: Ints) -> float:
    """Return the average silhouette width (Rousseeuw 1987, J Comput Appl Math 20) of things in two clusters or more.

    Each thing stands for ``weights`` equal ones: (b - a) / max(a, b), a the mean distance to the others of its cluster
    and b that to the nearest other cluster; 0 where a cluster is of one.
    """
    inside = np.zeros((len(labels), int(labels.max()) + 1))
    inside[np.arange(len(labels)), labels] = weights
    sums, sizes = distances @ inside, inside.sum(axis=0)
    own = np.arange(len(labels)), labels
    a = sums[own] / np.maximum(sizes[labels] - 1, 1e-300)
    means = sums / sizes
    means[own] = np.inf
    b = means.min(axis=1)
    greatest = np.maximum(a, b)
    width = np.divide(b - a, greatest, out=np.zeros_like(a), where=(greatest > 0) & (sizes[labels] > 1))
    return float(np.average(width, weights=weights))


def adjusted_rand(one: Ints, other: Ints, weights: Floats) -> float:
    """Return how alike two partitions are: 1 where they are the same, 0 as alike as chance makes them (Hubert and
    Arabie 1985, J Classification 2). Each thing stands for ``weights`` equal ones."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(table, (one, other), weights)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = first * second / pairs(table.sum(keepdims=True))
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
