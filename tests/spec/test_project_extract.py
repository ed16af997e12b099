"""Two spellings of one world: the records as a SAIL project would deliver them give the same research-ready tables."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from family_justice.config.load import parse, read_yaml
from family_justice.config.sources import Source
from family_justice.contracts import research_ready_tables
from family_justice.harmonise import harmonise
from family_justice.sources.load import load_source
from family_justice.sources.synthetic import simulate
from family_justice.sources.synthetic.project_extract import write_project_extract

ROOT = Path(__file__).resolve().parents[2]
CODELISTS = ROOT / "config/codelists"


def lines(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small population harmonised as it is (``plain``) and out of the extract of a project (``project``)."""
    folder = tmp_path_factory.mktemp("spellings")
    simulate(ROOT / "config/population", 0.004, 7, folder / "plain/raw")
    write_project_extract(folder / "plain/raw", folder / "extract")
    source = parse(read_yaml(folder / "extract/source.yaml"), Source, folder / "extract/source.yaml")
    load_source(source, folder / "extract", folder / "project/raw", folder / "project/manifest.csv")
    options = {"end_of_data_england": "2021-12-31", "end_of_data_wales": "2021-08-31"}
    harmonise(folder / "plain/raw", folder / "plain/ready", folder / "plain/quality.csv", CODELISTS, options)
    settings = source.harmonise_options()
    harmonise(folder / "project/raw", folder / "project/ready", folder / "project/quality.csv", CODELISTS, settings)
    return folder


def test_the_research_ready_tables_are_the_same_bytes(both: Path) -> None:
    for table in research_ready_tables():
        plain, project = (both / spelling / f"ready/{table}.parquet" for spelling in ("plain", "project"))
        assert plain.read_bytes() == project.read_bytes(), table


def test_what_was_repaired_is_counted(both: Path) -> None:
    quality = {(row["rule"], row["system"]): int(row["rows_affected"]) for row in lines(both / "project/quality.csv")}
    for system in ("ECMS", "Cymru"):
        assert quality["code_respelt", system] > 100
        assert quality["placeholder_date", system] >= 5  # of a share of few: a test of the count, not of the share
    plain = {(row["rule"], row["system"]): int(row["rows_affected"]) for row in lines(both / "plain/quality.csv")}
    differing = {key[0] for key in quality.keys() | plain.keys() if quality.get(key) != plain.get(key)}
    assert differing == {"code_respelt", "placeholder_date", "characteristic_name_other"} - {
        "characteristic_name_other"
    }
    repairs = lines(both / "project/repairs.csv")
    assert {row["table"] for row in repairs} >= {"CAFE_CMS_TBLPERSON", "CAFE_ECMS_PEOPLE", "CAFCASS_ALF"}
    assert all(int(row["rows"]) > 0 for row in repairs)
