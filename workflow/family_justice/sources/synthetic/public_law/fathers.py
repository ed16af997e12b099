"""Fathers who return with other partners: some "new" men are men who were in proceedings before.

While families grow, a man is named by the case in which he was first party. Here some of these cases are given a
man from an earlier case of another mother in the same region, so that one father may appear with several mothers.
"""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, Ints, Streams
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.public_law.families import Areas, Cases
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD, Families

FAR = 10**6


def earlier_men(parameters: Parameters, areas: Areas, cases: Cases, random: np.random.Generator) -> Ints:
    """Return for every case the case whose man takes the place of its own new man; itself if nobody does."""
    number = np.arange(len(cases))
    slots = np.flatnonzero((cases.man == number) & (cases.cause <= EXISTING_CHILD))
    key = areas.region_code[cases.area[slots]] * FAR + cases.issue[slots]
    order = np.argsort(key, kind="stable")
    slots, key = slots[order], key[order]

    per_year = parameters.fathers.own_returns_per_1000_years.value / 1000
    years = random.exponential(size=len(slots)) / max(per_year, 1e-9)
    wanted = key + 1 + (np.minimum(years, 100) * DAYS_PER_YEAR).astype(np.int64)
    host = np.searchsorted(key, wanted)
    inside = host < len(slots)
    man, host = np.flatnonzero(inside), host[inside]
    man, host = slots[man], slots[host]
    same_region = areas.region_code[cases.area[man]] == areas.region_code[cases.area[host]]
    fits = same_region & (cases.mother[man] != cases.mother[host])
    man, host = man[fits], host[fits]

    taken = number.copy()
    taken[host[::-1]] = man[::-1]
    return taken


def share_men(parameters: Parameters, areas: Areas, families: Families, streams: Streams) -> None:
    """Replace some new men of cases and children by men of earlier cases, in place."""
    cases, children = families.cases, families.children
    taken = earlier_men(parameters, areas, cases, streams("fathers with other partners"))
    while True:
        further = taken[taken]
        if np.array_equal(further, taken):
            break
        taken = further
    for owner in (cases, children):
        owner.man = np.where(owner.man >= 0, taken[owner.man], -1)
