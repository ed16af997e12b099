"""Our numbers beside reference values: verdicts, digits and counts that do not contradict one another."""

from __future__ import annotations

import math
from decimal import Decimal

import pandas as pd
import pytest
import release_samples as samples

from family_justice.report import prose
from family_justice.report.comparisons import _verdict, decimals
from family_justice.report.tables import page_tables as tables

POINTS = "percentage points from the published figure"


@pytest.mark.parametrize(
    ("printed", "ours", "verdict"),
    [
        ("30", 29.8, prose.EQUAL),
        ("30", 30.49, prose.EQUAL),
        ("30", 30.51, f"+0.5 {POINTS}"),
        ("30.0", 29.8, f"-0.2 {POINTS}"),
        ("59.0", 58.96, prose.EQUAL),
        ("42", 37.2, f"-4.8 {POINTS}"),
        ("5.25", 5.22, f"-0.03 {POINTS}"),
    ],
)
def test_a_published_figure_is_no_more_precise_than_it_is_printed(printed: str, ours: float, verdict: str) -> None:
    row = {"ours": ours, "reference": float(printed)}
    assert _verdict("calibration", row, Decimal(printed), " percentage points") == verdict


@pytest.mark.parametrize(("printed", "number"), [("30", 0), ("30.0", 1), ("-0.0880", 4), ("1E+2", 0)])
def test_the_decimals_are_those_of_the_printed_figure(printed: str, number: int) -> None:
    assert decimals(Decimal(printed)) == number


@pytest.mark.parametrize(
    ("ours", "verdict"), [(0.84371, prose.EQUAL), (0.84379, prose.CUT), (0.8451, "differs by +0.00140")]
)
def test_replicated_figures_are_judged_to_the_printed_digits(ours: float, verdict: str) -> None:
    assert _verdict("published", {"ours": ours}, Decimal("0.8437"), "") == verdict


def verdicts(*given: str) -> str:
    rows = samples.comparisons().head(len(given)).assign(verdict=list(given))
    return prose.verdicts(rows).replace("\u00a0", " ")


def test_all_verdicts_are_counted_with_the_commonest_first() -> None:
    assert verdicts("outside", "inside", "inside", "suppressed") == "2 of 4: inside. 1 of 4: outside. 1 of 4: withheld."


def test_differences_in_points_are_counted_by_whether_they_are_near_and_the_furthest_is_told() -> None:
    points = "percentage points from the published figure"
    said = verdicts(prose.EQUAL, f"-4.3 {points}", f"+1.0 {points}", f"-0.2 {points}", prose.EQUAL, "suppressed")
    assert said == (
        "4 of 6: within 1 percentage point of the published figure, 2 of them equal to the printed digits; "
        "furthest \u22124.3 points. 1 of 6: withheld."
    )
    assert verdicts(f"+1.1 {points}") == (
        "0 of 1: within 1 percentage point of the published figure; furthest +1.1 points."
    )


def test_other_differences_are_counted_as_what_they_are() -> None:
    said = verdicts(prose.EQUAL, "differs by +0.00012", prose.EQUAL, prose.CUT, "differs by -0.0031")
    assert said == (
        "2 of 5: equal to the printed digits. 2 of 5: not equal to the printed digits; furthest \u22120.0031. "
        "1 of 5: equal to the printed digits, which were cut, not rounded."
    )


def test_digits_are_as_many_as_show_the_verdict() -> None:
    """0.519 and 0.52 are alike with two decimals, and 0.52 lies outside."""
    row = samples.comparisons().iloc[0].to_dict()
    row |= {"ours": 0.4412, "ours_low": 0.3793, "ours_high": 0.5187, "reference": 0.52, "verdict": prose.OUTSIDE}
    (line,) = tables.comparison(pd.DataFrame([row]), "Title", "planted").rows
    assert [(cell.text, cell.sub) for cell in line.cells[:2]] == [("0.441", "0.379 to 0.519"), ("0.520", "")]
    row |= {"ours_high": 0.5249, "verdict": prose.INSIDE}
    (line,) = tables.comparison(pd.DataFrame([row]), "Title", "planted").rows
    assert [(cell.text, cell.sub) for cell in line.cells[:2]] == [("0.44", "0.38 to 0.52"), ("0.52", "")]
    row |= {"ours": 0.80659, "ours_low": math.nan, "ours_high": math.nan, "reference": 0.806, "decimals": 3}
    row["verdict"] = prose.CUT
    (line,) = tables.comparison(pd.DataFrame([row]), "Title", "published").rows
    assert [cell.text for cell in line.cells[:2]] == ["0.8066", "0.806"]
