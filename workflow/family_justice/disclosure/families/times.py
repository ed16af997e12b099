"""Times at risk, and the rates that rest on them.

The time at risk of members is how many they are times their mean time, and so as telling as their number: where
everybody is followed for a year it is their number, and what the shown groups leave of everybody's time is the number
of the hidden ones. So time is rounded as people are: it is that of so many as are shown, each with the mean time to two
digits, and the number that the time stands for is rounded and not that of the members, which would be one for several
cells of the same members. Time of areas is public, and shown to three digits.

Where the mean time of hidden members can be guessed (a year, the width of a band of age), what the shown times leave
for them bounds their number. Where that leaves fewer than ``SAFE_VALUES`` of them, the rate of the whole is withheld.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from family_justice.analyses.rates import PER, limits_of
from family_justice.config.schema import Policy
from family_justice.disclosure.ledger import SAFE_VALUES
from family_justice.disclosure.result_frame import Conditions, conditions, count, real, suppress, text
from family_justice.disclosure.rounding import shown
from family_justice.disclosure.sets import Sets

#: Sums of times are known to ten digits.
_CLOSE = 1e-8


@dataclass
class Timed:
    """A cell with a rate: its two rows, members and exact time; whether these are few members, and whether the cell is
    hidden; the time to show, and how far the exact one can be off it."""

    rate: int
    row: int
    n: int
    time: float
    few: bool
    hidden: bool
    shown: float
    off: float

    @property
    def mean(self) -> float:
        """Mean time of a member."""
        return self.time / self.n if self.n else 0.0


def release_rates(frame: pd.DataFrame, sets: Sets, policy: Policy) -> None:
    """Write times at risk, and the rates of released events over these, into ``frame``, whose tables are released."""
    for cells in _tables(frame, sets, policy):
        while whole := _telling(cells, policy):
            whole.hidden = True
        for cell in cells.values():
            if cell.hidden:
                suppress(frame, [cell.rate, cell.row], policy)
            else:
                _write(frame, cell)


def shown_time(time: float, n: int, is_public: bool, policy: Policy) -> tuple[float, float]:
    """Return the time to show for ``n`` members, and how far the exact one can be off it; of areas to three digits."""
    if not (time > 0 and n):
        return time, 0.0
    if is_public:
        return round(time, 2 - math.floor(math.log10(time))), 0.0
    mean = float(f"{time / n:.2g}")
    number = shown(max(1, round(time / mean)), policy)
    return float(f"{mean * number:.10g}"), mean * (policy.rounding_base + 1) / 2


def _tables(frame: pd.DataFrame, sets: Sets, policy: Policy) -> Iterator[dict[Conditions, Timed]]:
    """Yield the cells of each analysis and outcome, by their groups."""
    about = ["analysis", "outcome"]
    rates = frame[frame["measure"] == "rate"]
    places = {tuple(str(rates.at[row, c]) for c in (*about, "group")): int(row) for row in rates.index}
    for labels, times in frame[frame["measure"] == "time_at_risk"].groupby(about, sort=False):
        cells: dict[Conditions, Timed] = {}
        for row in map(int, times.index):
            group, n, time = text(frame, row, "group"), count(frame, row, "n") or 0, real(frame, row, "estimate")
            rate = places[(*map(str, labels), group)]
            hidden = frame.at[rate, "status"] == "suppressed"
            is_public = sets.is_public(row, "n")
            numbers = shown_time(time, n, is_public, policy)
            few = not is_public and sets.is_few(row, "n", n, policy)
            cells[conditions(group)] = Timed(rate, row, n, time, few, hidden, *numbers)
        yield cells


def _write(frame: pd.DataFrame, cell: Timed) -> None:
    rate, row, time = cell.rate, cell.row, cell.shown
    events, exact = count(frame, rate, "n") or 0, real(frame, rate, "estimate")
    frame.at[row, "estimate"], frame.at[row, "n"] = time, frame.at[rate, "total"]
    frame.at[rate, "estimate"] = PER * events / time if time > 0 else math.nan
    if not math.isnan(real(frame, rate, "conf_low")):
        value, error = real(frame, rate, "estimate"), real(frame, rate, "std_error")
        if not math.isnan(error):
            # The relative error of a count falls as its root grows: it moves as the count does.
            moved = math.sqrt(exact * cell.time / PER / events) if events else math.nan
            error = float(f"{moved * error / exact:.2g}") * value if value > 0 else math.nan
            frame.at[rate, "std_error"] = error
        frame.loc[rate, ["conf_low", "conf_high"]] = limits_of(value, error, events, time)


def _telling(cells: dict[Conditions, Timed], policy: Policy) -> Timed | None:
    """Return a whole whose time, less that of its shown parts, narrows the number of hidden members down too far."""
    wanted = min(SAFE_VALUES, policy.threshold - 1)
    for where, whole in cells.items():
        for parts in _parts(cells, where) if not whole.hidden else ():
            hidden = [part for part in parts if part.hidden]
            seen = [part for part in parts if not part.hidden]
            least = whole.shown - whole.off - sum(part.shown + part.off for part in seen)
            most = whole.shown + whole.off - sum(part.shown - part.off for part in seen)
            for part in hidden:
                others = [_range(other, policy) for other in hidden if other is not part]
                bottom, top = (sum(bounds[side] for bounds in others) for side in (0, 1))
                if part.few and part.mean and _values(part, least - top, most - bottom, policy) < wanted:
                    return whole
    return None


def _parts(cells: dict[Conditions, Timed], where: Conditions) -> Iterator[list[Timed]]:
    """Yield the cells of each column that make up a cell."""
    columns: dict[str, list[Timed]] = {}
    for group, cell in cells.items():
        if where < group and len(group) == len(where) + 1:
            ((column, _),) = group - where
            columns.setdefault(column, []).append(cell)
    for parts in columns.values():
        if math.isclose(sum(part.time for part in parts), cells[where].time, rel_tol=_CLOSE):
            yield parts


def _range(cell: Timed, policy: Policy) -> tuple[float, float]:
    """Return the least and the greatest time of members of whom only the mean is known."""
    return (cell.mean, (policy.threshold - 1) * cell.mean) if cell.few else (policy.threshold * cell.mean, math.inf)


def _values(cell: Timed, least: float, most: float, policy: Policy) -> int:
    """Return how many numbers of few members have a time between two bounds."""
    first = max(1, math.ceil(least / cell.mean - _CLOSE)) if math.isfinite(least) else 1
    last = min(policy.threshold - 1, math.floor(most / cell.mean + _CLOSE))
    return last - first + 1
