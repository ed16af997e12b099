"""Extracts that differ from the contracts in spelling, codes, look-ups and dates: repaired with a count, or stopped
with a reason. One rule per test."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from toy import CMS_CASE, CODELISTS, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, LOOKUPS, harmonised, parse, write_source

from family_justice.config.sources import HarmoniseOptions
from family_justice.contracts import contracts
from family_justice.contracts.model import SOURCE_SYSTEMS
from family_justice.errors import ContractError
from family_justice.harmonise import harmonise
from family_justice.harmonise.source_tables import Failing, check_shares

PARENTS = """
    CAFCASS_RELATIONSHIPS
    RECORD1ID_E | RECORD1ROLEIDNAME | RECORD2ID_E | RECORD2ROLEIDNAME
    2 | {parent} | 1 | {child}
    2 | {parent} | 4 | {child}
"""
ROLES = """
    case_id | person_id | role
    W30     | W1        | subject
    W30     | W2        | respondent
    W30     | W4        | subject
"""


def stopped(folder: Path, *texts: str, **options: object) -> str:
    """Return the error of harmonising toy records with the limits of a real extract."""
    with pytest.raises(ContractError) as caught:
        harmonised(folder, *texts, **{"max_failing_share": 0.1, **options})
    assert not (folder / "ready").exists()
    return str(caught.value)


@pytest.mark.parametrize("spelling", [str.upper, str.lower, str.title, "  {}  ".format])
def test_case_and_outer_blanks_of_codes_do_not_count(tmp_path: Path, spelling: object) -> None:
    assert callable(spelling)
    case = CYMRU_CASE
    for word in ("SUBJECT", "RESPONDENT"):
        case = case.replace(word, spelling(word))
    made = harmonised(tmp_path, case, PARENTS.format(parent=spelling("PARENT"), child=spelling("CHILD")))
    made.shows("case_person", ROLES)
    made.shows("relationship", """
        child_id | parent_id | parent
        W1       | W2        | mother
        W4       | W2        | mother
    """)


def test_respelt_codes_are_counted(tmp_path: Path) -> None:
    people = ECMS_PEOPLE.replace("Female", "FEMALE")
    made = harmonised(tmp_path, ECMS_CASE, people)
    assert made.affected("code_respelt", "ECMS") == 2
    made.shows("person", """
        person_id | sex
        E1        | female
        E2        | female
        E3        | male
    """)


def test_roles_that_nobody_knows_stop(tmp_path: Path) -> None:
    said = stopped(tmp_path, CYMRU_CASE.replace("SUBJECT", "Plentyn"))
    assert "CAFCASS_APPLICATIONSERVICEUSERS.RECORD2ROLEIDNAME: 2 of 4 values (50%) are codes that the contract" in said
    assert "at most 0.1 of them may be" in said
    assert "'failing_shares: {CAFCASS_APPLICATIONSERVICEUSERS.RECORD2ROLEIDNAME: 1}'" in said
    assert "Plentyn" not in said


@pytest.mark.parametrize(("limit", "stops"), [(0.49, True), (0.5, False), (0.51, False)])
def test_a_share_at_its_limit_is_allowed(tmp_path: Path, limit: float, stops: bool) -> None:
    options = {"failing_shares": {"CAFCASS_APPLICATIONSERVICEUSERS.RECORD2ROLEIDNAME": limit}}
    case = CYMRU_CASE.replace("SUBJECT", "Plentyn")
    if stops:
        assert "RECORD2ROLEIDNAME" in stopped(tmp_path, case, **options)
    else:
        harmonised(tmp_path, case, max_failing_share=0.1, **options)


def test_a_limit_for_a_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    said = stopped(tmp_path, CYMRU_CASE, failing_shares={"CAFCASS_ALF.GENDER": 1})
    assert "'failing_shares': there is no column 'CAFCASS_ALF.GENDER'" in said


def test_references_that_lead_nowhere_stop(tmp_path: Path) -> None:
    said = stopped(tmp_path, ECMS_CASE.replace("10 | 2 | 1 | 7", "10 | 2 | 1 | 8"), ECMS_PEOPLE)
    assert "CAFE_ECMS_CASES.LOCALAUTHORITY_ID: 1 of 1 values (100%) refer to a row that is not there" in said


def test_essential_columns_that_are_empty_stop(tmp_path: Path) -> None:
    said = stopped(tmp_path, ECMS_CASE, ECMS_PEOPLE.replace("Female", "-").replace("Male", "-"))
    assert "CAFE_ECMS_PEOPLE.GENDER: 3 of 3 rows (100%) are empty; at most 0.3" in said


def test_names_of_look_ups_that_nobody_understands_stop_and_are_shown(tmp_path: Path) -> None:
    words = """
        ECMS_CASESTATUS
        ID | NAME
        5 | Dormant
    """
    said = stopped(tmp_path, ECMS_CASE.replace("10 | 2 | 1 | 7", "10 | 5 | 1 | 7"), ECMS_PEOPLE, words)
    assert "ECMS_CASESTATUS.NAME: 1 of 1 values (100%)" in said
    assert "'Dormant'" in said


@pytest.mark.parametrize("word", ["Toytown", " TOYTOWN", "E1", "e1 "])
def test_local_authorities_are_named_or_coded(tmp_path: Path, word: str) -> None:
    names = f"""
        ECMS_LOCALAUTHORITIES
        ID | NAME
        8 | {word}
    """
    made = harmonised(tmp_path, ECMS_CASE.replace("10 | 2 | 1 | 7", "10 | 2 | 1 | 8"), ECMS_PEOPLE, names)
    made.shows("case", """
        case_id | local_authority | dfj_area
        E10     | E1              | Toy area
    """)


def test_code_1_of_cms_is_the_parent_whatever_its_name(tmp_path: Path) -> None:
    relations = """
        CMS_TLKPCRSRELATIONSHIP
        CRSRELATIONSHIPID | CRSRELATIONSHIP
        3 | Natural Parent

        CAFE_CMS_TBLCRSPERSONRELATIONSHIP
        CHILDREF_PE | PARENTREF_PE | RELATIONSHIPREF
        1 | 2 | {code}
    """
    for code in (1, 3):
        made = harmonised(tmp_path / str(code), CMS_CASE, relations.format(code=code))
        made.shows("relationship", """
            child_id | parent_id | parent
            E1       | E2        | mother
        """)


def test_what_an_ecms_type_is_stands_in_the_look_up(tmp_path: Path) -> None:
    """The other side of a relationship is one and the same relationship, whatever its number."""
    types = """
        ECMS_RELATIONSHIPTYPES
        ID | RELATIONSHIPMALE | RELATIONSHIPFEMALE | INVERSEREF | ISPRIMARY
        70 | Paternal grandfather | Paternal grandmother | 71 | true
        71 | Grandson | Granddaughter | 70 | false

        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 3 | 70
        3 | 1 | 71
    """
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, types)
    made.shows("relative", """
        person_id | relative_id | relation
        E1        | E3          | grandparent
    """)


def test_a_relationship_of_cymru_may_be_recorded_from_the_other_side_alone(tmp_path: Path) -> None:
    made = harmonised(tmp_path, CYMRU_CASE, """
        CAFCASS_RELATIONSHIPS
        RECORD1ID_E | RECORD1ROLEIDNAME | RECORD2ID_E | RECORD2ROLEIDNAME
        2 | Parent | 1 | Child
        1 | Child | 2 | Parent
        4 | Child | 2 | Parent
    """)
    made.shows("relationship", """
        child_id | parent_id | parent
        W1       | W2        | mother
        W4       | W2        | mother
    """)
    assert made.affected("relationship_repeated", "Wales") == 0


@pytest.mark.parametrize(("name", "stops"), [("Great aunt", False), ("Legal guardian", False), ("Type 7", True)])
def test_relatives_of_cms_have_names_of_relatives(tmp_path: Path, name: str, stops: bool) -> None:
    relations = f"""
        CMS_TLKPCRSRELATIONSHIP
        CRSRELATIONSHIPID | CRSRELATIONSHIP
        7 | {name}

        CAFE_CMS_TBLCRSPERSONRELATIONSHIP
        CHILDREF_PE | PARENTREF_PE | RELATIONSHIPREF
        1 | 2 | 7
    """
    if stops:
        assert "CMS_TLKPCRSRELATIONSHIP.CRSRELATIONSHIP: 1 of 1 values" in stopped(tmp_path, CMS_CASE, relations)
    else:
        harmonised(tmp_path, CMS_CASE, relations, max_failing_share=0.1)


def test_public_codes_decide_before_names_and_refusals_are_unknown(tmp_path: Path) -> None:
    """23 is unknown whatever it is called; who would not say has no disability and no other religion."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        ECMS_DISABILITYTYPES
        ID | NAME
        5 | Blind/Partially Sighted
        20 | Declined to specify
        23 | Something new
        31 | Prefer Not to Say

        ECMS_RELIGIONTYPES
        ID | NAME
        23 | Not asked
        7 | Prefer not to say

        CAFE_ECMS_DISABILITIES
        ID_PE | PERSON_ID_PE | DISABILITYTYPE_ID
        1 | 1 | 20
        2 | 2 | 23
        3 | 3 | 31
        4 | 3 | 5

        CAFE_ECMS_RELIGIONS
        ID_PE | PERSON_ID_PE | RELIGIONTYPE_ID
        1 | 1 | 23
        2 | 2 | 7
    """)
    made.shows("person", """
        person_id | disability | religion | religion_status
        E1        | Unknown    | Unknown  | unknown
        E2        | Unknown    | Unknown  | unknown
        E3        | Yes        | Unknown  | not_recorded
    """)


@pytest.mark.parametrize(("option", "expected"), [("none", "No"), ("unknown", "Unknown")])
def test_without_a_disability_and_unknown(tmp_path: Path, option: str, expected: str) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        ECMS_DISABILITYTYPES
        ID | NAME
        19 | None
        20 | Declined

        CAFE_ECMS_DISABILITIES
        ID_PE | PERSON_ID_PE | DISABILITYTYPE_ID
        1 | 1 | 19
        2 | 1 | 20
        3 | 2 | 19
    """, disability_none_and_unknown=option)
    made.shows("person", f"""
        person_id | disability
        E1        | {expected}
        E2        | No
        E3        | Unknown
    """)


