"""Pages of the report: well formed, readable without a network, and saying what the released rows say."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import release_samples as samples

from family_justice.errors import PipelineError
from family_justice.figures import words
from family_justice.figures.draw import has_figure
from family_justice.files import write_text
from family_justice.report import pages, prose
from family_justice.report.pages import anchor, write_index, write_stream_page
from family_justice.report.tables import page_tables as tables
from family_justice.results import read_results, tidy

TABLES, SEARCH, FIGURES = (
    (Path(pages.__file__).parent / "templates" / f"{name}.js").read_text() for name in ("tables", "search", "figures")
)

EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """Reads a page and complains of a tag that is not closed, or closed twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and ("td" in self.open or "th" in self.open):
            self.rows[-1][-1] += (" " if "small" in self.open else "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release folder with what is said of the figures, but without the pictures: the page only points at them."""
    folder = samples.write_release(tmp_path_factory.mktemp("release"))
    kinds = {name: about["kind"] for name, about in samples.study()["analyses"].items()}
    figures = {
        name: {"alt": f"Alt text of {name}.", "caption": "Caption.", "width": 7.2, "height": 4.0}
        for name, kind in kinds.items()
        if has_figure(kind)
    }
    for name, figure in figures.items():
        write_text(folder / name / "figure.json", json.dumps(figure))
    write_stream_page(folder)
    write_index(folder.parent, [samples.STREAM])
    return folder


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def row(page: Page, head: str) -> list[list[str]]:
    """All table rows with this heading, without it."""
    return [cells[1:] for cells in page.rows if cells and cells[0] == head]


def rows_of(analysis: str) -> Any:
    return tidy(samples.results()[analysis])


# --- form -----------------------------------------------------------------------------------------------------------


def test_pages_are_well_formed_and_in_british_english(folder: Path) -> None:
    for path in (folder / "index.html", folder.parent / "index.html"):
        page = Page(path.read_text(encoding="utf-8"))
        assert page.all("html") == [{"lang": "en-GB"}]
        assert len(page.all("h1")) == 1
        assert len(page.all("title")) == 1


def test_ids_are_unique_and_every_inner_link_has_its_target(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert [name for name, n in Counter(ids).items() if n > 1] == []
    targets = {str(a["href"])[1:] for a in page.all("a") if str(a["href"]).startswith("#")}
    assert targets <= set(ids)
    assert "main" in targets


def test_headings_skip_no_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_comes_from_the_network_and_scripts_stand_in_the_page(folder: Path) -> None:
    for path, scripts in ((folder / "index.html", (TABLES, FIGURES)), (folder.parent / "index.html", (TABLES, SEARCH))):
        text = path.read_text(encoding="utf-8")
        afar = re.compile(r"(?:https?:)?//")
        for tag, attributes in Page(text).tags:  # a link to a source is followed by the reader, not by the page
            assert not any(afar.match(attributes.get(name) or "") for name in ("src", "href", "data")) or tag == "a"
        assert re.findall(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", text) == []
        assert text.count("<script") == 1
        assert all(script in text for script in scripts)
        assert text.split("<script>\n")[1].split("</script>")[0].strip() == "".join(scripts).strip()
        assert "<link" not in text


def test_every_picture_has_its_alt_text_its_size_and_its_rows(folder: Path, page: Page) -> None:
    images = page.all("object")
    links = {a["href"] for a in page.all("a")}
    assert len(images) == sum(has_figure(about["kind"]) for about in samples.study()["analyses"].values())
    for image in images:
        analysis = str(image["data"]).removesuffix("/figure.svg")
        assert (image["type"], image["role"]) == ("image/svg+xml", "img")
        assert image["aria-label"] == f"Alt text of {analysis}."
        assert (image["width"], image["height"]) == ("691", "384")
        assert f"{analysis}/figure.png" in links
        assert f"{analysis}/results.csv" in links
        assert (folder / analysis / "results.csv").is_file()


def test_tables_name_their_columns_rows_and_subject(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    assert {attributes.get("scope") for attributes in page.all("th")} == {"col", "row", "rowgroup"}
    widths = {len(cells) for cells in page.rows if len(cells) > 1}
    assert widths


def test_the_same_release_gives_the_same_bytes(folder: Path, html: str) -> None:
    write_stream_page(folder)
    assert (folder / "index.html").read_text(encoding="utf-8") == html


def test_markup_in_labels_is_shown_not_obeyed(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / samples.STREAM
    shutil.copytree(folder, copy)
    study = samples.study() | {"question": "<script>alert(1)</script> & more"}
    write_text(copy / "study.json", json.dumps(study))
    text = write_stream_page(copy).read_text(encoding="utf-8")
    assert text.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text


def test_without_figures_there_is_no_page(tmp_path: Path) -> None:
    folder = samples.write_release(tmp_path)
    with pytest.raises(PipelineError, match=r"no figure of 'attrition\.parents'; draw the figures of the stream first"):
        write_stream_page(folder)


def test_every_study_leads_to_the_others(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / samples.STREAM
    shutil.copytree(folder, copy)
    studies = [("first", "The first"), (samples.STREAM, samples.study()["title"]), ("last", "The last <one>")]
    page = Page(write_stream_page(copy, studies).read_text(encoding="utf-8"))
    links = {(a.get("rel"), a["href"]) for a in page.all("a")}
    assert ("prev", "../first/index.html") in links
    assert ("next", "../last/index.html") in links
    assert "Next: The last <one>" in page.text
    (own,) = [a for a in page.all("a") if a.get("aria-current")]
    assert own["href"] == f"../{samples.STREAM}/index.html"


def test_a_study_alone_has_no_way_to_others(page: Page) -> None:
    assert not [a for a in page.all("a") if a.get("rel")]
    assert "Choose a study" not in page.text


def test_the_front_page_leads_to_every_result(folder: Path, page: Page) -> None:
    front = Page((folder.parent / "index.html").read_text(encoding="utf-8"))
    ids = {attributes["id"] for _, attributes in page.tags if attributes.get("id")}
    anchors = {
        str(a["href"]).partition("#")[2] for a in front.all("a") if f"{samples.STREAM}/index.html#" in str(a["href"])
    }
    assert {"return-curve", "return-model"} <= anchors <= ids


# --- content --------------------------------------------------------------------------------------------------------


def test_synthetic_records_are_called_so_before_anything_else(folder: Path, html: str, page: Page) -> None:
    assert "Synthetic records: findings are of a made-up population, not of real families." in html
    assert html.index("Synthetic records:") < html.index("<h2")
    assert page.text.count("Calibration, not a finding") == 2
    assert "Synthetic records" in (folder.parent / "index.html").read_text(encoding="utf-8")


def test_real_records_carry_no_banner(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / samples.STREAM
    shutil.copytree(folder, copy)
    study = samples.study()
    study["source"]["is_synthetic"] = False
    write_text(copy / "study.json", json.dumps(study))
    text = write_stream_page(copy).read_text(encoding="utf-8")
    assert "Synthetic records" not in text
    assert "Calibration, not a finding" not in text


def test_ratios_are_those_of_the_released_rows(folder: Path, page: Page) -> None:
    rows = read_results(str(folder / "return_model" / "results.csv"))
    chosen = rows[
        (rows["term"] == "age_band") & (rows["level"] == "20 to 24") & (rows["measure"] == "log_hazard_ratio")
    ]
    released = chosen.iloc[0]
    text = f"{words.ratio(words.exponential(released['estimate']))} "
    expected = [words.count(released["n"]), words.count(released["events"])]
    (found, *_) = [cells for cells in row(page, "20 to 24") if len(cells) == 4]
    assert found[:2] == expected
    assert found[2].startswith(text)
    assert found[3] == "<0.001"


def test_levels_without_an_estimate_say_why() -> None:
    labels = words.Labels(samples.study())
    table = tables.model(rows_of("return_model"), samples.study()["analyses"]["return_model"], labels)
    lines = {line.head: [cell.text for cell in line.cells] for line in table.rows}
    assert lines["25 to 29"][2:] == ["1 (reference)", ""]
    assert lines["10 and over"][2:] == ["not estimable", ""]
    assert lines["Not known"] == ["withheld", "withheld", "withheld", ""]
    hidden = next(line for line in table.rows if line.head == "Not known")
    assert hidden.cells[0].title == samples.HIDDEN


def test_an_analysis_without_rows_has_tables_without_rows() -> None:
    study = samples.study()
    labels = words.Labels(study)
    empty = tidy([])
    about = study["analyses"]
    assert tables.model(empty, about["return_model"], labels).rows == []
    assert tables.curve(empty, about["return_curve"], labels).rows == []
    assert tables.frequency(empty, about["orders"], labels) == []
    assert tables.attrition(empty, about["attrition.parents"], labels).rows == []
    assert tables.tests(empty, labels) is None
    assert prose.model_summary(empty, labels) == []


def test_curves_are_shown_at_the_reported_times_in_percent() -> None:
    study = samples.study()
    table = tables.curve(rows_of("return_curve"), study["analyses"]["return_curve"], words.Labels(study))
    assert table.heads == ["Group", "1 year", "2 years", "5 years", "10 years"]
    assert [line.head for line in table.rows[:2]] == ["Return with a new child", "Mother, England"]
    # 0.24 (1 - exp(-0.35)) = 7.08%
    assert table.rows[1].cells[0].text == "7.1%"
    assert table.rows[1].cells[0].sub == "7.0 to 7.2\n66\u202f500"


def test_a_time_that_a_curve_does_not_reach_is_no_blank() -> None:
    study = samples.study()
    rows = rows_of("return_curve")
    first = rows["group"] == rows["group"].iloc[0]
    table = tables.curve(rows[~(first & (rows["time"] > 5))], study["analyses"]["return_curve"], words.Labels(study))
    assert [cell.text == "ended" for cell in table.rows[1].cells] == [False, False, False, True]
    assert "Ended: too few were left at risk to go on so far." in table.notes
    whole = tables.curve(rows, study["analyses"]["return_curve"], words.Labels(study))
    assert not any(note.startswith("Ended") for note in whole.notes)


def test_times_are_spread_over_the_grid_if_the_study_names_none() -> None:
    study = samples.study()
    rows = rows_of("return_free")
    assert tables.report_times(rows, {"report_at": []}) == [2.0, 4.0, 6.0, 8.0, 10.0]
    assert tables.report_times(rows, study["analyses"]["return_free"]) == [1.0, 5.0]


def test_frequencies_show_percent_count_and_denominator(page: Page) -> None:
    assert ["30.0% 1\u202f560 of 5\u202f200", "36.0% 1\u202f870 of 5\u202f200"] in row(page, "2010/11")
    assert any(cells[-1] == "withheld" for cells in row(page, "2012/13"))


def test_a_single_panel_is_named_in_the_note_so_that_its_rows_can_be_sorted() -> None:
    about, labels = samples.study()["analyses"]["newborn_by_jurisdiction"], words.Labels(samples.study())
    (table,) = tables.frequency(rows_of("newborn_by_jurisdiction"), about, labels)
    assert table.rows
    assert all(row.cells and not row.indent for row in table.rows)
    assert table.notes[0] == "Issued within 7 days of birth: percent. In small type: count and denominator."


def test_variables_of_many_levels_say_how_many() -> None:
    about = {
        "label": "Court area",
        "definition": "d",
        "levels": [f"area {n}" for n in range(45)],
        "reference": "area 7",
    }
    (row,) = pages._covariates({"covariates": {"area": about}}).rows
    assert row.cells[1].text == "45 levels; reference: area 7"
    (row,) = pages._covariates({"covariates": {"area": {**about, "levels": ["a", "area 7"]}}}).rows
    assert row.cells[1].text == "a; area 7 (reference)"


def test_table_one_shows_count_and_percent_by_group(page: Page) -> None:
    assert "Mother (N\u00a0=\u00a082\u202f000)" in page.text
    assert "Father (N\u00a0=\u00a061\u202f000)" in page.text
    assert ["16\u202f400 (20.0)", "12\u202f200 (20.0)", "28\u202f600 (20.0)", "", ""] in row(page, "25 to 29")
    assert any(cells[1:3] == ["withheld", "withheld"] for cells in row(page, "Not known"))


def test_attrition_shows_who_is_left_and_left_out(page: Page) -> None:
    assert ["143\u202f000", "25\u202f340"] in row(page, "First case of each parent")
    assert ["168\u202f340", "fewer than 10, or none"] in row(page, "Aged 12 or more at the birth of each child")


def test_comparisons_keep_the_decimals_of_the_reference(page: Page) -> None:
    assert ["37.2", "42", "\u22124.8 from the published figure", "published report (2018)"] in row(
        page, "Newborn share, 2016/17"
    )
    assert ["withheld", "52", "withheld", "published report (2018)"] in row(page, "Newborn share, Wales")
    assert "13\u00a0of\u00a013: within our 95% interval." in page.text


def test_long_sources_become_numbered_notes() -> None:
    rows = samples.comparisons().head(3)
    rows = rows.assign(
        source=["A long title of a report, 2018", "Another report of that year, 2019", "A long title of a report, 2018"]
    )
    table = tables.comparison(rows, "Title", "published")
    assert [line.cells[-1].text for line in table.rows] == ["[1]", "[2]", "[1]"]
    assert table.notes == ["[1] A long title of a report, 2018.", "[2] Another report of that year, 2019."]


def test_each_analysis_says_how_much_was_withheld(page: Page) -> None:
    assert "Disclosure control withheld 3 of 3 rows." in page.text
    assert "Disclosure control withheld none of the 44 rows." in page.text


def test_the_footer_names_versions_and_fingerprints(page: Page) -> None:
    for text in ("0.1.0", "0123456789abcdef", "fedcba9876543210", "ab12cd34ef56ab78"):
        assert text in page.text


def test_methods_are_said_once(page: Page) -> None:
    assert page.text.count("A logistic model was fitted by maximum likelihood.") == 1


# --- sentences ------------------------------------------------------------------------------------------------------


def test_the_test_of_proportional_hazards_is_put_in_plain_words() -> None:
    labels = words.Labels(samples.study())
    said = prose.proportional_hazards(rows_of("return_model"), labels).replace("\u00a0", " ")
    assert "changes with time for age at index case (p = 0.015)" in said
    assert said.endswith("All covariates together: p = 0.32.")
    quiet = tidy([{"measure": "proportional_hazards_test", "term": "age_band", "p_value": 0.4}])
    assert (
        prose.proportional_hazards(quiet, labels)
        == "The tests give no evidence that any hazard ratio changes with time."
    )
    assert prose.proportional_hazards(rows_of("placement_model"), labels) == ""


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"estimate": 6.27, "n": 1435}, "Median follow-up: 6.3 years among 1\u202f435 parents (reverse Kaplan-Meier)."),
        ({"status": "suppressed"}, "The median follow-up is withheld by disclosure control."),
        (
            {"status": "not estimable", "note": "more than half are still observed"},
            "The median follow-up cannot be given: more than half are still observed.",
        ),
    ],
)
def test_follow_up_in_words(row: dict[str, Any], sentence: str) -> None:
    rows = tidy([{"measure": "median_follow_up", **row}])
    about = {"cohort": "parents", "time_unit": "years"}
    assert prose.follow_up(rows, about, words.Labels(samples.study())) == sentence


def test_the_summary_of_a_model_says_how_well_it_fits() -> None:
    rows, labels = rows_of("return_model"), words.Labels(samples.study())
    said = prose.model_summary(rows, labels)
    assert said[0].endswith("chi-squared 812 on 19 degrees of freedom, p\u00a0<0.001.")
    assert said[1].startswith("Concordance: 0.64")
    # Where the statistic is not released, its p value is.
    rows.loc[rows["measure"] == "likelihood_ratio_test", "statistic"] = float("nan")
    assert prose.model_summary(rows, labels)[0].endswith("model: 19 degrees of freedom, p\u00a0<0.001.")


def test_anchors_hold_only_what_an_id_may() -> None:
    assert anchor("attrition.parents_in_court") == "attrition-parents-in-court"
