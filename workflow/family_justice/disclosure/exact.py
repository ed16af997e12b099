"""What follows exactly from counts that are known to lie between bounds and to add up: integer programmes.

Interval propagation looks at one sum at a time and leaves too wide an interval where several sums work together. Here
the least and the greatest value that a number can have are those of whole numbers that meet every bound and every sum
at once (HiGHS, by ``scipy.optimize.milp``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
#: A combination of variables: (position, coefficient) pairs.
Combination = tuple[tuple[int, int], ...]
#: How far from a whole number the solver's may be.
_WHOLE = 1e-6


@dataclass(frozen=True)
class Constraints:
    """What holds between whole numbers x (n,): every combination in ``zero`` is zero, and none in ``at_least_zero`` is
    below it."""

    n: int
    zero: Sequence[Combination]
    at_least_zero: Sequence[Combination] = ()

    @cached_property
    def linear(self) -> list[Any]:
        """The same as the solver takes it."""
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_array

        combinations = [*self.zero, *self.at_least_zero]
        if not combinations:
            return []
        rows = np.repeat(np.arange(len(combinations)), [len(c) for c in combinations])
        places, factors = zip(*(pair for c in combinations for pair in c), strict=True)
        matrix = csr_array((factors, (rows, places)), shape=(len(combinations), self.n))
        ceiling = np.concatenate([np.zeros(len(self.zero)), np.full(len(self.at_least_zero), np.inf)])
        return [LinearConstraint(matrix, np.zeros(len(combinations)), ceiling)]

    def holding(self, solutions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Say of which rows of ``solutions`` (k, n) they hold."""
        fits = np.ones(len(solutions), dtype=np.bool_)
        for constraint in self.linear:
            values = constraint.A @ solutions.T
            fits &= ((values >= constraint.lb[:, None]) & (values <= constraint.ub[:, None])).all(axis=0)
        return fits


@dataclass
class Programme:
    """Whole numbers x (n,) with ``low`` <= x <= ``high`` between which ``constraints`` hold; ``truth`` (n,) is one
    solution."""

    low: Numbers
    high: Numbers
    truth: Numbers
    constraints: Constraints
    _found: list[Numbers] = field(default_factory=list, init=False)

    def ranges(
        self, targets: Sequence[Combination], wanted: int, known: list[Numbers] | None = None, first: bool = False
    ) -> list[tuple[int, int]]:
        """Return the least and the greatest value that each target can have; where these are at least ``wanted`` values
        apart, not necessarily the outermost ones. With ``first`` only as far as the first target that has fewer values.

        Every solution tells something of every target, so that most need no programme of their own. ``known`` are
        solutions of a programme like this one, of which some may be solutions of this one too; what is found is added.
        """
        self._found = [] if known is None else known
        seen = [[value, value] for value in self._values(targets, self.truth)]
        for solution in self._of_these():
            self._widen(solution, targets, seen)
        if all(greatest - least + 1 >= wanted for least, greatest in seen):
            return [(least, greatest) for least, greatest in seen]
        together = tuple((place, factor) for target in targets for place, factor in target)
        for sign in (1, -1):
            self._look(together, sign, targets, seen)
        for position, target in enumerate(targets):
            for sign in (1, -1):
                if seen[position][1] - seen[position][0] + 1 < wanted:
                    self._look(target, sign, targets, seen)
            if first and seen[position][1] - seen[position][0] + 1 < wanted:
                return [(low, high) for low, high in seen[: position + 1]]
        return [(low, high) for low, high in seen]

    def _look(self, objective: Combination, sign: int, targets: Sequence[Combination], seen: list[list[int]]) -> None:
        solution = self._solve(objective, sign)
        self._found.append(solution)
        self._widen(solution, targets, seen)

    def _of_these(self) -> Numbers:
        """Return those of the known solutions that are solutions of this programme."""
        if not self._found:
            return np.empty((0, len(self.low)), dtype=np.int64)
        known = np.array(self._found)
        known = known[((known >= self.low) & (known <= self.high)).all(axis=1)]
        return known[self.constraints.holding(known)]

    def _widen(self, solution: Numbers, targets: Sequence[Combination], seen: list[list[int]]) -> None:
        for position, value in enumerate(self._values(targets, solution)):
            seen[position] = [min(seen[position][0], value), max(seen[position][1], value)]

    def _values(self, targets: Sequence[Combination], x: Numbers) -> list[int]:
        return [sum(factor * int(x[place]) for place, factor in target) for target in targets]

    def _solve(self, objective: Combination, sign: int) -> Numbers:
        """Return a solution that makes the objective least (sign 1) or greatest (-1); the truth if none is found."""
        from scipy.optimize import Bounds, milp

        costs = np.zeros(len(self.low))
        for place, factor in objective:
            costs[place] += sign * factor
        # Most of these programmes have a vertex of whole numbers as their best, which is found without asking for whole
        # numbers, in a fraction of the time.
        for whole in (0, 1):
            found = milp(
                costs,
                integrality=np.full(len(self.low), whole),
                bounds=Bounds(self.low, self.high),
                constraints=self.constraints.linear,
                # Its presolve writes to the standard output, whatever it is told.
                options={"time_limit": 10.0, "presolve": False},
            )
            if found.x is not None and (whole or np.abs(found.x - np.round(found.x)).max(initial=0.0) < _WHOLE):
                solution = np.round(found.x).astype(np.int64)
                if self._holds(solution):
                    return solution
        return self.truth

    def _holds(self, x: Numbers) -> bool:
        """True for numbers that meet every bound and every combination to the last digit: the solver is off by its
        tolerance, and a solution that is none would make a count look safe."""
        bounded = bool(((self.low <= x) & (x <= self.high)).all())
        return bounded and bool(self.constraints.holding(x[np.newaxis])[0])
