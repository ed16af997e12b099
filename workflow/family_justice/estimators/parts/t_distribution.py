"""Student's t distribution as the reference of an estimate, and the F distribution as that of a joint test."""

from __future__ import annotations

import math

from family_justice.estimators.parts.chi_square import ChiSquareTest
from family_justice.estimators.survival.life_table import Z95


def t_reference(statistic: float, df: float) -> tuple[float, float]:
    """Return how many standard errors a 95% interval reaches, and the two-sided p value of ``statistic``, under the t
    distribution with ``df`` degrees of freedom (infinity: the normal distribution)."""
    if math.isinf(df):
        return Z95, math.erfc(abs(statistic) / math.sqrt(2))
    from scipy.special import stdtr, stdtrit

    return float(stdtrit(df, 0.975)), float(2 * stdtr(df, -abs(statistic)))


def f_reference(test: ChiSquareTest, df: float) -> ChiSquareTest:
    """Return a Wald test of q coefficients as W/q beside the F distribution with q and ``df`` degrees of freedom
    (infinity: the test as it is).

    With one coefficient this is the square of its t test. With ``df`` one less than there are clusters, as SAS
    ``SURVEYREG`` (support.sas.com/documentation/cdl/en/statug/63033/HTML/default/statug_surveyreg_a0000000260.htm) and
    R ``clubSandwich::Wald_test(test = "Naive-F")``.
    """
    if math.isinf(df) or not test.df:
        return test
    from scipy.special import fdtrc

    statistic = test.statistic / test.df
    return ChiSquareTest(statistic, test.df, float(fdtrc(test.df, df, statistic)))
