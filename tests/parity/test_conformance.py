"""The conformance page holds what the estimators answer now."""

from __future__ import annotations

import pytest
from conformance import PAGE, Line, collect, difference, key_cells


@pytest.mark.parametrize("found", collect(), ids=lambda found: f"{found.estimator} ({found.data})")
def test_the_page_is_current(found: Line) -> None:
    """Only the columns of R are made again: those of other packages would take their import and many fits."""
    start = "| " + " | ".join(key_cells(found)) + " |"
    assert start in PAGE.read_text(encoding="utf-8"), "run: python tests/parity/conformance.py"


def test_the_page_has_no_other_lines() -> None:
    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("| ")]
    assert len(rows) == len(collect()) + 2


def test_differences_are_powers_of_ten() -> None:
    assert difference([1.0, 2.0], [1.0, 2.0 + 1e-12]) == "equal"
    assert difference([1.0, 2.0], [1.0, 2.001]) == "1e-3"
    assert difference([1.0, 0.0], [1.0, 0.0]) == "equal"
    assert difference([1.0], [1.0, 2.0]) == "not comparable"
