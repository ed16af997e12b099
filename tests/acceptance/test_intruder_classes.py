"""The intruder has latent classes of the same variables twice, and the rounded margins.

Class sizes times probabilities are functions of the numbers of members with each pattern of answers. Near the truth
they are taken as straight lines, and a linear programme finds the least and the greatest number that a margin, or a
rare pattern, can still have.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import linprog
from test_intruder import COURT, THRESHOLD, behind, nearest

from family_justice.disclosure.families.latent import step

BITS = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
MARGINS = np.concatenate([BITS.T, 1 - BITS.T])


Fit = tuple[np.ndarray, np.ndarray]


def search(weights: np.ndarray, classes: int, rounds: int, start: Fit | None = None) -> Fit:
    """EM for many tables (B, 16) at once: shares (B, C) and probabilities (B, 4, C)."""
    rng = np.random.default_rng(1)
    shares, yes = start or (np.full(classes, 1 / classes), rng.uniform(0.1, 0.9, (4, classes)))
    shares, yes = (np.repeat(x[None], len(weights), 0) for x in (shares, yes))
    for _ in range(rounds):
        each = shares[:, None] * np.exp(BITS @ np.log(yes) + (1 - BITS) @ np.log1p(-yes))
        own = weights[:, :, None] * each / each.sum(2, keepdims=True)
        sizes = own.sum(1)
        shares = sizes / weights.sum(1, keepdims=True)
        yes = np.clip(BITS.T @ own / sizes[:, None], 1e-9, 1 - 1e-9)
    return shares, yes


def expected(weights: np.ndarray, classes: int, start: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Expected numbers of members (B, K): of every class, and with every answer in it."""
    shares, yes = search(weights, classes, 3000, start)
    sizes = shares * weights.sum(1, keepdims=True)
    parts = (sizes[:, None] * yes, sizes[:, None] * (1 - yes))
    return np.concatenate([sizes, *(part.reshape(len(weights), -1) for part in parts)], 1)


def left(weights: np.ndarray, analyses: tuple[int, ...], exact: bool) -> tuple[list[int], list[int]]:
    """Numbers of values left to the margins, and to the rare patterns."""
    rows, low, high = list(MARGINS), [], []
    for margin in MARGINS @ weights:
        known = behind(nearest(int(margin))) if margin >= THRESHOLD else range(THRESHOLD)
        low.append(known[0] - margin)
        high.append(known[-1] - margin)
    reach = step(COURT, len(analyses)) / 2
    for classes in analyses:
        start = search(weights[None], classes, 8000)
        moved = expected(np.vstack([weights, weights + np.eye(16) / 2]), classes, (start[0][0], start[1][0]))
        for number, slope in zip(moved[0], 2 * (moved[1:] - moved[0]).T, strict=True):
            shown = 2 * reach * max(1, round(number / (2 * reach)))
            ends = (-0.05, 0.05) if exact else (shown - reach - number, shown + reach - number)
            if number < reach and not exact:
                ends = -number, reach - number
            rows.append(slope)
            low.append(ends[0])
            high.append(ends[1])
    ties = np.vstack([rows, -np.array(rows)])
    limits = np.concatenate([high, -np.array(low)]) + 1e-9

    def values(count: np.ndarray) -> int:
        near = [(-min(w, 8), 8) for w in weights]
        ends = [s * linprog(s * count, A_ub=ties, b_ub=limits, bounds=near).fun for s in (1, -1)]
        return int(np.floor(ends[1] + 1e-6) - np.ceil(ends[0] - 1e-6)) + 1

    rare = np.flatnonzero((weights > 0) & (weights < THRESHOLD))
    return [values(margin) for margin in MARGINS], [values(np.eye(16)[i]) for i in rare]


def test_two_analyses_of_the_same_variables_narrow_no_margin_down() -> None:
    rng = np.random.default_rng(4)
    answers = np.array([[0.03, 0.9, 0.8, 0.7], [0.02, 0.2, 0.3, 0.6], [0.05, 0.5, 0.1, 0.2]])
    for _ in range(2):
        chances = sum(
            share * np.prod(np.where(BITS, p, 1 - p), 1) for share, p in zip((0.5, 0.3, 0.2), answers, strict=True)
        )
        weights = rng.multinomial(400, chances).astype(float)
        naive = left(weights, (2, 3), exact=True)
        assert max(naive[0]) == 1
        released = left(weights, (2, 3), exact=False)
        alone = left(weights, (), exact=False)
        assert all(now >= min(before, 3) for now, before in zip(released[0], alone[0], strict=True))
        assert min(released[1]) >= 3
