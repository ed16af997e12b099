"""How the needs of adults in court change around their first issue: the planted course of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Bools, Floats, Ints
from family_justice.sources.synthetic.health.before_court import MENTAL, STARTS, TWO_YEARS, YEAR, expecting
from family_justice.sources.synthetic.health.groups import FIRST_ADULT, Phase
from family_justice.sources.synthetic.health.parameters import AFTER, BEFORE, SEXES, CourseOfParents, Needs
from family_justice.sources.synthetic.people.residents import Residents

#: Days since the issue at which the planted periods begin, and the end of the last one.
BOUNDS = {**STARTS, **dict(zip(AFTER, (0, YEAR), strict=True))}
END = TWO_YEARS


def course(needs: Needs, since_index: Ints) -> Floats:
    """Return the factor on the rates of court people by days since the first issue; 1 in the two years before it.

    Parents in care proceedings have a course of their own besides (``changes``).
    """
    before, soon, late = (
        leaf.value for leaf in (needs.long_before_issue, needs.two_years_after_issue, needs.long_after_issue)
    )
    place = np.searchsorted([-TWO_YEARS, 0, TWO_YEARS], since_index, side="right")
    return np.array([before, 1.0, soon, late])[place]


@dataclass(frozen=True)
class Change:
    """A period of parents in care proceedings: the days (from, before) on which it lies for each resident, the factor
    that all court people have in it, and that of these parents (n,); nan for everybody else."""

    start: Ints
    stop: Ints
    common: float
    factor: Floats


def changes(needs: Needs, phase: Phase, residents: Residents, kind: str) -> Iterator[Change]:
    """Yield the periods around the first issue of parents in care proceedings, with their planted factors.

    Before it these are those of a crisis: their mean over the two years is 1, so that shares in these stay. After it
    they are the planted ratios to the first of the periods, by condition, by whether a child was placed away, and by
    sex.
    """
    planted: CourseOfParents = needs.course_of_parents
    parent = (phase.group == FIRST_ADULT) & (phase.index != NULL)
    condition = "mental_health" if kind in MENTAL else "substance_use" if kind == "substance_use" else "other"
    index = np.where(parent, phase.index, 0)
    ends = [*list(BOUNDS.values())[1:], END]
    first = planted.before.value[BEFORE[0]]
    for (name, start), stop in zip(BOUNDS.items(), ends, strict=True):
        if name in BEFORE:
            factor = np.full(len(residents), planted.before.value[name])
        else:
            table = planted.after.value[condition]
            ratios = np.array([[table[home][sex][name] for sex in SEXES] for home in ("at home", "away")])
            factor = first * ratios[(residents.child_away == 1).astype(np.int64), residents.sex]
        common = float(course(needs, np.array([start]))[0])
        yield Change(index + start, index + stop, common, np.where(parent, factor, np.nan))


def pregnant(residents: Residents, who: Ints, day: Ints) -> Bools:
    """Return whether residents are within 40 weeks of the birth of a child of theirs on days."""
    children = np.flatnonzero(residents.mother >= 0)
    return expecting(residents.mother[children], residents.week_of_birth[children], who, day)
