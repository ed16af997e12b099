"""The risk of an event by a time, read from a curve, and its difference between groups."""

from __future__ import annotations

import math
from typing import NamedTuple

from family_justice.estimators.survival.life_table import Z95, Curve


class Risk(NamedTuple):
    """The probability of the event by a time and its standard error."""

    estimate: float
    std_error: float


class RiskDifference(NamedTuple):
    """A difference of two risks (a proportion, -1 to 1) with its standard error and 95% limits: nan where one of the
    risks has an error of zero (nobody had the event, or everybody), which says nothing of precision."""

    estimate: float
    std_error: float
    low: float
    high: float


def risk_at(curve: Curve, time: float) -> Risk:
    """Return the cumulative incidence F(t), or 1 - S(t) of a survival curve, with the standard error of the curve.

    Beyond the last time of the curve its last value holds; whether to show it is the caller's decision.
    """
    value = curve.at([time])
    estimate = float(value.estimate[0])
    return Risk(estimate if curve.start == 0 else 1 - estimate, float(value.std_error[0]))


def risk_difference(first: Risk, second: Risk) -> RiskDifference:
    """Return first - second for two independent groups: the standard error is sqrt(se1^2 + se2^2), the limits are
    Wald's (Klein et al. 2007, Stat Med 26, 4505-4519, who compare this and other tests at a fixed time)."""
    estimate = first.estimate - second.estimate
    known = first.std_error > 0 and second.std_error > 0
    error = math.hypot(first.std_error, second.std_error) if known else math.nan
    return RiskDifference(estimate, error, estimate - Z95 * error, estimate + Z95 * error)
