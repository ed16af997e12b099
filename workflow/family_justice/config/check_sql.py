"""Check all SQL of a stream, wherever it stands, without records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from family_justice.config.base import sql_of
from family_justice.config.explain import Written
from family_justice.config.schema import Cohort, Covariate, Stream
from family_justice.errors import ConfigError, report_together
from family_justice.study_sql import problems_of


def check_stream_sql(stream: Stream, shared: Mapping[str, Covariate], tables: Collection[str], path: Path) -> None:
    """Raise one ``ConfigError`` with what is wrong with the SQL of a stream file and of the shared covariates it names.

    ``tables``: those of its source, and the code lists. The places are those that have a type of SQL in ``schema``.
    """
    used = {name for cohort in stream.cohorts.values() for name in cohort.covariates}
    texts = [*sql_of(stream), *sql_of({name: shared[name] for name in sorted(used & set(shared))}, where="covariates")]
    problems = [
        f"{where}: {problem}"
        for where, text, place in texts
        for problem in problems_of(text, place, {*tables, *_made_before(where, stream)})
    ]
    report_together(str(path), Written(path).with_lines(problems) if problems else [], ConfigError)


def _made_before(where: str, stream: Stream) -> list[str]:
    """Return the tables that SQL at a place of a stream file may read beside those of its source."""
    keys = where.split(".")
    cohort: Cohort | None = stream.cohorts.get(keys[1]) if keys[0] == "cohorts" else None
    if cohort is None:
        return ["cohort"]
    if keys[2] in ("steps", "matching"):
        return ["previous", *(["base"] if cohort.base else [])]
    return ["cohort", "previous", *cohort.tables, *(["base"] if cohort.base else [])]