@pytest.mark.parametrize("option", ["parent", "unclear"])
def test_a_parent_who_is_recorded_as_a_carer_too(tmp_path: Path, option: str) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_PERSONRELATIONSHIPS
        PERSON_ID_PE | RELATEDPERSON_ID_PE | RELATIONSHIPTYPE_ID
        1 | 3 | 64
    """, parent_with_other_relation=option)
    assert made.affected("parent_with_other_relation", "ECMS") == 1
    parents = made.rows("relationship", ["child_id", "parent_id", "parent"])
    assert parents == [["E1", "E2", "mother"]] + ([["E1", "E3", "father"]] if option == "parent" else [])


def test_too_many_names_that_no_code_list_has_stop(tmp_path: Path) -> None:
    said = stopped(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        ECMS_RELIGIONTYPES
        ID | NAME
        3 | Jedi

        CAFE_ECMS_RELIGIONS
        ID_PE | PERSON_ID_PE | RELIGIONTYPE_ID
        1 | 1 | 3
    """)
    assert "ECMS_RELIGIONTYPES.NAME: 1 of 1 values (100%) ('Jedi') are names that only '*'" in said
    assert "at most 0.3" in said


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        ("1900-01-01", "placeholder_date"), ("9999-12-31", "placeholder_date"), ("0004-03-12", "date_out_of_window"),
        ("2001-03-31", "date_out_of_window"), ("2001-04-01", None), ("2021-12-31", None),
        ("2022-01-01", "date_out_of_window"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_are_missing_and_counted(tmp_path: Path, day: str, rule: str | None) -> None:
    hearings = f"""
        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1 | 10 | 2016-05-05
        2 | 10 | {day}
    """
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, hearings)
    for name in ("placeholder_date", "date_out_of_window"):
        assert made.affected(name, "ECMS") == (name == rule)
    assert len(made.rows("hearing", ["hearing_date"])) == (1 if rule else 2)


