"""Health records of every service -> coded events of residents. One rule per test, expected rows below the records."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from ready import extracted
from toy import CODELISTS, harmonised, parse

from family_justice.config.schema import Stream
from family_justice.contracts import research_ready_tables, source_tables
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.harmonise.health_codes import load_health_codes
from family_justice.harmonise.research_ready import SQL

RESIDENTS = """
resident_fields
linkage_field
1
2

ready_resident
resident_id | week_of_birth | death_date
R1          | 1990-01-01    | -
R2          | 1992-06-01    | 2015-05-05
"""


class Health:
    """Toy health records after the health steps of harmonisation."""

    def __init__(self, text: str) -> None:
        self.sql = duckdb.connect(config={"threads": 1})
        records = parse(RESIDENTS + "\n\n" + text)
        tables = {name: table for name, table in source_tables().items() if name.split("_")[0] in SYSTEMS}
        for name, table in tables.items():
            declared = ", ".join(f'"{column}" {DUCKDB_TYPES[c.type]}' for column, c in table.columns.items())
            self.sql.execute(f'CREATE TABLE "{name}" ({declared})')
        self.sql.execute("CREATE TABLE resident_fields (linkage_field BIGINT)")
        self.sql.execute("CREATE TABLE ready_resident (resident_id VARCHAR, week_of_birth DATE, death_date DATE)")
        for name, rows in records.items():
            for row in rows:
                names = ", ".join(f'"{column}"' for column in row)
                values = ", ".join("NULL" if value == "-" else f"'{value}'" for value in row.values())
                self.sql.execute(f'INSERT INTO "{name}" ({names}) VALUES ({values})')
        self.sql.execute(SQL["layout"].read_text())
        load_health_codes(self.sql, CODELISTS, research_ready_tables()["health_event"])
        self.sql.execute("SET VARIABLE end_of_data_wales = DATE '2021-08-31'")
        self.sql.execute("SET VARIABLE health_placeholder_date = DATE '1900-12-31'")
        for step in ("stage_health", "health_event"):
            self.sql.execute(SQL[step].read_text())

    def shows(self, table: str, expected: str) -> None:
        """Assert that a research-ready table holds exactly these rows in the order of its key."""
        header, *lines = [[cell.strip() for cell in line.split("|")] for line in expected.strip().splitlines()]
        columns = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '-')" for name in header)
        key = ", ".join(research_ready_tables()[table].key)
        rows = self.sql.execute(f"SELECT {columns} FROM ready_{table} ORDER BY {key}").fetchall()
        assert [list(row) for row in rows] == lines

    def counts(self, rule: str) -> dict[str, tuple[int, int]]:
        """Return rows before a rule and rows it touches, by system."""
        query = f"SELECT system, rows_before, rows_affected FROM counted WHERE rule = '{rule}'"
        return {system: (before, affected) for system, before, affected in self.sql.execute(query).fetchall()}


SYSTEMS = {"WLGP", "PEDW", "EDDS", "OPDW", "SMDS"}


def test_read_codes_take_the_longest_entry_and_their_case_matters() -> None:
    made = Health("""
        WLGP_GP_EVENT_CLEANSED
        ALF_E | ALF_STS_CD | EVENT_CD | EVENT_DT
        1     | 1          | Eu32z    | 2014-01-01
        1     | 1          | TK60.    | 2014-01-02
        1     | 1          | TK...    | 2014-01-03
        1     | 1          | EU32z    | 2014-01-04
        1     | 1          | Eu32z00  | 2014-01-05
        1     | 1          | 246      | 2014-01-06
    """)
    made.shows("health_event", """
        event_date | code  | indicator     | indicator_group
        2014-01-01 | Eu32z | mental_health | depression
        2014-01-02 | TK60. | self_harm     | self_injury
        2014-01-03 | TK... | self_harm     | self_injury
        2014-01-04 | EU32z | -             | -
        2014-01-05 | Eu32z | mental_health | depression
        2014-01-06 | 246.. | -             | -
    """)
    assert made.counts("health_code_form") == {"WLGP": (6, 2)}
    assert made.counts("health_unlisted") == {"WLGP": (6, 2)}


def test_hospital_codes_are_read_in_every_form() -> None:
    made = Health("""
        PEDW_SPELL
        PROV_UNIT_CD | SPELL_NUM_E | ALF_E | ALF_STS_CD | ADMIS_DT   | ADMIS_MTHD_CD
        7A1          | 10          | 1     | 4          | 2014-02-01 | 21

        PEDW_EPISODE
        PROV_UNIT_CD | SPELL_NUM_E | EPI_NUM | EPI_STR_DT
        7A1          | 10          | 01      | 2014-02-01
        7A1          | 10          | 02      | -
        7A1          | 10          | 03      | 2014-02-09

        PEDW_DIAG
        PROV_UNIT_CD | SPELL_NUM_E | EPI_NUM | DIAG_NUM | DIAG_CD | DIAG_CD_123 | DIAG_CD_1234
        7A1          | 10          | 01      | 1        | F32.2   | F32         | F322
        7A1          | 10          | 01      | 2        | X60X    | X60         | X60X
        7A1          | 10          | 02      | 1        | F32-    | F32         | -
        7A1          | 10          | 03      | 1        | S525D   | S52         | S525
        7A1          | 10          | 03      | 2        | ?       | ?           | -

        PEDW_OPER
        PROV_UNIT_CD | SPELL_NUM_E | EPI_NUM | OPER_NUM | OPER_CD
        7A1          | 10          | 03      | 1        | w20.2
    """)
    made.shows("health_event", """
        event_date | code_system      | code | indicator     | indicator_group
        2014-02-01 | admission_method | 21   | -             | -
        2014-02-01 | icd_10           | F32  | mental_health | depression
        2014-02-01 | icd_10           | F322 | mental_health | depression
        2014-02-01 | icd_10           | X60  | self_harm     | self_poisoning
        2014-02-09 | icd_10           | S525 | injury        | injury
        2014-02-09 | opcs_4           | W202 | -             | -
    """)
    assert made.counts("health_code_unreadable") == {"PEDW": (7, 1)}
    # The second episode has no date of its own and takes that of the admission.
    assert made.counts("health_episode_undated") == {"PEDW": (6, 1)}
    assert made.counts("health_code_form") == {"PEDW": (4, 2)}


def test_a_contact_is_an_event_with_or_without_a_diagnosis() -> None:
    made = Health("""
        EDDS_EDDS
        RECORD_ID_E | ALF_E | ALF_STS_CD | ADMIN_ARR_DT | ATTEND_GROUP | DIAG_CD_1 | DIAG_CD_2
        1           | 1     | 39         | 2014-03-01   | 12           | 02Z       | 04Z
        2           | 1     | 39         | 2014-03-02   | -            | -         | -

        OPDW_OUTPATIENTS
        PROV_UNIT_CD | CASE_REC_NUM_E | ATT_ID_E | ALF_E | ALF_STS_CD | ATTEND_DT  | ATTEND_CD
        7A1          | 5              | 6        | 1     | 1          | 2014-03-03 | 5

        OPDW_OUTPATIENTS_DIAG
        PROV_UNIT_CD | CASE_REC_NUM_E | ATT_ID_E | DIAG_NUM | DIAG_CD_123 | DIAG_CD_4
        7A1          | 5              | 6        | 1        | F41         | 9

        SMDS_TREATMENT_EPISODE
        EPISODE_ID_E | ALF_E | ALF_STS_CD | REFERRAL_DT | TREATMENT_START_DT | PRIMARY_SUBSTANCE
        1            | 1     | 1          | 2014-03-04  | 2014-03-20         | HEROIN
        2            | 1     | 1          | -           | 2014-03-05         | -
    """)
    made.shows("health_event", """
        event_date | source              | code_system           | code   | indicator     | indicator_group
        2014-03-01 | emergency           | emergency_diagnosis   | 02Z    | injury        | injury
        2014-03-01 | emergency           | emergency_diagnosis   | 04Z    | injury        | injury
        2014-03-01 | emergency           | emergency_group       | 12     | violence      | assault
        2014-03-02 | emergency           | emergency_group       | none   | -             | -
        2014-03-03 | outpatient          | icd_10                | F419   | mental_health | anxiety
        2014-03-03 | outpatient          | outpatient_attendance | 5      | -             | -
        2014-03-04 | substance_treatment | smds_substance        | HEROIN | substance_use | drugs
        2014-03-05 | substance_treatment | smds_substance        | none   | -             | -
    """)
    assert made.counts("health_episode_undated")["SMDS"] == (2, 1)


def test_events_that_cannot_be_placed_in_a_life_are_dropped_for_the_first_reason_that_applies() -> None:
    made = Health("""
        WLGP_GP_EVENT_CLEANSED
        ALF_E | ALF_STS_CD | EVENT_CD | EVENT_DT
        -     | 99         | Eu32z    | 2014-01-01
        1     | 99         | Eu32z    | 2014-01-01
        1     | -          | Eu32z    | 2014-01-01
        1     | 1          | -        | 2014-01-01
        1     | 1          | Eu32z    | -
        1     | 1          | Eu32z    | 1900-01-01
        9     | 1          | Eu32z    | 2014-01-01
        1     | 1          | Eu32z    | 1989-12-31
        2     | 1          | Eu32z    | 2015-05-06
        1     | 1          | Eu32z    | 2021-09-01
        2     | 1          | Eu32z    | 2015-05-05
        1     | 1          | Eu32z    | 1990-01-01
    """)
    made.shows("health_event", """
        resident_id | event_date
        R1          | 1990-01-01
        R2          | 2015-05-05
    """)
    expected = {
        "health_rows_read": (12, 0), "health_unlinked": (12, 3), "health_code_unreadable": (9, 1),
        "health_undated": (8, 1), "health_placeholder_date": (7, 1), "health_without_resident": (6, 1),
        "health_before_birth": (5, 1), "health_after_death": (4, 1), "health_after_data": (3, 1),
        "health_repeated": (2, 0), "health_events_ready": (2, 0),
    }
    assert {rule: made.counts(rule)["WLGP"] for rule in expected} == expected


def test_one_code_of_one_service_on_one_day_is_one_event() -> None:
    made = Health("""
        WLGP_GP_EVENT_CLEANSED
        ALF_E | ALF_STS_CD | EVENT_CD | EVENT_DT
        1     | 1          | Eu32z    | 2014-01-01
        1     | 1          | Eu32z00  | 2014-01-01
        1     | 1          | Eu32z    | 2014-01-02

        EDDS_EDDS
        RECORD_ID_E | ALF_E | ALF_STS_CD | ADMIN_ARR_DT | ATTEND_GROUP
        1           | 1     | 1          | 2014-01-01   | 16
        2           | 1     | 1          | 2014-01-01   | 16
    """)
    made.shows("health_event", """
        event_date | source           | code
        2014-01-01 | emergency        | 16
        2014-01-01 | general_practice | Eu32z
        2014-01-02 | general_practice | Eu32z
    """)
    assert made.counts("health_repeated") == {"WLGP": (3, 1), "EDDS": (2, 1)}


def test_events_outside_a_registration_are_marked_and_periods_that_touch_are_one() -> None:
    made = Health("""
        WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN
        ALF_E | PRAC_CD_E | START_DATE | END_DATE   | GP_DATA_FLAG
        1     | 7001      | 2010-01-01 | 2011-12-31 | 1
        1     | 7002      | 2012-01-01 | 2013-06-30 | 1
        1     | 7003      | 2013-07-01 | 2014-06-30 | 0
        1     | 7001      | 2014-07-01 | 2021-08-31 | 1
        2     | 7001      | 2014-07-01 | 2014-06-01 | 1
        9     | 7001      | 2014-07-01 | 2021-08-31 | 1

        WLGP_GP_EVENT_CLEANSED
        ALF_E | ALF_STS_CD | EVENT_CD | EVENT_DT
        1     | 1          | Eu32z    | 2009-12-31
        1     | 1          | Eu32z    | 2012-01-01
        1     | 1          | Eu32z    | 2014-01-01

        EDDS_EDDS
        RECORD_ID_E | ALF_E | ALF_STS_CD | ADMIN_ARR_DT | ATTEND_GROUP
        1           | 1     | 1          | 2014-01-01   | 16
    """)
    made.shows("practice_registration", """
        resident_id | registered_from | registered_to
        R1          | 2010-01-01      | 2013-06-30
        R1          | 2014-07-01      | 2021-08-31
    """)
    made.shows("health_event", """
        event_date | source           | is_registered
        2009-12-31 | general_practice | 0
        2012-01-01 | general_practice | 1
        2014-01-01 | emergency        | 1
        2014-01-01 | general_practice | 0
    """)
    assert made.counts("health_unregistered") == {"WLGP": (3, 2)}
    steps = ("practice_rows_read", "practice_without_data", "practice_without_resident", "practice_ends_before_start",
             "same_practice_registration", "practice_registrations_ready")
    assert [made.counts(rule)["WLGP"] for rule in steps] == [(6, 0), (6, 1), (5, 1), (4, 1), (3, 1), (2, 0)]


@pytest.fixture
def whole(tmp_path: Path):
    """Harmonise everything, with a register and without it."""
    records = """
        WLGP_GP_EVENT_CLEANSED
        ALF_E | ALF_STS_CD | EVENT_CD | EVENT_DT
        1     | 1          | Eu32z    | 2014-01-01
    """
    register = """
        WDSD_AR_PERS
        PERS_ID_E | ALF_E | ALF_STS_CD | GNDR_CD | WOB
        11        | 1     | 1          | 2       | 1990-01-01
    """
    return harmonised(tmp_path / "with", register, records), harmonised(tmp_path / "without", records)


def test_the_whole_of_harmonisation_writes_health_events_and_their_counts(whole) -> None:
    made, without = whole
    made.shows("health_event", """
        resident_id | event_date | source           | code  | indicator     | is_registered
        R1          | 2014-01-01 | general_practice | Eu32z | mental_health | 0
    """)
    assert made.counts("health_events_ready") == {"WLGP": (1, 0, 1)}
    # Without the register nobody is a resident: the events are counted, and the table is empty.
    assert without.rows("health_event", ["code"]) == []
    assert without.counts("health_without_resident")["WLGP"] == (1, 1, 0)


#: The mothers of children in care proceedings, and what a look-back covariate of theirs is.
STUDY = {
    "stream": "toy",
    "title": "Mothers",
    "question": "Which mothers had a mental-health record in the two years before proceedings?",
    "summary": "A look-back covariate is one SQL expression.",
    "definitions": {"look_back_days": {"label": "Look-back in days", "value": 730, "source": "ijpds 1723"}},
    "analyses": {
        "who": {
            "kind": "table_one", "title": "Mothers", "description": "Mothers by look-back.", "cohort": "mothers",
            "variables": ["mental_health_before"],
        },
    },
    "cohorts": {
        "mothers": {
            "label": "Mothers", "unit": "mothers", "description": "Mothers in care proceedings in Wales.",
            "key": ["person_id"], "time_zero": "issue_date",
            "steps": [{
                "name": "mothers_in_s31",
                "label": "Mothers of children in s31 proceedings who are residents",
                "sql": """
                    SELECT cp.person_id, r.resident_id, cp.s31_issue_date AS issue_date
                    FROM case_person AS cp
                    JOIN resident AS r USING (person_id)
                    WHERE cp.family_role = 'mother'
                """,
            }],
            "covariates": ["mental_health_before"],
        }
    },
    "covariates": {
        "mental_health_before": {
            "label": "Mental health",
            "definition": "Any mental-health record in the two years before issue; not known without practice data.",
            "value": """
                CASE
                    WHEN EXISTS (
                        FROM health_event AS e
                        WHERE e.resident_id = cohort.resident_id AND e.indicator = 'mental_health'
                            AND e.event_date BETWEEN cohort.issue_date - $look_back_days AND cohort.issue_date - 1
                    ) THEN 'yes'
                    WHEN EXISTS (
                        FROM practice_registration AS r
                        WHERE r.resident_id = cohort.resident_id
                            AND r.registered_from <= cohort.issue_date - $look_back_days
                            AND r.registered_to >= cohort.issue_date - 1
                    ) THEN 'no'
                END
            """,
            "levels": ["yes", "no", "not known"],
            "reference": "no",
            "missing": "not known",
        }
    },
}


def test_a_look_back_covariate_is_one_short_sql(tmp_path: Path) -> None:
    made = extracted(tmp_path, Stream.model_validate(STUDY), "mothers", """
        case
        case_id | jurisdiction | issue_date
        W1      | Wales        | 2016-03-01

        case_person
        case_id | person_id | family_role
        W1      | M1        | mother
        W1      | M2        | mother
        W1      | M3        | mother
        W1      | M4        | mother

        person
        person_id
        M1
        M2
        M3
        M4

        resident
        resident_id | person_id
        R1          | M1
        R2          | M2
        R3          | M3
        R4          | M4

        practice_registration
        resident_id | registered_from | registered_to
        R1          | 2010-01-01      | 2021-08-31
        R2          | 2010-01-01      | 2021-08-31
        R3          | 2015-01-01      | 2021-08-31

        health_event
        resident_id | event_date | source           | code_system | code  | indicator     | is_registered
        R1          | 2014-03-02 | general_practice | read_v2     | Eu32z | mental_health | 1
        R1          | 2014-03-02 | general_practice | read_v2     | 246.. | -             | 1
        R2          | 2014-02-28 | general_practice | read_v2     | Eu32z | mental_health | 1
        R2          | 2016-03-01 | admission        | icd_10      | F322  | mental_health | 1
        R3          | 2015-06-01 | emergency        | icd_10      | S525  | injury        | 1
        R4          | 2016-02-29 | admission        | icd_10      | F322  | mental_health | 1
    """)
    made.shows("""
        person_id | mental_health_before
        M1        | yes
        M2        | no
        M3        | not known
        M4        | yes
    """)
