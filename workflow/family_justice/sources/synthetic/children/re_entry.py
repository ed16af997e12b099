"""Children who come back into care after leaving it, with a planted hazard for each way of leaving.

The time from leaving has a Weibull distribution whose hazard is multiplied by the planted ratios; children come back by
agreement, into the care of the same authority, until they are 18.
"""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.children.care import (
    DIED,
    ENDS,
    FAR,
    HOME,
    NULL,
    TO_CARERS,
    TO_OTHERS,
    Periods,
    days_from,
    periods,
)
from family_justice.sources.synthetic.children.parameters import Care
from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, Floats, Ints, completed_years
from family_justice.sources.synthetic.parameters.effects import (
    RE_ENTRY_TERMS,
    age_at_leaving,
    linear_predictor,
    time_in_care,
)

OTHER = ENDS.index("E8")
#: Reasons after which a child may come back, as places in the levels of ``way_of_leaving``.
WAYS = {HOME: 0, TO_CARERS: 1, TO_OTHERS: 1, OTHER: 2}
#: Days that lie at least between leaving care and the next period of care.
APART = 2
#: Reasons why the care of those who come of age ends.
GROWN = np.array([ENDS.index(code) for code in ("E10", "E5", "E7")])


def _next_start(made: Periods) -> Ints:
    """Return the day on which the next period of the same child begins, FAR where there is none."""
    order = np.lexsort((made.start, made.child))
    child, start = made.child[order], made.start[order]
    following = np.full(len(made), FAR)
    following[order] = np.where(np.append(child[1:] == child[:-1], False), np.append(start[1:], 0), FAR)
    return following


def come_back(p: Care, made: Periods, birth: Ints, death: Ints, random: np.random.Generator) -> Periods:
    """Return the periods of care that follow the ends of ``made``; ``birth`` and ``death`` are those of the periods.

    A child who has come back may leave and come back again: each round asks for the periods of the round before.
    """
    adult = birth + int(18 * DAYS_PER_YEAR)
    death = np.where(death == NULL, FAR, death)
    until = np.minimum(np.minimum(_next_start(made) - APART, adult), death)
    returned = made.take(np.arange(0))
    while len(made):
        left = _way(made)
        years = _years_until_return(p, made, birth, left, random)
        back = made.end + APART + np.minimum(years * DAYS_PER_YEAR, FAR).astype(np.int64)
        stays = days_from(p.median_days_after_re_entry.value, p.log_sd_days_voluntary.value, len(made), random)
        end = np.minimum(back + stays, until)
        grown = GROWN[random.integers(0, len(GROWN), len(made))]
        reason = np.select([end == death, end == adult], [np.full(len(made), DIED), grown], HOME)
        there = (left >= 0) & (back < until)
        made = periods(made.child, made.area, voluntary=back, end=end, reason=reason).take(there)
        birth, adult, death, until = birth[there], adult[there], death[there], until[there]
        returned = returned.add(made)
    return returned


def _way(made: Periods) -> Ints:
    """Return the way in which each period ends as a place in the levels; -1 where the child cannot come back."""
    ways = np.full(len(made), -1)
    for reason, way in WAYS.items():
        ways[made.reason == reason] = way
    return ways


def _years_until_return(p: Care, made: Periods, birth: Ints, left: Ints, random: np.random.Generator) -> Floats:
    """Draw years from leaving to coming back: cumulative hazard a t^shape, a that of the first year."""
    codes = {
        "way_of_leaving": np.maximum(left, 0),
        "age_at_leaving": age_at_leaving(completed_years(birth, made.end)),
        "time_in_care": time_in_care(made.end - made.start),
    }
    ratio = np.exp(linear_predictor(p.re_entry_log_hazard_ratios.value, codes, RE_ENTRY_TERMS))
    first_year = np.maximum(-np.log1p(-p.re_entry_within_year.value) * ratio, 1e-12)
    years: Floats = (random.exponential(size=len(made)) / first_year) ** (1 / p.re_entry_shape.value)
    return years
