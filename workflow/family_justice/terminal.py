"""What a run shows on the terminal: one line for each job, in plain words, with how far it has come.

Snakemake's own log file (``.snakemake/log``) keeps all that it says. Errors, warnings, dry runs and whatever is not
known here are shown as Snakemake shows them.
"""

from __future__ import annotations

import copy
import logging

#: What happens to each job besides its start, and says no more than the next job's line.
PASSED_OVER = {"JOB_STARTED", "JOB_FINISHED", "PROGRESS", "RESOURCES_INFO"}
#: The beginnings of what Snakemake says of itself.
OF_ITSELF = (
    *("Assuming unrestricted shared filesystem", "Building DAG of jobs", "Using shell:", "Select jobs to execute"),
    *("Complete log(s):", "Provided ", "Rules claiming more threads", "Elapsed time:", "Singularity containers"),
)


class WholeJobs(logging.Formatter):
    """Formats a planned job with its rule, files and reason, which Snakemake leaves out where a rule has a message."""

    def __init__(self, otherwise: logging.Formatter) -> None:
        super().__init__()
        self.otherwise = otherwise

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        if event_of(record) == "JOB_INFO":
            record = copy.copy(record)
            record.__dict__["rule_msg"] = None
        return self.otherwise.format(record)


class OneLinePerJob(logging.Formatter):
    """Formats the start of a job as its message and its number; leaves everything else to ``otherwise``."""

    def __init__(self, otherwise: logging.Formatter) -> None:
        super().__init__()
        self.otherwise = otherwise
        self.total = 0
        self.numbers: dict[int, int] = {}  # a job that is tried again keeps its number

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields = record.__dict__
        if event_of(record) == "RUN_INFO":
            self.total = fields.get("stats", {}).get("total", 0)
            return f"{self.total} jobs" if self.total else self.otherwise.format(record)
        if event_of(record) != "JOB_INFO" or not fields.get("rule_msg"):
            return self.otherwise.format(record)
        if not fields.get("output"):  # a target, which makes nothing itself
            return str(fields["rule_msg"])
        number = self.numbers.setdefault(fields["jobid"], len(self.numbers) + 1)
        return f"{fields['rule_msg']}  ({number} of {self.total})"


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Say whether a record is shown."""
    if record.levelno != logging.INFO:
        return True
    event = event_of(record)
    return event not in PASSED_OVER and not (event == "" and str(record.msg).startswith(OF_ITSELF))


def event_of(record: logging.LogRecord) -> str:
    """Return the name of Snakemake's event that a record tells of, "" for a plain message."""
    return getattr(getattr(record, "event", None), "name", "")


def show_jobs(logger: logging.Logger, whole: bool) -> None:
    """Make Snakemake's own handler for the terminal show one line per job, or ``whole`` jobs, as for a dry run.

    Handlers of plugins and of Snakemake's log file stay as they are.
    """
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler" and not isinstance(handler.formatter, WholeJobs | OneLinePerJob):
            before = handler.formatter or logging.Formatter()
            handler.setFormatter(WholeJobs(before) if whole else OneLinePerJob(before))
            if not whole:
                handler.addFilter(is_worth_a_line)
