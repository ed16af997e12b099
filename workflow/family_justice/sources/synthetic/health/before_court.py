"""What is recorded of mothers in the two years before their first care proceedings.

The records of everybody else are drawn when all courts have sat. Whether a mother returns depends on her mental health
and substance use before her first proceedings, in the whole country, so that hers are drawn first: the chance of a
return follows exactly from what the records of Wales will show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Bools, Ints, Streams, scatter
from family_justice.sources.synthetic.health.needs import Liabilities, adult_rates, draw_liabilities
from family_justice.sources.synthetic.health.parameters import ADULTS, BEFORE, SEXES, HealthParameters

FAR = 1 << 40
PREGNANCY = 280
TWO_YEARS, YEAR, QUARTER = 730, 365, 91
#: Kinds of event that are drawn here, in this order.
MENTAL = ("depression", "anxiety", "severe_mental_illness")
CONDITIONS = (*MENTAL, "substance_use")
#: Days since the issue at which the planted periods before it begin, and the end of the last one.
STARTS = dict(zip(BEFORE, (-TWO_YEARS, -YEAR, -QUARTER), strict=True))


@dataclass(frozen=True)
class BeforeCourt:
    """Mothers (n columns) and their records (m rows) in the two years before their first care proceedings.

    ``issue`` (n,) is the day of these; ``mother``, ``kind`` (place in CONDITIONS) and ``day`` (m,) are the records.
    """

    issue: Ints
    liabilities: Liabilities
    mother: Ints
    kind: Ints
    day: Ints

    def recorded(self, *kinds: str) -> Bools:
        """Return which mothers have any record of some kinds (n,)."""
        places = [CONDITIONS.index(kind) for kind in kinds]
        return np.bincount(self.mother[np.isin(self.kind, places)], minlength=len(self.issue)) > 0

    def of(self, kind: str, resident: Ints) -> tuple[Ints, Ints]:
        """Return whose, as places of residents, the records of a kind are, and their days. ``resident`` (n,) has the
        place of each mother, or -1: her records are left out."""
        rows = np.flatnonzero((self.kind == CONDITIONS.index(kind)) & (resident[self.mother] >= 0))
        return resident[self.mother[rows]], self.day[rows]

    def places(self, human: Ints, issue: Ints) -> Ints:
        """Return the place of each mother among residents (n,), -1 if she is none of them.

        ``human`` is the number of each resident, for mothers their place, and ``issue`` the first issue that made the
        resident a parent in care proceedings; where that is another case than the family's first, she is left out.
        """
        known = np.flatnonzero((human >= 0) & (human < len(self.issue)) & (issue != NULL))
        known = known[self.issue[human[known]] == issue[known]]
        places = np.full(len(self.issue), -1)
        places[human[known]] = known
        return places


def nobody() -> BeforeCourt:
    """Return the records of no mothers."""
    none, ranks = np.zeros(0, dtype=np.int64), np.zeros(0)
    return BeforeCourt(none, Liabilities(ranks, ranks, ranks), none, none, none)


def expecting(mother: Ints, births: Ints, who: Ints, day: Ints) -> Bools:
    """Return whether people ``who`` (m,) are within 40 weeks of a birth on ``day`` (m,); ``mother`` and ``births`` (b,)
    are the births."""
    ordered = np.sort(mother * FAR + births)
    if not len(ordered):
        return np.zeros(len(who), dtype=bool)
    # The births of a mother are neighbours; one that is another's lies a whole FAR away.
    following = np.searchsorted(ordered, who * FAR + day)
    until = ordered[np.minimum(following, len(ordered) - 1)] - (who * FAR + day)
    return (until >= 0) & (until <= PREGNANCY)


def draw_before_court(
    health: HealthParameters, issue: Ints, mother: Ints, births: Ints, streams: Streams
) -> BeforeCourt:
    """Draw the records of mothers with first proceedings on the days ``issue`` (n,).

    ``mother`` and ``births`` are the children of these proceedings. Rates are those of mothers in care proceedings,
    with the crisis before the issue, and in a pregnancy those of pregnancies, as of everybody else (``course``).
    """
    size, needs = len(issue), health.needs
    liabilities = draw_liabilities(health, size, streams, "health needs of mothers")
    group, sex = np.full(size, ADULTS.index("parents")), np.full(size, SEXES.index("female"))
    rates = adult_rates(health, liabilities, group, sex)
    ends = [*list(STARTS.values())[1:], 0]
    parts: list[tuple[Ints, Ints, Ints]] = []
    for number, kind in enumerate(CONDITIONS):
        random = streams(f"health of mothers before court {kind}")
        for (name, start), stop in zip(STARTS.items(), ends, strict=True):
            factor = needs.course_of_parents.before.value[name]
            who, day = scatter(rates[kind] * factor, issue + start, issue + stop, random)
            usual = needs.mental_health_in_pregnancy.value if kind in MENTAL else 1.0
            chance = np.where(expecting(mother, births, who, day), usual / factor, 1.0)
            kept = random.random(len(who)) < chance
            parts.append((who[kept], np.full(int(kept.sum()), number), day[kept]))
    who, kinds, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    return BeforeCourt(issue, liabilities, who, kinds, day)
