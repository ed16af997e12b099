"""The synthetic population: contracts, labelled defects, planted classes of return, planted effects, its parameters."""

from __future__ import annotations

import csv
import filecmp
import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from family_justice.contracts import source_tables
from family_justice.errors import ConfigError
from family_justice.sources.synthetic import effects, simulate
from family_justice.sources.synthetic.families import end_of_data, index_codes
from family_justice.sources.synthetic.parameters import load_parameters
from family_justice.sources.synthetic.population import draw_records
from family_justice.sources.synthetic.returns import EXISTING_CHILD, INDEX, NEW_CHILD

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = ROOT / "config/population/parameters.yaml"
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
    return {
        key
        for (key,) in db.execute(
            f"SELECT key FROM defects WHERE defect = '{defect}' AND \"table\" = '{table}'"
        ).fetchall()
    }


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
            assert {value for (value,) in found.fetchall()} <= set(contract.codes), column
        if contract.references:
            other, key = contract.references.split(".")
            missing = f"SELECT count(*) FROM {name} WHERE {column} NOT IN (SELECT {key} FROM {other})"
            assert one(db, missing) == 0, column
    if table.key:
        assert one(db, f"SELECT count(*) - count(DISTINCT ({', '.join(table.key)})) FROM {name}") == 0


@pytest.mark.parametrize(
    ("table", "column", "codelist"),
    [
        ("CMS_TLKPCASEAPPLICATIONTYPE", "NAME", "application_types"),
        ("ECMS_APPLICATIONTYPES", "NAME", "application_types"),
        ("CAFCASS_APPLICATION", "CAP_PRIMARYAPPLICATIONTYPENAME", "application_types"),
        ("CMS_TLKPLEGALOUTPUTTYPE", "NAME", "legal_orders"),
        ("ECMS_LEGALOUTPUTTYPES", "NAME", "legal_orders"),
        ("CAFCASS_HEARINGOUTCOME", "CAP_HEARINGOUTCOMETYPEIDNAME", "legal_orders"),
        ("CMS_TLKPETHNICORIGIN", "NAME", "ethnic_groups"),
        ("ECMS_ETHNICITYTYPES", "NAME", "ethnic_groups"),
        ("CAFCASS_ALF", "ETHNIC_ORIGIN", "ethnic_groups"),
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
    assert twice and labels(db, "full_duplicate_row", table) == twice
    assert one(db, f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table})") == one(
        db, f"SELECT count(DISTINCT {key}) FROM {table}"
    )
    typo = keys(db, f"SELECT DISTINCT {key} FROM {table} WHERE year({birth}) // 100 NOT IN (19, 20)", key)
    assert typo and labels(db, "century_typo", table) == typo
    repaired = REPAIRED.format(birth)
    assert one(db, f"SELECT count(*) FROM {table} WHERE dayofweek({repaired}) <> 1") == 0
    known = f"SELECT DISTINCT {key} FROM {table} WHERE {birth} IS NOT NULL AND "
    unlinked = "ALF_STS_CD = '99'" if table == "CAFCASS_ALF" else "ALF_PE IS NULL"
    assert labels(db, "alf_missing", table) == keys(db, known + unlinked, key)
    assert one(db, f"SELECT count(*) FROM {table} WHERE (LSOA2011_CD IS NULL) <> ({unlinked})") == 0


def test_status_99_with_a_number_belongs_to_somebody_else(db):
    found = keys(
        db, "SELECT DISTINCT SYSTEM_ID_E FROM CAFCASS_ALF WHERE ALF_STS_CD = '99' AND ALF_E IS NOT NULL", "SYSTEM_ID_E"
    )
    assert found and labels(db, "status_99_with_number", "CAFCASS_ALF") == found


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
    role = "CASE WHEN MEMBERTYPE = 16 THEN CONVERTEDTYPE ELSE MEMBERTYPE END"
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
    carried = "SELECT DISTINCT ID_PE FROM CAFE_ECMS_PEOPLE WHERE ID_PE NOT IN (SELECT PERSON_ID_PE FROM CAFE_ECMS_PERSONSONAPPLICATIONS)"
    assert labels(db, "person_without_application", "CAFE_ECMS_PEOPLE") == keys(db, carried, "ID_PE")
    assert (
        one(db, f"SELECT count(*) FROM ({carried}) WHERE ID_PE NOT IN (SELECT PERSONID_PE FROM CAFE_CMS_TBLPERSON)")
        == 0
    )


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


