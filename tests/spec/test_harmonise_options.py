"""The switches of harmonisation: what researchers do differently. One option per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

import pytest
from toy import CMS_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised

from family_justice.errors import ConfigError

TWO_ROLES = """
CAFE_ECMS_PERSONSONAPPLICATIONS
ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT | ISAPPLICANT
4 | 100 | 1 | false | true
5 | 100 | 2 | false | true

CAFE_ECMS_LEGALOUTPUTS
ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED
1 | 10 | 100 | 1 | 1 | 2016-09-01
"""


@pytest.mark.parametrize(
    ("options", "child", "mother", "orders"),
    [
        ({}, "subject", "unclear", 1),
        ({"several_roles": "unclear_subjects_too"}, "unclear", "unclear", 0),
        ({"several_roles": "priority"}, "subject", "respondent", 1),
        ({"several_roles": "priority", "role_priority": ["applicant", "subject"]}, "applicant", "applicant", 0),
        ({"several_roles": "priority", "role_priority": ["other"]}, "unclear", "unclear", 0),
    ],
)
def test_several_roles(tmp_path: Path, options: dict[str, object], child: str, mother: str, orders: int) -> None:
    """The child is subject and applicant, the mother respondent and applicant; orders are made for subjects."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, TWO_ROLES, **options)
    made.shows("case_person", f"""
        person_id | role
        E1        | {child}
        E2        | {mother}
        E3        | respondent
    """)
    made.shows("application_person", f"""
        application_id | person_id | role
        E100           | E1        | {child}
        E100           | E2        | {mother}
        E100           | E3        | respondent
    """)
    assert len(made.rows("legal_order", ["child_id"])) == orders
    taken = 2 if options.get("several_roles") == "priority" else 0
    assert made.counts("several_roles_by_priority") == {"England": (3, taken, 3)}


def test_the_first_of_several_mothers(tmp_path: Path) -> None:
    """10 is the second mother: the smallest number comes first, not the smallest text."""
    texts = (ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISOTHER
        4 | 100 | 10 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        10 | Female | 1990-01-01

        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 10 | 1
    """)
    made = harmonised(tmp_path / "all", *texts)
    assert made.rows("relationship", ["parent_id"]) == [["E10"], ["E2"], ["E3"]]
    assert made.counts("further_parent_dropped") == {"England": (3, 0, 3)}
    made = harmonised(tmp_path / "first", *texts, several_parents="first")
    made.shows("relationship", """
        child_id | parent_id | parent
        E1       | E2        | mother
        E1       | E3        | father
    """)
    assert made.counts("several_mothers") == {"England": (1, 1, 1)}
    assert made.counts("more_than_two_parents") == {"England": (1, 1, 1)}
    assert made.counts("further_parent_dropped") == {"England": (3, 1, 2)}


def test_orders_before_they_are_usable(tmp_path: Path) -> None:
    texts = (CMS_CASE, """
        CAFE_CMS_TBLLEGALOUTPUT
        LEGALOUTPUTID_PE | CASEREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
        1 | 20 | 3 | 0 | 2011-03-31
        2 | 20 | 1 | 1 | 2011-04-01
    """)
    made = harmonised(tmp_path / "flag", *texts)
    assert made.rows("legal_order", ["order_group", "is_before_usable"]) == [["care", "0"], ["interim", "1"]]
    assert made.counts("order_before_usable") == {"CMS": (2, 1, 2)}
    assert made.counts("unusable_order_dropped") == {"CMS": (2, 0, 2)}
    made = harmonised(tmp_path / "drop", *texts, cms_orders_before_usable="drop")
    assert made.rows("legal_order", ["order_group"]) == [["care"]]
    assert made.counts("unusable_order_dropped") == {"CMS": (2, 1, 1)}


def test_without_joining_by_linkage_field(tmp_path: Path) -> None:
    """The father's two identifiers stay two people; both are linked all the same."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISRESPONDENT
        4 | 100 | 33 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF_PE
        3 | Male | 1994-04-04 | 903
        33 | Male | 1994-04-04 | 903
    """, join_by_linkage_field=False)
    made.shows("person", """
        person_id | is_linked
        E3        | 1
        E33       | 1
    """)
    assert made.counts("same_linkage_field") == {"England": (2, 0, 2)}


def test_people_under_18_who_are_no_subjects_and_subjects_of_age(tmp_path: Path) -> None:
    """Mother 2 is 16 at issue, subject 4 is 18; nobody knows the age of subject 5."""
    texts = (ECMS_CASE, """
        CAFE_ECMS_PERSONSONAPPLICATIONS
        ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | ISSUBJECT
        4 | 100 | 4 | true
        5 | 100 | 5 | true

        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH
        1 | Female | 2016-02-29
        2 | Female | 1999-12-27
        3 | Male | 1994-04-04
        4 | Male | 1998-02-23
        5 | Male | -
    """)
    kept = harmonised(tmp_path / "kept", *texts)
    assert [row[0] for row in kept.rows("case_person", ["person_id"])] == ["E1", "E2", "E3", "E4", "E5"]
    assert kept.counts("minor_not_subject") == {"England": (5, 1, 5)}
    assert kept.counts("subject_adult") == {"England": (5, 1, 5)}
    made = harmonised(tmp_path / "dropped", *texts, keep_minors_not_subject=False, keep_adult_subjects=False)
    made.shows("case_person", """
        person_id | role
        E1        | subject
        E3        | respondent
        E5        | subject
    """)
    assert [row[0] for row in made.rows("application_person", ["person_id"])] == ["E1", "E3", "E5"]
    assert made.counts("adult_subject_dropped") == {"England": (5, 1, 4)}
    assert made.counts("minor_not_subject_dropped") == {"England": (4, 1, 3)}


def test_an_option_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="several_roles"):
        harmonised(tmp_path, ECMS_CASE, several_roles="first")
