"""The cohorts of adults on toy records: who is compared with whom, since when, and what is seen of them."""

from __future__ import annotations

from pathlib import Path

from ready import extracted

# M1 and F1 are parents in proceedings issued on 1 June 2015 that end with a care order. M2 is in proceedings, too, but
# was registered less than two years before. RA and RB are mothers in no case: RB has her child after that day. RC lives
# with RA's child; RD does as well, but is 10 years older than it only.
RECORDS = """
person
person_id | sex    | week_of_birth
M1        | female | 1988-06-06
F1        | male   | 1985-06-03
M2        | female | 1990-06-04

case
case_id | issue_date | jurisdiction
I       | 2015-06-01 | Wales
J       | 2015-07-01 | Wales

case_person
case_id | person_id | family_role
I       | M1        | mother
I       | F1        | father
J       | M2        | mother

legal_order
case_id | child_id | order_group | order_date
I       | K        | care        | 2015-12-09

resident
resident_id | person_id | sex    | week_of_birth | deprivation_quintile
R1          | M1        | female | 1988-06-06    | 1
R2          | F1        | male   | 1985-06-03    | 1
R3          | M2        | female | 1990-06-04    | 1
RA          | -         | female | 1988-01-04    | 1
RB          | -         | female | 1988-06-06    | 1
RC          | -         | male   | 1984-06-04    | 1
RD          | -         | male   | 2000-01-03    | 1

practice_registration
resident_id | registered_from | registered_to
R1          | 2013-06-01      | 2016-05-31
R2          | 2005-01-01      | 2020-12-31
R3          | 2013-07-02      | 2020-12-31
RA          | 2005-01-01      | 2020-12-31
RB          | 2005-01-01      | 2020-12-31
RC          | 2005-01-01      | 2020-12-31
RD          | 2005-01-01      | 2020-12-31

birth
birth_id | child_id | mother_id | week_of_birth
1        | CA       | RA        | 2010-03-01
2        | CB       | RB        | 2015-06-08

residence
resident_id | start_date | end_date   | household_id
CA          | 2010-03-01 | 2020-12-31 | H
RC          | 2012-01-01 | 2020-12-31 | H
RD          | 2012-01-01 | 2020-12-31 | H

health_event
resident_id | event_date | source           | code_system | code  | indicator     | indicator_group | is_registered
R1          | 2013-05-31 | general_practice | read_v2     | E2B.. | mental_health | depression      | 1
R1          | 2013-06-01 | general_practice | read_v2     | E2B.. | mental_health | depression      | 1
R1          | 2015-05-31 | emergency        | read_v2     | SN5.. | violence      | assault         | 1
R1          | 2015-06-01 | general_practice | read_v2     | E23.. | substance_use | alcohol         | 1
RA          | 2015-03-01 | general_practice | read_v2     | E200. | mental_health | anxiety         | 1
RA          | 2015-03-01 | general_practice | read_v2     | E204. | mental_health | anxiety         | 1
"""


def test_comparison_parents_have_children_and_the_date_of_their_case(tmp_path: Path) -> None:
    made = extracted(tmp_path, "adults", "parents", RECORDS)
    made.shows("""
        adult_id | member_of  | matched_set | issue_date | child_placed | observed_to
        F1       | case       | 1           | 2015-06-01 | away         | 2020-12-31
        M1       | case       | 2           | 2015-06-01 | away         | 2016-05-31
        RA       | comparison | 2           | 2015-06-01 | away         | 2020-12-31
        RC       | comparison | 1           | 2015-06-01 | away         | 2020-12-31
    """)
    assert made.attrition["linked"] == 3
    assert made.attrition["observed"] == 2
    assert made.attrition["comparison_pool"] == 3


