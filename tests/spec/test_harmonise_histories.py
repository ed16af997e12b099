"""Relatives, courts, dates of cases, and the audit of histories. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

from toy import CMS_CASE, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised


def test_relatives_other_than_parents(tmp_path: Path) -> None:
    """Types 9, 14 and 24 are no family; 77 is nobody; the half sister is recorded in one direction, twice."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISOTHER
        4 | 100 | 4 | true | false
        5 | 100 | 5 | false | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER
        4 | Female
        5 | Male

        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 4 | 40
        1 | 4 | 40
        1 | 4 | 34
        4 | 1 | 52
        1 | 5 | 60
        4 | 5 | 33
        1 | 5 | 14
        1 | 77 | 60
        1 | 1 | 34
    """)
    made.shows("relative", """
        person_id | relative_id | relation
        E1        | E4          | half_sibling
        E1        | E4          | natural_sibling
        E1        | E5          | grandparent
        E4        | E1          | step_sibling
        E4        | E5          | extended_family
    """)
    assert made.counts("relative_no_family") == {"ECMS": (9, 1, 8)}
    assert made.counts("relative_without_person") == {"ECMS": (8, 1, 7)}
    assert made.counts("relative_to_self") == {"ECMS": (7, 1, 6)}
    assert made.counts("relative_repeated") == {"England": (6, 1, 5)}
    assert made.counts("several_kinds_of_sibling") == {"England": (3, 2, 3)}
    assert made.counts("child_without_parent") == {"England": (2, 1, 2)}


def test_relatives_of_cms_and_cymru(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CMS_CASE, CYMRU_CASE, """
        CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE
        200 | 3 | 8

        CAFE_CMS_TBLPERSON
        PERSONID_PE | GENDER
        3 | Male

        CAFE_CMS_TBLCRSPERSONRELATIONSHIP
        CHILDREF_PE | PARENTREF_PE | RELATIONSHIPREF
        1 | 2 | 1
        1 | 3 | 2

        CAFCASS_RELATIONSHIPS
        RECORD1ID_E | RECORD1ROLEIDNAME | RECORD2ID_E | RECORD2ROLEIDNAME
        2 | PARENT | 1 | CHILD
        1 | CHILD | 2 | PARENT
        1 | SIBLING | 4 | SIBLING
    """)
    made.shows("relative", """
        person_id | relative_id | relation
        E1        | E3          | step_parent
        W4        | W1          | sibling
    """)


COURTS = """
CMS_TLKPCOURT
COURTID | COURT | COURTLEVELREF | CIRCUITREF | DFJAREAREF
5 | Toytown Magistrates | 1 | 1 | 1

CMS_TLKPCOURTLEVEL
ITEMID | CAPTION
1 | Family Proceedings Court

CMS_TLKPCIRCUIT
ITEMID | CAPTION
1 | Northern

CMS_TLKPDFJAREA
ITEMID | CAPTION
1 | Toyshire

ECMS_COURTCOURTLEVELREFS
ID | COURTFULLNAME | COURT_ID | COURTLEVELREF_ID
70 | Family Court at Toytown | 7 | 2
71 | Toytown | 7 | 2

ECMS_COURTS
ID | CIRCUITREF_ID | DJAREAREF_ID
7 | 3 | 4

ECMS_DJAREAREFS
ID | NAME
4 | West Toyshire

ECMS_COURTLEVELREFS
ID | NAME
2 | District judge