def test_a_week_of_birth_may_be_mistyped_but_is_no_placeholder(tmp_path: Path) -> None:
    people = ECMS_PEOPLE.replace("1995-05-01", "1900-01-01").replace("1994-04-04", "1894-04-02")
    made = harmonised(tmp_path, ECMS_CASE, people)
    assert made.affected("placeholder_date", "ECMS") == 1
    assert made.affected("century_typo", "ECMS") == 1
    made.shows("person", """
        person_id | week_of_birth
        E1        | 2016-02-29
        E2        | -
        E3        | 1994-04-02
    """)


def test_days_that_cannot_be_may_be_told_to_stop(tmp_path: Path) -> None:
    hearings = """
        CAFE_ECMS_HEARINGS
        ID_PE | CASE_ID_PE | HEARINGDATE
        1 | 10 | 1900-01-01
    """
    said = stopped(tmp_path, ECMS_CASE, ECMS_PEOPLE, hearings, max_failing_share=1, impossible_dates="stop")
    assert "CAFE_ECMS_HEARINGS.HEARINGDATE: 1 of 1 values (100%) are placeholders or lie outside" in said
    assert "1900" not in said


def test_a_table_that_is_there_and_holds_nothing_stops(tmp_path: Path) -> None:
    said = stopped(tmp_path, ECMS_CASE, ECMS_PEOPLE, may_be_empty=[])
    assert "tables without any row: CAFE_ECMS_HEARINGS, CAFE_ECMS_LEGALOUTPUTS, " in said
    assert "If that is right, write 'may_be_empty: [CAFE_ECMS_HEARINGS, CAFE_ECMS_LEGALOUTPUTS, " in said
    assert "CAFE_ECMS_CASES" not in said


