"""Religion, nationality, language and disability; how linkage was found. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

import pytest
from toy import CMS_CASE, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised

TYPES = """
CMS_TLKPRELIGION
ITEMID | CAPTION
1 | Christian
2 | Muslim
9 | Unknown

ECMS_RELIGIONTYPES
ID | NAME
1 | Christian
2 | Muslim
3 | Jedi
24 | Unknown

ECMS_DISABILITYTYPES
ID | NAME
1 | Learning disability
2 | Hearing impairment
3 | Visual impairment
19 | None
20 | Declined
"""

PERSONS = """
CAFE_ECMS_PERSONSONAPPLICATIONS
ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISOTHER
4 | 100 | 4 | true
5 | 100 | 5 | true

CAFE_ECMS_PEOPLE
ID_PE | GENDER
4 | Male
5 | Male
"""


def test_known_over_unknown_and_no_record_is_not_unknown(tmp_path: Path) -> None:
    """CMS and ECMS are read together; a name that the code list does not hold is Other."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, TYPES, PERSONS, """
        CAFE_CMS_TBLPERSON
        PERSONID_PE | RELIGIONREF
        2 | 2
        3 | 9

        CAFE_ECMS_RELIGIONS
        ID_PE | PERSON_ID_PE | RELIGIONTYPE_ID
        1 | 1 | 24
        2 | 1 | 1
        3 | 2 | 1
        4 | 4 | 3
    """)
    made.shows("person", """
        person_id | religion  | religion_status | nationality_status
        E1        | Christian | known           | not_recorded
        E2        | Unclear   | conflicting     | not_recorded
        E3        | Unknown   | unknown         | not_recorded
        E4        | Other     | known           | not_recorded
        E5        | Unknown   | not_recorded    | not_recorded
    """)
    assert made.affected("religion_disagrees", "England") == 1
    assert made.affected("religion_unknown", "England") == 1
    assert made.affected("religion_missing", "England") == 1
    assert made.affected("nationality_missing", "England") == 5
    assert made.counts("characteristic_name_other") == {"CMS": (2, 0, 2), "ECMS": (4, 1, 4)}


def test_any_disability_overrides_none(tmp_path: Path) -> None:
    """Disabilities add up, with a flag for each type; two sensory ones are one type."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, TYPES, PERSONS, """
        CAFE_ECMS_DISABILITIES
        ID_PE | PERSON_ID_PE | DISABILITYTYPE_ID
        1 | 1 | 19
        2 | 1 | 1
        3 | 2 | 2
        4 | 2 | 3
        5 | 3 | 19
        6 | 4 | 20
    """)
    made.shows("person", """
        person_id | disability | disability_status | disability_learning | disability_sensory
        E1        | Yes        | known             | 1                   | 0
        E2        | Yes        | known             | 0                   | 1
        E3        | No         | known             | 0                   | 0
        E4        | Unknown    | unknown           | 0                   | 0
        E5        | Unknown    | not_recorded      | -                   | -
    """)
    assert made.affected("disability_overrides_none", "England") == 1
    assert made.affected("disability_unknown", "England") == 1
    assert made.affected("disability_missing", "England") == 1


TWO_GROUPS = """
CAFE_CMS_TBLPERSON
PERSONID_PE | GENDER | WEEKOFBIRTH | ETHNICREF
1 | Male | 2012-05-07 | 2
2 | Female | 1990-01-01 | -

CAFE_ECMS_PEOPLE
ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
1 | Male | 2012-05-07 | 901
11 | Male | 2012-05-07 | 901
2 | Female | 1990-01-01 | -

CAFE_ECMS_CASES
ID_PE | CASESTATU_ID | LAWTYPE_ID
10 | 2 | 1

CAFE_ECMS_APPLICATIONS
ID_PE | CASE_ID_PE | APPLICATIONTYPE1_ID | DATEOFAPPLICATION
100 | 10 | 1 | 2016-03-01

CAFE_ECMS_PERSONSONAPPLICATIONS
ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT
1 | 100 | 11 | true
2 | 100 | 2 | true

