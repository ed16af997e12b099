"""The table of characteristics: all groups together, how far they are apart, and what rounding leaves of a test."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import pandas as pd
import pytest
import release_samples as samples

from family_justice.estimators.groups.two_groups import chi_squared, distance, standardised_difference
from family_justice.figures import words
from family_justice.report.tables import characteristics_table as characteristics
from family_justice.report.tables.characteristics_table import _p_values
from family_justice.report.tables.page_tables import Table
from family_justice.results import tidy

COUNTS = {"mother": [1200, 800], "father": [600, 900]}


def rows(counts: dict[str, list[int | None]], missing: dict[str, int] | None = None) -> pd.DataFrame:
    made: list[dict[str, Any]] = []
    for parent, numbers in counts.items():
        total = sum(n or 0 for n in numbers)
        for level, n in zip(("yes", "no"), numbers, strict=True):
            row = {"measure": "percent", "group": f"parent={parent}", "term": "father_is_party", "level": level}
            shown = {"n": n, "total": total, "estimate": 100 * n / total} if n is not None else {"status": "suppressed"}
            made.append(row | shown)
        made.append({"measure": "members", "group": f"parent={parent}", "n": total})
    for parent, n in (missing or {}).items():
        made.append({"measure": "left_out", "group": f"parent={parent}", "term": "father_is_party", "n": n})
    return tidy(made)


def table(found: pd.DataFrame, base: int = 5) -> Table:
    study = samples.study()
    study["policy"]["rounding_base"] = base
    return characteristics.table(found, {"title": "Parents", "cohort": "parents"}, words.Labels(study))


def cells(shown: Table) -> dict[str, list[str]]:
    return {row.head: [cell.text for cell in row.cells] for row in shown.rows}


def test_numbers_stand_once_in_the_head_and_all_groups_have_a_column() -> None:
    shown = table(rows(COUNTS))  # type: ignore[arg-type]
    assert [head.replace("\u00a0", " ") for head in shown.heads[1:4]] == [
        "Mother (N = 2\u202f000)", "Father (N = 1\u202f500)", "All",
    ]  # fmt: skip
    assert cells(shown)["Yes"][:3] == ["1\u202f200 (60.0)", "600 (40.0)", "1\u202f800 (51.4)"]


def test_one_group_has_neither_a_sum_nor_a_test() -> None:
    shown = table(rows({"mother": [1200, 800]}))
    assert len(shown.heads) == 2
    assert not any("chi-squared" in note for note in shown.notes)


def test_missing_values_are_told_of_each_variable() -> None:
    shown = table(rows(COUNTS, {"father": 45}))  # type: ignore[arg-type]
    assert cells(shown)["Missing"][:2] == ["0", "45"]


def test_what_rests_on_a_withheld_number_is_not_told() -> None:
    shown = table(rows({"mother": [1200, 800], "father": [600, None]}))
    found = cells(shown)
    (variable,) = (line for head, line in found.items() if head not in ("Yes", "No"))
    assert variable == [""] * 5
    assert found["No"][:3] == ["800 (40.0)", "withheld", "withheld"]
    assert found["Yes"][2].startswith("1\u202f800 (")


def test_two_groups_have_a_standardised_difference_and_three_have_none() -> None:
    shown = table(rows(COUNTS))  # type: ignore[arg-type]
    assert shown.heads[4:] == ["Standardised difference", "p"]
    variable = next(line for head, line in cells(shown).items() if head not in ("Yes", "No"))
    assert variable[3] == f"{standardised_difference(0.6, 0.4):.2f}"
    three = table(rows({**COUNTS, "other": [300, 300]}))  # type: ignore[dict-item]
    assert three.heads[5:] == ["p"]


def test_of_two_levels_the_distance_is_the_standardised_difference() -> None:
    assert distance([30, 70], [50, 50]) == pytest.approx(abs(standardised_difference(0.3, 0.5)))
    assert distance([30, 70, 0], [50, 50, 0]) == distance([30, 70], [50, 50])
    assert math.isnan(distance([5, 0], [9, 0]))
    assert math.isnan(distance([0, 0], [4, 5]))
    assert math.isnan(distance([5, 0], [0, 9]))


def test_of_three_levels_the_distance_is_that_of_the_published_formula() -> None:
    # Yang and Dalton 2012: T - C of levels 2 and 3, S the mean of both covariances, inverted by hand.
    p, q = (0.5, 0.3, 0.2), (0.2, 0.4, 0.4)
    a = (p[1] * (1 - p[1]) + q[1] * (1 - q[1])) / 2
    b = -(p[1] * p[2] + q[1] * q[2]) / 2
    d = (p[2] * (1 - p[2]) + q[2] * (1 - q[2])) / 2
    u, v = p[1] - q[1], p[2] - q[2]
    squared = (d * u * u - 2 * b * u * v + a * v * v) / (a * d - b * b)
    assert distance([50, 30, 20], [20, 40, 40]) == pytest.approx(math.sqrt(squared))


def test_exact_counts_have_one_p_value() -> None:
    counts = [[30, 20], [70, 80]]
    assert _p_values(counts, 1) == words.p_value(chi_squared(counts).p_value)
    assert _p_values([[30, 20]], 1) == ""


@pytest.mark.parametrize("counts", [[[40, 25], [60, 75]], [[15, 30], [85, 70]], [[200, 150], [300, 350]]])
def test_whatever_the_counts_were_their_p_value_is_within_the_told_range(counts: list[list[int]]) -> None:
    said = _p_values(counts, 5)
    low, high = re.fullmatch(r"(\S+)(?: to (\S+))?", said).groups()  # type: ignore[union-attr]
    ends = (0.0 if low.startswith("<") else float(low) - 0.005, 0.001 if high is None else float(high) + 0.005)
    for moves in itertools.product((-2, 0, 2), repeat=4):
        moved = [[counts[i][j] + moves[2 * i + j] for j in range(2)] for i in range(2)]
        assert ends[0] <= chi_squared(moved).p_value <= ends[1]
