"""A job works with the configuration that the run was planned with, or stops."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from family_justice import jobs, planned
from family_justice.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration, as it was planned."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(planned.PLANNED, planned.state(Path("config")))
    return tmp_path


def edit(name: str) -> None:
    with open(f"config/{name}", "a", encoding="utf-8") as stream:
        stream.write("# edited\n")


@pytest.mark.parametrize(
    "name",
    [
        *("config.yaml", "covariates.yaml", "streams/recurrence.yaml", "sources/synthetic.yaml"),
        *("policies/court_records.yaml", "codelists/religions.csv", "calibration/views.yaml"),
        *("population/returns.yaml", "references/recurrence.csv"),
    ],
)
def test_a_file_that_is_edited_stops_the_job_and_is_named(name: str) -> None:
    planned.check_unchanged(Path("config"), "recurrence")
    edit(name)
    with pytest.raises(ConfigError, match=f"config/{name} was changed while the run was going on.*Start again"):
        planned.check_unchanged(Path("config"), "recurrence")


def test_a_file_that_comes_or_goes_is_a_change() -> None:
    Path("config/plans").mkdir()
    Path("config/plans/recurrence.json").write_text("{}")
    Path("config/codelists/religions.csv").unlink()
    with pytest.raises(ConfigError, match=r"config/codelists/religions.csv, config/plans/recurrence.json was changed"):
        planned.check_unchanged(Path("config"), "recurrence")


def test_files_of_other_streams_and_of_editors_do_not_matter() -> None:
    edit("streams/infants.yaml")
    for name in ("streams/.recurrence.yaml.swp", "streams/recurrence.yaml~", "streams/.#recurrence.yaml"):
        Path("config", name).write_text("edited")
    planned.check_unchanged(Path("config"), "recurrence")
    planned.check_unchanged(Path("config"), None)  # a job of a source


def test_a_job_by_hand_has_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    edit("config.yaml")
    monkeypatch.delenv(planned.PLANNED)
    planned.check_unchanged(Path("config"), "recurrence")


def test_every_job_is_compared_when_it_starts_and_when_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def change(stream: str) -> None:
        done.append(stream)
        edit(f"streams/{stream}.yaml")

    monkeypatch.setitem(jobs.JOBS, "change", change)
    with pytest.raises(ConfigError, match=r"config/streams/recurrence.yaml was changed"):
        jobs.main(["change", "recurrence"])
    with pytest.raises(ConfigError, match=r"config/streams/recurrence.yaml was changed"):
        jobs.main(["change", "recurrence"])
    assert done == ["recurrence"]
