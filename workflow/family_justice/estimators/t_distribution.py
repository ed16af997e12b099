"""Student's t distribution as the reference of an estimate."""

from __future__ import annotations

import math

from family_justice.estimators.life_table import Z95


def t_reference(statistic: float, df: float) -> tuple[float, float]:
    """Return how many standard errors a 95% interval reaches, and the two-sided p value of ``statistic``, under the t
    distribution with ``df`` degrees of freedom (infinity: the normal distribution)."""
    if math.isinf(df):
        return Z95, math.erfc(abs(statistic) / math.sqrt(2))
    from scipy.special import stdtr, stdtrit

    return float(stdtrit(df, 0.975)), float(2 * stdtr(df, -abs(statistic)))
