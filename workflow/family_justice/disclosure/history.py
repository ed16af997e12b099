"""What was released of the same people before, by other streams and in earlier releases, and what follows from it.

Every release of records leaves a file in one folder that stays inside: its counts by the prints of their sets, what
is shown or hidden of them, the sums between them, and its estimates. Names play no part: a stream that was copied, a
cohort or a level that was renamed are still the same members. Before a stream is released,

- what other streams and earlier releases show of the same people is put into one ledger with it, with every union that
  prints reveal; if a count of few can then have fewer than ``SAFE_VALUES`` values, the door stays shut;
- what was released of other records (a refresh) is compared set by set: sets that differ by fewer than ``threshold``
  members must not be shown as numbers that cannot be the same, nor the one be hidden and the other shown, and estimates
  over such sets must not differ.

Of a synthetic population only the latest release of each stream is kept, as nobody is to be protected from its past.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from family_justice import fingerprint, rooms
from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import Disclosed
from family_justice.disclosure.families.curve_series import Curve, shown_bounds
from family_justice.disclosure.ledger import Count, Key, Ledger
from family_justice.disclosure.rounding import UNBOUNDED
from family_justice.disclosure.sets import set_key
from family_justice.disclosure.unions import tie_unions
from family_justice.errors import DisclosureError
from family_justice.files import atomic
from family_justice.measures import PARAMETERS
from family_justice.prints import BUCKETS, PLACES

#: Cells that a message names.
NAMED = 5
_HIDDEN, _FEW, _SMALL, _WITHHELD, _PUBLIC = 1, 2, 4, 8, 16

#: More values than any count of few can have.
_MANY = 1 << 60


@dataclass(frozen=True)
class Population:
    """Whose releases these are: the folder in which they are remembered, the fingerprint of the records, the last day
    of these, and whether earlier releases are kept (of records; a population that is made up has no past)."""

    folder: Path
    data: str
    refresh: str
    keeps: bool


@dataclass(frozen=True)
class Release:
    """What one release of a stream shows and hides, as arrays that a file can hold.

    Attributes
    ----------
    stream, data, refresh
        Names of the stream, of its records and of their last day.
    names, prints, exact, low, high, state
        (m,) of each count: its words, the (m, BUCKETS) print of its set (zero if unknown), its number, what the shown
        number can stand for, and whether it is hidden (1), of few (2), small (4), withheld (8) or public (16).
    sums, sizes
        Positions of wholes and parts, one sum after the other, and how many positions each has.
    partitions, counted
        The same of partitions.
    estimates, about, over
        (e,) released estimates, their words, and the (e, 2 BUCKETS) prints of their members and of those with the
        event.
    """

    stream: str
    data: str
    refresh: str
    names: npt.NDArray[np.str_]
    prints: npt.NDArray[np.int64]
    exact: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sizes: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    partitions: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    counted: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    estimates: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    about: npt.NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, dtype=np.str_))
    over: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2 * BUCKETS), dtype=np.int64))

    @property
    def words(self) -> str:
        """What the release is called in a message."""
        return f"stream {self.stream}" + (f", records until {self.refresh}" if self.refresh else "")

    def key(self, position: int) -> Key:
        """The key of a count: that of its set, or one of this release alone."""
        known = self.prints[position].any()
        return set_key(self.prints[position]) if known else (self.stream, self.data, "count", position)


def release_of(stream: str, exact: pd.DataFrame, disclosed: Disclosed, population: Population) -> Release:
    """Return what a release shows and hides of the sets behind its counts, and its estimates."""
    ledger = disclosed.ledger
    place = {key: position for position, key in enumerate(ledger.counts)}
    cells = [*_of_ledger(ledger), *(cell for curve in disclosed.curves for cell in _of_curve(curve, ledger.policy))]
    names, prints, *numbers = zip(*cells, strict=True) if cells else ([],) * 6
    exact_, low, high, state = (np.array(column, dtype=np.int64) for column in numbers)
    sums, sizes = _joined([place[tie.whole], *(place[part] for part in tie.parts)] for tie in ledger.sums)
    partitions, counted = _joined([place[part] for part in parts] for parts in ledger.partitions.values())
    rows, over = _estimates(exact, disclosed)
    about = [_row_words(disclosed.rows.loc[row]) for row in rows]
    estimates = disclosed.rows.loc[rows, "estimate"].to_numpy(dtype="float64")
    table = np.array(prints, dtype=np.int64).reshape(-1, BUCKETS)
    return Release(
        stream, population.data, population.refresh, np.array(names, dtype=np.str_), table, exact_, low, high, state,
        sums, sizes, partitions, counted, estimates, np.array(about, dtype=np.str_), over,
    )  # fmt: skip


def _joined(parts: Iterable[list[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return lists of positions as one array, and how long each is."""
    lists = list(parts)
    flat = [position for part in lists for position in part]
    return np.array(flat, dtype=np.int64), np.array([len(part) for part in lists], dtype=np.int64)


