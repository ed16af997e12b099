"""Distances of sequences and clusters of them: by hand, by their definitions, and beside scipy and scikit-learn."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from family_justice.estimators.groups.clusters import adjusted_rand, cut, silhouette, ward
from family_justice.estimators.groups.sequences import (
    distinct,
    dynamic_hamming_costs,
    hamming,
    matching_costs,
    optimal_matching,
    transition_rates,
)


@st.composite
def sequences(draw: st.DrawFn, most: int = 8) -> np.ndarray:
    rows, steps = draw(st.integers(2, most)), draw(st.integers(2, 6))
    row = st.lists(st.integers(0, 2), min_size=steps, max_size=steps)
    return np.array(draw(st.lists(row, min_size=rows, max_size=rows)))


def test_costs_by_hand() -> None:
    """Three sequences of three states: a a b, a b b, b b a; of a, two in three are in b after the first step."""
    found, place, weights = distinct([[0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 1, 1]])
    assert found.tolist() == [[0, 0, 1], [0, 1, 1], [1, 1, 0]]
    assert place.tolist() == [0, 1, 2, 1]
    assert weights.tolist() == [1, 2, 1]
    rates = transition_rates(found, weights, 3)
    assert_allclose(rates[0, :2, :2], [[1 / 3, 2 / 3], [0, 1]])
    assert_allclose(rates[1, :2, :2], [[0, 1], [1 / 3, 2 / 3]])
    assert (rates[:, 2] == 0).all()
    costs = dynamic_hamming_costs(found, weights, 3)
    # 4 - 2 x 2/3 at the first time, 4 - 2/3 - 4/3 at the second, 4 - 2 x 4/3 at the last.
    assert_allclose(costs[:, 0, 1], [8 / 3, 2, 4 / 3])
    assert_allclose(costs[:, 0, 2], 4)
    assert_allclose(hamming(found, found, costs), [[0, 2, 8 / 3 + 2 + 4 / 3], [2, 0, 4], [6, 4, 0]])
    # a is left 4 times: to a once, to b three times; b is left 4 times: to a once.
    single = matching_costs(found, weights, 3)
    assert_allclose(single[0, 1], 2 - 3 / 4 - 1 / 4)
    # a b b to b b a: two exchanges at 1 each, or a taken off in front and put on behind.
    assert_allclose(optimal_matching(found, found, single), [[0, 1, 3], [1, 0, 2], [3, 2, 0]])


def edit(one: tuple[int, ...], other: tuple[int, ...], costs: np.ndarray) -> float:
    """The least cost of turning one sequence into the other, by its definition."""

    @cache
    def least(i: int, j: int) -> float:
        if i == 0 or j == 0:
            return float(i + j)
        exchanged = least(i - 1, j - 1) + float(costs[one[i - 1], other[j - 1]])
        return min(exchanged, least(i - 1, j) + 1, least(i, j - 1) + 1)

    return least(len(one), len(other))


@settings(max_examples=40, deadline=None)
@given(sequences())
def test_distances_are_their_definitions(rows: np.ndarray) -> None:
    found, _, weights = distinct(rows)
    dynamic, single = dynamic_hamming_costs(found, weights, 3), matching_costs(found, weights, 3)
    one, other = hamming(found, found, dynamic), optimal_matching(found, found, single)
    for a, first in enumerate(found):
        for b, second in enumerate(found):
            expected = sum(dynamic[t, x, y] for t, (x, y) in enumerate(zip(first, second, strict=True)))
            assert one[a, b] == pytest.approx(expected)
            assert other[a, b] == pytest.approx(edit(tuple(first), tuple(second), single))
    # All pairs at once, or some with others.
    assert_allclose(optimal_matching(found[:1], found, single), other[:1])
    for distances in (one, other):
        assert_allclose(distances, distances.T)
        assert (distances.diagonal() == 0).all()
        assert (distances >= 0).all()
    # With one cost for all exchanges Hamming distances know no detours; dynamic costs may.
    plain = hamming(found, found, np.repeat((1 - np.eye(3))[None], found.shape[1], axis=0))
    assert (plain[:, None, :] <= plain[:, :, None] + plain[None, :, :] + 1e-12).all()
    assert_allclose(plain, (found[:, None, :] != found[None, :, :]).sum(axis=2))


@settings(max_examples=25, deadline=None)
@given(sequences(), st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(rows: np.ndarray, random: object) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    (one, place, weights), (other, moved, again) = distinct(rows), distinct(rows[order])
    assert (one == other).all()
    assert (weights == again).all()
    assert (place[order] == moved).all()


@pytest.mark.parametrize("seed", range(4))
def test_ward_is_that_of_scipy_with_every_member_by_itself(seed: int) -> None:
    g = np.random.default_rng(seed)
    points, weights = g.normal(size=(30, 3)), g.integers(1, 5, 30)
    distances = np.abs(points[:, None] - points[None]).sum(axis=2)  # no Euclidean ones
    each = np.repeat(np.arange(30), weights)
    tree = linkage(squareform(distances[np.ix_(each, each)], checks=False), "ward")
    merges, heights = ward(distances, weights.astype(float))
    assert_allclose(heights, tree[-29:, 2], rtol=1e-9)
    for clusters in (2, 5, 11):
        labels = cut(merges, clusters)
        theirs = fcluster(tree, clusters, "maxclust")
        assert adjusted_rand(labels[each], theirs - 1, np.ones(len(each))) == 1
        assert len(np.unique(labels)) == clusters


@pytest.mark.parametrize("seed", range(3))
def test_silhouette_and_rand_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    g = np.random.default_rng(seed)
    points, weights = g.normal(size=(25, 2)), g.integers(1, 4, 25)
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    labels, others = g.integers(0, 4, 25), g.integers(0, 3, 25)
    labels[0], weights[0] = 4, 1  # a cluster of one
    each = np.repeat(np.arange(25), weights)
    expected = metrics.silhouette_score(distances[np.ix_(each, each)], labels[each], metric="precomputed")
    assert silhouette(distances, weights.astype(float), labels) == pytest.approx(expected)
    expected = metrics.adjusted_rand_score(labels[each], others[each])
    assert adjusted_rand(labels, others, weights.astype(float)) == pytest.approx(expected)


def test_silhouette_by_hand() -> None:
    """Two at 0 and 1, two at 4: of the first, a is 1 and b 4, of the second 1 and 3; the others are 0 apart."""
    distances = np.abs(np.subtract.outer([0.0, 1, 4], [0.0, 1, 4]))
    found = silhouette(distances, np.array([1.0, 1, 2]), np.array([0, 0, 1]))
    assert found == pytest.approx((3 / 4 + 2 / 3 + 1 + 1) / 4)