def test_an_optional_look_up_that_lacks_while_records_refer_to_it_stops(tmp_path: Path) -> None:
    records = parse("\n\n".join((LOOKUPS, ECMS_CASE, ECMS_PEOPLE, """
        CAFE_ECMS_DISABILITIES
        ID_PE | PERSON_ID_PE | DISABILITYTYPE_ID
        1 | 1 | 5
    """)))
    write_source(tmp_path / "raw", records)
    (tmp_path / "raw/ECMS_DISABILITYTYPES.parquet").unlink()
    options = {"may_be_empty": ["*"]}
    with pytest.raises(ContractError, match=r"CAFE_ECMS_DISABILITIES\.DISABILITYTYPE_ID: 1 of 1 values"):
        harmonise(tmp_path / "raw", tmp_path / "ready", tmp_path / "quality.csv", CODELISTS, options)


@pytest.mark.parametrize(("rows", "stops"), [(999, False), (1000, True)])
def test_a_whole_column_without_values_stops_unless_there_are_few_rows(tmp_path: Path, rows: int, stops: bool) -> None:
    """No row has an area of residence."""
    people = "\n".join(f"{n} | Female | 1985-01-07" for n in range(4, rows + 1))
    text = f"{ECMS_PEOPLE.rstrip()}\n{people}\n"
    if stops:
        said = stopped(tmp_path, ECMS_CASE, text)
        assert "CAFE_ECMS_PEOPLE.LSOA2011_CD: 1000 of 1000 rows (100%) are empty" in said
    else:
        harmonised(tmp_path, ECMS_CASE, text, max_failing_share=0.1)


def test_a_look_up_that_says_otherwise_than_public_code_stops(tmp_path: Path) -> None:
    """22 is unknown; a look-up that calls it White British is of another version than the records, or shifted."""
    types = """
        ECMS_ETHNICITYTYPES
        ID | NAME
        19 | White British

        CAFE_ECMS_ETHNICITIES
        ID_PE | PERSON_ID_PE | ETHNICITYTYPE_ID
        1 | 1 | 19
    """
    said = stopped(tmp_path, ECMS_CASE, ECMS_PEOPLE, types, max_failing_share=1)
    assert "ECMS_ETHNICITYTYPES.NAME: 1 of 1 values (100%) ('White British') say otherwise than their code" in said


@pytest.mark.parametrize(("name", "stops"), [("Father", False), ("Natural Father", False), ("Step-father", True)])
def test_a_look_up_may_not_call_type_1_anything_but_a_parent(tmp_path: Path, name: str, stops: bool) -> None:
    lookups = LOOKUPS.replace("1 | Father | Mother | 2 | true", f"1 | {name} | Mother | 2 | true")
    write_source(tmp_path / "raw", parse("\n\n".join((lookups, ECMS_CASE, ECMS_PEOPLE))))
    options = {"may_be_empty": ["*"]}
    arguments = (tmp_path / "raw", tmp_path / "ready", tmp_path / "quality.csv", CODELISTS, options)
    if not stops:
        harmonise(*arguments)
        return
    with pytest.raises(ContractError, match="RELATIONSHIPMALE: 2 of 4 values"):
        harmonise(*arguments)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Declined to specify", "Unknown"), ("Rather not say", "Unknown"), ("I prefer not to say", "Unknown"),
        ("Information not yet obtained", "Unknown"), ("NOT STATED", "Unknown"), ("Refused", "Unknown"),
        ("Declining mobility", "Other"), ("Not specified Asian", "Other"),
    ],
)  # fmt: skip
def test_who_would_not_say_is_unknown_and_nobody_else_is(tmp_path: Path, name: str, group: str) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, f"""
        ECMS_RELIGIONTYPES
        ID | NAME
        3 | {name}
        4 | Christian

        CAFE_ECMS_RELIGIONS
        ID_PE | PERSON_ID_PE | RELIGIONTYPE_ID
        1 | 1 | 3
        2 | 2 | 4
        3 | 3 | 4
        4 | 3 | 4
    """, may_be_empty=["*"], failing_shares={"ECMS_RELIGIONTYPES.NAME": 1})
    assert made.rows("person", ["person_id", "religion"])[0] == ["E1", group]


