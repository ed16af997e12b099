"""Gray's test of two or more cumulative incidence curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, Ints, codes, follow_up, numbers
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test


@dataclass(frozen=True)
class GrayTest:
    """Score of each group (in sorted order of its label), its covariance matrix, and the test that all are zero.

    A positive score says that the group had more of the event than the pooled subdistribution hazard gives it.
    """

    groups: np.ndarray
    n: np.ndarray
    score: Floats
    variance: Floats
    test: ChiSquareTest


def gray_test(
    exit: ArrayLike, cause: ArrayLike, group: ArrayLike, of: int = 1, strata: ArrayLike | None = None
) -> GrayTest:
    """Test that the cumulative incidence of cause ``of`` is the same in all groups, within strata if given.

    ``exit`` (n,) is the time of leaving, ``cause`` (n,) 0 for censored and positive for events; every cause other than
    ``of`` competes. Gray (1988), Annals of Statistics 16, 1141-1154, with rho = 0; equals R ``cmprsk::cuminc``. There
    is no delayed entry in it. With one group, or a combination of groups without variance, the statistic is nan.
    Raises ``ValueError`` for missing times or causes and unequal lengths.
    """
    stop, _ = follow_up(exit, None)
    n = stop.size
    happened = numbers("cause", cause, n)
    kind = np.where(happened == 0, 0, np.where(happened == of, 1, 2))
    member, groups = codes("group", group, n)
    stratum, labels = codes("strata", strata, n)
    count = groups.size
    score, variance = np.zeros(count), np.zeros((count, count))
    for s in range(labels.size):
        inside = stratum == s if labels.size > 1 else slice(None)
        u, v = _stratum(stop[inside], kind[inside], member[inside], count)
        score, variance = score + u, variance + v

    used = slice(0, count - 1)  # scores add up to zero over the groups
    statistic, free = np.nan, variance[used, used]
    if count > 1 and np.linalg.matrix_rank(free) == count - 1:
        statistic = float(score[used] @ np.linalg.solve(free, score[used]))
    return GrayTest(
        groups, np.bincount(member, minlength=count), score, variance, chi_square_test(statistic, count - 1)
    )


def _stratum(stop: Floats, kind: Ints, member: Ints, count: int) -> tuple[Floats, Floats]:
    """Return the scores (G,) and their covariance matrix (G, G) in one stratum.

    With S the Kaplan-Meier curve of a group for all causes, R = n/S(t-) stands for the persons at risk in the absence
    of competing events, and d = sum of events / sum of R is the increment of the pooled incidence F. The score is
    that of a log-rank test whose risk sets are R (1 - F_g(t-)).
    """
    times, position = np.unique(stop, return_inverse=True)
    k = times.size
    counts = np.bincount((position * count + member) * 3 + kind, minlength=k * count * 3).reshape(k, count, 3)
    at_risk = np.cumsum(counts.sum(axis=2)[::-1], axis=0)[::-1].astype(np.float64)
    moved = counts[:, :, 1:].any(axis=(1, 2))
    n, own, other = at_risk[moved], counts[moved, :, 1].astype(np.float64), counts[moved, :, 2].astype(np.float64)
    present = n > 0
    safe = np.where(present, n, 1.0)

    after = np.cumprod(1 - (own + other) / safe, axis=0)  # S(t) of each group
    before = np.concatenate([np.ones((1, count)), after[:-1]])
    alive = present & (before > 0)
    held = np.where(alive, before, 1.0)
    incidence = np.cumsum(held * own / safe * alive, axis=0)
    incidence_before = np.concatenate([np.zeros((1, count)), incidence[:-1]])
    weight = np.where(alive, n / held, 0.0)
    total = weight.sum(axis=1)
    deaths = own.sum(axis=1)
    exposed = weight * (1 - incidence_before)
    score = (own - (deaths / exposed.sum(axis=1))[:, None] * exposed).sum(axis=0)

    increment = deaths / total
    pooled = np.cumsum(increment)
    remaining = 1 - (pooled - increment)  # 1 - F(t-)
    share = weight / total[:, None]
    # How an event in group h at t moves the score of group g: at once, and through F_g later.
    at_once = weight[:, :, None] * (np.eye(count) - share[:, None, :])
    hazard = np.divide(increment, remaining, out=np.zeros_like(increment), where=remaining > 0)
    later = np.cumsum(at_once * hazard[:, None, None], axis=0)
    later = later[-1:] - later if len(later) else later

    ratio = np.where(after > 0, (1 - pooled)[:, None] / np.where(after > 0, after, 1.0), 0.0)
    own_effect = at_once + (1 - ratio)[:, None, :] * later
    more = np.broadcast_to(deaths[:, None] - 1, n.shape)
    tied = 1 - np.divide(more, total[:, None] * held - 1, out=np.zeros_like(n), where=alive & (more > 0))
    own_variance = np.where(alive, tied * held * increment[:, None] / safe, 0.0)
    other_effect = ratio[:, None, :] * later
    other_tied = np.where(other > 1, 1 - (other - 1) / np.maximum(n - 1, 1), 1.0)
    other_variance = np.where((after > 0) & present, other_tied * before**2 * other / safe**2, 0.0)
    variance = np.einsum("tgh,tfh,th->gf", own_effect, own_effect, own_variance) + np.einsum(
        "tgh,tfh,th->gf", other_effect, other_effect, other_variance
    )
    return score, variance
