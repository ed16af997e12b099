"""What is planted in the synthetic population is there: causes of return, covariates, hazard ratios, odds ratios."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from family_justice.sources.synthetic import simulate
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.population import draw_records
from family_justice.sources.synthetic.public_law.families import end_of_data, index_codes
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD, INDEX, NEW_CHILD

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = ROOT / "config/population"
SCALE, SEED = 0.05, 4
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


@pytest.fixture(scope="module")
def recorded(db):
    """One row per subject of each s31 case, read from the tables of all systems, with weeks of birth repaired."""
    role = (
        "CASE WHEN MEMBERTYPE < 16 THEN MEMBERTYPE WHEN CONVERTEDTYPE = 'Adult Applicant' THEN 1 "
        "WHEN CONVERTEDTYPE = 'Adult Respondent' THEN 2 ELSE 8 END"
    )
    db.execute(f"""
        CREATE TEMP TABLE person AS
        SELECT DISTINCT ID_PE AS id, {REPAIRED.format("WEEKOFBIRTH")} AS birth, GENDER AS sex FROM CAFE_ECMS_PEOPLE
        UNION SELECT SYSTEM_ID_E, {REPAIRED.format("WOB")}, ['Male', 'Female'][GNDR_CD] FROM CAFCASS_ALF;
        CREATE TEMP TABLE application AS
        SELECT CASEREF_PE AS case_id, CASEAPPLICATIONID_PE AS id, DATEOFAPPLICATION AS day, CASEAPPLICATIONTYPE AS kind
          FROM CAFE_CMS_TBLCASEAPPLICATION
          JOIN CMS_TLKPCASEAPPLICATIONTYPE ON CASEAPPLICATIONTYPEREF = CASEAPPLICATIONTYPEID
        UNION SELECT CASE_ID_PE, a.ID_PE, DATEOFAPPLICATION, NAME
          FROM CAFE_ECMS_APPLICATIONS a JOIN ECMS_APPLICATIONTYPES t ON APPLICATIONTYPE1_ID = t.ID
        UNION SELECT CAP_INCIDENTID_E, CAP_APPLICATIONID_E, CAP_ISSUEDATE, CAP_PRIMARYAPPLICATIONTYPENAME
          FROM CAFCASS_APPLICATION;
        CREATE TEMP TABLE member AS
        SELECT CASEAPPLICATIONREF_PE AS application, MEMBERREF_PE AS person, {role} = 4 AS is_subject
          FROM CAFE_CMS_TBLCASEAPPLICATIONMEMBER
        UNION SELECT APPLICATION_ID_PE, PERSON_ID_PE, ISSUBJECT = 'true' FROM CAFE_ECMS_PERSONSONAPPLICATIONS
        UNION SELECT RECORD1ID_E, RECORD2ID_E, RECORD2ROLEIDNAME = 'Subject' FROM CAFCASS_APPLICATIONSERVICEUSERS;
        CREATE TEMP TABLE parent AS
        SELECT CHILDREF_PE AS child, PARENTREF_PE AS parent
          FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP WHERE RELATIONSHIPREF = 1
        UNION SELECT PERSON_ID_PE, RELATEDPERSON_ID_PE
          FROM CAFE_ECMS_PERSONRELATIONSHIPS WHERE RELATIONSHIPTYPE_ID = 1
        UNION SELECT RECORD2ID_E, RECORD1ID_E FROM CAFCASS_RELATIONSHIPS WHERE RECORD1ROLEIDNAME = 'Parent';
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


def labelled_cases(db, defect):
    keys = db.execute("SELECT key FROM defects WHERE defect = ?", [defect]).fetchall()
    return {int(key.split(";")[0].split("=")[1]) for (key,) in keys}


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
    assert (np.where(by_case["has_father"], 0, 1) == codes["father_is_party"]).all()
    assert (np.digitize(by_case["issue"].dt.year, [2011, 2014, 2017, 2020]) == codes["issue_period"]).all()


def test_labelled_children_and_parents_are_the_recorded_ones(recorded, db):
    s31 = set(recorded["case_id"])
    unborn = recorded[recorded["birth"] > recorded["issue"]]
    assert labelled_cases(db, "unborn_at_issue") & s31 == set(unborn["case_id"])
    assert unborn.groupby("case_id")["birth"].max().sub(unborn.groupby("case_id")["issue"].first()).dt.days.max() < 190
    has_father = recorded.groupby("case_id")["has_father"].first()
    assert labelled_cases(db, "missing_father") & s31 == set(has_father[~has_father].index)
    lost = labelled_cases(db, "missing_legal_outputs")
    outputs = "SELECT CASE_ID_PE FROM CAFE_ECMS_LEGALOUTPUTS UNION SELECT CASEREF_PE FROM CAFE_CMS_TBLLEGALOUTPUT"
    assert lost
    assert not lost & {case for (case,) in db.execute(outputs).fetchall()}
    for defect, sex in (("second_mother", "Female"), ("second_father", "Male")):
        parents = db.execute("""
            SELECT c.case_id, count(DISTINCT p.parent) FROM (SELECT DISTINCT case_id, person FROM application
            JOIN member ON application = id WHERE is_subject) c JOIN parent p ON p.child = c.person
            JOIN (SELECT DISTINCT case_id, person FROM application JOIN member ON application = id) a
            ON a.case_id = c.case_id AND a.person = p.parent JOIN person ON person.id = p.parent
            WHERE sex = ? GROUP BY 1 HAVING count(DISTINCT p.parent) > 1""", [sex]).fetchall()  # fmt: skip
        assert labelled_cases(db, defect) == {case for case, _ in parents}


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
    for rate, (start, stop) in zip(hazard.events_per_1000_years.value, pairwise(cuts), strict=True):
        at_risk = np.clip(days, start, stop) - start
        expected = (at_risk * ratio).sum() * rate / 1000 / 365.25
        events = ((found == cause) & (days > start) & (days <= stop)).sum()
        # Four standard errors, and a little for dates that were moved from a weekend to the Monday after.
        assert abs(events - expected) < 4 * np.sqrt(expected) + 0.01 * expected + 2


def test_logistic_model_finds_the_planted_odds_ratios(families):
    import statsmodels.api as sm

    from family_justice.sources.synthetic.clock import completed_years as years_between
    from family_justice.sources.synthetic.public_law.outcomes import placement_codes

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
    assert set(truth["parameter_set"]) >= {"return_new_child", "placement_order", "return_private_law"}
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
        ("return_private_law", effects.PRIVATE_RETURN_TERMS),
        ("participation", effects.PARTICIPATION_TERMS),
    ):
        assert len(truth[truth["parameter_set"] == parameter_set]) == sum(len(levels) for levels, _ in terms.values())
        assert all(value[parameter_set, term, reference] == 0 for term, (_, reference) in terms.items())
    assert truth["source"].notna().all()
