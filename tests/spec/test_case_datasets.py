"""The data sets child x case, adult x case, child x application and case, and the checks that report."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from ready import write_ready
from toy import CODELISTS, Harmonised

from family_justice.contracts import data_set_tables, research_ready_tables
from family_justice.errors import ContractError
from family_justice.harmonise.datasets import build_datasets

#: Care proceedings 2 of children 1 and 4 (mother 2, father 3 of child 1 only); child 4 joins in May.
#: Before: care proceedings 1 of child 1, and a private case 0 between mother and father.
READY = """
person
person_id | sex    | week_of_birth | religion  | deprivation_quintile
E1        | female | 2014-06-02    | Christian | 1
E2        | female | 1995-05-01    | Unknown   | 1
E3        | male   | 1994-04-04    | Unknown   | -
E4        | male   | 2016-05-02    | Unknown   | 1
E9        | female | -             | Unknown   | -

case
case_id | law_type | has_s31 | issue_date | s31_issue_date | end_date   | last_hearing_date | is_completed | region
E0      | private  | 0       | 2014-12-01 | -              | 2015-01-01 | -                 | 1            | North East
E1      | public   | 1       | 2015-02-02 | 2015-02-02     | 2015-08-03 | 2015-08-03        | 1            | North East
E2      | public   | 1       | 2016-02-24 | 2016-03-01     | 2016-09-01 | 2016-09-01        | 1            | North East

case_person
case_id | person_id | role       | family_role | s31_issue_date | age_at_issue
E0      | E1        | subject    | child       | -              | 0
E0      | E2        | applicant  | mother      | -              | 19
E0      | E3        | respondent | father      | -              | 20
E1      | E1        | subject    | child       | 2015-02-02     | 0
E1      | E2        | respondent | mother      | 2015-02-02     | 19
E2      | E1        | subject    | child       | 2016-03-01     | 1
E2      | E2        | respondent | mother      | 2016-03-01     | 20
E2      | E3        | respondent | father      | 2016-03-01     | 21
E2      | E4        | subject    | child       | 2016-05-05     | -1
E2      | E9        | applicant  | -           | 2016-03-01     | -

application
application_id | case_id | application_type     | is_s31 | application_date | completed_date | court   | circuit  | dfj_area      | type_name
E00            | E0      | child_arrangements   | 0      | 2014-12-01       | 2015-01-01     | -       | -        | -             | Child Arrangements (s8)
E10            | E1      | care                 | 1      | 2015-02-02       | -              | -       | -        | -             | Care (s31)
E20            | E2      | emergency_protection | 0      | 2016-02-24       | -              | Toytown | Northern | Toyshire      | EPO (s44)
E21            | E2      | care                 | 1      | 2016-03-01       | 2016-09-01     | Toytown | -        | -             | Care (s31)
E22            | E2      | care                 | 1      | 2016-05-05       | 2016-09-01     | Toytown | Western  | West Toyshire | Care (s31)

application_person
application_id | person_id | role
E00            | E1        | subject
E00            | E2        | applicant
E00            | E3        | respondent
E10            | E1        | subject
E10            | E2        | respondent
E20            | E1        | subject
E20            | E9        | applicant
E21            | E1        | subject
E21            | E2        | respondent
E21            | E3        | respondent
E21            | E9        | applicant
E22            | E4        | subject
E22            | E9        | applicant

relationship
child_id | parent_id | parent
E1       | E2        | mother
E1       | E3        | father
E4       | E2        | mother

relative
person_id | relative_id | relation
E1        | E4          | half_sibling
E1        | E9          | extended_family

hearing
case_id | hearing_date | court
E1      | 2015-02-02   | -
E1      | 2015-08-03   | Ambridge
E2      | 2016-02-24   | Ambridge
E2      | 2016-03-04   | -
E2      | 2016-09-01   | Ambridge

legal_order
case_id | child_id | order_group   | order_date | is_final
E1      | E1       | supervision   | 2015-08-03 | 1
E2      | E1       | care          | 2016-09-01 | 1
E2      | E1       | placement     | 2016-09-01 | 1
E2      | E1       | interim       | 2016-03-04 | 0
E2      | E4       | no_order      | 2016-09-01 | 1

