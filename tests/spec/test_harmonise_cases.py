"""Cases, applications, roles, relationships and hearings. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

from toy import CMS_CASE, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised


def test_the_three_systems_give_one_layout(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, CMS_CASE, CYMRU_CASE)
    made.shows("case", """
        case_id | jurisdiction | system | law_type | issue_date | has_s31 | local_authority | dfj_area | region
        E10     | England      | ECMS   | public   | 2016-03-01 | 1       | E1              | Toy area | North East
        E20     | England      | CMS    | public   | 2012-06-01 | 1       | E1              | Toy area | North East
        W30     | Wales        | Cymru  | public   | 2015-01-05 | 1       | W1              | Swansea  | Wales
    """)
    made.shows("application", """
        application_id | case_id | application_type | is_s31 | application_date
        C200           | E20     | care             | 1      | 2012-06-01
        E100           | E10     | care             | 1      | 2016-03-01
        W301           | W30     | care             | 1      | 2015-01-05
        W304           | W30     | care             | 1      | 2015-01-05
    """)


def test_a_straddling_case_appears_once(tmp_path: Path) -> None:
    """ECMS repeats application 200 under number 900, adds 901, and knows that the case is closed.

    It does not know application 250, of the same day but of another kind.
    """
    made = harmonised(tmp_path, CMS_CASE.replace("20 | 2 | 1 | 1", "20 | 1 | 1 | 1"), """
        CAFE_CMS_TBLCASEAPPLICATION
        CASEAPPLICATIONID_PE | CASEREF_PE | CASEAPPLICATIONTYPEREF | DATEOFAPPLICATION
        250 | 20 | 2 | 2012-06-01

        CAFE_CMS_TBLCASEHEARING
        CASEHEARINGID_PE | CASEREF_PE | HEARINGDATE
        1 | 20 | 2012-06-10
        2 | 20 | 2014-07-20

        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID | LOCALAUTHORITY_ID
        20 | 2 | 1 | 7

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        900 | 20 | 1 | 2012-06-01
        901 | 20 | 1 | 2014-08-01

        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISRESPONDENT
        1 | 900 | 1 | true | false
        2 | 901 | 2 | false | true

        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1 | 20 | 2014-07-20
        2 | 20 | 2014-09-01
    """)
    made.shows("case", """
        case_id | system   | issue_date | is_completed | first_hearing_date | last_hearing_date | end_date
        E20     | CMS+ECMS | 2012-06-01 | 1            | 2012-06-10         | 2014-09-01        | 2014-09-01
    """)
    made.shows("application", """
        application_id | case_id | application_type     | application_date
        C250           | E20     | emergency_protection | 2012-06-01
        E900           | E20     | care                 | 2012-06-01
        E901           | E20     | care                 | 2014-08-01
    """)
    made.shows("case_person", """
        case_id | person_id | role       | age_at_issue
        E20     | E1        | subject    | 0
        E20     | E2        | respondent | 22
    """)
    made.shows("hearing", """
        case_id | hearing_date
        E20     | 2012-06-10
        E20     | 2014-07-20
        E20     | 2014-09-01
    """)
    assert made.counts("straddling_case") == {"England": (2, 1, 1)}
    assert made.counts("straddling_application") == {"CMS": (2, 1, 1)}
    assert made.counts("hearing_repeated") == {"England": (4, 1, 3)}


def test_an_application_of_the_same_number_straddles_too(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        20 | 2 | 1

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        200 | 20 | 1 | 2012-06-04
    """)
    made.shows("application", """
        application_id | case_id | application_date
        E200           | E20     | 2012-06-04
    """)


def test_issue_is_the_earliest_application_and_s31_the_earliest_s31(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        101 | 10 | 2 | 2016-02-25
        102 | 10 | 1 | 2016-04-01
    """)
    made.shows("case", """
        case_id | issue_date | has_s31 | s31_issue_date
        E10     | 2016-02-25 | 1       | 2016-03-01
    """)


def test_cases_without_a_dated_application_are_dropped(tmp_path: Path) -> None:
    """A missing date of application is taken from the date received; without either the application has no date."""
    made = harmonised(tmp_path, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        10 | 2 | 1
        11 | 2 | 1
        12 | 2 | 1

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION | DATERECEIVED
        100 | 10 | 1 | - | 2016-03-02
        110 | 11 | 1 | - | -
        999 | 55 | 1 | 2016-03-01 | -
    """)
    made.shows("case", """
        case_id | issue_date
        E10     | 2016-03-02
    """)
    made.shows("application", """
        application_id | case_id
        E100           | E10
    """)
    assert made.counts("application_without_case") == {"ECMS": (3, 1, 2)}
    assert made.counts("application_date_missing") == {"ECMS": (2, 1, 2)}
    assert made.counts("application_undated") == {"ECMS": (2, 1, 1)}
    assert made.counts("case_without_application") == {"England": (3, 2, 1)}
    assert made.counts("application_without_person") == {"ECMS": (1, 1, 1)}


