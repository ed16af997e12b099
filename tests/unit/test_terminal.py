"""What a run shows: one line per job, and everything that went wrong."""

from __future__ import annotations

import enum
import io
import logging
from typing import Any

import pytest

from family_justice.terminal import show_jobs


class Event(enum.Enum):
    """The events of Snakemake that these tests need."""

    RUN_INFO = "run_info"
    JOB_INFO = "job_info"
    JOB_ERROR = "job_error"
    JOB_FINISHED = "job_finished"
    PROGRESS = "progress"


class Whole(logging.Formatter):
    """Stands in for Snakemake's formatter."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.getMessage()} {record.__dict__.get('rule_msg', '')}".strip()


def shown(whole: bool = False, name: str = "DefaultStreamHandler") -> str:
    logger, text = logging.Logger("of a run"), io.StringIO()
    handler = logging.StreamHandler(text)
    handler.name = name
    handler.setFormatter(Whole())
    logger.addHandler(handler)
    for _ in range(2):  # a Snakefile may be read twice
        show_jobs(logger, whole)

    def tell(message: str, level: int = logging.INFO, **extra: Any) -> None:
        logger.log(level, message, extra=extra)

    tell("Building DAG of jobs...")
    tell("Job stats: a table", event=Event.RUN_INFO, stats={"total": 3, "draw": 2})
    job = {"event": Event.JOB_INFO, "output": ["a.csv"]}
    tell("input: a.csv, b.csv", **job, jobid=4, rule_msg="recurrence: drawing return_by_age")
    tell("Finished jobid: 4", event=Event.JOB_FINISHED)
    tell("1 of 3 steps", event=Event.PROGRESS)
    tell("input: c.csv", **job, jobid=2, rule_msg="recurrence: drawing pathways")
    tell("Error in rule draw, with all its files and its log", logging.ERROR, event=Event.JOB_ERROR)
    tell("Trying to restart job 2.")
    tell("input: c.csv", **job, jobid=2, rule_msg="recurrence: drawing pathways")
    tell("input: everything", event=Event.JOB_INFO, output=[], jobid=0, rule_msg="Done. Open index.html")
    tell("Select jobs to execute: a warning", logging.WARNING)
    return text.getvalue()


def test_a_job_is_a_line_with_its_number_and_errors_are_whole() -> None:
    assert shown().splitlines() == [
        "3 jobs",
        "recurrence: drawing return_by_age  (1 of 3)",
        "recurrence: drawing pathways  (2 of 3)",
        "Error in rule draw, with all its files and its log",
        "Trying to restart job 2.",
        "recurrence: drawing pathways  (2 of 3)",
        "Done. Open index.html",
        "Select jobs to execute: a warning",
    ]


def test_a_dry_run_shows_whole_jobs() -> None:
    lines = shown(whole=True).splitlines()
    assert len(lines) == 11
    assert "input: a.csv, b.csv None" in lines


@pytest.mark.parametrize("name", ["DefaultLogFileHandler", "of a plugin"])
def test_other_handlers_stay_as_they_are(name: str) -> None:
    assert "input: a.csv, b.csv recurrence: drawing return_by_age" in shown(name=name)
