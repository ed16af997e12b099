"""Log-rank and Gray's tests, computed again from the released life tables of the groups they compare.

The test of two groups with few steps of time is a function of their exact counts: to three digits it singled them out
among those that the rounded ones allow in one of four examples. So no digit of it leaves. What is shown is the test of
persons who have the released life tables, up to the end of each curve.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.families.curve_series import ENTERED, Curve
from family_justice.disclosure.families.rebuild import at_start, new_counts
from family_justice.disclosure.result_frame import count, require_empty, suppress, text
from family_justice.disclosure.rounding import is_open, shown
from family_justice.estimators.survival.grouped_tests import Grouped, grouped_test
from family_justice.results import COUNTS

NOT_TESTED = "the released curves end too early for a test"


def release_rank_tests(frame: pd.DataFrame, rows: pd.Index, curves: list[Curve], policy: Policy) -> None:
    """Write the tests that follow from released curves into ``frame``; a test of a curve that is withheld is withheld.

    Its persons and events are those of the released curves together. Raises ``DisclosureError`` for other values.
    """
    if not len(rows):
        return
    unknown = [column for column in COUNTS if column not in ("n", "events")]
    require_empty(frame.loc[rows], [*unknown, "estimate", "std_error", "conf_low", "conf_high"], "rank tests")
    for row in rows:
        about = (text(frame, row, "analysis"), text(frame, row, "outcome"))
        compared = [curve for curve in curves if (curve.analysis, curve.outcome) == about]
        if not compared or any(curve.suppressed or not curve.length(policy) for curve in compared):
            suppress(frame, row, policy)
            continue
        if is_open(policy):
            continue
        groups = [_released(curve, policy) for curve in compared]
        numbers = {
            "n": sum(shown(curve.n, policy) for curve in compared),
            "events": sum(int(group.events.sum()) for group in groups),
        }
        for column, number in numbers.items():
            if count(frame, row, column) is not None:
                frame.at[row, column] = number
        if frame.at[row, "status"] != "ok":
            continue
        test = grouped_test(groups, is_gray=frame.at[row, "measure"] == "gray_test").test
        for column in ("statistic", "df", "p_value"):
            frame.at[row, column] = getattr(test, column)
        if np.isnan(test.statistic):
            frame.at[row, "status"], frame.at[row, "note"] = "not estimable", NOT_TESTED


def _released(curve: Curve, policy: Policy) -> Grouped:
    """The counts of a curve as released, up to its end."""
    length = curve.length(policy)
    new, (_, at_end) = new_counts(curve, length), at_start(curve, length, policy)
    entered = np.concatenate([[0], new[ENTERED][1:]]) if ENTERED in new else np.zeros(length)
    series = (new["events"], new["competing"], new["censored"], entered)
    events, competing, censored, came = (np.asarray(counts, dtype=np.float64) for counts in series)
    return Grouped(np.array(curve.times[:length]), events, competing, censored, came, float(at_end[-1]))
