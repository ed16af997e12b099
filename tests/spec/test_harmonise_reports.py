"""Reports and rule 16.4 appointments: legal outputs that are no orders. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

from toy import CMS_CASE, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised


def test_ecms_reports_are_about_the_child(tmp_path: Path) -> None:
    """Sections 7 and 37 and rule 16.4 by their types, rule 16.4 by the flag too; a mediation meeting is no report.

    The type goes before the flag (row 6). Row 7 has no type. Row 10 is about the mother: no child is known.
    """
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED | ISFPR164
        1 | 10 | 100 | 1 | 9 | 2016-03-10 | false
        2 | 10 | 100 | 1 | 7 | 2016-03-10 | false
        3 | 10 | 100 | 1 | 8 | 2016-03-11 | true
        4 | 10 | 100 | 1 | 10 | 2016-03-12 | false
        5 | 10 | 100 | 1 | 1 | 2016-03-13 | true
        6 | 10 | 100 | 1 | 9 | 2016-03-14 | true
        7 | 10 | 100 | 1 | - | 2016-03-15 | true
        8 | 10 | 100 | 1 | 9 | - | false
        9 | 10 | 100 | 1 | 1 | 2016-09-01 | false
        10 | 10 | 100 | 2 | 9 | 2016-03-10 | false
    """)
    made.shows("court_report", """
        case_id | child_id | report_kind       | report_date | system | is_before_usable
        E10     | E1       | report_section_37 | 2016-03-10  | ECMS   | 0
        E10     | E1       | report_section_7  | 2016-03-10  | ECMS   | 0
        E10     | E1       | report_section_7  | 2016-03-14  | ECMS   | 0
        E10     | E1       | rule_16_4         | 2016-03-11  | ECMS   | 0
        E10     | E1       | rule_16_4         | 2016-03-13  | ECMS   | 0
        E10     | E1       | rule_16_4         | 2016-03-15  | ECMS   | 0
        E10     | -        | report_section_7  | 2016-03-10  | ECMS   | 0
    """)
    made.shows("legal_order", """
        case_id | child_id | order_group | order_date
        E10     | E1       | care        | 2016-09-01
    """)
    assert made.counts("output_type_missing") == {"ECMS": (10, 0, 10)}
    assert made.counts("not_an_order") == {"ECMS": (10, 9, 1)}
    assert made.counts("report_rows_read") == {"ECMS": (8, 0, 8)}
    assert made.counts("rule_16_4_by_flag") == {"ECMS": (8, 2, 8)}
    assert made.counts("report_undated") == {"ECMS": (8, 1, 7)}
    assert made.counts("report_attributed") == {"ECMS": (7, 7, 7)}
    assert made.counts("report_without_child") == {"ECMS": (7, 1, 7)}
    assert made.counts("reports_ready") == {"ECMS": (7, 0, 7)}


#: A report without a date of its own, one twice on a day (the second final), and one from before April 2011.
CMS_REPORTS = """
CAFE_CMS_TBLCASEHEARING
CASEHEARINGID_PE | CASEREF_PE | HEARINGDATE
5 | 20 | 2012-12-03

CAFE_CMS_TBLLEGALOUTPUT
LEGALOUTPUTID_PE | CASEREF_PE | CASEHEARINGREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
1 | 20 | 5 | 9 | 0 | -
2 | 20 | - | 8 | 0 | 2012-07-02
3 | 20 | - | 8 | 1 | 2012-07-02
4 | 20 | - | 7 | 0 | 2011-03-31
"""


def test_cms_reports_are_about_the_case(tmp_path: Path) -> None:
    """The child stays empty; a missing date is that of the hearing; reports before April 2011 are flagged and kept."""
    made = harmonised(tmp_path, CMS_CASE, CMS_REPORTS)
    made.shows("court_report", """
        case_id | child_id | report_kind       | report_date | system | is_before_usable
        E20     | -        | report_section_37 | 2011-03-31  | CMS    | 1
        E20     | -        | report_section_7  | 2012-12-03  | CMS    | 0
        E20     | -        | rule_16_4         | 2012-07-02  | CMS    | 0
    """)
    assert made.rows("legal_order", ["case_id"]) == []
    assert made.counts("report_date_missing") == {"CMS": (4, 1, 4)}
    assert made.counts("report_before_usable") == {"CMS": (4, 1, 4)}
    assert made.counts("unusable_report_dropped") == {"CMS": (4, 0, 4)}
    assert made.counts("report_without_child") == {"CMS": (4, 4, 4)}
    assert made.counts("report_repeated") == {"CMS": (4, 1, 3)}
    assert made.counts("reports_ready") == {"CMS": (3, 0, 3)}


def test_cms_reports_from_before_outputs_are_usable_can_be_dropped(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CMS_CASE, CMS_REPORTS, cms_orders_before_usable="drop")
    made.shows("court_report", """
        case_id | report_kind      | report_date
        E20     | report_section_7 | 2012-12-03
        E20     | rule_16_4        | 2012-07-02
    """)
    assert made.counts("unusable_report_dropped") == {"CMS": (4, 1, 3)}


def test_cymru_reports_are_about_the_subjects_of_the_application(tmp_path: Path) -> None:
    """One report for the applications of both children, one for the application of the second."""
    made = harmonised(tmp_path, CYMRU_CASE, """
        CAFCASS_HEARING
        CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGDATETIME
        5 | 30 | 2015-06-01 10:30:00

        CAFCASS_HEARINGOUTCOME
        CAP_HEARINGOUTCOMEID_E|CAP_HEARINGID_E|CAP_HEARINGOUTCOMETYPEIDNAME|CAP_HEARINGOUTCOMEFINALNAME|CAP_CASEID_E
        51 | 5 | Section 7 Report | No | 30
        52 | 5 | Rule 16.4 Report | No | 30

        CAFCASS_HEARINGOUTCOMEAPPLICATION
        CAP_HEARINGOUTCOMEID_E | CAP_APPLICATIONID_E
        51 | 301
        51 | 304
        52 | 304
    """)
    made.shows("court_report", """
        case_id | child_id | report_kind      | report_date | system
        W30     | W1       | report_section_7 | 2015-06-01  | Cymru
        W30     | W4       | report_section_7 | 2015-06-01  | Cymru
        W30     | W4       | rule_16_4        | 2015-06-01  | Cymru
    """)
    assert made.counts("report_attributed") == {"Cymru": (3, 3, 3)}


def test_in_a_straddling_case_ecms_reports_win(tmp_path: Path) -> None:
    """Both record the section 7 report of 21 July; only ECMS knows the child. The report of January is in CMS alone."""
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLLEGALOUTPUT
        LEGALOUTPUTID_PE | CASEREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
        1 | 20 | 9 | 0 | 2014-07-21
        2 | 20 | 9 | 0 | 2014-01-06

        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        20 | 2 | 1

        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
        1 | 20 | 1 | 9 | 2014-07-21
    """)
    made.shows("court_report", """
        case_id | child_id | report_kind      | report_date | system
        E20     | E1       | report_section_7 | 2014-07-21  | ECMS
        E20     | -        | report_section_7 | 2014-01-06  | CMS
    """)
    assert made.counts("straddling_report") == {"CMS": (2, 1, 1)}
