"""The infants cohorts on toy records, the expected rows beneath them."""

from __future__ import annotations

from pathlib import Path

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
case_id | issue_date | first_hearing_date | is_completed
first   | 2015-06-15 | 2015-06-15         | 1
second  | 2016-09-15 | 2016-09-17         | 1

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
    assert made.attrition == {"base": 3, "completed": 3, "order_recorded": 2, "mother_known": 2}


def test_time_to_placement_and_its_competing_event(tmp_path: Path) -> None:
    made = extracted(tmp_path, "infants", "infants_with_orders", RECORDS)
    made.shows("""
        child_id | placement_order | other_final_order
        N        | -               | -
        O        | -               | 2016-01-04
        U        | 2016-01-04      | -
    """)
