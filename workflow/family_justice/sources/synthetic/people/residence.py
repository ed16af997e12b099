"""Where residents live and with which practice they are registered: the tables of the Welsh Demographic Service.

residents --leave home, part--> stays in households --join--> spells at addresses --defects--> WDSD_AR_PERS_ADD
households --move--> addresses /                              \\--changes of practice--> WDSD_PER_RESIDENCE_GPREG
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, NULL, Bools, Ints, Streams, draw_from, join, to_day
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.parameters.residents import LINKAGE_STATUSES, ResidentParameters
from family_justice.sources.synthetic.people.residents import Residents, days_until
from family_justice.sources.synthetic.public_law.families import WALES, Areas
from family_justice.sources.synthetic.systems.lookups import lsoa_codes
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, take

Random = np.random.Generator
#: First identifiers of register entries, dwellings and practices. A second entry of a person comes last.
ENTRIES, DWELLINGS, PRACTICES = 5_000_000_000, 8_000_000_000, 7_000
SECOND_ENTRIES = 400_000_000
OPEN = to_day(date(9999, 12, 31))


@dataclass
class Spells:
    """Residents at addresses, sorted by resident and first day; ``address`` numbers the addresses of households."""

    resident: Ints
    address: Ints
    start: Ints
    end: Ints
    lsoa: Ints

    @property
    def is_first(self) -> Bools:
        """Whether a spell is the first of its resident."""
        return np.concatenate([[True], self.resident[1:] != self.resident[:-1]])[: len(self.resident)]

    @property
    def is_last(self) -> Bools:
        """Whether a spell is the last of its resident."""
        return np.concatenate([self.resident[1:] != self.resident[:-1], [True]])[-len(self.resident) :]


def _stays(p: ResidentParameters, residents: Residents, random: Random) -> tuple[Ints, Ints, Ints, Ints]:
    """Return (household, resident, first day, last day): in a family's household, and later in one of one's own."""
    number = np.arange(len(residents))
    low, high = p.age_of_leaving_home.value
    grown = residents.week_of_birth + ((low + (high - low) * random.random(len(number))) * DAYS_PER_YEAR).astype(int)
    parted = days_until(residents.since, p.separations_per_1000_years.value, random)
    leaves = np.where(residents.mother >= 0, grown, parted)
    leaves = np.where(residents.household == number, OPEN, np.maximum(leaves, residents.since))
    before = np.flatnonzero(leaves > residents.since)
    after = np.flatnonzero(leaves <= residents.until)
    return (
        np.concatenate([residents.household[before], number[after]]),
        np.concatenate([before, after]),
        np.concatenate([residents.since[before], leaves[after]]),
        np.concatenate([np.minimum(residents.until, leaves - 1)[before], residents.until[after]]),
    )


def _homes(parameters: Parameters, areas: Areas, near: Ints, random: Random) -> Ints:
    """Return an LSOA for each move from the LSOA ``near``: mostly in the same local authority and quintile."""
    p, per_quintile = parameters.residents, parameters.areas.lsoas_per_quintile.value
    size = len(near)
    area, quintile = near // (5 * per_quintile), near // per_quintile % 5
    area = np.where(
        random.random(size) < p.moves_within_local_authority.value, area, random.choice(areas.of(WALES), size)
    )
    other = draw_from(p.comparison_quintile_shares.value, size, random)
    quintile = np.where(random.random(size) < p.moves_within_quintile.value, quintile, other)
    return (area * 5 + quintile) * per_quintile + random.integers(0, per_quintile, size)


def _addresses(
    records: Records, residents: Residents, household: Ints, start: Ints, end: Ints, random: Random
) -> tuple[Ints, Ints, Ints]:
    """Return household, first day and LSOA of all addresses of the households, sorted by household and day."""
    size, p = len(residents), records.parameters.residents
    first, last = np.full(size, OPEN), np.full(size, NULL)
    np.minimum.at(first, household, start)
    np.maximum.at(last, household, end)
    lived = np.flatnonzero(first < OPEN)
    years = (last[lived] - first[lived]) / DAYS_PER_YEAR
    moves = random.poisson(p.moves_per_1000_years.value / 1000 * years)
    of = np.repeat(lived, moves)
    day = first[of] + 1 + (random.random(len(of)) * (last[of] - first[of])).astype(np.int64)
    of, day = np.concatenate([lived, of]), np.concatenate([first[lived], day])
    order = np.lexsort((day, of))
    of, day = of[order], day[order]
    home = _homes(records.parameters, records.areas, residents.lsoa[of], random)
    # The known home of a family is where it lives on its first day in court; of others, where it lives at first.
    issues = [residents.parent_issue, residents.child_issue, residents.private_adult, residents.private_child]
    issue = np.min([np.where(days == NULL, OPEN, days) for days in issues], axis=0)
    known = np.where(issue == OPEN, first, np.maximum(issue, first))
    following = np.concatenate([np.where(of[1:] == of[:-1], day[1:], OPEN), [OPEN]])
    at_home = (residents.household[of] == of) & (day <= known[of]) & (known[of] < following)
    return of, day, np.where(at_home, residents.lsoa[of], home)


def draw_spells(records: Records, residents: Residents, streams: Streams) -> Spells:
    """Return the true addresses of all residents from ``since`` to ``until``, without gaps or overlaps."""
    random = streams("residence")
    household, resident, start, end = _stays(records.parameters.residents, residents, random)
    of, day, lsoa = _addresses(records, residents, household, start, end, random)
    following = np.concatenate([np.where(of[1:] == of[:-1], day[1:], OPEN), [OPEN]])
    stay, address = join(household, of)
    first, last = np.maximum(start[stay], day[address]), np.minimum(end[stay], following[address] - 1)
    within = np.flatnonzero(first <= last)
    stay, address, first, last = stay[within], address[within], first[within], last[within]
    order = np.lexsort((first, resident[stay]))
    return Spells(resident[stay][order], address[order], first[order], last[order], lsoa[address[order]])


def _registrations(records: Records, residents: Residents, spells: Spells, streams: Streams) -> Columns:
    """Return spells with practices: some moves change the practice, some changes leave a gap."""
    p, random = records.parameters.residents, streams("practices")
    size = len(spells.resident)
    area = spells.lsoa // (5 * records.parameters.areas.lsoas_per_quintile.value)
    elsewhere = np.concatenate([[True], area[1:] != area[:-1]])[:size]
    changes = spells.is_first | elsewhere | (random.random(size) < p.moves_that_change_practice.value)
    begins = np.flatnonzero(changes)
    ends = np.concatenate([begins[1:] - 1, [size - 1]])[: len(begins)]
    resident, start, end = spells.resident[begins], spells.start[begins], spells.end[ends]
    per_area = p.practices_per_local_authority.value
    practice = PRACTICES + area[begins] * per_area + random.integers(0, per_area, len(begins))
    gap = ~spells.is_first[begins] & (random.random(len(begins)) < p.gap_in_registration.value)
    start = np.where(gap, np.minimum(start + random.integers(1, 181, len(begins)), end), start)
    end = _last_days(records, residents, resident, spells.is_last[ends], end, NULL, random)
    return {
        "ALF_E": residents.alf[resident],
        "GNDR_CD": residents.sex[resident] + 1,
        "WOB": residents.week_of_birth[resident],
        "DEATH_DT": residents.death[resident],
        "PRAC_CD_E": practice,
        "ACTIVEFROM": start,
        "ACTIVETO": end,
    }


def _last_days(
    records: Records, residents: Residents, resident: Ints, is_last: Bools, end: Ints, present: int, random: Random
) -> Ints:
    """Return the last days as recorded: ``present`` while it lasts, for some of the dead a day after death."""
    p = records.parameters.residents
    last_day = to_day(records.parameters.calendar.wales_end.value)
    end = np.where(is_last & (end >= last_day) & (residents.death[resident] == NULL), present, end)
    late = is_last & (residents.death[resident] != NULL) & (end == residents.death[resident])
    late &= random.random(len(end)) < p.ended_after_death.value
    return np.where(late, end + random.integers(1, 61, len(end)), end)


def residence_tables(records: Records, residents: Residents) -> dict[str, Columns]:
    """Return the three tables of the Welsh Demographic Service, with their defects made and labelled."""
    p, streams = records.parameters.residents, records.streams
    spells = draw_spells(records, residents, streams)
    random = streams("register")
    size = len(residents)
    status = draw_from(p.linkage_status.value, size, random)
    unlinked = status == LINKAGE_STATUSES.index("99")
    entry = ENTRIES + 1 + random.permutation(size)
    moved = np.bincount(spells.resident, minlength=size) > 1
    twice = np.flatnonzero(moved & (random.random(size) < p.two_register_entries.value))
    second = np.full(size, NULL)
    second[twice] = ENTRIES + SECOND_ENTRIES + 1 + random.permutation(len(twice))
    certainty = np.where(status == LINKAGE_STATUSES.index("39"), 0.9 + 0.1 * random.random(size), 1.0)
    forgotten = random.random(size) < p.death_missing_in_register.value
    who = np.concatenate([np.arange(size), twice])
    people: Columns = {
        "PERS_ID_E": np.concatenate([entry, second[twice]]),
        "ALF_E": np.where(unlinked, NULL, residents.alf)[who],
        "ALF_STS_CD": Words(status[who], LINKAGE_STATUSES),
        "ALF_MTCH_PCT": np.where(unlinked, np.nan, certainty)[who],
        "GNDR_CD": residents.sex[who] + 1,
        "WOB": residents.week_of_birth[who],
        "DOD": np.where(forgotten, NULL, residents.death)[who],
    }

    # A person with two entries has the second one from the first move on.
    of = np.where(~spells.is_first & (second[spells.resident] != NULL), second[spells.resident], entry[spells.resident])
    addresses = _address_table(records, residents, spells, of, random)
    records.defects.add("two_register_entries", "WDSD_AR_PERS", PERS_ID_E=second[twice], PERS_ID_E_BEFORE=entry[twice])
    records.defects.add("alf_missing", "WDSD_AR_PERS", PERS_ID_E=entry[unlinked])
    return {
        "WDSD_AR_PERS": sort_by(people, "PERS_ID_E"),
        "WDSD_AR_PERS_ADD": sort_by(addresses, "PERS_ID_E", "FROM_DT", "TO_DT", "RALF_E"),
        "WDSD_PER_RESIDENCE_GPREG": sort_by(
            _registrations(records, residents, spells, streams), "ALF_E", "ACTIVEFROM", "PRAC_CD_E"
        ),
    }


def _address_table(
    records: Records, residents: Residents, spells: Spells, of: Ints, random: np.random.Generator
) -> Columns:
    """Return the addresses of the register entries ``of`` (one for each spell), with their defects labelled."""
    p, rows = records.parameters.residents, len(spells.resident)
    start, end = spells.start.copy(), spells.end.copy()
    draws = random.random(rows)
    overlap = ~spells.is_last & (draws < p.overlapping_residence.value)
    end = np.where(overlap, end + random.integers(1, 61, rows), end)
    gap = ~spells.is_first & (draws > 1 - p.gap_in_residence.value)
    start = np.where(gap, np.minimum(start + random.integers(1, 91, rows), end), start)
    end = _last_days(records, residents, spells.resident, spells.is_last, end, OPEN, random)
    dwellings = DWELLINGS + 1 + random.permutation(int(spells.address.max(initial=0)) + 1)
    unmatched = random.random(rows) < p.address_without_dwelling.value
    addresses: Columns = {
        "PERS_ID_E": of,
        "RALF_E": np.where(unmatched, NULL, dwellings[spells.address]),
        "RALF_STS_CD": Words(unmatched.astype(np.int64), ("A", "U")),
        "FROM_DT": start,
        "TO_DT": end,
        "LSOA2011_CD": Words(spells.lsoa, lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)),
    }
    repeated = np.flatnonzero(random.random(rows) < p.repeated_residence_row.value)
    addresses = take(addresses, np.concatenate([np.arange(rows), repeated]))
    for name, chosen in (
        ("residence_overlap", of[overlap]),
        ("residence_gap", of[gap]),
        ("residence_repeated", of[repeated]),
    ):
        records.defects.add(name, "WDSD_AR_PERS_ADD", PERS_ID_E=chosen)
    return addresses