def _of_ledger(ledger: Ledger) -> Iterator[tuple[str, Any, int, int, int, int]]:
    """Yield the counts of tables and models: words, print, number, what the shown number can be, and state."""
    words = {key: _words(name) for name, key in reversed(ledger.named.items())}
    nobody = np.zeros(BUCKETS, dtype=np.int64)
    for key, count in ledger.counts.items():
        name = words.get(key, "a difference of counts")
        yield name, ledger.prints.get(key, nobody), count.exact, *ledger.seen(key), _state(count)


def _state(count: Count) -> int:
    few = _FEW * count.few | _SMALL * count.small
    return _HIDDEN * count.hidden | few | _WITHHELD * count.withheld | _PUBLIC * count.public


def _of_curve(curve: Curve, policy: Policy) -> Iterator[tuple[str, Any, int, int, int, int]]:
    """Yield the cells of a curve: words, print, number, what the shown number can be, and state."""
    length = 0 if curve.suppressed else curve.length(policy)
    for series, prints in curve.prints.items():
        own = curve.own(policy, series)
        low, high = shown_bounds(curve, series, length, policy)
        for at in np.flatnonzero(curve.exact[series]):
            number = int(curve.exact[series][at])
            few = _FEW | _SMALL if number < own.threshold else 0
            name = f"{curve.analysis}, {curve.outcome} {_group(curve.who)}, {series} by {curve.times[at]:g}"
            hidden = 0 if at < length and series not in curve.composite else _HIDDEN
            yield name, prints[at], number, int(low[at]), int(high[at]), few | hidden


def _estimates(exact: pd.DataFrame, disclosed: Disclosed) -> tuple[list[int], npt.NDArray[np.int64]]:
    """Return the released rows with an estimate of a level, and the prints of their members and events."""
    sets, rows, over = disclosed.ledger.sets, [], []
    for row in exact.index[exact["measure"].isin(PARAMETERS)]:
        members, events = sets.at(int(row), "n"), sets.at(int(row), "events")
        at = disclosed.kept.get(int(row))
        if members is None or events is None or at is None or disclosed.rows.at[at, "status"] != "ok":
            continue
        rows.append(at)
        over.append(np.concatenate([members.print, events.print]))
    return rows, np.array(over, dtype=np.int64).reshape(-1, 2 * BUCKETS)


def _words(name: Key) -> str:
    """Return words for a count from its labels; never a number of people."""
    match name:
        case ("persons", cohort, who, time, _):
            return f"{cohort}, {_group(who)}" + ("" if time is None else f" at {time:g}")
        case ("events", cohort, outcome, who, _):
            return f"{cohort}, {outcome} {_group(who)}"
        case ("left out", analysis, outcome, who, term, level):
            return f"{analysis}, {outcome} {_group(who)}: {term} {level}"
    return "a difference of counts"


