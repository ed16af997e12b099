"""From the yearly census of looked-after children to episodes of care. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

import pytest
from toy import CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised

from family_justice.errors import ContractError

#: Child 7 of Carmarthenshire, who is linked.
CHILD = """
LACW_PUPIL_ALF
SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | ALF_E | ALF_STS_CD | GNDR_CD | WOB
7 | 530 | 900 | 1 | 2 | 2014-06-02

LACW_CHILD_MAIN
SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | YEAR_CODE | ETHNICITY
7 | 530 | 201415 | -
7 | 530 | 201516 | A1

AREA_LOCAL_AUTHORITY
LA_CODE | LA_NAME | DFJ_AREA | REGION | JURISDICTION
W530 | Carmarthenshire | Swansea | Wales | Wales
"""
EPISODES = """
LACW_EPISODE_MAIN
SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | YEAR_CODE | EPISODE_START_DATE | EPISODE_END_DATE | REASON_EPISODE_STARTED_CODE | REASON_EPISODE_FINISHED_CODE | LEGAL_STATUS_CODE | PLACEMENT_TYPE_CODE | CATEGORY_OF_NEED_CODE
""".rstrip()  # noqa: E501
#: Care orders of the two children of the Cymru case, made at one hearing.
CARE_ORDERS = """
CAFCASS_HEARING
CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGDATETIME
1 | 30 | 2015-06-01 10:00:00

CAFCASS_HEARINGOUTCOME
CAP_HEARINGOUTCOMEID_E | CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGOUTCOMETYPEIDNAME | CAP_HEARINGOUTCOMEFINALNAME
1 | 1 | 30 | Care Order | Yes

