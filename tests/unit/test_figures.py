"""Figures: bytes, words, marks and what becomes of withheld rows. Expected values are worked by hand."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
import release_samples as samples

from family_justice.errors import AnalysisError
from family_justice.figures import words
from family_justice.figures.charts import curves, flow, forest, trends
from family_justice.figures.draw import draw_analysis, draw_figures
from family_justice.figures.house.frequency_layout import arrange
from family_justice.figures.house.style import MARGIN, Sheet, house_style, text_width, tick_step, wrap
from family_justice.results import read_results, tidy


@pytest.fixture(scope="module")
def release(copy_of_drawn: Path) -> Path:
    """Return a drawn release; the files for print of one figure are real ones."""
    rows = read_results(str(copy_of_drawn / "return_free" / "results.csv"))
    draw_analysis(samples.study(), "return_free", rows, copy_of_drawn / "return_free")
    return copy_of_drawn


def drawn(analysis: str, **changes: Any) -> tuple[Sheet, str, str]:
    study = samples.study()
    about = {**study["analyses"][analysis], **changes}
    rows = tidy(samples.results()[analysis], analysis=analysis)
    labels = words.Labels(study)
    draw = {"attrition": flow.draw, "frequency": trends.draw, "follow_up": curves.small, "kaplan_meier": curves.draw}
    with house_style():
        if about["kind"] in ("cox", "logistic", "aft"):
            return forest.draw(rows, about, labels, samples.comparisons())
        return draw.get(about["kind"], curves.draw)(rows, about, labels)


def texts(sheet: Sheet) -> list[str]:
    """Everything written on a sheet, tick labels included."""
    found = [text.get_text() for text in sheet.figure.texts]
    for axes in sheet.figure.axes:
        if axes.axison:
            found += [label.get_text() for label in [*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts]]
    return found


# --- the files -----------------------------------------------------------------------------------------------------


def test_each_analysis_but_the_tables_has_an_svg_and_alt_text(release: Path) -> None:
    described = {path.parent.name: path for path in release.glob("*/figure.json")}
    figures = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in described.items()}
    kinds = {name: about["kind"] for name, about in samples.study()["analyses"].items()}
    assert set(figures) == {name for name, kind in kinds.items() if kind != "table_one"}
    for name, figure in figures.items():
        assert (release / name / "figure.svg").read_text(encoding="utf-8").startswith("<?xml")
        assert len(figure["alt"]) > 40
        assert figure["caption"].endswith(".")
        assert figure["width"] == pytest.approx(7.2)


@pytest.mark.slow
def test_each_figure_is_made_for_print_and_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    folder = samples.write_release(tmp_path / "release")
    figures = draw_figures(folder)
    for name in figures:
        assert (folder / name / "figure.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / name / "figure.pdf").read_bytes().startswith(b"%PDF")
    for analysis in ("return_curve", "return_model", "orders_period", "newborn_trend", "attrition.parents"):
        planted = samples.comparisons().query("kind == 'planted' and analysis == @analysis")
        rows = read_results(str(folder / analysis / "results.csv"))
        draw_analysis(samples.study(), analysis, rows, tmp_path, planted)
        for name in ("figure.svg", "figure.png", "figure.pdf"):
            assert (tmp_path / name).read_bytes() == (folder / analysis / name).read_bytes()


@pytest.mark.parametrize("analysis", ["return_model", "orders_period", "attrition.parents"])
def test_the_same_rows_give_the_same_svg(analysis: str, release: Path, tmp_path: Path) -> None:
    planted = samples.comparisons().query("kind == 'planted' and analysis == @analysis")
    rows = read_results(str(release / analysis / "results.csv"))
    draw_analysis(samples.study(samples.SVG_ONLY), analysis, rows, tmp_path, planted)
    assert (tmp_path / "figure.svg").read_bytes() == (release / analysis / "figure.svg").read_bytes()


def test_a_users_matplotlib_settings_change_nothing(release: Path, tmp_path: Path) -> None:
    import matplotlib

    rows = read_results(str(release / "return_free" / "results.csv"))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none"}):
        draw_analysis(samples.study(samples.SVG_ONLY), "return_free", rows, tmp_path)
    assert (tmp_path / "figure.svg").read_bytes() == (release / "return_free" / "figure.svg").read_bytes()


def test_files_for_print_are_at_300_dpi_with_their_fonts(release: Path) -> None:
    png = (release / "return_free" / "figure.png").read_bytes()
    at = png.index(b"pHYs") + 4
    assert struct.unpack(">IIB", png[at : at + 9]) == (11811, 11811, 1)  # pixels per metre: 300 per inch
    pdf = (release / "return_free" / "figure.pdf").read_bytes()
    assert b"/FontFile2" in pdf  # TrueType, whole in the file
    assert b"/Type3" not in pdf


def test_files_name_no_date_and_no_program(release: Path) -> None:
    svg = (release / "return_free" / "figure.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg
    assert "<dc:creator>" not in svg
    assert b"Matplotlib" not in (release / "return_free" / "figure.png").read_bytes()


def test_an_unknown_kind_is_an_error_that_lists_the_kinds(tmp_path: Path) -> None:
    study = samples.study()
    study["analyses"]["odd"] = {**study["analyses"]["orders"], "kind": "pie"}
    with pytest.raises(AnalysisError, match=r"no figure for kind 'pie' of analysis 'odd'\. Kinds: .*\battrition, "):
        draw_analysis(study, "odd", tidy([{"measure": "count", "n": 5}]), tmp_path)


# --- what is on them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "analysis", [name for name, a in samples.study()["analyses"].items() if a["kind"] != "table_one"]
)
def test_nothing_is_written_outside_the_sheet(analysis: str) -> None:
    sheet, _, _ = drawn(analysis)
    for text in sheet.figure.texts:
        if text.get_rotation() == 0:
            width = text_width(text.get_text(), text.get_fontsize(), str(text.get_weight()))
            left = (
                text.get_position()[0] * sheet.width - {"left": 0, "center": width / 2, "right": width}[text.get_ha()]
            )
            assert left > 0.02, text.get_text()
            assert left + width < sheet.width - 0.02, text.get_text()


@pytest.mark.parametrize(
    "analysis", [name for name, a in samples.study()["analyses"].items() if a["kind"] != "table_one"]
)
def test_every_figure_says_that_the_records_are_synthetic_and_rounded(analysis: str) -> None:
    said = " ".join(texts(drawn(analysis)[0]))
    assert "Synthetic records: findings are of a made-up population, not of real families." in said
    assert "Counts are rounded to the nearest 5" in said


def test_a_pair_keeps_its_colour_and_the_division_gets_dashes() -> None:
    groups = [f"parent={p}; jurisdiction={j}" for p in ("mother", "father") for j in ("England", "Wales")]
    styles = curves._styles(groups)
    assert styles[groups[0]][0] == styles[groups[1]][0] != styles[groups[2]][0]
    assert styles[groups[0]][1] == styles[groups[2]][1] != styles[groups[1]][1]


def test_curves_name_each_group_outcome_and_number_at_risk() -> None:
    sheet, alt, _ = drawn("return_curve")
    said = texts(sheet)
    assert {"New child", "Same children", "Mother, England", "Father, Wales", "Number at risk"} <= set(said)
    start = words.count(samples.rounded(82000 * 0.94))
    assert said.count(start) == 2  # under both panels
    # 24% share, pace 0.35 a year: 0.24 (1 - exp(-3.5)) = 23.3% after ten years
    assert "Mother, England 23.3% (95% CI" in alt


def test_curves_stop_where_the_rows_are_withheld_and_say_so() -> None:
    sheet, _, _ = drawn("return_by_age")
    said = texts(sheet)
    assert "[c]" in said
    assert any("Curves end where the numbers become too small to release" in text for text in said)
    lines = [line for line in sheet.figure.axes[0].get_lines() if len(line.get_xdata()) > 2]
    ends = sorted(float(line.get_xdata()[-1]) for line in lines)
    assert ends[0] < 10
    assert ends[1:] == [10, 10, 10, 10]


def test_more_groups_than_a_panel_can_hold_become_panels() -> None:
    rows = [
        row
        for band in samples.LEVELS["age_band"]
        for place in ("England", "Wales")
        for row in samples._curve(
            "survival", "return_new_child", f"age_band={band}; jurisdiction={place}", 5000, 0.3, 0.3
        )
    ]
    labels = words.Labels(samples.study())
    panels = curves._panels(tidy(rows), labels)
    assert [panel.title for panel in panels][:2] == ["Age at index case: under 20", "Age at index case: 20 to 24"]
    assert [[line.label for line in panel.lines] for panel in panels] == [["England", "Wales"]] * 5


def test_everything_withheld_is_said_in_words() -> None:
    sheet, alt, _ = drawn("rare_return")
    assert "All curves are withheld: too few people or events to release." in texts(sheet)
    assert "withheld" in alt
    assert all(not axes.axison for axes in sheet.figure.axes)


@pytest.mark.parametrize("analysis", ["attrition.parents", "return_curve", "return_model", "orders", "newborn_trend"])
def test_an_analysis_without_rows_says_that_all_is_withheld(analysis: str) -> None:
    study = samples.study()
    about = study["analyses"][analysis]
    draw = {"attrition": flow.draw, "frequency": trends.draw, "cox": forest.draw}.get(about["kind"], curves.draw)
    with house_style():
        sheet, alt, _ = draw(tidy([]), about, words.Labels(study))
    assert any("withheld: too few people" in text for text in texts(sheet))
    assert "withheld" in alt


def test_a_forest_shows_references_and_names_what_is_missing() -> None:
    sheet, alt, _ = drawn("return_model")
    said = texts(sheet)
    assert said.count("1 (reference)") == 5
    assert said.count("not estimable") == 1
    assert said.count("withheld") == 3  # people, events and ratio of one level
    # exp(0.55 sin(1.3)) = exp(0.52996) = 1.699, limits exp(0.52996 -+ 1.96 * 0.09) = 1.424 and 2.027
    assert "1.70 (1.42 to 2.03)" in said
    assert "age at index case, 20 to 24: 1.70 (1.42 to 2.03)" in alt.lower()
    assert "Years since 2007 (per year)" in said


def test_planted_values_are_hollow_diamonds_at_their_place() -> None:
    sheet, _, caption = drawn("return_model")
    axes = next(axes for axes in sheet.figure.axes if axes.axison)
    diamonds = sorted(float(line.get_xdata()[0]) for line in axes.get_lines() if line.get_marker() == "D")
    planted = samples.comparisons().query("kind == 'planted'")["reference"]
    assert diamonds == pytest.approx(sorted(planted))
    assert "Hollow diamonds" in caption


def test_the_ratio_axis_covers_estimates_and_has_a_tick_at_one() -> None:
    entries = [
        forest.Entry("a", "level", ratio=1.2, low=0.9, high=1.6),
        forest.Entry("b", "level", ratio=0.3, low=0.01, high=9.0),
    ]
    low, high, ticks = forest._scale(entries)
    assert low < 0.3
    assert high > 1.6
    assert 1.0 in ticks
    assert all(low <= tick <= high for tick in ticks)


def test_the_flow_shows_differences_of_released_counts_and_hides_the_rest() -> None:
    labels = words.Labels(samples.study())
    found = flow.steps(tidy(samples.results()["attrition.parents"]), "parents", labels)
    assert [step.excluded for step in found] == ["", words.count(3565), "fewer than 10, or none", words.count(25340)]
    withheld = flow.steps(tidy(samples.results()["attrition.infants"]), "infants", labels)
    assert (withheld[-1].remaining, withheld[-1].excluded) == ("withheld", "withheld")
    assert "Number withheld" in texts(drawn("attrition.infants")[0])


def test_a_frequency_puts_the_first_group_on_the_axis_and_only_yes_in_the_lines() -> None:
    study = samples.study()
    rows = tidy(samples.results()["newborn_by_jurisdiction"])
    found = arrange(rows, study["analyses"]["newborn_by_jurisdiction"], words.Labels(study))
    assert found.axis == "Financial year of issue"
    assert found.places == samples.YEARS
    assert found.joined
    (board,) = found.boards
    assert [series.label for series in board.series] == ["England", "Wales"]
    assert math.isnan(board.series[1].cells["2012/13"].percent)
    assert board.series[0].cells["2010/11"].words == f"{words.count(1560)} (30.0%)"


def test_parts_of_a_whole_are_stacked_and_what_is_withheld_is_hatched() -> None:
    sheet, _, _ = drawn("orders_period")
    frames = [axes for axes in sheet.figure.axes if axes.axison]
    hatched = [[patch for patch in axes.patches if patch.get_hatch()] for axes in frames]
    assert [len(patches) for patches in hatched] == [0, 5]  # England has no gap, Wales one in each period
    for patch in hatched[1]:
        assert patch.get_x() + patch.get_width() == pytest.approx(100)
    assert "No order or discharge" in texts(sheet)


# --- words and sizes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (995, "995"), (1000, "1\u202f000"), (1234567, "1\u202f234\u202f567"), (None, ""), (math.nan, "")],
)
def test_counts(value: Any, expected: str) -> None:
    assert words.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.005, "1.00"), (0.694, "0.69"), (0.0123, "0.012"), (12.345, "12.35"), (123.4, "123"), (0.0, "0.00")],
)
def test_ratios(value: float, expected: str) -> None:
    assert words.ratio(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0004, "<0.001"), (0.001, "0.001"), (0.0146, "0.015"), (0.32, "0.32"), (1.0, "1.00"), (None, "")],
)
def test_p_values(value: float | None, expected: str) -> None:
    assert words.p_value(value) == expected


def test_minus_zero_has_no_sign_and_a_negative_number_a_true_minus() -> None:
    assert words.decimal(-0.001, 2) == "0.00"
    assert words.decimal(-4.8, 1) == "\u22124.8"


def test_only_a_note_that_says_so_makes_a_withheld_count_small() -> None:
    labels = words.Labels(samples.study())
    assert labels.withheld("fewer than 10") == "<10"
    assert labels.withheld(samples.HIDDEN) == "withheld"
    assert labels.withheld("") == "withheld"


def test_public_records_are_neither_rounded_nor_called_synthetic() -> None:
    study = samples.study()
    study["policy"] |= {"threshold": 1, "rounding_base": 1}
    study["source"] |= {"is_synthetic": False, "description": "Two public data sets.", "refresh_date": ""}
    assert words.Labels(study).foot() == "Counts are exact. Source: Two public data sets."


def test_levels_that_need_their_column_get_one_heading() -> None:
    labels = words.Labels(samples.study())
    assert labels.strata(["age_band=under 20", "age_band=25 to 29"]) == (
        "Age at index case",
        {"age_band=under 20": "Under 20", "age_band=25 to 29": "25 to 29"},
    )
    assert labels.strata(["father_is_party=yes"])[1] == {"father_is_party=yes": "Father is a party: yes"}
    assert labels.strata([""]) == ("", {"": "All"})


def test_text_is_broken_where_it_would_be_too_wide() -> None:
    lines = wrap("one two three four five six", 0.8)
    assert " ".join(lines) == "one two three four five six"
    assert all(text_width(line) <= 0.8 for line in lines)
    assert MARGIN > 0


@pytest.mark.parametrize(
    ("span", "most", "unit", "step"),
    [(10, 12, "years", 1), (10, 6, "years", 2), (104, 6, "weeks", 26), (0.5, 5, "years", 0.25), (60, 6, "percent", 10)],
)
def test_tick_steps_suit_the_unit(span: float, most: int, unit: str, step: float) -> None:
    assert tick_step(span, most, unit) == step


@pytest.mark.parametrize(
    "name", ["Wales", "England's courts", "London", "North East", "Yorkshire and the Humber", "ECMS"]
)
def test_names_keep_their_capital_in_a_sentence(name: str) -> None:
    assert words.lower_first(name) == name
    assert words.lower_first("Mothers in Wales") == "mothers in Wales"
