"""How far two programs are apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from family_justice.errors import PipelineError
from family_justice.second_program.refit import Refit

#: Results are written with ten digits: of a smaller difference nothing is known.
FINEST = 1e-9

Key = tuple[str, str, str, str, str, float | None]


class SecondProgramError(PipelineError):
    """The second program does not confirm a result. The message tells the size of the difference, never a value."""


@dataclass
class Differences:
    """The largest relative differences of an analysis by what was compared, and what could not be compared.

    ``estimates`` and ``errors`` (of standard errors) by measure; statistics of tests count as estimates.
    """

    program: str
    estimates: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    not_compared: list[str] = field(default_factory=list)

    @property
    def largest(self) -> float:
        """The largest of all."""
        return max([*self.estimates.values(), *self.errors.values()])


def relative(ours: float, theirs: float, size: float = 0.0) -> float:
    """Return how far two numbers are apart, as a share of the largest of their absolute values and ``size``.

    For an estimate ``size`` is its standard error: a coefficient near zero is known to its error and not to its own
    size, and a difference that matters to nobody must not look large. The same for a probability near zero. 0 if both
    are the same number, infinite if only one of them is a number.
    """
    if math.isnan(ours) or math.isnan(theirs):
        return 0.0 if math.isnan(ours) and math.isnan(theirs) else math.inf
    if ours == theirs:
        return 0.0
    if math.isinf(ours) or math.isinf(theirs):
        return math.inf
    return abs(ours - theirs) / max(abs(ours), abs(theirs), size)


def power_of_ten(difference: float) -> float:
    """Return the difference rounded up to a power of ten, at least ``FINEST``; infinite if it is."""
    if not math.isfinite(difference):
        return math.inf
    # A difference of 1e-7 is one of 1e-7, whatever the logarithm makes of the last digit.
    return 10.0 ** math.ceil(math.log10(max(difference, FINEST)) - 1e-9)


def compare(ours: pd.DataFrame, theirs: Iterable[Refit], where: str) -> Differences:
    """Return the differences of our rows of one analysis, ``ours``, and the rows of a second program.

    Every row of theirs must be one of ours, and every row of ours with a status ``ok`` whose measure the second program
    has must be among theirs: rows that find no partner would pass without a look. Rows of ours that are not estimable
    are not compared. Raises ``SecondProgramError`` where rows have no partner or nothing could be compared.
    """
    own = _by_key(ours, where)
    differences: Differences | None = None
    seen: set[Key] = set()
    measures: set[str] = set()
    for row in theirs:
        differences = differences or Differences(row.program)
        key = _key(row.measure, row.outcome, row.group, row.term, row.level, row.time)
        measures.add(row.measure)
        if key not in own:
            raise SecondProgramError(
                f"{where}: {row.program} has a row of '{row.measure}' that our results do not have"
            )
        seen.add(key)
        status, estimate, error, statistic = own[key]
        if status == "ok":
            _note(differences, row, estimate, error, statistic)
    missing = sum(1 for key, row in own.items() if key[0] in measures and row[0] == "ok" and key not in seen)
    if missing:
        raise SecondProgramError(f"{where}: {missing} rows of our results have no counterpart in the second program")
    if differences is None or not differences.estimates:
        raise SecondProgramError(f"{where}: the second program compared nothing")
    return differences


def require_agreement(found: Differences, tolerance: float, where: str) -> None:
    """Raise ``SecondProgramError`` that names the measures which differ by more than ``tolerance``, and by how much."""
    apart = [
        f"{what} of '{measure}' by up to {power_of_ten(difference):.0e}"
        for what, differences in (("estimates", found.estimates), ("standard errors", found.errors))
        for measure, difference in differences.items()
        if not difference <= tolerance
    ]
    if apart:
        raise SecondProgramError(
            f"{where}: our program and {found.program} differ (relative difference, rounded up to a power of ten): "
            f"{'; '.join(apart)}. Tolerated: {tolerance:.0e}. The stream stops until the cause is known"
        )


def _note(found: Differences, row: Refit, estimate: float, error: float, statistic: float) -> None:
    pairs = ((row.estimate, estimate), (row.std_error, error), (row.statistic, statistic))
    lacking = any(math.isnan(theirs) and not math.isnan(own) for theirs, own in pairs)
    if row.why and lacking and row.why not in found.not_compared:
        found.not_compared.append(row.why)
    size = error if math.isfinite(error) else 0.0
    if not (math.isnan(row.estimate) and (row.why or math.isnan(estimate))):
        _keep(found.estimates, row.measure, relative(estimate, row.estimate, size))
    if not math.isnan(row.statistic):
        _keep(found.estimates, row.measure, relative(statistic, row.statistic))
    if not (math.isnan(row.std_error) and (row.why or math.isnan(error))):
        _keep(found.errors, row.measure, relative(error, row.std_error))


def _keep(largest: dict[str, float], measure: str, difference: float) -> None:
    largest[measure] = max(largest.get(measure, 0.0), difference)


def _by_key(ours: pd.DataFrame, where: str) -> dict[Key, tuple[str, float, float, float]]:
    labels = [ours[column] for column in ("measure", "outcome", "group", "term", "level", "time")]
    keys = [_key(*label) for label in zip(*labels, strict=True)]
    values = zip(ours["status"], ours["estimate"], ours["std_error"], ours["statistic"], strict=True)
    own = dict(zip(keys, values, strict=True))
    if len(own) != len(keys):
        raise SecondProgramError(f"{where}: two rows of our results have the same labels")
    return own


def _key(measure: str, outcome: str, group: str, term: str, level: str, time: float) -> Key:
    # Times of a grid are written with ten digits.
    return measure, outcome, group, term, level, None if math.isnan(time) else float(f"{time:.9g}")
