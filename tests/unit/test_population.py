"""The synthetic population: its tables against the contracts, labelled defects, equal bytes, nothing half-written."""

from __future__ import annotations

import csv
import filecmp
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from family_justice.contracts import source_tables
from family_justice.sources.synthetic import simulate
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.parameters.truth import truth_table
from family_justice.sources.synthetic.population import draw_records

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = ROOT / "config/population"
SCALE, SEED = 0.05, 3
ARROW_TYPES = {
    "string": "string",
    "integer": "int64",
    "number": "double",
    "date": "date32[day]",
    "timestamp": "timestamp[us]",
}
#: How the century typing errors are repaired: 18xx and 79xx were 19xx, 22xx and 29xx were 20xx.
REPAIRED = """
CASE WHEN year({0}) // 100 IN (18, 79) THEN make_date(1900 + year({0}) % 100, month({0}), day({0}))
     WHEN year({0}) // 100 IN (22, 29) THEN make_date(2000 + year({0}) % 100, month({0}), day({0})) ELSE {0} END
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("population")
    simulate(PARAMETERS, SCALE, SEED, folder)
    return folder


@pytest.fixture(scope="module")
def records():
    return draw_records(load_parameters(PARAMETERS), SCALE, SEED)


@pytest.fixture(scope="module")
def db(folder):
    connection = duckdb.connect(config={"threads": 1})
    for path in sorted(folder.glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    return connection


def one(db, query):
    return db.execute(query).fetchone()[0]


def labels(db, defect, table):
    query = 'SELECT key FROM defects WHERE defect = ? AND "table" = ?'
    return {key for (key,) in db.execute(query, [defect, table]).fetchall()}


def keys(db, query, *names):
    return {";".join(f"{n}={v}" for n, v in zip(names, row, strict=True)) for row in db.execute(query).fetchall()}


@pytest.mark.parametrize("name", source_tables())
def test_tables_have_the_columns_and_types_of_their_contract(folder, name):
    schema = pq.read_schema(folder / f"{name}.parquet")
    declared = {column: ARROW_TYPES[c.type] for column, c in source_tables()[name].columns.items()}
    assert {field.name: str(field.type) for field in schema} == declared
    assert schema.names == list(declared)


@pytest.mark.parametrize("name", source_tables())
def test_values_satisfy_the_contract(db, name):
    table = source_tables()[name]
    assert one(db, f"SELECT count(*) FROM {name}") > 0
    for column, contract in table.columns.items():
        if contract.required:
            assert one(db, f"SELECT count(*) FROM {name} WHERE {column} IS NULL") == 0, column
        if contract.codes:
            found = db.execute(f"SELECT DISTINCT CAST({column} AS VARCHAR) FROM {name} WHERE {column} IS NOT NULL")
            codes = {code.lower() for code in contract.codes}  # case does not count
            assert {value.lower() for (value,) in found.fetchall()} <= codes, column
        if contract.references:
            other, key = contract.references.split(".")
            missing = f"SELECT count(*) FROM {name} WHERE {column} NOT IN (SELECT {key} FROM {other})"
            assert one(db, missing) == 0, column
    if table.key:
        assert one(db, f"SELECT count(*) - count(DISTINCT ({', '.join(table.key)})) FROM {name}") == 0


@pytest.mark.parametrize(
    ("table", "column", "codelist"),
    [
        ("CMS_TLKPCASEAPPLICATIONTYPE", "CASEAPPLICATIONTYPE", "application_types"),
        ("ECMS_APPLICATIONTYPES", "NAME", "application_types"),
        ("CAFCASS_APPLICATION", "CAP_PRIMARYAPPLICATIONTYPENAME", "application_types"),
        ("CMS_TLKPLEGALOUTPUTTYPE", "LEGALOUTPUTTYPE", "legal_orders"),
        ("ECMS_LEGALOUTPUTTYPES", "NAME", "legal_orders"),
        ("CAFCASS_HEARINGOUTCOME", "CAP_HEARINGOUTCOMETYPEIDNAME", "legal_orders"),
        ("CMS_TLKPETHNICORIGIN", "CAPTION", "ethnic_groups"),
        ("ECMS_ETHNICITYTYPES", "NAME", "ethnic_groups"),
        ("CAFCASS_ALF", "ETHNIC_ORIGIN", "ethnic_groups"),
        ("CMS_TLKPRELIGION", "CAPTION", "religions"),
        ("ECMS_RELIGIONTYPES", "NAME", "religions"),
        ("ECMS_NATIONALITYTYPES", "NAME", "nationalities"),
        ("CMS_TLKPLANGUAGE", "CAPTION", "languages"),
        ("ECMS_LANGUAGETYPES", "NAME", "languages"),
        ("CMS_TLKPDISABILITY", "DISABILITY", "disabilities"),
        ("ECMS_DISABILITYTYPES", "NAME", "disabilities"),
    ],
)
def test_every_name_is_in_its_codelist(db, table, column, codelist):
    with open(ROOT / f"config/codelists/{codelist}.csv", encoding="utf-8") as stream:
        known = {row["name"] for row in csv.DictReader(stream)}
    found = db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
    assert {name for (name,) in found} <= known


def test_nothing_happens_after_the_end_of_data(db):
    for table, column, end in [
        ("CAFE_CMS_TBLCASEHEARING", "HEARINGDATE", "2014-07-06"),
        ("CAFE_CMS_TBLLEGALOUTPUT", "LEGALORDERHEARINGDATE", "2014-07-06"),
        ("CAFE_ECMS_APPLICATIONS", "DATEAPPLICATIONCOMPLETED", "2021-12-31"),
        ("CAFE_ECMS_HEARINGS", "HEARINGDATE", "2021-12-31"),
        ("CAFE_ECMS_LEGALOUTPUTS", "DATEORDERED", "2021-12-31"),
        ("CAFCASS_APPLICATION", "CAP_ISSUEDATE", "2021-08-31"),
        ("CAFCASS_HEARING", "CAP_HEARINGDATETIME", "2021-08-31 23:59"),
        ("ADDE_DEATHS", "DEATH_DT", "2021-12-31"),
    ]:
        assert one(db, f"SELECT max({column}) <= TIMESTAMP '{end}' FROM {table}"), table
    assert one(db, "SELECT min(LEGALORDERHEARINGDATE) >= DATE '2011-04-01' FROM CAFE_CMS_TBLLEGALOUTPUT")


PEOPLE = {
    "CAFE_CMS_TBLPERSON": ("PERSONID_PE", "WEEKOFBIRTH"),
    "CAFE_ECMS_PEOPLE": ("ID_PE", "WEEKOFBIRTH"),
    "CAFCASS_ALF": ("SYSTEM_ID_E", "WOB"),
}


@pytest.mark.parametrize("table", PEOPLE)
def test_labelled_defects_of_people_are_the_ones_in_the_tables(db, table):
    key, birth = PEOPLE[table]
    twice = keys(db, f"SELECT {key} FROM {table} GROUP BY 1 HAVING count(*) > 1", key)
    assert twice
    assert labels(db, "full_duplicate_row", table) == twice
    assert one(db, f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table})") == one(
        db, f"SELECT count(DISTINCT {key}) FROM {table}"
    )
    typo = keys(db, f"SELECT DISTINCT {key} FROM {table} WHERE year({birth}) // 100 NOT IN (19, 20)", key)
    assert typo
    assert labels(db, "century_typo", table) == typo
    repaired = REPAIRED.format(birth)
    assert one(db, f"SELECT count(*) FROM {table} WHERE dayofweek({repaired}) <> 1") == 0
    known = f"SELECT DISTINCT {key} FROM {table} WHERE {birth} IS NOT NULL AND "
    unlinked = "ALF_STS_CD = '99'" if table == "CAFCASS_ALF" else "ALF_PE IS NULL"
    assert labels(db, "alf_missing", table) == keys(db, known + unlinked, key)
    assert one(db, f"SELECT count(*) FROM {table} WHERE (LSOA2011_CD IS NULL) <> ({unlinked})") == 0


def test_status_99_with_a_number_belongs_to_somebody_else(db):
    query = "SELECT DISTINCT SYSTEM_ID_E FROM CAFCASS_ALF WHERE ALF_STS_CD = '99' AND ALF_E IS NOT NULL"
    found = keys(db, query, "SYSTEM_ID_E")
    assert found
    assert labels(db, "status_99_with_number", "CAFCASS_ALF") == found


def test_two_identifiers_of_one_person_share_the_linkage_field_unless_labelled_unrepairable(db):
    several = """
        SELECT human_id FROM answers WHERE system = 'ECMS' GROUP BY 1 HAVING count(*) > 1
    """
    assert one(db, f"SELECT count(*) FROM ({several})") == sum(
        len(labels(db, name, "CAFE_ECMS_PEOPLE")) for name in ("duplicate_person", "duplicate_person_unrepairable")
    )
    fields = f"""
        SELECT human_id, count(ALF_PE) AS known, count(DISTINCT ALF_PE) AS fields
        FROM answers JOIN (SELECT DISTINCT ID_PE, ALF_PE FROM CAFE_ECMS_PEOPLE) ON ID_PE = person_id_raw
        WHERE system = 'ECMS' AND human_id IN ({several}) GROUP BY 1
    """
    assert one(db, f"SELECT count(*) FROM ({fields}) WHERE known = 2 AND fields = 1") == len(
        labels(db, "duplicate_person", "CAFE_ECMS_PEOPLE")
    )
    assert one(db, f"SELECT count(*) FROM ({fields}) WHERE known = 1") == 0
    assert one(db, "SELECT count(*) FROM (SELECT ALF_PE FROM CAFE_ECMS_PEOPLE JOIN answers ON ID_PE = person_id_raw"
                   " WHERE ALF_PE IS NOT NULL GROUP BY 1 HAVING count(DISTINCT human_id) > 1)") == 0  # fmt: skip


def test_labelled_defects_of_members(db):
    table = "CAFE_CMS_TBLCASEAPPLICATIONMEMBER"
    names = ("CASEAPPLICATIONREF_PE", "MEMBERREF_PE")
    role = (
        "CASE WHEN MEMBERTYPE < 16 THEN MEMBERTYPE WHEN CONVERTEDTYPE = 'Adult Applicant' THEN 1 "
        "WHEN CONVERTEDTYPE = 'Adult Respondent' THEN 2 ELSE 8 END"
    )
    grouped = f"SELECT {', '.join(names)} FROM {table} GROUP BY ALL HAVING count(DISTINCT {role}) "
    assert labels(db, "two_roles", table) == keys(db, grouped + "> 1", *names)
    assert labels(db, "duplicate_person_on_application", table) == keys(db, grouped + "< count(*)", *names)
    table = "CAFE_ECMS_PERSONSONAPPLICATIONS"
    flags = " + ".join(f"({flag} = 'true')::INT" for flag in ("ISSUBJECT", "ISRESPONDENT", "ISAPPLICANT", "ISOTHER"))
    assert labels(db, "two_roles", table) == keys(db, f"SELECT ID_PE FROM {table} WHERE {flags} > 1", "ID_PE")
    assert one(db, f"SELECT count(*) FROM {table} WHERE {flags} = 0") == 0
    extra = one(db, f"SELECT count(*) - count(DISTINCT (APPLICATION_ID_PE, PERSON_ID_PE)) FROM {table}")
    assert extra == len(labels(db, "duplicate_person_on_application", table)) > 0


def test_labelled_defects_of_cases(db):
    both = "SELECT CASEID_PE FROM CAFE_CMS_TBLCASE JOIN CAFE_ECMS_CASES ON CASEID_PE = ID_PE"
    assert labels(db, "case_in_two_systems", "CAFE_CMS_TBLCASE") == keys(db, both, "CASEID_PE")
    assert one(db, f"SELECT count(*) FROM CAFE_CMS_TBLCASE WHERE (CASESTATUSREF = 1) <> (CASEID_PE IN ({both}))") == 0
    early = """
        SELECT CASEREF_PE FROM CAFE_CMS_TBLCASEAPPLICATION
        GROUP BY 1 HAVING max(DATEAPPLICATIONCOMPLETED) < DATE '2011-04-01'
    """
    assert labels(db, "outputs_before_start", "CAFE_CMS_TBLCASE") == keys(db, early, "CASEID_PE")
    assert one(db, f"SELECT count(*) FROM CAFE_CMS_TBLLEGALOUTPUT WHERE CASEREF_PE IN ({early})") == 0
    carried = """
        SELECT DISTINCT ID_PE FROM CAFE_ECMS_PEOPLE
        WHERE ID_PE NOT IN (SELECT PERSON_ID_PE FROM CAFE_ECMS_PERSONSONAPPLICATIONS)
    """
    assert labels(db, "person_without_application", "CAFE_ECMS_PEOPLE") == keys(db, carried, "ID_PE")
    unknown = f"SELECT count(*) FROM ({carried}) WHERE ID_PE NOT IN (SELECT PERSONID_PE FROM CAFE_CMS_TBLPERSON)"
    assert one(db, unknown) == 0


def test_labelled_defects_of_outputs_and_ethnicity(db):
    columns = "CASE_ID_PE, APPLICATION_ID_PE, PERSON_ID_PE, LEGALOUTPUTTYPE_ID, DATEORDERED"
    extra = one(db, f"SELECT count(*) - count(DISTINCT ({columns})) FROM CAFE_ECMS_LEGALOUTPUTS")
    assert extra == len(labels(db, "duplicate_legal_output", "CAFE_ECMS_LEGALOUTPUTS")) > 0
    columns = "CASEREF_PE, CASEHEARINGREF_PE, LEGALOUTPUTTYPEREF, LEGALORDERHEARINGDATE"
    extra = one(db, f"SELECT count(*) - count(DISTINCT ({columns})) FROM CAFE_CMS_TBLLEGALOUTPUT")
    assert extra == len(labels(db, "duplicate_legal_output", "CAFE_CMS_TBLLEGALOUTPUT")) > 0
    table = "CAFE_ECMS_ETHNICITIES"
    conflict = f"SELECT PERSON_ID_PE FROM {table} WHERE ETHNICITYTYPE_ID NOT IN (19, 22) GROUP BY 1 HAVING count(*) > 1"
    assert labels(db, "ethnicity_conflict", table) == keys(db, conflict, "PERSON_ID_PE")
    before, since = (
        one(db, f"""
            SELECT avg((PERSON_ID_PE IN (SELECT PERSON_ID_PE FROM {table} WHERE ETHNICITYTYPE_ID < 19))::INT)
            FROM CAFE_ECMS_PERSONSONAPPLICATIONS p JOIN CAFE_ECMS_APPLICATIONS a ON a.ID_PE = APPLICATION_ID_PE
            WHERE ISSUBJECT = 'true' AND DATEOFAPPLICATION {period}""")
        for period in ("< DATE '2016-01-01'", ">= DATE '2017-01-01'")
    )  # fmt: skip
    assert before < 0.5 < 0.8 < since


def test_orders_of_the_infant_decide_for_its_siblings(records):
    cases, court = records.families.cases, records.court
    birth = records.families.children.week_of_birth[cases.subject_child]
    youngest = pd.Series(birth).groupby(cases.subject_case).transform("max").to_numpy()
    placed = pd.Series(records.families.placed)
    has_youngest_placed = (placed & (birth == youngest)).groupby(cases.subject_case).transform("any")
    assert not (placed & ~has_youngest_placed).any()
    assert court.order_application.min() >= 0


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        simulate(PARAMETERS, 0.004, seed, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == len(source_tables()) + 3
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", files, shallow=False)[0] == files
    assert "CAFE_ECMS_PEOPLE.parquet" in filecmp.cmpfiles(tmp_path / "one", tmp_path / "three", files, shallow=False)[1]


def test_the_smallest_population_works(tmp_path):
    rows = simulate(PARAMETERS, 0.001, 1, tmp_path)
    assert rows["CAFE_ECMS_CASES"] > 0
    assert rows["truth"] == len(truth_table(load_parameters(PARAMETERS)))


def test_a_failure_leaves_nothing_half_written(tmp_path, monkeypatch):
    from family_justice.sources.synthetic import population

    def fail(table, columns):
        if table.name == "CAFCASS_ALF":
            raise RuntimeError("disk full")
        return build(table, columns)

    build = population.build_table
    monkeypatch.setattr(population, "build_table", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        simulate(PARAMETERS, 0.002, 1, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
