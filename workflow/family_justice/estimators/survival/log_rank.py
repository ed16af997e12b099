"""The log-rank test of two or more groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, codes, cross_product, follow_up, inner, numbers
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test
from family_justice.estimators.survival.risk_sets import RiskSets


@dataclass(frozen=True)
class LogRank:
    """Observed and expected events of each group (in sorted order of its label) and the test that they agree."""

    groups: np.ndarray
    n: np.ndarray
    observed: Floats
    expected: Floats
    variance: Floats
    test: ChiSquareTest


def log_rank(
    exit: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
) -> LogRank:
    """Test that all groups have the same hazard, within strata if given; equals R ``survdiff`` (rho = 0).

    The variance is the hypergeometric one, so that tied times need no correction. Groups that expect no event are left
    out of the test, as in R; with one group left the statistic is nan. Delayed entry, which ``survdiff`` does not
    have, uses the same sums over (entry, exit] risk sets. The score test of a Cox model differs under ties.
    """
    stop, start = follow_up(exit, entry)
    happened = numbers("event", event, stop.size) > 0
    member, groups = codes("group", group, stop.size)
    stratum, _ = codes("strata", strata, stop.size)
    risk = RiskSets(stop, happened, start, stratum)
    mine = member[risk.order]

    at_risk = risk.sums(((mine == g).astype(np.float64) for g in range(groups.size)), groups.size)
    everybody = at_risk.sum(axis=0)
    deaths = risk.tied.astype(np.float64)
    share = at_risk / everybody
    observed = np.bincount(member[happened], minlength=groups.size).astype(np.float64)
    expected = inner(share, deaths)
    # The last person at risk has no variance: 0/0 there means 0.
    spread = deaths * (everybody - deaths) / np.maximum(everybody - 1, 1)
    variance = np.diag(inner(share, spread)) - cross_product(share, share, spread)

    tested = np.flatnonzero(expected > 0)[1:]
    statistic = np.nan
    if tested.size:
        gap = (observed - expected)[tested]
        statistic = float(gap @ np.linalg.lstsq(variance[np.ix_(tested, tested)], gap, rcond=None)[0])
    return LogRank(
        groups,
        np.bincount(member, minlength=groups.size),
        observed,
        expected,
        variance,
        chi_square_test(statistic, tested.size),
    )
