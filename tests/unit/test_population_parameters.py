"""The parameters of the synthetic population: wrong ones are reported together, with what to write instead."""

from __future__ import annotations

import shutil
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import yaml

from family_justice.config.sources import SyntheticSource
from family_justice.errors import ConfigError
from family_justice.sources.load import source_state
from family_justice.sources.synthetic import simulate
from family_justice.sources.synthetic.parameters.model import load_parameters

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = ROOT / "config/population"


@cache
def parameters():
    data = {}
    for file in sorted(PARAMETERS.glob("*.yaml")):
        data |= yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return data


def changed(tmp_path, change):
    data = deepcopy(parameters())
    change(data)
    path = tmp_path / "parameters.yaml"
    path.write_text(yaml.dump(data, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return path


def put(place, **values):
    """Return a change of the file: ``values`` go into the mapping at ``place``."""

    def change(data):
        for step in place.split("/"):
            data = data[step]
        data.update(values)

    return change


def drop(place):
    """Return a change of the file: what is at ``place`` goes."""

    def change(data):
        *steps, last = place.split("/")
        for step in steps:
            data = data[step]
        del data[last]

    return change


RATIOS = "returns/new_child/log_hazard_ratios/value"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("children", twinz={"value": 0.1}), r"children.twinz: unknown key.*Did you mean 'twins'"),
        (put("children/twins", value=1.2), r"children.twins.value: found 1.2; .*less than or equal to 1"),
        (put("children/twins", value=-0.1), r"children.twins.value: found -0.1; .*greater than or equal to 0"),
        (put("children/twins", value="few"), r"children.twins.value: found 'few'; .*valid number"),
        (drop("children/twins/source"), r"children.twins.source: missing. Write 'source: assumption'"),
        (put("children/twins", source="I think"), r"children.twins.source: write 'assumption' or a public citation"),
        (put("children", twins=0.1), r"children.twins: found 0.1; write a mapping with value, source"),
        (drop("linkage"), r"linkage: missing"),
        (
            put("mothers/age_band_shares_england/value", **{"under 20": 0.5}),
            r"the shares add to 1.31; write shares that",
        ),
        (drop("children/weeks_under_4_weeks/value/unborn"), r"weeks_under_4_weeks.value: the shares add to 0.96"),
        (drop("mothers/deaths_per_1000_years/value/20 to 24"), r"deaths_per_1000_years.value: missing key '20 to 24'"),
        (put(f"{RATIOS}/age_band", **{"20-24": 0.1}), r"unknown 'age_band.20-24'.*Did you mean 'age_band.20 to 24'"),
        (drop("placement/log_odds_ratios/value/child_sex"), r"log_odds_ratios.value: missing 'child_sex.female'"),
        (put("returns/new_child/events_per_1000_years", value=[1.0]), r"8 cut points need 9 values .*, found 1"),
        (put("returns/new_child/cut_points_days", value=[9, 3]), r"cut_points_days.value: write the numbers in asc"),
        (put("calendar/wales_start", value="yesterday"), r"calendar.wales_start.value: found 'yesterday'"),
        (put("calendar/wales_start", value="2022-01-01"), r"calendar: write wales_start < wales_end"),
        (put("fathers/at_new_child_return/value", same=0.9), r"at_new_child_return: same and new add to more than 1"),
        (put("proceedings/notice_others/value", same_day=0.9), r"notice_others: shares are cumulative; write same_day"),
        (put("proceedings/same_day_newborn_by_region/value", Londn=0.1), r"unknown region 'Londn'.*'London'"),
    ],
)
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


def folder_with(tmp_path, **files):
    folder = tmp_path / "population"
    shutil.copytree(PARAMETERS, folder)
    for stem, text in files.items():
        (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_and_one_file_hold_the_same_parameters(tmp_path):
    assert load_parameters(changed(tmp_path, lambda data: None)) == load_parameters(PARAMETERS)


def test_unknown_and_repeated_sections_name_their_files(tmp_path):
    folder = folder_with(tmp_path, more="mother: {}\nlinkage: {}\n")
    with pytest.raises(ConfigError) as caught:
        load_parameters(folder)
    text = str(caught.value)
    assert text.startswith("population: 2 problems\n")
    assert "more.yaml: unknown section 'mother'." in text
    assert "Did you mean 'mothers'?" in text
    assert "records.yaml: section 'linkage' stands in more.yaml too" in text


def test_a_problem_names_the_file_of_its_section(tmp_path):
    folder = folder_with(tmp_path)
    orders = folder / "orders.yaml"
    orders.write_text(orders.read_text(encoding="utf-8").replace("intercept: {value: -1.7", "intercept: {value: x"))
    with pytest.raises(ConfigError, match=r"orders\.yaml: placement\.intercept\.value: found 'x'"):
        load_parameters(folder)


def test_an_empty_folder_is_no_parameters(tmp_path):
    with pytest.raises(ConfigError, match="no folder with YAML files"):
        load_parameters(tmp_path)


def test_the_state_of_the_source_is_that_of_all_its_files(tmp_path):
    folder = folder_with(tmp_path)
    source = SyntheticSource.model_validate(
        yaml.safe_load((ROOT / "config/sources/synthetic.yaml").read_text(encoding="utf-8"))
        | {"parameters": "population"}
    )
    before = source_state(source, tmp_path)
    assert source_state(source, tmp_path) == before
    with open(folder / "areas.yaml", "a", encoding="utf-8") as stream:
        stream.write("# a comment\n")
    assert source_state(source, tmp_path) != before