CAFE_ECMS_ETHNICITIES
ID_PE | PERSON_ID_PE | ETHNICITYTYPE_ID
1 | 11 | 1
2 | 11 | 22
3 | 1 | 2
"""


@pytest.mark.parametrize(
    ("option", "group"), [("unclear", "Unclear"), ("latest", "White"), ("most_frequent", "Black")]
)
def test_two_known_groups_are_for_the_researcher_to_decide(tmp_path: Path, option: str, group: str) -> None:
    """The child is Black in CMS (2012) and under that identifier in ECMS, White in the ECMS case of 2016."""
    cms = CMS_CASE.partition("CAFE_CMS_TBLPERSON")[0]
    made = harmonised(tmp_path, cms, TWO_GROUPS, several_known_values=option)
    made.shows("person", f"""
        person_id | ethnic_group | ethnicity_status
        E1        | {group}      | conflicting
        E2        | Unknown      | not_recorded
    """)
    made.shows("characteristic", """
        person_id | source | characteristic | group   | recorded_on
        E1        | CMS    | ethnicity      | Black   | 2012-06-01
        E1        | ECMS   | ethnicity      | Black   | -
        E1        | ECMS   | ethnicity      | Unknown | 2016-03-01
        E1        | ECMS   | ethnicity      | White   | 2016-03-01
    """)


@pytest.mark.parametrize("option", ["latest", "most_frequent"])
def test_values_that_tie_are_unclear(tmp_path: Path, option: str) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_ETHNICITIES
        ID_PE | PERSON_ID_PE | ETHNICITYTYPE_ID
        1 | 1 | 1
        2 | 1 | 2
    """, several_known_values=option)
    assert made.rows("person", ["person_id", "ethnic_group"])[0] == ["E1", "Unclear"]


def test_values_of_people_who_are_dropped_are_dropped(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER
        77 | Male

        CAFE_ECMS_ETHNICITIES
        ID_PE | PERSON_ID_PE | ETHNICITYTYPE_ID
        1 | 77 | 1
        2 | 1 | 1
        3 | 1 | 3
    """)
    made.shows("characteristic", """
        person_id | group
        E1        | White
    """)
    assert made.counts("characteristic_without_person") == {"ECMS": (3, 1, 2)}
    assert made.counts("characteristic_repeated") == {"ECMS": (2, 1, 1)}


def test_the_quality_of_linkage_is_carried_to_the_person(tmp_path: Path) -> None:
    """Person 2 has two records: the better status and the higher percentage count. 7 is a code nobody explained."""
    made = harmonised(tmp_path, CYMRU_CASE.partition("CAFCASS_ALF")[0], """
        CAFCASS_APPLICATIONSERVICEUSERS
        RECORD1ID_E | RECORD2ID_E | RECORD2ROLEIDNAME
        304 | 5 | RESPONDENT
        304 | 6 | OTHER
        304 | 7 | OTHER

        CAFCASS_ALF
        SYSTEM_ID_E | WOB | GNDR_CD | ALF_E | ALF_STS_CD | ALF_MTCH_PCT
        1 | 2014-06-02 | 1 | 901 | 39 | 0.915
        2 | 1990-01-01 | 2 | 902 | 1 | 1
        5 | 1990-01-01 | 2 | 902 | 35 | 0.95
        4 | 2012-06-04 | 2 | 904 | 99 | 0.12
        6 | 1980-01-07 | 2 | 906 | 7 | -
        7 | 1980-01-07 | 2 | 907 | 4 | 0.99
        7 | 1980-01-07 | 2 | 908 | 4 | 0.99
    """)
    made.shows("person", """
        person_id | is_linked | linkage_status | linkage_percent
        W1        | 1         | fuzzy          | 91.5
        W2        | 1         | nhs_number     | 100.0
        W4        | 0         | not_linked     | -
        W6        | 1         | linked         | -
        W7        | 0         | set_aside      | -
    """)
    assert made.counts("linkage_fuzzy") == {"Wales": (5, 1, 5)}


def test_england_does_not_say_how_people_were_linked(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | ALF_PE
        1 | Female | 901
        2 | Female | -
    """)
    made.shows("person", """
        person_id | linkage_status | linkage_percent
        E1        | linked         | -
        E2        | not_linked     | -
    """)


