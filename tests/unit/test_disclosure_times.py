"""Times at risk tell no more than the numbers of members that they are of."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from behind_samples import behind_labels
from test_disclosure_gate import COURT

from family_justice.analyses.rates import rate_rows, robust_limits
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.times import shown_time
from family_justice.disclosure.rounding import shown
from family_justice.disclosure.sets import gather
from family_justice.estimators.groups.person_time import robust_error
from family_justice.results import tidy

MIDPOINT = COURT.model_copy(update={"rounding": "midpoint"})


def released(groups: dict[str, tuple[int, int, float]]) -> pd.DataFrame:
    """Return the released rates of groups of events, members and time, by group and measure."""
    rows = [row for group, numbers in groups.items() for row in rate_rows({"outcome": "o", "group": group}, *numbers)]
    labels = {"stream": "s", "analysis": "a", "kind": "incidence_rate", "cohort": "c"}
    frame = tidy([*rows, {"measure": "members", "n": groups[""][1]}], **labels)
    found = disclose(frame, COURT, {}, gather({"a": frame}, {"a": behind_labels(frame)})).rows
    return found.set_index(["group", "measure"])


@pytest.mark.parametrize("policy", [COURT, MIDPOINT])
@pytest.mark.parametrize("each", [1.0, 0.5, 4.0, 365.25])
def test_where_everybody_has_one_time_it_is_that_of_the_number_that_is_shown(policy, each) -> None:
    unit = float(f"{each:.2g}")
    for n in (10, 11, 12, 13, 97, 98, 203, 1004):
        # Whoever divides by the time of each finds a number that may be shown, and for all members of a step the same.
        time, off = shown_time(n * each, n, False, policy)
        assert time / unit == pytest.approx(shown(round(n * each / unit), policy))
        assert abs(time - n * each) <= off or n == 10
    assert {shown_time(n * 1.0, n, False, COURT)[0] for n in range(98, 103)} == {100.0}


def test_time_of_areas_is_public() -> None:
    assert shown_time(123_456.0, 7, True, COURT) == (123_000.0, 0.0)
    assert shown_time(0.0, 0, False, COURT)[0] == 0.0


@pytest.mark.parametrize("few", [1, 4, 9])
def test_the_time_that_is_left_over_is_not_the_number_of_the_hidden(few: int) -> None:
    """Everybody is followed for a year: 203, 196 and 4 were times of 203, 196 and 403 years. All numbers that the
    shown ones allow are looked through."""
    one, other = 203, 196
    whole = one + other + few
    groups = {"": (90, whole, float(whole)), "fifth=1": (40, one, float(one)), "fifth=2": (50, other, float(other)),
              "fifth=3": (0, few, float(few))}  # fmt: skip
    found = released(groups)
    assert found.at[("fifth=3", "rate"), "status"] == "suppressed"
    times = [float(found.at[(group, "time_at_risk"), "estimate"]) for group in ("", "fifth=1", "fifth=2")]
    fits = {
        everybody - a - b
        for everybody in range(whole - 9, whole + 10) for a in range(one - 9, one + 10)
        for b in range(other - 9, other + 10)
        if 1 <= everybody - a - b <= 9
        and all(math.isnan(t) or shown_time(float(n), n, False, COURT)[0] == t
                for t, n in zip(times, (everybody, a, b), strict=True))
    }  # fmt: skip
    assert few in fits
    assert len(fits) >= 3


def ages(n: int, late: int, each: float) -> dict[str, tuple[int, int, float]]:
    """Everybody is in the first year of age throughout, and some in the second for so long."""
    first, second = (30, n, float(n)), (12 if late > 9 else 0, late, late * each)
    whole = (first[0] + second[0], n, first[2] + second[2])
    return {"": whole, "age_band=under 1": first, "age_band=1": second}


@pytest.mark.parametrize(("late", "is_shown"), [(8, True), (9, False), (10, True), (11, True)])
def test_a_whole_is_withheld_if_its_time_bounds_the_few_who_have_the_rest_of_it(late: int, is_shown: bool) -> None:
    """Nobody can have more than a year of the second year, and 82 people had all of the first and nine of the second:
    what the shown times leave over is more than seven years, so that it would be eight people or nine."""
    n = 82
    found = released(ages(n, late, 1.0))
    assert (found.at[("age_band=1", "rate"), "status"] == "ok") == (late > 9)
    assert (found.at[("", "rate"), "status"] == "ok") == is_shown
    assert found.at[("age_band=under 1", "rate"), "status"] == "ok"
    (time, off), (first, more) = shown_time(n + 9.0, n, False, COURT), shown_time(float(n), n, False, COURT)
    assert time - off - first - more > 7


def test_a_robust_error_does_not_tell_counts_with_one_number_apart() -> None:
    """If nobody has a second event, the relative error is that of a share, and to two digits tells 101 from 102."""
    seen, exact = set(), set()
    for events in range(98, 103):
        relative = robust_error([1] * events + [0] * (5000 - events), [1.0] * 5000)
        (rate, time) = rate_rows({"outcome": "o", "group": ""}, events, 5000, 5000.0)
        low, high = robust_limits(rate["estimate"], relative * rate["estimate"])
        rate |= {"std_error": relative * rate["estimate"], "conf_low": low, "conf_high": high}
        frame = tidy([rate, time, {"measure": "members", "n": 5000}], stream="s", analysis="a", kind="incidence_rate")
        row = disclose(frame, COURT).rows.iloc[0]
        seen.add((row["n"], row["std_error"]))
        exact.add(float(f"{relative:.2g}"))
    assert len(seen) == 1
    assert len(exact) > 1
