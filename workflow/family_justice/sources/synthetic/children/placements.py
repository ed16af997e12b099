"""Where looked-after children live: first placements, moves at a planted rate, trials at home, placement with adopters.

A child has one of three careers (settled, changing, unsettled) whose factors on the rate of moves have the mean one, so
that the rate at each age, route and time since entry is the planted one. A move within four weeks of a change of legal
status may fall on its day. With adopters, and on trial at home, nobody moves on; short breaks bring no moves.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from family_justice.sources.synthetic.children.care import FAR, HOME, NULL, Periods, days_from
from family_justice.sources.synthetic.children.parameters import (
    CAREERS,
    PLACEMENTS,
    SINCE_ENTRY,
    Episodes,
)
from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    Bools,
    Floats,
    Ints,
    completed_years,
    draw_from,
    to_day,
)
from family_justice.sources.synthetic.parameters.effects import MOVE_TERMS, age_at_entry, linear_predictor

PARENTS, RELATIVES = PLACEMENTS.index("P1"), PLACEMENTS.index("F1")
UNSETTLED = CAREERS.index("unsettled")
#: The day on which placement orders replaced freeing orders (Adoption and Children Act 2002).
PLACEMENT_ORDERS_FROM = to_day(date(2005, 12, 30))
#: Days within which a move may fall on the day of a change of legal status.
NEAR = 28


def draw_placements(
    p: Episodes, made: Periods, birth: Ints, is_short: Bools, changes: tuple[Ints, Ints], random: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Return period, day and placement of every change of placement.

    ``birth`` is that of the child of each period, ``changes`` are the periods and days of changes of legal status.
    """
    number, start = np.arange(len(made)), made.start
    by_order = (made.voluntary != start).astype(np.int64)
    home = _trials_at_home(p, made, random)
    last = np.minimum(np.where(made.adoptive == NULL, made.end, made.adoptive), home)
    career = draw_from(p.careers.value, len(made), random)
    rate = _rates(p, made, birth, by_order, career)
    rate[is_short] = 0
    period, day = _moves(p, start, last, rate, random)
    day = _on_days_of_orders(p, (period, day), start, last, changes, random)
    # After police protection and before an agreement nobody is placed with parents either.
    without_agreement = (made.voluntary == NULL).astype(np.int64)
    first = _draw(list(p.first_placements.value.values()), without_agreement, _group(birth, start), random)
    later = _draw(
        [p.later_placements.value, p.unsettled_placements.value], (career[period] == UNSETTLED) * 1,
        _group(birth[period], day), random,
    )  # fmt: skip
    adopted, trial = np.flatnonzero(made.adoptive != NULL), np.flatnonzero(home < FAR)
    return (
        np.concatenate([number, period, adopted, trial]),
        np.concatenate([start, day, made.adoptive[adopted], home[trial]]),
        np.concatenate([first, later, _adopters(made, adopted, random), np.full(len(trial), PARENTS)]),
    )


def _rates(p: Episodes, made: Periods, birth: Ints, by_order: Ints, career: Ints) -> Floats:
    """Return the rate of moves of each period beside the planted base rates."""
    codes = {"age_at_entry": age_at_entry(completed_years(birth, made.start)), "entry_route": by_order}
    shares, factors = (np.array(list(leaf.value.values())) for leaf in (p.careers, p.moves_by_career))
    ratio: Floats = np.exp(linear_predictor(p.move_log_rate_ratios.value, codes, MOVE_TERMS))
    return ratio * (factors / (shares @ factors))[career]


def _moves(p: Episodes, start: Ints, last: Ints, rate: Floats, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw periods and days of moves after the first day of a period and before its last one."""
    begins = [*SINCE_ENTRY.values(), FAR]
    periods, days = [], []
    for base, low, high in zip(p.moves_per_1000_days.value.values(), begins[:-1], begins[1:], strict=True):
        since, until = start + max(low, 1), np.minimum(start + high, last)
        span = np.maximum(until - since, 0)
        who = np.repeat(np.arange(len(start)), random.poisson(base * rate * span / 1000))
        periods.append(who)
        days.append(since[who] + (span[who] * random.random(len(who))).astype(np.int64))
    return np.concatenate(periods), np.concatenate(days)


def _on_days_of_orders(
    p: Episodes, moves: tuple[Ints, Ints], start: Ints, last: Ints, changes: tuple[Ints, Ints],
    random: np.random.Generator,
) -> Ints:  # fmt: skip
    """Return the days of moves, some of them on that of a change of legal status near by: each change takes one."""
    (period, day), (of, when) = moves, changes
    chosen = (when > start[of]) & (when < last[of]) & (random.random(len(of)) < p.moves_with_legal_status.value)
    of, when = of[chosen], when[chosen]
    scale = 10**6
    order = np.argsort(period * scale + day + 10**5, kind="stable")
    key = (period * scale + day + 10**5)[order]
    wanted = of * scale + when + 10**5
    place = np.searchsorted(key, wanted - NEAR)
    near = place < len(key)
    near[near] = key[place[near]] <= wanted[near] + NEAR
    moved = day.copy()
    moved[order[place[near]]] = when[near]
    return moved


def _trials_at_home(p: Episodes, made: Periods, random: np.random.Generator) -> Ints:
    """Return the day from which a child under an order lives with parents before care ends; FAR where none does."""
    size = len(made)
    days = days_from(p.median_days_of_trial.value, 0.6, size, random)
    ordered = (made.reason == HOME) & (made.compulsory < made.end - days) & (made.adoptive == NULL)
    ordered &= made.end - days > made.start
    return np.where(ordered & (random.random(size) < p.trial_at_home.value), made.end - days, FAR)


def _group(birth: Ints, day: Ints) -> Ints:
    """Return the group of ages of placements on each day."""
    return np.searchsorted([1, 10], (day - birth) / DAYS_PER_YEAR, side="right")


def _draw(tables: list[dict[str, dict[str, float]]], table: Ints, group: Ints, random: np.random.Generator) -> Ints:
    """Return a placement of each row, with the shares of its table and group of ages."""
    placement = np.empty(len(table), dtype=np.int64)
    for number, by_age in enumerate(tables):
        for place, shares in enumerate(by_age.values()):
            rows = np.flatnonzero((table == number) & (group == place))
            codes = np.array([PLACEMENTS.index(code) for code in shares])
            placement[rows] = codes[draw_from(shares, len(rows), random)]
    return placement


def _adopters(made: Periods, adopted: Ints, random: np.random.Generator) -> Ints:
    """Return the code of the placement with adopters."""
    before = made.adoptive[adopted] < PLACEMENT_ORDERS_FROM
    strangers = random.random(len(adopted)) < 0.85
    codes = np.array([PLACEMENTS.index(code) for code in ("A5", "A6", "A2", "A1")])
    return codes[strangers + 2 * before]