CAFCASS_HEARINGOUTCOMEAPPLICATION
CAP_HEARINGOUTCOMEID_E | CAP_APPLICATIONID_E
1 | 301
1 | 304
"""
REGISTER = """
WDSD_AR_PERS
PERS_ID_E | ALF_E | ALF_STS_CD | GNDR_CD | WOB
1 | 900 | 1 | 2 | 2014-06-02
"""


def test_the_latest_census_year_wins(tmp_path: Path) -> None:
    """An episode that was open on 31 March stands in two years, a row of the first twice; codes may be lower case."""
    made = harmonised(tmp_path, CHILD, REGISTER, EPISODES + """
        7 | 530 | 201415 | 2015-02-02 | -          | S | -  | V2 | F2 | N1
        7 | 530 | 201415 | 2015-02-02 | -          | S | -  | V2 | F2 | N1
        7 | 530 | 201516 | 2015-02-02 | 2015-06-01 | S | E4 | V2 | f6 | N1
        7 | 530 | 201516 | -          | 2015-06-01 | S | E4 | V2 | F3 | N1
    """)
    made.shows("looked_after_episode", """
        looked_after_id | episode_start | episode_end | is_ongoing | legal_status | placement    | is_outside_area | start_reason | end_reason    | need
        7_530           | 2015-02-02    | 2015-06-01  | 0          | voluntary    | other_foster | 1               | entry        | returned_home | abuse_or_neglect
    """)  # noqa: E501
    made.shows("looked_after_episode", """
        looked_after_id | resident_id | linked_by    | sex    | week_of_birth | ethnic_group | local_authority
        7_530           | R900        | looked_after | female | 2014-06-02    | White        | W530
    """)
    assert made.counts("care_row_undated") == {"LACW": (4, 1, 3)}
    assert made.counts("duplicate_care_row") == {"LACW": (3, 1, 2)}
    assert made.counts("care_repeated_each_year") == {"LACW": (2, 1, 1)}
    assert made.counts("care_revised_later") == {"LACW": (1, 1, 1)}


def test_ongoing_episodes_have_an_open_end(tmp_path: Path) -> None:
    """Child 8 is open in the last census; 9 was left open and lost a year before; 10 lacks an end between episodes."""
    made = harmonised(tmp_path, EPISODES + """
        8  | 530 | 201516 | 2015-05-01 | -          | S | -  | C2 | F2 | N1
        9  | 530 | 201415 | 2014-05-01 | -          | S | -  | C2 | F2 | N1
        10 | 530 | 201516 | 2015-05-01 | -          | S | -  | C2 | F2 | N1
        10 | 530 | 201516 | 2015-09-01 | 2015-10-01 | P | E4 | C2 | F2 | N1
    """)
    made.shows("looked_after_episode", """
        looked_after_id | episode_start | episode_end | is_ongoing | end_reason
        10_530          | 2015-05-01    | 2015-09-01  | 0          | -
        10_530          | 2015-09-01    | 2015-10-01  | 0          | returned_home
        8_530           | 2015-05-01    | -           | 1          | -
        9_530           | 2014-05-01    | 2015-03-31  | 0          | -
    """)
    assert made.counts("care_ongoing") == {"LACW": (4, 1, 4)}
    assert made.counts("care_end_missing") == {"LACW": (4, 1, 4)}
    assert made.counts("care_lost_to_census") == {"LACW": (4, 1, 4)}


def test_a_change_of_legal_status_is_no_move(tmp_path: Path) -> None:
    """Status changes (L), placement changes (P), both change (B); the child goes home and comes back."""
    made = harmonised(tmp_path, EPISODES + """
        7 | 530 | 201516 | 2015-05-01 | 2015-06-01 | S | X1 | V2 | F2 | N1
        7 | 530 | 201516 | 2015-06-01 | 2015-07-01 | L | X1 | C1 | F2 | N1
        7 | 530 | 201516 | 2015-07-01 | 2015-08-01 | P | X1 | C1 | F1 | N1
        7 | 530 | 201516 | 2015-08-01 | 2015-09-01 | B | E4 | C2 | P1 | N1
        7 | 530 | 201516 | 2016-01-01 | -          | S | -  | V2 | F2 | N1
    """)
    made.shows("looked_after_episode", """
        episode_start | period_of_care | period_start | placement_number | is_placement_move | history
        2015-05-01    | 1              | 2015-05-01   | 1                | 0                 | consistent
        2015-06-01    | 1              | 2015-05-01   | 1                | 0                 | consistent
        2015-07-01    | 1              | 2015-05-01   | 2                | 1                 | consistent
        2015-08-01    | 1              | 2015-05-01   | 3                | 1                 | consistent
        2016-01-01    | 2              | 2016-01-01   | 1                | 0                 | consistent
    """)
    assert made.counts("care_legal_status_only") == {"LACW": (5, 1, 5)}


def test_an_end_without_a_reason_is_no_end_of_care(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CHILD, EPISODES + """
        7 | 530 | 201415 | 2014-05-01 | 2014-07-01 | S | - | V2 | F2 | N1
        7 | 530 | 201415 | 2014-09-01 | -          | P | - | V2 | F1 | N1
    """)
    made.shows("looked_after_episode", """
        episode_start | period_of_care | placement_number | is_placement_move | history
        2014-05-01    | 1              | 1                | 0                 | consistent
        2014-09-01    | 1              | 2                | 1                 | gap
    """)


def test_weeks_of_birth_are_those_of_the_demographic_service(tmp_path: Path) -> None:
    """Child 7 is linked: the week is repaired, and care no longer begins before birth. Child 8 is not: flagged."""
    made = harmonised(tmp_path, CHILD.replace("2014-06-02", "2014-06-16"), REGISTER, """
        LACW_PUPIL_ALF
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        8 | 530 | - | 99 | 1 | 2014-06-16
    """, EPISODES + """
        7 | 530 | 201415 | 2014-06-05 | - | S | - | C1 | F2 | N1
        8 | 530 | 201415 | 2014-06-05 | - | S | - | C1 | F2 | N1
    """)
    made.shows("looked_after_episode", """
        looked_after_id | week_of_birth | starts_before_birth
        7_530           | 2014-06-02    | 0
        8_530           | 2014-06-16    | 1
    """)
    assert made.counts("care_week_of_birth") == {"LACW": (2, 1, 2)}
    assert made.counts("care_before_birth") == {"LACW": (2, 1, 2)}


def test_histories_are_audited_and_left_as_they_are(tmp_path: Path) -> None:
    """Child 1 overlaps, child 2 has a gap, child 3 is first listed without entry, child 4 jumps between statuses."""
    made = harmonised(tmp_path, EPISODES + """
        1 | 530 | 201415 | 2014-05-01 | 2014-06-09 | S | X1 | C1 | F2 | N1
        1 | 530 | 201415 | 2014-06-01 | 2014-07-01 | P | E4 | C1 | F1 | N1
        2 | 530 | 201415 | 2014-05-01 | 2014-05-20 | S | X1 | C1 | F2 | N1
        2 | 530 | 201415 | 2014-06-01 | 2014-07-01 | P | E4 | C1 | F1 | N1
        3 | 530 | 201516 | 2014-06-01 | 2015-07-01 | L | E4 | C2 | F1 | N1
        4 | 530 | 201415 | 2014-05-01 | 2014-06-01 | S | X1 | C1 | F2 | N1
        4 | 530 | 201415 | 2014-06-01 | 2014-07-01 | P | X1 | C2 | F1 | N1
        4 | 530 | 201415 | 2014-07-01 | 2014-08-01 | L | E4 | C2 | F1 | N1
        5 | 530 | 201415 | 2014-03-01 | 2014-08-01 | P | E4 | C2 | F1 | N1
    """)
    made.shows("looked_after_episode", """
        looked_after_id | episode_start | episode_end | history
        1_530           | 2014-05-01    | 2014-06-09  | consistent
        1_530           | 2014-06-01    | 2014-07-01  | overlap
        2_530           | 2014-05-01    | 2014-05-20  | consistent
        2_530           | 2014-06-01    | 2014-07-01  | gap
        3_530           | 2014-06-01    | 2015-07-01  | consistent
        4_530           | 2014-05-01    | 2014-06-01  | consistent
        4_530           | 2014-06-01    | 2014-07-01  | consistent
        4_530           | 2014-07-01    | 2014-08-01  | consistent
        5_530           | 2014-03-01    | 2014-08-01  | consistent
    """)
    assert made.affected("care_overlap", "LACW") == 1
    assert made.affected("care_gap", "LACW") == 1
    # Child 5 was in care when the census began: nothing can be said of its entry.
    assert made.affected("care_jump", "LACW") == 1
    assert made.affected("care_teleport", "LACW") == 2


def test_children_are_linked_by_their_school_and_by_the_court(tmp_path: Path) -> None:
    """1 own field, 2 through the school, 3 through the care order, 4 has two fields, 5 twins: two candidates."""
    made = harmonised(tmp_path, CYMRU_CASE, CARE_ORDERS, """
        LACW_PUPIL_ALF
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        1 | 530 | 900 | 4  | 2 | 2010-01-04
        2 | 530 | 901 | 99 | 2 | 2010-01-04
        3 | 530 | -   | 99 | 1 | 2014-06-02
        4 | 530 | 903 | 1  | 1 | 2010-01-04
        4 | 530 | 904 | 1  | 1 | 2010-01-04
        5 | 530 | -   | 99 | 2 | 2012-06-04
        6 | 530 | -   | 99 | 2 | 2012-06-04

        LACW_CHILD_MAIN
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | YEAR_CODE | IRN_E
        2 | 530 | 201415 | 77

        EDUW_PUPIL_ALF
        IRN_E | ALF_E | ALF_STS_CD
        77 | 902 | 1

        WDSD_AR_PERS
        PERS_ID_E | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        1 | 900 | 1 | 2 | 2010-01-04
        2 | 902 | 1 | 2 | 2010-01-11
    """, EPISODES + """
        1 | 530 | 201516 | 2015-05-01 | - | S | - | V2 | F2 | N1
        2 | 530 | 201516 | 2015-05-01 | - | S | - | V2 | F2 | N1
        3 | 530 | 201516 | 2015-06-01 | - | L | - | C2 | F2 | N1
        4 | 530 | 201516 | 2015-05-01 | - | S | - | V2 | F2 | N1
        5 | 530 | 201516 | 2015-06-01 | - | L | - | C2 | F2 | N1
        6 | 530 | 201516 | 2015-06-01 | - | L | - | C2 | F2 | N1
    """)
    made.shows("looked_after_episode", """
        looked_after_id | resident_id | person_id | linked_by    | week_of_birth
        1_530           | R900        | -         | looked_after | 2010-01-04
        2_530           | R902        | -         | school       | 2010-01-11
        3_530           | -           | W1        | court        | 2014-06-02
        4_530           | -           | -         | -            | 2010-01-04
        5_530           | -           | -         | -            | 2012-06-04
        6_530           | -           | -         | -            | 2012-06-04
    """)
    assert made.affected("several_linkage_fields_care", "LACW") == 1
    assert made.affected("care_linked_by_own_field", "LACW") == 1
    assert made.affected("care_linked_by_school", "LACW") == 1
    assert made.affected("care_linked_by_court", "LACW") == 1


def test_an_order_of_a_court_in_england_links_nobody(tmp_path: Path) -> None:
    """Sex, week of birth, day and kind of order fit a child in England."""
    made = harmonised(tmp_path, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
        1 | 10 | 100 | 1 | 1 | 2016-06-01

        LACW_PUPIL_ALF
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | ALF_STS_CD | GNDR_CD | WOB
        7 | 530 | 99 | 2 | 2016-02-29
    """, EPISODES + """
        7 | 530 | 201617 | 2016-06-01 | - | L | - | C2 | F2 | N1
    """)
    assert made.rows("legal_order", ["child_id", "order_date"]) == [["E1", "2016-06-01"]]
    made.shows("looked_after_episode", """
        looked_after_id | person_id | linked_by
        7_530           | -         | -
    """)