def test_identifiers_lead_to_their_person(tmp_path: Path) -> None:
    """33 is the father's second identifier, with a typing error; 77 is on no application."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISRESPONDENT
        4 | 100 | 33 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        1 | Female | 2016-02-29 | -
        3 | Male | 1994-04-04 | 903
        33 | Male | 1894-04-04 | 903
        77 | Male | 1994-04-04 | -

        CAFE_CMS_TBLPERSON
        PERSONID_PE | GENDER | WEEKOFBIRTH
        3 | Male | 1994-04-04
    """)
    made.shows("person_identifier", """
        system | source_identifier | person_id | linkage_field | is_joined | had_century_typo
        CMS    | 3                 | E3        | 903           | 0         | 0
        ECMS   | 1                 | E1        | -             | 0         | 0
        ECMS   | 3                 | E3        | 903           | 0         | 0
        ECMS   | 33                | E3        | 903           | 1         | 1
    """)
    assert made.counts("identifiers_ready") == {"CMS": (1, 0, 1), "ECMS": (3, 0, 3)}


def test_what_schools_and_social_care_recorded_stands_beside(tmp_path: Path) -> None:
    """Person 1 is White to two censuses and Mixed to a school; pupil 78 is not in court. Cymru has none."""
    made = harmonised(tmp_path, CYMRU_CASE.partition("CAFCASS_ALF")[0], """
        CAFCASS_ALF
        SYSTEM_ID_E | WOB | GNDR_CD | ALF_E | ALF_STS_CD
        1 | 2014-06-02 | 1 | 901 | 1
        2 | 1990-01-01 | 2 | 902 | 1
        4 | 2012-06-04 | 2 | - | 99

        LACW_PUPIL_ALF
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        50 | 512 | 901 | 1 | 1 | 2014-06-02

        LACW_CHILD_MAIN
        SYSTEM_ID_E | LOCAL_AUTHORITY_CODE | YEAR_CODE | ETHNICITY
        50 | 512 | 201415 | WHTE
        50 | 512 | 201516 | a1
        51 | 512 | 201516 | A1

        EDUW_PUPIL_ALF
        IRN_E | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        77 | 901 | 1 | 1 | 2014-06-02
        78 | 999 | 1 | 1 | 2014-06-02

        EDUW_PUPIL
        IRN_E | YEAR | ETHNICITY
        77 | 201901 | MIXD
        77 | 202001 | NOBT
        78 | 201901 | WHTE
    """)
    made.shows("characteristic", """
        person_id | source | characteristic | group   | recorded_on
        W1        | EDUW   | ethnicity      | Mixed   | 2019-01-01
        W1        | EDUW   | ethnicity      | Unknown | 2020-01-01
        W1        | LACW   | ethnicity      | White   | 2016-03-31
    """)
    assert made.rows("person", ["ethnic_group", "ethnicity_status"])[0] == ["Unknown", "not_recorded"]
    assert made.counts("characteristic_rows_read") == {"LACW": (3, 0, 3), "EDUW": (3, 0, 3)}
    assert made.counts("characteristic_without_person") == {"LACW": (3, 1, 2), "EDUW": (3, 1, 2)}
    assert made.counts("characteristic_repeated") == {"LACW": (2, 1, 1), "EDUW": (2, 0, 2)}


def test_tables_of_special_access_and_linked_records_may_be_absent(tmp_path: Path) -> None:
    """Courts alone: no religions, no deaths, no areas."""
    from toy import CODELISTS, OF_FEW, Harmonised, parse, write_source

    from family_justice.contracts import contracts, source_tables
    from family_justice.harmonise import harmonise

    text = ECMS_CASE + ECMS_PEOPLE + """
        CAFE_ECMS_ETHNICITIES
        ID_PE | PERSON_ID_PE | ETHNICITYTYPE_ID
        1 | 1 | 1

        ECMS_ETHNICITYTYPES
        ID | NAME
        1 | White British
    """
    write_source(tmp_path / "raw", parse(text))
    assert not any((tmp_path / "raw" / f"{name}.parquet").is_file() for name in contracts()["linked"].tables)
    for name, table in source_tables().items():
        if table.optional:
            (tmp_path / "raw" / f"{name}.parquet").unlink(missing_ok=True)
    harmonise(tmp_path / "raw", tmp_path / "ready", tmp_path / "quality.csv", CODELISTS, OF_FEW)
    Harmonised(tmp_path / "ready", []).shows("person", """
        person_id | ethnic_group | religion_status | death_date | deprivation_quintile
        E1        | White        | not_recorded    | -          | -
        E2        | Unknown      | not_recorded    | -          | -
        E3        | Unknown      | not_recorded    | -          | -
    """)
