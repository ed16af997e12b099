"""Whole numbers that are tied together: what is the least and the greatest that each can be?

Unknown counts with bounds, and sums of them with bounds. Bounds are narrowed by propagation; what that leaves open is
minimised and maximised by mixed-integer programming (HiGHS, through ``scipy.optimize.milp``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np

Name = Hashable
Bounds = tuple[int, int]

UNKNOWN = 10**7  # greater than any count of people in one country's family courts
LOOSE = 10**15  # no bound of a sum
ENOUGH = 3  # values: a count that can have so many is not narrowed down further
_ROUNDS = 60
_TRIES = 24
_SECONDS = 30.0  # for one programme; a bound that was not reached by then is not claimed


class System:
    """Unknown counts and the sums between them."""

    def __init__(self) -> None:
        self.low: dict[Name, int] = {}
        self.high: dict[Name, int] = {}
        self.ties: list[tuple[dict[Name, int], int, int]] = []

    def add(self, name: Name, low: int = 0, high: int = UNKNOWN) -> Name:
        """Enter a count, or narrow one down that is there."""
        self.low[name] = max(low, self.low.get(name, 0))
        self.high[name] = min(high, self.high.get(name, UNKNOWN))
        return name

    def tie(self, terms: dict[Name, int], low: int, high: int) -> None:
        """Say that the sum of ``terms`` (count -> factor) lies between two numbers."""
        for name in terms:
            self.add(name)
        self.ties.append((terms, low, high))

    def same(self, one: Name, other: Name) -> None:
        """Say that two counts are one number; they may have one name already."""
        if one != other:
            self.tie({one: 1, other: -1}, 0, 0)

    def total(self, whole: Name, parts: Iterable[Name], complete: bool = True) -> None:
        """Say that parts add up to a whole, or to no more than it."""
        terms: dict[Name, int] = defaultdict(int, {whole: 1})
        for part in parts:
            terms[part] -= 1
        self.tie(dict(terms), 0, 0 if complete else LOOSE)

    def solve(self, wanted: Iterable[Name]) -> dict[Name, Bounds]:
        """Return bounds of the wanted counts: exact where they leave fewer than ``ENOUGH`` values, safe elsewhere."""
        self._propagate()
        wanted = [name for name in dict.fromkeys(wanted) if name in self.low]
        for names, ties in self._components():
            here = [name for name in wanted if name in names and self.low[name] < self.high[name]]
            if here and ties:
                self._optimise(list(names), ties, here)
        return {name: (self.low[name], self.high[name]) for name in wanted}

    def _propagate(self) -> None:
        low, high = self.low, self.high
        for _ in range(_ROUNDS):
            changed = False
            for terms, least, most in self.ties:
                smallest = sum(f * (low[n] if f > 0 else high[n]) for n, f in terms.items())
                greatest = sum(f * (high[n] if f > 0 else low[n]) for n, f in terms.items())
                for name, factor in terms.items():
                    own = sorted((factor * low[name], factor * high[name]))
                    ends = sorted(((least - (greatest - own[1])) / factor, (most - (smallest - own[0])) / factor))
                    new = max(low[name], int(np.ceil(ends[0] - 1e-9))), min(high[name], int(np.floor(ends[1] + 1e-9)))
                    if new != (low[name], high[name]):
                        low[name], high[name] = new
                        changed = True
                        smallest = sum(f * (low[n] if f > 0 else high[n]) for n, f in terms.items())
                        greatest = sum(f * (high[n] if f > 0 else low[n]) for n, f in terms.items())
            if not changed:
                break
        crossed = [name for name in low if low[name] > high[name]]
        assert not crossed, f"the attack is faulty: nothing fits what is shown of {crossed[0]}"

    def _components(self) -> list[tuple[set[Name], list[tuple[dict[Name, int], int, int]]]]:
        """Split what is still open into sets that no sum connects."""
        parent: dict[Name, Name] = {name: name for name in self.low}

        def root(name: Name) -> Name:
            while parent[name] != name:
                parent[name] = parent[parent[name]]
                name = parent[name]
            return name

        still = [
            ({n: f for n, f in terms.items() if self.low[n] < self.high[n]},
             *(end - sum(f * self.low[n] for n, f in terms.items() if self.low[n] == self.high[n])
               for end in (least, most)))
            for terms, least, most in self.ties
        ]  # fmt: skip
        for terms, *_ in still:
            names = list(terms)
            for name in names[1:]:
                parent[root(name)] = root(names[0])
        members: dict[Name, set[Name]] = defaultdict(set)
        ties = defaultdict(list)
        for name in self.low:
            members[root(name)].add(name)
        for terms, least, most in still:
            if terms:
                ties[root(next(iter(terms)))].append((terms, least, most))
        return [(names, ties[top]) for top, names in members.items()]

    def _optimise(self, names: list[Name], ties: list, wanted: list[Name]) -> None:
        from scipy.optimize import Bounds as Box
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import csr_array

        place = {name: i for i, name in enumerate(names)}
        entries = [(row, place[n], f) for row, (terms, *_) in enumerate(ties) for n, f in terms.items()]
        rows, columns, factors = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_array((factors.astype(float), (rows, columns)), shape=(len(ties), len(names)))
        # Loose ends are no constraint: HiGHS is happier without numbers of that size.
        ends = np.array([(least, most) for _, least, most in ties], dtype=float)
        ends[np.abs(ends) >= LOOSE / 2] *= np.inf
        sums = LinearConstraint(matrix, ends[:, 0], ends[:, 1])
        box = Box([self.low[n] for n in names], [self.high[n] for n in names])
        seen = np.full((2, len(names)), np.nan)

        def least(cost: np.ndarray) -> float:
            answer = milp(cost, constraints=sums, bounds=box, integrality=np.ones(len(names)),
                          options={"time_limit": _SECONDS})  # fmt: skip
            assert answer.status != 2, "the attack is faulty: nothing fits what is shown"
            if answer.x is not None:
                seen[0], seen[1] = np.fmin(seen[0], np.round(answer.x)), np.fmax(seen[1], np.round(answer.x))
            return float(answer.mip_dual_bound if answer.mip_dual_bound is not None else -np.inf)

        together = np.zeros(len(names))
        together[[place[name] for name in wanted]] = 1.0
        least(together)
        least(-together)
        rng = np.random.default_rng(1)
        for _ in range(_TRIES if len(wanted) > _TRIES else 0):  # most counts are soon seen with several values
            least(together * rng.normal(size=len(names)))
        for name in wanted:
            at = place[name]
            if seen[1, at] - seen[0, at] + 1 >= ENOUGH:
                continue
            cost = np.zeros(len(names))
            cost[at] = 1.0
            low = least(cost)
            if np.isfinite(low):
                self.low[name] = max(self.low[name], int(np.ceil(low - 1e-6)))
            if seen[1, at] - seen[0, at] + 1 >= ENOUGH:
                continue
            high = -least(-cost)
            if np.isfinite(high):
                self.high[name] = min(self.high[name], int(np.floor(high + 1e-6)))
