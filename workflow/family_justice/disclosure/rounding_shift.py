"""What the rounding of counts does to an estimate, so that it tells no more than the rounded counts.

With one covariate a ratio and its standard error are functions of the persons and events of two levels. Shortened to a
tenth of a standard error they still single out one of the counts that the rounded ones allow in many such models, and
several models of one outcome (odds ratio, risk ratio, marginal effect) do so in most: the intruder of
``tests/acceptance/test_intruder_models.py`` shows it. Coarser steps would have to be so wide, and the wider the more
models there are, that little is left.

So an estimate is moved by as much as rounding moves the crude estimate of its level, and its standard error is
multiplied by as much as rounding multiplies the crude one. Crude estimates are then those of the released counts and
add nothing to them, in however many models they stand. An adjusted estimate keeps its distance from the crude one. The
shift is a few hundredths of a standard error for hundreds of events and at most about half of one for ten. As with any
noise that disclosure control adds, the standard error has to own up to it: the variance of the shift, were the exact
counts spread evenly over those that round to the released ones, is added to that of the estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from family_justice.config.schema import Policy
from family_justice.disclosure.rounding import shown
from family_justice.measures import MEASURES

#: Step of the differences that stand for slopes.
_STEP = 1e-6


@dataclass(frozen=True)
class Shift:
    """``estimate`` is added to an estimate, ``error`` multiplies its standard error, and ``variance`` is that of the
    shift itself, added to the square of the error."""

    estimate: float = 0.0
    error: float = 1.0
    variance: float = 0.0

    def of_error(self, std_error: float) -> float:
        """Return the standard error to show for an estimate whose own is ``std_error``."""
        return math.sqrt((std_error * self.error) ** 2 + self.variance)


@dataclass(frozen=True)
class Cell:
    """Persons and events of a level, and the persons ``beside`` these with yet another outcome, one number for each;
    neither events nor non-events are taken to be fewer than ``least``."""

    n: float
    events: float
    beside: tuple[float, ...] = ()
    least: float = 0.5

    @property
    def with_event(self) -> float:
        """Events."""
        return max(self.events, self.least)

    @property
    def without(self) -> float:
        """Persons without the event."""
        return max(self.n - self.events, self.least) + sum(self.beside)

    def rounded(self, policy: Policy) -> Cell:
        """The cell that the released counts describe."""
        beside = tuple(shown(int(events), policy) for events in self.beside)
        return Cell(shown(int(self.n), policy), shown(int(self.events), policy), beside, shown(1, policy))


def _odds(cell: Cell) -> tuple[float, float]:
    return math.log(cell.with_event / cell.without), 1 / cell.with_event + 1 / cell.without


def _share(cell: Cell) -> tuple[float, float]:
    n = cell.with_event + cell.without
    share = cell.with_event / n
    return 100 * share, 1e4 * share * (1 - share) / n


def _log_share(cell: Cell) -> tuple[float, float]:
    n = cell.with_event + cell.without
    return math.log(cell.with_event / n), 1 / cell.with_event - 1 / n


def _rate(cell: Cell) -> tuple[float, float]:
    # Rounding changes the events and not the time at risk.
    return math.log(cell.with_event), 1 / cell.with_event


def _time(cell: Cell) -> tuple[float, float]:
    # How a ratio of times follows from events depends on the shape of the distribution; its error as that of a rate.
    return 0.0, 1 / cell.with_event


Formula = Callable[[Cell], tuple[float, float]]
#: Value and variance of a level, by the names that the table of measures has for them; a crude estimate is the
#: difference from the reference level. ``none`` stands for no formula.
_FORMULAS: dict[str, Formula | None] = {
    "odds": _odds,
    "share": _share,
    "log_share": _log_share,
    "rate": _rate,
    "time": _time,
    "none": None,
}
#: The formula of each measure; one whose formula is not there is an error at import.
_CRUDE: dict[str, Formula | None] = {name: _FORMULAS[measure.crude] for name, measure in MEASURES.items()}


def rounding_shift(
    measure: str, level: Cell, reference: Cell, policy: Policy, less: tuple[Cell, Cell] | None = None
) -> Shift:
    """Return what rounding does to the crude estimate of ``level`` against ``reference``, of a difference of two
    estimates ``less`` the one of another level and reference; nothing for a measure that no counts of levels give, and
    where counts are not rounded."""
    crude = _CRUDE[measure]
    if crude is None or policy.rounding_base == 1:
        return Shift()
    exact = [level, reference, *(reversed(less) if less else ())]
    short = [cell.rounded(policy) for cell in exact]
    values, errors = [], []
    for cells in (exact, short):
        found = [crude(cell) for cell in cells]
        values.append(sum(value for value, _ in found[::2]) - sum(value for value, _ in found[1::2]))
        errors.append(math.sqrt(sum(variance for _, variance in found)))
    variance = sum(_rounding_variance(crude, cell, policy.rounding_base) for cell in short)
    return Shift(values[1] - values[0], errors[1] / errors[0], variance)


def _rounding_variance(crude: Callable[[Cell], tuple[float, float]], cell: Cell, base: int) -> float:
    """Variance of a crude value whose counts are each off by one of the ``base`` numbers of a rounding, all as likely
    (delta method, slopes by differences)."""
    more = [replace(cell, n=cell.n + _STEP), replace(cell, events=cell.events + _STEP)]
    for place, persons in enumerate(cell.beside):
        beside = (*cell.beside[:place], persons + _STEP, *cell.beside[place + 1 :])
        more.append(replace(cell, beside=beside))
    value, _ = crude(cell)
    return (base**2 - 1) / 12 * sum(((crude(other)[0] - value) / _STEP) ** 2 for other in more)