def test_the_look_back_is_the_two_years_before_the_day(tmp_path: Path) -> None:
    extracted(tmp_path, "adults", "parents_before", RECORDS).shows("""
        adult_id | side                   | mental_health | depression | anxiety | substance_use | assault_emergency | vulnerabilities | overlap
        F1       | parents in proceedings | no            | no         | no      | no            | no                | 0               | none of them
        M1       | parents in proceedings | yes           | yes        | no      | no            | yes               | 1               | mental health alone
        RA       | comparison parents     | yes           | no         | yes     | no            | no                | 1               | mental health alone
        RC       | comparison parents     | no            | no         | no      | no            | no                | 0               | none of them
    """)


def test_three_conditions_overlap_in_every_way(tmp_path: Path) -> None:
    more = """
    health_event
    resident_id | event_date | source           | code_system | code  | indicator      | indicator_group | is_registered
    R1          | 2015-05-01 | general_practice | read_v2     | E23.. | substance_use  | alcohol         | 1
    R2          | 2015-05-01 | general_practice | read_v2     | 14X3. | domestic_abuse | domestic_abuse  | 1
    RA          | 2015-05-01 | general_practice | read_v2     | E23.. | substance_use  | alcohol         | 1
    RA          | 2015-05-01 | general_practice | read_v2     | 14X3. | domestic_abuse | domestic_abuse  | 1
    RC          | 2015-05-01 | general_practice | read_v2     | E23.. | substance_use  | alcohol         | 1
    RC          | 2015-05-02 | general_practice | read_v2     | 14X3. | domestic_abuse | domestic_abuse  | 1
    """
    extracted(tmp_path, "adults", "parents_before", RECORDS + more).shows("""
        adult_id | overlap
        F1       | abuse alone
        M1       | mental health and substance use
        RA       | all three
        RC       | substance use and abuse
    """)


def test_first_records_after_the_application_count_while_observed(tmp_path: Path) -> None:
    """M1 has a record of substance use on the day itself, and one of ill health when observation has ended; one of F1
    is from a time in which he was not registered."""
    more = """
    health_event
    resident_id | event_date | source           | code_system | code  | indicator     | indicator_group | is_registered
    R1          | 2016-06-01 | general_practice | read_v2     | E2B.. | mental_health | depression      | 1
    RC          | 2016-01-04 | general_practice | read_v2     | E2B.. | mental_health | depression      | 1
    RC          | 2016-02-01 | general_practice | read_v2     | E2B.. | mental_health | anxiety         | 1
    R2          | 2016-02-01 | general_practice | read_v2     | E23.. | substance_use | alcohol         | 0
    """
    extracted(tmp_path, "adults", "parents_after", RECORDS + more).shows("""
        adult_id | issue_date | earlier_mental | earlier_substance | new_mental | new_substance | end_of_observation
        F1       | 2015-06-01 | no             | no                | -          | -             | 2020-12-31
        M1       | 2015-06-01 | yes            | no                | -          | 2015-06-01    | 2016-05-31
        RA       | 2015-06-01 | yes            | no                | -          | -             | 2020-12-31
        RC       | 2015-06-01 | no             | no                | 2016-01-04 | -             | 2020-12-31
    """)


def test_the_end_of_proceedings_is_the_last_final_order_for_both_groups(tmp_path: Path) -> None:
    """The look-back counts from there: what was recorded during proceedings is earlier."""
    more = """
    health_event
    resident_id | event_date | source           | code_system | code  | indicator     | indicator_group | is_registered
    RC          | 2015-10-01 | general_practice | read_v2     | E2B.. | mental_health | depression      | 1
    R2          | 2015-12-09 | general_practice | read_v2     | E2B.. | mental_health | depression      | 1
    """
    extracted(tmp_path, "adults", "parents_after_end", RECORDS + more).shows("""
        adult_id | issue_date | earlier_mental | earlier_substance | new_mental | new_substance
        F1       | 2015-12-09 | no             | no                | 2015-12-09 | -
        M1       | 2015-12-09 | no             | yes               | -          | -
        RA       | 2015-12-09 | yes            | no                | -          | -
        RC       | 2015-12-09 | yes            | no                | -          | -
    """)