def _group(who: Any) -> str:
    return "; ".join(f"{column}={level}" for column, level in sorted(who)) or "everybody"


def _row_words(row: Any) -> str:
    parts = [str(row[name]) for name in ("analysis", "measure", "outcome", "group", "term", "level") if row[name]]
    return ", ".join(parts)


# --- the folder of releases -----------------------------------------------------------------------------------------


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one door at a time look at the releases and add its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_releases(population: Population, stream: str) -> list[Release]:
    """Return what was released before: by other streams of the same records and, of records, in earlier releases.

    Releases of made-up people, whose files are named by their stream alone, are none of the past of records: nobody is
    in both, and small sets of either would look alike.
    """
    found = []
    for path in sorted(population.folder.glob("*.*.*.npz" if population.keeps else "*.npz")):
        rooms.check(path, "Put back a copy of it: without it earlier releases are not protected")
        with np.load(path, allow_pickle=False) as arrays:
            values: Any = {name: arrays[name] for name in arrays.files}
        texts = {name: str(values[name]) for name in ("stream", "data", "refresh")}
        release = Release(**{**values, **texts})
        own = (release.stream, release.data) == (stream, population.data)
        if (population.keeps or release.data == population.data) and not (own and not population.keeps):
            found.append(release)
    return found


def add_release(release: Release, population: Population) -> None:
    """Write a release into the folder; of a population without a past, in place of the one before."""
    values: Any = {item.name: np.asarray(getattr(release, item.name)) for item in fields(release)}
    contents = [release.names.tolist(), release.exact.tolist(), release.low.tolist(), release.estimates.tolist()]
    own = f".{release.data}.{fingerprint.of_value(contents)}" if population.keeps else ""
    with atomic(population.folder / f"{release.stream}{own}.npz") as temporary:
        np.savez_compressed(temporary, **values)


# --- what follows -----------------------------------------------------------------------------------------------------


def check_releases(release: Release, others: Sequence[Release], policy: Policy) -> None:
    """Raise ``DisclosureError`` that names cells, if too much follows from a release beside others; no numbers."""
    # Sets are known by their members: whoever stayed when records were refreshed is the same.
    narrowed = _narrowed_together([release, *others], policy) if others else []
    if narrowed:
        raise DisclosureError(_message(
            "together with what is released of the same people already, counts of few people can be narrowed down",
            narrowed,
            "Hide or join these levels in this stream, or withdraw the other release",
        ))  # fmt: skip
    changed = [cell for other in others if other.data != release.data for cell in _changed(release, other, policy)]
    if changed:
        raise DisclosureError(_message(
            "cells can be subtracted from those of an earlier release: fewer than "
            f"{policy.threshold} people lie between the two",
            changed,
            "Write coarser levels or a coarser grid of times for these cells, or leave them out; or go on with the "
            "earlier records and definitions",
        ))  # fmt: skip


def _message(what: str, cells: list[str], remedy: str) -> str:
    found = list(dict.fromkeys(cells))
    lines = [f"  - {line}" for line in found[:NAMED]]
    more = [f"  - and {len(found) - NAMED} more"] if len(found) > NAMED else []
    return "\n".join([f"{what} ({len(found)}).", *lines, *more, f"{remedy}."])


def _narrowed_together(releases: Sequence[Release], policy: Policy) -> list[str]:
    """Return the words of counts of few that have too few values in one ledger of all releases, and fewer than in a
    ledger of one of them: what a release shows of itself was looked at when it left."""
    joint, whose, words = _in_one_ledger(releases, policy)
    together = joint.narrowed(lambda keys: _is_shared(keys, whose))
    if not together:
        return []
    alone: dict[Key, int] = {}
    everybody = set(range(len(releases)))
    for number in sorted(set().union(*(whose.get(key, everybody) for key in together))):
        ledger, *_ = _in_one_ledger([releases[number]], policy)
        for key, values in ledger.narrowed(lambda keys: not together.keys().isdisjoint(keys)).items():
            alone[key] = min(values, alone.get(key, values))
    return [
        words.get(key, "a difference of counts") for key, values in together.items() if values < alone.get(key, _MANY)
    ]


