"""To how many digits estimates, their standard errors and tests are shown.

A p value is a function of the short estimate and its short standard error, and no more precise than these: it is shown
in steps of what half a step of the estimate, either way, changes it by, and never on the other side of 0.05 than the
interval beside it.

A marginal effect is its coefficient seen on another scale. The coefficient is moved twice: as rounding moves the counts
of its level, and to the next of its steps. The first the effect has from the same counts (``rounding_shift``); the
second is passed on to it, in standard errors. Of the two steps about it, the effect is shown at the one whose interval
says of no effect what that of the coefficient says, if only one does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import pandas as pd

from family_justice.analyses.model_rows import F_TEST
from family_justice.disclosure.result_frame import real
from family_justice.disclosure.rounding_shift import Shift
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.estimators.parts.t_distribution import t_reference
from family_justice.measures import MEASURES

# Estimates are shown in steps of at most a tenth of their standard error, standard errors of a fiftieth: the estimate
# is off by a twentieth of a standard error at most, the width of the interval by one percent, besides what rounding
# the counts moves them. Where a level has several estimates (a ratio and a marginal effect, or two models of one
# outcome) all are shown in steps twice as wide: adjusted for a further covariate they are not those of the rounded
# counts, and together they tell more than one of them. In matched sets with a single coefficient all rests on two
# numbers, of pairs discordant in one way and in the other: its steps are half its standard error, those of the error
# a fifth. In the usual steps two of three such models would leave a single answer. The odds of an area rest on its two
# counts in the same way, and have the same steps.
_STEPS_PER_STANDARD_ERROR = 10
_STEPS_OF_STANDARD_ERROR = 50
#: Roles of measures that are shown in steps of their standard error.
PARAMETER_ROLES = ("coefficient", "effect", "area_effect", "shape")
_NORMAL, _LEAST_P, _LEVEL = NormalDist(), 1e-12, 0.05


@dataclass(frozen=True)
class Steps:
    """How many times wider than usual the steps of estimates and of standard errors are, and of what degrees of freedom
    are shown as multiples."""

    estimate: int = 1
    error: int = 1
    base: int = 1


@dataclass(frozen=True)
class Stepped:
    """What became of an estimate in its steps: by how many of its standard errors these moved it, and whether its
    interval leaves out 0."""

    by: float
    leaves_out_0: bool


USUAL = Steps()
UNMOVED = Shift()


def reduce_digits(
    frame: pd.DataFrame, row: int, steps: Steps = USUAL, shift: Shift = UNMOVED, beside: Stepped | None = None
) -> Stepped | None:
    """Shorten the values of a row; what can be computed from short values is computed from them.

    ``beside`` is what became of the coefficient that the row is another view of. Returns what became of this one, or
    None for a row that is not shown in steps.
    """
    estimate, error = real(frame, row, "estimate"), real(frame, row, "std_error")
    role = MEASURES[str(frame.at[row, "measure"])].role
    if role in PARAMETER_ROLES or error > 0:
        return _reduce_estimate(frame, row, estimate, error, steps, shift, beside)
    if role in ("model_test", "joint_test") or frame.at[row, "note"] == F_TEST:
        # The statistic of a model with one covariate is its estimate over its standard error, to three digits more
        # than these are shown with. That of an F test tells, beside its p value, the number of clusters.
        frame.at[row, "statistic"] = math.nan
        frame.at[row, "p_value"] = _band(real(frame, row, "p_value"))
    else:
        frame.at[row, "estimate"] = significant(estimate, 2)
        statistic, df = significant(real(frame, row, "statistic"), 3), real(frame, row, "df")
        frame.at[row, "statistic"] = statistic
        if not math.isnan(real(frame, row, "p_value")):
            # From the shortened statistic: a long p value would give the long statistic back.
            exact_p = math.isnan(statistic) or math.isnan(df) or df != round(df)
            frame.at[row, "p_value"] = (
                significant(real(frame, row, "p_value"), 2) if exact_p else upper_tail(statistic, int(df))
            )
    return None


def _reduce_estimate(
    frame: pd.DataFrame, row: int, estimate: float, error: float, steps: Steps, shift: Shift, beside: Stepped | None
) -> Stepped | None:
    """Move and shorten a coefficient and its standard error; limits, statistic and p value follow from the short
    ones."""
    if not error > 0 or math.isnan(estimate):
        # A reference level (0 without a standard error) stays; anything else without one has nothing to go by.
        for column in ("estimate", "conf_low", "conf_high", "statistic", "p_value"):
            frame.at[row, column] = significant(real(frame, row, column), 2)
        return None
    wald = _is_wald(frame, row, estimate, error)
    moved, moved_error = estimate + shift.estimate, shift.of_error(error)
    unit = step_below(steps.estimate * moved_error / _STEPS_PER_STANDARD_ERROR)
    short_error = in_steps(moved_error, step_below(steps.error * moved_error / _STEPS_OF_STANDARD_ERROR))
    df = real(frame, row, "df")
    if not math.isnan(df):
        # A number of clusters, or of what imputation left of the members: rounded down, which widens the interval.
        frame.at[row, "df"] = df = steps.base * math.floor(df / steps.base)
    reach, _ = t_reference(0.0, math.inf if math.isnan(df) else df)
    target = moved if beside is None else moved + beside.by * short_error
    short = in_steps(target, unit)
    if wald and beside is not None:
        short = _agreeing(target, unit, reach * short_error, beside.leaves_out_0)
    for column, sign in (("conf_low", -1), ("conf_high", 1)):
        limit = real(frame, row, column)
        if not math.isnan(limit):
            profile = in_steps(moved + (limit - estimate) * moved_error / error, unit)
            frame.at[row, column] = short + sign * reach * short_error if wald else profile
    if not math.isnan(real(frame, row, "statistic")):
        frame.at[row, "statistic"] = short / short_error
    low, high = real(frame, row, "conf_low"), real(frame, row, "conf_high")
    leaves_out = low > 0 or high < 0
    exact_p = real(frame, row, "p_value")
    if not math.isnan(exact_p):
        z, of = short / short_error, math.inf if math.isnan(df) else df
        if not wald:
            away = math.copysign(_NORMAL.inv_cdf(1 - max(exact_p, _LEAST_P) / 2), estimate)
            z, of = away + moved / moved_error - estimate / error, math.inf
        p_value = p_in_steps(z, unit / short_error / 2, of)
        known = not (math.isnan(low) or math.isnan(high))
        frame.at[row, "p_value"] = (min if leaves_out else max)(p_value, _LEVEL) if known else p_value
    frame.at[row, "estimate"], frame.at[row, "std_error"] = short, short_error
    return Stepped((short - moved) / short_error, leaves_out)


def _agreeing(target: float, unit: float, reach: float, leaves_out_0: bool) -> float:
    """Return the nearest of the two steps about ``target`` whose interval leaves out 0 or does not, as wanted; the
    nearest, if neither does."""
    near = in_steps(target, unit)
    other = near + math.copysign(unit, target - near)
    return next((short for short in (near, other) if (abs(short) > reach) == leaves_out_0), near)


def p_in_steps(statistic: float, half: float, df: float = math.inf) -> float:
    """Return the two-sided p value of a statistic that may be off by ``half``, in steps of what that changes; anything
    below 0.001 as half of that."""
    size = abs(statistic)
    p_value, most, least = (t_reference(z, df)[1] for z in (size, max(size - half, 0.0), size + half))
    if p_value < 0.001:
        return _band(p_value)
    step = step_below(most - least)
    return min(max(in_steps(p_value, step), step), 1.0)


def _is_wald(frame: pd.DataFrame, row: int, estimate: float, error: float) -> bool:
    df, limits = real(frame, row, "df"), (real(frame, row, "conf_low"), real(frame, row, "conf_high"))
    reach, _ = t_reference(0.0, math.inf if math.isnan(df) else df)
    expected = (estimate - reach * error, estimate + reach * error)
    return all(math.isnan(a) or abs(a - b) < 0.01 * error for a, b in zip(limits, expected, strict=True))


def in_steps(value: float, step: float) -> float:
    """Round to a multiple of ``step``; what is left of the search for an estimate does not decide a tie. A limit that
    the search for a profile did not reach stays infinite."""
    if not math.isfinite(value):
        return value
    return step * round(round(value / step, 6))


def step_below(value: float) -> float:
    """Return the greatest of 1, 2, 5 times a power of ten that is not above ``value``."""
    power = 10.0 ** math.floor(math.log10(value))
    return max((factor * power for factor in (1, 2, 5) if factor * power <= value * (1 + 1e-9)), default=power)


def significant(value: float, digits: int) -> float:
    """Round to so many significant digits; nan, infinity and zero stay."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _band(p_value: float) -> float:
    """Return a p value to one digit, and anything below 0.001 as half of that."""
    return 0.0005 if p_value < 0.001 else significant(p_value, 1)
