"""The private-law cohorts on toy families, the expected rows beneath the records."""

from __future__ import annotations

from pathlib import Path

from ready import extracted

# Father F1 applies about children A (born 2010) and B (born 2014); the case ends with an order. G is a grandmother.
FIRST = """
person
person_id | sex    | week_of_birth | deprivation_quintile
M1        | female | 1988-06-06    | 2
F1        | male   | 1985-06-03    | -
G         | female | 1960-05-02    | 4
A         | male   | 2010-03-01    | 1
B         | female | 2014-09-01    | 1

case
case_id | issue_date | end_date   | law_type | has_s31
I       | 2015-06-10 | 2015-12-09 | private  | 0

application
application_id | case_id | application_type   | is_s31 | application_date
I1             | I       | child_arrangements | 0      | 2015-06-10
I2             | I       | prohibited_steps   | 0      | 2015-07-10

case_person
case_id | person_id | role       | family_role
I       | F1        | applicant  | father
I       | M1        | respondent | mother
I       | A         | subject    | child
I       | B         | subject    | child

relationship
child_id | parent_id | parent
A        | M1        | mother
A        | F1        | father
B        | M1        | mother

legal_order
case_id | child_id | order_group        | order_date
I       | A        | contact            | 2015-12-09
I       | A        | child_arrangements | 2015-12-09
I       | B        | prohibited_steps   | 2015-12-09
"""

# The grandmother applies about A in 2017; the end of this case is not on record.
SECOND = """
case
case_id | issue_date | end_date | law_type | has_s31 | is_completed
R       | 2017-06-12 | -        | private  | 0       | 0

application
application_id | case_id | application_type     | is_s31 | application_date
R1             | R       | special_guardianship | 0      | 2017-06-12

case_person
case_id | person_id | role       | family_role
R       | G         | applicant  | grandparent
R       | M1        | respondent | mother
R       | A         | subject    | child
"""


def test_type_of_the_first_application_and_who_is_party(tmp_path: Path) -> None:
    made = extracted(tmp_path, "private_law", "cases", FIRST + SECOND)
    made.shows("""
        case_id | application_type     | contested | first_applicant | relative_who_applies | parties                      | end        | end_of_records
        I       | child arrangements   | no        | parent          | -                    | parent and parent            | 2015-12-09 | 2021-12-31
        R       | special guardianship | no        | not a parent    | grandparent          | somebody who is not a parent | -          | 2021-12-31
    """)


def test_a_case_is_a_return_if_its_eldest_child_was_in_an_earlier_one(tmp_path: Path) -> None:
    # S is about B alone, who was in the first case as well; the older half-sister C of T was in no case before.
    made = extracted(
        tmp_path, "private_law", "cases",
        FIRST + SECOND + """
        person
        person_id | sex    | week_of_birth
        C         | female | 2008-03-03

        case
        case_id | issue_date | end_date   | law_type | has_s31
        S       | 2018-06-12 | 2018-09-12 | private  | 0
        T       | 2019-06-12 | 2019-09-12 | private  | 0

        application
        application_id | case_id | application_type | is_s31 | application_date
        S1             | S       | enforcement      | 0      | 2018-06-12
        T1             | T       | other_private    | 0      | 2019-06-12

        case_person
        case_id | person_id | role      | family_role
        S       | F1        | applicant | father
        S       | B         | subject   | child
        T       | F1        | applicant | father
        T       | B         | subject   | child
        T       | C         | subject   | child
    """)  # fmt: skip
    made.shows("""
        case_id | application_type     | parties                      | earlier_case | soon_return | financial_year
        I       | child arrangements   | parent and parent            | no           | no          | 2015/16
        R       | special guardianship | somebody who is not a parent | yes          | yes         | 2017/18
        S       | enforcement          | a parent, no respondent      | yes          | no          | 2018/19
        T       | other type           | a parent, no respondent      | no           | no          | 2019/20
    """)


def test_the_end_of_a_case_is_the_first_of_its_orders_in_the_named_sequence(tmp_path: Path) -> None:
    made = extracted(tmp_path, "private_law", "cases_concluded", FIRST + SECOND)
    assert made.attrition == {"base": 2, "issued_since_orders": 2, "ended": 1, "orders_recorded": 1}
    made.shows("""
        case_id | final_order
        I       | lives with
    """)