def test_periods_are_cut_where_observation_ends(tmp_path: Path) -> None:
    """M1 is observed to 31 May 2016: 366 days from 1 June 2015 on, one of them in the second year."""
    made = extracted(tmp_path, "adults", "parents_in_periods", RECORDS)
    from family_justice.files import connect

    with connect({"cohort": made.cohort}) as connection:
        rows = connection.execute(
            "SELECT period_name, round(years * 365.25)::INT, mental_records, substance_records FROM cohort "
            "WHERE adult_id = 'M1' ORDER BY starts"
        ).fetchall()
        others = connection.execute(
            "SELECT period_name, mental_records FROM cohort WHERE adult_id = 'RA' AND mental_records > 0"
        ).fetchall()
    assert rows == [
        ("13 to 24 months before", 365, 1, 0),
        ("4 to 12 months before", 274, 0, 0),
        ("3 months before", 91, 0, 0),
        ("first year after", 365, 0, 1),
        ("second year after", 1, 0, 0),
    ]
    # Two codes of one day in one service are one record; 1 March 2015 is 92 days before.
    assert others == [("4 to 12 months before", 1)]


# P1 applies on 1 June 2016 and P2 responds, who was registered for eleven months only. Q is a man in no case who turns 18
# after that day; RE is one who fits.
PRIVATE = """
person
person_id | sex    | week_of_birth
P1        | male   | 1998-01-05
P2        | female | 1990-06-04

case
case_id | issue_date | jurisdiction | law_type | has_s31
V       | 2016-06-01 | Wales        | private  | 0
W       | 2018-06-01 | Wales        | private  | 0

case_person
case_id | person_id | role       | family_role
V       | P1        | applicant  | father
V       | P2        | respondent | mother
W       | P1        | respondent | father

resident
resident_id | person_id | sex    | week_of_birth | deprivation_quintile
R1          | P1        | male   | 1998-01-05    | 2
R2          | P2        | female | 1990-06-04    | 2
RQ          | -         | male   | 1998-06-08    | 2
RE          | -         | male   | 1995-06-05    | 2

practice_registration
resident_id | registered_from | registered_to
R1          | 2015-06-01      | 2020-12-31
R2          | 2015-07-01      | 2020-12-31
RQ          | 2005-01-01      | 2020-12-31
RE          | 2005-01-01      | 2020-12-31

health_event
resident_id | event_date | source           | code_system | code  | indicator      | indicator_group | is_registered
R1          | 2014-06-01 | emergency        | read_v2     | TK... | self_harm      | self_harm       | 1
R1          | 2015-05-31 | general_practice | read_v2     | E2B.. | mental_health  | depression      | 1
R1          | 2016-05-31 | general_practice | read_v2     | 14X3. | domestic_abuse | domestic_abuse  | 1
RE          | 2014-05-31 | emergency        | read_v2     | TK... | self_harm      | self_harm       | 1
RE          | 2015-06-01 | general_practice | read_v2     | E200. | mental_health  | anxiety         | 1
"""


def test_adults_in_private_law_have_a_year_before_and_self_harm_in_two(tmp_path: Path) -> None:
    extracted(tmp_path, "adults", "private_before", PRIVATE).shows("""
        adult_id | adult_side            | party     | issue_date | self_harm_two_years | depression_or_anxiety | domestic_abuse_year | emergency_year | back_within_a_year
        P1       | adults in private law | applicant | 2016-06-01 | yes                 | no                    | yes                 | no             | no
        RE       | comparison adults     | applicant | 2016-06-01 | no                  | yes                   | no                  | no             | no
    """)


def test_a_return_within_a_year_counts_in_either_role(tmp_path: Path) -> None:
    more = """
    case
    case_id | issue_date | jurisdiction | law_type | has_s31
    Y       | 2017-06-01 | Wales        | private  | 0

    case_person
    case_id | person_id | role       | family_role
    Y       | P1        | respondent | father
    """
    extracted(tmp_path, "adults", "private_before", PRIVATE + more).shows("""
        adult_id | back_within_a_year
        P1       | yes
        RE       | no
    """)
