"""Taking a frame in the result schema apart, and the words that disclosure control writes into it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.rounding import is_open
from family_justice.errors import DisclosureError
from family_justice.results import COUNTS, VALUES

TELLS_COUNTS = "not released: with the released counts it would tell exact ones"

Conditions = frozenset[tuple[str, str]]


def conditions(group: str) -> Conditions:
    """Return the ``column=level`` pairs of a group."""
    pairs = [pair.partition("=") for pair in group.split("; ")] if group else []
    return frozenset((column, level) for column, _, level in pairs)


def text(frame: pd.DataFrame, row: int, column: str) -> str:
    """A label."""
    return str(frame.at[row, column])


def real(frame: pd.DataFrame, row: int, column: str) -> float:
    """A value or time; nan where there is none."""
    value: Any = frame.at[row, column]
    return float("nan") if pd.isna(value) else float(value)


def count(frame: pd.DataFrame, row: int, column: str) -> int | None:
    """A count, or None where there is none."""
    value: Any = frame.at[row, column]
    return None if pd.isna(value) else int(value)


def suppress(frame: pd.DataFrame, rows: Any, policy: Policy) -> None:
    """Take every value and count out of the rows. The words are the same whether the count was small itself or is
    hidden for the sake of another one: otherwise they would tell which is which."""
    values, counts = list(VALUES), list(COUNTS)
    frame.loc[rows, values] = float("nan")
    frame.loc[rows, counts] = pd.NA
    frame.loc[rows, "status"] = "suppressed"
    frame.loc[rows, "note"] = suppressed_note(policy)


def release_exact_only(frame: pd.DataFrame, rows: Any, policy: Policy) -> None:
    """Keep the rows where nothing is rounded or hidden, and suppress them everywhere else."""
    if not is_open(policy):
        suppress(frame, rows, policy)
        frame.loc[rows, "note"] = TELLS_COUNTS


def suppressed_note(policy: Policy) -> str:
    """Why a row is suppressed, without saying which count is the small one."""
    return f"suppressed: a count is, or would reveal, fewer than {policy.threshold}"


def require_empty(frame: pd.DataFrame, columns: list[str], what: str) -> None:
    """Close the door if a column holds something that the rule for these rows does not know."""
    unexpected = [column for column in columns if frame[column].notna().any()]
    if unexpected:
        raise DisclosureError(f"{what}: no rule of disclosure control for values in {', '.join(unexpected)}")


def require_present(frame: pd.DataFrame, columns: list[str], what: str) -> None:
    """Close the door if a count is missing that the rule for these rows needs."""
    missing = [column for column in columns if frame[column].isna().any()]
    if missing:
        raise DisclosureError(f"{what}: disclosure control needs {', '.join(missing)} in every row")
