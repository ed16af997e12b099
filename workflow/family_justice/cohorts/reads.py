"""Which tables the SQL of a cohort reads."""

from __future__ import annotations

import re
from collections.abc import Container

from family_justice.config.schema import Cohort

_TABLE = re.compile(r'\b(?:FROM|JOIN)\s+"?(\w+)', re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*")


def tables_read(cohort: Cohort, known: Container[str]) -> list[str]:
    """Return the tables of ``known`` that steps, pool, helpers and events of a cohort name after FROM or JOIN, sorted.

    What a cohort takes over from its base is read by the base.
    """
    queries = [step.sql for step in cohort.steps]
    queries += [cohort.matching.pool] if cohort.matching else []
    queries += [helper.sql for helper in cohort.tables.values()]
    queries += [event.sql for event in cohort.events.values()]
    found = {name for sql in queries for name in _TABLE.findall(_COMMENT.sub("", sql))}
    return sorted(name for name in found if name in known)
