"""Every released number leads back to its row, configuration, method, variables, cohort, tables, refresh and code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import release_samples as samples

from family_justice.cohorts.reads import tables_read
from family_justice.command.parser import main
from family_justice.config.schema import Cohort
from family_justice.report.trace import trace, write_trace
from family_justice.results import read_results


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = samples.write_release(tmp_path_factory.mktemp("release"))
    write_trace(folder)
    return folder


def test_tables_are_those_that_steps_helpers_and_events_name() -> None:
    steps = [
        {
            "name": "a",
            "label": "A",
            "sql": 'SELECT 1 FROM "case" AS c -- not FROM person\nJOIN hearing USING (case_id)',
        },
        {
            "name": "b",
            "label": "B",
            "sql": "WITH x AS (SELECT * from legal_order) SELECT * FROM previous JOIN x USING (a)",
        },
    ]
    cohort = Cohort.model_validate(
        {
            "label": "C", "unit": "people", "description": "D", "key": ["a"], "steps": steps, "time_zero": "d",
            "tables": {"t": {"description": "T", "sql": "SELECT * FROM resident"}},
            "events": {"e": {"label": "E", "sql": "SELECT a, d AS date FROM cohort JOIN relationship USING (a)"}},
        }
    )  # fmt: skip
    known = {"case", "hearing", "legal_order", "person", "relationship", "resident", "application"}
    assert tables_read(cohort, known) == ["case", "hearing", "legal_order", "relationship", "resident"]


def test_the_page_has_a_place_for_each_analysis_with_file_and_key(stream: Path) -> None:
    html = (stream / "trace.html").read_text(encoding="utf-8")
    study = samples.study()
    for name in study["analyses"]:
        assert f'id="{re.sub(r"[^a-z0-9]+", "-", name.lower())}"' in html
        assert f'href="{name}/results.csv"' in html
    assert f"config/streams/{study['stream']}.yaml: analyses.return_curve" in html
    assert f"config/streams/{study['stream']}.yaml: cohorts.parents.steps" in html
    for fingerprint in (study["code"], study["settings"], study["source"]["fingerprint"]):
        assert fingerprint in html


def test_a_row_names_only_its_own_variables(stream: Path) -> None:
    study = samples.study()
    rows = read_results(str(stream / "return_model" / "results.csv"))
    term = next(term for term in rows["term"] if term in study["covariates"])
    one = rows[rows["term"] == term].iloc[[0]]
    assert list(trace(study, "return_model", one).variables) == [term]
    assert set(trace(study, "return_model", rows).variables) > {term}


def test_a_cohort_leads_to_its_base_and_to_the_tables_of_both(stream: Path) -> None:
    study = samples.study()
    study["cohorts"]["base"] = {"label": "Base", "base": None, "tables": ["person"], "outcomes": {}}
    study["cohorts"]["parents"] |= {"base": "base", "tables": ["case"]}
    found = trace(study, "return_curve", read_results(str(stream / "return_curve" / "results.csv")))
    assert [said.text for said in found.facts["Source tables"]] == ["case", "person"]
    files = [said.text for said in found.facts["Cohort"] if said.text.endswith(".csv")]
    assert files == ["attrition.parents/results.csv", "attrition.base/results.csv"]


def test_the_command_says_what_one_row_holds(stream: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(stream), "return_curve", "--row", "3"]) == 0
    said = capsys.readouterr().out
    row = read_results(str(stream / "return_curve" / "results.csv")).iloc[2]
    assert f"  time: {row['time']:.10g}\n" in said
    assert f"  estimate: {row['estimate']:.10g}\n" in said
    assert "return_curve/results.csv\n  row 3\n" in said


def test_a_withheld_row_has_no_number(stream: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_results(str(stream / "orders_period" / "results.csv"))
    place = int((rows["status"] == "suppressed").to_numpy().argmax())
    assert main(["trace", str(stream), "orders_period", "--row", str(place + 1)]) == 0
    said = capsys.readouterr().out
    assert "  status: suppressed\n" in said
    assert not re.search(r"^  (estimate|n|conf_low): ", said, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["return_curv"], "no analysis 'return_curv'. Allowed: "),
        (["return_curve", "--row", "0"], "no row 0; its rows are 1 to "),
        (["return_curve", "--row", "99999"], "no row 99999; its rows are 1 to "),
    ],
)
def test_what_is_not_there_is_said(
    stream: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", str(stream), *arguments]) == 1
    assert message in capsys.readouterr().err


def test_another_folder_is_no_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(tmp_path), "return_curve"]) == 1
    assert "this is no released stream" in capsys.readouterr().err