def _in_one_ledger(releases: Sequence[Release], policy: Policy) -> tuple[Ledger, dict[Key, set[int]], dict[Key, str]]:
    """Return one ledger of all counts of releases, in which of them each count stands, and its words."""
    joint = Ledger(policy)
    whose: dict[Key, set[int]] = {}
    words: dict[Key, str] = {}
    for number, release in enumerate(releases):
        keys = [release.key(position) for position in range(len(release.exact))]
        for position, key in enumerate(keys):
            _join(joint, key, release, position)
            whose.setdefault(key, set()).add(number)
            words.setdefault(key, f"{release.words}: {release.names[position]}")
        for whole, *parts in _ragged(release.sums, release.sizes):
            joint.add_sum(keys[whole], [keys[part] for part in parts], margin=False)
        for parts in _ragged(release.partitions, release.counted):
            joint.add_partition([keys[part] for part in parts])
    tie_unions(joint, {key: sum(1 << number for number in numbers) for key, numbers in whose.items()})
    return joint, whose, words


def _is_shared(keys: Sequence[Key], whose: dict[Key, set[int]]) -> bool:
    """True for counts that sums connect and that are of several releases: what is of one alone was looked at there."""
    return len(set().union(*(whose.get(key, set()) for key in keys))) > 1


def _join(joint: Ledger, key: Key, release: Release, position: int) -> None:
    """Enter a count of a release; one that any release shows is seen."""
    state, exact = int(release.state[position]), int(release.exact[position])
    hidden, few, small, withheld, public = (bool(state & bit) for bit in (_HIDDEN, _FEW, _SMALL, _WITHHELD, _PUBLIC))
    new = Count(exact, True, False, small, hidden, few=few, in_tables=True, public=public, withheld=withheld)
    count = joint.counts.setdefault(key, new)
    count.hidden &= hidden
    if release.prints[position].any():
        joint.prints.setdefault(key, release.prints[position])
    low, high = joint.bounds.get(key, (0, UNBOUNDED))
    joint.bounds[key] = max(low, int(release.low[position])), min(high, int(release.high[position]))


def _ragged(positions: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Iterator[list[int]]:
    for part in np.split(positions, np.cumsum(sizes)[:-1]) if len(sizes) else ():
        yield part.tolist()


def _changed(release: Release, other: Release, policy: Policy) -> Iterator[str]:
    """Yield the cells of two releases of different records whose sets differ by few members, although what is shown of
    them cannot be one number; and estimates over such sets that differ."""
    far = PLACES * (policy.threshold - 1)
    order = np.argsort(other.exact, kind="stable")
    sizes = other.exact[order]
    for position in range(len(release.exact)):
        if not release.prints[position].any() or release.state[position] & _PUBLIC:
            continue
        n = release.exact[position]
        first, last = np.searchsorted(sizes, [n - policy.threshold + 1, n + policy.threshold], side="left")
        near = order[first:last]
        near = near[(other.exact[near] != n) & other.prints[near].any(axis=1)]
        apart = (other.low[near] > release.high[position]) | (other.high[near] < release.low[position])
        near = near[apart]
        if len(near) and ((other.prints[near] != release.prints[position]).sum(axis=1) <= far).any():
            yield f"{release.names[position]}: this release ({release.words}) and another ({other.words})"
    for position, estimate in enumerate(release.estimates):
        differing = (other.over != release.over[position]).sum(axis=1)
        near = (differing > 0) & (differing <= 2 * far) & (other.estimates != estimate)
        if near.any():
            yield f"{release.about[position]}: this release ({release.words}) and another ({other.words})"
