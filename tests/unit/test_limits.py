"""Rules of harmonisation that touch a large part of a system tell of the extract, and stop (``limits.csv``)."""

from __future__ import annotations

import csv

import pytest

from family_justice.contracts import source_tables
from family_justice.contracts.model import SOURCE_SYSTEMS
from family_justice.errors import ContractError
from family_justice.harmonise.limits import ROWS_OF_A_SHARE, check_limits, limits
from family_justice.harmonise.research_ready import RULES
from family_justice.harmonise.source_tables import _order_of_day_and_month


def counted(rule: str, before: int, affected: int) -> list[dict[str, object]]:
    return [{"rule": rule, "system": "ECMS", "label": "Words", "rows_before": before, "rows_affected": affected}]


def test_limits_name_rules_and_columns_that_there_are() -> None:
    with open(RULES, encoding="utf-8", newline="") as stream:
        rules = {row["rule"]: row["action"] for row in csv.DictReader(stream)}
    assert set(limits()) <= set(rules)
    columns = {f"{name}.{column}" for name, table in source_tables().items() for column in table.columns}
    for rule, limit in limits().items():
        assert rules[rule] not in ("read", "ready", "attributed"), rule
        assert 0 < limit.most < 1
        assert limit.columns
        assert set(limit.columns) <= columns, rule
        assert limit.needs in ("", *SOURCE_SYSTEMS), rule


@pytest.mark.parametrize(("affected", "stops"), [(100, False), (101, True), (1000, True)])
def test_a_rule_may_touch_the_share_that_it_is_allowed(affected: int, stops: bool) -> None:
    rows = counted("parent_close_in_age", 1000, affected)
    if not stops:
        check_limits(rows, (), {}, "here")
        return
    with pytest.raises(ContractError) as caught:
        check_limits(rows, (), {}, "here")
    said = str(caught.value)
    assert f"parent_close_in_age (ECMS): Words: {affected} of 1000 rows" in said
    assert "at most 0.1 of them may be" in said
    assert "CAFE_ECMS_PERSONRELATIONSHIPS.RELATEDPERSON_ID_PE" in said
    assert "'failing_shares: {parent_close_in_age: 1}'" in said
    check_limits(rows, (), {"parent_close_in_age": 1}, "here")


def test_few_rows_have_no_share_and_other_rules_no_limit() -> None:
    check_limits(counted("parent_close_in_age", ROWS_OF_A_SHARE - 1, ROWS_OF_A_SHARE - 1), (), {}, "here")
    check_limits(counted("religion_missing", 1000, 1000), (), {}, "here")


def test_who_is_not_in_a_register_that_the_source_does_not_have_stops_nothing() -> None:
    rows = counted("linked_person_not_resident", 1000, 1000)
    check_limits(rows, ("cafcass_cymru",), {}, "here")
    with pytest.raises(ContractError, match="linked_person_not_resident"):
        check_limits(rows, ("cafcass_cymru", "wales_residents"), {}, "here")


@pytest.mark.parametrize(
    ("first", "weekends", "later", "later_weekends", "asked", "stops"),
    [
        (307, 111, 400, 91, False, False),  # weekends are as usual as other days: nothing can be told
        (300, 60, 400, 4, True, True),  # a fifth of the early days are weekends, one in a hundred of the later ones
        (300, 30, 400, 4, True, False),  # a tenth more, as far as chance goes
        (300, 36, 450, 45, True, False),
    ],
)
def test_weekends_tell_that_day_and_month_are_exchanged_only_where_they_are_rare(
    first: int, weekends: int, later: int, later_weekends: int, asked: bool, stops: bool
) -> None:
    found = {"first": first, "first weekend": weekends, "later": later, "later weekend": later_weekends}
    told = list(_order_of_day_and_month(source_tables()["ADDE_DEATHS"], "DEATH_DT", found))
    assert bool(told) == asked
    assert [failure.rows > failure.limit * failure.of for failure in told] == [stops] * asked
