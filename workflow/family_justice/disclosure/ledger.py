"""Which counts to hide so that no small one follows from the others.

A ``Ledger`` holds every count that the tables and models of a stream rest on, and the sums that tie them
together. ``protect`` hides

1. every small count;
2. in a margin, a second count where exactly one would be hidden (complementary suppression);
3. further counts until an auditor, who knows the rules and reads every sum in both directions, is left with at least
   ``SAFE_VALUES`` possible values for each hidden small count. Rounding alone does not see to that: 13, 23 and 1 out
   of 37 are shown as 15, 25 and "suppressed" out of 35, and the only exact numbers that fit are 13, 23 and 1.

The auditor's method is interval propagation, and then integer programmes for what that leaves (``exact``; see for
instance Hundepool et al. 2012, Statistical Disclosure Control, chapter 4, for suppression in linked tables and
feasibility intervals).

A count is known by the set of members that it counts (``sets``): the same members are one count, in whatever analysis
they stand. A count is small if there are few rows or few people behind it, or if one person is most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from family_justice.config.schema import Policy
from family_justice.disclosure.exact import Combination, Constraints, Numbers, Programme
from family_justice.disclosure.result_frame import Conditions
from family_justice.disclosure.rounding import UNBOUNDED, is_small, possible, shown
from family_justice.disclosure.sets import Sets

# Least number of values that a hidden small count must be able to have (assumption: not known to within one).
SAFE_VALUES = 3

#: Beyond so many more or fewer than there are, it does not matter what a hidden count could be.
_FAR = 1000

# Rounds of propagation; a few are enough in practice, the limit only guards against very slow convergence.
_ROUNDS = 100

Key = Hashable


@dataclass
class Count:
    """One exact count.

    ``published``: some row shows it. ``anchored``: something larger rests on it (a curve, a denominator), so that
    hiding it is the last resort. ``withheld``: left out of the margin, but to be had from what rests on it, so that the
    auditor counts it as seen. ``small``: too small to be shown; ``few``: that, or of too few people.
    """

    exact: int
    published: bool
    anchored: bool
    small: bool
    hidden: bool
    few: bool = False
    in_tables: bool = False  # shown by a table or a model, rounded as tables are
    public: bool = False  # a number of areas, which anybody knows
    withheld: bool = False
    not_above: tuple[Key, ...] = ()  # counts known to be as large: by number, or when this was hidden for their sake
    ordered: bool = False  # by number

    @property
    def shown(self) -> bool:
        """True if tables may show it."""
        return not self.hidden and not self.withheld


@dataclass(frozen=True)
class Sum:
    """``whole`` = sum of ``parts``. In a margin never exactly one count is hidden."""

    whole: Key
    parts: tuple[Key, ...]
    margin: bool


@dataclass
class Ledger:
    """The counts of a stream and the sums between them. ``within`` holds the levels that analyses are restricted to;
    ``sets`` knows whom the counts count. ``named`` has the count of each name by which one was entered, ``prints`` the
    print of its set, and ``partitions`` are counts of disjoint sets that belong together: the levels of a term, the
    groups of a table. ``bounds``: what is known of counts otherwise than from what is shown of them here."""

    policy: Policy
    counts: dict[Key, Count] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    within: Mapping[str, Conditions] = field(default_factory=dict)
    sets: Sets = field(default_factory=Sets)
    named: dict[Key, Key] = field(default_factory=dict)
    prints: dict[Key, np.ndarray] = field(default_factory=dict)
    partitions: dict[frozenset[Key], tuple[Key, ...]] = field(default_factory=dict)
    bounds: dict[Key, tuple[int, int]] = field(default_factory=dict)
    _tied: set[tuple[Key, frozenset[Key], bool]] = field(default_factory=set)
    #: What the counts could be, as found so far: hiding one more leaves most of it possible.
    _solutions: list[Numbers] = field(default_factory=list)

    def members(self, analysis: str, who: Conditions = frozenset()) -> Conditions:
        """The members of a group of an analysis, restrictions of the analysis included."""
        return who | self.within.get(analysis, frozenset())

    def add(
        self,
        name: Key,
        exact: int,
        published: bool = True,
        anchored: bool = False,
        in_tables: bool = True,
        at: tuple[int, str] | None = None,
    ) -> Key:
        """Enter a count and return its key; the same key twice is the same count.

        ``at`` is the row and column of the results in which it stands: the set of members that it counts is then its
        key. Without one, or if nothing is known of the set or it is empty, ``name`` is.
        """
        who = self.sets.at(*at) if at else None
        # Nobody is nobody everywhere, but what is hidden of one empty cell is not of another.
        key = name if who is None or not exact else who.key
        small = is_small(exact, self.policy)
        few = self.sets.is_few(*at, exact, self.policy) if at else small
        # The number of areas is public, and no secret that it is small.
        small &= who is None or not who.public
        count = self.counts.setdefault(key, Count(exact, False, False, small, True))
        count.published |= published
        count.anchored |= anchored
        count.in_tables |= published and in_tables
        count.few |= few or small
        count.public |= who is not None and who.public
        count.hidden = count.few or not count.published
        self.named.setdefault(name, key)
        if who is not None and exact:
            self.prints.setdefault(key, who.print)
        return key

    def add_sum(self, whole: Key, parts: Iterable[Key], margin: bool) -> None:
        """Tie counts together. What the parts leave over becomes a part that no row shows; parts that exceed the
        whole (several answers per person) are tied to the whole one by one."""
        parts = tuple(dict.fromkeys(parts))
        self.add_partition(parts)
        if whole in parts or not parts or (whole, frozenset(parts), margin) in self._tied:
            return  # what is tied already is not looked at twice
        self._tied |= {(whole, frozenset(parts), kind) for kind in (margin, False)}
        rest = self.counts[whole].exact - sum(self.counts[part].exact for part in parts)
        if rest < 0:
            for part in parts if margin else ():
                self.add_sum(whole, [part], margin)
            return
        if rest > 0:
            parts += (self.add(("rest", whole, parts), rest, published=False),)
        self.sums.append(Sum(whole, parts, margin))

    def add_order(self, larger: Key, count: Key) -> None:
        """Remember that a count is known not to be above another: groups that are numbered by size."""
        if larger not in (count, *self.counts[count].not_above):
            self.counts[count].not_above += (larger,)
            self.counts[count].ordered = True

    def add_partition(self, parts: Iterable[Key]) -> None:
        """Remember counts of disjoint sets, so that they are looked at as parts of others."""
        parts = tuple(dict.fromkeys(parts))
        if len(parts) > 1:
            self.partitions.setdefault(frozenset(parts), parts)  # in this order, whatever the order of the set

    def hidden(self, key: Key) -> bool:
        """True for a count on which nothing that is released may rest."""
        return self.counts[key].hidden

    def shown(self, key: Key) -> bool:
        """True for a count that a table or model may show."""
        return self.counts[key].shown

    def complementary(self, key: Key) -> bool:
        """True for a count that is not shown although it is not of few itself."""
        return not self.counts[key].shown and not self.counts[key].few

    def protect(self) -> None:
        """Hide counts until no small one follows."""
        for keys, sums in self._components():
            part = Ledger(self.policy, {key: self.counts[key] for key in keys}, sums)
            part._hide_margins_of_small_wholes()
            while (
                part._complement()
                or part._protect_pinned(part._bounds())
                or part._protect_pinned(part._exact(first=True))
            ):
                part._hide_margins_of_small_wholes()

    def narrowed(self, concerns: Callable[[Sequence[Key]], bool]) -> dict[Key, int]:
        """Return the counts of few that the auditor can narrow down too far, hiding nothing more, each with how many
        values it can have at most; of those counts, tied by sums, for which ``concerns`` is true."""
        found: dict[Key, int] = {}
        for keys, sums in self._components():
            if not concerns(keys):
                continue
            bounds = {key: self.bounds[key] for key in keys if key in self.bounds}
            part = Ledger(self.policy, {key: self.counts[key] for key in keys}, sums, bounds=bounds)
            ranges = part._bounds()
            if not part._are_narrow(ranges):
                ranges = part._exact()
            found |= {key: ranges[key][1] - ranges[key][0] + 1 for key in part._are_narrow(ranges)}
        return found

    def _are_narrow(self, ranges: Mapping[Key, tuple[int, int]]) -> list[Key]:
        few = [key for key, count in self.counts.items() if count.few]
        return [key for key in few if ranges[key][1] - ranges[key][0] + 1 < self._wanted]

    def _components(self) -> list[tuple[list[Key], list[Sum]]]:
        """Split the counts into sets that no sum connects, each with its sums: what is hidden in one cannot matter in
        another, and auditing small sets is fast."""
        parent: dict[Key, Key] = {key: key for key in self.counts}

        def root(key: Key) -> Key:
            while parent[key] != key:
                parent[key] = parent[parent[key]]
                key = parent[key]
            return key

        for tie in self.sums:
            for part in tie.parts:
                parent[root(part)] = root(tie.whole)
        keys: dict[Key, list[Key]] = {}
        sums: dict[Key, list[Sum]] = {}
        for key in self.counts:
            keys.setdefault(root(key), []).append(key)
        for tie in self.sums:
            sums.setdefault(root(tie.whole), []).append(tie)
        return [(keys[top], ties) for top, ties in sums.items()]

    def _hide_margins_of_small_wholes(self) -> None:
        for tie in self.sums:
            if tie.margin and self.counts[tie.whole].hidden:
                for part in tie.parts:
                    self.counts[part].hidden = True

    def _complement(self) -> bool:
        changed = False
        for tie in self.sums:
            missing = [self.counts[key] for key in (*tie.parts, tie.whole) if not self.counts[key].shown]
            # A rest that no row was to show is not suppressed, unless it is small.
            if tie.margin and len(missing) == 1 and (missing[0].few or missing[0].published):
                changed |= self._hide_one(tie, keep_anchored=True)
        return changed

    def _hide_one(self, tie: Sum, keep_anchored: bool) -> bool:
        """Hide the smallest visible part, one on which nothing rests if there is one; the whole if no part is left, or
        if something rests on all parts and nothing on the whole. With ``keep_anchored`` a part on which something rests
        is only withheld."""
        candidates = [key for key in tie.parts if self.counts[key].exact > 0]
        candidates = [k for k in candidates if (self.counts[k].shown if keep_anchored else not self.counts[k].hidden)]
        rests = all(self.counts[key].anchored for key in candidates)
        if rests and self.counts[tie.whole].shown and (not candidates or not self.counts[tie.whole].anchored):
            candidates = [tie.whole]
        elif not candidates:
            candidates = [tie.whole] if not self.counts[tie.whole].hidden else []
        if not candidates:
            return False
        chosen_key = min(candidates, key=lambda key: (self.counts[key].anchored, self.counts[key].exact))
        chosen = self.counts[chosen_key]
        alike = [key for key in candidates if self.counts[key].anchored == chosen.anchored and key != chosen_key]
        chosen.not_above += tuple(alike)
        if keep_anchored and chosen.anchored:
            chosen.withheld = True
        else:
            chosen.hidden = True
        return True

    @property
    def _wanted(self) -> int:
        """The least number of values that a hidden count of few must be able to have."""
        return min(SAFE_VALUES, self.policy.threshold - 1 + self.policy.zero_discloses)

    def _protect_pinned(self, bounds: Mapping[Key, tuple[int, int]]) -> bool:
        """Hide one more count beside the first hidden count of few that the auditor can narrow down too far."""
        wanted = self._wanted
        for key, count in self.counts.items():
            least, greatest = bounds[key]
            if not count.few or greatest - least + 1 >= wanted:
                continue
            ties = [tie for tie in self.sums if key == tie.whole or key in tie.parts]
            # Where one sum alone tells, it is enough to protect that one.
            telling = [tie for tie in ties if self._width(tie, key) < wanted]
            for chosen in (telling, ties):
                # One count at a time: hiding it may already protect the others.
                if any([self._hide_one(tie, keep_anchored=False) for tie in chosen]):
                    return True
            if any(self._hide_one(tie, keep_anchored=False) for tie in self._further(ties)):
                return True
        return False

    def _further(self, ties: Sequence[Sum]) -> Iterator[Sum]:
        """Yield the sums of what is hidden in some sums, of what is hidden in these, and so on, the nearest first: a
        count that is hidden all around still follows if those around it follow from others."""
        of: dict[Key, list[Sum]] = {}
        for tie in self.sums:
            for key in (tie.whole, *tie.parts):
                of.setdefault(key, []).append(tie)
        ring, known = list(ties), {id(tie) for tie in ties}
        while ring:
            hidden = dict.fromkeys(key for tie in ring for key in (tie.whole, *tie.parts) if self.counts[key].hidden)
            ring = [tie for tie in dict.fromkeys(tie for key in hidden for tie in of[key]) if id(tie) not in known]
            known |= {id(tie) for tie in ring}
            yield from ring

    def _width(self, tie: Sum, key: Key) -> int:
        """Number of values that a single sum leaves to a count."""
        prior = {member: self.seen(member) for member in (tie.whole, *tie.parts)}
        parts = [prior[part] for part in tie.parts if part != key]
        least, greatest = sum(low for low, _ in parts), sum(high for _, high in parts)
        low, high = prior[key]
        if key == tie.whole:
            return min(high, greatest) - max(low, least) + 1
        return min(high, prior[tie.whole][1] - least) - max(low, prior[tie.whole][0] - greatest) + 1

    def _bounds(self) -> dict[Key, tuple[int, int]]:
        """What somebody can infer who knows the policy, which counts are small, every sum, and that it is the smallest
        count that is hidden for the sake of others."""
        bounds = {key: self.seen(key) for key in self.counts}
        for _ in range(_ROUNDS):
            narrowed = False
            for tie in self.sums:
                least = sum(bounds[part][0] for part in tie.parts)
                greatest = sum(bounds[part][1] for part in tie.parts)
                low, high = bounds[tie.whole]
                new = {tie.whole: (max(low, least), min(high, greatest))}
                for part in tie.parts:
                    bottom, top = bounds[part]
                    new[part] = (max(bottom, low - (greatest - top)), min(top, high - (least - bottom)))
                for key in tie.parts:
                    for larger in self.counts[key].not_above:
                        own, other = new.get(key, bounds[key]), new.get(larger, bounds[larger])
                        new[key], new[larger] = (own[0], min(own[1], other[1])), (max(other[0], own[0]), other[1])
                for key, interval in new.items():
                    if interval != bounds[key]:
                        bounds[key] = interval
                        narrowed = True
            if not narrowed:
                break
        return bounds

    def seen(self, key: Key) -> tuple[int, int]:
        """Return what a count can be by itself to somebody who knows the rules: what is shown, or that it is hidden."""
        if key in self.bounds:
            return self.bounds[key]
        count = self.counts[key]
        if count.public:
            return count.exact, count.exact
        if not count.hidden:
            return possible(shown(count.exact, self.policy), self.policy)
        if count.small:
            return (0 if self.policy.zero_discloses else 1), self.policy.threshold - 1
        if count.few:
            return 1, UNBOUNDED
        # The auditor is assumed to know which counts are hidden only for the sake of others.
        return (self.policy.threshold if count.exact else 0), UNBOUNDED

    def _exact(self, first: bool = False) -> dict[Key, tuple[int, int]]:
        """The same by integer programmes, which see all sums at once; of counts of few only. With ``first`` only as far
        as the first that has too few values."""
        bounds = self._bounds()
        few = [key for key, count in self.counts.items() if count.few]
        # Of one sum by itself bounds tell all, unless somebody knows besides which of its parts is the larger.
        if not few or (len(self.sums) < 2 and not any(count.ordered for count in self.counts.values())):
            return bounds
        place = {key: position for position, key in enumerate(self.counts)}
        truth = np.array([count.exact for count in self.counts.values()], dtype=np.int64)
        low, high = (np.array([pair[side] for pair in bounds.values()], dtype=np.int64) for side in (0, 1))
        zero: list[Combination] = [((place[t.whole], 1), *((place[part], -1) for part in t.parts)) for t in self.sums]
        least: list[Combination] = [
            ((place[larger], 1), (place[key], -1)) for key, count in self.counts.items() for larger in count.not_above
        ]
        near = np.maximum(low, truth - _FAR), np.minimum(high, truth + _FAR)
        targets: list[Combination] = [((place[key], 1),) for key in few]
        programme = Programme(*near, truth, Constraints(len(truth), zero, least))
        ranges = programme.ranges(targets, self._wanted, self._solutions, first)
        return bounds | dict(zip(few, ranges, strict=not first))
