"""The columns of a model, built anew: an indicator for every level but the reference, numbers as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from family_justice.config.schema import Covariate
from family_justice.second_program.refit import NoSecondProgram
from family_justice.second_program.words import MONOTONE, NOTHING

Key = tuple[str, str]
INTERCEPT: Key = ("intercept", "")


@dataclass(frozen=True)
class Frame:
    """What a model is fitted to.

    ``keys`` are term and level of the p columns of ``x`` (n, p), ``used`` (n,) says which of the rows that were given
    are in it, and ``whole`` is False if some were set aside because a level settles their outcome.
    """

    keys: list[Key]
    x: np.ndarray
    used: np.ndarray
    whole: bool

    @property
    def with_intercept(self) -> np.ndarray:
        """The columns with a column of ones before them (n, p + 1)."""
        return np.column_stack([np.ones(len(self.x)), self.x])

    def columns_of(self, term: str) -> list[int]:
        """Return the positions in ``x`` of the levels of a covariate."""
        return [j for j, (name, _) in enumerate(self.keys) if name == term]


def complete(members: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return who has a value of everything named (n,)."""
    return members[names].notna().all(axis=1).to_numpy()


def columns(members: pd.DataFrame, names: list[str], covariates: Mapping[str, Covariate]) -> dict[Key, np.ndarray]:
    """Return the columns (n,) by term and level."""
    found: dict[Key, np.ndarray] = {}
    for name in names:
        covariate = covariates[name]
        if covariate.levels is None:
            found[name, ""] = members[name].to_numpy(dtype=float)
        else:
            others = [level for level in covariate.levels if level != covariate.reference]
            found.update({(name, level): (members[name] == level).to_numpy(dtype=float) for level in others})
    return found


def left_out(shell: pd.DataFrame, outcome: str | None = None) -> set[Key]:
    """Return the columns that our program could not estimate (of one ``outcome`` only, if it is given)."""
    rows = shell[shell["measure"].str.startswith("log_") & (shell["status"] == "not estimable")]
    if outcome is not None:
        rows = rows[rows["outcome"] == outcome]
    return set(zip(rows["term"], rows["level"], strict=True))


def frame(found: dict[Key, np.ndarray], without: set[Key], event: np.ndarray, settled_by_all: bool = False) -> Frame:
    """Return the model without the columns that could not be estimated.

    A column that the others make up is merely left out. Where a level has no events its coefficient has no end: its
    members say nothing about other columns and are set aside with it, for else they would join the reference level.
    ``settled_by_all``: the same holds for a level in which everybody has the event (a yes/no outcome). Raises
    ``NoSecondProgram`` if there is another reason, or if nothing is left.
    """
    keys = [key for key in found if key not in without]
    if not keys:
        raise NoSecondProgram(NOTHING)
    x = np.column_stack([found[key] for key in keys])
    used = np.ones(len(x), dtype=bool)
    ones = np.column_stack([np.ones(len(x)), x])
    for key in without & set(found):
        column = found[key]
        rest = column - ones @ np.linalg.lstsq(ones, column, rcond=None)[0]
        if np.linalg.norm(rest) <= 1e-8 * np.linalg.norm(column):
            continue
        inside = column == 1
        if not np.isin(column, (0.0, 1.0)).all() or not (
            not event[inside].any() or (settled_by_all and event[inside].all())
        ):
            raise NoSecondProgram(MONOTONE)
        used &= ~inside
    return Frame(keys, x[used], used, bool(used.all()))


def labels(members: pd.DataFrame, column: str) -> np.ndarray:
    """Return a whole number (n,) for each value of a column of the cohort, from 0."""
    return np.unique(members[column].astype(str).to_numpy(), return_inverse=True)[1]


def strata(members: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return a whole number (n,) for each combination of levels, from 0."""
    joined = members[names].astype(str).agg("\x1f".join, axis=1)
    return np.unique(joined.to_numpy(), return_inverse=True)[1]