ECMS_CIRCUITREFS
ID | NAME
3 | Western
"""


def test_courts_of_applications(tmp_path: Path) -> None:
    """The court of a Cymru application is that of the first hearing of its case that names one."""
    made = harmonised(
        tmp_path, COURTS, CMS_CASE.replace(
            "CASEAPPLICATIONTYPEREF | DATEOFAPPLICATION\n200 | 20 | 1", "COURTREF | DATEOFAPPLICATION\n200 | 20 | 5"
        ), CYMRU_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        10 | 2 | 1

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION | COURTCOURTLEVELREF_ID
        100 | 10 | 1 | 2016-03-01 | 70
        101 | 10 | 1 | 2016-03-01 | 71
        102 | 10 | 1 | 2016-03-01 | -

        CAFCASS_HEARING
        CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGDATETIME | CAP_COURTIDNAME
        1 | 30 | 2015-01-06 10:00:00 | -
        2 | 30 | 2015-02-06 10:00:00 | Swansea
        3 | 30 | 2015-03-06 10:00:00 | Cardiff
    """)
    made.shows("application", """
        application_id | court                   | court_level              | circuit  | dfj_area
        C200           | Toytown Magistrates     | Family Proceedings Court | Northern | Toyshire
        E100           | Family Court at Toytown | District judge           | Western  | West Toyshire
        E101           | Toytown                 | District judge           | Western  | West Toyshire
        E102           | -                       | -                        | -        | -
        W301           | Swansea                 | -                        | Wales    | -
        W304           | Swansea                 | -                        | Wales    | -
    """)
    assert made.counts("application_court_missing") == {"CMS": (1, 0, 1), "ECMS": (3, 1, 3), "Cymru": (2, 0, 2)}
    assert made.counts("several_courts") == {"England": (4, 3, 4), "Wales": (2, 0, 2)}


def test_courts_of_hearings(tmp_path: Path) -> None:
    """CMS and Cymru record the court of a hearing, ECMS does not; of several courts on one day the first by name."""
    made = harmonised(tmp_path, COURTS, CMS_CASE, CYMRU_CASE, ECMS_CASE, """
        CMS_TLKPCOURT
        COURTID | COURT
        6 | Ambridge Magistrates

        CAFE_CMS_TBLCASEHEARING
        CASEHEARINGID_PE | CASEREF_PE | HEARINGDATE | COURTREF
        1 | 20 | 2012-06-10 | 5
        2 | 20 | 2012-06-10 | 6
        3 | 20 | 2012-07-10 | 5
        4 | 20 | 2012-07-10 | -
        5 | 20 | 2012-08-10 | -

        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1 | 10 | 2016-03-10

        CAFCASS_HEARING
        CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGDATETIME | CAP_COURTIDNAME
        1 | 30 | 2015-01-06 10:00:00 | swansea
        2 | 30 | 2015-01-06 14:00:00 | Swansea
        3 | 30 | 2015-02-06 10:00:00 | -
    """)
    made.shows("hearing", """
        case_id | hearing_date | court
        E10     | 2016-03-10   | -
        E20     | 2012-06-10   | Ambridge Magistrates
        E20     | 2012-07-10   | Toytown Magistrates
        E20     | 2012-08-10   | -
        W30     | 2015-01-06   | Swansea
        W30     | 2015-02-06   | -
    """)
    assert made.counts("hearing_court_missing") == {"England": (4, 2, 4), "Wales": (2, 1, 2)}
    assert made.counts("hearing_in_several_courts") == {"England": (4, 1, 4), "Wales": (2, 0, 2)}


def test_dates_and_forms_of_cases(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CYMRU_CASE, """
        ECMS_COURTFORMS
        ID | FORMNAME
        1 | C110A

        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID | COURTFORM_ID | DATERECEIVED | CLOSUREDATE | REOPENDATE
        10 | 1 | 1 | 1 | 2016-03-02 | 2016-01-01 | 2017-01-01

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        100 | 10 | 1 | 2016-03-01
    """)
    made.shows("case", """
        case_id | court_form | received_date | closed_date | reopened_date | is_completed
        E10     | C110A      | 2016-03-02    | 2016-01-01  | 2017-01-01    | 0
        W30     | -          | -             | 2015-12-01  | -             | 1
    """)
    assert made.counts("gap_case_reopened")["England"] == (1, 1, 1)
    assert made.counts("jump_case_closed_before_issue") == {"England": (1, 1, 1), "Wales": (1, 0, 1)}


