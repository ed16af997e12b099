"""Latent classes of categorical answers, and shares of other things within the classes.

The model (Lazarsfeld and Henry 1968; Goodman 1974, Biometrika 61): a person belongs to class c with probability s_c
and, given the class, answers every variable by itself with the probabilities of that class. The likelihood is maximised
by the EM algorithm from many random starts, as it has local maxima.

Whoever is put into the class that is likeliest for them is sometimes put into a wrong one, which draws what is found of
the classes together. The three-step method of Bolck, Croon and Hagenaars (2004, Political Analysis 12; Vermunt 2010,
Political Analysis 18) gives each member weights that undo this on average: the row of the inverse of the matrix D of
chances, D[k, s] that a member of class k is put into class s, that belongs to the class in which the member was put.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, Ints

#: Starts that end within this of the best log-likelihood reached the same maximum.
SAME_MAXIMUM = 0.01
#: Gain of the log-likelihood in one step at which the search has ended, and the most steps.
_END, _ROUNDS = 1e-9, 20_000
#: Beyond this condition number of the chances of being put right, classes are not told apart.
_WORST = 1e3
_DIGITS = 1e-13  # of a log-likelihood, beyond which a gain is lost in its sum
_LEAST = 1e-300  # in logarithms of probabilities that are 0


@dataclass(frozen=True, eq=False)
class LatentClasses:
    """A fitted model of K classes, the largest first.

    ``shares`` (K,) sum to 1; ``probabilities`` one (K, L) per variable, rows sum to 1. The shares of levels over all
    classes, ``shares @ probabilities[v]``, are exactly those among the members: every step of the algorithm keeps them.
    ``entropy`` is 1 where everybody's class is certain and 0 where nothing is known (Celeux and Soromenho 1996); nan
    for one class. ``reached``: how many of the starts ended at the best log-likelihood.
    """

    classes: int
    n: int
    shares: Floats
    probabilities: list[Floats]
    log_likelihood: float
    parameters: int
    entropy: float
    reached: int
    starts: int
    converged: bool

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return 2 * self.parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian information criterion."""
        return float(np.log(self.n)) * self.parameters - 2 * self.log_likelihood


def answer_patterns(codes: ArrayLike) -> tuple[Ints, Ints]:
    """Return the distinct rows (m, V) of level codes (n, V), in order, and how many members (m,) gave each."""
    patterns, weights = np.unique(np.asarray(codes, dtype=np.int64), axis=0, return_counts=True)
    return patterns, weights.astype(np.int64)


def free_parameters(classes: int, levels: list[int]) -> int:
    """Return the number of parameters of a model of variables with so many ``levels``."""
    return classes - 1 + classes * sum(count - 1 for count in levels)


def fit_latent_classes(codes: ArrayLike, levels: list[int], classes: int, seed: int, starts: int) -> LatentClasses:
    """Fit ``classes`` latent classes to level codes (n, V), variable v with codes 0 to ``levels[v]`` - 1.

    Members with the same answers are one row with a weight, so a fit costs the same for a thousand as for a million.
    Levels that nobody has count as no parameters. The same ``seed`` gives the same numbers. Raises ``ValueError`` for
    fewer distinct answers than classes.
    """
    patterns, weights = answer_patterns(codes)
    if len(patterns) < classes:
        raise ValueError("fewer distinct answers than classes")
    present = [np.unique(column) for column in patterns.T]
    places = np.column_stack([np.searchsorted(own, column) for own, column in zip(present, patterns.T, strict=True)])
    indicators = np.hstack([np.eye(len(own))[column] for own, column in zip(present, places.T, strict=True)])
    random = np.random.default_rng(seed)
    found = [_climb(indicators, weights, random.dirichlet(np.ones(classes), len(patterns))) for _ in range(starts)]
    log_likelihood, converged, shares, answers, posterior = max(found, key=lambda end: end[0])  # of equals the first
    order = np.lexsort([*answers.T[::-1], -shares])
    probabilities = []
    for own, size, answer in zip(
        present, levels, np.split(answers, np.cumsum([len(p) for p in present])[:-1], axis=1), strict=True
    ):
        whole = np.zeros((classes, size))
        whole[:, own] = answer[order]
        probabilities.append(whole)
    surprise = -float(weights @ (posterior * np.log(np.maximum(posterior, _LEAST))).sum(axis=1))
    n = int(weights.sum())
    return LatentClasses(
        classes=classes,
        n=n,
        shares=shares[order],
        probabilities=probabilities,
        log_likelihood=log_likelihood,
        parameters=free_parameters(classes, [len(own) for own in present]),
        entropy=float("nan") if classes == 1 else 1 - surprise / (n * float(np.log(classes))),
        reached=sum(end[0] > log_likelihood - SAME_MAXIMUM for end in found),
        starts=starts,
        converged=converged,
    )


def _climb(indicators: Floats, weights: Ints, posterior: Floats) -> tuple[float, bool, Floats, Floats, Floats]:
    """Take EM steps from a posterior (m, K) to the very maximum: thousands, where classes are poorly told apart.

    Returns log-likelihood, whether the end was reached, shares (K,), probabilities (K, all levels), posterior.
    """
    before = -np.inf
    for _ in range(_ROUNDS):
        expected = posterior * weights[:, None]
        sizes = np.maximum(expected.sum(axis=0), _LEAST)  # a class may lose everybody
        shares, answers = sizes / weights.sum(), (expected.T @ indicators) / sizes[:, None]
        joint = np.log(np.maximum(shares, _LEAST)) + indicators @ np.log(np.maximum(answers, _LEAST)).T
        highest = joint.max(axis=1, keepdims=True)
        whole = highest[:, 0] + np.log(np.exp(joint - highest).sum(axis=1))
        log_likelihood, posterior = float(weights @ whole), np.exp(joint - whole[:, None])
        if log_likelihood - before < max(_END, _DIGITS * abs(log_likelihood)):
            return log_likelihood, True, shares, answers, posterior
        before = log_likelihood
    return log_likelihood, False, shares, answers, posterior


def posterior(fit: LatentClasses, codes: ArrayLike) -> Floats:
    """Return the probability (n, K) of each class for members with level codes (n, V)."""
    given = np.asarray(codes, dtype=np.int64)
    joint = np.tile(np.log(np.maximum(fit.shares, _LEAST)), (len(given), 1))
    for answers, column in zip(fit.probabilities, given.T, strict=True):
        joint += np.log(np.maximum(answers, _LEAST))[:, column].T
    likely = np.exp(joint - joint.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def corrected_weights(likely: Floats) -> Floats | None:
    """Return the weight (n, K) of each member in each class that undoes putting members into their likeliest classes.

    ``likely`` (n, K) are the probabilities of classes. The weights of a member sum to 1, and may be negative; those of
    a class sum to its expected number of members. None where classes are not told apart, so that nothing can be undone.
    """
    classes = likely.shape[1]
    put = np.eye(classes)[likely.argmax(axis=1)]
    sizes = likely.sum(axis=0)
    if not (sizes > 0).all():
        return None
    chances = likely.T @ put / sizes[:, None]
    if np.linalg.cond(chances) > _WORST:
        return None
    return np.asarray(put @ np.linalg.inv(chances))


def shares_within(weights: Floats, codes: ArrayLike, levels: int) -> Floats:
    """Return the share (K, L) of each of so many ``levels`` of a variable, with codes (n,), within each class, by
    corrected weights (n, K); negative ones are 0."""
    inside = np.eye(levels)[np.asarray(codes, dtype=np.int64)]
    shares = np.clip(weights.T @ inside / weights.sum(axis=0)[:, None], 0, None)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
