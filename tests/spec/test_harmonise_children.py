"""From births, schools and the censuses of social care to research-ready tables. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

from toy import harmonised

REGISTER = """
WDSD_AR_PERS
PERS_ID_E | ALF_E | ALF_STS_CD | GNDR_CD | WOB
1 | 900 | 1 | 2 | 2016-05-02
2 | 901 | 1 | 2 | 1990-01-01
3 | 902 | 1 | 1 | 2016-05-02
"""


def test_births_have_the_booking_visit_of_their_pregnancy(tmp_path: Path) -> None:
    """A visit of an earlier pregnancy is not taken; what NCCHD lacks comes from the maternity indicators."""
    made = harmonised(tmp_path, REGISTER, """
        NCCH_CHILD_BIRTHS
        CHILD_ID_E | ALF_E | ALF_STS_CD | WOB | GNDR_CD | BIRTH_ORDER | TOT_BIRTH_NUM | BIRTH_WEIGHT | GEST_AGE | MAT_ALF_E | MAT_ALF_STS_CD | MAT_AGE | MAT_SMOKING_CD | PREV_LIVE_BIRTHS
        1 | 900 | 1 | 2016-05-09 | F | 1 | 1 | 3.25 | - | 901 | 1 | 26 | 0 | 1

        MIDS_BIRTH
        MOTHER_ALF_E | MOTHER_ALF_STS_CD | CHILD_ALF_E | CHILD_ALF_STS_CD | BABY_BIRTH_DT | BIRTH_ORDER | LABOUR_ONSET_GEST_WEEKS | MAT_SERVICE_USER_SMOKER_STS_CD
        901 | 1 | 900 | 1 | 2016-05-02 | 1 | 39 | 2

        MIDS_INITIAL_ASSESSMENT
        MOTHER_ALF_E | MOTHER_ALF_STS_CD | INITIAL_ASS_DT | GEST_WEEKS | SERVICE_USER_SMOKER_STS_CD | SERVICE_USER_HAS_MENTAL_HEALTH_CONDITION_CD
        901 | 1 | 2014-10-01 | 9  | 2 | 2
        901 | 1 | 2015-10-05 | 10 | 1 | 1
    """)  # noqa: E501
    made.shows("birth", """
        birth_id | child_id | mother_id | week_of_birth | sex    | gestation_weeks | birth_weight_grams | smoked_in_pregnancy | had_mental_health_condition | first_antenatal_date | first_antenatal_weeks | is_multiple | recorded_in
        N1       | R900     | R901      | 2016-05-02    | female | 39              | 3250               | 1                   | 1                           | 2015-10-05           | 10                    | 0           | NCCH+MIDS
    """)  # noqa: E501
    assert made.counts("birth_gestation_filled") == {"NCCH": (1, 1, 1)}
    assert made.counts("birth_week_of_birth") == {"NCCH": (1, 1, 1)}
    assert made.affected("birth_without_visit", "MIDS") == 0


def test_births_stand_once_and_nobody_is_her_own_mother(tmp_path: Path) -> None:
    """Child 900 stands twice; 902 has the field of the mother of nobody; the third child only MIDS knows."""
    made = harmonised(tmp_path, REGISTER, """
        NCCH_CHILD_BIRTHS
        CHILD_ID_E | ALF_E | ALF_STS_CD | WOB | GNDR_CD | MAT_ALF_E | MAT_ALF_STS_CD | MAT_SMOKING_CD
        1 | 900 | 1  | 2016-05-02 | 2 | 901 | 1  | 3
        2 | 900 | 1  | 2016-05-02 | F | 901 | 1  | 3
        3 | 902 | 1  | 2016-05-02 | M | 902 | 1  | -
        4 | 777 | 99 | -          | M | 901 | 99 | -

        MIDS_BIRTH
        MOTHER_ALF_E | MOTHER_ALF_STS_CD | CHILD_ALF_E | CHILD_ALF_STS_CD | BABY_BIRTH_DT
        901 | 1 | - | 99 | 2018-01-01
    """)
    made.shows("birth", """
        birth_id | child_id | mother_id | sex    | smoked_in_pregnancy | recorded_in
        M1       | -        | R901      | -      | -                   | MIDS
        N1       | R900     | R901      | female | 1                   | NCCH
        N3       | R902     | -         | male   | -                   | NCCH
    """)
    assert made.counts("birth_repeated") == {"NCCH": (4, 1, 3)}
    assert made.counts("birth_mother_is_child") == {"NCCH": (3, 1, 3)}
    assert made.counts("birth_only_in_mids") == {"MIDS": (1, 1, 1)}
    assert made.counts("birth_undated") == {"NCCH": (4, 1, 3)}
    assert made.counts("birth_without_visit") == {"MIDS": (1, 1, 1)}


def test_a_birth_whose_child_one_source_did_not_link_is_one_birth(tmp_path: Path) -> None:
    """The mother and the week tell; two unlinked children of one pregnancy without an order stay as they are."""
    made = harmonised(tmp_path, REGISTER, """
        NCCH_CHILD_BIRTHS
        CHILD_ID_E | ALF_E | ALF_STS_CD | WOB | MAT_ALF_E | MAT_ALF_STS_CD
        1 | 900 | 1  | 2016-05-02 | 901 | 1
        2 | -   | 99 | 2018-01-01 | 901 | 1
        3 | -   | 99 | 2018-01-01 | 901 | 1

        MIDS_BIRTH
        MOTHER_ALF_E | MOTHER_ALF_STS_CD | CHILD_ALF_E | CHILD_ALF_STS_CD | BABY_BIRTH_DT
        901 | 1 | -   | 99 | 2016-05-02
        901 | 1 | 902 | 1  | 2018-01-01
    """)
    assert sorted(made.rows("birth", ["child_id", "mother_id", "recorded_in"])) == [
        ["-", "R901", "NCCH"], ["-", "R901", "NCCH"], ["R900", "R901", "NCCH+MIDS"], ["R902", "R901", "MIDS"],
    ]
    assert made.counts("birth_matched_by_mother") == {"MIDS": (2, 1, 2)}


def test_a_school_year_has_one_row_per_pupil(tmp_path: Path) -> None:
    """January and September returns; two numbers of one pupil; meals in any return, the highest provision."""
    made = harmonised(tmp_path, REGISTER, """
        EDUW_PUPIL_ALF
        IRN_E | ALF_E | ALF_STS_CD
        1 | 900 | 1
        2 | 900 | 4
        3 | 555 | 99

        EDUW_PUPIL
        IRN_E | YEAR | LEA | NCYEAR | FSMELIGIBLE | SENPROVISION | ETHNICITY
        1 | 202101 | 530 | 0 | 1 | n | WHTE
        2 | 202009 | 530 | 0 | 0 | P | WHTE
        2 | 202109 | 530 | 1 | 0 | N | WHTE
        3 | 202101 | 530 | 5 | 0 | S | NOBT

        EDUW_ATTENDANCE
        IRN_E | YEAR | SESSIONSPOSSIBLE | SESSIONSATTENDED
        1 | 202110 | 200 | 180
        2 | 202110 | 100 | 100
        2 | 202110 | 0   | 0
    """)
    made.shows("pupil_year", """
        pupil_id | school_year | resident_id | year_group | ethnic_group | has_free_school_meals | special_needs      | sessions_possible | sessions_attended
        I3       | 2020        | -           | 5          | Unknown      | 0                     | statement          | -                 | -
        R900     | 2020        | R900        | 0          | White        | 1                     | school_action_plus | 300               | 280
        R900     | 2021        | R900        | 1          | White        | 0                     | none               | -                 | -
    """)  # noqa: E501
    assert made.counts("pupil_repeated_in_year") == {"EDUW": (4, 1, 3)}
    assert made.counts("pupil_several_numbers") == {"EDUW": (3, 1, 2)}
    assert made.counts("pupil_not_linked") == {"EDUW": (3, 1, 3)}


def test_both_censuses_of_social_care_are_one_table(tmp_path: Path) -> None:
    """A named disability goes before the column for none; identifiers are good within a local authority."""
    made = harmonised(tmp_path, REGISTER, """
        CINW_PUPIL_ALF
        CHILD_CODE_E | LOCAL_AUTHORITY_CODE | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        1 | 530 | 900 | 1 | 2 | 2016-05-09

        CINW_MAIN
        CHILD_CODE_E | LOCAL_AUTHORITY_CODE | YEAR_CODE | ETHNIC_ORIGIN_CODE | CHILD_PROTECTION_REGISTER | LOOKED_AFTER_CHILD | CATEGORY_OF_NEED_CODE | DISABILITY_NONE | DISABILITY_MOBILITY | PARENTING_CAPACITY_DOMESTIC_ABUSE
        1 | 530 | 201516 | B1 | 1 | 0 | n4 | 1 | 1 | 1

        CRCS_MAIN_CRCS
        CHILD_CODE_E | LOCAL_AUTHORITY_CODE | YEAR_CODE | CHILD_PROTECTION_REGISTER | LOOKED_AFTER_CHILD | CATEGORY_OF_NEED_CODE | DISABILITY_NONE | DISABILITY_MOBILITY | PARENTING_CAPACITY_DOMESTIC_ABUSE
        1 | 532 | 201617 | 0 | 1 | N1 | 1 | 0 | -
    """)  # noqa: E501
    made.shows("care_and_support", """
        care_and_support_id | census_date | system | resident_id | week_of_birth | ethnic_group | is_looked_after | is_on_register | need             | is_disabled | domestic_abuse
        1_530               | 2016-03-31  | CIN    | R900        | 2016-05-02    | Mixed        | 0               | 1              | acute_stress     | 1           | 1
        1_532               | 2017-03-31  | CRCS   | -           | -             | Unknown      | 1               | 0              | abuse_or_neglect | 0           | -
    """)  # noqa: E501
    assert made.counts("support_rows_read") == {"CIN": (1, 0, 1), "CRCS": (1, 0, 1)}
    assert made.affected("support_not_linked", "CRCS") == 1
    assert made.affected("support_disability_contradicted", "CIN") == 1
    assert made.affected("support_week_of_birth", "CIN") == 1
