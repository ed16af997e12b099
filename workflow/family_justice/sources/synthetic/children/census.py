"""LACW, the yearly census of looked-after children: the episodes of each year as known on 31 March."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.children.care import ENDS, NULL
from family_justice.sources.synthetic.children.episodes import (
    INSIDE,
    OUTSIDE,
    STARTS,
    STATUSES,
    Episodes,
    draw_episodes,
)
from family_justice.sources.synthetic.children.looked_after import LookedAfter, april
from family_justice.sources.synthetic.children.parameters import NEEDS, PLACEMENTS, ChildrensServices
from family_justice.sources.synthetic.clock import Bools, Ints, calendar, from_calendar, monday
from family_justice.sources.synthetic.systems.lookups import lsoa_codes
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words, length, sort_by, take

#: Codes of the local authorities by name; config/codelists/welsh_authorities.csv.
AUTHORITIES = {
    "Isle of Anglesey": 512, "Gwynedd": 514, "Conwy": 516, "Denbighshire": 518, "Flintshire": 520, "Wrexham": 522,
    "Powys": 524, "Ceredigion": 526, "Pembrokeshire": 528, "Carmarthenshire": 530, "Swansea": 532,
    "Neath Port Talbot": 534, "Bridgend": 536, "Vale of Glamorgan": 538, "Rhondda Cynon Taf": 540,
    "Merthyr Tydfil": 542, "Caerphilly": 544, "Blaenau Gwent": 545, "Torfaen": 546, "Monmouthshire": 548,
    "Newport": 550, "Cardiff": 552,
}  # fmt: skip
#: Codes of ETHNIC_GROUPS of the population in the censuses of social care.
ETHNIC_CODES = ("A1", "A3", "B4", "C4", "D3", "E2")
#: Codes by which people are linked, and the one that says they are not.
MATCH_CODES = ("1", "4", "39", "99")
NO_MATCH = 3
IDENTIFIERS, PUPIL_NUMBERS = 3_100_000_000, 3_300_000_000
#: What a second identifier of a child is above the first, and the year of those who never have one.
SECOND_IDENTIFIERS, NEVER = 50_000_000, 9999


def authority_codes(records: Records) -> Ints:
    """Return the code of each local authority; 0 for those of England."""
    return np.array([AUTHORITIES.get(name, 0) for name in records.areas.name], dtype=np.int64)


def year_code(year: Ints) -> Ints:
    """Return the code of the census year that begins in April of ``year``: 2015 is 201516."""
    return year * 100 + (year + 1) % 100


def match_codes(linked: Bools, random: np.random.Generator) -> Words:
    """Return how each of the linked was found, and 99 for the others."""
    how = np.searchsorted([0.8, 0.95], random.random(len(linked)), side="right")
    return Words(np.where(linked, how, NO_MATCH), MATCH_CODES)


def identify(records: Records, cared: LookedAfter) -> tuple[Ints, Ints, Ints, Ints]:
    """Return identifier, child and local authority of each census child, and the census child of each period.

    A child has one identifier in each local authority that looks after it.
    """
    made = cared.periods
    key, of_period = np.unique(made.child * 1000 + made.area, return_inverse=True)
    numbers = records.streams("identifiers of looked-after children").permutation(len(key))
    return IDENTIFIERS + 1 + numbers, key // 1000, key % 1000, of_period


def renumber(records: Records, cared: LookedAfter, of_period: Ints, size: int, p: ChildrensServices) -> Ints:
    """Return the census year from which each of ``size`` census children has another identifier; ``NEVER`` for most.

    An identifier changes between two years, while the child is in care.
    """
    random = records.streams("changed identifiers of looked-after children")
    first, last = p.care.first_census.value, p.care.last_census.value
    years = [np.where(m < 4, y - 1, y) for y, m, _ in (calendar(cared.periods.start), calendar(cared.periods.end))]
    low, high = np.maximum(years[0], first), np.minimum(years[1], last)
    there = random.permutation(np.flatnonzero(low < high))
    child, once = np.unique(of_period[there], return_index=True)
    period = there[once]
    changes = random.random(len(child)) < p.defects.identifier_changed.value
    year = low[period] + 1 + (random.random(len(child)) * (high - low)[period]).astype(np.int64)
    from_year = np.full(size, NEVER)
    from_year[child[changes]] = year[changes]
    return from_year


def recorded_weeks(
    records: Records, cared: LookedAfter, identifier: Ints, child: Ints, rates: tuple[float, float]
) -> Ints:
    """Return weeks of birth as the looked-after records hold them, some wrong, and label the wrong ones.

    Where only the month is known the week is that of its 15th. Others are one to three weeks off.
    """
    random = records.streams("weeks of birth of looked-after children")
    birth = cared.birth[child]
    year, month, _ = calendar(birth)
    middle = monday(from_calendar(year, month, np.full(len(birth), 15)))
    draw = random.random(len(birth))
    from_month = (draw < rates[0]) & (middle != birth)
    off = ~from_month & (draw >= rates[0]) & (draw < rates[0] + rates[1])
    weeks = 7 * random.integers(1, 4, len(birth)) * np.where(random.random(len(birth)) < 0.5, 1, -1)
    records.defects.add("week_of_birth_from_month", "LACW_PUPIL_ALF", SYSTEM_ID_E=identifier[from_month])
    records.defects.add("week_of_birth_disagrees", "LACW_PUPIL_ALF", SYSTEM_ID_E=identifier[off])
    return np.where(from_month, middle, np.where(off, birth + weeks, birth))


def census_tables(
    records: Records, cared: LookedAfter, p: ChildrensServices, pupil_number: Ints, alf: Ints
) -> dict[str, Columns]:
    """Return the three LACW tables.

    ``pupil_number`` is that of each child, NULL without one; ``alf`` the linkage field of each child who has one.
    """
    streams = records.streams
    episodes = draw_episodes(cared, p.episodes, streams)
    identifier, child, area, of_period = identify(records, cared)
    authority = authority_codes(records)[area]

    random = streams("records of looked-after children")
    linked = cared.is_linked[child]
    rates = (p.defects.week_from_month.value, p.defects.week_disagrees.value)
    weeks = recorded_weeks(records, cared, identifier, child, rates)
    from_year = renumber(records, cared, of_period, len(child), p)
    second = identifier + SECOND_IDENTIFIERS
    changed = np.flatnonzero(from_year < NEVER)
    records.defects.add(
        "identifier_changed", "LACW_CHILD_MAIN", SYSTEM_ID_E=second[changed], SYSTEM_ID_E_BEFORE=identifier[changed]
    )
    rows, year, table = _yearly(records, cared, episodes, p, of_period, identifier, authority, from_year)
    first = np.full(len(child), 10**9)
    np.minimum.at(first, of_period[episodes.period[rows]], episodes.start[rows])
    records.defects.add("episode_before_birth", "LACW_PUPIL_ALF", SYSTEM_ID_E=identifier[first < weeks])
    links: Columns = {
        "SYSTEM_ID_E": identifier, "LOCAL_AUTHORITY_CODE": authority, "ALF_E": np.where(linked, alf[child], NULL),
        "ALF_MTCH_PCT": np.where(linked, np.round(0.9 + 0.1 * random.random(len(child)), 3), np.nan),
        "ALF_STS_CD": match_codes(linked, random), "GNDR_CD": cared.sex[child] + 1, "WOB": weeks,
    }  # fmt: skip
    twice = np.flatnonzero(random.random(len(child)) < records.parameters.defects.full_duplicate_row.value)
    records.defects.add("full_duplicate_row", "LACW_PUPIL_ALF", SYSTEM_ID_E=identifier[twice])
    place = np.concatenate([np.arange(len(child)), twice, changed])
    links = take(links, place)
    links["SYSTEM_ID_E"] = np.concatenate([identifier, identifier[twice], second[changed]])
    links = sort_by(links, "SYSTEM_ID_E")

    several = np.unique(of_period[episodes.period[rows]] * 10_000 + year)
    who, when = several // 10_000, several % 10_000
    age = (april(2000) + (when - 2000) * 365.25 - cared.birth[child[who]]) / 365.25
    number = pupil_number[child[who]]
    shown = (number != NULL) & (age > 3) & (random.random(len(who)) < 0.9)
    disabled = random.random(len(child)) < p.linkage.disability_recorded.value
    unknown = random.random(len(who)) < 0.03
    codes = lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)
    main: Columns = {
        "SYSTEM_ID_E": np.where(when >= from_year[who], second[who], identifier[who]),
        "LOCAL_AUTHORITY_CODE": authority[who], "YEAR_CODE": year_code(when),
        "IRN_E": np.where(shown, number, NULL),
        "DISABILITY_CODE": np.where(unknown, 2, disabled[who] * 1), "ASYLUM": np.zeros(len(who), dtype=np.int64),
        "DATE_CEASED_UASC": np.full(len(who), NULL),
        "ETHNICITY": Words(np.where(random.random(len(who)) < 0.03, -1, cared.ethnicity[child[who]]), ETHNIC_CODES),
        "LSOA2011_HOME_POSTCODE": Words(cared.home[child[who]], codes),
    }  # fmt: skip
    return {"LACW_PUPIL_ALF": links, "LACW_CHILD_MAIN": main, "LACW_EPISODE_MAIN": table}


def _planted(records: Records, episodes: Episodes, p: ChildrensServices, identifier: Ints, spared: Bools) -> Ints:
    """Return the ends of the episodes, some in the next episode (overlap), some before it (gap), and label these."""
    random = records.streams("overlaps and gaps of episodes")
    end = episodes.end.copy()
    first, last = april(p.care.first_census.value), april(p.care.last_census.value + 1)
    # Only where the census lists the episode and the next one.
    following = (episodes.ended < 0) & (episodes.end - episodes.start > 40)
    following &= (episodes.end >= first + 21) & (episodes.end < last - 21) & ~spared
    next_end = np.append(episodes.end[1:], 0)
    draw = random.random(len(end))
    overlap, gap = p.defects.overlapping_episode.value, p.defects.gap_before_next_episode.value
    over = following & (draw < overlap) & (next_end - end > 25)
    short = following & (draw >= overlap) & (draw < overlap + gap)
    shift = random.integers(3, 21, len(end))
    for name, rows in (("overlapping_episode", over), ("gap_before_next_episode", short)):
        records.defects.add(
            name, "LACW_EPISODE_MAIN", SYSTEM_ID_E=identifier[rows], EPISODE_START_DATE=episodes.start[rows]
        )
    return end + np.where(over, shift, 0) - np.where(short, shift, 0)


def _years_of(start: Ints, end: Ints, first: int, last: int) -> tuple[Ints, Ints, Bools]:
    """Return (episode, census year, whether it is the episode's last) of each year that an episode reaches into.

    A census year begins in April; ``first`` and ``last`` are the years that are there at all.
    """
    year = [np.where(m < 4, y - 1, y) for y, m, _ in (calendar(start), calendar(end))]
    begin, finish = np.maximum(year[0], first), np.minimum(year[1], last)
    count = np.maximum(finish - begin + 1, 0)
    rows = np.repeat(np.arange(len(end)), count)
    offset = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, begin[rows] + offset, offset == count[rows] - 1


def _places(records: Records, cared: LookedAfter, episodes: Episodes, draws: np.random.Generator) -> Ints:
    """Return the small area in which each episode's placement lies; -1 where it is not stated."""
    size = len(episodes.placement)
    per_area = 5 * records.parameters.areas.lsoas_per_quintile.value
    elsewhere = draws.choice(np.flatnonzero(authority_codes(records) > 0), size)
    area = np.where(np.isin(episodes.placement, OUTSIDE), elsewhere, cared.periods.area[episodes.period])
    place = area * per_area + draws.integers(0, per_area, size)
    home = cared.home[cared.periods.child[episodes.period]]
    place = np.where(episodes.placement == PLACEMENTS.index("P1"), home, place)
    stated = np.isin(episodes.placement, (*INSIDE, *OUTSIDE, PLACEMENTS.index("P1")))
    return np.where(stated & (draws.random(size) < 0.93), place, -1)


def _yearly(
    records: Records, cared: LookedAfter, episodes: Episodes, p: ChildrensServices, of_period: Ints,
    identifiers: Ints, authorities: Ints, from_year: Ints,
) -> tuple[Ints, Ints, Columns]:  # fmt: skip
    """Return the episode and year of each row of LACW_EPISODE_MAIN, and the table; some rows stand twice.

    Children whose identifier changes are spared the other defects, so that each label names one row.
    """
    child_of = of_period[episodes.period]
    identifier = identifiers[child_of]
    spared = from_year[child_of] < NEVER
    end = _planted(records, episodes, p, identifier, spared)
    rows, census, is_last = _years_of(episodes.start, end, p.care.first_census.value, p.care.last_census.value)
    starts = np.array([april(int(y)) for y in range(p.care.first_census.value, p.care.last_census.value + 2)])
    known = end[rows] < starts[census + 1 - p.care.first_census.value]

    random = records.streams("yearly rows of episodes")
    placement = episodes.placement[rows]
    others = ~is_last & (random.random(len(rows)) < p.defects.revised_later.value)
    foster = [PLACEMENTS.index(code) for code in ("F2", "F3")]
    others &= np.isin(placement, foster) & ~spared[rows]
    placement = np.where(others, sum(foster) - placement, placement)
    records.defects.add(
        "placement_revised_later", "LACW_EPISODE_MAIN", SYSTEM_ID_E=identifier[rows[others]],
        EPISODE_START_DATE=episodes.start[rows[others]], YEAR_CODE=year_code(census[others]),
    )  # fmt: skip
    lower = random.random(len(rows)) < p.defects.lower_case_code.value
    words = (*PLACEMENTS, *(code.lower() for code in PLACEMENTS))
    draws = records.streams("places of placements")
    place = _places(records, cared, episodes, draws)
    codes = lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)
    ended = np.where(episodes.ended >= 0, episodes.ended + 1, 0)
    number = identifier[rows] + np.where(census >= from_year[child_of[rows]], SECOND_IDENTIFIERS, 0)
    table: Columns = {
        "SYSTEM_ID_E": number, "LOCAL_AUTHORITY_CODE": authorities[child_of[rows]],
        "YEAR_CODE": year_code(census), "EPISODE_NUMBER": np.zeros(len(rows), dtype=np.int64),
        "EPISODE_START_DATE": episodes.start[rows], "EPISODE_END_DATE": np.where(known, end[rows], NULL),
        "REASON_EPISODE_STARTED_CODE": Words(episodes.began[rows], STARTS),
        "REASON_EPISODE_FINISHED_CODE": Words(np.where(known, ended[rows], -1), ("X1", *ENDS)),
        "LEGAL_STATUS_CODE": Words(episodes.status[rows], STATUSES),
        "PLACEMENT_TYPE_CODE": Words(placement + lower * len(PLACEMENTS), words),
        "CATEGORY_OF_NEED_CODE": Words(episodes.need[rows], NEEDS),
        "LSOA2011_PLACEMENT_POSTCODE": Words(place[rows], codes),
        "SHORT_BREAKS": np.where(episodes.status[rows] == 1, draws.integers(4, 41, len(rows)), NULL),
    }  # fmt: skip
    order = np.lexsort((episodes.start[rows], census, number))
    table, rows, census, number = take(table, order), rows[order], census[order], number[order]
    group = number * 10_000 + census
    new = np.diff(group, prepend=-1) != 0
    position = np.arange(len(rows))
    table["EPISODE_NUMBER"] = position - np.maximum.accumulate(np.where(new, position, 0)) + 1
    twice = np.flatnonzero(~spared[rows] & (random.random(len(rows)) < p.defects.duplicate_yearly_row.value))
    records.defects.add(
        "duplicate_yearly_row", "LACW_EPISODE_MAIN", SYSTEM_ID_E=identifier[rows[twice]],
        EPISODE_START_DATE=episodes.start[rows[twice]], YEAR_CODE=year_code(census[twice]),
    )  # fmt: skip
    keep = np.sort(np.concatenate([np.arange(length(table)), twice]))
    return rows, census, take(table, keep)
