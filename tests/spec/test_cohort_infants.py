"""The infants cohorts on toy records, the expected rows beneath them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ready import extracted

RECORDS = """
person
person_id | sex    | week_of_birth
M         | female | 1994-06-06
U         | male   | 2015-07-06
N         | female | 2016-09-05
O         | female | 2015-05-04
T         | male   | 2013-05-06

case
case_id | issue_date | local_authority
first   | 2015-06-15 | E1
second  | 2016-09-15 | E1

hearing
case_id | hearing_date
first   | 2015-06-15
second  | 2016-09-17
second  | 2016-10-17

case_person
case_id | person_id | family_role
first   | M         | mother
first   | U         | child
first   | O         | child
first   | T         | child
second  | M         | mother
second  | N         | child

relationship
child_id | parent_id | parent
U        | M         | mother
O        | M         | mother
T        | M         | mother
N        | M         | mother

legal_order
case_id | child_id | order_group | order_date
first   | U        | placement   | 2016-01-04
first   | U        | care        | 2016-01-04
first   | O        | supervision | 2016-01-04
first   | O        | no_order    | 2016-02-04
"""


def test_ages_newborns_and_notice(tmp_path: Path) -> None:
    # U is unborn at issue, N ten days old (by the Monday of the week of birth), O six weeks; T is two years old.
    made = extracted(tmp_path, "infants", "infants", RECORDS)
    made.shows("""
        child_id | age_days | newborn_7_days | newborn_14_days | age_at_issue  | hearing_notice | is_subsequent_infant | mother_age_band
        N        | 10       | no             | yes             | under 2 weeks | 1 to 2 days    | yes                  | 20 to 24
        O        | 42       | no             | no              | 2 to 12 weeks | same day       | no                   | 20 to 24
        U        | -21      | yes            | yes             | under 2 weeks | same day       | no                   | 20 to 24
    """)
    assert made.attrition == {
        "subjects_of_s31": 4,
        "first_set": 4,
        "in_period": 4,
        "week_of_birth_known": 4,
        "under_one": 3,
    }


def test_highest_and_least_order_differ_where_a_child_has_several(tmp_path: Path) -> None:
    made = extracted(tmp_path, "infants", "infants_concluded", RECORDS)
    made.shows("""
        child_id | highest_order      | least_order          | placement_order
        O        | supervision order  | no order or discharge | no
        U        | placement order    | care order           | yes
    """)
    assert made.attrition == {
        "base": 3,
        "completed": 3,
        "order_recorded": 2,
        "mother_known": 2,
        "local_authority_known": 2,
    }


def test_time_to_placement_and_its_competing_event(tmp_path: Path) -> None:
    made = extracted(tmp_path, "infants", "infants_with_orders", RECORDS)
    made.shows("""
        child_id | placement_order | ended_without_placement
        N        | -               | -
        O        | -               | 2016-02-04
        U        | 2016-01-04      | -
    """)


def test_another_final_order_does_not_rule_out_a_placement_order_while_proceedings_go_on(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "infants", "infants_with_orders",
        """
        person
        person_id | sex  | week_of_birth
        A         | male | 2015-06-01
        B         | male | 2015-06-01

        case
        case_id | issue_date | is_completed
        1       | 2015-06-15 | 1
        2       | 2015-06-15 | 0

        case_person
        case_id | person_id | family_role
        1       | A         | child
        2       | B         | child

        legal_order
        case_id | child_id | order_group | order_date
        1       | A        | care        | 2016-01-04
        1       | A        | placement   | 2016-05-02
        2       | B        | care        | 2016-01-04
    """)  # fmt: skip
    made.shows("""
        child_id | placement_order | ended_without_placement
        A        | 2016-05-02      | -
        B        | -               | -
    """)


def test_time_counts_from_the_application_about_the_child(tmp_path: Path) -> None:
    # A was born during the proceedings about an older sibling and joined them by an application of its own; an
    # emergency hearing took place five days before the care application about A.
    made = extracted(
        tmp_path, "infants", "infants",
        """
        person
        person_id | sex    | week_of_birth
        M         | female | 1994-06-06
        A         | male   | 2016-02-29
        B         | male   | 2010-02-01

        case
        case_id | issue_date
        1       | 2015-01-05

        case_person
        case_id | person_id | family_role | s31_issue_date
        1       | M         | mother      | 2015-01-05
        1       | B         | child       | 2015-01-05
        1       | A         | child       | 2016-03-07

        relationship
        child_id | parent_id | parent
        A        | M         | mother
        B        | M         | mother

        hearing
        case_id | hearing_date
        1       | 2015-01-05
        1       | 2016-03-02
        1       | 2016-03-10
    """)  # fmt: skip
    made.shows("""
        child_id | issue_date | age_days | newborn_7_days | hearing_notice | is_subsequent_infant
        A        | 2016-03-07 | 7        | no             | 3 to 7 days    | no
    """)


def test_a_child_long_before_birth_is_left_out(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "infants", "infants",
        """
        person
        person_id | sex  | week_of_birth
        A         | male | 2016-02-29
        B         | male | 2015-02-02

        case
        case_id | issue_date
        1       | 2015-01-05

        case_person
        case_id | person_id | family_role
        1       | A         | child
        1       | B         | child
    """)  # fmt: skip
    made.shows("""
        child_id | age_days | mother_age_band
        B        | -28      | -
    """)
    assert made.attrition["week_of_birth_known"] == 2


def test_unknown_mothers_have_no_age_and_leave_the_model_in_a_counted_step(tmp_path: Path) -> None:
    # A has no mother on record, B a mother without a week of birth.
    made = extracted(
        tmp_path, "infants", "infants_concluded",
        """
        person
        person_id | sex    | week_of_birth
        M         | female | -
        N         | female | 1990-01-01
        A         | male   | 2015-06-01
        B         | male   | 2015-06-01
        C         | male   | 2015-06-01

        case
        case_id | issue_date | local_authority
        1       | 2015-06-15 | E1
        2       | 2015-06-15 | E1
        3       | 2015-06-15 | E1

        case_person
        case_id | person_id | family_role
        1       | A         | child
        2       | M         | mother
        2       | B         | child
        3       | N         | mother
        3       | C         | child

        relationship
        child_id | parent_id | parent
        B        | M         | mother
        C        | N         | mother

        legal_order
        case_id | child_id | order_group | order_date
        1       | A        | care        | 2016-01-04
        2       | B        | care        | 2016-01-04
        3       | C        | care        | 2016-01-04
    """)  # fmt: skip
    assert made.attrition["order_recorded"] == 3
    assert made.attrition["mother_known"] == 1
    made.shows("""
        child_id | mother_age_band
        C        | 25 to 29
    """)


def test_completed_proceedings_without_an_order_are_not_at_risk_for_ever(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "infants", "infants_with_orders",
        """
        person
        person_id | sex  | week_of_birth
        A         | male | 2015-06-01
        B         | male | 2015-06-01

        case
        case_id | issue_date | is_completed | end_date
        1       | 2015-06-15 | 1            | 2016-02-01
        2       | 2015-06-15 | 0            | -

        case_person
        case_id | person_id | family_role
        1       | A         | child
        2       | B         | child
    """)  # fmt: skip
    made.shows("""
        child_id | placement_order | ended_without_placement
        A        | -               | 2016-02-01
        B        | -               | -
    """)


def test_from_an_emergency_application_to_care_proceedings(tmp_path: Path) -> None:
    # U's proceedings follow in a case of their own, N's within the case; O was in proceedings before and is left out; T's
    # second emergency application does not count.
    made = extracted(tmp_path, "infants", "emergency", """
        person
        person_id | sex    | week_of_birth
        U         | male   | 2015-07-06
        N         | female | 2012-09-03
        O         | female | 2005-05-02
        T         | male   | 2000-05-01

        case
        case_id | issue_date | has_s31 | s31_issue_date
        u1      | 2015-07-08 | 0       | -
        u2      | 2015-07-15 | 1       | 2015-07-15
        n1      | 2014-03-03 | 1       | 2014-03-06
        o1      | 2012-03-05 | 1       | 2012-03-05
        o2      | 2013-03-04 | 0       | -
        t1      | 2011-05-02 | 0       | -
        t2      | 2012-05-07 | 0       | -

        application
        application_id | case_id | application_type     | is_s31 | application_date
        1              | u1      | emergency_protection | 0      | 2015-07-08
        2              | u2      | care                 | 1      | 2015-07-15
        3              | n1      | emergency_protection | 0      | 2014-03-03
        4              | n1      | care                 | 1      | 2014-03-06
        5              | o1      | care                 | 1      | 2012-03-05
        6              | o2      | emergency_protection | 0      | 2013-03-04
        7              | t1      | emergency_protection | 0      | 2011-05-02
        8              | t2      | emergency_protection | 0      | 2012-05-07

        case_person
        case_id | person_id | family_role | s31_issue_date
        u1      | U         | child       | -
        u2      | U         | child       | 2015-07-15
        n1      | N         | child       | 2014-03-06
        o1      | O         | child       | 2012-03-05
        o2      | O         | child       | -
        t1      | T         | child       | -
        t2      | T         | child       | -
    """)  # fmt: skip
    assert made.attrition == {
        "applications": 4, "first_application": 4, "in_period": 4, "not_in_proceedings": 3, "age_known": 3
    }  # fmt: skip
    made.shows("""
        child_id | application_date | s31_proceedings | age_in_emergency | went_on
        N        | 2014-03-03       | 2014-03-06      | 1 to 4           | yes
        T        | 2011-05-02       | -               | 10 to 17         | no
        U        | 2015-07-08       | 2015-07-15      | under 1          | yes
    """)


@pytest.mark.parametrize(("issued", "went_on"), [("2015-08-05", "yes"), ("2015-08-06", "no")])
def test_proceedings_follow_an_emergency_within_28_days(tmp_path: Path, issued: str, went_on: str) -> None:
    made = extracted(tmp_path, "infants", "emergency", f"""
        person
        person_id | sex  | week_of_birth
        U         | male | 2013-07-01

        case
        case_id | issue_date | has_s31 | s31_issue_date
        u1      | 2015-07-08 | 0       | -
        u2      | {issued} | 1       | {issued}

        application
        application_id | case_id | application_type     | is_s31 | application_date
        1              | u1      | emergency_protection | 0      | 2015-07-08

        case_person
        case_id | person_id | family_role | s31_issue_date
        u1      | U         | child       | -
        u2      | U         | child       | {issued}
    """)  # fmt: skip
    made.shows(f"child_id | went_on\nU | {went_on}")