def test_missing_types_fall_back_on_the_law_type_and_the_reverse(tmp_path: Path) -> None:
    made = harmonised(tmp_path, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        10 | 2 | 2
        11 | 2 | -
        12 | 2 | -

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        100 | 10 | - | 2016-03-01
        110 | 11 | 1 | 2016-03-01
        120 | 12 | 3 | 2016-03-01
    """)
    made.shows("case", """
        case_id | law_type
        E10     | private
        E11     | public
        E12     | private
    """)
    made.shows("application", """
        application_id | application_type
        E100           | other_private
        E110           | care
        E120           | child_arrangements
    """)
    assert made.affected("application_type_missing", "ECMS") == 1
    assert made.affected("law_type_missing", "England") == 2


def test_roles(tmp_path: Path) -> None:
    """One role stays; a subject stays a subject; two other roles are unclear; none is other."""
    made = harmonised(tmp_path, ECMS_CASE.partition("CAFE_ECMS_PERSONSONAPPLICATIONS")[0], ECMS_PEOPLE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER
        4 | Female
        5 | Male

        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISRESPONDENT | ISAPPLICANT | ISOTHER
        1 | 100 | 1 | true | false | false | false
        2 | 100 | 1 | false | true | false | false
        3 | 100 | 2 | false | true | false | true
        4 | 100 | 3 | false | true | false | false
        5 | 100 | 3 | false | true | false | false
        6 | 100 | 4 | false | false | true | false
        7 | 100 | 5 | false | false | - | -

        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 2 | 1
    """)
    made.shows("case_person", """
        case_id | person_id | role       | family_role
        E10     | E1        | subject    | child
        E10     | E2        | unclear    | mother
        E10     | E3        | respondent | -
        E10     | E4        | applicant  | -
        E10     | E5        | other      | -
    """)
    assert made.affected("several_roles", "England") == 1
    assert made.affected("subject_with_other_role", "England") == 1
    assert made.affected("role_not_recorded", "England") == 1
    assert made.counts("duplicate_member") == {"CMS": (0, 0, 0), "ECMS": (7, 2, 5), "Cymru": (0, 0, 0)}


def test_cms_member_types(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE | CONVERTEDTYPE
        200 | 3 | 1 | -
        200 | 4 | 16 | Adult Respondent
        200 | 5 | 8 | Adult Applicant

        CAFE_CMS_TBLPERSON
        PERSONID_PE | GENDER
        3 | Female
        4 | Female
        5 | Female
    """)
    made.shows("case_person", """
        case_id | person_id | role
        E20     | E1        | subject
        E20     | E2        | respondent
        E20     | E3        | applicant
        E20     | E4        | respondent
        E20     | E5        | other
    """)


def test_members_need_a_case_and_a_person(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE
        555 | 2 | 2
        200 | 66 | 2
    """)
    assert made.counts("member_without_case") == {"CMS": (4, 1, 3)}
    assert made.counts("member_without_person") == {"CMS": (3, 1, 2)}
    assert made.counts("case_people_ready") == {"England": (2, 0, 2)}


def test_age_at_issue_is_in_completed_years(tmp_path: Path) -> None:
    """Issue on 1 March 2016: a birthday to come does not count, and before birth the age is negative."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        1 | Female | 2016-05-02
        2 | Female | 1993-03-01
        3 | Male | 1993-03-08
    """)
    made.shows("case_person", """
        case_id | person_id | age_at_issue
        E10     | E1        | -1
        E10     | E2        | 23
        E10     | E3        | 22
    """)


def test_only_parents_of_subject_children_are_mother_or_father(tmp_path: Path) -> None:
    """CMS: the step-parent (3) is no father, the mother's mother (6) no mother of the case; Cymru: nor is a sibling."""
    made = harmonised(tmp_path, CMS_CASE, CYMRU_CASE, """
        CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        CASEAPPLICATIONREF_PE | MEMBERREF_PE | MEMBERTYPE
        200 | 3 | 2
        200 | 6 | 8

        CAFE_CMS_TBLPERSON
        PERSONID_PE | GENDER
        3 | Male
        6 | Female

        CAFE_CMS_TBLCRSPERSONRELATIONSHIP
        CHILDREF_PE | PARENTREF_PE | RELATIONSHIPREF
        1 | 2 | 1
        1 | 3 | 2
        2 | 6 | 1

        CAFCASS_RELATIONSHIPS
        RECORD1ID_E | RECORD1ROLEIDNAME | RECORD2ID_E | RECORD2ROLEIDNAME
        2 | PARENT | 1 | CHILD
        1 | SIBLING | 4 | SIBLING
    """)
    made.shows("relationship", """
        child_id | parent_id | parent
        E1       | E2        | mother
        E2       | E6        | mother
        W1       | W2        | mother
    """)
    made.shows("case_person", """
        case_id | person_id | role       | family_role
        E20     | E1        | subject    | child
        E20     | E2        | respondent | mother
        E20     | E3        | respondent | step_parent
        E20     | E6        | other      | -
        W30     | W1        | subject    | child
        W30     | W2        | respondent | mother
        W30     | W4        | subject    | child
    """)
    assert made.affected("relationship_not_parent", "CMS") == 1
    assert made.affected("relationship_not_parent", "Cymru") == 1


