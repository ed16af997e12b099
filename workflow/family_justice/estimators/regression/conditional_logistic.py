"""Logistic regression within matched sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, binary, codes, design_matrix
from family_justice.estimators.parts.newton import maximise


@dataclass(frozen=True, eq=False)
class ConditionalFit:
    """A fitted conditional logistic model with p columns; what is not estimable is nan and named in ``reasons``."""

    coef: Floats  # (p,) log odds ratios
    variance: Floats  # (p, p) inverse information
    loglik: tuple[float, float]  # all coefficients zero, fitted
    n: int  # rows in sets with both outcomes
    n_events: int
    n_sets: int  # sets with both outcomes; others say nothing
    iterations: int
    converged: bool
    estimable: NDArray[np.bool_]
    reasons: dict[int, str]

    @property
    def std_error(self) -> Floats:
        """Standard errors (p,)."""
        return np.sqrt(np.diag(self.variance))


def fit_conditional_logistic(
    outcome: ArrayLike, covariates: ArrayLike, sets: ArrayLike, max_iter: int = 50
) -> ConditionalFit:
    """Fit the logistic model given the number of cases in every set: ``outcome`` (n,) 0/1, ``sets`` (n,) labels.

    The exact conditional likelihood, equal to R ``survival::clogit(method = "exact")``: for a set with d cases,
    exp(sum of their x b) over the sum of the same for all subsets of d rows. The sums over subsets and their
    derivatives come from the recursion of Gail, Lubin and Rubinstein (1981, Biometrika 68): one more row with weight
    w changes B_k to B_k + w B_{k-1}. Sets without cases or without others, and rows with set -1 (``Matched``), say
    nothing and are left out.

    Pairs whose only covariate is 1 for the case alone in b pairs and for the comparison alone in c: log odds ratio
    log(b/c), variance 1/b + 1/c.

    Raises ``ValueError`` for missing values, unequal lengths and outcomes other than 0 and 1.
    """
    y = binary("outcome", outcome)
    design = design_matrix(covariates, y.size)
    member, labels = codes("sets", sets, y.size)
    cases, sizes = (np.bincount(member, weights=w, minlength=labels.size) for w in (y, None))
    informative = (cases > 0) & (cases < sizes) & (labels.astype(str) != "-1")
    rows = np.flatnonzero(informative[member])
    rows = rows[np.argsort(member[rows], kind="stable")]
    y, x, names = y[rows], design[rows], np.unique(member[rows], return_inverse=True)[1]
    count, p = int(informative.sum()), design.shape[1]

    x, scale, span = _within_sets(x, names, count)
    why = "constant within every set" if count else "no set has both outcomes"
    reasons = {int(j): why for j in np.flatnonzero(span == 0)}
    blocks = _blocks(y, x, names, count)

    def objective(beta: Floats) -> tuple[float, Floats, Floats]:
        loglik, score, information = 0.0, np.zeros(p), np.zeros((p, p))
        for block in blocks:
            part = block.likelihood(beta)
            loglik, score, information = loglik + part[0], score + part[1], information + part[2]
        return loglik, score, information

    top = maximise(objective, np.zeros(p), span, float(max(y.sum(), 1)), reasons, max_iter)
    return ConditionalFit(
        coef=np.where(top.estimable, top.parameters / scale, np.nan),
        variance=top.variance / np.outer(scale, scale),
        loglik=(top.loglik_start, top.loglik),
        n=y.size,
        n_events=int(y.sum()),
        n_sets=count,
        iterations=top.iterations,
        converged=top.converged,
        estimable=top.estimable,
        reasons=top.reasons,
    )


def _within_sets(design: Floats, names: Ints, count: int) -> tuple[Floats, Floats, Floats]:
    """Return columns (n, p) less the mean of their set (only differences within sets matter), their scale and range:
    zero with range zero where nothing varies."""
    p = design.shape[1]
    x, scale, span = np.zeros(design.shape), np.ones(p), np.zeros(p)
    size = np.bincount(names, minlength=count)
    for j, column in enumerate(design.T if count else []):
        within = column - (np.bincount(names, weights=column, minlength=count) / size)[names]
        if np.abs(within).max() > 1e-12 * max(np.abs(column).max(), 1):
            scale[j] = within.std()
            span[j] = float(np.ptp(within)) / scale[j]
            x[:, j] = within / scale[j]
    return x, scale, span


@dataclass(frozen=True, eq=False)
class _Block:
    """Sets with the same number of rows m and of cases d: x (sets, m, p), cases summed over x (sets, p)."""

    x: Floats
    case_sum: Floats
    d: int

    def likelihood(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient and the information.

        The sums over subsets overflow, or vanish, in large sets. With the weights w times a number for each set, so
        chosen that the chances q = w/(1 + w) add up to about d, the sum over subsets of k rows is the product of all
        1 + w times the probability that k of independent rows with chances q are cases: that of d is not small, and
        no weight for all rows of a set changes the likelihood.
        """
        sets, m, p = self.x.shape
        eta = self.x @ beta
        if not np.isfinite(eta).all():  # so far out is no step to take
            return -np.inf, np.full(p, np.nan), np.full((p, p), np.nan)
        shift = _shift(eta, self.d)
        q = 1 / (1 + np.exp(-(eta + shift[:, None])))
        b = np.zeros((self.d + 1, sets))
        g = np.zeros((self.d + 1, sets, p))
        h = np.zeros((self.d + 1, sets, p, p))
        b[0] = 1.0
        for i in range(m):
            x, yes = self.x[:, i], q[:, i]
            no, top = 1 - yes, min(i + 1, self.d)
            below, at = slice(0, top), slice(1, top + 1)
            cross = x[:, :, None] * g[below][:, :, None, :]
            square = x[:, :, None] * x[:, None, :] * b[below][:, :, None, None]
            more_h = yes[:, None, None] * (h[below] + cross + cross.transpose(0, 1, 3, 2) + square)
            more_g = yes[:, None] * (g[below] + x * b[below][:, :, None])
            more_b = yes * b[below]
            upto = slice(0, top + 1)
            h[upto] *= no[:, None, None]
            g[upto] *= no[:, None]
            b[upto] *= no
            h[at] += more_h
            g[at] += more_g
            b[at] += more_b
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = g[self.d] / b[self.d][:, None]
            total = np.logaddexp(0.0, eta + shift[:, None]).sum(axis=1) + np.log(b[self.d]) - self.d * shift
            spread = (h[self.d] / b[self.d][:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
        return float((self.case_sum @ beta - total).sum()), (self.case_sum - mean).sum(axis=0), spread


def _shift(eta: Floats, d: int) -> Floats:
    """Return (sets,): what to add to eta (sets, m) so that the sum of 1/(1 + exp(-eta)) over rows is about d."""
    m = eta.shape[1]
    even = np.log(d / (m - d))
    low, high = even - eta.max(axis=1), even - eta.min(axis=1)
    for _ in range(12):
        middle = (low + high) / 2
        under = (1 / (1 + np.exp(-(eta + middle[:, None])))).sum(axis=1) < d
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return (low + high) / 2


def _blocks(y: Floats, x: Floats, names: Ints, count: int) -> list[_Block]:
    """Rows stand set by set; sets of the same shape are taken together, some thousands at a time."""
    size, cases = np.bincount(names, minlength=count), np.bincount(names, weights=y, minlength=count).astype(int)
    first = np.concatenate([[0], np.cumsum(size)[:-1]]) if count else np.zeros(0, dtype=np.int64)
    p = x.shape[1]
    blocks = []
    for m, d in sorted(set(zip(size.tolist(), cases.tolist(), strict=True))):
        same = np.flatnonzero((size == m) & (cases == d))
        step = max(4_000_000 // ((d + 1) * max(p * p, 1)), 1)
        for low in range(0, same.size, step):
            rows = first[same[low : low + step]][:, None] + np.arange(m)
            blocks.append(_Block(x[rows], (x[rows] * y[rows][:, :, None]).sum(axis=1), d))
    return blocks
