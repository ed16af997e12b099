"""The errors a user meets. Messages carry counts, names of columns and of keys; never a value of a record."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PipelineError(Exception):
    """Something the user can put right. The message says what, where and how.

    ``line``: of an error in SQL, the line of the SQL that is wrong, from 1; 0 if that is not known.
    """

    line = 0


class ConfigError(PipelineError):
    """A configuration file is wrong."""


class ContractError(PipelineError):
    """A table does not have the form that its contract declares."""


class CohortError(PipelineError):
    """A cohort cannot be built from the records as configured."""


class AnalysisError(PipelineError):
    """An analysis cannot be carried out on its cohort as configured."""


class DisclosureError(PipelineError):
    """The door to the release room stays closed."""


class DamageError(PipelineError):
    """A file that a job wrote is not as it was written."""


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return the part of a message that lists what is allowed and the nearest of it."""
    options = sorted(allowed)
    nearest = get_close_matches(name, options, n=1, cutoff=0.6)
    hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
    return f"Allowed: {', '.join(options) or '(none)'}.{hint}"


def report_together(where: str, problems: list[str], error: type[PipelineError]) -> None:
    """Raise one error that lists all problems of one file or table; do nothing if there are none."""
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise error(f"{where}: {len(problems)} problem{'s' if len(problems) > 1 else ''}\n{lines}")
