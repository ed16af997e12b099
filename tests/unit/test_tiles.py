"""Tile grids: every court area has its own place, classes are round, and a withheld tile tells nothing."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import release_samples as samples
import yaml

from family_justice.figures import words
from family_justice.figures.charts import trends
from family_justice.figures.charts.tiles import SHADES, class_of, classes, read_tiles, shade
from family_justice.figures.house.style import Sheet, house_style, text_width
from family_justice.results import tidy

ROOT = Path(__file__).resolve().parents[2]
TILES = read_tiles(ROOT / "config/codelists")
HIDDEN = "suppressed: a count is, or would reveal, fewer than 10"


def drawn(percents: dict[str, float | None], **about: Any) -> tuple[Sheet, str, str]:
    """Draw a share per area; None is withheld."""
    rows = [
        {
            "measure": "percent", "group": f"court_area={name}", "term": "newborn_14", "level": level,
            "n": None if p is None else round(10 * (p if level == "yes" else 100 - p)),
            "total": None if p is None else 1000,
            "estimate": None if p is None else p if level == "yes" else 100 - p,
            "status": "suppressed" if p is None else "ok", "note": HIDDEN if p is None else "",
        }
        for name, p in percents.items()
        for level in ("yes", "no")
    ]  # fmt: skip
    study = samples.study()
    study["covariates"]["court_area"] = {"label": "Court area", "levels": sorted(TILES)}
    given = {"title": "T", "cohort": "parents", "group_by": ["court_area"], "tiles": TILES, **about}
    with house_style():
        return trends.draw(tidy(rows, analysis="a"), given, words.Labels(study))


def test_every_court_area_of_the_records_has_a_tile_of_its_own() -> None:
    areas = yaml.safe_load((ROOT / "config/population/areas.yaml").read_text())["areas"]
    english = {name for region in areas["england"]["value"].values() for name in region}
    assert set(TILES) == english | set(areas["wales"]["value"])
    assert len({(tile.row, tile.column) for tile in TILES.values()}) == len(TILES)
    stream = yaml.safe_load((ROOT / "config/streams/infants.yaml").read_text())
    assert set(stream["covariates"]["court_area"]["levels"]) == set(TILES)


def test_neighbours_on_the_map_are_neighbours_in_the_grid() -> None:
    assert TILES["Newcastle"].row < TILES["Manchester"].row < TILES["Birmingham"].row < TILES["Devon"].row
    assert TILES["Swansea"].column < TILES["Worcester"].column < TILES["Norwich"].column
    with open(ROOT / "config/codelists/court_area_tiles.csv", encoding="utf-8", newline="") as file:
        assert all(line["source"].startswith("assumption") for line in csv.DictReader(file))


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([41.0, 44.9], [41.0, 42.0, 43.0, 44.0, 45.0]),
        ([40.0, 67.8], [40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0]),
        ([50.0], [50.0, 51.0]),
        ([0.0, 100.0], [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]),
        ([100.0], [99.0, 100.0]),
    ],
)
def test_classes_are_round_and_hold_all_values(values: list[float], limits: list[float]) -> None:
    assert classes(values) == limits
    assert all(limits[class_of(v, limits)] <= v <= limits[class_of(v, limits) + 1] for v in values)


def test_a_value_on_a_limit_lies_in_the_upper_class() -> None:
    assert [class_of(v, [40.0, 45.0, 50.0]) for v in (44.9, 45.0, 50.0)] == [0, 1, 1]


def test_shades_run_from_light_to_dark() -> None:
    brightness = [sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for colour in SHADES]
    assert brightness == sorted(brightness, reverse=True)
    assert (shade(0, 3), shade(2, 3), shade(0, 1)) == (SHADES[0], SHADES[-1], SHADES[0])


def test_tiles_tell_name_and_percentage_and_withheld_ones_only_their_name() -> None:
    percents: dict[str, float | None] = {name: 40.0 + i / 2 for i, name in enumerate(sorted(TILES))}
    percents["Surrey"] = None
    sheet, alt, caption = drawn(percents)
    said = [text.get_text() for text in sheet.figure.texts]
    assert said.count("withheld") == 1  # in the legend
    assert {"Surrey", "40.0%", "40.5%", "Swansea"} <= set(said)
    assert {"40% to under 45%", "60% to under 65%"} <= set(said)
    assert len(sheet.spots) == 45
    hidden = [spot for spot in sheet.spots if spot.words.startswith("Surrey")]
    assert [spot.words.partition(": ")[2] for spot in hidden] == ["withheld"]
    assert len({(round(spot.width, 9), round(spot.height, 9)) for spot in sheet.spots}) == 1
    assert alt.endswith("Withheld: 1 of 45 areas.")
    assert "Highest: York and North Yorkshire 62.0%" in alt
    assert caption.startswith("One tile for each court area")


def test_a_withheld_tile_changes_no_other_one() -> None:
    percents: dict[str, float | None] = {name: 50.0 for name in TILES}
    before = [spot for spot in drawn(percents)[0].spots if not spot.words.startswith("Surrey")]
    after = [spot for spot in drawn({**percents, "Surrey": None})[0].spots if not spot.words.startswith("Surrey")]
    assert before == after


def test_names_fit_into_their_tiles() -> None:
    sheet, _, _ = drawn({name: 50.0 for name in TILES})
    wide = sheet.spots[0].width
    labels = {word for tile in TILES.values() for word in tile.label.split(" ")}
    assert [word for word in labels if text_width(word, 6.8) > wide] == []


def test_few_areas_and_areas_without_a_tile_are_bars() -> None:
    few = {name: 50.0 for name in sorted(TILES)[:5]}
    assert "Bar chart" in drawn(few)[1]
    assert "Bar chart" in drawn({name: 50.0 for name in TILES}, tiles={})[1]
    assert "Tile grid" in drawn({name: 50.0 for name in sorted(TILES)[:12]})[1]
