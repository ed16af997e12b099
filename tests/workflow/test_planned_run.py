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
    # The memory of its rule reaches the job, and Snakemake limits no jobs per second.
    lifted = "onstart:\n    before_the_run()\n"
    assert lifted in text
    rules.write_text(text.replace(lifted, lifted + "    print('limit:', workflow.scheduler.job_rate_limiter)\n"))
    say = "        from family_justice import rooms\n        print(rooms.duckdb_limits()['memory_limit'])\n"
    jobs = folder / "workflow/family_justice/jobs.py"
    start = "    with private_job(memory_of(name)):\n"
    assert start in jobs.read_text()
    jobs.write_text(jobs.read_text().replace(start, start + say))
    answer = run_snakemake(folder, target, "--cores", "1", "--set-resources", "extract_cohort:mem_mb=600")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "limit: None" in answer.stdout + answer.stderr
    assert "500MB" in (folder / "logs/replication/rossi/extract_cohort.log").read_text()