def test_histories_of_cases(tmp_path: Path) -> None:
    """One hearing before issue and one after the final order, more than a year apart; one late application."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION | DATEAPPLICATIONCOMPLETED
        101 | 10 | 1 | 2017-09-02 | 2017-09-01

        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1 | 10 | 2016-02-28
        2 | 10 | 2017-03-01
        3 | 10 | 2017-10-01

        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
        1 | 10 | 100 | 1 | 1 | 2017-09-01
        2 | 10 | 100 | 1 | 3 | 2016-02-26
    """)
    for rule, rows in {
        "jump_hearing_before_issue": (3, 1), "jump_hearing_after_end": (3, 1), "gap_between_hearings": (1, 1),
        "jump_application_after_end": (2, 1), "jump_application_completed_before_issue": (2, 1),
        "jump_order_before_issue": (2, 1), "jump_order_before_birth": (2, 1), "jump_order_after_18": (2, 0),
        "jump_case_ends_before_issue": (1, 0),
    }.items():
        assert made.counts(rule)["England"][:2] == rows, rule


def test_histories_of_people(tmp_path: Path) -> None:
    """Care proceedings 10 (open until 1 September), 11 (issued in July), 12 (after the care order of 10).

    The mother died before 12. The care order of 10 was not discharged; that of 11 is none. Child 1 was 18 at the
    order of 12.
    """
    made = harmonised(tmp_path, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        10 | 2 | 1
        11 | 2 | 1
        12 | 2 | 1

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        100 | 10 | 1 | 2016-03-01
        110 | 11 | 1 | 2016-07-01
        120 | 12 | 1 | 2017-03-01

        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISRESPONDENT
        1 | 100 | 1 | true | false
        2 | 110 | 1 | true | false
        3 | 120 | 1 | true | false
        4 | 100 | 2 | false | true
        5 | 120 | 2 | false | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        1 | Female | 1999-05-03 | -
        2 | Female | 1980-01-07 | 902

        ADDE_DEATHS
        ALF_E | DEATH_DT
        902 | 2017-02-28

        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 2 | 1

        CAFE_ECMS_LEGALOUTPUTS
        ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
        1 | 10 | 100 | 1 | 1 | 2016-09-01
        2 | 11 | 110 | 1 | 2 | 2016-08-01
        3 | 12 | 120 | 1 | 2 | 2017-05-03
    """)
    for rule, rows in {
        "overlap_s31_of_child": (3, 1), "overlap_s31_of_mother": (2, 0), "jump_case_after_death": (2, 1),
        "jump_order_after_18": (3, 1), "teleport_s31_under_care_order": (3, 1),
        "teleport_s31_after_placement_order": (3, 0), "teleport_between_nations": (1, 0),
    }.items():
        assert made.counts(rule)["England"][:2] == rows, rule


def test_one_linkage_field_in_both_nations(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, CYMRU_CASE.partition("CAFCASS_ALF")[0], """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | ALF_PE
        2 | Female | 902
        3 | Male | 903

        CAFCASS_ALF
        SYSTEM_ID_E | GNDR_CD | ALF_E | ALF_STS_CD
        2 | 2 | 902 | 1
    """)
    assert made.counts("teleport_between_nations") == {"England": (2, 1, 2), "Wales": (1, 1, 1)}


def test_people_of_joined_applications(tmp_path: Path) -> None:
    """CMS application 200 is application 900 of ECMS: its people are those that ECMS names."""
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        20 | 2 | 1

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        900 | 20 | 1 | 2012-06-01

        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISOTHER
        1 | 900 | 1 | true | true
    """)
    made.shows("application_person", """
        application_id | person_id | role
        E900           | E1        | subject
    """)
    assert made.counts("application_role_repeated") == {"CMS": (2, 0, 2), "ECMS": (2, 1, 1)}
    assert made.counts("person_on_joined_application") == {"CMS": (2, 2, 0), "ECMS": (1, 0, 1)}