def test_a_family_returns_with_its_eldest_child_after_the_end_of_its_first_case(tmp_path: Path) -> None:
    # F1 died; A is 18 in 2028. Deprivation is that of the child's area.
    made = extracted(
        tmp_path, "private_law", "families",
        FIRST + SECOND + """
        person
        person_id | sex    | week_of_birth | death_date
        F2        | male   | 1985-06-03    | 2018-02-01
        D         | female | 2004-03-01    | -

        case
        case_id | issue_date | end_date   | law_type | has_s31 | jurisdiction
        W       | 2016-01-11 | 2016-05-11 | private  | 0       | Wales

        application
        application_id | case_id | application_type | is_s31 | application_date
        W1             | W       | enforcement      | 0      | 2016-01-11

        case_person
        case_id | person_id | role      | family_role
        W       | F2        | applicant | father
        W       | D         | subject   | child

        relationship
        child_id | parent_id | parent
        D        | F2        | father
    """)  # fmt: skip
    assert made.attrition == {"base": 3, "first_case": 2, "ended": 2, "under_18": 2, "parents_alive": 2}
    made.shows("""
        eldest_child | end_date   | family_return | parent_death | eldest_is_18 | end_of_records | first_application  | youngest_child_age | number_of_children | deprivation_quintile
        A            | 2015-12-09 | 2017-06-12    | -            | 2028-03-01   | 2021-12-31     | child arrangements | under 1            | 2                  | 1 most deprived
        D            | 2016-05-11 | -             | 2018-02-01   | 2022-03-01   | 2021-08-31     | enforcement        | 10 and over        | 1                  | not known
    """)


def test_adults_enter_at_their_first_case_and_return_in_either_role(tmp_path: Path) -> None:
    # E was in a case before the study period of adults; N is of age 2 (a mistake of the records).
    made = extracted(
        tmp_path, "private_law", "adults",
        FIRST + SECOND + """
        person
        person_id | sex    | week_of_birth
        E         | male   | 1980-06-02
        N         | female | 2013-06-03

        case
        case_id | issue_date | law_type | has_s31 | s31_issue_date
        O       | 2010-06-10 | private  | 0       | -
        P       | 2016-06-10 | private  | 0       | -
        C       | 2018-03-12 | public   | 1       | 2018-03-12

        case_person
        case_id | person_id | role       | family_role
        O       | E         | applicant  | father
        P       | E         | applicant  | father
        P       | N         | respondent | mother
        C       | M1        | respondent | mother
        C       | A         | subject    | child
    """)  # fmt: skip
    assert made.attrition == {"parties": 5, "first_application": 5, "in_period": 4, "plausible_age": 3, "alive": 3}
    made.shows("""
        person_id | court_role | relation_to_child | adult_age_band | next_case  | care_proceedings | deprivation_quintile
        F1        | applicant  | father            | 30 to 34       | -          | -                | not known
        G         | applicant  | grandparent       | 50 and over    | -          | -                | 4
        M1        | respondent | mother            | 25 to 29       | 2017-06-12 | 2018-03-12       | 2
    """)


def test_every_application_of_a_person_counts_among_applicants(tmp_path: Path) -> None:
    # The area of F1 is not known, so G is the only applicant left.
    made = extracted(tmp_path, "private_law", "applicants", FIRST + SECOND)
    assert made.attrition == {"applicants": 2, "in_period": 2, "area_known": 1}
    made.shows("""
        case_id | person_id | financial_year | relation_to_child | known_quintile
        R       | G         | 2017/18        | grandparent       | 4
    """)


# A is told of by a report a week before a year has passed since the start, B a day after it; CMS tells of a case as a whole.
HEARD = """
case
case_id | issue_date | end_date   | law_type | has_s31
L       | 2012-06-11 | 2012-12-10 | private  | 0

application
application_id | case_id | application_type   | is_s31 | application_date
L1             | L       | child_arrangements | 0      | 2012-06-11

person
person_id | sex    | week_of_birth
C         | female | 2008-03-03
D         | male   | 2012-09-03

case_person
case_id | person_id | role      | family_role
L       | F1        | applicant | father
L       | C         | subject   | child
L       | D         | subject   | child

court_report
case_id | child_id | report_kind      | report_date
I       | A        | report_section_7 | 2016-06-09
I       | B        | rule_16_4        | 2016-06-10
L       | -        | report_section_7 | 2012-07-09
"""


