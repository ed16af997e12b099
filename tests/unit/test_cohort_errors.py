"""What a user reads when a cohort or an analysis cannot be made of the records. No message holds a value of a record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from family_justice.analyses.run import run_analysis
from family_justice.cohorts.extract import extract_cohort
from family_justice.config.check import check_stream, covariates_of
from family_justice.config.load import parse
from family_justice.config.schema import Stream
from family_justice.covariates.derive import derive_covariates
from family_justice.errors import PipelineError
from family_justice.measures import MEMBERS
from family_justice.results import read_results

#: Five people; two have the event, one of them on the day of time zero.
PEOPLE = """
    SELECT * FROM (VALUES
        (1, 'Secretname', DATE '2015-01-01', DATE '2016-01-01', 30, 'x'),
        (2, 'Secretname', DATE '2015-01-01', DATE '2015-01-01', 31, 'y'),
        (3, 'Secretname', DATE '2015-01-01', NULL, 32, 'x'),
        (4, 'Secretname', DATE '2015-01-01', NULL, 33, 'y'),
        (5, 'Secretname', DATE '2015-01-01', NULL, 34, 'x')
    ) AS t (person, name, started, happened, age, letter)
"""


def study() -> dict[str, Any]:
    return {
        "stream": "toy",
        "title": "Toy",
        "question": "Does it work?",
        "summary": "A toy.",
        "definitions": {
            "oldest": {"label": "Oldest", "value": 99, "source": "assumption"},
            "ends": {"label": "End", "value": "2017-01-01", "source": "assumption"},
        },
        "cohorts": {
            "people": {
                "label": "People",
                "unit": "people",
                "description": "People.",
                "key": ["person"],
                "time_zero": "started",
                "steps": [
                    {"name": "everybody", "label": "Everybody", "sql": "SELECT * FROM people"},
                    {"name": "young", "label": "Young", "sql": "SELECT * FROM previous WHERE age < $oldest"},
                ],
                "events": {
                    "event": {"label": "Event", "sql": "SELECT person, happened AS date FROM cohort"},
                    "end": {"label": "End", "sql": "SELECT person, $ends::DATE AS date FROM cohort"},
                },
                "outcomes": {"event": {"label": "Event", "event": "event", "censoring": ["end"]}},
                "covariates": ["letter"],
            }
        },
        "covariates": {
            "letter": {"label": "Letter", "definition": "A letter.", "value": "letter", "levels": ["x", "y"], "reference": "x"}
        },
        "analyses": {
            "curve": {
                "kind": "cumulative_incidence", "title": "Curve", "description": "A curve.", "cohort": "people",
                "outcomes": ["event"], "every": 1, "until": 2,
            },
            "model": {
                "kind": "cox", "title": "Model", "description": "A model.", "cohort": "people",
                "outcome": "event", "covariates": ["letter"],
            },
        },
    }  # fmt: skip


Run = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run cohort, covariates and analyses of a toy study; return the tidy rows by analysis."""

    def go(data: dict[str, Any], people: str = PEOPLE) -> dict[str, Any]:
        stream = parse(data, Stream, "toy.yaml")
        check_stream(stream, {}, Path("toy.yaml"))
        source = tmp_path / "people.parquet"
        duckdb.sql(f"COPY ({people}) TO '{source}' (FORMAT parquet)")
        tables, codelists = {"people": source}, tmp_path / "codelists"
        cohort, attrition, derived = (tmp_path / f for f in ("cohort.parquet", "attrition.csv", "covariates"))
        extract_cohort(stream, "people", tables, codelists, cohort, attrition)
        covariates = covariates_of(stream, {})
        derive_covariates(stream, "people", covariates, tables, codelists, cohort, derived)
        results = {"attrition": read_results(str(attrition))}
        for name in stream.analyses:
            run_analysis(stream, name, covariates, cohort, derived, tmp_path / f"{name}.csv")
            results[name] = read_results(str(tmp_path / f"{name}.csv"))
        return results

    return go


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


