"""Counts, percentages and cohort steps: worked by hand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
import yaml

from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.ledger import Ledger
from family_justice.errors import DisclosureError
from family_justice.estimators.groups.proportions import wilson
from family_justice.results import tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
PUBLIC = Policy(**yaml.safe_load((POLICIES / "public_records.yaml").read_text()))


def margin(cells: Mapping[str, int], total: int | None = None, **labels: str) -> pd.DataFrame:
    total = sum(cells.values()) if total is None else total
    rows = [
        {
            "level": level,
            "n": n,
            "total": total,
            "estimate": 100 * n / total if total else float("nan"),
            "conf_low": 100 * wilson(n, total)[0],
        }
        for level, n in cells.items()
    ]
    defaults = {"stream": "s", "analysis": "t", "kind": "table_one", "cohort": "c", "measure": "percent", "term": "age"}
    return tidy(rows, **{**defaults, **labels})


def shown(frame: pd.DataFrame) -> list[int | None]:
    return [None if pd.isna(n) else int(n) for n in frame["n"]]


def steps(*counts: int) -> list[int | None]:
    rows = [{"term": f"step{i}", "n": n} for i, n in enumerate(counts)]
    frame = tidy(rows, stream="s", analysis="attrition.c", kind="attrition", cohort="c", measure="count")
    return shown(disclose(frame, COURT).rows)


def test_percentages_are_computed_from_rounded_counts() -> None:
    rows = disclose(margin({"a": 23, "b": 78}), COURT).rows
    assert shown(rows) == [25, 80]
    assert rows["total"].tolist() == [100, 100]
    assert rows["estimate"].tolist() == [25.0, 80.0]
    # Wilson for 25 of 100: (0.25 + z2/2)/(1 + z2) -+ ..., z2 = 3.8415/100; R: prop.test(25, 100, correct = FALSE)
    assert rows["conf_low"].iloc[0] == pytest.approx(17.54521, abs=1e-4)


def test_small_count_takes_the_next_smallest_with_it() -> None:
    disclosed = disclose(margin({"a": 4, "b": 40, "c": 30, "d": 0}), COURT)
    rows = disclosed.rows
    assert shown(rows) == [None, 40, None, 0]
    hidden = rows[rows["status"] == "suppressed"]
    assert hidden[["estimate", "conf_low", "total"]].isna().all(axis=None)
    assert hidden["note"].nunique() == 1, "the note must not tell which of the two is the small one"
    assert disclosed.summary.loc[0, ["rows", "suppressed", "complementary"]].tolist() == [4, 2, 1]


def test_two_small_counts_protect_each_other() -> None:
    assert shown(disclose(margin({"a": 4, "b": 6, "c": 30, "d": 50}), COURT).rows) == [None, None, 30, 50]


def test_two_small_counts_that_the_total_pins_take_a_third() -> None:
    # Exact counts: 1 + 1 follows from 42 - 40.
    exact = COURT.model_copy(update={"rounding_base": 1})
    assert shown(disclose(margin({"a": 1, "b": 1, "c": 15, "d": 25}), exact).rows) == [None, None, None, 25]


def test_rounding_alone_would_not_protect() -> None:
    # 13, 23 and 1 of 37 are shown as 15, 25, hidden, 35: only 13 + 23 + 1 fits. The rule of never one alone hides 13.
    assert shown(disclose(margin({"a": 13, "b": 23, "c": 1}), COURT).rows) == [None, 25, None]


def test_small_denominator_suppresses_the_margin() -> None:
    assert shown(disclose(margin({"a": 0, "b": 8}), COURT).rows) == [None, None]


def test_a_small_rest_that_no_row_shows_is_protected() -> None:
    assert shown(disclose(margin({"yes": 497}, total=500), COURT).rows) == [None]
    assert shown(disclose(margin({"yes": 450}, total=500), COURT).rows) == [450]


def test_zero_is_hidden_where_the_policy_says_so() -> None:
    strict = COURT.model_copy(update={"zero_discloses": True})
    assert shown(disclose(margin({"a": 0, "b": 40, "c": 30}), strict).rows) == [None, 40, None]


def test_groups_of_a_table_do_not_give_each_other_away() -> None:
    exact = COURT.model_copy(update={"rounding_base": 1})
    mothers = margin({"a": 5, "b": 20, "c": 40}, group="parent=mother")
    fathers = margin({"a": 30, "b": 50, "c": 60}, group="parent=father")
    everybody = margin({"a": 35, "b": 70, "c": 100})
    rows = disclose(pd.concat([mothers, fathers, everybody], ignore_index=True), exact).rows
    # Mothers: 5 and 20 hidden; they must not follow from everybody less fathers, so fathers' too.
    assert shown(rows)[:6] == [None, None, 40, None, None, 60]


def test_the_same_persons_in_two_tables_are_hidden_in_both() -> None:
    first, second = (
        margin({"a": 4, "b": 40, "c": 30}),
        margin({"a": 4, "b": 40, "c": 30}, analysis="u", measure="count"),
    )
    second[["estimate", "conf_low"]] = float("nan")
    assert shown(disclose(pd.concat([first, second], ignore_index=True), COURT).rows) == [None, 40, None] * 2


def test_public_records_pass_unchanged() -> None:
    before = margin({"a": 1, "b": 40})
    before["conf_low"] = float("nan")
    pd.testing.assert_frame_equal(disclose(before, PUBLIC).rows, before)


def test_steps_that_exclude_few_look_like_steps_that_exclude_nobody() -> None:
    # Going back from 953: 960 is fewer than ten more and keeps 955; 1001 is shown anew and 1003 keeps it.
    assert steps(1003, 1001, 1001, 960, 953) == [1000, 1000, 1000, 955, 955]


def test_differences_of_steps_are_never_small() -> None:
    for last in range(100, 130):
        numbers = steps(last + 23, last + 14, last + 9, last + 1, last)
        gone = [a - b for a, b in itertools.pairwise(numbers) if a is not None and b is not None]
        assert all(number == 0 or number >= 10 for number in gone)


def test_a_small_cohort_is_hidden() -> None:
    assert steps(52, 14, 6) == [50, 15, None]


def test_growing_cohort_closes_the_door() -> None:
    with pytest.raises(DisclosureError, match="more units left"):
        steps(50, 60)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("events", 3, "no rule of disclosure control for values in events"),
        ("estimate", 12.0, "is not 100"),
        ("n", pd.NA, "needs n in every row"),
        ("total", pd.NA, "needs total in every row"),
        ("kind", "survey", "kinds have no rule"),
        ("measure", "rate", "measures have no rule"),
        ("measure", pd.NA, "measure or kind is missing"),
        ("status", "suppressed", "before disclosure control"),
    ],
)
def test_what_has_no_rule_closes_the_door(column: str, value: object, message: str) -> None:
    frame = margin({"a": 40, "b": 60})
    frame.loc[0, column] = value
    with pytest.raises(DisclosureError, match=message):
        disclose(frame, COURT)


def test_missing_column_closes_the_door() -> None:
    with pytest.raises(DisclosureError, match="columns"):
        disclose(margin({"a": 40}).drop(columns="note"), COURT)


def hidden(*cells: int) -> int:
    ledger = Ledger(COURT)
    whole = ledger.add("total", sum(cells), anchored=True)
    keys = [ledger.add(position, count) for position, count in enumerate(cells)]
    ledger.add_sum(whole, keys, margin=True)
    ledger.protect()
    return sum(not ledger.shown(key) for key in keys)


def test_the_auditor_sees_when_all_rounding_is_at_its_limit() -> None:
    # Five counts shown two too high each and the total two too low leave just 1 + 1 for the hidden ones.
    assert hidden(18, 23, 28, 33, 38, 1, 1) == 3
    assert hidden(20, 25, 30, 35, 40, 1, 1) == 2


@pytest.mark.parametrize(("women", "is_told"), [(36, True), (37, True), (38, False)])
def test_what_is_hidden_all_around_may_follow_from_further_away(women: int, is_told: bool) -> None:
    """Of 304 at home or away, where nobody is told how many: 197 are away, who stay at home are 37 men and as many
    women, and who go away are 187 less 163. So 8 of the 9 who leave are known, as the 106 at home are at least. No row
    shows a number beside that of the 9, but the numbers that these rest on."""
    ledger, at_home = Ledger(COURT), women + 37 + 24 + 9
    shown = {"all": at_home + 197, "away": 197, "women": women, "men": 37, "away later": 187, "away twice": 163}
    shown |= {"gone": 9}
    inside = {"home": at_home, "home twice": women + 37, "from home": 24}
    for name, number in (shown | inside).items():
        ledger.add(name, number, published=name in shown)
    sums = {"all": ["home", "away"], "home": ["home twice", "from home", "gone"], "home twice": ["women", "men"],
            "away later": ["from home", "away twice"]}  # fmt: skip
    for whole, parts in sums.items():
        ledger.add_sum(whole, parts, margin=False)
    assert bool(ledger.narrowed(lambda keys: True)) == is_told
    ledger.protect()
    assert ledger.narrowed(lambda keys: True) == {}
    assert sum(not ledger.shown(name) for name in shown) == 1 + is_told
