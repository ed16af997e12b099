"""Which records are one human being, and what is known of them. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

from toy import CMS_CASE, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised


def test_full_duplicate_rows_are_dropped(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        2 | Female | 1995-05-01
        2 | Female | 1995-05-01
    """)
    made.shows("person", """
        person_id | sex    | week_of_birth
        E1        | female | 2016-02-29
        E2        | female | 1995-05-01
        E3        | male   | 1994-04-04
    """)
    assert made.counts("full_duplicate_people")["ECMS"] == (5, 2, 3)
    assert made.affected("same_identifier", "England") == 0


def test_century_typos_are_repaired(tmp_path: Path) -> None:
    made = harmonised(tmp_path, """
        CAFE_ECMS_CASES
        ID_PE | CASESTATU_ID | LAWTYPE_ID
        10 | 2 | 1

        CAFE_ECMS_APPLICATIONS
        ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
        100 | 10 | 1 | 2016-03-01

        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT
        1 | 100 | 1 | true
        2 | 100 | 2 | true
        3 | 100 | 3 | true
        4 | 100 | 4 | true
        5 | 100 | 5 | true

        CAFE_ECMS_PEOPLE
        ID_PE | WEEKOFBIRTH
        1 | 1885-06-03
        2 | 2212-02-27
        3 | 2912-02-29
        4 | 7985-06-03
        5 | 1985-06-03
    """)
    made.shows("person", """
        person_id | week_of_birth
        E1        | 1985-06-03
        E2        | 2012-02-27
        E3        | 2012-02-29
        E4        | 1985-06-03
        E5        | 1985-06-03
    """)
    assert made.counts("century_typo") == {"ECMS": (5, 4, 5)}


def test_impossible_weeks_of_birth_are_emptied(tmp_path: Path) -> None:
    """Too early, too late, a typo that no rule repairs; an unborn child is possible, and so is a repaired typo."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        1 | Female | 2022-05-02
        2 | Female | 1795-05-01
        3 | Male | 2040-04-02
    """)
    made.shows("person", """
        person_id | week_of_birth
        E1        | 2022-05-02
        E2        | -
        E3        | -
    """)
    assert made.affected("date_out_of_window", "ECMS") == 1  # a century that no typing error explains
    assert made.counts("impossible_week_of_birth") == {"ECMS": (3, 1, 3)}


def test_cms_and_ecms_share_identifiers(tmp_path: Path) -> None:
    """Person 2 is known to both systems; what only one knows is kept, and ECMS has the last word."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_CMS_TBLPERSON
        PERSONID_PE | GENDER | WEEKOFBIRTH | LSOA2011_CD
        2 | Female | 1995-04-24 | E01
    """)
    made.shows("person", """
        person_id | week_of_birth | lsoa_code | deprivation_quintile
        E1        | 2016-02-29    | -         | -
        E2        | 1995-05-01    | E01       | 1
        E3        | 1994-04-04    | -         | -
    """)
    assert made.counts("same_identifier") == {"England": (4, 1, 3)}
    assert made.affected("week_of_birth_disagrees", "England") == 1


def test_records_with_one_linkage_field_are_joined(tmp_path: Path) -> None:
    """The father's second record, 33, takes the smaller number 3; its role in the case comes with it."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISRESPONDENT
        4 | 100 | 33 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        1 | Female | 2016-02-29 | -
        2 | Female | 1995-05-01 | 902
        3 | Male | 1994-04-04 | 903
        33 | Male | 1894-04-04 | 903
    """)
    made.shows("person", """
        person_id | week_of_birth | is_linked
        E1        | 2016-02-29    | 0
        E2        | 1995-05-01    | 1
        E3        | 1994-04-04    | 1
    """)
    made.shows("case_person", """
        case_id | person_id | role       | family_role
        E10     | E1        | subject    | child
        E10     | E2        | respondent | mother
        E10     | E3        | respondent | father
    """)
    assert made.counts("same_linkage_field") == {"England": (4, 1, 3)}


def test_a_doubtful_linkage_field_joins_nobody(tmp_path: Path) -> None:
    """902 is shared by a woman and a man, 905 by people born a year apart; 907 lies within the permitted gap."""
    people = """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISOTHER
        5 | 100 | 5 | true
        6 | 100 | 6 | true
        7 | 100 | 7 | true
        8 | 100 | 8 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        1 | Female | 2016-02-29 | -
        2 | Female | 1995-05-01 | 902
        3 | Male | 1995-05-01 | 902
        5 | Male | 1980-01-07 | 905
        6 | Male | 1981-01-05 | 905
        7 | Male | 1980-01-07 | 907
        8 | - | 1980-02-04 | 907

        ADDE_DEATHS
        ALF_E | DEATH_DT
        902 | 2019-01-01
    """
    made = harmonised(tmp_path / "default", ECMS_CASE, people)
    made.shows("person", """
        person_id | week_of_birth | death_date | is_linked
        E1        | 2016-02-29    | -          | 0
        E2        | 1995-05-01    | -          | 0
        E3        | 1995-05-01    | -          | 0
        E5        | 1980-01-07    | -          | 0
        E6        | 1981-01-05    | -          | 0
        E7        | 1980-01-07    | -          | 1
    """)
    assert made.affected("doubtful_linkage_field", "England") == 4

    strict = harmonised(tmp_path / "strict", ECMS_CASE, people, max_birth_gap_days=27)
    assert strict.affected("doubtful_linkage_field", "England") == 6


