"""From legal outputs to orders of children. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

import csv
from pathlib import Path

from toy import CMS_CASE, CODELISTS, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised


def test_ecms_outputs_belong_to_the_child(tmp_path: Path) -> None:
    """Final follows from the type; duplicates, reports, rule 16.4 and outputs for adults are no orders of children."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED | ISFPR164
        1 | 10 | 100 | 1 | 3 | 2016-03-10 | false
        2 | 10 | 100 | 1 | 1 | 2016-09-01 | false
        3 | 10 | 100 | 1 | 1 | 2016-09-01 | false
        4 | 10 | 100 | 1 | 9 | 2016-05-01 | false
        5 | 10 | 100 | 1 | 1 | 2016-03-05 | true
        6 | 10 | 100 | 2 | 1 | 2016-09-01 | false
        7 | 10 | 100 | 1 | 2 | - | false
        8 | 10 | 100 | 1 | - | 2016-09-01 | false
        9 | 99 | 100 | 1 | 1 | 2016-09-01 | false
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group | order_date | is_final | recorded_for
        E10     | E1       | care        | 2016-09-01 | 1        | child
        E10     | E1       | interim     | 2016-03-10 | 0        | child
    """)
    made.shows("case", """
        case_id | final_order_date | end_date
        E10     | 2016-09-01       | 2016-09-01
    """)
    assert made.counts("duplicate_output")["ECMS"] == (9, 1, 8)
    assert made.counts("output_without_case") == {"ECMS": (8, 1, 7)}
    assert made.counts("output_type_missing") == {"ECMS": (7, 1, 6)}
    assert made.counts("not_an_order") == {"ECMS": (6, 2, 4)}
    assert made.counts("output_undated") == {"ECMS": (4, 1, 3)}
    assert made.counts("output_without_child") == {"ECMS": (3, 1, 2)}
    assert made.counts("attributed_to_children") == {"ECMS": (2, 2, 2)}


def test_cms_outputs_belong_to_all_subject_children_of_the_case(tmp_path: Path) -> None:
    """Final is as recorded; a missing date is that of the hearing; orders before April 2011 are flagged and kept."""
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE
        200 | 3 | 4

        CAFE_CMS_TBLPERSON
        PERSONID_PE
        3

        CAFE_CMS_TBLCASEHEARING
        CASEHEARINGID_PE | CASEREF_PE | HEARINGDATE
        5 | 20 | 2012-12-03

        CAFE_CMS_TBLLEGALOUTPUT
        LEGALOUTPUTID_PE | CASEREF_PE | CASEHEARINGREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
        1 | 20 | 5 | 1 | 1 | -
        2 | 20 | - | 2 | 0 | 2011-03-31
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group | order_date | is_final | recorded_for
        E20     | E1       | care        | 2012-12-03 | 1        | case
        E20     | E1       | supervision | 2011-03-31 | 0        | case
        E20     | E3       | care        | 2012-12-03 | 1        | case
        E20     | E3       | supervision | 2011-03-31 | 0        | case
    """)
    assert made.counts("output_date_missing") == {"CMS": (2, 1, 2)}
    assert made.counts("order_before_usable") == {"CMS": (2, 1, 2)}
    assert made.counts("attributed_to_children") == {"CMS": (2, 4, 4)}


