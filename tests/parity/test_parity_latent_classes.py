"""Latent classes against R's poLCA, as published, and against the algorithm written out.

The data are 118 slides judged by seven pathologists for carcinoma of the cervix (Landis and Koch 1977, Biometrics 33;
Agresti 2002, Categorical Data Analysis, table 13.1). The values are those that poLCA prints for them: Linzer and Lewis
2011, Journal of Statistical Software 42(10), section 5.1, https://doi.org/10.18637/jss.v042.i10.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.groups.latent_classes import (
    corrected_weights,
    fit_latent_classes,
    posterior,
    shares_within,
)

PATTERNS = {
    "0000000": 34, "0000100": 2, "0100000": 6, "0100001": 1, "0100100": 4, "0100101": 5, "1000000": 2, "1010101": 1,
    "1100000": 2, "1100001": 1, "1100100": 2, "1100101": 7, "1100111": 1, "1101001": 1, "1101101": 2, "1101111": 3,
    "1110101": 13, "1110111": 5, "1111101": 10, "1111111": 16,
}  # fmt: skip
SLIDES = np.array([[int(letter) for letter in pattern] for pattern, n in PATTERNS.items() for _ in range(n)])


@pytest.mark.parametrize(
    ("classes", "log_likelihood", "aic", "bic"),
    [(2, -317.2568, 664.5137, 706.0739), (3, -293.705, 633.41, 697.1357), (4, -289.2858, 640.5717, 726.4629)],
)
def test_the_fit_is_that_of_polca(classes: int, log_likelihood: float, aic: float, bic: float) -> None:
    fit = fit_latent_classes(SLIDES, [2] * 7, classes, seed=1, starts=10)
    assert fit.n == 118
    # Published to four decimals.
    assert_allclose([fit.log_likelihood, fit.aic, fit.bic], [log_likelihood, aic, bic], atol=5.1e-5)


def test_shares_and_answers_are_those_of_polca() -> None:
    fit = fit_latent_classes(SLIDES, [2] * 7, 3, seed=1, starts=10)
    assert_allclose(fit.shares, [0.4447, 0.3736, 0.1817], atol=5.1e-5)
    assert_allclose(fit.probabilities[0][2, 1], 0.5128, atol=5.1e-5)  # rater A, the slides that raters disagree on
    assert_allclose(fit.probabilities[2][0, 1], 0.8575, atol=5.1e-5)  # rater C, the slides with carcinoma


def by_hand(codes: np.ndarray, levels: list[int], shares: np.ndarray, answers: list[np.ndarray]) -> float:
    """Run the EM algorithm member by member from the given values to its end; return the log-likelihood."""
    before = -np.inf
    for _ in range(100_000):
        joint = np.tile(shares, (len(codes), 1))
        for v, own in enumerate(answers):
            joint *= own[:, codes[:, v]].T
        whole = joint.sum(axis=1)
        now = float(np.log(whole).sum())
        posterior = joint / whole[:, None]
        shares = posterior.mean(axis=0)
        answers = [
            np.array(
                [[posterior[codes[:, v] == level, c].sum() for level in range(levels[v])] for c in range(len(shares))]
            )
            / posterior.sum(axis=0)[:, None]
            for v in range(len(levels))
        ]
        if now - before < 1e-11:
            break
        before = now
    return now


def test_the_search_ends_where_the_algorithm_written_out_ends() -> None:
    """Variables of two, three and four levels; the best of several starts of the plain algorithm."""
    rng = np.random.default_rng(3)
    levels = [2, 3, 4, 2]
    hidden = rng.choice(2, 600, p=[0.65, 0.35])
    codes = np.empty((600, 4), dtype=int)
    for v, count in enumerate(levels):
        answers = rng.dirichlet(np.ones(count), 2)
        codes[:, v] = [rng.choice(count, p=answers[c]) for c in hidden]
    ends = []
    for _ in range(6):
        start = [rng.dirichlet(np.ones(count), 2) for count in levels]
        ends.append(by_hand(codes, levels, np.array([0.5, 0.5]), start))
    fit = fit_latent_classes(codes, levels, 2, seed=1, starts=10)
    assert_allclose(fit.log_likelihood, max(ends), atol=1e-5)
    # From its own end the plain algorithm gains nothing.
    again = by_hand(codes, levels, fit.shares, fit.probabilities)
    assert again - fit.log_likelihood < 1e-5


def test_the_fit_and_the_three_steps_are_those_of_stepmix() -> None:
    """Likelihood, and the shares of another variable within the classes by the method of Bolck, Croon and Hagenaars."""
    stepmix = pytest.importorskip("stepmix")
    rng = np.random.default_rng(5)
    hidden = rng.choice(2, 3000, p=[0.6, 0.4])
    codes = (rng.random((3000, 4)) < np.array([[0.8] * 4, [0.25] * 4])[hidden]).astype(int)
    other = (rng.random(3000) < np.array([0.7, 0.2])[hidden]).astype(int)
    fit = fit_latent_classes(codes, [2] * 4, 2, seed=1, starts=5)
    theirs = stepmix.StepMix(
        n_components=2, measurement="binary", structural="binary", n_steps=3, correction="BCH", assignment="modal",
        n_init=5, random_state=1, abs_tol=1e-12, rel_tol=0.0, max_iter=5000, verbose=0, progress_bar=0,
    )  # fmt: skip
    theirs.fit(codes.astype(float), other[:, None].astype(float))
    parameters = theirs.get_parameters()
    order = np.argsort(-np.asarray(parameters["weights"]))
    assert_allclose(np.asarray(parameters["weights"])[order], fit.shares, atol=2e-4)
    weights = corrected_weights(posterior(fit, codes))
    assert weights is not None
    structural = np.asarray(parameters["structural"]["pis"]).reshape(-1)[order]
    assert_allclose(shares_within(weights, other, 2)[:, 1], structural, atol=1e-3)