def said_of_members(rows: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Measure, reason and number of the rows that say how many members an analysis is about."""
    said = rows[rows["measure"].isin(MEMBERS)]
    return list(zip(said["measure"], said["level"], said["n"], strict=True))


def test_the_toy_study_itself_runs(run: Run) -> None:
    results = run(study())
    assert results["attrition"]["n"].tolist() == [5, 5]
    assert said_of_members(results["curve"]) == [("members", "", 5), ("analysed", "", 5)]
    curve = own(results["curve"])
    # Person 2 has the event at time 0, person 1 after 365 days; the others are censored at two years.
    assert curve["estimate"].round(10).tolist() == [0.2, 0.4, 0.4]
    assert curve["events"].tolist() == [1, 2, 2]
    assert curve["at_risk"].tolist() == [5, 3, 3]


def set_in(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split("/")
    part: Any = data
    for key in parents:
        part = part[int(key)] if isinstance(part, list) else part[key]
    part[int(last) if isinstance(part, list) else last] = value
    return data


COHORT = "cohorts/people"
WRONG = [
    (f"{COHORT}/steps/1/sql", "SELECT * FROM previous WHERE age < 0", "empty after step 'young'; 5 before it"),
    (f"{COHORT}/steps/1/sql", "SELECT * FROM previous WHERE agee < 9", "candidates: "),
    (f"{COHORT}/steps/1/sql", "SELECT * FROM previous JOIN persons USING (person)", "there is no table 'persons' to read here. Allowed: people, previous."),
    (f"{COHORT}/steps/1/sql", "SELECT * FROM previous WHERE name::INTEGER > 1", "ConversionException"),
    (f"{COHORT}/steps/1/sql", "SELECT person + 7 AS person FROM previous", "5 members were not in the step before"),
    (f"{COHORT}/steps/1/sql", "SELECT age FROM previous", "the key column person is not selected"),
    (f"{COHORT}/steps/1/sql", "SELECT p.* FROM previous AS p, range(2)", "5 rows more than members"),
    (f"{COHORT}/person", "famly", "the column 'famly' of 'person' is not selected; every step selects it"),
    (f"{COHORT}/counts", "children", "the column 'children' of 'counts' is not selected; every step selects it"),
    (f"{COHORT}/events/event/sql", "SELECT person, happened - 1000 AS date FROM cohort", "2 members have it before time zero"),
    (f"{COHORT}/events/event/sql", "SELECT c.person, happened AS date FROM cohort AS c, range(2)", "2 dates too many"),
    (f"{COHORT}/events/event/sql", "SELECT person, NULL::DATE AS date FROM cohort", "nobody in the cohort has the event"),
    (f"{COHORT}/events/end/sql", "SELECT person, NULL::DATE AS date FROM cohort", "observation of 3 members never ends"),
    (f"{COHORT}/time_zero", "startd", "'time_zero' is 'startd', which is no date column of the last step. Allowed: happened, started. Did you mean 'started'?"),
    ("covariates/letter/levels", ["x", "z"], "2 rows have a value outside its levels. Allowed: x, z."),
    ("analyses/model/cluster", "name", "'name' has one value only; robust errors need clusters"),
    ("analyses/model/cluster", "family", "'cluster' is 'family', which is no column of the cohort"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "says"), WRONG)
def test_wrong_study(run: Run, path: str, value: Any, says: str) -> None:
    data = set_in(study(), path, value)
    with pytest.raises(PipelineError) as caught:
        run(data)
    assert says in str(caught.value)
    assert "Secretname" not in str(caught.value)
    assert "toy" in str(caught.value)


@pytest.mark.parametrize(("keys", "says"), [
    ({}, None),
    ({"person": "person"}, None),
    ({"person": "age"}, "'person' is 'age', but 5 of its values are no person of the records, and 0 rows have none"),
    ({"person": "nobody"}, "but 0 of its values are no person of the records, and 5 rows have none"),
    ({"counts": "age"}, "'counts' is for rows of areas, but 'person' is a person_id of the records in 5 rows"),
])  # fmt: skip
def test_whom_a_row_stands_for_is_a_person_of_the_records(
    keys: dict[str, str], says: str | None, tmp_path: Path
) -> None:
    data = study()
    data["cohorts"]["people"] |= keys
    for step in data["cohorts"]["people"]["steps"]:
        step["sql"] = step["sql"].replace("SELECT *", "SELECT * EXCLUDE (age), age + 1000 AS age, NULL AS nobody", 1)
    data["cohorts"]["people"]["steps"] = data["cohorts"]["people"]["steps"][:1]
    stream = parse(data, Stream, "toy.yaml")
    tables = {"people": tmp_path / "people.parquet", "person": tmp_path / "person.parquet"}
    duckdb.sql(f"COPY ({PEOPLE}) TO '{tables['people']}' (FORMAT parquet)")
    duckdb.sql(f"COPY (SELECT person AS person_id FROM ({PEOPLE})) TO '{tables['person']}' (FORMAT parquet)")
    files = tmp_path / "codelists", tmp_path / "cohort.parquet", tmp_path / "attrition.csv"
    if says is None:
        assert extract_cohort(stream, "people", tables, *files) == 5
        return
    with pytest.raises(PipelineError) as caught:
        extract_cohort(stream, "people", tables, *files)
    assert says in str(caught.value)


def test_a_failed_cohort_leaves_nothing_half_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(PipelineError):
        run(set_in(study(), f"{COHORT}/steps/1/sql", "SELECT * FROM previous WHERE age < 0"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.parquet"]


def test_risk_that_starts_later_leaves_out_earlier_exits(run: Run) -> None:
    data = study()
    data["cohorts"]["people"]["outcomes"]["event"]["at_risk_after_days"] = 100
    rows = run(data)["curve"]
    left_out = ("left_out", "no time at risk", 1)
    assert said_of_members(rows) == [("members", "", 5), ("analysed", "", 4), left_out]
    curve = own(rows)
    # Person 2 had the event before day 100; person 1 has it 265 days after.
    assert curve["n"].tolist() == [4, 4, 4]
    assert curve["estimate"].round(10).tolist() == [0.0, 0.25, 0.25]


def test_a_reference_level_without_members_is_an_error_and_not_replaced(run: Run) -> None:
    data = study()
    data["covariates"]["letter"] |= {"levels": ["x", "y", "z"], "reference": "z"}
    with pytest.raises(PipelineError) as caught:
        run(data)
    said = str(caught.value)
    assert "covariate 'letter': nobody in the analysis has its reference level 'z'" in said
    assert "Give it one of those that occur as 'reference': x, y" in said
    assert "analysis 'model'" in said
