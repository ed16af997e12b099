"""The recurrence cohort on toy families, the expected rows beneath the records."""

from __future__ import annotations

from pathlib import Path

from ready import extracted

# Mother M1 and father F1 of child A (born 2012) are in proceedings in 2013.
INDEX = """
person
person_id | sex    | week_of_birth | deprivation_quintile
M1        | female | 1990-06-04    | 1
F1        | male   | 1985-06-03    | -
A         | male   | 2012-09-03    | -
B         | female | 2014-03-03    | -
C         | male   | 2009-01-05    | -

case
case_id | issue_date
I       | 2013-06-10

case_person
case_id | person_id | family_role
I       | M1        | mother
I       | F1        | father
I       | A         | child
"""


def test_without_return(tmp_path: Path) -> None:
    made = extracted(tmp_path, "recurrence", "parents", INDEX)
    made.shows("""
        person_id | parent | issue_date | return_any | death | end_of_records | age_band     | youngest_child_age | deprivation_quintile
        F1        | father | 2013-06-10 | -          | -     | 2021-12-31     | 25 to 29     | under 1            | not known
        M1        | mother | 2013-06-10 | -          | -     | 2021-12-31     | 20 to 24     | under 1            | 1 most deprived
    """)


def test_return_with_a_new_child_is_of_the_mother_alone_if_she_comes_alone(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "recurrence", "parents",
        INDEX + """
        case
        case_id | issue_date
        R       | 2014-03-10

        case_person
        case_id | person_id | family_role
        R       | M1        | mother
        R       | B         | child
    """)  # fmt: skip
    made.shows("""
        person_id | return_any | return_new_child | return_existing_child
        F1        | -          | -                | -
        M1        | 2014-03-10 | 2014-03-10       | -
    """)


def test_return_with_an_older_child_is_existing(tmp_path: Path) -> None:
    # C was born before the index set although not a subject of it.
    made = extracted(
        tmp_path, "recurrence", "parents",
        INDEX + """
        case
        case_id | issue_date
        R       | 2016-03-10

        case_person
        case_id | person_id | family_role
        R       | M1        | mother
        R       | F1        | father
        R       | C         | child
        R       | A         | child
    """)  # fmt: skip
    made.shows("""
        person_id | return_any | return_new_child | return_existing_child
        F1        | 2016-03-10 | -                | 2016-03-10
        M1        | 2016-03-10 | -                | 2016-03-10
    """)


def test_youngest_child_decides_whether_a_return_is_new(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "recurrence", "parents",
        INDEX + """
        case
        case_id | issue_date
        R       | 2014-04-10

        case_person
        case_id | person_id | family_role
        R       | M1        | mother
        R       | A         | child
        R       | B         | child
    """)  # fmt: skip
    made.shows("""
        person_id | return_new_child | return_existing_child
        F1        | -                | -
        M1        | 2014-04-10       | -
    """)


def test_child_unborn_at_index_is_not_new_at_return(tmp_path: Path) -> None:
    # B was a subject of the index set before birth: younger than the time since index, yet not new.
    made = extracted(
        tmp_path, "recurrence", "parents",
        """
        person
        person_id | sex    | week_of_birth
        M1        | female | 1990-06-04
        B         | female | 2013-07-01

        case
        case_id | issue_date
        I       | 2013-06-10
        R       | 2015-06-10

        case_person
        case_id | person_id | family_role
        I       | M1        | mother
        I       | B         | child
        R       | M1        | mother
        R       | B         | child
    """)  # fmt: skip
    made.shows("""
        person_id | youngest_child_age | return_new_child | return_existing_child
        M1        | under 1            | -                | 2015-06-10
    """)


def test_private_law_and_same_day_applications_are_no_return(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "recurrence", "parents",
        INDEX + """
        case
        case_id | issue_date | has_s31 | law_type
        P       | 2015-03-10 | 0       | private
        S       | 2013-06-10 | 1       | public

        case_person
        case_id | person_id | family_role
        P       | M1        | mother
        P       | A         | child
        S       | M1        | mother
        S       | C         | child
    """)  # fmt: skip
    made.shows("""
        person_id | case_id | return_any
        F1        | I       | -
        M1        | I       | -
    """)


def test_attrition_counts_who_is_left_out_and_why(tmp_path: Path) -> None:
    # M2 was in proceedings before the Welsh study period, M3 has no week of birth, M4 died before index,
    # the child of M5 has no week of birth.
    made = extracted(
        tmp_path, "recurrence", "parents",
        """
        person
        person_id | sex    | week_of_birth | death_date
        M1        | female | 1990-06-04    | 2020-01-01
        M2        | female | 1990-06-04    | -
        M3        | female | -             | -
        M4        | female | 1990-06-04    | 2012-01-01
        M5        | female | 1990-06-04    | -
        A         | male   | 2012-09-03    | -
        B         | male   | -             | -

        case
        case_id | issue_date | jurisdiction
        1       | 2013-06-10 | England
        2       | 2009-06-10 | Wales
        3       | 2013-06-10 | Wales
        4       | 2013-06-10 | England
        5       | 2013-06-10 | England

        case_person
        case_id | person_id | family_role
        1       | M1        | mother
        1       | A         | child
        2       | M2        | mother
        2       | A         | child
        3       | M2        | mother
        3       | M3        | mother
        3       | A         | child
        4       | M4        | mother
        4       | A         | child
        5       | M5        | mother
        5       | B         | child
    """)  # fmt: skip
    assert made.attrition == {
        "parents_in_s31": 5,
        "first_set": 5,
        "not_before": 4,
        "plausible_age": 3,
        "alive": 2,
        "subjects_known": 1,
    }
    made.shows("""
        person_id | death      | end_of_records | number_of_children | father_is_party
        M1        | 2020-01-01 | 2021-12-31     | 1                  | no
    """)