def test_an_identifier_with_two_linkage_fields_is_linked_to_nobody(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        2 | Female | 1995-05-01 | 902
        2 | Female | 1995-05-01 | 903

        ADDE_DEATHS
        ALF_E | DEATH_DT
        902 | 2019-01-01
    """)
    made.shows("person", """
        person_id | death_date | is_linked
        E1        | -          | 0
        E2        | -          | 0
        E3        | -          | 0
    """)
    assert made.affected("several_linkage_fields", "England") == 1


def test_cymru_status_99_is_no_match(tmp_path: Path) -> None:
    """Persons 1 and 4 carry one linkage field, but that of 4 is no match; 2 and 5 are one person."""
    made = harmonised(tmp_path, CYMRU_CASE.partition("CAFCASS_ALF")[0], """
        CAFCASS_APPLICATIONSERVICEUSERS
        RECORD1ID_E | RECORD2ID_E | RECORD2ROLEIDNAME
        304 | 5 | RESPONDENT

        CAFCASS_ALF
        SYSTEM_ID_E | WOB | GNDR_CD | ALF_E | ALF_STS_CD
        1 | 2014-06-02 | 1 | 901 | 4
        4 | 2014-06-02 | 1 | 901 | 99
        2 | 1990-01-01 | 2 | 902 | 1
        5 | 1990-01-01 | 2 | 902 | 39
    """)
    made.shows("person", """
        person_id | sex    | is_linked
        W1        | male   | 1
        W2        | female | 1
        W4        | male   | 0
    """)


def test_england_and_wales_are_not_joined(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, CYMRU_CASE.partition("CAFCASS_ALF")[0], """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        2 | Female | 1990-01-01 | 902

        CAFCASS_ALF
        SYSTEM_ID_E | WOB | GNDR_CD | ALF_E | ALF_STS_CD
        2 | 1990-01-01 | 2 | 902 | 1
    """)
    made.shows("person", """
        person_id | is_linked
        E2        | 1
        W2        | 1
    """)


def test_sex_that_disagrees_is_unknown(tmp_path: Path) -> None:
    """Unknown and known is known; male and female is unknown, so this parent is neither mother nor father.

    Under one identifier that is no reason to doubt the linkage field.
    """
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        2 | - | 1995-05-01 | -
        3 | Female | 1994-04-04 | 903
    """)
    made.shows("person", """
        person_id | sex    | is_linked
        E1        | female | 0
        E2        | female | 0
        E3        | -      | 1
    """)
    made.shows("relationship", """
        child_id | parent_id | parent
        E1       | E2        | mother
    """)
    assert made.affected("sex_disagrees", "England") == 1
    assert made.affected("parent_sex_missing", "ECMS") == 1


def test_ethnicity_known_over_unknown_and_conflict(tmp_path: Path) -> None:
    """Two census groups within White agree; White and Black do not; CMS and ECMS are read together."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISOTHER
        4 | 100 | 4 | true
        5 | 100 | 5 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER
        4 | Male
        5 | Male

        CAFE_CMS_TBLPERSON
        PERSONID_PE | ETHNICREF
        2 | 2
        4 | 9

        CAFE_ECMS_ETHNICITIES
        ID_PE | PERSON_ID_PE | ETHNICITYTYPE_ID
        1 | 1 | 1
        2 | 1 | 3
        3 | 2 | 1
        4 | 3 | 22
        5 | 3 | 2
        6 | 4 | 22
    """)
    made.shows("person", """
        person_id | ethnic_group
        E1        | White
        E2        | Unclear
        E3        | Black
        E4        | Unknown
        E5        | Unknown
    """)
    assert made.affected("ethnic_group_disagrees", "England") == 1
    assert made.affected("ethnic_group_unknown", "England") == 1
    assert made.affected("ethnic_group_missing", "England") == 1


def test_deaths_come_through_the_linkage_field(tmp_path: Path) -> None:
    """A death before birth is somebody else's."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE | LSOA2011_CD
        1 | Female | 2016-02-29 | 901 | E01
        2 | Female | 1995-05-01 | 902 | E02
        3 | Male | 1994-04-04 | - | -

        ADDE_DEATHS
        ALF_E | DEATH_DT
        901 | 2015-01-01
        902 | 2019-01-01
    """)
    made.shows("person", """
        person_id | death_date | deprivation_quintile | is_linked
        E1        | -          | 1                    | 1
        E2        | 2019-01-01 | 5                    | 1
        E3        | -          | -                    | 0
    """)
    assert made.affected("death_before_birth", "England") == 1


def test_people_on_no_application_are_dropped(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CMS_CASE, """
        CAFE_CMS_TBLPERSON
        PERSONID_PE | GENDER | WEEKOFBIRTH
        77 | Female | 1980-01-07
    """)
    made.shows("person", """
        person_id | sex
        E1        | male
        E2        | female
    """)
    assert made.counts("person_not_on_application") == {"England": (3, 1, 2)}
