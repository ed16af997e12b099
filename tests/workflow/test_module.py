"""Another workflow imports this one as a module: its jobs run there, and its rules cannot go round the door."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from conftest import copy_of_repository, run_snakemake

IMPORTING = """
configfile: "config/config.yaml"


module pipeline:
    snakefile:
        "{clone}/workflow/Snakefile"
    config:
        config


use rule * from pipeline as family_*


rule all:
    default_target: True
    input:
        "results/release/replication/index.html",
"""
#: Rules of the importing workflow that go round the door, in the ways in which it may have an ``onstart`` of its own.
ROUND = """

rule {name}:
    input: "results/internal/replication/attrition.rossi/results.csv"
    output: "results/release/copy.csv"
    shell: "cp {{input}} {{output}}"
"""
OWN_START = """

onstart:
    print("a start of its own")
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_repository(tmp_path_factory.mktemp("module") / "clone")


def importing(clone: Path, folder: Path, more: str = "", before: str = "") -> Path:
    """Return the folder of a workflow that imports the clone, with the configuration that belongs to it."""
    (folder / "workflow").mkdir(parents=True)
    shutil.copytree(clone / "config", folder / "config")
    shutil.copytree(clone / "profiles", folder / "profiles")
    (folder / "workflow/Snakefile").write_text(before + IMPORTING.format(clone=clone) + more)
    return folder


@pytest.mark.slow
def test_a_stream_runs_in_the_folder_of_a_workflow_that_imports_it(clone: Path, tmp_path: Path) -> None:
    folder = importing(clone, tmp_path / "other")
    answer = run_snakemake(folder, "--cores", "1")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (folder / "results/release/replication/index.html").is_file()
    assert not (clone / "results").exists()
    answer = run_snakemake(folder, "--report", "report.zip")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    with zipfile.ZipFile(folder / "report.zip") as archive:
        names = [Path(name).name for name in archive.namelist()]
    assert names.count("index.html") >= 1
    assert names.count("figure.svg") >= 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start"), [("write_copy", "none"), ("disclose_replication", "before"), ("disclose_copy", "after")]
)
def test_the_door_is_guarded_there_as_well(clone: Path, tmp_path: Path, name: str, start: str) -> None:
    own = {"none": ("", ""), "before": (OWN_START, ""), "after": ("", OWN_START)}[start]
    folder = importing(clone, tmp_path / "other", ROUND.format(name=name) + own[1], own[0])
    answer = run_snakemake(folder, name, "--cores", "1")
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert "reads results/internal/replication/attrition.rossi/results.csv and writes results/release/copy.csv" in said
    assert not (folder / "results").exists()


@pytest.mark.slow
def test_a_target_that_nobody_can_make_is_told_in_words_of_studies(clone: Path) -> None:
    (clone / "config/streams/mine.yaml").write_text("stream: mine\n")
    for target, words in (("recurence", "Did you mean 'recurrence'?"), ("mine", "does not name it. Add it there")):
        answer = run_snakemake(clone, target, "--cores", "1", "--dry-run")
        assert answer.returncode != 0
        assert words in answer.stdout + answer.stderr
        assert "MissingRuleException" not in answer.stdout + answer.stderr
    (clone / "config/streams/mine.yaml").unlink()
