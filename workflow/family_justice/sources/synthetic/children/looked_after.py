"""The looked-after children of Wales: who they are, and their periods of care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from family_justice.sources.synthetic.children.care import (
    FAR,
    NULL,
    Periods,
    agreed_before,
    court_periods,
    days_from,
    draw_ages,
    draw_outcomes,
    entries,
    finish,
    periods,
)
from family_justice.sources.synthetic.children.parameters import Care, ChildrensServices
from family_justice.sources.synthetic.children.re_entry import come_back
from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, Bools, Ints, Streams, draw_from, monday, to_day
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.public_law.families import WALES
from family_justice.sources.synthetic.systems.records import Records

#: First year from which children who are in care when the census begins may have entered it.
EARLIEST_ENTRY = 1987
#: How far the week of birth of a resident may lie from the one wanted for a child in care.
DAYS_APART = 45
#: Days of police protection at most (Children Act 1989, section 46); age of criminal responsibility and two years.
POLICE_DAYS = 3
YOUNGEST_IN_YOUTH_JUSTICE = 12


@dataclass
class LookedAfter:
    """Children (columns of equal length) and their periods of care, which name them by place."""

    birth: Ints
    sex: Ints
    ethnicity: Ints
    resident: Ints
    """Place among the residents, or -1."""
    human: Ints
    """Place in ``People``, or -1."""
    is_linked: Bools
    """Whether the looked-after records hold the linkage field."""
    home: Ints
    """Area (LSOA) of the home."""
    periods: Periods
    is_short_breaks: Bools
    """Whether a period is a series of short breaks."""
    is_youth_justice: Bools
    """Whether a court of youth justice, and no agreement, began a period."""


def april(year: int) -> int:
    """Return the first of April of a year."""
    return to_day(date(year, 4, 1))


def draw_looked_after(records: Records, residents: Residents, p: ChildrensServices, streams: Streams) -> LookedAfter:
    """Return all looked-after children whose care reaches into the years of the census."""
    care, children = p.care, records.families.children
    random = streams("care by court orders")
    made = court_periods(records, random)
    known = np.unique(made.child)
    birth = children.week_of_birth[known]
    made.child = np.searchsorted(known, made.child)
    made = agreed_before(care, made, birth[made.child], streams("care by agreement before proceedings"))
    # A child who was accommodated before is in care before the order; periods do not run into each other.
    human = len(records.families.mothers.area) + known
    of_human = np.full(records.people.size, -1)
    in_court = np.flatnonzero(residents.human >= 0)
    of_human[residents.human[in_court]] = in_court
    resident = of_human[human]
    random = streams("links of looked-after children")
    share = p.linkage.looked_after_with_court_records.value * len(known) / max((resident >= 0).sum(), 1)
    linked = (resident >= 0) & (random.random(len(known)) < share)

    others, other_birth, other_resident, short = _without_court_records(records, residents, p, made, birth, streams)
    size = len(other_birth)
    random = streams("looked-after children without other records")
    own = np.maximum(other_resident, 0)
    found = other_resident >= 0
    sex = np.where(found, residents.sex[own], (random.random(size) < records.parameters.children.girls.value) * 1)
    ethnicity = np.where(found, residents.ethnicity[own], _ethnic_groups(records, p, size, random))
    per_area = 5 * records.parameters.areas.lsoas_per_quintile.value
    home = others.area * per_area + _deprived(records, size, random)
    home = np.where(found, residents.lsoa[own], home)

    others.child = others.child + len(known)
    everyone = np.concatenate([birth, other_birth])
    every_resident = np.concatenate([resident, other_resident])
    death = np.where(every_resident >= 0, residents.death[np.maximum(every_resident, 0)], NULL)
    both = made.add(others)
    both = finish(care, both, everyone[both.child], death[both.child], streams("ends of care"))
    is_short = np.concatenate([np.zeros(len(made), dtype=bool), short])
    again = come_back(
        care, both.take(~is_short), everyone[both.child[~is_short]], death[both.child[~is_short]],
        streams("children who come back into care"),
    )  # fmt: skip
    both, is_short = both.add(again), np.append(is_short, np.zeros(len(again), dtype=bool))
    # An order made after the 18th birthday brings nobody into care.
    reaches = (
        (both.end > both.start)
        & (both.end >= april(care.first_census.value))
        & (both.start < april(care.last_census.value + 1))
    )
    both, is_short = both.take(reaches), is_short[reaches]
    justice = _youth_justice(care, both, everyone, len(known), is_short, streams("youth justice"))
    _protected_by_police(care, both, everyone, is_short | justice, streams("police protection"))
    return LookedAfter(
        birth=everyone, sex=np.concatenate([records.people.sex[human], sex]),
        ethnicity=np.concatenate([records.people.ethnicity[human], ethnicity]),
        resident=every_resident, human=np.concatenate([human, np.full(size, -1)]),
        is_linked=np.concatenate([linked, found]), home=np.concatenate([records.people.lsoa[human], home]),
        periods=both, is_short_breaks=is_short, is_youth_justice=justice,
    )  # fmt: skip


def _youth_justice(
    p: Care, made: Periods, birth: Ints, known: int, is_short: Bools, random: np.random.Generator
) -> Bools:
    """Say which periods by agreement of adolescents without court records a court of youth justice began."""
    age = (made.start - birth[made.child]) / DAYS_PER_YEAR
    alone = (made.child >= known) & (made.compulsory == FAR) & ~is_short & (age >= YOUNGEST_IN_YOUTH_JUSTICE)
    return alone & (random.random(len(made)) < p.youth_justice.value)


def _protected_by_police(p: Care, made: Periods, birth: Ints, spared: Bools, random: np.random.Generator) -> None:
    """Let the police protect some adolescents for days before an agreement or an interim order."""
    start, number = made.start, np.arange(len(made))
    adolescent = (start - birth[made.child] >= 10 * DAYS_PER_YEAR) & ~spared
    order = np.lexsort((start, made.child))
    same = np.append(False, made.child[order][1:] == made.child[order][:-1])
    free_from = np.full(len(made), -FAR)
    free_from[order] = np.where(same, np.append(-FAR, made.end[order][:-1]), -FAR)
    share = p.police_protection_first.value
    draw = random.random(len(made))
    agreed = adolescent & (made.voluntary == start) & (draw < share["agreement"])
    agreed &= np.minimum(made.compulsory, made.end) - start > 2 * POLICE_DAYS
    ordered = adolescent & (made.interim == start) & (draw < share["order"]) & (free_from < start - 2 * POLICE_DAYS)
    made.police = np.where(agreed, start, np.where(ordered, start - POLICE_DAYS, NULL))
    rows = number[agreed]
    made.voluntary[rows] += POLICE_DAYS


def _without_court_records(
    records: Records, residents: Residents, p: ChildrensServices, court: Periods, birth: Ints, streams: Streams
) -> tuple[Periods, Ints, Ints, Bools]:
    """Return periods of children without court records, their weeks of birth and places among the residents."""
    care, scale = p.care, records.scale
    random = streams("care without court records")
    since = to_day(records.parameters.calendar.wales_start.value)
    end = april(care.last_census.value + 1)
    days = [
        entries(care.infants_before_court_records.value, EARLIEST_ENTRY, since, scale, random),
        entries(care.others_before_court_records.value, EARLIEST_ENTRY, since, scale, random),
    ]
    before = sum(len(part) for part in days)
    # Infants by agreement only: in proportion to the infants whose agreement became an order.
    became = care.voluntary_becomes_compulsory.value
    start = court.voluntary[court.voluntary != NULL]
    converted = start[start - birth[court.child[court.voluntary != NULL]] < 365]
    count = round(len(converted) * (1 - became) / max(became, 1e-9))
    like = random.choice(converted, count) if len(converted) else np.empty(0, dtype=np.int64)
    days.append(np.clip(like + random.integers(-30, 31, len(like)), since, end - 1))
    days.append(entries(care.others_voluntary_only.value, EARLIEST_ENTRY, end, scale, random, since))
    entry = np.concatenate(days)
    infants = np.repeat([True, False, True, False], [len(part) for part in days])
    size = len(entry)
    age = draw_ages(care, infants, random)

    wanted = random.random(size) < p.linkage.looked_after_others.value
    born, resident, shift = _among_residents(residents, monday(entry - age), entry, wanted, random)
    entry = entry + shift
    area = np.where(resident >= 0, residents.area[np.maximum(resident, 0)], _areas(records, size, random))
    by_agreement = random.random(size) < np.where(infants, care.voluntary_at_entry.value, 0.6)
    early = np.arange(size) < before
    voluntary = ~early | by_agreement
    later = days_from(7 * care.median_weeks_to_compulsory.value, care.log_sd_to_compulsory.value, size, random)
    converts = early & voluntary & (random.random(size) < became)
    interim = np.where(converts, entry + np.minimum(later, 729), np.where(early & ~voluntary, entry, NULL))
    made = periods(np.arange(size), area, voluntary=np.where(voluntary, entry, NULL), interim=interim)
    made = draw_outcomes(care, made, infants, random)
    short = ~early & ~infants & (random.random(size) < care.short_breaks_among_voluntary_only.value)
    return made, born, resident, short


def _among_residents(
    residents: Residents, birth: Ints, entry: Ints, wanted: Bools, random: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Find a resident child who is in no court records for the wanted entries, each child once.

    Returns weeks of birth, places among the residents (-1 for none) and days by which the entries shift with them.
    """
    place, shift = np.full(len(birth), -1), np.zeros(len(birth), dtype=np.int64)
    children = np.flatnonzero((residents.human < 0) & (residents.mother >= 0))
    if not len(children):
        return birth, place, shift
    children = children[np.argsort(residents.week_of_birth[children], kind="stable")]
    births = residents.week_of_birth[children]
    row = np.flatnonzero(wanted)
    low, high = (np.searchsorted(births, birth[row] + days) for days in (-DAYS_APART, DAYS_APART + 1))
    near = np.minimum(low + ((high - low) * random.random(len(row))).astype(np.int64), len(births) - 1)
    moved = births[near] - birth[row]
    day = entry[row] + moved
    there = (residents.since[children[near]] <= day) & (day <= residents.until[children[near]])
    fits = np.flatnonzero(there & (np.abs(moved) <= DAYS_APART))
    _, once = np.unique(near[fits], return_index=True)
    fits = fits[once]
    place[row[fits]], shift[row[fits]] = children[near[fits]], moved[fits]
    return birth + shift, place, shift


def _areas(records: Records, size: int, random: np.random.Generator) -> Ints:
    return random.choice(records.areas.of(WALES), size)


def _deprived(records: Records, size: int, random: np.random.Generator) -> Ints:
    """Return places of homes within an area, with the deprivation of families in court."""
    quintile = draw_from(records.parameters.areas.quintile_shares.value, size, random)
    per_quintile = records.parameters.areas.lsoas_per_quintile.value
    return quintile * per_quintile + random.integers(0, per_quintile, size)


def _ethnic_groups(records: Records, p: ChildrensServices, size: int, random: np.random.Generator) -> Ints:
    """Return places in the ethnic groups: White British at its share, the other groups in the proportions of courts."""
    shares = records.parameters.ethnicity.shares.value
    white, first = p.linkage.white_without_other_records.value, next(iter(shares))
    rest = {name: share for name, share in shares.items() if not name.startswith("White")}
    scaled = {name: share * (1 - white) / sum(rest.values()) for name, share in rest.items()}
    return draw_from({name: white if name == first else scaled.get(name, 0.0) for name in shares}, size, random)
