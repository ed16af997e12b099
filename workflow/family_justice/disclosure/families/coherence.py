"""Whether the values of a row agree with one another: one that contradicts itself does not leave.

Estimates of models are no function of released counts, so nothing else would find a limit that belongs to another
estimate. Every value that follows from others of its row, or of its model, is worked out again:

- Normal or t distribution (``df``): coefficients, effects, shapes, points of a curve, indices, mean times and their
  differences, kappa. Limits are estimate -+ reach * std_error, the statistic is estimate / std_error, and the p value
  its tail.
- Profile of a likelihood (Firth): coefficients with a p value and no statistic. The limits lie on either side of the
  estimate, and leave out 0 exactly if p < 0.05 (to within ``PROFILE``).
- Log-minus-log limits of probabilities on a grid of times, logarithmic ones of mean counts.
- Wilson's limits of percentages, exact Poisson limits of rates, robust ones of rates with a standard error.
- Chi-squared or F distribution: the p value of a test is that of its statistic and df; the second df of an F test are
  those of the coefficients of its model. A likelihood-ratio test is twice the difference of the log-likelihoods.

Results are written to ten significant digits, so values agree to within ``CLOSE`` of a standard error or of themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from family_justice.analyses.model_rows import F_TEST
from family_justice.analyses.rates import PER, limits_of
from family_justice.errors import DisclosureError, report_together
from family_justice.estimators.groups.proportions import wilson
from family_justice.estimators.parts.chi_square import ChiSquareTest, upper_tail
from family_justice.estimators.parts.t_distribution import f_reference, t_reference
from family_justice.estimators.survival.life_table import Z95, log_log_limits
from family_justice.measures import MEASURES, Measure
from family_justice.results import VALUES

CLOSE = 1e-6
#: A search for an end of a profile stops a little off it.
PROFILE = 0.001
_WALD = ("coefficient", "effect", "area_effect", "shape", "curve_point", "curve_summary", "index", "agreement")
_TESTS = ("model_test", "joint_test", "test", "rank_test")
_COUNTS = ("count", "members", "curve_count")
_BOUNDED = ("curve", "share", "agreement", "discrimination", "missing_information", "entropy", "class_share")
_BLOCK = ["analysis", "kind", "cohort", "outcome", "group"]
#: Least and greatest estimate on each scale.
_RANGE, _ANY = {"percent": (0.0, 100.0), "proportion": (0.0, 1.0)}, (-math.inf, math.inf)
_OTHER_LIMITS = "limits are not those of the other values"
Flags = npt.NDArray[np.bool_]


def check_coherence(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` that names kind, measure and values of the rows that contradict themselves."""
    found: Counter[tuple[str, str, str]] = Counter()
    role = frame["measure"].map(lambda measure: MEASURES[measure].role)
    for measure, curve in frame[(role == "curve") & (frame["status"] == "ok")].groupby("measure", sort=False):
        wrong = curve.loc[~_curve_limits_follow(str(measure), curve), "kind"]
        found.update((str(kind), str(measure), _OTHER_LIMITS) for kind in wrong)
    columns = [*_BLOCK, "measure", "term", "status", "note", *VALUES, "n", "total"]
    blocks: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for values in frame.loc[~role.isin(_COUNTS), columns].astype(object).itertuples(index=False, name=None):
        blocks.setdefault(values[: len(_BLOCK)], []).append(dict(zip(columns, values, strict=True)))
    for block in blocks.values():
        second, kind = _second_df(block), str(block[0]["kind"])
        for row in block:
            found.update((kind, str(row["measure"]), problem) for problem in _contradictions(row, second))
        if not _ratio_follows(block):
            found[kind, "likelihood_ratio_test", "statistic is not that of the log-likelihoods"] += 1
    lines = [
        f"{kind}, {measure}: {problem} ({number} row{'s' if number > 1 else ''})"
        for (kind, measure, problem), number in found.items()
    ]
    report_together("results that contradict themselves", lines, DisclosureError)


def _curve_limits_follow(measure: str, curve: pd.DataFrame) -> Flags:
    """Say of each row whether its limits are those of its estimate and standard error."""
    estimate, error, low, high = (curve[name].to_numpy() for name in ("estimate", "std_error", "conf_low", "conf_high"))
    if measure == "mean_cumulative_count":
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            width = np.exp(Z95 * error / estimate)
            lower, upper = estimate / width, estimate * width
    else:
        lower, upper = log_log_limits(estimate, error)
    off = np.maximum(np.abs(low - lower) - CLOSE * np.abs(lower), np.abs(high - upper) - CLOSE * np.abs(upper))
    return ~(off > CLOSE * error)  # what is not there does not contradict


def _second_df(block: list[dict[str, Any]]) -> float:
    """The degrees of freedom of the coefficients of a model; nan if they have none or several."""
    known = {row["df"] for row in block if not (math.isnan(row["std_error"]) or math.isnan(row["df"]))}
    return float(known.pop()) if len(known) == 1 else math.nan


