"""Latent classes of categorical answers, by StepMix.

The model (Lazarsfeld and Henry 1968; Goodman 1974, Biometrika 61): a person belongs to class c with probability s_c
and, given the class, answers every variable by itself with the probabilities of that class. The likelihood is maximised
by the EM algorithm from many random starts, as it has local maxima.

StepMix (Morin and others 2025, Journal of Statistical Software 113) is an extra of this project and imported only here.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from family_justice.errors import ConfigError
from family_justice.estimators.parts.arrays import Floats, Ints

#: Starts that end within this of the best log-likelihood reached the same maximum.
SAME_MAXIMUM = 0.01
#: Gain of the log-likelihood in one step at which the search comes near its end, and at which it has ended.
_NEAR, _END = 1e-3, 1e-9
_ROUNDS_NEAR, _ROUNDS = 500, 20_000
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
    Levels that nobody has count as no parameters. The same ``seed`` gives the same numbers. Raises ``ConfigError`` if
    StepMix is not installed and ``ValueError`` for fewer distinct answers than classes.
    """
    patterns, weights = answer_patterns(codes)
    if len(patterns) < classes:
        raise ValueError("fewer distinct answers than classes")
    present = [np.unique(column) for column in patterns.T]
    places = np.column_stack([np.searchsorted(own, column) for own, column in zip(present, patterns.T, strict=True)])
    indicators = np.hstack([np.eye(len(own))[column] for own, column in zip(present, places.T, strict=True)])
    stepmix, threads = _engine()
    # One thread: the order of sums, and so the last digit, must not depend on the machine's cores.
    with threads.threadpool_limits(1):
        found = [
            _climb(indicators, weights, _search(stepmix, places, weights, classes, int(start)))
            for start in np.random.SeedSequence(seed).generate_state(starts)
        ]
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


def _search(stepmix: Any, places: Ints, weights: Ints, classes: int, start: int) -> Floats:
    """Return the posterior (m, K) of every pattern near a maximum of the likelihood."""
    model = stepmix.StepMix(
        n_components=classes, measurement="categorical", n_init=1, random_state=start,
        abs_tol=_NEAR / float(weights.sum()), rel_tol=0.0, max_iter=_ROUNDS_NEAR, verbose=0, progress_bar=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged yet
        model.fit(places.astype(np.float64), sample_weight=weights.astype(np.float64))
    return np.asarray(model.predict_proba(places.astype(np.float64)))


def _climb(indicators: Floats, weights: Ints, posterior: Floats) -> tuple[float, bool, Floats, Floats, Floats]:
    """Take EM steps from a posterior (m, K) to the very maximum.

    The last digits need thousands of steps where classes are poorly told apart, and StepMix takes a millisecond for
    each. Returns log-likelihood, whether the end was reached, shares (K,), probabilities (K, all levels), posterior.
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


def _engine() -> tuple[Any, Any]:
    try:
        import threadpoolctl
        from stepmix import stepmix
    except ImportError:
        raise ConfigError(
            "latent_classes: StepMix is not installed. Install it: "
            "pip install --require-hashes -r requirements-extras.lock (package stepmix)"
        ) from None
    return stepmix, threadpoolctl
