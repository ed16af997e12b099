"""What a browser shows on pointing at a figure: the words of the table, and nothing of what is withheld."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import release_samples as samples

from family_justice.figures.draw import draw_analysis
from family_justice.figures.house.hover import Spot, described, strips, switches
from family_justice.figures.words import Labels
from family_justice.report.tables import page_tables as tables
from family_justice.results import read_results, tidy

SVG = "{http://www.w3.org/2000/svg}"
Area = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = samples.write_release(tmp_path_factory.mktemp("release"))
    for analysis in ("return_curve", "return_model", "orders_period", "newborn_trend", "orders", "attrition.infants"):
        draw_analysis(
            samples.study(samples.SVG_ONLY),
            analysis,
            read_results(str(folder / analysis / "results.csv")),
            folder / analysis,
        )
    return folder


def areas(release: Path, analysis: str) -> list[tuple[Area, str]]:
    root = ElementTree.parse(release / analysis / "figure.svg").getroot()
    found = []
    for rect in root.iterfind(f"{SVG}g[@class='hover']/{SVG}rect"):
        left, top, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        found.append(((left, top, width, height), str(rect.findtext(f"{SVG}title"))))
    return found


def shown(table: tables.Table) -> list[str]:
    return [line for row in table.rows for cell in row.cells for line in (cell.text, *cell.sub.split("\n")) if line]


def rows_of(release: Path, analysis: str):
    study = samples.study()
    return read_results(str(release / analysis / "results.csv")), study["analyses"][analysis], Labels(study)


def test_strips_meet_halfway_and_end_with_the_axis() -> None:
    assert strips([0.0, 1.0, 3.0], (0.0, 3.0)) == [(0.0, 0.5), (0.5, 2.0), (2.0, 3.0)]
    assert strips([2.0], (0.0, 4.0)) == [(0.0, 4.0)]


def test_the_figure_is_one_picture_with_a_name_and_a_description() -> None:
    svg = described('<svg width="9">\n</svg>\n', [Spot(0.5, 1, 2, 0.25, "A < B\n5 & 6")], "Age", 'Bars of "age" < 3')
    root = ElementTree.fromstring(svg)
    assert root.attrib == {"role": "img", "width": "9"}
    assert (root.findtext("title"), root.findtext("desc")) == ("Age", 'Bars of "age" < 3')
    (rect,) = root.iterfind("g/rect")
    assert rect.attrib == {"x": "36", "y": "72", "width": "144", "height": "18"}
    assert rect.findtext("title") == "A < B\n5 & 6"


def test_curves_say_at_each_time_what_the_table_says(release: Path) -> None:
    rows, about, labels = rows_of(release, "return_curve")
    said = " ".join(words for _, words in areas(release, "return_curve"))
    table = tables.curve(rows, about, labels)
    assert table.rows
    assert [text for text in shown(table) if text not in said] == []
    times = {f"{time:g}" for time in rows["time"].dropna()}
    assert times <= {words.split(" ", 1)[0] for _, words in areas(release, "return_curve")}


def test_forests_say_what_the_table_says(release: Path) -> None:
    rows, about, labels = rows_of(release, "return_model")
    said = "\n".join(words for _, words in areas(release, "return_model"))
    table = tables.model(rows, about, labels)
    for row in table.rows:
        for cell in row.cells[:3]:
            assert cell.text in said


@pytest.mark.parametrize("analysis", ["orders_period", "newborn_trend", "orders"])
def test_frequencies_say_what_the_table_says(analysis: str, release: Path) -> None:
    rows, about, labels = rows_of(release, analysis)
    said = "\n".join(words for _, words in areas(release, analysis))
    for table in tables.frequency(rows, about, labels):
        columns = [i for i, head in enumerate(table.heads[1:]) if head != "All"]
        for row in table.rows:
            for index in columns if row.cells else []:
                assert row.cells[index].text in said
                assert row.cells[index].sub in said


def test_flows_say_at_each_step_what_the_table_says(release: Path) -> None:
    rows, about, labels = rows_of(release, "attrition.infants")
    table, found = tables.attrition(rows, about, labels), areas(release, "attrition.infants")
    assert len(found) == len(table.rows) == 3
    for row, (_, said) in zip(table.rows, found, strict=True):
        left, out = row.cells
        assert said.startswith(f"{row.head}\n")
        assert ("Number withheld" if left.withheld else f"\n{left.text} ") in said
        assert said.endswith(f"Excluded: {out.text}" if out.text else f"{left.text} infants")


def test_a_withheld_value_has_neither_number_nor_place(release: Path, tmp_path: Path) -> None:
    rows, _, _ = rows_of(release, "newborn_trend")
    before = areas(release, "newborn_trend")
    hidden = rows["group"].str.contains(rows["group"].iloc[0], regex=False)
    rows.loc[hidden, ["estimate", "conf_low", "conf_high", "n"]] = None
    rows.loc[hidden, "status"] = "suppressed"
    draw_analysis(samples.study(samples.SVG_ONLY), "newborn_trend", rows, tmp_path / "newborn_trend")
    after = areas(tmp_path, "newborn_trend")
    assert [place for place, _ in after] == [place for place, _ in before]
    changed = [
        line for (_, was), (_, now) in zip(before, after, strict=True) for line in now.splitlines() if line not in was
    ]
    assert changed
    assert all(line.endswith(": withheld") for line in changed)


def test_where_a_curve_ends_the_strips_say_withheld(release: Path, tmp_path: Path) -> None:
    rows, _, _ = rows_of(release, "return_curve")
    late = rows["time"] > rows["time"].max() - 1
    rows.loc[late, ["estimate", "conf_low", "conf_high", "at_risk"]] = None
    rows.loc[late, "status"] = "suppressed"
    draw_analysis(samples.study(samples.SVG_ONLY), "return_curve", rows, tmp_path / "return_curve")
    last = [line for _, words in areas(tmp_path, "return_curve") for line in words.splitlines() if "withheld" in line]
    assert last
    assert not any(re.search(r"\d", line.partition(": ")[2]) for line in last)


def test_every_word_comes_from_the_released_rows(release: Path) -> None:
    """Percentages shown are those of the rows: no other number with a percent sign is in any area."""
    rows, _, _ = rows_of(release, "orders_period")
    allowed = {f"{value:.1f}" for value in rows["estimate"].dropna()}
    said = "\n".join(words for _, words in areas(release, "orders_period"))
    assert set(re.findall(r"([\d.]+)%", said.replace("95% CI", ""))) <= allowed


def test_every_choice_of_series_but_none_at_all_can_be_addressed() -> None:
    said = switches(3)
    assert re.findall(r'id="hide-(\d+)"', said) == ["0", "1", "2", "01", "02", "12"]
    assert [f'[id*="{one}"]:target) [id^="s{one}-"]' in said for one in range(4)] == [True, True, True, False]
    assert switches(0) == ""


def test_what_is_drawn_of_a_series_has_ids_of_its_own(release: Path) -> None:
    svg = (release / "return_curve" / "figure.svg").read_text()
    ids = re.findall(r'<g id="(s\d+-\d+)"', svg)
    assert len(ids) == len(set(ids))
    assert {name.partition("-")[0] for name in ids} == {"s0", "s1", "s2", "s3"}


def test_of_stacked_areas_and_forests_nothing_can_be_switched_off(release: Path) -> None:
    for analysis in ("return_model", "orders_period"):
        assert "hide-" not in (release / analysis / "figure.svg").read_text()


def test_the_page_is_given_what_the_figure_says_in_percent_of_its_size(tmp_path: Path) -> None:
    rows = tidy(samples.results()["return_curve"])
    said = draw_analysis(samples.study(samples.SVG_ONLY), "return_curve", rows, tmp_path)
    assert said["series"] == ["Mother, England", "Mother, Wales", "Father, England", "Father, Wales"]
    root = ElementTree.parse(tmp_path / "figure.svg").getroot()
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    drawn = list(root.iterfind(f"{SVG}g[@class='hover']/{SVG}rect"))
    assert len(drawn) == len(said["spots"]) > 10
    for rect, (left, across, top, down, text) in zip(drawn, said["spots"], strict=True):
        assert rect.findtext(f"{SVG}title") == text
        assert float(rect.attrib["x"]) / width * 100 == pytest.approx(left, abs=0.02)
        assert float(rect.attrib["width"]) / width * 100 == pytest.approx(across, abs=0.02)
        assert float(rect.attrib["y"]) / height * 100 == pytest.approx(top, abs=0.02)
        assert float(rect.attrib["height"]) / height * 100 == pytest.approx(down, abs=0.02)
