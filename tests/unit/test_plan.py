"""A plan is locked once, and everything that has changed since is listed."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import pytest

from family_justice.command.parser import main
from family_justice.config.load import Configuration
from family_justice.config.plan import describe_plan, lock, planned
from family_justice.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
DAY = datetime.date(2020, 1, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "config"


def change(folder: Path, name: str, before: str, now: str) -> Configuration:
    path = folder / name
    text = path.read_text()
    assert text.count(before) >= 1
    path.write_text(text.replace(before, now, 1))
    return Configuration(folder)


def test_without_a_lock_there_is_no_plan(folder: Path) -> None:
    assert describe_plan(Configuration(folder), folder, "replication") is None


def test_a_locked_plan_without_changes_has_no_deviations(folder: Path) -> None:
    path = lock(Configuration(folder), folder, "replication", DAY)
    assert path == folder / "plans/replication.json"
    plan = describe_plan(Configuration(folder), folder, "replication")
    assert plan is not None
    assert plan["locked_on"] == "2020-01-06"
    assert plan["deviations"] == []


def test_every_change_of_the_stream_is_a_deviation(folder: Path) -> None:
    lock(Configuration(folder), folder, "replication", DAY)
    changed = change(folder, "streams/replication.yaml", "ties: efron", "ties: breslow")
    plan = describe_plan(changed, folder, "replication")
    assert plan is not None
    (deviation,) = plan["deviations"]
    assert deviation["key"].startswith("stream.analyses.")
    assert deviation["key"].endswith("_cox.ties")
    assert deviation["now"] == "breslow"


def test_a_covariate_that_streams_share_is_part_of_the_plan(folder: Path) -> None:
    lock(Configuration(folder), folder, "recurrence", DAY)
    keys = planned(Configuration(folder), "recurrence")
    key = "covariates.father_is_party.label"
    assert key in keys
    changed = change(folder, "covariates.yaml", f"label: {keys[key]}", "label: Something else")
    plan = describe_plan(changed, folder, "recurrence")
    assert plan is not None
    assert {"before": keys[key], "now": "Something else"}.items() <= plan["deviations"][0].items()


def test_steps_of_a_cohort_are_known_by_their_names(folder: Path) -> None:
    keys = planned(Configuration(folder), "recurrence")
    assert keys["stream.cohorts.parents.steps.order"].startswith("parents_in_s31, first_set")
    assert "SELECT" in keys["stream.cohorts.parents.steps.first_set.sql"].upper()


def test_a_plan_is_locked_once(folder: Path) -> None:
    lock(Configuration(folder), folder, "replication", DAY)
    with pytest.raises(ConfigError, match="locked already"):
        lock(Configuration(folder), folder, "replication", DAY)


def test_an_edited_plan_is_no_plan(folder: Path) -> None:
    path = lock(Configuration(folder), folder, "replication", DAY)
    plan = json.loads(path.read_text())
    plan["settings"][next(iter(plan["settings"]))] = "as if it had been so"
    path.write_text(json.dumps(plan))
    with pytest.raises(ConfigError, match="edited after it was locked"):
        describe_plan(Configuration(folder), folder, "replication")


def test_the_command_says_what_it_locked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["plan", "replication"]) == 0
    assert "locked: config/plans/replication.json" in capsys.readouterr().out
    assert main(["plan", "replication"]) == 1
    assert "locked already" in capsys.readouterr().err
