"""Log-rank and Gray's tests of a release, worked out again from its life tables.

Where counts are rounded the released test is that of persons who have the released life tables: within each step of the
grid their events, competing events and censorings are spread evenly (``estimators.survival.grouped_tests``, a choice
that is shared with the pipeline). It is compared digit by digit.

Where nothing is rounded the released test comes from exact times. How far apart may the two be? A chi-square statistic
is the squared length of the score U in the metric of its variance V, so the square roots of two statistics differ by no
more than the length of the difference of their scores (triangle inequality), and by what V differs. Added up are:

- the grid: an event anywhere in its step instead of evenly within it moves the score by at most half of what the shares
  at risk change in that step;
- events after the end of the curves, L of D: they may repeat the effect so far or not, U L/2D, and add chance of L/D of
  the variance (its 99.9% quantile);
- the tail: Gray's variance divides by survival, and where few are left it hangs on single persons. The test is done
  again with curves that go on beyond their end; twice the distance is added.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from family_justice.estimators.parts.arrays import Floats
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.estimators.survival.grouped_tests import Grouped, grouped_test, members_of, of_members
from family_justice.report.recompute.curves import CURVES, Steps

TESTS = ("log_rank_test", "gray_test")


class RankTest(NamedTuple):
    """As the fields of ``recompute.Check``."""

    what: str
    values: int
    verdict: str
    released: str
    made_again: str
    agrees: bool


def of_released(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """The tests of persons who have the released life tables."""
    lines = []
    for row in part.index:
        test = grouped_test([_grouped(curve) for curve in _compared(rows, row)], _is_gray(rows, row)).test
        lines.append([test.statistic, test.df, test.p_value])
    return pd.DataFrame(lines, part.index, ["statistic", "df", "p_value"], dtype=float)


def _compared(rows: pd.DataFrame, row: int) -> list[Steps]:
    mine = rows["measure"].isin(CURVES) & (rows["outcome"] == rows.at[row, "outcome"]) & rows["estimate"].notna()
    return [Steps(curve.sort_values("time")) for _, curve in rows[mine].groupby("group", sort=False)]


def _grouped(curve: Steps) -> Grouped:
    return Grouped(curve.times, curve.events, curve.competing, curve.censored, curve.entered, float(curve.at_end[-1]))


def _is_gray(rows: pd.DataFrame, row: int) -> bool:
    return bool(rows.at[row, "measure"] == "gray_test")


def rank_test(rows: pd.DataFrame, row: int) -> RankTest:
    """Compare a statistic from exact times with that of persons who have the released life tables."""
    line: Any = rows.loc[row]
    released, df, p_value = (float(line[column]) for column in ("statistic", "df", "p_value"))
    what = f"{rows.at[row, 'measure']} of {rows.at[row, 'outcome']}"
    curves, gray = _compared(rows, row), _is_gray(rows, row)
    groups = [_grouped(curve) for curve in curves]
    late = max(float(line["events"]) - sum(float(curve.events.sum()) for curve in curves), 0.0)
    found, longer = grouped_test(groups, gray), of_members(members_of(groups, late), gray)
    again, most = found.test.statistic, len(curves) - 1
    if not df <= most or not math.isclose(p_value, upper_tail(released, int(df)), rel_tol=1e-6, abs_tol=1e-300):
        released_as = f"p {p_value:.3g} on {df:g} df"
        made_again = f"p {upper_tail(released, most):.3g} on {most} df"
        return RankTest(what, 1, "the p value does not follow from the statistic", released_as, made_again, False)
    if found.test.df < df or math.isnan(again):
        return RankTest(what, 1, "not recomputable: the released curves end too early", f"{released:.4g}", "", True)
    roots = [math.sqrt(test.test.statistic) for test in (found, longer) if test.test.statistic >= 0]
    allowed = 2 * (max(roots) - min(roots)) + _allowed(curves, found.variance, gray, late, max(again, released))
    apart = abs(math.sqrt(released) - math.sqrt(again))
    numbers = f"square roots differ by {apart:.2g}, the grid allows {allowed:.2g}"
    verdict = f"{'agrees' if apart <= allowed else 'too far off'}: {numbers}"
    return RankTest(what, 1, verdict, f"{released:.4g}", f"{again:.4g}", apart <= allowed)


def _allowed(curves: list[Steps], variance: Floats, gray: bool, late: float, statistic: float) -> float:
    """Return how far the square roots of the two statistics may be apart."""
    length = max(len(curve.times) for curve in curves)
    new = np.sum([_padded(curve.events, length) for curve in curves], axis=0)
    at_risk = np.stack([_padded(_exposed(curve, gray), length) for curve in curves])
    everybody = np.maximum(at_risk.sum(axis=0), 1.0)
    inverse, seen, root = _inverse(variance), max(float(new.sum()), 1.0), math.sqrt(statistic)
    change = np.diff(at_risk / everybody, axis=1)
    lengths = np.sqrt(np.maximum(((inverse @ change) * change).sum(axis=0), 0.0))
    grid = float((new[1:] * lengths).sum()) / 2
    return grid + root * late / seen / 2 + math.sqrt(late / seen * _quantile(len(curves) - 1))


def _inverse(variance: Floats) -> Floats:
    """The pseudo-inverse over the directions in which there is any variance; Gray's has small negative ones."""
    values, vectors = np.linalg.eigh(variance)
    kept = values > 1e-9 * max(float(values.max()), 1e-12)
    return np.asarray((vectors[:, kept] / values[kept]) @ vectors[:, kept].T)


def _exposed(curve: Steps, gray: bool) -> Floats:
    """Who counts as at risk after each time; for Gray's test those who had a competing event, too, as long as they
    would have been observed: at risk / S, times 1 - F."""
    if not gray:
        return curve.at_end
    table = curve.life_table("cumulative_incidence")
    survival = np.where(table.survival > 0, table.survival, np.inf)
    return np.asarray(curve.at_end / survival * (1 - table.cumulative_incidence[:, 0]))


def _padded(values: Floats, length: int) -> Floats:
    return np.concatenate([values, np.zeros(length - len(values))])


def _quantile(df: int) -> float:
    from scipy.special import chdtri

    return float(chdtri(df, 0.001))
