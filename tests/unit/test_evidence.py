"""What goes with a release: checker's page, viewer's bundle, checklist and crate, all from the release room alone."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from release_samples import write_release

from family_justice.errors import DisclosureError
from family_justice.report.evidence.checker_page import write_checker_files
from family_justice.report.evidence.checklist import items, write_checklist
from family_justice.report.evidence.crate import write_crate
from family_justice.report.pages import write_index, write_stream_page
from family_justice.report.trace import write_trace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def release(copy_of_drawn: Path) -> Path:
    """Return a whole release of one made-up stream with its evidence."""
    stream, folder = copy_of_drawn, copy_of_drawn.parent
    write_stream_page(stream)
    write_index(folder, [stream.name])
    write_checklist(stream)
    write_trace(stream)
    write_checker_files(stream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1640995200")
        write_crate(folder, [stream.name], ROOT / "Snakefile")
    return folder


def stream_of(release: Path) -> Path:
    return next(path for path in release.iterdir() if path.is_dir())


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and value:
                self.targets.append(value)
            if name == "id" and value:
                self.ids.add(value)


def links(page: Path) -> Links:
    parser = Links()
    parser.feed(page.read_text())
    return parser


@pytest.mark.parametrize("name", ["checker.html", "checklist.html", "index.html", "trace.html"])
def test_every_link_leads_to_a_source_or_somewhere_inside_the_release(release: Path, name: str) -> None:
    page = stream_of(release) / name
    for target in links(page).targets:
        if re.match("https?://[a-z]", target):
            continue
        assert not re.match("[a-z]+:", target), target
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in links(there).ids, target


def test_the_page_tells_of_every_file(release: Path) -> None:
    stream = stream_of(release)
    targets = set(links(stream / "checker.html").targets)
    own = {"checker.html", "results.json", "config.json"}
    files = {path.relative_to(stream).as_posix() for path in stream.rglob("*") if path.is_file()}
    assert {name for name in files if not name.startswith("checksums/")} - own <= targets


def test_the_page_says_how_many_rows_are_withheld_and_why(release: Path) -> None:
    stream = stream_of(release)
    page = html.unescape(re.sub("<[^>]+>", "", (stream / "checker.html").read_text()))
    study = json.loads((stream / "study.json").read_text())
    for name, about in study["analyses"].items():
        with open(stream / name / "results.csv", encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
        block = page.split("Results\n")[-1].split(f"{about['title']}\n", 1)[1].split("Files")[0]
        reasons = Counter(row["note"].removeprefix("suppressed: ") for row in rows if row["status"] == "suppressed")
        for why, number in reasons.items():
            assert f"{number} of {len(rows)} rows: {why}." in block, name
        if not reasons:
            assert f"Nothing: all {len(rows)} rows are shown" in block or "the only row is shown" in block, name
    assert "complementary" not in page


def test_what_nobody_makes_and_what_was_changed_after_the_door_are_errors(tmp_path: Path) -> None:
    stream = write_release(tmp_path)
    made = [path.relative_to(stream).as_posix() for path in stream.rglob("*.csv")] + ["study.json"]
    write_checker_files(stream, made)
    (stream / "age_band.csv").write_text("by hand\n")
    (stream / "linked.csv").symlink_to(tmp_path / "elsewhere.csv")
    table = stream / "attrition.parents" / "results.csv"
    table.write_text(table.read_text().replace(",ok,", ",reference,", 1))
    with pytest.raises(DisclosureError, match="3 problems") as caught:
        write_checker_files(stream, made)
    said = str(caught.value)
    assert "age_band.csv: no rule of the pipeline makes it" in said
    assert "linked.csv: a link to another file" in said
    assert "attrition.parents/results.csv: not the file that passed the door; run disclose_recurrence again" in said
    assert not (stream / "checker.html").exists()


def test_a_file_of_another_type_is_an_error(tmp_path: Path) -> None:
    stream = write_release(tmp_path)
    (stream / "members.parquet").write_bytes(b"PAR1")
    (stream / "note.zip").write_bytes(b"PK")
    with pytest.raises(DisclosureError, match="2 problems") as caught:
        write_checker_files(stream)
    assert "members.parquet: the policy lets no files of type '.parquet' leave" in str(caught.value)
    assert not (stream / "checker.html").exists()


def test_the_checklist_has_every_item_once() -> None:
    found = items({"findings": {"first": {}}})
    numbers = [(item["list"], item["item"]) for item in found]
    assert [number for kind, number in numbers if kind == "STROBE"] == [str(number) for number in range(1, 23)]
    record = ["1.1", "1.2", "1.3", "6.1", "6.2", "6.3", "7.1", "12.1", "12.2", "12.3", "13.1", "19.1", "22.1"]
    assert [number for kind, number in numbers if kind == "RECORD"] == record
    for item in [*found, *items({})]:
        assert item["answered"] in ("yes", "partly", "authors")
        assert bool(item["where"]) == bool(item["answer"]) == (item["answered"] != "authors")


def test_key_results_are_the_findings_and_the_authors_if_there_are_none() -> None:
    key = [{item["item"]: item for item in items(study)} for study in ({"findings": {"first": {}}}, {"findings": {}})]
    assert [found["18"]["where"] for found in key] == ["findings", ""]
    assert [found["18"]["answered"] for found in key] == ["yes", "authors"]
    assert [found["19"]["where"] for found in key] == ["disclosure", "disclosure"]
    assert [found["20"]["answered"] for found in key] == ["partly", "authors"]


def test_the_crate_names_every_file_and_its_checksum(release: Path) -> None:
    crate = json.loads((release / "ro-crate-metadata.json").read_text())
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    named = {part["@id"] for part in entities["./"]["hasPart"]}
    assert named == files - {"ro-crate-metadata.json"}
    for name in named - {"Snakefile"}:
        assert entities[name]["sha256"] == hashlib.sha256((release / name).read_bytes()).hexdigest()
    assert entities["./"]["datePublished"] == "2022-01-01"


def test_everything_that_the_crate_points_at_is_in_it(release: Path) -> None:
    crate = json.loads((release / "ro-crate-metadata.json").read_text())
    there = {entity["@id"] for entity in crate["@graph"]}
    outside = (
        "https://w3id.org/ro/crate/1.",
        "https://w3id.org/shp#",
        "http://schema.org/",
        "https://doi.org/",
        "https://snakemake.",
    )

    def pointed(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["@id"]] if value.keys() == {"@id"} else []
            return own + [found for inner in value.values() for found in pointed(inner)]
        return [found for inner in value for found in pointed(inner)] if isinstance(value, list) else []

    missing = {target for target in pointed(crate["@graph"]) if not target.startswith(outside)} - there
    assert missing == set()


def test_the_crate_holds_nothing_that_was_put_there_by_hand(tmp_path: Path) -> None:
    stream = write_release(tmp_path)
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "study.json").write_text("{}")
    write_crate(tmp_path, [stream.name], ROOT / "Snakefile")
    assert "earlier" not in (tmp_path / "ro-crate-metadata.json").read_text()
    (tmp_path / "members.csv").write_text("by hand\n")
    with pytest.raises(DisclosureError, match=r"members\.csv: no rule of the pipeline makes it"):
        write_crate(tmp_path, [stream.name], ROOT / "Snakefile")


def test_the_crate_tells_no_user_and_no_path(release: Path) -> None:
    text = (release / "ro-crate-metadata.json").read_text()
    assert str(ROOT) not in text
    assert str(release) not in text
    assert "/home/" not in text
