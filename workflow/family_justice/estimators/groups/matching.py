"""Matched comparisons: exact and nearest-neighbour matching with a fixed ratio, and balance. Matching on an index date,
where who may be chosen hangs on the day, is in ``index_date``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, codes, design_matrix, numbers


@dataclass(frozen=True, eq=False)
class Matched:
    """``sets`` (n,) number of the matched set of every row, -1 for rows in none. ``found`` (cases,) comparisons found
    for each case, ``status`` (cases,) ``ok``, ``fewer than asked`` or ``none``; cases in the order of the rows. A case
    without comparisons is in no set."""

    sets: Ints
    cases: Ints  # rows that are cases
    found: Ints
    status: list[str]

    @property
    def complete(self) -> bool:
        """True if every case has as many comparisons as asked for."""
        return all(status == "ok" for status in self.status)


def match_exact(case: ArrayLike, key: ArrayLike, ratio: int = 1, seed: int = 0) -> Matched:
    """Draw ``ratio`` comparisons for every case from the rows with the same key: without replacement, at random.

    ``case`` (n,) 0/1, ``key`` (n,) labels of any kind (join several characteristics to one label). Where a key has too
    few comparisons they go round: every case gets one before any gets two, in a random order of the cases. The same
    seed gives the same sets; each key draws from a stream of its own, so that other keys do not change its sets.
    """
    treated, ratio = numbers("case", case) > 0, _whole(ratio)
    stratum, labels = codes("key", key, treated.size)
    order = np.argsort(stratum, kind="stable")
    ends = np.searchsorted(stratum[order], np.arange(labels.size + 1))
    sets = np.full(treated.size, -1, dtype=np.int64)
    names = np.cumsum(treated) - 1
    for s in range(labels.size):
        members = order[ends[s] : ends[s + 1]]
        cases, others = members[treated[members]], members[~treated[members]]
        if not cases.size or not others.size:
            continue
        draw = np.random.default_rng([seed, s])
        cases, others = draw.permutation(cases), draw.permutation(others)[: cases.size * ratio]
        sets[others] = names[np.resize(cases, others.size)]
    return _matched(sets, treated, ratio)


def match_nearest(
    case: ArrayLike, distance: ArrayLike, ratio: int = 1, caliper: float = np.inf, key: ArrayLike | None = None
) -> Matched:
    """Give every case the ``ratio`` comparisons nearest in ``distance`` (n,), without replacement, within ``caliper``.

    ``distance`` is one number per row, usually the logit of a propensity score. Greedy: in every round each case takes
    one comparison, cases with the largest score first; of two comparisons equally near, the one with the larger score.
    ``key`` (n,) restricts the choice to rows with the same label.
    """
    treated, ratio = numbers("case", case) > 0, _whole(ratio)
    score = numbers("distance", distance, treated.size)
    stratum, labels = codes("key", key, treated.size)
    sets = np.full(treated.size, -1, dtype=np.int64)
    names = np.cumsum(treated) - 1
    for s in range(labels.size):
        members = np.flatnonzero(stratum == s)
        cases, others = members[treated[members]], members[~treated[members]]
        cases, others = cases[np.lexsort((cases, -score[cases]))], others[np.argsort(score[others], kind="stable")]
        values, count = score[others], others.size
        # Next free position at or above j, and one more than the next free one below j: taken ones are jumped over.
        above, below = list(range(count + 1)), list(range(count + 1))
        for _ in range(ratio):
            for row in cases:
                at = int(np.searchsorted(values, score[row]))
                up, down = _free(above, at), _free(below, at) - 1
                rise = values[up] - score[row] if up < count else np.inf
                fall = score[row] - values[down] if down >= 0 else np.inf
                chosen, gap = (up, rise) if rise <= fall else (down, fall)
                if np.isfinite(gap) and gap <= caliper:
                    sets[others[chosen]] = names[row]
                    above[chosen], below[chosen + 1] = chosen + 1, chosen
    return _matched(sets, treated, ratio)


def _free(pointers: list[int], at: int) -> int:
    while pointers[at] != at:
        pointers[at] = pointers[pointers[at]]
        at = pointers[at]
    return at


def _whole(ratio: int) -> int:
    if ratio != int(ratio) or ratio < 1:
        raise ValueError("ratio must be a whole number of at least 1")
    return int(ratio)


def _matched(sets: Ints, treated: NDArray[np.bool_], ratio: int) -> Matched:
    cases = np.flatnonzero(treated)
    found = np.bincount(sets[sets >= 0], minlength=cases.size)
    sets[cases] = np.where(found > 0, np.arange(cases.size), -1)
    status = ["ok" if k == ratio else "fewer than asked" if k else "none" for k in found]
    return Matched(sets, cases, found, status)


@dataclass(frozen=True, eq=False)
class Balance:
    """One position per column: means of cases and comparisons and standardised differences, before and after."""

    mean_cases: Floats
    mean_others: Floats
    difference: Floats
    matched_mean_cases: Floats
    matched_mean_others: Floats
    matched_difference: Floats


def comparison_weights(case: ArrayLike, sets: ArrayLike) -> Floats:
    """Return (n,) weights that make every set count once: 1 for a case, 1 over the number of comparisons in its set for
    a comparison, 0 in no set (``sets`` -1). R ``MatchIt`` has the same up to a factor for all comparisons."""
    treated, member = numbers("case", case) > 0, numbers("sets", sets).astype(np.int64)
    weight = (member >= 0).astype(np.float64)
    others = (member >= 0) & ~treated
    if others.any():
        weight[others] = 1 / np.bincount(member[others])[member[others]]
    return weight


def balance(case: ArrayLike, covariates: ArrayLike, sets: ArrayLike) -> Balance:
    """Return standardised differences of the columns of ``covariates`` (n, p) before and after matching.

    Difference of means over sqrt((variance of cases + variance of comparisons)/2) (Austin 2009, Statistics in Medicine
    28); after matching over the same denominator, so that only the means can improve, and with every set counting
    once. nan for a column that does not vary and where nobody is matched.
    """
    treated = numbers("case", case) > 0
    x = design_matrix(covariates, treated.size)
    member = numbers("sets", sets, treated.size).astype(np.int64)
    p = x.shape[1]
    means = [x[group].mean(axis=0) if group.any() else np.full(p, np.nan) for group in (treated, ~treated)]
    spread = sum(x[g].var(axis=0, ddof=1) if g.sum() > 1 else np.full(p, np.nan) for g in (treated, ~treated))
    unit = np.sqrt(np.asarray(spread) / 2)
    others = (member >= 0) & ~treated
    weight = comparison_weights(treated, member)[others]
    inside = treated & (member >= 0)
    after = [np.full(p, np.nan), np.full(p, np.nan)]
    if inside.any() and others.any():
        after = [x[inside].mean(axis=0), np.average(x[others], axis=0, weights=weight)]
    with np.errstate(divide="ignore", invalid="ignore"):
        before, matched = ((a - b) / np.where(unit > 0, unit, np.nan) for a, b in (means, after))
    return Balance(means[0], means[1], before, after[0], after[1], matched)
