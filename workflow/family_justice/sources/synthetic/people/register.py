"""Who takes part in what: parts and roles in cases, and the register in which people are collected."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from family_justice.sources.synthetic.clock import Bools, Floats, Ints, Streams

(
    SUBJECT, MOTHER, FATHER, SECOND_MOTHER, SECOND_FATHER, GRANDPARENT, STEP_PARENT, REPRESENTATIVE, OTHER_RELATIVE,
    CARER,
) = range(10)  # fmt: skip
PARENTS = (MOTHER, FATHER, SECOND_MOTHER, SECOND_FATHER)
SUBJECT_ROLE, RESPONDENT, APPLICANT, OTHER = range(4)


class Register:
    """Collects human beings (numbered as they come) and their parts in cases."""

    def __init__(self) -> None:
        self.size = 0
        self.columns: dict[str, list[Ints]] = {}
        self.parts: list[tuple[Ints, Ints, Ints, Ints]] = []

    def add(self, *, additional: bool = False, **columns: Ints) -> Ints:
        """Add people and return their numbers; ``additional`` are people who take part by mistake of the records."""
        size = len(columns["sex"])
        for name, values in columns.items():
            self.columns.setdefault(name, []).append(values)
        self.columns.setdefault("additional", []).append(np.full(size, int(additional)))
        self.size += size
        return np.arange(self.size - size, self.size)

    def take_part(self, case: Ints, human: Ints, part: int | Ints, role: int | Ints) -> None:
        """Note people in cases; ``part`` and ``role`` are one for all or one for each."""
        size = len(case)
        self.parts.append((case, human, np.broadcast_to(part, size), np.broadcast_to(role, size)))


def draw_apart(
    streams: Streams, name: str, is_private: Bools, draw: Callable[[np.random.Generator, int], Floats]
) -> Floats:
    """Return draws for rows of two kinds, each from a stream of its own, so that neither disturbs the other."""
    drawn = np.empty(len(is_private))
    for kind, stream in ((False, name), (True, f"{name} private law")):
        rows = np.flatnonzero(is_private == kind)
        drawn[rows] = draw(streams(stream), len(rows))
    return drawn
