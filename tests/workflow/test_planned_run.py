"""A stream file that is edited between the plan of a run and its first job stops the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import copy_of_repository, run_snakemake

pytestmark = pytest.mark.slow


def test_an_edit_between_plan_and_start_stops_the_run(tmp_path: Path) -> None:
    folder = copy_of_repository(tmp_path / "pipeline")
    rules = folder / "workflow/rules/disclosure.smk"
    # What Snakemake does when it has planned and before it starts.
    edit = '    with open("config/streams/replication.yaml", "a") as stream: stream.write("# edited")\n'
    text = rules.read_text()
    rules.write_text(text.replace("onstart:\n", "onstart:\n" + edit))
    target = "results/restricted/replication/rossi/cohort.parquet"
    answer = run_snakemake(folder, target, "--cores", "1")
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert "config/streams/replication.yaml was changed while the run was going on" in said
    assert "Start again" in said
    assert not (folder / target).exists()
    rules.write_text(text)
    assert run_snakemake(folder, target, "--cores", "1").returncode == 0
