"""Which group each resident is in, as an adult and as a child, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, NULL, Ints, to_day
from family_justice.sources.synthetic.health.before_court import TWO_YEARS
from family_justice.sources.synthetic.health.parameters import ADULTS, CHILDREN
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.residents import Residents

ADULT_AT = int(18 * DAYS_PER_YEAR)
YOUNGEST_PARENT = int(12 * DAYS_PER_YEAR)
FIRST_ADULT, FIRST_CHILD = ADULTS.index("parents"), CHILDREN.index("public_law")


@dataclass(frozen=True)
class Phase:
    """One row per resident: group, and the days (from, before) on which the resident is observed in this phase."""

    group: Ints
    index: Ints
    """First issue that puts the resident into the group, else NULL."""
    start: Ints
    stop: Ints


def _group(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Return the place of the group in ADULTS or CHILDREN and its index day."""
    group = np.where(first != NULL, 0, np.where(second != NULL, 1, 2))
    return group, np.where(first != NULL, first, second)


def phases(parameters: Parameters, residents: Residents) -> tuple[Phase, Phase]:
    """Return the adult and the child phase of every resident.

    Everybody is an adult from 18, a parent or private-law adult from two years before the issue if that is sooner, so
    that the look-back of a young mother is that of her group. A child phase ends where the adult one begins.
    """
    health = parameters.health
    earliest = np.maximum(residents.since, to_day(health.records_from.value))
    stop = residents.until + 1
    adult_group, adult_index = _group(residents.parent_issue, residents.private_adult)
    grown = residents.week_of_birth + ADULT_AT
    before_issue = np.maximum(adult_index - TWO_YEARS, residents.week_of_birth + YOUNGEST_PARENT)
    adult_from = np.where(adult_index == NULL, grown, np.minimum(grown, before_issue))
    child_group, child_index = _group(residents.child_issue, residents.private_child)
    return (
        Phase(adult_group, adult_index, np.maximum(earliest, adult_from), stop),
        Phase(child_group, child_index, earliest, np.minimum(stop, adult_from)),
    )
