"""The bundle opens in the SACRO viewer and in ACRO, and what the viewer hands out finds its way back.

What they demand is stated here from their sources, because neither is a dependency: SACRO viewer 0.2.1
(``sacro/models.py``, ``sacro/versioning.py``, ``sacro/adapters/zipfile.py``) and ACRO 1.0.2 (``acro/record.py``).
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from release_samples import write_release

from family_justice.command.parser import main
from family_justice.errors import PipelineError
from family_justice.report.evidence.checker_page import write_checker_files
from family_justice.report.pages import write_stream_page
from family_justice.report.unpack import unpack


@pytest.fixture(scope="module")
def stream(copy_of_drawn: Path) -> Path:
    write_stream_page(copy_of_drawn)
    write_checker_files(copy_of_drawn)
    return copy_of_drawn


@pytest.fixture(scope="module")
def bundle(stream: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((stream / "results.json").read_text())
    return found


def test_the_viewer_finds_one_bundle(stream: Path, bundle: dict[str, Any]) -> None:
    # sacro/models.py, find_acro_metadata: no outputs.json, and one JSON file with both keys.
    found = [
        path.name for path in stream.glob("*.json") if {"version", "results"} <= json.loads(path.read_text()).keys()
    ]
    assert found == ["results.json"]
    # sacro/versioning.py: major and minor as texts, at least 0.4; acro/record.py, load_records: its own version.
    assert bundle["version"] == "1.0.2"
    assert tuple(bundle["version"].split(".")[:2]) >= ("0", "4")


def test_every_result_has_what_acro_loads(stream: Path, bundle: dict[str, Any]) -> None:
    keys = {"uid", "status", "type", "properties", "files", "outcome", "command", "summary", "timestamp", "comments"}
    for name, result in bundle["results"].items():
        assert result.keys() == keys | {"exception", "fair"}
        assert result["uid"] == name
        assert result["status"] in ("pass", "review")
        assert result["type"] in ("table", "regression", "survival plot", "custom")
        assert result["summary"].split("; ")[0] == result["status"]
        assert result["timestamp"] == ""
        assert result["files"]
        for file in result["files"]:
            content = (stream / file["name"]).read_bytes()
            checksum = (stream / "checksums" / f"{file['name']}.txt").read_text()
            assert checksum == file["checksum"] == hashlib.sha256(content).hexdigest()


def test_every_file_of_the_release_can_be_approved(stream: Path, bundle: dict[str, Any]) -> None:
    named = [file["name"] for result in bundle["results"].values() for file in result["files"]]
    assert len(named) == len(set(named))
    own = ("results.json", "config.json")
    files = {path.relative_to(stream).as_posix() for path in stream.rglob("*") if path.is_file()}
    assert set(named) == {name for name in files if not name.startswith("checksums/")} - set(own)
    printed = {file["name"] for file in bundle["results"]["files.print"]["files"]}
    assert printed == {name for name in named if name.endswith((".pdf", ".tex", ".docx", ".xlsx"))}
    policy = json.loads((stream / "study.json").read_text())["policy"]
    assert json.loads((stream / "config.json").read_text()) == policy


def test_the_viewer_marks_the_cells_that_were_emptied(stream: Path, bundle: dict[str, Any]) -> None:
    marked = 0
    for name, result in bundle["results"].items():
        if result["type"] == "custom":
            continue
        assert result["files"][0]["name"] == f"{name}/results.csv"
        sdc = result["files"][0]["sdc"]
        with open(stream / name / "results.csv", encoding="utf-8", newline="") as table:
            head, *rows = csv.reader(table)
        status, note = head.index("status"), head.index("note")
        suppressed = [number for number, row in enumerate(rows) if row[status] == "suppressed"]
        # The page of the viewer: rows count from 0 under the head; its column 0 is the second of the file.
        cells = {(reason, row, column + 1) for reason, at in sdc["cells"].items() for row, column in at}
        assert sorted({row for _, row, _ in cells}) == suppressed
        for reason, row, column in cells:
            assert reason in rows[row][note]
            assert rows[row][column] == ("suppressed" if column == status else "")
            assert any(other[column] for other in rows)
        assert result["status"] == ("review" if suppressed else "pass")
        assert sdc["summary"]["suppressed"] == bool(suppressed)
        marked += len(cells)
    assert marked > 0


def test_texts_are_safe_in_the_page_of_the_viewer(tmp_path: Path) -> None:
    folder = write_release(tmp_path)
    study = json.loads((folder / "study.json").read_text())
    study["analyses"]["attrition.parents"]["title"] = "Counts <b>below 10</b>"
    (folder / "study.json").write_text(json.dumps(study))
    write_checker_files(folder)
    result = json.loads((folder / "results.json").read_text())["results"]["attrition.parents"]
    assert result["comments"][0] == "Counts &lt;b&gt;below 10&lt;/b&gt;"


def handed_out(stream: Path, bundle: dict[str, Any], archive: Path, rejected: tuple[str, ...] = ()) -> Path:
    """Write what the viewer writes: its results.json, all approved files side by side, and a summary."""
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("results.json", json.dumps({**bundle, "reviewer": "somebody"}))
        for name, result in bundle["results"].items():
            for file in result["files"] if name not in rejected else []:
                opened.write(stream / file["name"], arcname=Path(file["name"]).name)
        opened.writestr("summary.txt", "All looked at")
    return archive


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_the_viewer_hands_out_finds_its_place(
    stream: Path, bundle: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = handed_out(stream, bundle, tmp_path / "all.zip")
    assert main(["unpack", str(archive), str(tmp_path / "again")]) == 0
    assert "not in the archive" not in capsys.readouterr().out
    files = {path.relative_to(stream): path.read_bytes() for path in stream.rglob("*") if path.is_file()}
    again = tmp_path / "again"
    assert files == {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_was_rejected_or_changed_is_said(stream: Path, bundle: dict[str, Any], tmp_path: Path) -> None:
    archive = handed_out(stream, bundle, tmp_path / "some.zip", rejected=("attrition.parents",))
    number, missing = unpack(archive, tmp_path / "some")
    assert "attrition.parents/results.csv" in missing
    assert not (tmp_path / "some" / "attrition.parents" / "results.csv").exists()
    assert number == sum(1 for path in (tmp_path / "some").rglob("*") if path.is_file())
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("results.csv", "changed")
    with pytest.raises(PipelineError, match=r"results\.csv is not as it was released"):
        unpack(archive, tmp_path / "changed")
    bundle = json.loads(json.dumps(bundle))
    bundle["results"]["files.tables"]["files"][0]["name"] = "../outside.csv"
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as opened:
        opened.writestr("results.json", json.dumps(bundle))
    with pytest.raises(PipelineError, match="leads out of the folder"):
        unpack(evil, tmp_path / "evil")
    with zipfile.ZipFile(evil, "w") as opened:
        opened.writestr("results.json", json.dumps({"results": ["of another program"]}))
    with pytest.raises(PipelineError, match="give the file that the viewer released"):
        unpack(evil, tmp_path / "evil")
