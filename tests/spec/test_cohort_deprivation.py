"""The cohorts of the deprivation stream on toy records, the expected rows beneath them."""

from __future__ import annotations

from pathlib import Path

from ready import Extracted, extracted

from family_justice.files import connect

RECORDS = """
authority
local_authority | local_authority_name | region     | jurisdiction | dfj_area  | overall_score | income_score
E1              | Toytown              | North East | England      | Newcastle | 1.5           | 1.2
W1              | Swansea              | Wales      | Wales        | Swansea   | -0.5          | 0.1

authority_spend
local_authority | year | spend_per_child
E1              | 2014 | 2000
E1              | 2015 | 3000
W1              | 2014 | 1000

child_population
local_authority | year | deprivation_quintile | age_band | children
E1              | 2007 | 1                    | under 1  | 90
E1              | 2014 | 1                    | under 1  | 100
E1              | 2014 | 1                    | 1 to 4   | 400
E1              | 2014 | 2                    | 1 to 4   | 300
E1              | 2015 | 1                    | under 1  | 0
E1              | 2015 | 1                    | 10 to 17 | 700
W1              | 2011 | 1                    | under 1  | 10
W1              | 2014 | 1                    | under 1  | 20

person
person_id | week_of_birth | deprivation_quintile
M         | 1990-06-04    | 1
N         | 1991-06-03    | 1
baby      | 2014-05-05    | 1
unborn    | 2014-09-01    | 1
sibling   | 2011-05-02    | 1
nowhere   | 2012-05-07    | -
later     | 2015-05-04    | 1
teenager  | 2004-05-03    | 1

case
case_id | jurisdiction | local_authority | issue_date | s31_issue_date
first   | England      | E1              | 2014-06-16 | 2014-06-16
second  | England      | E1              | 2015-06-15 | 2015-06-15
welsh   | Wales        | W1              | 2014-06-16 | 2014-06-16
other   | England      | E1              | 2015-09-14 | 2015-09-14

case_person
case_id | person_id | role       | family_role | s31_issue_date
first   | M         | respondent | mother      | -
first   | baby      | subject    | child       | 2014-06-16
first   | sibling   | subject    | child       | 2014-06-16
first   | nowhere   | subject    | child       | 2014-06-16
second  | M         | respondent | mother      | -
second  | sibling   | subject    | child       | 2015-06-15
second  | later     | subject    | child       | 2015-06-15
welsh   | N         | respondent | mother      | -
welsh   | unborn    | subject    | child       | 2014-06-16
other   | teenager  | subject    | child       | 2015-09-14
"""


def shows(made: Extracted, expected: str) -> None:
    """Assert that the cohort holds exactly the rows of a text table, in the order of all its columns."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in expected.strip().splitlines()]
    with connect({"cohort": made.cohort}) as connection:
        columns = ", ".join(f"CAST({name} AS VARCHAR)" for name in header)
        rows = connection.execute(f"SELECT {columns} FROM cohort ORDER BY ALL").fetchall()
    assert [list(row) for row in rows] == sorted(lines)


def test_children_of_small_areas_count_once_and_where_their_area_is_known(tmp_path: Path) -> None:
    # The sibling's second set does not count, the child without an area has no fifth; a group without children has no rate;
    # 2007 and, in Wales, 2011 lie before the study.
    made = extracted(tmp_path, "deprivation", "small_areas", RECORDS)
    shows(
        made,
        """
        nation  | year | deprivation_quintile | age_band | children | children_in_court | under_one
        England | 2014 | 1                    | under 1  | 100      | 1                 | yes
        England | 2014 | 1                    | 1 to 4   | 400      | 1                 | no
        England | 2014 | 2                    | 1 to 4   | 300      | 0                 | no
        England | 2015 | 1                    | 10 to 17 | 700      | 1                 | no
        Wales   | 2014 | 1                    | under 1  | 20       | 1                 | yes
    """,
    )


def test_children_in_private_law_count_at_their_first_case(tmp_path: Path) -> None:
    """A child in care proceedings counts where the private case is; a second case of the same child does not."""
    more = """
    case
    case_id | jurisdiction | local_authority | issue_date | law_type
    private | England      | E1              | 2014-09-15 | private
    again   | England      | E1              | 2015-09-14 | private

    case_person
    case_id | person_id | role    | family_role
    private | sibling   | subject | child
    private | nowhere   | subject | child
    again   | sibling   | subject | child
    again   | teenager  | subject | child
    """
    made = extracted(tmp_path, "deprivation", "small_areas_private", RECORDS + more)
    shows(
        made,
        """
        nation  | year | deprivation_quintile | age_band | children | children_in_private_law
        England | 2014 | 1                    | under 1  | 100      | 0
        England | 2014 | 1                    | 1 to 4   | 400      | 1
        England | 2014 | 2                    | 1 to 4   | 300      | 0
        England | 2015 | 1                    | 10 to 17 | 700      | 1
        Wales   | 2014 | 1                    | under 1  | 20       | 0
    """,
    )


def test_authorities_count_the_first_set_of_a_mother_and_know_their_spend(tmp_path: Path) -> None:
    # The mother's second set does not count; the teenager's case has no mother, and is no mother's first.
    made = extracted(tmp_path, "deprivation", "authorities", RECORDS)
    shows(
        made,
        """
        local_authority | year | under_one | children | children_in_court | overall_score | spend | spend_between | spend_within
        E1              | 2014 | no        | 700      | 2                 | 1.5           | 2.0   | 2.5           | -0.5
        E1              | 2014 | yes       | 100      | 1                 | 1.5           | 2.0   | 2.5           | -0.5
        E1              | 2015 | no        | 700      | 0                 | 1.5           | 3.0   | 2.5           | 0.5
        W1              | 2014 | yes       | 20       | 1                 | -0.5          | 1.0   | 1.0           | 0.0
    """,
    )