def test_a_child_who_is_given_a_new_identifier_stays_one_child(tmp_path: Path) -> None:
    """1 becomes 2 and then 3; 4 is a boy, 5 a girl; 6 and 7 fit 8 equally well and stay apart."""
    made = harmonised(tmp_path, """
        LACW_PUPIL_ALF
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | GNDR_CD | WOB
        1 | 530 | 2 | 2010-01-04
        2 | 530 | 2 | 2010-01-04
        3 | 530 | 2 | 2010-01-04
        4 | 530 | 1 | 2010-01-04
        5 | 530 | 2 | 2010-01-04
        6 | 532 | 2 | 2010-01-04
        7 | 532 | 2 | 2010-01-04
        8 | 532 | 2 | 2010-01-04
    """, EPISODES + """
        1 | 530 | 201314 | 2013-05-01 | -          | S | -  | C2 | F2 | N1
        2 | 530 | 201415 | 2013-05-01 | 2014-09-01 | S | X1 | C2 | F2 | N1
        2 | 530 | 201415 | 2014-09-01 | -          | P | -  | C2 | F1 | N1
        3 | 530 | 201516 | 2014-09-01 | -          | P | -  | C2 | F1 | N1
        4 | 530 | 201314 | 2013-06-01 | -          | S | -  | C2 | F2 | N1
        5 | 530 | 201415 | 2013-06-01 | 2014-09-01 | S | E4 | C2 | F2 | N1
        6 | 532 | 201314 | 2013-06-01 | -          | S | -  | C2 | F2 | N1
        7 | 532 | 201314 | 2013-06-01 | -          | S | -  | C2 | F2 | N1
        8 | 532 | 201415 | 2013-06-01 | 2014-09-01 | S | E4 | C2 | F2 | N1
    """)
    made.shows("looked_after_episode", """
        looked_after_id | episode_start | episode_end | is_ongoing | history
        1_530           | 2013-05-01    | 2014-09-01  | 0          | consistent
        1_530           | 2014-09-01    | -           | 1          | consistent
        4_530           | 2013-06-01    | 2014-03-31  | 0          | consistent
        5_530           | 2013-06-01    | 2014-09-01  | 0          | consistent
        6_532           | 2013-06-01    | 2014-03-31  | 0          | consistent
        7_532           | 2013-06-01    | 2014-03-31  | 0          | consistent
        8_532           | 2013-06-01    | 2014-09-01  | 0          | consistent
    """)
    assert made.counts("care_renumbered") == {"LACW": (8, 2, 6)}


def test_a_code_without_a_category_is_reported_by_its_number_of_rows(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        harmonised(tmp_path, EPISODES + "\n7 | 530 | 201516 | 2015-05-01 | - | S | - | C9 | F2 | N1")
    assert "LACW_EPISODE_MAIN.LEGAL_STATUS_CODE holds 1 code unknown to" in str(caught.value)
    assert "C9" not in str(caught.value)


def test_without_the_census_the_table_is_empty_and_nothing_is_counted(tmp_path: Path) -> None:
    made = harmonised(tmp_path, REGISTER)
    assert made.rows("looked_after_episode", ["looked_after_id"]) == []
    assert made.counts("care_rows_read") == {}
