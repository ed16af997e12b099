"""Text put into SQL: string literals and delimited identifiers, quoted as the SQL standard has it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: How the types of DuckDB begin whose values are numbers, or true and false, which count as 1 and 0.
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "U")


def literal(text: str | Path) -> str:
    """Return a string (or the path of a file) as a literal: ``'it''s'``."""
    return "'" + str(text).replace("'", "''") + "'"


def literals(texts: Iterable[str | Path]) -> str:
    """Return literals with commas between them, as IN and VALUES take them."""
    return ", ".join(map(literal, texts))


def identifier(name: str) -> str:
    """Return a name as a delimited identifier, which keeps its spelling: ``"a name"``."""
    return '"' + name.replace('"', '""') + '"'


def identifiers(names: Iterable[str]) -> str:
    """Return delimited identifiers with commas between them."""
    return ", ".join(map(identifier, names))
