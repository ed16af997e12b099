"""CIN and CRCS: children in need, later children receiving care and support, on 31 March of each year.

Only children with a school number are held, so most under three are absent.
"""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.children.births import in_proceedings_as_infant
from family_justice.sources.synthetic.children.census import (
    ETHNIC_CODES,
    authority_codes,
    match_codes,
    year_code,
)
from family_justice.sources.synthetic.children.looked_after import LookedAfter, april
from family_justice.sources.synthetic.children.parameters import NEEDS, ChildrensServices
from family_justice.sources.synthetic.children.schools import Pupils, starting_age
from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, NULL, Bools, Floats, Ints
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.lookups import lsoa_codes
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, take

CODES = 3_700_000_000
FACTORS = ("SUBSTANCE_ALCOHOL_MISUSE", "LEARNING_DISABILITIES", "MENTAL_ILL_HEALTH", "PHYSICAL_ILL_HEALTH",
           "DOMESTIC_ABUSE")  # fmt: skip
DISABILITIES = ("MOBILITY", "MANUAL_DEXTERITY", "PHYSICAL_COORDINATION", "CONTINENCE", "LIFT_CARRY_OBJECTS",
                "SPEECH_HEARING_EYE_SIGHT", "MEMORY", "PERCEPTION_RISK_DANGER")  # fmt: skip
HEALTH = {
    "YOUTH_OFFENDING": 0.04, "CHILD_HEALTH_SURVEILLANCE_CHECKS": 0.85, "HEALTH_IMMUNISATIONS": 0.88,
    "HEALTH_DENTAL_CHECK": 0.72, "HEALTH_SUBSTANCE_MISUSE": 0.05, "HEALTH_MENTAL_HEALTH": 0.13,
    "HEALTH_AUTISTIC_SPECTRUM_DISORDER": 0.1,
}  # fmt: skip
ABUSE = ("NEGLECT", "PHYSICAL_ABUSE", "SEXUAL_ABUSE", "FINANCIAL_ABUSE", "EMOTIONAL_ABUSE")


def _receiving(
    records: Records, residents: Residents, cared: LookedAfter, p: ChildrensServices, year: int, drawn: Floats
) -> tuple[Bools, Bools, Bools]:
    """Whether each resident is looked after, around proceedings, or in need otherwise, on 31 March of ``year``."""
    day = april(year) - 1
    made = cared.periods
    own = cared.resident[made.child]
    in_care = np.zeros(len(residents), dtype=bool)
    in_care[own[(own >= 0) & (made.start <= day) & (made.end > day)]] = True
    issue = residents.child_issue
    around = (issue != NULL) & (issue - 2 * DAYS_PER_YEAR < day) & (day < issue + 2 * DAYS_PER_YEAR)
    around &= ~in_care & (drawn < p.support.around_proceedings.value)
    # The same children for some years: the draw of a child moves on slowly.
    slow = (drawn + 0.004 * (year - 2000)) % 1
    return in_care, around, ~in_care & ~around & (slow < p.support.others_a_year.value)


def _in_censuses(
    records: Records, residents: Residents, cared: LookedAfter, p: ChildrensServices, held: Bools, drawn: Floats,
    random: np.random.Generator,
) -> tuple[Ints, Ints, Bools, Bools]:  # fmt: skip
    """Return (resident, census year, whether looked after, whether on the protection register) of each return.

    ``held`` says whose school number social care holds; ``drawn`` are the residents' draws of ``_receiving``.
    """
    s = p.support
    rows: list[tuple[Ints, Ints, Bools, Bools]] = []
    for year in range(s.first_census.value, s.last_census.value + 1):
        in_care, around, others = _receiving(records, residents, cared, p, year, drawn)
        day, age = april(year) - 1, starting_age(residents.week_of_birth, year - 1)
        here = (residents.since <= day) & (day <= residents.until) & (age >= 2) & (age < 18) & held
        # Of two-year-olds only those in nurseries have a number.
        here &= (age >= 3) | (drawn * 7 % 1 < 0.2)
        who = np.flatnonzero(here & (in_care | around | others))
        draw = random.random(len(who))
        listed = draw < np.where(around[who], s.register_around_proceedings.value, s.register_others.value)
        listed &= ~in_care[who] | (draw < 0.02)
        rows.append((who, np.full(len(who), year), in_care[who], listed))
    who, years = (np.concatenate([part[i] for part in rows]) for i in range(2))
    in_care, listed = (np.concatenate([part[i] for part in rows]) for i in range(2, 4))
    return who, years, in_care, listed


def _needs_of_families(size: int, random: np.random.Generator) -> Ints:
    """Draw categories of need other than the child's disability."""
    family = np.array([0, *range(2, len(NEEDS))])
    return family[np.searchsorted([0.6, 0.7, 0.79, 0.93, 0.96, 0.965, 0.985], random.random(size), side="right")]


def _disabilities(disabled: Floats, is_disabled: Bools) -> Columns:
    """Return one flag per kind of disability; the draw ``disabled`` of a child says which, the same in every year."""
    flags: Columns = {}
    any_kind = np.zeros(len(disabled), dtype=np.int64)
    for place, name in enumerate(DISABILITIES):
        kind = is_disabled & (np.modf(disabled * (place + 3) * 97.0)[0] < 0.3)
        kind |= is_disabled & (place == 5) & (any_kind == 0)
        any_kind |= kind
        flags[f"DISABILITY_{name}"] = kind * 1
    flags["DISABILITY_NONE"] = (any_kind == 0) * 1
    return flags


