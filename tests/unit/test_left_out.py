"""Whom an analysis leaves out, and why: counted by the runs, tied at the door, said on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from family_justice.analyses.left_out import NO_TIME_AT_RISK, NO_VALUE, NOT_YET_OBSERVED, first_missing, member_rows
from family_justice.analyses.prepare import follow_up
from family_justice.config.load import Configuration
from family_justice.config.schema import Outcome, Policy
from family_justice.disclosure.disclose import disclose
from family_justice.errors import DisclosureError
from family_justice.figures.words import Labels
from family_justice.kinds.families.share_tables import variable_rows
from family_justice.report import prose
from family_justice.report.tables import characteristics_table
from family_justice.results import tidy

COURT = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
STUDY: dict[str, Any] = {
    "covariates": {"age": {"label": "Age of mother"}, "side": {"label": "Side", "levels": ["left", "right"]}},
    "cohorts": {"c": {"unit": "mothers"}},
    "policy": {"threshold": 10, "rounding_base": 5},
}


def test_a_member_counts_once_under_the_first_that_is_lacking() -> None:
    frame = pd.DataFrame({"a": [1, None, None, 1], "b": [1, None, 1, None]})
    known, left = first_missing(frame, ["a", "b", "a"])
    assert known.tolist() == [True, False, False, False]
    assert left == {("a", NO_VALUE): 2, ("b", NO_VALUE): 1}


def test_rows_of_members_add_up_to_everybody() -> None:
    rows = list(member_rows(10, {("", NOT_YET_OBSERVED): 2, ("", NO_TIME_AT_RISK): 0}, {("a", NO_VALUE): 3}))
    assert [(row["measure"], row["n"]) for row in rows] == [
        ("members", 10), ("analysed", 5), ("left_out", 2), ("left_out", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "after", "left", "times"),
    [
        # entry at days 0, 50, 100 and 200; observation ends on days 0, 100, 100 and 150
        ("start", 0, {("", NOT_YET_OBSERVED): 2}, [0, 100]),
        (None, 0, {}, [0, 100, 100, 150]),
        (None, 100, {("", NO_TIME_AT_RISK): 3}, [50]),
    ],
)
def test_follow_up_says_who_is_left_out(
    entry: str | None, after: int, left: dict[tuple[str, str], int], times: list[float]
) -> None:
    frame = pd.DataFrame({"event": [0.0, np.nan, 100, np.nan], "end": [900, 100, 900, 150], "start": [0, 50, 100, 200]})
    outcome = Outcome(
        label="o", event="event", censoring=["end"], entry=entry, at_risk_after_days=after, time_unit="days"
    )
    seen = follow_up(frame, outcome, "here")
    assert {key: n for key, n in seen.left_out.items() if n} == left
    assert seen.exit.tolist() == times


def test_an_event_on_the_first_day_counts_with_entry_as_without() -> None:
    frame = pd.DataFrame({"event": [0.0, 10], "end": [20.0, 20], "start": [0.0, 0]})
    plain = Outcome(label="o", event="event", censoring=["end"], time_unit="days")
    without, late = (
        follow_up(frame, outcome, "here") for outcome in (plain, plain.model_copy(update={"entry": "start"}))
    )
    assert without.cause.tolist() == late.cause.tolist() == [1, 1]
    assert late.time.tolist() == without.time.tolist() == [0, 10]


def rows_of(everybody: int, analysed: int, **left: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [{"measure": "members", "n": everybody}, {"measure": "analysed", "n": analysed}]
    rows += [{"measure": "left_out", "term": name, "level": NO_VALUE, "n": n} for name, n in left.items()]
    return tidy(rows, stream="s", analysis="a", kind="cox", cohort="c")


@pytest.mark.parametrize(("left", "shown"), [(9, None), (10, 10), (11, 10)])
def test_a_small_number_left_out_is_withheld(left: int, shown: int | None) -> None:
    released = disclose(rows_of(1000 + left, 1000, age=left), COURT).rows.set_index("measure")["n"]
    assert released["members"] == round((1000 + left) / 5) * 5
    assert released["analysed"] == 1000
    assert (None if pd.isna(released["left_out"]) else released["left_out"]) == shown


@pytest.mark.parametrize("wrong", [rows_of(100, 80, age=10), rows_of(100, 110), rows_of(100, 100).iloc[1:]])
def test_numbers_that_do_not_add_up_do_not_leave(wrong: pd.DataFrame) -> None:
    with pytest.raises(DisclosureError, match="numbers of members"):
        disclose(wrong.reset_index(drop=True), COURT)


def test_the_page_says_n_of_n_and_why() -> None:
    labels = Labels(STUDY)
    released = disclose(rows_of(1050, 1000, age=44, side=6), COURT).rows
    assert prose.analysed(released, {"cohort": "c"}, labels) == [
        "Analysed: 1\u202f000 of 1\u202f050 mothers; left out: 45 without a value of age of mother and withheld "
        "without a value of side."
    ]
    nobody = disclose(rows_of(1000, 1000), COURT).rows
    assert prose.analysed(nobody, {"cohort": "c"}, labels)[0].endswith("mothers; nobody was left out.")


def test_a_table_of_characteristics_has_a_row_for_missing_values() -> None:
    side = pd.Categorical(["left"] * 40 + ["right"] * 30 + [None] * 20, categories=["left", "right"])
    frame = pd.DataFrame({"side": side})
    shares = [
        {"measure": "percent", "term": "side", "level": level, "n": n, "total": 70, "estimate": 100 * n / 70}
        for level, n in (("left", 40), ("right", 30))
    ]
    rows = tidy([*shares, *variable_rows(frame, ["side"])], stream="s", analysis="a", kind="table_one", cohort="c")
    table = characteristics_table.table(disclose(rows, COURT).rows, {"title": "T", "cohort": "c"}, Labels(STUDY))
    assert [(row.head, row.cells[0].text) for row in table.rows if row.cells][-1] == ("Missing", "20")


@pytest.mark.parametrize(("value", "leaves"), [(1e-7, True), (1.0, True), (2e-7, False), (10.0, False), (0.0, False)])
def test_of_a_second_program_only_powers_of_ten_leave(value: float, leaves: bool) -> None:
    row = {"measure": "largest_relative_difference", "term": "a", "level": "lifelines", "estimate": value}
    rows = tidy([row], stream="s", analysis="second_program", kind="second_program", cohort="c")
    if leaves:
        assert disclose(rows, COURT).rows["estimate"].tolist() == [value]
        return
    with pytest.raises(DisclosureError, match="power of ten"):
        disclose(rows, COURT)


def test_a_second_program_tells_no_count() -> None:
    row = {"measure": "largest_relative_difference", "term": "a", "estimate": 1e-7, "n": 100}
    with pytest.raises(DisclosureError, match="a second program: no rule of disclosure control for values in n"):
        disclose(tidy([row], stream="s", analysis="b", kind="second_program", cohort="c"), COURT)


def test_the_custodians_policy_has_these_numbers() -> None:
    policy = Configuration(Path(__file__).resolve().parents[2] / "config").policy("court_records")
    assert (policy.threshold, policy.rounding_base) == (COURT.threshold, COURT.rounding_base)