@pytest.fixture(scope="module")
def recorded(db):
    """One row per subject of each s31 case, read from the tables of all systems, with weeks of birth repaired."""
    role = "CASE WHEN MEMBERTYPE = 16 THEN CONVERTEDTYPE ELSE MEMBERTYPE END"
    db.execute(f"""
        CREATE TEMP TABLE person AS
        SELECT DISTINCT ID_PE AS id, {REPAIRED.format("WEEKOFBIRTH")} AS birth, GENDER AS sex FROM CAFE_ECMS_PEOPLE
        UNION SELECT SYSTEM_ID_E, {REPAIRED.format("WOB")}, ['Male', 'Female'][GNDR_CD] FROM CAFCASS_ALF;
        CREATE TEMP TABLE application AS
        SELECT CASEREF_PE AS case_id, CASEAPPLICATIONID_PE AS id, DATEOFAPPLICATION AS day, NAME AS kind
          FROM CAFE_CMS_TBLCASEAPPLICATION JOIN CMS_TLKPCASEAPPLICATIONTYPE ON CASEAPPLICATIONTYPEREF = CASEAPPLICATIONTYPEID
        UNION SELECT CASE_ID_PE, a.ID_PE, DATEOFAPPLICATION, NAME
          FROM CAFE_ECMS_APPLICATIONS a JOIN ECMS_APPLICATIONTYPES t ON APPLICATIONTYPE1_ID = t.ID
        UNION SELECT CAP_INCIDENTID_E, CAP_APPLICATIONID_E, CAP_ISSUEDATE, CAP_PRIMARYAPPLICATIONTYPENAME FROM CAFCASS_APPLICATION;
        CREATE TEMP TABLE member AS
        SELECT CASEAPPLICATIONREF_PE AS application, MEMBERREF_PE AS person, {role} = 4 AS is_subject
          FROM CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        UNION SELECT APPLICATION_ID_PE, PERSON_ID_PE, ISSUBJECT = 'true' FROM CAFE_ECMS_PERSONSONAPPLICATIONS
        UNION SELECT RECORD1ID_E, RECORD2ID_E, RECORD2ROLEIDNAME = 'SUBJECT' FROM CAFCASS_APPLICATIONSERVICEUSERS;
        CREATE TEMP TABLE parent AS
        SELECT CHILDREF_PE AS child, PARENTREF_PE AS parent FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP WHERE RELATIONSHIPREF = 1
        UNION SELECT PERSON_ID_PE, RELATEDPERSON_ID_PE FROM CAFE_ECMS_PERSONRELATIONSHIPS WHERE RELATIONSHIPTYPE_ID = 1
        UNION SELECT RECORD2ID_E, RECORD1ID_E FROM CAFCASS_RELATIONSHIPS WHERE RECORD1ROLE = 'PARENT';
        CREATE TEMP TABLE human AS SELECT DISTINCT person_id_raw AS id, human_id AS human FROM answers;
    """)
    return db.execute("""
        WITH s31 AS (
            SELECT case_id, min(day) AS issue FROM application
            WHERE kind IN ('Care (s31)', 'Supervision (s31)', 'Care Order', 'Supervision Order') GROUP BY 1),
        people AS (SELECT DISTINCT case_id, person, is_subject FROM application JOIN member ON application = id),
        parents AS (
            SELECT DISTINCT c.case_id, p.parent, birth, sex FROM people c JOIN parent p ON p.child = c.person
            JOIN people a ON a.case_id = c.case_id AND a.person = p.parent JOIN person ON person.id = p.parent
            WHERE c.is_subject)
        SELECT case_id, issue, h.human AS child, p.birth, m.human AS mother, mother.birth AS mother_birth,
               EXISTS (SELECT 1 FROM parents f WHERE f.case_id = s31.case_id AND f.sex = 'Male') AS has_father
        FROM s31 JOIN people USING (case_id) JOIN person p ON p.id = person JOIN human h ON h.id = person
        JOIN (SELECT case_id, min(parent) AS parent FROM parents WHERE sex = 'Female' GROUP BY 1) f USING (case_id)
        JOIN person mother ON mother.id = f.parent JOIN human m ON m.id = f.parent
        WHERE is_subject ORDER BY case_id, child
    """).df()


