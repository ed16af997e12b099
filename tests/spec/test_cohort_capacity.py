"""The cohorts of the capacity stream on toy records, the expected rows beneath them."""

from __future__ import annotations

from pathlib import Path

from ready import extracted

RECORDS = """
person
person_id | sex    | week_of_birth | ethnic_group | ethnicity_status | linkage_status | deprivation_quintile
M         | female | 1990-06-04    | White        | known            | linked         | 1
C         | male   | 2015-05-04    | Unclear      | conflicting      | not_linked     | -
F         | male   | 1988-06-06    | Unknown      | unknown          | linked         | 3
G         | female | 1960-06-06    | Unknown      | not_recorded     | linked         | 2
L         | -      | -             | Unknown      | not_recorded     | not_linked     | -
W         | female | 2012-05-07    | Unknown      | unknown          | exact          | 5
V         | male   | 2010-05-03    | Asian        | known            | fuzzy          | 4
O         | male   | 2014-05-05    | Black        | known            | nhs_number     | 4

case
case_id | jurisdiction | law_type | issue_date | region
early   | England      | public   | 2007-03-01 | London
one     | England      | public   | 2016-06-15 | London
two     | England      | private  | 2018-06-15 | North West
welsh   | Wales        | private  | 2018-06-15 | Wales
before  | Wales        | private  | 2010-06-15 | Wales

case_person
case_id | person_id | role       | family_role | age_at_issue
early   | M         | respondent | mother      | 16
one     | M         | respondent | mother      | 26
one     | C         | subject    | child       | 1
one     | F         | respondent | father      | 28
one     | L         | applicant  | -           | -
two     | M         | applicant  | mother      | 28
two     | G         | applicant  | grandparent | 58
welsh   | W         | subject    | child       | 6
welsh   | V         | subject    | child       | 8
before  | O         | subject    | child       | 0

characteristic
person_id | source | characteristic | group
M         | CMS    | ethnicity      | Unknown
M         | ECMS   | ethnicity      | White
C         | CMS    | ethnicity      | Black
C         | ECMS   | ethnicity      | Black
C         | ECMS   | ethnicity      | Mixed
C         | ECMS   | ethnicity      | Unknown
F         | ECMS   | ethnicity      | Unknown
F         | CMS    | religion       | Unknown
V         | Cymru  | ethnicity      | Asian
W         | Cymru  | ethnicity      | Unknown

resident
resident_id | person_id | linkage_status
RW          | W         | exact
RV          | V         | fuzzy

pupil_year
pupil_id | school_year | resident_id | ethnic_group
RW       | 2017        | RW          | Unknown
RW       | 2018        | RW          | Black
RV       | 2017        | RV          | Asian
RV       | 2018        | RV          | Mixed

looked_after_episode
looked_after_id | episode_start | person_id | ethnic_group | is_ongoing
1_512           | 2018-07-02    | V         | Asian        | 0

care_and_support
care_and_support_id | census_date | resident_id | ethnic_group | system
2_512               | 2018-03-31  | RV          | Unknown      | CRCS
"""


def test_people_at_their_first_case_with_what_is_known_of_their_ethnicity(tmp_path: Path) -> None:
    # M's case of March 2007 and O's of 2010 lie before the study; L, without birth or place in a family, is an authority.
    # The steps count people, so M keeps one place.
    made = extracted(tmp_path, "capacity", "people", RECORDS)
    made.shows("""
        person_id | jurisdiction | law_type    | place         | member | child_age | adult_age   | first_year | ethnicity_status    | ethnicity_missing
        C         | England      | public law  | subject child | child  | 1 to 4    | -           | 2016/17    | two known groups    | yes
        F         | England      | public law  | father        | adult  | -         | 25 to 34    | 2016/17    | recorded as unknown | yes
        G         | England      | private law | other adult   | adult  | -         | 45 and over | 2018/19    | no record           | yes
        M         | England      | public law  | mother        | adult  | -         | 25 to 34    | 2016/17    | known group         | no
        V         | Wales        | private law | subject child | child  | 5 to 9    | -           | 2018/19    | known group         | no
        W         | Wales        | private law | subject child | child  | 5 to 9    | -           | 2018/19    | recorded as unknown | yes
    """)
    assert made.attrition == {"in_cases": 8, "in_period": 7, "first_case": 7, "with_place": 6}
    # How somebody was linked is told in Wales only.
    made.shows("""
        person_id | linkage    | region     | area_deprivation
        C         | not linked | London     | not known
        F         | -          | London     | 3
        G         | -          | North West | 2
        M         | -          | London     | 1 most deprived
        V         | fuzzy      | -          | 4
        W         | exact      | -          | 5 least deprived
    """)


def test_two_systems_are_compared_where_both_recorded_something(tmp_path: Path) -> None:
    # F has no record of ethnicity in CMS. Two known groups within ECMS are not known; the newer system has no say then.
    made = extracted(tmp_path, "capacity", "both_systems", RECORDS)
    made.shows("""
        person_id | cms_ethnicity | ecms_ethnicity | resolved_ethnicity | newest_ethnicity
        C         | Black         | not known      | not known          | Black
        M         | not known     | White          | White              | White
    """)


def test_contradictions_are_counted_within_one_source(tmp_path: Path) -> None:
    made = extracted(tmp_path, "capacity", "with_ethnicity_record", RECORDS)
    made.shows("""
        person_id | repeats
        C         | two or more
        F         | none
        M         | one
        V         | one
        W         | none
    """)


def test_linked_records_fill_what_the_court_does_not_know(tmp_path: Path) -> None:
    made = extracted(tmp_path, "capacity", "welsh_children", RECORDS)
    made.shows("""
        person_id | ethnicity_known | known_after_linkage
        V         | yes             | yes
        W         | no              | yes
    """)


def test_sources_are_compared_with_the_court_where_they_know_the_child(tmp_path: Path) -> None:
    # V is Asian in one school year and Mixed in another; social care says Asian, and once nothing.
    extracted(tmp_path / "school", "capacity", "in_school_records", RECORDS).shows("""
        person_id | court_ethnicity | school_ethnicity
        V         | Asian           | not known
        W         | not known       | Black
    """)
    extracted(tmp_path / "care", "capacity", "in_care_records", RECORDS).shows("""
        person_id | court_ethnicity | care_ethnicity
        V         | Asian           | Asian
    """)
