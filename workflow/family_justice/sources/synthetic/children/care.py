"""Who is looked after by Welsh local authorities, and from when to when.

court orders --> periods of care of children with court records  \
                                                                   > drawn to their end --> LookedAfter
census figures --> periods of care of children without            /

A period of care begins by agreement, by an emergency protection order or by an interim or final order, and holds the
day on which each legal status began. Before the court records begin nobody is found in them; afterwards the children
without court records are those who were accommodated by agreement only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from family_justice.sources.synthetic.children.parameters import OTHERS_AGES, Care
from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    NULL,
    Bools,
    Floats,
    Ints,
    draw_from,
    interpolate,
    to_day,
)
from family_justice.sources.synthetic.public_law.court import (
    CARE_ORDER,
    DISCHARGED,
    EMERGENCY_ORDER,
    INTERIM_CARE,
    INTERIM_SUPERVISION,
    PLACED,
    RULE_16_4,
    SECTION_7,
    SPECIAL_GUARDIANSHIP,
)
from family_justice.sources.synthetic.public_law.families import WALES
from family_justice.sources.synthetic.systems.records import Records

FAR = 10**9
#: Reasons why care ends, a reason is its place; config/codelists/care_ends.csv.
ENDS = ("E4", "E43", "E44", "E11", "E12", "E1", "E2", "E3", "E5", "E6", "E7", "E8", "E9", "E10")
HOME, TO_CARERS, TO_OTHERS, UNOPPOSED, DISPENSED, ADOPTED_BEFORE_2006, DIED = range(7)
#: Days that an emergency protection order lasts, and within which proceedings continue it.
EMERGENCY_DAYS, EMERGENCY_LIMIT = 8, 15
LONGEST_TO_COMPULSORY = 729


@dataclass
class Periods:
    """Periods of care: columns of equal length, days or NULL. ``child`` numbers children from 0."""

    child: Ints
    area: Ints
    police: Ints
    """Day on which the police took the child into protection, for at most three days."""
    voluntary: Ints
    emergency: Ints
    interim: Ints
    order: Ints
    """Day of the care or placement order."""
    is_placement: Bools
    revoked: Ints
    adoptive: Ints
    """Day of the placement with adopters."""
    end: Ints
    reason: Ints
    """Place in ``ENDS``; -1 while care goes on or its end is not drawn yet."""

    def __len__(self) -> int:
        return len(self.child)

    @property
    def start(self) -> Ints:
        """First day of each period."""
        days = np.column_stack([self.police, self.voluntary, self.emergency, self.interim, self.order])
        return np.where(days == NULL, FAR, days).min(axis=1)

    @property
    def compulsory(self) -> Ints:
        """Day of the first order of each period, FAR where there is none."""
        days = np.column_stack([self.emergency, self.interim, self.order])
        return np.where(days == NULL, FAR, days).min(axis=1)

    def take(self, rows: Ints | Bools) -> Periods:
        """Return some of the periods."""
        return Periods(*(getattr(self, f.name)[rows] for f in fields(self)))

    def add(self, other: Periods) -> Periods:
        """Return these periods followed by the others."""
        return Periods(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def periods(child: Ints, area: Ints, **columns: Ints | Bools) -> Periods:
    """Return periods in which everything that is not given is empty."""
    size = len(child)
    empty = {name: np.full(size, NULL) for name in ("police", "voluntary", "emergency", "interim", "order", "revoked")}
    empty |= {"adoptive": np.full(size, NULL), "end": np.full(size, NULL), "reason": np.full(size, -1)}
    return Periods(child=child, area=area, **{**empty, "is_placement": np.zeros(size, dtype=bool), **columns})  # type: ignore[arg-type]


def days_from(median: float, log_sd: float, size: int, random: np.random.Generator) -> Ints:
    """Return log-normal numbers of days, at least one."""
    return np.maximum(median * np.exp(log_sd * random.standard_normal(size)), 1).astype(np.int64)


def _by_pair(pair: Ints, size: int, date: Ints, chosen: Bools) -> Ints:
    """Return the first of the chosen dates of each pair, NULL where there is none."""
    first = np.full(size, FAR)
    np.minimum.at(first, pair[chosen], date[chosen])
    return np.where(first == FAR, NULL, first)


def court_periods(records: Records, random: np.random.Generator) -> Periods:
    """Return the periods of care that court orders make; ``child`` is the number of the child in the families.

    Periods of one child do not overlap: a later case of a child who is still in care ends the earlier period half
    way in between if there is time, and else adds nothing.
    """
    court, cases = records.court, records.families.cases
    welsh = records.areas.jurisdiction[cases.area[court.order_case]] == WALES
    case, child, kind, date = (
        column[welsh] for column in (court.order_case, court.order_child, court.order_type, court.order_date)
    )
    # An order made before birth takes effect at birth.
    date = np.maximum(date, records.families.children.week_of_birth[child])
    keys, pair = np.unique(case * 10**8 + child, return_inverse=True)
    size = len(keys)
    case, child = keys // 10**8, keys % 10**8
    emergency = _by_pair(pair, size, date, kind == EMERGENCY_ORDER)
    interim = _by_pair(pair, size, date, kind == INTERIM_CARE)
    placed = _by_pair(pair, size, date, kind == PLACED)
    care = _by_pair(pair, size, date, kind == CARE_ORDER)
    discharged = _by_pair(pair, size, date, kind == DISCHARGED)
    guardianship = _by_pair(pair, size, date, kind == SPECIAL_GUARDIANSHIP)
    passing = (INTERIM_CARE, INTERIM_SUPERVISION, EMERGENCY_ORDER, RULE_16_4, SECTION_7, PLACED, CARE_ORDER)
    ended = _by_pair(pair, size, date, ~np.isin(kind, passing))
    order = np.where(placed != NULL, placed, care)
    end = np.where(order == NULL, ended, NULL)
    to_carers = np.where(random.random(size) < 0.5, TO_CARERS, TO_OTHERS)
    reason = np.where(end == NULL, -1, np.where(guardianship != NULL, to_carers, HOME))

    # An emergency order that proceedings do not continue within days is a short period of its own.
    following = np.where(interim != NULL, interim, np.where(order != NULL, order, FAR))
    alone = (emergency != NULL) & (following - emergency > EMERGENCY_LIMIT)
    made = periods(
        child, cases.area[case], emergency=np.where(alone, NULL, emergency), interim=interim, order=order,
        is_placement=placed != NULL, end=end, reason=reason,
    )  # fmt: skip
    short = np.flatnonzero(alone)
    brief = periods(
        child[short], cases.area[case[short]], emergency=emergency[short],
        end=emergency[short] + EMERGENCY_DAYS, reason=np.full(len(short), HOME),
    )  # fmt: skip
    made = made.take((made.start < FAR) & ((made.end == NULL) | (made.end > made.start))).add(brief)
    made = made.take(np.lexsort((made.start, made.child)))
    made = _apart(made)
    return _discharge(made, child[discharged != NULL], discharged[discharged != NULL])


def _apart(made: Periods) -> Periods:
    """End periods that run into a later one of the same child, or drop the later one; sorted by child and start."""
    while True:
        before = np.flatnonzero(made.child[1:] == made.child[:-1])
        last = np.where(made.order[before] == NULL, made.start[before], made.order[before])
        over = (made.end[before] == NULL) | (made.end[before] > made.start[before + 1])
        room = made.start[before + 1] - last
        ends = before[over & (room > 60)]
        made.end[ends] = (np.maximum(made.start[ends], np.where(made.order[ends] == NULL, 0, made.order[ends]))
                          + made.start[ends + 1]) // 2  # fmt: skip
        made.reason[ends] = HOME
        dropped = before[over & (room <= 60)] + 1
        if not len(dropped):
            return made
        made = made.take(np.setdiff1d(np.arange(len(made)), dropped))


def _discharge(made: Periods, child: Ints, day: Ints) -> Periods:
    """End the care order of each child on the day of its discharge."""
    place = np.searchsorted(made.child, child, side="right") - 1
    known = (place >= 0) & (made.child[np.maximum(place, 0)] == child)
    row, day = place[known], day[known]
    applies = (made.order[row] != NULL) & (made.order[row] < day) & (made.end[row] == NULL)
    made.end[row[applies]] = day[applies]
    made.reason[row[applies]] = HOME
    return made


def agreed_before(p: Care, made: Periods, birth: Ints, random: np.random.Generator) -> Periods:
    """Let some children be accommodated by agreement before the first order of their first period."""
    first = np.diff(made.child, prepend=-1) != 0
    day = made.compulsory
    age = day - birth
    share = np.where(
        age < 365,
        interpolate(p.voluntary_before_proceedings_infants.value, day),
        p.voluntary_before_proceedings_others.value,
    )
    # Children too young at the order to have been accommodated before leave their share to the others.
    eligible = first & (age >= 4) & (made.emergency == NULL)
    infants = first & (age < 365)
    share = share * np.where(age < 365, infants.sum() / max((infants & eligible).sum(), 1), 1)
    chosen = eligible & (random.random(len(made)) < share)
    before = days_from(7 * p.median_weeks_to_compulsory.value, p.log_sd_to_compulsory.value, len(made), random)
    before = np.minimum(before, LONGEST_TO_COMPULSORY)
    before = np.where(before > age, (age * random.random(len(made))).astype(np.int64) + 1, before)
    made.voluntary = np.where(chosen, day - np.minimum(before, age), NULL)
    return made


def entries(
    by_year: dict[int, float], first: int, until: int, scale: float, random: np.random.Generator, since: int = -FAR
) -> Ints:
    """Return days of entry from ``since`` to ``until``: a number for each year from April, beginning with ``first``."""
    days: list[Ints] = []
    for year in range(first, 2100):
        begin, end = (to_day(date(y, 4, 1)) for y in (year, year + 1))
        low, high = max(begin, since), min(end, until)
        if begin >= until:
            break
        if low >= high:
            continue
        number = float(np.interp(year, list(by_year), list(by_year.values())))
        days.append(random.integers(low, high, round(scale * number * (high - low) / (end - begin))))
    return np.concatenate([np.empty(0, dtype=np.int64), *days])


def draw_ages(p: Care, infants: Bools, random: np.random.Generator) -> Ints:
    """Return ages at entry in days."""
    size = len(infants)
    newborn = random.random(size) < p.newborn_at_entry.value
    share = random.random(size)
    infant = np.where(newborn, 14 * share, 14 + 350 * share**1.3)
    first, last = np.array(list(OTHERS_AGES.values())).T
    band = draw_from(p.ages_of_others.value, size, random)
    # Nobody enters in the last months before the 18th birthday.
    other = (first[band] + (np.minimum(last[band] + 1, 17.6) - first[band]) * random.random(size)) * DAYS_PER_YEAR
    return np.where(infants, infant, other).astype(np.int64)


def draw_outcomes(p: Care, made: Periods, infants: Bools, random: np.random.Generator) -> Periods:
    """Draw how proceedings end that are in no court records: order, special guardianship or return."""
    shares = np.array([list(row.values()) for row in p.outcomes_without_court_records.value.values()])
    cumulative: Floats = np.cumsum(shares[np.where(infants, 0, 1)], axis=1)
    outcome = (random.random(len(made))[:, None] >= cumulative[:, :-1]).sum(axis=1)
    weeks = 7 * p.weeks_of_proceedings.value
    day = made.interim + days_from(weeks, 0.35, len(made), random)
    in_court = made.interim != NULL
    ordered = in_court & (outcome <= 1)
    made.order = np.where(ordered, day, NULL)
    made.is_placement = ordered & (outcome == 1)
    made.end = np.where(in_court & ~ordered, day, NULL)
    to_carers = np.where(random.random(len(made)) < 0.5, TO_CARERS, TO_OTHERS)
    made.reason = np.where(made.end == NULL, -1, np.where(outcome == 2, to_carers, HOME))
    return made


def finish(p: Care, made: Periods, birth: Ints, death: Ints, random: np.random.Generator) -> Periods:
    """Draw the ends of the periods whose end is open: adoption, leaving care, or turning 18; deaths end all."""
    size = len(made)
    adult = birth + int(18 * DAYS_PER_YEAR)
    open_end = made.end == NULL
    placed = open_end & made.is_placement
    day = made.order + days_from(p.median_days_to_adoptive_placement.value, p.log_sd_adoption.value, size, random)
    adopted = day + days_from(p.median_days_to_adoption.value, p.log_sd_adoption.value, size, random)
    revoked = placed & ((random.random(size) < p.placement_order_revoked.value) | (adopted >= adult))
    made.revoked = np.where(revoked, made.order + 200 + days_from(150, 0.5, size, random), NULL)
    made.revoked = np.where(made.revoked >= adult, NULL, made.revoked)
    by_order = placed & ~revoked
    made.adoptive = np.where(by_order, day, NULL)
    how = np.where(random.random(size) < 0.55, UNOPPOSED, DISPENSED)
    how = np.where(adopted < to_day(date(2006, 1, 1)), ADOPTED_BEFORE_2006, how)

    ordered = open_end & (made.order != NULL) & ~by_order
    since = np.where(made.revoked != NULL, made.revoked, made.order)
    years = random.exponential(size=size) / max(p.leaves_care_order_per_year.value, 1e-9)
    leaves = since + 60 + (np.minimum(years, 40) * DAYS_PER_YEAR).astype(np.int64)
    draw = random.random(size)
    leaving = np.searchsorted([0.62, 0.8, 0.97], draw, side="right")
    leaving = np.array([HOME, TO_CARERS, TO_OTHERS, ENDS.index("E3")])[leaving]

    agreed = open_end & (made.compulsory == FAR)
    stays = days_from(p.median_days_voluntary.value, p.log_sd_days_voluntary.value, size, random)
    kinds = ("E4", "E8", "E3", "E44", "E5", "E6", "E9")
    old = made.voluntary + stays > birth + 16 * DAYS_PER_YEAR
    place = np.where(
        old,
        np.searchsorted([0.45, 0.6, 0.62, 0.63, 0.85, 0.96], draw, side="right"),
        np.searchsorted([0.86, 0.96, 0.98, 1.0], draw, side="right"),
    )
    agreed_reason = np.array([ENDS.index(code) for code in kinds])[place]

    made.end = np.select([by_order, ordered, agreed], [adopted, leaves, made.voluntary + stays], made.end)
    made.reason = np.select([by_order, ordered, agreed], [how, leaving, agreed_reason], made.reason)
    # Nobody is looked after from the 18th birthday on.
    grown = (made.end == NULL) | (made.end > adult)
    adults = np.array([ENDS.index(code) for code in ("E10", "E5", "E7", "E6", "E8")])
    grown_reason = adults[np.searchsorted([0.38, 0.7, 0.8, 0.88], draw, side="right")]
    made.end, made.reason = np.where(grown, adult, made.end), np.where(grown, grown_reason, made.reason)
    dies = (death != NULL) & (death < made.end) & (death > made.start)
    made.end, made.reason = np.where(dies, death, made.end), np.where(dies, DIED, made.reason)
    for name in ("revoked", "adoptive"):
        days = getattr(made, name)
        setattr(made, name, np.where(days >= made.end, NULL, days))
    return made