def test_return_about_a_child_of_unknown_age_is_neither_new_nor_existing(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "recurrence", "parents",
        INDEX + """
        person
        person_id | sex | week_of_birth
        Z         | -   | -

        case
        case_id | issue_date
        R       | 2016-03-10

        case_person
        case_id | person_id | family_role
        R       | M1        | mother
        R       | Z         | child
    """)  # fmt: skip
    made.shows("""
        person_id | return_any | return_new_child | return_existing_child | return_unknown_child
        F1        | -          | -                | -                     | -
        M1        | 2016-03-10 | -                | -                     | 2016-03-10
    """)


def test_every_later_set_is_a_return_counted_once_a_day(tmp_path: Path) -> None:
    made = extracted(
        tmp_path, "recurrence", "parents",
        INDEX + """
        case
        case_id | issue_date
        R1      | 2014-03-10
        R2      | 2014-03-10
        R3      | 2016-01-04
        Q       | 2013-06-10

        case_person
        case_id | person_id | family_role
        R1      | M1        | mother
        R1      | B         | child
        R2      | M1        | mother
        R2      | A         | child
        R3      | M1        | mother
        R3      | F1        | father
        R3      | C         | child
        Q       | M1        | mother
        Q       | C         | child
    """)  # fmt: skip
    made.shows("""
        person_id | return_any | returns
        F1        | 2016-01-04 | [2016-01-04]
        M1        | 2014-03-10 | [2014-03-10, 2016-01-04]
    """)


def test_sets_are_numbered_and_told_beside_the_set_before(tmp_path: Path) -> None:
    # B is born since the first set; the third, about A again, has another father and begins on the last day of two years.
    made = extracted(
        tmp_path, "recurrence", "sets",
        INDEX + """
        person
        person_id | sex  | week_of_birth
        F2        | male | 1986-06-02

        case
        case_id | issue_date
        R       | 2014-06-10
        S       | 2016-06-09
        T       | 2016-06-09

        case_person
        case_id | person_id | family_role
        R       | M1        | mother
        R       | F1        | father
        R       | B         | child
        S       | M1        | mother
        S       | F2        | father
        S       | A         | child
        T       | M1        | mother
        T       | C         | child

        legal_order
        case_id | child_id | order_group | order_date
        R       | B        | placement   | 2015-01-05
        R       | B        | care        | 2015-01-05
    """)  # fmt: skip
    made.shows("""
        person_id | set_number | set_date   | next_set   | number_of_set  | time_since_set_before | child_of_set | father_of_set | order_of_set    | age_at_set
        M1        | 1          | 2013-06-10 | 2014-06-10 | first          | -                     | -            | -             | none on record  | 20 to 24
        M1        | 2          | 2014-06-10 | 2016-06-09 | second         | 1 year                | born since   | the same      | placement order | 20 to 24
        M1        | 3          | 2016-06-09 | -          | third or later | 1 year                | born before  | another       | none on record  | 25 to 29
    """)  # fmt: skip


def test_mothers_in_wales_have_a_look_back_of_two_years_if_they_are_registered_for_so_long(tmp_path: Path) -> None:
    """M2 is not registered for two years, E is in England; returns are those of the cohort of parents."""
    made = extracted(
        tmp_path, "recurrence", "mothers_wales",
        """
        person
        person_id | sex    | week_of_birth
        M1        | female | 1990-06-04
        M2        | female | 1990-06-04
        M3        | female | 1990-06-04
        E         | female | 1990-06-04
        A         | male   | 2012-09-03
        B         | male   | 2016-01-04

        case
        case_id | issue_date | jurisdiction
        I       | 2015-06-01 | Wales
        J       | 2015-06-01 | Wales
        K       | 2015-06-01 | Wales
        L       | 2015-06-01 | England
        R       | 2016-02-01 | Wales

        case_person
        case_id | person_id | family_role
        I       | M1        | mother
        I       | A         | child
        J       | M2        | mother
        J       | A         | child
        K       | M3        | mother
        K       | A         | child
        L       | E         | mother
        L       | A         | child
        R       | M1        | mother
        R       | B         | child

        resident
        resident_id | person_id | sex    | week_of_birth
        R1          | M1        | female | 1990-06-04
        R2          | M2        | female | 1990-06-04
        R3          | M3        | female | 1990-06-04

        practice_registration
        resident_id | registered_from | registered_to
        R1          | 2013-06-01      | 2016-05-31
        R2          | 2013-06-02      | 2020-12-31
        R3          | 2005-01-01      | 2020-12-31

        health_event
        resident_id | event_date | source           | indicator     | indicator_group
        R1          | 2013-06-01 | general_practice | mental_health | anxiety
        R1          | 2015-05-31 | emergency        | injury        | -
        R3          | 2013-05-31 | general_practice | mental_health | depression
        R3          | 2015-06-01 | general_practice | substance_use | alcohol
        R3          | 2014-06-01 | general_practice | domestic_abuse | -
        """,
    )  # fmt: skip
    made.shows("""
        person_id | return_any | return_new_child | mental_health_before | substance_use_before | domestic_abuse_before | emergency_before
        M1        | 2016-02-01 | 2016-02-01       | yes                  | no                   | no                    | yes
        M3        | -          | -                | no                   | no                   | yes                   | no
    """)