def test_several_mothers_are_kept_and_counted(tmp_path: Path) -> None:
    """A parent who is on no application is not there; a parent recorded twice is one."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE.replace("3 | Male", "3 | Female"), """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER
        8 | Female

        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 8 | 1
        1 | 2 | 1
        1 | 1 | 1
    """)
    made.shows("relationship", """
        child_id | parent_id | parent
        E1       | E2        | mother
        E1       | E3        | mother
    """)
    assert made.affected("several_mothers", "England") == 1
    assert made.affected("several_fathers", "England") == 0
    assert made.affected("relationship_without_person", "ECMS") == 1
    assert made.affected("relationship_to_self", "ECMS") == 1
    assert made.counts("relationship_repeated") == {"England": (3, 1, 2)}


def test_parents_hardly_older_than_the_child_are_kept_and_counted(tmp_path: Path) -> None:
    """The mother is two days short of 12 years older than the child, the father is 12 years older to the day."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        1 | Female | 2016-02-29
        2 | Female | 2004-03-02
        3 | Male | 2004-02-29
    """)
    made.shows("relationship", """
        child_id | parent_id | parent
        E1       | E2        | mother
        E1       | E3        | father
    """)
    assert made.counts("parent_close_in_age") == {"England": (2, 1, 2)}
    assert made.counts("parent_too_young") == {"England": (3, 1, 3)}


def test_the_first_hearing_is_on_or_after_issue(tmp_path: Path) -> None:
    """A hearing before issue belongs to something else; an open case has no end."""
    made = harmonised(tmp_path, ECMS_CASE.replace("10 | 2 | 1 | 7", "10 | 1 | 1 | 7"), ECMS_PEOPLE, """
        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1 | 10 | 2016-02-29
        2 | 10 | 2016-03-01
        3 | 10 | 2016-09-01
        4 | 10 | -
        5 | 99 | 2016-09-01
    """)
    made.shows("case", """
        case_id | first_hearing_date | last_hearing_date | is_completed | end_date
        E10     | 2016-03-01         | 2016-09-01        | 0            | -
    """)
    assert made.counts("hearing_undated") == {"ECMS": (5, 1, 4)}
    assert made.counts("hearing_without_case") == {"ECMS": (4, 1, 3)}


def test_a_system_that_the_source_does_not_hold_is_empty(tmp_path: Path) -> None:
    """Only complete systems may be left out; see the error tests for one that is there in part."""
    from toy import CODELISTS, LOOKUPS, OF_FEW, Harmonised, parse, write_source

    from family_justice.contracts import source_tables
    from family_justice.harmonise import harmonise

    write_source(tmp_path / "raw", parse(LOOKUPS + ECMS_CASE + ECMS_PEOPLE))
    for name in source_tables():
        if name.startswith(("CAFCASS_", "CAFE_CMS", "CMS_")):
            (tmp_path / "raw" / f"{name}.parquet").unlink(missing_ok=True)
    harmonise(tmp_path / "raw", tmp_path / "ready", tmp_path / "quality.csv", CODELISTS, OF_FEW)
    Harmonised(tmp_path / "ready", []).shows("case", """
        case_id | system
        E10     | ECMS
    """)


def test_care_proceedings_count_from_the_s31_application_about_the_person(tmp_path: Path) -> None:
    # An emergency application was heard on 24 February, five days before the care application; child 4 was born later
    # and joined by an application of its own.
    made = harmonised(
        tmp_path,
        ECMS_CASE,
        ECMS_PEOPLE,
        """
        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        90    | 10         | 2                   | 2016-02-24
        110   | 10         | 1                   | 2016-09-05

        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT
        7     | 90                | 1            | true
        8     | 110               | 4            | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        4     | Male   | 2016-08-29

        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1     | 10         | 2016-02-24
        2     | 10         | 2016-03-04
    """,
    )
    made.shows(
        "case",
        """
        case_id | issue_date | s31_issue_date | first_hearing_date
        E10     | 2016-02-24 | 2016-03-01     | 2016-03-04
    """,
    )
    made.shows(
        "case_person",
        """
        person_id | family_role | s31_issue_date
        E1        | child       | 2016-03-01
        E2        | mother      | 2016-03-01
        E3        | father      | 2016-03-01
        E4        | child       | 2016-09-05
    """,
    )
