"""Which files a stream has, as ``layout`` says, for the streams of this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from family_justice.config.load import Configuration
from family_justice.layout import BUNDLE, CHECKER_PAGE, Layout, goes_with_seal

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def files() -> Layout:
    return Layout(Configuration(ROOT / "config"))


def test_the_three_rooms_of_a_stream(files: Layout) -> None:
    assert files.tables("recurrence") == "results/restricted/sources/synthetic/ready"
    assert files.tables("replication") == "results/restricted/sources/replication/raw"  # no court records
    assert files.cohort("recurrence", "parents") == "results/restricted/recurrence/parents/cohort.parquet"
    assert files.internal_results("recurrence", "return_by_age") == (
        "results/internal/recurrence/return_by_age/results.csv"
    )
    assert "results/release/recurrence/return_by_age/results.csv" in files.result_files("recurrence")


def test_every_cohort_has_its_attrition_and_the_data_guide_its_counts(files: Layout) -> None:
    analyses = files.analyses("capacity")
    cohorts = [f"attrition.{cohort}" for cohort in files.stream("capacity").cohorts]
    assert cohorts == analyses[: len(cohorts)]
    assert [name for name in analyses if name.startswith("quality.")] == [
        *("quality.tables", "quality.rules", "quality.checks", "quality.defects"),
    ]
    assert files.counted("capacity", "quality.defects") == "results/internal/sources/synthetic/recovery.csv"
    assert not [name for name in files.analyses("recurrence") if name.startswith("quality.")]


def test_a_table_of_characteristics_has_no_figure(files: Layout) -> None:
    drawn = files.drawn_analyses("recurrence")
    assert "characteristics" not in drawn
    assert {"attrition.parents", "follow_up.parents", "return_by_age"} <= set(drawn)
    figure = [Path(path).name for path in files.figure("recurrence", "return_by_age")]
    assert figure == ["figure.json", "figure.svg", "figure.png", "figure.pdf"]


def test_what_the_policy_keeps_is_no_file_of_the_stream(files: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = files.configuration.policy("court_records").model_copy(
        update={"file_types": ["csv", "json", "svg", "html"]}
    )
    monkeypatch.setattr(files.configuration, "policy_of", lambda stream: (strict, strict))
    assert files.printed_tables("recurrence") == []
    assert {Path(path).suffix for path in files.figure_files("recurrence")} == {".json", ".svg"}


def test_every_released_file_is_named_once_and_has_a_checksum(files: Layout) -> None:
    for stream in files.streams:
        released = files.release_files(stream)
        assert len(released) == len(set(released))
        folder = f"results/release/{stream}/"
        assert all(path.startswith(folder) for path in released)
        names = {path.removeprefix(folder) for path in released}
        checksums = {name for name in names if name.startswith("checksums/")}
        assert {f"checksums/{name}.txt" for name in names - checksums - {*BUNDLE}} == checksums


def test_an_analysis_needs_the_covariates_that_it_names_anywhere(files: Layout) -> None:
    stream = files.stream("recurrence")
    for name, analysis in stream.analyses.items():
        cohort = stream.cohorts[analysis.cohort].covariates
        needed = files.needed_covariates("recurrence", name)
        named = [*getattr(analysis, "covariates", []), *getattr(analysis, "group_by", []), *analysis.restrict_to]
        assert set(named) <= set(needed) <= set(cohort)
        assert needed == [covariate for covariate in cohort if covariate in needed]
    assert files.needed_covariates("recurrence", "follow_up.parents") == []
    assert len(files.needed_covariates("recurrence", "return_by_age")) < len(cohort)


def test_covariates_that_the_same_analyses_read_are_one_set(files: Layout) -> None:
    found: dict[tuple[str, str], list[list[str]]] = {}
    for stream, cohort, names in files.covariate_sets():
        found.setdefault((stream, cohort), []).append(names)
        for analysis in files.refitted(stream):
            if files.cohort_of(stream, analysis) == cohort:
                assert len(set(names) & set(files.needed_covariates(stream, analysis))) in (0, len(names))
    for (stream, cohort), sets in found.items():
        named = [name for names in sets for name in names]
        assert sorted(named) == sorted(files.stream(stream).cohorts[cohort].covariates)
    assert found["replication", "recid"][0][:4] == ["workprg", "priors", "tserved", "felon"]
    assert ["aid"] in found["replication", "rossi"]


def test_what_goes_with_the_seal() -> None:
    assert goes_with_seal(CHECKER_PAGE)
    assert goes_with_seal("checksums/index.html.txt")
    assert not goes_with_seal("return_by_age/results.json")