def test_children_are_heard_if_a_report_is_on_record_within_twelve_months(tmp_path: Path) -> None:
    made = extracted(tmp_path, "private_law", "children_in_cases", FIRST + SECOND + HEARD)
    made.shows("""
        case_id | child_id | heard | child_age | number_of_children | deprivation_quintile
        I       | A        | yes   | 5 to 9    | 2                  | 1 most deprived
        I       | B        | no    | under 1   | 2                  | 1 most deprived
        L       | C        | yes   | 1 to 4    | 2                  | not known
        L       | D        | yes   | under 1   | 2                  | not known
        R       | A        | no    | 5 to 9    | 1                  | 1 most deprived
    """)


def test_a_case_is_heard_if_one_of_its_children_is(tmp_path: Path) -> None:
    # The case of 2020-12-31 can be followed for a year in England; that of the day after cannot.
    cases = """
    case
    case_id | issue_date | end_date   | law_type | has_s31
    Y       | 2020-12-31 | 2021-06-01 | private  | 0
    Z       | 2021-01-01 | 2021-06-01 | private  | 0

    application
    application_id | case_id | application_type   | is_s31 | application_date
    Y1             | Y       | child_arrangements | 0      | 2020-12-31
    Z1             | Z       | child_arrangements | 0      | 2021-01-01

    case_person
    case_id | person_id | role      | family_role
    Y       | F1        | applicant | father
    Y       | B         | subject   | child
    Z       | F1        | applicant | father
    Z       | B         | subject   | child
    """
    made = extracted(tmp_path, "private_law", "cases_heard", FIRST + SECOND + HEARD + cases)
    made.shows("""
        case_id | heard | number_of_children | youngest_child_age
        I       | yes   | 2                  | under 1
        L       | yes   | 2                  | under 1
        R       | no    | 1                  | 5 to 9
        Y       | no    | 1                  | 5 to 9
    """)


def test_a_journey_is_what_the_courts_see_within_five_years(tmp_path: Path) -> None:
    # A: a return by the grandmother. C: its parents return on the last day of the five years, a day later would not count.
    # D, aged 13 at the application, is not followed; E came into care proceedings, which decides.
    families = """
    person
    person_id | sex    | week_of_birth
    C         | female | 2008-03-03
    D         | male   | 1999-01-04
    E         | male   | 2012-09-03
    F         | male   | 2012-09-03

    case
    case_id | issue_date | end_date   | law_type | has_s31
    C1      | 2012-06-11 | 2012-12-10 | private  | 0
    C2      | 2017-06-11 | 2017-12-11 | private  | 0
    D1      | 2012-06-11 | 2012-12-10 | private  | 0
    E1      | 2013-06-11 | 2013-12-10 | private  | 0
    E2      | 2014-06-11 | 2014-12-10 | private  | 0
    E3      | 2015-06-11 | 2015-12-10 | public   | 1
    F1      | 2012-06-11 | 2012-12-10 | private  | 0
    F2      | 2017-06-12 | 2017-12-11 | private  | 0

    application
    application_id | case_id | application_type   | is_s31 | application_date
    c1             | C1      | child_arrangements | 0      | 2012-06-11
    c2             | C2      | child_arrangements | 0      | 2017-06-11
    d1             | D1      | child_arrangements | 0      | 2012-06-11
    e1             | E1      | child_arrangements | 0      | 2013-06-11
    e2             | E2      | child_arrangements | 0      | 2014-06-11
    f1             | F1      | child_arrangements | 0      | 2012-06-11
    f2             | F2      | child_arrangements | 0      | 2017-06-12

    case_person
    case_id | person_id | role      | family_role
    C1      | F1        | applicant | father
    C1      | C         | subject   | child
    C2      | F1        | applicant | father
    C2      | C         | subject   | child
    D1      | F1        | applicant | father
    D1      | D         | subject   | child
    E1      | F1        | applicant | father
    E1      | E         | subject   | child
    E2      | F1        | applicant | father
    E2      | E         | subject   | child
    E3      | M1        | respondent | mother
    E3      | E         | subject   | child
    F1      | F1        | applicant | father
    F1      | F         | subject   | child
    F2      | F1        | applicant | father
    F2      | F         | subject   | child
    """
    made = extracted(tmp_path, "private_law", "journeys", FIRST + SECOND + families)
    made.shows("""
        eldest_child | journey
        A            | somebody who is not a parent
        C            | parents who return
        E            | private and public law
        F            | one application of parents
    """)