def support_tables(
    records: Records, residents: Residents, cared: LookedAfter, pupils: Pupils, p: ChildrensServices
) -> dict[str, Columns]:
    """Return CINW_PUPIL_ALF, CINW_MAIN, CRCS_PUPIL_ALF and CRCS_MAIN_CRCS."""
    s, random = p.support, records.streams("children in need")
    size = len(residents)
    drawn = random.random(size)
    parents = {factor: random.random(size) for factor in FACTORS}
    disabled = random.random(size)
    # Of the disabled, most are in need because of it; the others for the reasons of families.
    need = np.where(disabled < 0.6 * s.disabled.value, NEEDS.index("N2"), _needs_of_families(size, random))
    held = (pupils.number != NULL) & (random.random(size) < p.linkage.school_number_in_care_records.value / 0.9)
    who, years, in_care, listed = _in_censuses(records, residents, cared, p, held, drawn, random)
    count = len(who)
    identifier = (CODES + 1 + random.permutation(size))[who]
    before = in_proceedings_as_infant(residents, who)

    def yes(share: float | Floats) -> Ints:
        return (random.random(count) < share) * 1

    base: Columns = {
        "CHILD_CODE_E": identifier, "LOCAL_AUTHORITY_CODE": authority_codes(records)[residents.area[who]],
        "YEAR_CODE": year_code(years - 1), "IRN_E": pupils.number[who],
        "ETHNIC_ORIGIN_CODE": Words(
            np.where(random.random(count) < 0.02, -1, np.maximum(residents.ethnicity[who], 0)), ETHNIC_CODES
        ),
        "ASYLUM_SEEKER_CODE": np.zeros(count, dtype=np.int64), "CHILD_PROTECTION_REGISTER": listed * 1,
        "LOOKED_AFTER_CHILD": in_care * 1, "CATEGORY_OF_NEED_CODE": Words(need[who], NEEDS),
        **{name: yes(share) for name, share in HEALTH.items()},
    }  # fmt: skip
    base |= _disabilities(disabled[who], disabled[who] < s.disabled.value)
    shares = dict(zip(FACTORS, s.parental_factors.value.values(), strict=True))
    more = np.where(residents.child_issue[who] != NULL, 1.3, 1.0)
    base |= {f"PARENTING_CAPACITY_{name}": (parents[name][who] < shares[name] * more) * 1 for name in FACTORS}
    new = years >= s.first_care_and_support.value
    referral: Columns = {
        f"RECENT_REFERRAL_PARENTAL_{name}": (parents[name][who] < 0.8 * shares[name] * more) * 1 for name in FACTORS
    }
    excluded = yes(0.03)
    in_need: Columns = {
        **base, **referral, "UNBORN_CHILD": np.zeros(count, dtype=np.int64),
        "SOURCE_MOST_RECENT_REFERRAL_CODE": Words(np.full(count, -1), ("",)),
        "RECENT_REFERRAL_CHILD_PREVIOUSLY_ON_CPR": yes(np.where(before, 0.32, 0.12)),
        "RECENT_REFERRAL_CHILD_PREVIOUSLY_LAC": yes(np.where(before, 0.26, 0.06)),
        "PERMANENT_EXCLUSIONS": yes(0.001), "FIXED_TERM_EXCLUSIONS": excluded,
        "FIXED_TERM_EXCLUSIONS_NUMBER_DAYS_EXCLUDED": excluded * random.integers(1, 11, count),
    }  # fmt: skip
    abuse = random.integers(0, len(ABUSE), count)
    register_day = np.where(listed, [april(int(y)) for y in years] - random.integers(10, 330, count), NULL)
    supported: Columns = {
        **base, "LANGUAGE": Words(np.full(count, -1), ("",)), "CPR_DATE": register_day,
        **{f"CPR_{name}": (listed & (abuse == place)) * 1 for place, name in enumerate(ABUSE)},
    }  # fmt: skip
    tables: dict[str, Columns] = {}
    for prefix, main, columns, chosen in (
        ("CINW", "CINW_MAIN", in_need, np.flatnonzero(~new)), ("CRCS", "CRCS_MAIN_CRCS", supported, np.flatnonzero(new))
    ):  # fmt: skip
        tables[main] = sort_by(take(columns, chosen), "CHILD_CODE_E", "LOCAL_AUTHORITY_CODE", "YEAR_CODE")
        tables[f"{prefix}_PUPIL_ALF"] = _links(records, residents, who[chosen], identifier[chosen], random)
    return tables


def _links(records: Records, residents: Residents, who: Ints, identifier: Ints, random: np.random.Generator) -> Columns:
    """Return the linkage fields of the children, each once; some numbers are in no other records."""
    _, once = np.unique(who, return_index=True)
    who, identifier = who[once], identifier[once]
    found = random.random(len(who)) < 0.97
    codes = lsoa_codes(records.areas, records.parameters.areas.lsoas_per_quintile.value)
    return sort_by(
        {
            "CHILD_CODE_E": identifier, "LOCAL_AUTHORITY_CODE": authority_codes(records)[residents.area[who]],
            "ALF_E": np.where(found, residents.alf[who], NULL),
            "ALF_MTCH_PCT": np.where(found, np.round(0.9 + 0.1 * random.random(len(who)), 3), np.nan),
            "ALF_STS_CD": match_codes(found, random), "GNDR_CD": residents.sex[who] + 1,
            "WOB": residents.week_of_birth[who], "LSOA2011_CD": Words(residents.lsoa[who], codes),
        },
        "CHILD_CODE_E",
    )  # fmt: skip
