"""Two releases side by side: what was set differently, and what came out differently."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from release_samples import write_release

from family_justice.command.parser import main
from family_justice.errors import PipelineError
from family_justice.report.compare_releases import compare_releases


@pytest.fixture
def before(tmp_path: Path) -> Path:
    write_release(tmp_path / "before")
    return tmp_path / "before"


@pytest.fixture
def after(before: Path) -> Path:
    shutil.copytree(before, before.with_name("after"))
    return before.with_name("after")


def values(folder: Path) -> list[dict[str, str]]:
    with open(folder / "changes.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def edit_study(release: Path, **changes: object) -> None:
    path = next(release.glob("*/study.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_equal_releases_have_no_changes(before: Path, after: Path, tmp_path: Path) -> None:
    (changes,) = compare_releases(before, after, tmp_path / "changes")
    assert changes.same
    assert values(tmp_path / "changes") == []
    assert [table.caption for table in changes.tables] == ["The two runs"]
    assert "Settings and released values are the same." in (tmp_path / "changes/index.html").read_text()


def test_code_settings_and_values_that_differ_are_told(before: Path, after: Path, tmp_path: Path) -> None:
    study = json.loads(next(after.glob("*/study.json")).read_text())
    covariate = next(iter(study["covariates"]))
    study["covariates"][covariate]["label"] = "Another label"
    edit_study(after, code="new code", covariates=study["covariates"])
    table = next(after.glob("*/attrition.parents/results.csv"))
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    rows[0]["n"] = "123455"
    with open(table, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (changes,) = compare_releases(before, after, tmp_path / "changes")
    assert not changes.same
    (difference,) = values(tmp_path / "changes")
    assert (difference["analysis"], difference["value"], difference["after"]) == ("attrition.parents", "n", "123455")
    runs, described, *others = changes.tables
    assert (runs.rows[0].head, runs.rows[0].cells[-1].text) == ("code", "changed")
    assert [(row.head, row.cells[1].text) for row in described.rows] == [
        (f"covariates.{covariate}.label", "Another label")
    ]
    members = [
        row.cells[1].text.replace("\u202f", "") for t in others for row in t.rows if t.caption.endswith("each step")
    ]
    assert "123455" in members
    assert any(row.cells[2].text.startswith(("+", "\u2212")) for t in others for row in t.rows if len(row.cells) == 3)


def test_a_row_that_is_gone_has_no_value_after(before: Path, after: Path, tmp_path: Path) -> None:
    table = next(after.glob("*/table_one/results.csv"))
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:-1]) + "\n")
    compare_releases(before, after, tmp_path / "changes")
    found = values(tmp_path / "changes")
    assert found
    assert {row["after"] for row in found} == {""}


def test_streams_that_came_and_went(before: Path, after: Path, tmp_path: Path) -> None:
    stream = next(path for path in after.iterdir() if path.is_dir())
    stream.rename(after / "another")
    found = compare_releases(before, after, tmp_path / "changes")
    assert [(changes.stream, changes.state) for changes in found] == [(stream.name, "gone"), ("another", "new")]


def test_a_folder_that_is_no_release_is_told(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PipelineError, match="this is no release"):
        compare_releases(before, tmp_path / "nowhere", tmp_path / "changes")
    assert main(["changes", str(before), str(tmp_path / "nowhere"), str(tmp_path / "changes")]) == 1
    assert main(["changes", str(before), str(before), str(tmp_path / "changes")]) == 0
    assert "nothing changed" in capsys.readouterr().out