def completed_years(birth, on):
    before_birthday = (on.dt.month * 100 + on.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    return on.dt.year - birth.dt.year - before_birthday


def test_first_returns_have_the_planted_cause_when_read_from_the_records(recorded, records):
    cases = records.families.cases
    planted = pd.Series(cases.cause, index=records.case_id)
    by_case = recorded.groupby("case_id").agg(
        issue=("issue", "first"), mother=("mother", "first"), youngest=("birth", "max"), children=("child", set)
    )
    assert set(by_case.index) == set(planted[planted <= EXISTING_CHILD].index)
    youngest_child = recorded.sort_values("birth").groupby("case_id")["child"].last()
    ordered = by_case.sort_values(["mother", "issue"])
    place = ordered.groupby("mother").cumcount()
    index, first = ordered[place == 0], ordered[place == 1]
    assert (planted[index.index] == INDEX).all()
    of = index.set_index("mother").loc[first["mother"]]
    age = completed_years(first["youngest"].reset_index(drop=True), first["issue"].reset_index(drop=True))
    since = completed_years(of["issue"].reset_index(drop=True), first["issue"].reset_index(drop=True))
    in_index = np.array(
        [youngest_child[case] in known for case, known in zip(first.index, of["children"], strict=True)]
    )
    found = np.where((age <= since) & ~in_index, NEW_CHILD, EXISTING_CHILD)
    assert (found == planted[first.index].to_numpy()).all()
    assert (found == NEW_CHILD).mean() == pytest.approx(0.79, abs=0.05)
    # The same in days: the new child's recorded week of birth begins on or after the index date.
    assert (((first["youngest"].to_numpy() >= of["issue"].to_numpy()) & ~in_index) == (found == NEW_CHILD)).all()


def test_children_who_return_are_under_18(recorded):
    assert completed_years(recorded["birth"], recorded["issue"]).max() == 17


def test_planted_covariates_are_the_recorded_ones(recorded, records):
    families, cases = records.families, records.families.cases
    index = np.flatnonzero(cases.cause == INDEX)
    codes = pd.DataFrame(index_codes(cases, families.mothers, families.children)).loc[index]
    codes.index = records.case_id[index]
    by_case = recorded.groupby("case_id").agg(
        issue=("issue", "first"),
        mother_birth=("mother_birth", "first"),
        youngest=("birth", "max"),
        number=("child", "nunique"),
        has_father=("has_father", "first"),
    )
    by_case = by_case.loc[codes.index]
    age = completed_years(by_case["mother_birth"], by_case["issue"])
    assert (np.digitize(age, [20, 25, 30, 35]) == codes["age_band"]).all()
    youngest = completed_years(by_case["youngest"], by_case["issue"])
    assert (np.digitize(youngest, [1, 5, 10]) == codes["youngest_child_age"]).all()
    assert (by_case["number"].clip(upper=3) - 1 == codes["number_of_children"]).all()
    second_father = {int(key.split(";")[0].split("=")[1]) for key in _all_labels(records, "second_father")}
    plain = ~codes.index.isin(second_father)
    assert (np.where(by_case["has_father"], 0, 1) == codes["father_is_party"])[plain].all()
    assert (np.digitize(by_case["issue"].dt.year, [2011, 2014, 2017, 2020]) == codes["index_period"]).all()


def _all_labels(records, defect):
    from family_justice.sources.synthetic.cms import cms_tables
    from family_justice.sources.synthetic.cymru import cymru_tables
    from family_justice.sources.synthetic.ecms import ecms_tables

    if not records.defects.parts:
        for tables in (cms_tables, ecms_tables, cymru_tables):
            tables(records)
    frame = records.defects.table().to_pandas()
    return frame.loc[frame["defect"] == defect, "key"]


@pytest.fixture(scope="module")
def families():
    return draw_records(load_parameters(PARAMETERS), 0.2, 11).families


def design(codes, terms):
    return pd.DataFrame(
        {
            (term, level): (codes[term] == place).astype(float)
            for term, (levels, reference) in terms.items()
            for place, level in enumerate(levels)
            if level != reference
        }
    )


def first_returns(families, parameters):
    """Days at risk and cause of the first return of every mother in care proceedings."""
    cases = families.cases
    index = np.flatnonzero(cases.cause == INDEX)
    mother = cases.mother[index]
    first = np.flatnonzero(cases.generation == 1)
    last_day = np.minimum(end_of_data(parameters, families.mothers.jurisdiction), families.mothers.death - 1)
    days, cause = last_day[mother] - cases.issue[index], np.zeros(len(index), dtype=int)
    place = np.searchsorted(mother, cases.mother[first])
    days[place], cause[place] = cases.issue[first] - cases.issue[index[place]], cases.cause[first]
    return index, days, cause


@pytest.mark.parametrize(("cause", "name"), [(NEW_CHILD, "new_child"), (EXISTING_CHILD, "existing_child")])
def test_cox_model_finds_the_planted_hazard_ratios(families, cause, name):
    from lifelines import CoxPHFitter

    parameters = load_parameters(PARAMETERS)
    index, days, found = first_returns(families, parameters)
    codes = index_codes(families.cases, families.mothers, families.children)
    x = design({term: code[index] for term, code in codes.items()}, effects.RETURN_TERMS)
    planted = getattr(parameters.returns, name).log_hazard_ratios.value
    truth = np.array([planted[term][level] for term, level in x.columns])
    x.columns = [f"{term}: {level}" for term, level in x.columns]
    frame = x.assign(days=days, event=found == cause)[days > 0]
    model = CoxPHFitter().fit(frame, "days", "event")
    z = (model.params_.to_numpy() - truth) / model.standard_errors_.to_numpy()
    assert np.abs(z).max() < 4
    assert np.sqrt((z**2).mean()) < 1.8


@pytest.mark.parametrize(("cause", "name"), [(NEW_CHILD, "new_child"), (EXISTING_CHILD, "existing_child")])
def test_events_per_time_at_risk_are_the_planted_hazard(families, cause, name):
    """Within each piece: events are about the sum over mothers of time at risk times rate times hazard ratio."""
    parameters = load_parameters(PARAMETERS)
    hazard = getattr(parameters.returns, name)
    index, days, found = first_returns(families, parameters)
    codes = index_codes(families.cases, families.mothers, families.children)
    codes = {term: code[index] for term, code in codes.items()}
    ratio = np.exp(effects.linear_predictor(hazard.log_hazard_ratios.value, codes, effects.RETURN_TERMS))
    cuts = [0, *hazard.cut_points_days.value, 10**6]
    for rate, start, stop in zip(hazard.events_per_1000_years.value, cuts, cuts[1:], strict=True):
        at_risk = np.clip(days, start, stop) - start
        expected = (at_risk * ratio).sum() * rate / 1000 / 365.25
        events = ((found == cause) & (days > start) & (days <= stop)).sum()
        # Four standard errors, and a little for dates that were moved from a weekend to the Monday after.
        assert abs(events - expected) < 4 * np.sqrt(expected) + 0.01 * expected + 2


def test_logistic_model_finds_the_planted_odds_ratios(families):
    import statsmodels.api as sm

    from family_justice.sources.synthetic.clock import completed_years as years_between
    from family_justice.sources.synthetic.outcomes import placement_codes

    parameters, cases = load_parameters(PARAMETERS), families.cases
    birth = families.children.week_of_birth[cases.subject_child]
    is_infant = years_between(birth, cases.issue[cases.subject_case]) < 1
    rows = is_infant & (cases.cause[cases.subject_case] <= EXISTING_CHILD)
    codes = placement_codes(cases, families.mothers, families.children)
    x = design({term: code[rows] for term, code in codes.items()}, effects.PLACEMENT_TERMS)
    planted = parameters.placement.log_odds_ratios.value
    truth = np.array([planted[term][level] for term, level in x.columns])
    fit = sm.Logit(families.placed[rows].astype(float), sm.add_constant(x.to_numpy())).fit(disp=0)
    assert np.abs((fit.params[1:] - truth) / fit.bse[1:]).max() < 4


def test_truth_names_every_level_once_and_reference_levels_are_zero(folder):
    truth = pd.read_csv(folder / "truth.csv")
    assert list(truth.columns) == ["parameter_set", "term", "level", "value", "source"]
    assert not truth.duplicated(["parameter_set", "term", "level"]).any()
    assert set(truth["parameter_set"]) == {"return_new_child", "return_existing_child", "placement_order"}
    value = truth.set_index(["parameter_set", "term", "level"])["value"]
    parameters = load_parameters(PARAMETERS)
    assert (
        value["return_new_child", "age_band", "under 20"]
        == (parameters.returns.new_child.log_hazard_ratios.value["age_band"]["under 20"])
    )
    for parameter_set, terms in (
        ("return_new_child", effects.RETURN_TERMS),
        ("return_existing_child", effects.RETURN_TERMS),
        ("placement_order", effects.PLACEMENT_TERMS),
    ):
        assert len(truth[truth["parameter_set"] == parameter_set]) == sum(len(levels) for levels, _ in terms.values())
        assert all(value[parameter_set, term, reference] == 0 for term, (_, reference) in terms.items())
    assert truth["source"].notna().all()


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        simulate(PARAMETERS, 0.004, seed, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == len(source_tables()) + 3
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", files, shallow=False)[0] == files
    assert "CAFE_ECMS_PEOPLE.parquet" in filecmp.cmpfiles(tmp_path / "one", tmp_path / "three", files, shallow=False)[1]


def test_the_smallest_population_works(tmp_path):
    rows = simulate(PARAMETERS, 0.001, 1, tmp_path)
    assert rows["CAFE_ECMS_CASES"] > 0 and rows["truth"] == 78


def changed(tmp_path, change):
    data = yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))
    change(data)
    path = tmp_path / "parameters.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["children"].update(twinz=d["children"].pop("twins")), r"children.twinz: unknown key.*'twins'"),
        (lambda d: d["children"]["twins"].update(value=1.2), r"children.twins.value: found 1.2; .*less than or equal to 1"),
        (lambda d: d["children"]["twins"].update(value=-0.1), r"found -0.1; .*greater than or equal to 0"),
        (lambda d: d["children"]["twins"].update(value="few"), r"children.twins.value: found 'few'; .*valid number"),
        (lambda d: d["children"]["twins"].pop("source"), r"children.twins.source: missing. Write 'source: assumption'"),
        (lambda d: d["children"]["twins"].update(source="I think"), r"children.twins.source: write 'assumption' or a public"),
        (lambda d: d["children"].update(twins=0.1), r"children.twins: found 0.1; write a mapping with value, source"),
        (lambda d: d["mothers"]["age_band_shares"]["value"].update({"under 20": 0.5}), r"the shares add to 1.31"),
        (lambda d: d["mothers"]["age_band_shares"]["value"].pop("under 20"), r"mothers.age_band_shares.value: the shares add"),
        (
            lambda d: d["returns"]["new_child"]["log_hazard_ratios"]["value"]["age_band"].update({"20-24": 0.1}),
            r"unknown 'age_band.20-24'.*age_band.20 to 24",
        ),
        (
            lambda d: d["placement"]["log_odds_ratios"]["value"].pop("child_sex"),
            r"placement.log_odds_ratios.value: missing 'child_sex.female'",
        ),
        (
            lambda d: d["returns"]["new_child"]["events_per_1000_years"]["value"].pop(),
            r"returns.new_child: 8 cut points need 9 values of events_per_1000_years, found 8",
        ),
        (lambda d: d["calendar"]["wales_start"].update(value="yesterday"), r"calendar.wales_start.value: found 'yesterday'"),
        (lambda d: d.pop("linkage"), r"linkage: missing"),
    ],
)  # fmt: skip
def test_wrong_parameters_say_what_to_write_instead(tmp_path, change, message):
    path = changed(tmp_path, change)
    with pytest.raises(ConfigError, match=message):
        simulate(path, 0.01, 1, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_all_problems_of_the_parameters_are_reported_together(tmp_path):
    def change(data):
        data["children"]["twins"]["value"] = 2.0
        data["linkage"]["missing_wales"].pop("source")
        data["extra"] = 1

    with pytest.raises(ConfigError) as caught:
        load_parameters(changed(tmp_path, change))
    text = str(caught.value)
    assert text.startswith("parameters.yaml: 3 problems\n")
    assert all(
        place in text for place in ("children.twins.value", "linkage.missing_wales.source", "extra: unknown key")
    )


@pytest.mark.parametrize(("scale", "seed"), [(0, 1), (11, 1), (float("nan"), 1), (0.1, -1), (0.1, 1.5), (0.1, True)])
def test_wrong_scale_or_seed(tmp_path, scale, seed):
    with pytest.raises(ConfigError, match=r"^(scale|seed): found"):
        simulate(PARAMETERS, scale, seed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


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


def test_every_parameter_names_a_public_source_or_says_assumption():
    sources = re.findall(r"source: (.*)", PARAMETERS.read_text(encoding="utf-8"))
    assert len(sources) > 70
    assert all(re.match(r'"?assumption', text) or "https://" in text for text in sources)