def _contradictions(row: dict[str, Any], second: float) -> Iterator[str]:
    status, measure = row["status"], MEASURES[str(row["measure"])]
    value = {name: float(row[name]) for name in VALUES}
    if status != "ok":
        if status == "not estimable" and not math.isnan(value["estimate"]):
            yield "an estimate that is not estimable"
        if status == "reference" and measure.role in _WALD and value["estimate"] != 0:
            yield "a reference that is not 0"
        return
    wrong = list(_out_of_range(value, measure))
    yield from wrong
    if wrong:
        return
    if measure.role in _TESTS or (measure.role == "index" and measure.scale == "none"):
        yield from _test(value, second if row["note"] == F_TEST else math.inf)
    elif measure.role in _WALD:
        # The upper limit of an agreement ends at that of perfect agreement.
        most = 1.0 if measure.role == "agreement" else math.inf
        yield from _wald(value, measure.role == "coefficient" and math.isnan(value["statistic"]), most)
    else:
        yield from _other_limits(row, value, measure.role)


def _out_of_range(value: dict[str, float], measure: Measure) -> Iterator[str]:
    estimate, error, p_value = value["estimate"], value["std_error"], value["p_value"]
    low, high = value["conf_low"], value["conf_high"]
    if error < 0 or value["df"] <= 0 or p_value < 0 or p_value > 1:
        yield "std_error, df or p_value out of range"
    least, most = _RANGE.get(measure.scale, _ANY) if measure.role in _BOUNDED else _ANY
    if estimate < least - CLOSE or estimate > most + CLOSE:
        yield "estimate out of range"
    if low > high or estimate < low - _near(low, error) or estimate > high + _near(high, error):
        yield "estimate outside its limits"


def _near(value: float, error: float) -> float:
    """How far a value may be off that is known to ten digits and rests on others that are."""
    return CLOSE * ((0.0 if math.isnan(error) else error) + 1e-2 * abs(value)) + 1e-12


def _nan_or(holds: bool, *values: float) -> bool:
    return holds or any(map(math.isnan, values))


def _agree(value: float, expected: float, error: float = 0.0) -> bool:
    return _nan_or(abs(value - expected) <= _near(expected, error), value, expected)


def _same_p(p_value: float, expected: float, statistic: float) -> bool:
    # The tail falls as exp(-z^2 / 2): an error of z in its tenth digit is one of z^2 times that in the tail.
    return _nan_or(abs(p_value - expected) <= CLOSE * (1 + statistic**2) * expected + 1e-300, p_value, expected)


def _wald(value: dict[str, float], is_profile: bool, most: float = math.inf) -> Iterator[str]:
    estimate, error, p_value = value["estimate"], value["std_error"], value["p_value"]
    low, high = value["conf_low"], value["conf_high"]
    if is_profile and not math.isnan(p_value):
        if not low < estimate < high:
            yield "estimate outside its limits"
        elif abs(p_value - 0.05) > PROFILE and (p_value < 0.05) != (low > 0 or high < 0):
            yield "p_value says another thing than the limits"
        return
    if not error > 0:
        if not (math.isnan(value["statistic"]) and math.isnan(p_value)):
            yield "a test without a standard error"
        return
    z = estimate / error
    reach, expected = t_reference(z, math.inf if math.isnan(value["df"]) else value["df"])
    bottom, top = estimate - reach * error, estimate + reach * error
    if not (_agree(low, bottom, error) and (_agree(high, top, error) or _agree(high, min(top, most), error))):
        yield "limits are not those of estimate and std_error"
    if not _agree(value["statistic"], z, 1.0):
        yield "statistic is not estimate / std_error"
    if not _same_p(p_value, expected, z):
        yield "p_value is not that of estimate and std_error"


def _test(value: dict[str, float], second: float) -> Iterator[str]:
    statistic, df = value["statistic"], value["df"]
    if math.isnan(statistic) or math.isnan(df) or math.isnan(second):
        return
    if statistic < 0 or df != round(df):
        yield "statistic or df out of range"
        return
    whole = ChiSquareTest(statistic * (1 if math.isinf(second) else df), int(df), upper_tail(statistic, int(df)))
    if not _same_p(value["p_value"], f_reference(whole, second).p_value, math.sqrt(statistic)):
        yield "p_value is not that of statistic and df"


def _other_limits(row: dict[str, Any], value: dict[str, float], role: str) -> Iterator[str]:
    estimate, error = value["estimate"], value["std_error"]
    expected = (math.nan, math.nan)
    if role == "share" and not (pd.isna(row["n"]) or pd.isna(row["total"])):
        n, total = int(row["n"]), int(row["total"])
        low, high = wilson(n, total)
        expected = 100 * low, 100 * high
        share = n / total if total else math.nan
        if not _agree(error, 100 * math.sqrt(share * (1 - share) / total) if total else math.nan, error):
            yield "std_error is not that of n and total"
    elif role == "rate" and estimate > 0 and not pd.isna(row["n"]):
        events = int(row["n"])
        expected = limits_of(estimate, error, events, PER * events / estimate)
    if not (_agree(value["conf_low"], expected[0], error) and _agree(value["conf_high"], expected[1], error)):
        yield _OTHER_LIMITS


def _ratio_follows(block: list[dict[str, Any]]) -> bool:
    """True unless a likelihood-ratio test is not twice the difference of the two log-likelihoods of its model."""
    fits = {row["term"]: row["estimate"] for row in block if row["measure"] == "log_likelihood"}
    tests = [row["statistic"] for row in block if row["measure"] == "likelihood_ratio_test" and row["term"] == "all"]
    if len(tests) != 1 or not {"fitted", "without_covariates"} <= set(fits):
        return True
    twice = 2 * (fits["fitted"] - fits["without_covariates"])
    return _nan_or(abs(tests[0] - twice) <= CLOSE * (1 + abs(fits["fitted"])), tests[0], twice)