def test_what_is_allowed_is_counted(tmp_path: Path) -> None:
    words = """
        ECMS_CASESTATUS
        ID | NAME
        5 | Dormant
    """
    made = harmonised(tmp_path, ECMS_CASE.replace("10 | 2 | 1 | 7", "10 | 5 | 1 | 7"), ECMS_PEOPLE, words)
    found = [(row["table"], row["rows_affected"]) for row in made.quality if row["rule"] == "unknown_name"]
    assert found == [("ECMS_CASESTATUS", "1")]


def test_the_field_of_the_family_court_is_kept_beside_the_identifier(tmp_path: Path) -> None:
    """Two different ones of one identifier lead nowhere."""
    made = harmonised(tmp_path, ECMS_CASE, """
        CAFE_ECMS_PEOPLE
        ID_PE | GENDER | WEEKOFBIRTH | ALF2_PE | AVAIL_FROM_DT
        1 | Female | 2016-02-29 | 71 | -
        2 | Female | 1995-05-01 | 72 | -
        2 | Female | 1995-05-01 | 73 | 2022-01-01
        3 | Male | 1994-04-04 | - | -
    """)
    made.shows("person_identifier", """
        source_identifier | person_id | family_court_field
        1                 | E1        | 71
        2                 | E2        | -
        3                 | E3        | -
    """)
    assert made.counts("several_family_court_fields") == {"ECMS": (2, 1, 2)}


def test_a_column_without_any_value_is_counted(tmp_path: Path) -> None:
    """Of few rows it says nothing; that nobody has an area of residence is in the table of quality."""
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, max_failing_share=0.1)
    empty = {(row["table"], row["label"].partition(":")[0]) for row in made.quality if row["rule"] == "empty"}
    assert ("CAFE_ECMS_PEOPLE", "LSOA2011_CD") in empty
    assert ("CAFE_ECMS_PEOPLE", "WEEKOFBIRTH") not in empty


def test_certainty_in_percent_stops(tmp_path: Path) -> None:
    people = """
        CAFCASS_ALF
        SYSTEM_ID_E | WOB | GNDR_CD | ALF_E | ALF_STS_CD | ALF_MTCH_PCT
        7 | 1980-01-07 | 2 | 907 | 4 | {share}
    """
    harmonised(tmp_path / "share", CYMRU_CASE, people.format(share="1"), max_failing_share=0.1)
    said = stopped(tmp_path / "percent", CYMRU_CASE, people.format(share="99"))
    assert "CAFCASS_ALF.ALF_MTCH_PCT: 1 of 1 values (100%) are no numbers that this column can hold" in said


def test_weeks_of_birth_that_a_time_zone_has_moved_stop(tmp_path: Path) -> None:
    people = ECMS_PEOPLE.replace("2016-02-29", "2016-02-28").replace("1995-05-01", "1995-04-30")
    said = stopped(tmp_path, ECMS_CASE, people)
    assert "CAFE_ECMS_PEOPLE.WEEKOFBIRTH: 2 of 3 values (67%) are no Mondays" in said


def test_a_name_of_two_authorities_means_neither(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ECMS_CASE, ECMS_PEOPLE, """
        AREA_LOCAL_AUTHORITY
        LA_CODE | LA_NAME | DFJ_AREA | REGION | JURISDICTION
        E2 | Toytown | Another area | South West | England
    """)
    assert made.rows("case", ["local_authority", "region"]) == [["-", "-"]]
    assert [row["rows_affected"] for row in made.quality if row["rule"] == "unknown_name"] == ["1"]


@pytest.mark.parametrize("share", [0.07, 0.28, 0.29, 0.57, 0.58, 1.0])
def test_a_share_at_its_limit_is_allowed_whatever_a_computer_makes_of_it(share: float) -> None:
    at_limit = Failing("CAFCASS_ALF.GNDR_CD", "unknown_code", round(100 * share), 100)
    check_shares([at_limit], HarmoniseOptions(max_failing_share=share), "here")
    if share < 1:
        with pytest.raises(ContractError):
            check_shares([replace(at_limit, rows=at_limit.rows + 1)], HarmoniseOptions(max_failing_share=share), "here")


def test_every_date_of_a_source_table_has_a_window() -> None:
    without = [
        f"{name}.{column}"
        for stem in SOURCE_SYSTEMS
        for name, table in contracts()[stem].tables.items()
        for column, about in table.columns.items()
        if (about.type in ("date", "timestamp")) != (about.window is not None)
    ]
    assert without == []


def test_no_two_codes_of_a_column_differ_in_case_alone() -> None:
    for stem in SOURCE_SYSTEMS:
        for table in contracts()[stem].tables.values():
            for about in table.columns.values():
                codes = [code.lower() for code in about.codes or ()]
                assert len(codes) == len(set(codes))