court_report
case_id | child_id | report_kind       | report_date | system
E0      | -        | report_section_7  | 2014-12-08  | CMS
E2      | E1       | report_section_37 | 2016-03-04  | ECMS
"""


def built(folder: Path, text: str = READY) -> tuple[Harmonised, dict[tuple[str, str], tuple[int, int]]]:
    """Return the data sets, and (rows, violations) by (table, rule) of the checks."""
    write_ready(folder / "ready", text)
    build_datasets(folder / "ready", folder / "datasets", folder / "checks.csv", CODELISTS)
    with open(folder / "checks.csv", encoding="utf-8", newline="") as stream:
        checks = {(row["table"], row["rule"]): (int(row["rows"]), int(row["violations"])) for row in csv.DictReader(stream)}
    return Harmonised(folder / "datasets", []), checks


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Harmonised:
    """Return the data sets of the toy records, made once for the tests that only read them."""
    return built(tmp_path_factory.mktemp("toy"))[0]


def test_child_case(made: Harmonised) -> None:
    made.shows("child_case", """
        case_id | child_id | start_date | financial_year | age | weeks_old | is_unborn | sex    | religion
        E0      | E1       | 2014-12-01 | 2014/15        | 0   | 26        | 0         | female | Christian
        E1      | E1       | 2015-02-02 | 2014/15        | 0   | 35        | 0         | female | Christian
        E2      | E1       | 2016-03-01 | 2015/16        | 1   | 91        | 0         | female | Christian
        E2      | E4       | 2016-05-05 | 2016/17        | 0   | 0         | 0         | male   | Unknown
    """)
    made.shows("child_case", """
        case_id | child_id | mother_id | mother_age | mother_in_case | mothers | father_id | father_age | father_in_case | fathers
        E0      | E1       | E2        | 19         | 1              | 1       | E3        | 20         | 1              | 1
        E1      | E1       | E2        | 19         | 1              | 1       | E3        | 20         | 0              | 1
        E2      | E1       | E2        | 20         | 1              | 1       | E3        | 21         | 1              | 1
        E2      | E4       | E2        | 21         | 1              | 1       | -         | -          | 0              | 0
    """)
    made.shows("child_case", """
        case_id | child_id | subjects_in_case | siblings_in_case | half_siblings | extended_family | adults_in_case | applications | earlier_s31_cases
        E0      | E1       | 1                | 0                | 1             | 1               | 2              | 1            | 0
        E1      | E1       | 1                | 0                | 1             | 1               | 1              | 1            | 0
        E2      | E1       | 2                | 1                | 1             | 1               | 3              | 2            | 1
        E2      | E4       | 2                | 1                | 1             | 0               | 3              | 1            | 0
    """)
    made.shows("child_case", """
        case_id | child_id | hearings | first_hearing_date | notice_days | final_order_date | end_date   | duration_days
        E0      | E1       | 0        | -                  | -           | -                | 2015-01-01 | 31
        E1      | E1       | 2        | 2015-02-02         | 0           | 2015-08-03       | 2015-08-03 | 182
        E2      | E1       | 2        | 2016-03-04         | 3           | 2016-09-01       | 2016-09-01 | 184
        E2      | E4       | 1        | 2016-09-01         | 119         | 2016-09-01       | 2016-09-01 | 119
    """)


def test_final_orders_by_both_hierarchies_and_one_flag_for_each_group(made: Harmonised) -> None:
    made.shows("child_case", """
        case_id | child_id | final_order_highest   | final_order_least     | any_care | any_placement | any_no_order | any_interim
        E0      | E1       | -                     | -                     | 0        | 0             | 0            | 0
        E1      | E1       | supervision order     | supervision order     | 0        | 0             | 0            | 0
        E2      | E1       | placement order       | care order            | 1        | 1             | 0            | 1
        E2      | E4       | no order or discharge | no order or discharge | 0        | 0             | 1            | 0
    """)
    groups = research_ready_tables()["legal_order"].columns["order_group"].codes or {}
    flags = [name.removeprefix("any_") for name in data_set_tables()["child_case"].columns if name.startswith("any_")]
    assert sorted(flags) == sorted(groups)


def test_adult_case(made: Harmonised) -> None:
    """Nobody knows the age of the representative 9."""
    made.shows("adult_case", """
        case_id | person_id | role       | family_role | age | is_minor | own_children | youngest_age | other_parent_in_case | applications | hearings
        E0      | E2        | applicant  | mother      | 19  | 0        | 1            | 0            | 1                    | 1            | 0
        E0      | E3        | respondent | father      | 20  | 0        | 1            | 0            | 1                    | 1            | 0
        E1      | E2        | respondent | mother      | 19  | 0        | 1            | 0            | 0                    | 1            | 2
        E2      | E2        | respondent | mother      | 20  | 0        | 2            | -1           | 1                    | 1            | 2
        E2      | E3        | respondent | father      | 21  | 0        | 1            | -1           | 1                    | 1            | 2
        E2      | E9        | applicant  | -           | -   | -        | 0            | -1           | -                    | 3            | 2
    """)
    made.shows("adult_case", """
        case_id | person_id | age_at_issue | earlier_s31_cases | earlier_private_cases | days_since_s31 | was_subject | final_order_highest | final_order_least
        E0      | E2        | 19           | 0                 | 0                     | -              | 0           | -                   | -
        E0      | E3        | 20           | 0                 | 0                     | -              | 0           | -                   | -
        E1      | E2        | 19           | 0                 | 1                     | -              | 0           | supervision order   | supervision order
        E2      | E2        | 20           | 1                 | 1                     | 393            | 0           | placement order     | no order or discharge
        E2      | E3        | 21           | 0                 | 1                     | -              | 0           | placement order     | no order or discharge
        E2      | E9        | -            | 0                 | 0                     | -              | 0           | placement order     | no order or discharge
    """)


def test_child_application(made: Harmonised) -> None:
    made.shows("child_application", """
        application_id | child_id | application_type     | place_in_case | applications_in_case | age | weeks_old | subjects | applicants | respondents
        E00            | E1       | child_arrangements   | 1             | 1                    | 0   | 26        | 1        | 1          | 1
        E10            | E1       | care                 | 1             | 1                    | 0   | 35        | 1        | 0          | 1
        E20            | E1       | emergency_protection | 1             | 3                    | 1   | 90        | 1        | 1          | 0
        E21            | E1       | care                 | 2             | 3                    | 1   | 91        | 1        | 1          | 2
        E22            | E4       | care                 | 1             | 3                    | 0   | 0         | 1        | 1          | 0
    """)
    made.shows("child_application", """
        application_id | court   | duration_days | first_hearing_date | notice_days | final_order_highest
        E00            | -       | 31            | -                  | -           | -
        E10            | -       | -             | 2015-02-02         | 0           | supervision order
        E20            | Toytown | -             | 2016-02-24         | 0           | placement order
        E21            | Toytown | 184           | 2016-03-04         | 3           | placement order
        E22            | Toytown | 119           | 2016-09-01         | 119         | no order or discharge
    """)


def test_ages_of_the_children_of_a_case(made: Harmonised) -> None:
    """Child 4 is born in May, in the case that was issued in March; child 1 is 26, 35 and 91 weeks old."""
    made.shows("court_case", """
        case_id | children | children_under_4_weeks | children_from_4_weeks_under_1 | children_1_to_4 | child_born_in_case
        E0      | 1        | 0                      | 1                             | 0               | 0
        E1      | 1        | 0                      | 1                             | 0               | 0
        E2      | 2        | 0                      | 0                             | 1               | 1
    """)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2016-03-01", "under_4_weeks"), ("2016-02-03", "under_4_weeks"), ("2016-02-02", "from_4_weeks_under_1"),
        ("2015-03-02", "from_4_weeks_under_1"), ("2015-03-01", "1_to_4"), ("2011-03-02", "1_to_4"),
        ("2011-03-01", "5_to_9"), ("2006-03-01", "10_to_15"), ("2000-03-01", "16_to_18"), ("1997-03-02", "16_to_18"),
        ("1997-03-01", "from_19"), ("2016-03-02", None), ("-", None),
    ],
)
def test_a_child_is_of_one_age_at_the_issue_of_care_proceedings(tmp_path: Path, born: str, band: str | None) -> None:
    made = built(tmp_path, READY.replace("E1        | female | 2014-06-02", f"E1        | female | {born}"))[0]
    bands = ("under_4_weeks", "from_4_weeks_under_1", "1_to_4", "5_to_9", "10_to_15", "16_to_18", "from_19")
    found = made.rows("court_case", ["case_id", *(f"children_{name}" for name in bands)])[2]
    assert found == ["E2", *("1" if name == band else "0" for name in bands)]


def test_court_case(made: Harmonised) -> None:
    made.shows("court_case", """
        case_id | case_status | financial_year | applications | has_emergency_protection | children | adults | mother_in_case | father_in_case
        E0      | Completed   | 2014/15        | 1            | 0                        | 1        | 2      | 1              | 1
        E1      | Completed   | 2014/15        | 1            | 0                        | 1        | 1      | 1              | 0
        E2      | Completed   | 2015/16        | 3            | 1                        | 2        | 3      | 1              | 1
    """)
    made.shows("court_case", """
        case_id | hearings | first_hearing_date | last_hearing_date | end_date   | duration_days
        E0      | 0        | -                  | -                 | 2015-01-01 | 31
        E1      | 2        | 2015-02-02         | 2015-08-03        | 2015-08-03 | 182
        E2      | 3        | 2016-02-24         | 2016-09-01        | 2016-09-01 | 190
    """)


def test_courts_of_a_case_are_those_of_its_applications_and_hearings_by_day(made: Harmonised) -> None:
    """Application and first hearing of case 2 were on one day: the application goes first. Hearings have no circuit."""
    made.shows("court_case", """
        case_id | first_court | last_court | first_circuit | last_circuit | first_dfj_area | last_dfj_area
        E0      | -           | -          | -             | -            | -              | -
        E1      | Ambridge    | Ambridge   | -             | -            | -              | -
        E2      | Toytown     | Ambridge   | Northern      | Western      | Toyshire       | West Toyshire
    """)


def test_in_cymru_only_hearings_tell_the_court_of_a_case(tmp_path: Path) -> None:
    """The case moved to Cardiff; its second application, made later, still has the court of the first hearing."""
    made, _ = built(tmp_path, """
        case
        case_id | system | jurisdiction | issue_date
        W1      | Cymru  | Wales        | 2015-01-05

        application
        application_id | case_id | application_type | is_s31 | application_date | court   | circuit
        W10            | W1      | care             | 1      | 2015-01-05       | Swansea | Wales
        W11            | W1      | care             | 1      | 2015-06-01       | Swansea | Wales

        hearing
        case_id | hearing_date | court
        W1      | 2015-02-02   | Swansea
        W1      | 2015-05-04   | Cardiff
    """)
    made.shows("court_case", """
        case_id | first_court | last_court | first_circuit | last_circuit | first_dfj_area
        W1      | Swansea     | Cardiff    | Wales         | Wales        | -
    """)


def test_five_flags_say_which_final_orders_a_case_has(tmp_path: Path, made: Harmonised) -> None:
    """The interim order sets no flag. Below, a case for each group of orders: some are in none of the five."""
    made.shows("court_case", """
        case_id | any_final_order_dis_ono | any_final_order_fao_so | any_final_order_ro_sgo_cao | any_final_order_co_sao | any_final_order_po
        E0      | 0                       | 0                      | 0                          | 0                      | 0
        E1      | 0                       | 1                      | 0                          | 0                      | 0
        E2      | 1                       | 0                      | 0                          | 1                      | 1
    """)
    groups = list(research_ready_tables()["legal_order"].columns["order_group"].codes or {})
    cases = "".join(f"{group} | 2016-01-04 | 2016-01-04\n" for group in groups)
    orders = "".join(f"{group} | E1 | {group} | 2016-09-01\n" for group in groups)
    each, _ = built(tmp_path, f"""
        person\nperson_id\nE1\n
        case\ncase_id | issue_date | s31_issue_date\n{cases}
        legal_order\ncase_id | child_id | order_group | order_date\n{orders}
    """)
    flags = ["dis_ono", "fao_so", "ro_sgo_cao", "co_sao", "po"]
    rows = each.rows("court_case", ["case_id", *(f"any_final_order_{flag}" for flag in flags)])
    found = {group: " ".join(flag for flag, value in zip(flags, row, strict=True) if value == "1") for group, *row in rows}
    assert found == {
        "discharge": "dis_ono", "no_order": "dis_ono", "withdrawn": "dis_ono",
        "family_assistance": "fao_so", "supervision": "fao_so",
        "residence": "ro_sgo_cao", "special_guardianship": "ro_sgo_cao", "child_arrangements": "ro_sgo_cao",
        "care": "co_sao", "secure_accommodation": "co_sao", "placement": "po",
        "contact": "", "specific_issue": "", "prohibited_steps": "", "enforcement": "", "parental_responsibility": "",
        "interim": "",
    }


def test_an_open_case_says_so(tmp_path: Path) -> None:
    made, checks = built(tmp_path, READY.replace("2015-08-03 | 2015-08-03        | 1  ", "-          | 2015-08-03        | 0  "))
    made.shows("court_case", """
        case_id | case_status | end_date
        E0      | Completed   | 2015-01-01
        E1      | Open        | -
        E2      | Completed   | 2016-09-01
    """)
    assert checks["court_case", "open_case_has_no_end"] == (3, 0)


def test_checks_report_every_rule_with_its_count(tmp_path: Path) -> None:
    """The toy has no table of identifiers, and no application in case 1 has an applicant."""
    _, checks = built(tmp_path)
    violated = {name: counts for name, counts in checks.items() if counts[1]}
    assert violated == {
        ("person", "has_identifier"): (5, 5),
        ("child_case", "completed_has_final_order"): (4, 1),
        ("child_application", "someone_applies"): (5, 1),
    }
    assert checks["person", "key"] == (5, 0)
    assert checks["case_person", "references_person_id"] == (10, 0)
    assert checks["legal_order", "codes_order_group"] == (5, 0)
    assert {table for table, _ in checks} == {*research_ready_tables(), *data_set_tables()}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("E4       | E2        | mother", "E4       | E3        | mother", ("relationship", "mother_is_female")),
        ("E1      | E1       | supervision", "E1      | E4       | supervision", ("legal_order", "child_is_subject")),
        ("E22            | E4        | subject", "E22            | E8        | subject", ("application_person", "references_person_id")),
        ("E1      | 2015-02-02   | -", "E1      | 2015-02-01   | -", ("hearing", "not_before_case")),
        ("E0      | -        | report", "E0      | E1       | report", ("court_report", "child_is_known")),
        ("E2      | E1       | report", "E2      | E2       | report", ("court_report", "child_is_subject")),
        ("2016-03-04  | ECMS", "2016-02-23  | ECMS", ("court_report", "not_before_case")),
        ("E3        | male   | 1994-04-04", "E3        | male   | 2010-04-05", ("child_case", "father_older")),
        ("E4        | male   | 2016-05-02", "E4        | male   | 2016-05-03", ("person", "week_of_birth_is_monday")),
        ("2015-08-03 | 2015-08-03        | 1  ", "2015-01-01 | 2015-08-03        | 1  ", ("case", "end_not_before_issue")),
        ("E2      | E4        | subject    | child       | 2016-05-05     | -1", "E2      | E4        | subject    | child       | 2016-05-05     | 18", ("case_person", "subject_under_18")),
    ],
)
def test_what_is_wrong_is_counted_and_nothing_crashes(tmp_path: Path, old: str, new: str, rule: tuple[str, str]) -> None:
    assert READY.count(old) == 1
    _, checks = built(tmp_path, READY.replace(old, new))
    assert checks[rule][1] >= 1


def test_what_harmonisation_counted_is_not_counted_again(tmp_path: Path) -> None:
    write_ready(tmp_path / "ready", READY)
    counted = "table,rule,label,rows,violations\nperson,key,(person_id) is unique,7,3\n"
    (tmp_path / "ready" / "contract_checks.csv").write_text(counted)
    build_datasets(tmp_path / "ready", tmp_path / "datasets", tmp_path / "checks.csv", CODELISTS)
    lines = (tmp_path / "checks.csv").read_text().splitlines()
    assert lines[:2] == counted.splitlines()
    assert lines[2].startswith("child_case,key,")


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    write_ready(tmp_path / "ready", READY)
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        build_datasets(tmp_path / "ready", folder / "made", folder / "checks.csv", CODELISTS, threads)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / n).rglob("*.*")} for n in ("1", "2"))
    assert one == two
    assert sorted(one) == ["adult_case.parquet", "checks.csv", "child_application.parquet", "child_case.parquet", "court_case.parquet"]


def test_without_research_ready_tables(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"case, .* are missing; harmonise first"):
        build_datasets(tmp_path, tmp_path / "datasets", tmp_path / "checks.csv", CODELISTS)
    assert list(tmp_path.iterdir()) == []
