"""The exact cumulative counts behind a curve, and what ties them together: one reading for each kind of curve."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.result_frame import Conditions
from family_justice.disclosure.rounding import UNBOUNDED, Counts, cumulative_bounds, is_open, shown
from family_justice.disclosure.sets import Sets
from family_justice.errors import DisclosureError
from family_justice.kinds.families.states import START
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES, of_role

SERIES = ("events", "competing", "censored")
ENTERED = "total"  # with delayed entry: who had entered so far
#: The counts that a curve of each measure needs beside its own rows; a curve with a measure that is not here, or
#: without its counts, does not leave.
BESIDE: dict[str, tuple[str, ...]] = {
    "survival": (),
    "cumulative_incidence": (),
    "mean_cumulative_count": ("first_events",),
    "state_probability": ("transitions",),
}
assert set(BESIDE) == set(of_role("curve")), "every curve needs a rule"


def has_median(kind: str) -> bool:
    """True for a kind whose curve has its median beside it."""
    return not set(of_role("median")).isdisjoint(KINDS[kind].measures)


@dataclass
class Line:
    """Rows of one measure on the grid, and which series each of their columns of counts shows."""

    rows: list[int]
    columns: dict[str, str]


@dataclass
class Curve:
    """The curves of one analysis over the same persons: exact cumulative counts on the grid, and what is shown.

    ``leaving`` names the series whose persons are no longer at risk. ``rests`` are counts that no row shows but that
    follow from the series, and ``ties`` says which count is the sum of which; ``persons`` is everybody.
    """

    analysis: str
    kind: str
    cohort: str
    outcome: str
    who: Conditions
    n: int
    measure: str = ""
    times: tuple[float, ...] = ()
    lines: list[Line] = field(default_factory=list)
    exact: dict[str, Counts] = field(default_factory=dict)
    leaving: tuple[str, ...] = SERIES
    rests: dict[str, Counts] = field(default_factory=dict)
    ties: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    states: tuple[str, ...] = ()  # in order
    start: str = ""  # the state of everybody at time zero; ``START`` where states can be entered again
    total: int = 0  # persons with the event at the end of the grid
    suppressed: bool = False
    rounded: dict[str, Counts] = field(default_factory=dict)
    composite: set[str] = field(default_factory=set)  # series shown as the sum of others
    rows_of_one: int = 1  # the most rows that one person has among the n
    coarser: int = 1  # how many times wider its steps are than they need be, for the sake of another curve
    persons: Hashable = None  # the name of the set of persons
    who_print: Counts | None = None  # its print, where known
    prints: dict[str, Counts] = field(default_factory=dict)  # (k, BUCKETS) of the sets of a series, where known
    of_one: dict[str, int] = field(default_factory=dict)  # the most that one person adds to a series, if more than rows

    def most_of_one(self, series: str = "") -> int:
        """The most that one person adds to a series: rows among the n, or more where a move is made again."""
        return max(self.rows_of_one, self.of_one.get(series, 1))

    def own(self, policy: Policy, series: str = "") -> Policy:
        """The policy with steps and minima as many times wider as one person has rows, or moves in a ``series``: to a
        person who moves a count by m, a step of m bases is what a step of one is to others. Steps may be wider for the
        sake of another curve."""
        m = self.most_of_one(series)
        if m == self.coarser == 1:
            return policy
        wider = {name: m * getattr(policy, name) for name in ("threshold", "minimum_at_risk")}
        return policy.model_copy(update={**wider, "rounding_base": m * self.coarser * policy.rounding_base})

    def name_of(self, series: str, at: Counts) -> Hashable:
        """The name of a series at some positions of the grid: that of the sets it counts there, or its counts if
        nothing is known of these."""
        if series in self.prints:
            return hashlib.blake2b(self.prints[series][at].tobytes(), digest_size=16).digest()
        return tuple(int(count) for count in self.exact[series][at])

    def print_at(self, series: str, time: float) -> Counts:
        """The print of the members whom a series counts by a time (BUCKETS,)."""
        return np.asarray(self.prints[series][int(np.searchsorted(self.times, time, side="right")) - 1])

    @property
    def rows(self) -> list[int]:
        """All rows of the frame."""
        return [row for line in self.lines for row in line.rows]

    def gone(self) -> Counts:
        """Number no longer at risk after each time."""
        return np.sum([self.exact[name] for name in self.leaving], axis=0, dtype=np.int64)

    def entered(self, counts: dict[str, Counts], n: int) -> Counts:
        """Number who had entered up to each time: all ``n`` of them unless entry is delayed."""
        return counts[ENTERED] if ENTERED in counts else np.full(len(self.times), n, dtype=np.int64)

    def at_risk(self, policy: Policy) -> Counts:
        """Number at risk after each time, from the shown counts."""
        left = self.entered(self.rounded, shown(self.n, policy)) - sum(self.rounded[name] for name in self.leaving)
        return np.maximum(left, 0).astype(np.int64)

    @property
    def leading(self) -> tuple[str, ...]:
        """The series that count nobody if ``total`` is zero."""
        if self.start == START:
            return tuple(name for line in self.lines for name in line.columns.values() if name in self.moved)
        return tuple(self.moves_out_of(self.start)) if self.states else ("events", "first_events")

    @property
    def moved(self) -> tuple[str, ...]:
        """The transitions from one state to another."""
        return tuple(name for name in self.exact if name.partition(":")[0] != START and name.rpartition(":")[2])

    def moves_into(self, state: str) -> list[str]:
        """Names of the transitions to a state."""
        return [name for name in self.exact if name.partition(":")[2] == state]

    def moves_out_of(self, state: str) -> list[str]:
        """Names of the transitions from a state."""
        return [name for name in self.exact if name.partition(":")[0] == state and not name.endswith(":")]

    def in_state(self, state: str, counts: dict[str, Counts], n: int) -> Counts:
        """Number in a state after each time, from cumulative ``counts`` of moves among ``n`` persons."""
        left = [*self.moves_out_of(state), *([f"{state}:"] if f"{state}:" in self.exact else [])]
        here = np.zeros(len(self.times), dtype=np.int64) + (n if state == self.start else 0)
        for sign, names in ((1, self.moves_into(state)), (-1, left)):
            for name in names:
                here = here + sign * counts[name]
        return here

    def length(self, policy: Policy) -> int:
        """Number of grid times that are shown: those at which enough persons are at risk, exactly and as shown."""
        # Nothing is hidden under an open policy: its curves go on until nobody is left.
        own = policy if is_open(policy) else self.own(policy)
        least = own.minimum_at_risk if is_open(policy) else max(own.minimum_at_risk, own.threshold)
        enough = (self.entered(self.exact, self.n) - self.gone() >= least) & (self.at_risk(policy) >= least)
        return int(np.cumprod(enough).sum())


def read_sets(curve: Curve, sets: Sets) -> None:
    """Fill in whom the curve counts, from what is known of its rows."""
    first = curve.rows[0]
    who = sets.at(first, "n")
    curve.persons = (curve.cohort, curve.n) if who is None else who.key
    curve.who_print = None if who is None else who.print
    curve.rows_of_one = sets.rows_of_one(first, "n")
    for line in curve.lines:
        for column, series in line.columns.items():
            found = [sets.at(row, column) for row in line.rows]
            if series not in curve.prints and all(who is not None for who in found):
                curve.prints[series] = np.stack([who.print for who in found if who is not None])
            if series in curve.moved and curve.start == START:
                curve.of_one[series] = max(sets.rows_of_one(row, column) for row in line.rows)


def read_series(curve: Curve, rows: pd.DataFrame) -> None:
    """Fill in the times, lines, series and ties of a curve from its rows. Raises ``DisclosureError`` for rows that are
    not what its kind should give."""
    parts = {str(measure): part for measure, part in rows.groupby("measure", sort=False)}
    leading = [measure for measure in parts if MEASURES[measure].role == "curve"]
    if len(leading) != 1 or set(parts) != {leading[0], *BESIDE[leading[0]]}:
        raise DisclosureError(f"curves of kind {curve.kind}: the rows have not the measures of one curve")
    curve.measure = leading[0]
    read = {"mean_cumulative_count": _repeated, "state_probability": _states}.get(curve.measure, _single)
    read(curve, parts)
    curve.rests["left"] = np.maximum(curve.entered(curve.exact, curve.n) - curve.gone(), 0)
    if ENTERED in curve.exact:
        curve.rests["not entered"] = curve.n - curve.exact[ENTERED]
        curve.ties.append(("persons", (ENTERED, "not entered")))
    curve.ties.append((ENTERED if ENTERED in curve.exact else "persons", (*curve.leaving, "left")))


def _single(curve: Curve, parts: dict[str, pd.DataFrame]) -> None:
    """One event per person: events, competing events and censorings all end time at risk."""
    rows = parts[curve.measure]
    curve.times = tuple(rows["time"].astype(float))
    curve.exact = {name: _counts(rows, name) for name in SERIES}
    if rows["events"].isna().any():
        raise DisclosureError("curves: disclosure control needs events in every row")
    if rows[ENTERED].notna().any():
        if rows[ENTERED].isna().any() or has_median(curve.kind):
            raise DisclosureError("curves: who had entered is not told at every time, or of a curve that has no rule")
        curve.exact[ENTERED] = _counts(rows, ENTERED)
    curve.lines = [Line(list(rows.index), {name: name for name in curve.exact})]
    curve.total = int(curve.exact["events"][-1])


def _repeated(curve: Curve, parts: dict[str, pd.DataFrame]) -> None:
    """Several events per person: these end nobody's time at risk.

    A small number of persons may have many events, so that it is the persons with an event who must be enough.
    """
    if any(part[ENTERED].notna().any() for part in parts.values()):
        raise DisclosureError("curves: a mean count needs its events and its first events, and knows no delayed entry")
    main = parts["mean_cumulative_count"]
    curve.times = tuple(main["time"].astype(float))
    ends = ("competing", "censored")
    curve.exact = {name: _counts(main, name) for name in ends}
    curve.leaving = ends
    for measure, part in parts.items():
        if part["events"].isna().any() or tuple(part["time"].astype(float)) != curve.times:
            raise DisclosureError("curves: disclosure control needs events at every time of the grid")
        if any((_counts(part, name) != curve.exact[name]).any() for name in ends):
            raise DisclosureError("curves: the rows of a mean count are not about the same persons")
        series = "events" if measure == "mean_cumulative_count" else measure
        curve.exact[series] = _counts(part, "events")
        curve.lines.append(Line(list(part.index), {"events": series, **{name: name for name in ends}}))
    first = curve.exact["first_events"]
    curve.rests = {"later_events": curve.exact["events"] - first, "without_event": curve.n - first}
    curve.ties = [("events", ("first_events", "later_events")), ("persons", ("first_events", "without_event"))]
    curve.total = int(curve.exact["first_events"][-1])


def _states(curve: Curve, parts: dict[str, pd.DataFrame]) -> None:
    """Moves between states, and ends of observation in each state.

    A person makes a move at most once, unless there are numbers of who starts in which state (moves from ``START``):
    then states can be entered again. Nobody leaves a state without ends of observation. Whoever enters a state leaves
    it, is last seen there, or is in it still; so that moves into a state bound those out of it.
    """
    if any(part[ENTERED].notna().any() for part in parts.values()):
        raise DisclosureError(
            "curves: probabilities of states need the numbers of transitions, and know no delayed entry"
        )
    states = {str(term): part for term, part in parts["state_probability"].groupby("term", sort=False)}
    curve.states = tuple(states)
    curve.times = tuple(states[curve.states[0]]["time"].astype(float))
    moves = {str(term): part for term, part in parts["transitions"].groupby("term", sort=False)}
    for part in (*states.values(), *moves.values()):
        if tuple(part["time"].astype(float)) != curve.times:
            raise DisclosureError("curves: states and transitions are not on one grid of times")
    curve.start = START if any(move.startswith(f"{START}:") for move in moves) else curve.states[0]
    absorbing = {state for state, part in states.items() if part["censored"].isna().all()}
    _read_states(curve, states, absorbing)
    _read_moves(curve, moves, absorbing)
    for state in states:
        _tie_moves(curve, state, state in absorbing)
    curve.leaving = tuple(n for n in curve.exact if n.endswith(":") or n.partition(":")[2] in absorbing)
    leading = curve.moves_out_of(curve.start)
    if curve.start == START:
        curve.ties.append(("persons", tuple(leading)))
        if any((curve.exact[name] != curve.exact[name][0]).any() for name in leading):
            raise DisclosureError("curves: who starts in a state is the same number at all times")
        leading = list(curve.moved)
    curve.total = int(sum(curve.exact[move][-1] for move in leading))


def _read_states(curve: Curve, states: dict[str, pd.DataFrame], absorbing: set[str]) -> None:
    """Add the line of every state, and the ends of observation in it as the series ``<state>:``."""
    for state, part in states.items():
        curve.lines.append(Line(list(part.index), {} if state in absorbing else {"censored": f"{state}:"}))
        if state not in absorbing:
            curve.exact[f"{state}:"] = _counts(part, "censored")


def _read_moves(curve: Curve, moves: dict[str, pd.DataFrame], absorbing: set[str]) -> None:
    """Add the line and the series of every transition, ``<from>:<to>``."""
    for move, part in moves.items():
        origin, _, target = move.partition(":")
        known = {origin, target} <= set(curve.states) or (origin == START and target in curve.states)
        if part["events"].isna().any() or not known or origin in absorbing:
            raise DisclosureError("curves: transitions must be counted, and lead from one known state to another")
        curve.lines.append(Line(list(part.index), {"events": move}))
        curve.exact[move] = _counts(part, "events")


def _tie_moves(curve: Curve, state: str, absorbing: bool) -> None:
    """Tie the moves into a state to all persons, if nobody enters it twice, and to the moves out of it."""
    start = state == curve.start
    into, out = curve.moves_into(state), curve.moves_out_of(state)
    came = np.sum([curve.exact[move] for move in into], axis=0, dtype=np.int64) + np.zeros(len(curve.times), int)
    if into and curve.start != START:
        curve.rests[f"not in {state}"] = curve.n - came
        curve.ties.append(("persons", (*into, f"not in {state}")))
    if not absorbing:
        been = came + (curve.n if start else 0)
        curve.rests[f"been in {state}"] = been
        curve.rests[f"in {state}"] = been - np.sum([curve.exact[name] for name in (*out, f"{state}:")], axis=0)
        curve.ties.append((f"been in {state}", (*(("persons",) if start else ()), *into)))
        curve.ties.append((f"been in {state}", (*out, f"{state}:", f"in {state}")))


def _check_in_state(curve: Curve, rows: pd.DataFrame) -> None:
    """ "Just before t" there may be all who were in a state after the grid time before and all who came since, but not
    fewer than those less all who left since."""
    for state, line in zip(curve.states, curve.lines, strict=False):
        here = curve.in_state(state, curve.exact, curve.n)
        came = np.sum([np.diff(curve.exact[m], prepend=0) for m in curve.moves_into(state)] or [0 * here], axis=0)
        before = np.concatenate([[curve.n if state == curve.start else 0], here[:-1]])
        given = _counts(rows.loc[line.rows], "at_risk")
        if rows.loc[line.rows, "at_risk"].isna().any() or ((given > before + came) | (given < here - came)).any():
            raise DisclosureError("curves: at_risk of a state does not follow from the transitions")


def _counts(rows: pd.DataFrame, name: str) -> Counts:
    return rows[name].fillna(0).to_numpy(dtype=np.int64)


def check_at_risk(curve: Curve, rows: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless the numbers at risk follow from the counts: "just before t" lies between those
    left after the grid time before and those left after t."""
    if curve.states:
        _check_in_state(curve, rows)
        return
    gone, rows = curve.gone(), rows.loc[curve.lines[0].rows]
    known = rows["at_risk"].notna().to_numpy()
    given = _counts(rows, "at_risk")
    entered = curve.entered(curve.exact, curve.n)
    most, least = entered - np.concatenate([[0], gone[:-1]]), np.concatenate([entered[:1], entered[:-1]]) - gone
    if (known & ((given > most) | (given < least))).any():
        raise DisclosureError("curves: at_risk does not follow from the counts")


def shown_bounds(curve: Curve, series: str, length: int, policy: Policy) -> tuple[Counts, Counts]:
    """Return the least and the greatest that each count of a series can be (k,), by what is shown of it under the rules
    of the ``policy`` that hold for the series.

    Nothing is told beyond the end of the curve, or of a sum of other series by itself. A curve that is shown to its end
    has nobody with an event, or ``threshold`` or more: with fewer it would have been withheld.
    """
    k, policy = len(curve.times), curve.own(policy, series)
    low, high = np.zeros(k, dtype=np.int64), np.full(k, UNBOUNDED, dtype=np.int64)
    if curve.suppressed and curve.exact[series][-1] < policy.threshold:
        high[:] = policy.threshold - 1
    if length and series not in curve.composite:
        low[:length], high[:length] = cumulative_bounds(curve.rounded[series][:length], policy)
    if length == k and series in curve.leading:
        if not curve.total:
            high[:] = 0
        elif series in ("events", "first_events"):
            low[-1] = max(int(low[-1]), policy.threshold)
    return low, high
