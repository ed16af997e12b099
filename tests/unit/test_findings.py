"""Findings: what may stand in a stream file, and what becomes of it on released rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
import release_samples as samples
import yaml

from family_justice.config.check import check_stream
from family_justice.config.findings import pieces
from family_justice.config.load import Configuration, parse
from family_justice.config.schema import Stream
from family_justice.errors import ConfigError, PipelineError
from family_justice.figures import words
from family_justice.figures.draw import has_figure
from family_justice.files import write_csv, write_text
from family_justice.report.evidence.crate import write_crate
from family_justice.report.findings import INTERVALS, NOT_ESTIMABLE, WITHHELD, findings
from family_justice.report.pages import write_index, write_stream_page
from family_justice.results import conform, read_results

ROOT = Path(__file__).resolve().parents[2]
RATIO = {"analysis": "return_model", "measure": "log_hazard_ratio", "term": "age_band", "level": "under 20"}
CURVE = {
    "analysis": "return_curve",
    "measure": "cumulative_incidence",
    "outcome": "return_new_child",
    "group": "parent=mother; jurisdiction=England",
    "time": 5.0,
}


# --- the stream file --------------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> Callable[..., str]:
    """Return the message about the stream ``recurrence`` with one finding, or with other keys, in place of its own."""
    configuration = Configuration(ROOT / "config")
    path = ROOT / "config/streams/recurrence.yaml"
    stream = configuration.stream("recurrence").model_dump(mode="json", exclude_defaults=True)

    def message(text: str = "{share} returned.", cell: dict[str, Any] | None = None, **other: Any) -> str:
        whole = {"analysis": "return_by_parent", "measure": "cumulative_incidence", "time": 5, **(cell or {})}
        changed = {**stream, "findings": {"first": {"text": text, "cells": {"share": whole}}}, **other}
        with pytest.raises(ConfigError) as caught:
            check_stream(parse(changed, Stream, path), configuration.covariates(), path)
        return str(caught.value)

    return message


@pytest.mark.parametrize(
    ("text", "cell", "says", "helps"),
    [
        ("{shore} returned.", {}, "findings.first.text: there is no cell 'shore'", "Did you mean 'share'?"),
        ("Some returned.", {}, "findings.first.cells: no text uses 'share'", "write '{share}' where its number stands"),
        ("{share} or {share returned.", {}, "findings.first.text: a brace is left over", "write '{name}'"),
        ("{share}, not 30.5%, returned.", {}, "findings.first.text: '30.5%' is typed by hand", "name its cell"),
        ("{} of {share} returned.", {}, "findings.first.text: there is no cell ''", "Allowed: share."),
        (
            "{share} returned.",
            {"analysis": "return_by_parents"},
            "findings.first.cells.share.analysis: there is no analysis 'return_by_parents'",
            "Did you mean 'return_by_parent'?",
        ),
        (
            "{share} returned.",
            {"measure": "log_hazard_ratio"},
            "kind 'cumulative_incidence' of 'return_by_parent' releases no 'log_hazard_ratio' that a sentence can tell",
            "Allowed: analysed, cumulative_incidence",
        ),
        (
            "{share} returned.",
            {"measure": "gray_test"},
            "releases no 'gray_test' that a sentence can tell",
            "cumulative_incidence",
        ),
        (
            "{share} returned.",
            {"outcome": "return_all"},
            "findings.first.cells.share.outcome: there is no outcome 'return_all'",
            "Did you mean 'return_any'?",
        ),
        (
            "{share} returned.",
            {"group": "parent=mother; jurisdiction=Walls"},
            "findings.first.cells.share.group: there is no level 'Walls' of 'jurisdiction'",
            "Did you mean 'Wales'?",
        ),
        (
            "{share} returned.",
            {"group": "parents=mother"},
            "findings.first.cells.share.group: there is no group 'parents'",
            "Did you mean 'parent'?",
        ),
        (
            "{share} returned.",
            {"analysis": "predictors_new_child", "measure": "log_hazard_ratio", "term": "age_band", "level": "under 2"},
            "findings.first.cells.share.level: there is no level 'under 2' of 'age_band'",
            "Did you mean 'under 20'?",
        ),
        (
            "{share} returned.",
            {"time": 5.1},
            "findings.first.cells.share.time: 5.1 is not on the grid of 'return_by_parent'",
            "write a multiple of 0.25 up to 10",
        ),
    ],
)
def test_a_wrong_finding_is_an_error_that_says_what_to_write(
    told: Callable[..., str], text: str, cell: dict[str, Any], says: str, helps: str
) -> None:
    said = told(text, cell)
    assert says in said
    assert helps in said


def test_a_finding_has_text_and_cells_and_no_other_keys(told: Callable[..., str]) -> None:
    said = told(cell={"times": 5})
    assert "unknown key 'findings.first.cells.share.times'" in said
    assert "Did you mean 'time'?" in said
    assert "key 'findings.first.cells' is missing" in told(findings={"first": {"text": "They returned."}})


def test_the_key_picture_is_an_analysis_with_a_figure(told: Callable[..., str]) -> None:
    said = told(findings={}, figure="return_by_parents")
    assert "figure: there is no analysis 'return_by_parents'" in said
    assert "figure: analysis 'characteristics' has no figure." in told(findings={}, figure="characteristics")


def test_every_stream_of_the_repository_has_findings_and_a_key_picture() -> None:
    configuration = Configuration(ROOT / "config")
    for name in configuration.settings.streams:
        stream = configuration.stream(name)
        assert 1 <= len(stream.findings) <= 6
        assert stream.figure


def test_a_text_is_taken_apart_at_its_places() -> None:
    assert pieces("Of all, {a} or {b}.") == [("Of all, ", "a"), (" or ", "b"), (".", "")]
    assert pieces("{a}") == [("", "a"), ("", "")]
    assert pieces("None.") == [("None.", "")]


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (("cumulative_incidence", 0.2853, 0.2786, 0.2911), "28.5% (27.9 to 29.1)"),
        (("percent", 41.97, None, None), "42.0%"),
        (("log_odds_ratio", 0.4, 0.3177, 0.4823), "1.49 (1.37 to 1.62)"),
        (("log_hazard_ratio", -0.0036, -0.0046, -0.0026), "0.9964 (0.9954 to 0.9974)"),
        (("risk_difference", -0.0828, -0.0895, -0.076), "\u22128.3 percentage points (\u22128.9 to \u22127.6)"),
        (("marginal_effect", 2.04, -1.0, 5.08), "+2.0 percentage points (\u22121.0 to 5.1)"),
        (("restricted_mean_difference", 13.754, 13.52, 13.98), "+13.75 (13.52 to 13.98)"),
        (("restricted_mean_time", 21.587, 21.49, 21.69), "21.59 (21.49 to 21.69)"),
        (("mean_cumulative_count", 0.5814, 0.5547, 0.6094), "0.58 (0.55 to 0.61)"),
        (("kappa", 0.925, 0.908, 0.942), "0.93 (0.91 to 0.94)"),
        (("percent", None, None, None), ""),
    ],
)
def test_numbers_are_told_by_the_scale_of_their_measure(row: tuple[Any, ...], text: str) -> None:
    assert words.told(dict(zip(("measure", "estimate", "conf_low", "conf_high"), row, strict=True))) == text


def test_counts_are_told_as_they_were_released_and_tests_are_not() -> None:
    assert words.told({"measure": "analysed", "n": 30445}) == "30\u202f445"
    with pytest.raises(ValueError, match="'wald_test' is nothing that a sentence can tell"):
        words.told({"measure": "wald_test", "n": 5})


# --- filling ----------------------------------------------------------------------------------------------------------


def study(text: str, **cells: dict[str, Any]) -> dict[str, Any]:
    return samples.study() | {"findings": {"first": {"text": text, "cells": cells}}, "figure": "return_curve"}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.write_release(tmp_path_factory.mktemp("release"))


def filled(folder: Path, text: str, **cells: dict[str, Any]) -> str:
    (finding,) = findings(folder, study(text, **cells))
    return finding.text


def changed(released: Path, tmp_path: Path, analysis: str, change: Callable[[Any], Any]) -> Path:
    """Return a copy of a release in which the rows of one analysis are others."""
    folder = tmp_path / samples.STREAM
    shutil.copytree(released, folder)
    path = folder / analysis / "results.csv"
    write_csv(conform(change(read_results(str(path)))), path)
    return folder


def test_a_number_is_that_of_the_one_released_row(released: Path) -> None:
    rows = read_results(str(released / "return_curve" / "results.csv"))
    (row,) = rows[
        (rows["outcome"] == CURVE["outcome"]) & (rows["group"] == CURVE["group"]) & (rows["time"] == 5)
    ].to_dict("records")
    share = f"{100 * row['estimate']:.1f}% ({100 * row['conf_low']:.1f} to {100 * row['conf_high']:.1f})"
    assert filled(released, "Of all, {a} came, {b} again.", a=CURVE, b=RATIO).startswith(f"Of all, {share} came, ")


def test_the_pieces_say_which_analysis_a_number_is_of(released: Path) -> None:
    (finding,) = findings(released, study("Of all, {a}.", a=CURVE))
    assert [piece.analysis for piece in finding.pieces] == ["", "return_curve", ""]


def test_a_study_without_findings_has_none(released: Path) -> None:
    assert findings(released, samples.study()) == []


def test_a_finding_that_rests_on_a_withheld_number_is_not_told(released: Path) -> None:
    hidden = {**RATIO, "term": "deprivation_quintile", "level": "not known"}
    (finding,) = findings(released, study("It is {a} and {b}.", a=RATIO, b=hidden))
    assert (finding.text, finding.is_told) == (WITHHELD, False)


def test_a_finding_on_what_was_not_estimable_is_not_told(released: Path) -> None:
    lacking = {**RATIO, "term": "youngest_child_age", "level": "10 and over"}
    assert filled(released, "It is {a}.", a=lacking) == NOT_ESTIMABLE


def test_what_lies_beyond_the_end_of_a_curve_is_withheld(released: Path, tmp_path: Path) -> None:
    folder = changed(released, tmp_path, "return_curve", lambda rows: rows[rows["time"] < 4])
    assert filled(folder, "It is {a}.", a=CURVE) == WITHHELD
    # Not what no curve would have.
    with pytest.raises(PipelineError, match="no released row of 'return_curve'"):
        filled(folder, "It is {a}.", a={**CURVE, "time": 3.1})
    with pytest.raises(PipelineError, match="no released row of 'return_curve'"):
        filled(folder, "It is {a}.", a={**CURVE, "group": "parent=mother"})


def test_a_cell_that_is_no_row_names_the_labels_that_there_are(released: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        filled(released, "It is {a}.", a={**RATIO, "level": "20 to 25"})
    said = str(caught.value)
    assert "stream 'recurrence', finding 'first', cell 'a': no released row of 'return_model' has" in said
    assert "measure: log_hazard_ratio, term: age_band, level: 20 to 25" in said
    assert "'20 to 24'" in said


def test_a_cell_that_is_several_rows_names_what_tells_them_apart(released: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        filled(released, "It is {a}.", a={key: CURVE[key] for key in ("analysis", "measure", "outcome", "time")})
    said = str(caught.value)
    assert "released rows of 'return_curve' have measure: cumulative_incidence" in said
    assert "write more of outcome, group, term, level and time" in said
    assert "'parent=mother; jurisdiction=Wales'" in said


# --- where they stand -------------------------------------------------------------------------------------------------


def test_findings_are_the_same_on_the_page_the_front_page_in_word_and_in_the_crate(
    released: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "release" / samples.STREAM
    shutil.copytree(released, folder)
    about = study("Of mothers, {a} came back.", a=CURVE)
    for name, analysis in about["analyses"].items():
        if has_figure(analysis["kind"]):
            write_text(folder / name / "figure.json", json.dumps({"alt": "a", "caption": "c", "width": 7, "height": 4}))
    write_text(folder / "study.json", json.dumps(about))
    write_stream_page(folder)
    write_index(folder.parent, [samples.STREAM])
    write_crate(folder.parent, [samples.STREAM], ROOT / "Snakefile")
    (finding,) = findings(folder, about)
    number = finding.pieces[1].text
    value, _, limits = number.partition(" (")
    page, front = ((path / "index.html").read_text(encoding="utf-8") for path in (folder, folder.parent))
    link = f'#return-curve"><strong>{value}</strong> ({limits}</a> came back.</li>'
    assert f'<li>Of mothers, <a href="{link}' in page
    assert f'<li>Of mothers, <a href="{samples.STREAM}/index.html{link}' in front
    assert INTERVALS in page
    assert INTERVALS in front
    document: Any = docx.Document(str(folder / "tables.docx"))
    assert finding.text in [paragraph.text for paragraph in document.paragraphs]
    crate = json.loads((folder.parent / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    (root,) = [entity for entity in crate["@graph"] if entity["@id"] == "./"]
    assert f"{about['title']}. {words.SYNTHETIC} {finding.text}" in root["description"]
    # First the findings, then the key picture, the results, and how they were found.
    places = [
        page.index(text) for text in ('id="findings"', "return_curve/figure.svg", 'id="contents"', 'id="results"')
    ]
    places += [page.index(f'id="{name}"') for name in ("beside", "study", "cohorts", "methods", "disclosure")]
    assert places == sorted(places)


def test_yaml_of_a_finding_is_read_as_it_is_written() -> None:
    """Braces within a text are no mapping, and ``yes`` is a level."""
    found = yaml.safe_load((ROOT / "config/streams/infants.yaml").read_text(encoding="utf-8"))["findings"]["newborns"]
    assert "{first} of infants" in found["text"]
    stream = Configuration(ROOT / "config").stream("infants")
    assert stream.findings["newborns"].cells["first"].level == "yes"