def test_cymru_outcomes_belong_to_the_subjects_of_the_application(tmp_path: Path) -> None:
    """The two children have different outcomes of one hearing; an outcome on no application is counted only."""
    made = harmonised(tmp_path, CYMRU_CASE, """
        CAFCASS_HEARING
        CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGDATETIME
        5 | 30 | 2015-06-01 10:30:00

        CAFCASS_HEARINGOUTCOME
        CAP_HEARINGOUTCOMEID_E|CAP_HEARINGID_E|CAP_HEARINGOUTCOMETYPEIDNAME|CAP_HEARINGOUTCOMEFINALNAME|CAP_CASEID_E
        51 | 5 | Care Order | Yes | 30
        52 | 5 | Supervision Order | No | 30
        53 | 5 | Care Order | Yes | 30
        54 | 5 | Care Order | Yes | 30

        CAFCASS_HEARINGOUTCOMEAPPLICATION
        CAP_HEARINGOUTCOMEID_E | CAP_APPLICATIONID_E
        51 | 301
        52 | 304
        53 | 301
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group | order_date | is_final | recorded_for
        W30     | W1       | care        | 2015-06-01 | 1        | application
        W30     | W4       | supervision | 2015-06-01 | 0        | application
    """)
    assert made.counts("duplicate_output")["Cymru"] == (3, 1, 2)
    assert made.counts("output_without_application") == {"Cymru": (4, 1, 4)}


def test_in_a_straddling_case_ecms_orders_win(tmp_path: Path) -> None:
    """Both record the care order; only ECMS knows that it was made for child 1 and not for child 3."""
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE
        200 | 3 | 4

        CAFE_CMS_TBLPERSON
        PERSONID_PE
        3

        CAFE_CMS_TBLLEGALOUTPUT
        LEGALOUTPUTID_PE | CASEREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
        1 | 20 | 1 | 0 | 2014-07-21
        2 | 20 | 3 | 0 | 2014-01-06

        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        20 | 2 | 1

        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
        1 | 20 | 1 | 1 | 2014-07-21
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group | order_date | is_final | recorded_for
        E20     | E1       | care        | 2014-07-21 | 1        | child
        E20     | E1       | interim     | 2014-01-06 | 0        | case
        E20     | E3       | interim     | 2014-01-06 | 0        | case
    """)
    assert made.counts("straddling_output") == {"CMS": (2, 1, 1)}


def test_orders_of_one_group_and_day_are_one_row(tmp_path: Path) -> None:
    """Two interim orders on one day, one of them marked final."""
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLLEGALOUTPUT
        LEGALOUTPUTID_PE | CASEREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
        1 | 20 | 3 | 1 | 2012-07-02
        2 | 20 | 3 | - | 2012-07-02
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group | order_date | is_final
        E20     | E1       | interim     | 2012-07-02 | 1
    """)
    assert made.counts("order_repeated") == {"England": (2, 1, 1)}


def test_children_of_completed_cases_without_an_order_are_counted(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, CMS_CASE)
    assert made.counts("subject_without_order") == {"CMS": (1, 1, 1), "ECMS": (1, 1, 1)}
    assert made.affected("completed_without_end", "England") == 2


def test_secure_accommodation_is_an_order_and_an_application_of_public_law(tmp_path: Path) -> None:
    """Section 25 in England; the case has no law type of its own and gets it from the application."""
    case = ECMS_CASE.replace("10 | 2 | 1 | 7", "10 | 2 | - | 7").replace("100 | 10 | 1", "100 | 10 | 4")
    made = harmonised(tmp_path, case, ECMS_PEOPLE, """
        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
        1 | 10 | 100 | 1 | 4 | 2016-03-10
    """)
    made.shows("application", """
        application_id | application_type     | type_name                 | is_s31
        E100           | secure_accommodation | Secure Accommodation (s25) | 0
    """)
    made.shows("case", """
        case_id | law_type | has_s31 | final_order_date
        E10     | public   | 0       | 2016-03-10
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group          | order_date | is_final
        E10     | E1       | secure_accommodation | 2016-03-10 | 1
    """)


def test_secure_accommodation_stands_with_the_care_order_in_both_hierarchies() -> None:
    with open(CODELISTS / "order_hierarchies.csv", encoding="utf-8", newline="") as stream:
        places = {(row["hierarchy"], row["order_group"]): (row["rank"], row["label"]) for row in csv.DictReader(stream)}
    for hierarchy in ("highest", "least"):
        assert places[hierarchy, "secure_accommodation"] == places[hierarchy, "care"]
