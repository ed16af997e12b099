"""Denominators by local authority and year, and ranks of small areas in the domains of deprivation. All synthetic."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import Floats, Ints
from family_justice.sources.synthetic.parameters.denominators import AGE_BANDS
from family_justice.sources.synthetic.public_law.families import ENGLAND, WALES, Areas
from family_justice.sources.synthetic.systems.lookups import lsoa_codes
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words

#: Domains of the two national indices; places in ``DOMAINS``.
DOMAINS = (
    "Income", "Employment", "Health", "Education", "Housing", "Access to Services", "Physical Environment",
    "Community Safety", "Crime", "Barriers to Housing and Services", "Living Environment",
)  # fmt: skip
DOMAINS_OF = {ENGLAND: (0, 1, 2, 3, 8, 9, 10), WALES: (0, 1, 2, 3, 4, 5, 6, 7)}


def _spread(totals: dict[int, Floats], weights: Floats, areas: Areas) -> Ints:
    """Return whole numbers, areas x years: the totals of each nation spread by the weights of its areas."""
    numbers = np.zeros((len(weights), len(next(iter(totals.values())))))
    for nation, total in totals.items():
        of = areas.of(nation)
        numbers[of] = np.outer(weights[of] / weights[of].sum(), total)
    return np.rint(numbers).astype(np.int64)


def _by_region(values: dict[str, float], areas: Areas) -> Floats:
    return np.array([values.get(region, 1.0) for region in areas.region])


def denominator_tables(records: Records) -> dict[str, Columns]:
    """Return population, live births and families by local authority and year, and the ranks of LSOAs by domain."""
    p, areas, scale = records.parameters.denominators, records.areas, records.scale
    first, last = p.years.value
    years = np.arange(first, last + 1)
    place, year = (grid.ravel() for grid in np.meshgrid(np.arange(len(areas.name)), years, indexing="ij"))
    one = np.ones(len(areas.name))

    def totals(england: dict[int, float], wales: dict[int, float], factor: float) -> dict[int, Floats]:
        anchors = {ENGLAND: england, WALES: wales}
        return {code: factor * scale * np.interp(years, list(a), list(a.values())) for code, a in anchors.items()}

    births = totals(p.live_births_england.value, p.live_births_wales.value, 1)
    people = totals(p.population_england.value, p.population_wales.value, 1000)
    number = records.parameters.private_law.families_with_dependent_children.value
    in_region = {region: areas.region.count(region) for region in number}
    families = totals({first: float(sum(number.values()))}, {first: float(p.families_wales.value)}, 1)
    family_weights = _by_region({region: number[region] / in_region[region] for region in number}, areas)

    shares = np.array(list(p.age_shares.value.values()))
    both = np.column_stack([1 - p.girls_and_women.value, p.girls_and_women.value]).ravel()
    cells = np.outer(shares, both).ravel()
    population = _spread(people, one, areas).ravel()
    size, groups = len(place), len(cells)
    group = np.tile(np.arange(groups), size)
    return {
        "AREA_POPULATION": {
            "LA_CODE": Words(np.repeat(place, groups), areas.code),
            "YEAR": np.repeat(year, groups),
            "AGE_BAND": Words(group // 2, AGE_BANDS),
            "SEX": Words(group % 2, ("male", "female")),
            "POPULATION": np.rint(np.outer(population, cells)).astype(np.int64).ravel(),
        },
        "AREA_LIVE_BIRTHS": {
            "LA_CODE": Words(place, areas.code),
            "YEAR": year,
            "LIVE_BIRTHS": _spread(births, _by_region(p.births_by_region.value, areas), areas).ravel(),
        },
        "AREA_FAMILIES": {
            "LA_CODE": Words(place, areas.code),
            "YEAR": year,
            "FAMILIES": _spread(families, family_weights, areas).ravel(),
        },
        "LSOA_DOMAIN_RANK": _domain_ranks(records),
    }


def _domain_ranks(records: Records) -> Columns:
    """Return each LSOA's rank within its nation in each domain: near its overall quintile, 1 is most deprived."""
    areas, random = records.areas, records.streams("domains of deprivation")
    per_quintile = records.parameters.areas.lsoas_per_quintile.value
    codes = lsoa_codes(areas, per_quintile)
    lsoa = np.arange(len(codes))
    nation, quintile = areas.jurisdiction[lsoa // (5 * per_quintile)], lsoa // per_quintile % 5
    noise = records.parameters.denominators.noise_of_domains.value
    parts = []
    for code, domains in DOMAINS_OF.items():
        here = np.flatnonzero(nation == code)
        for number in domains:
            score = quintile[here] + noise * random.standard_normal(len(here))
            rank = np.argsort(np.argsort(score, kind="stable"), kind="stable") + 1
            parts.append(np.column_stack([here, np.full(len(here), number), rank]))
    table = np.concatenate(parts)
    row, domain, rank = table[np.lexsort((table[:, 1], table[:, 0]))].T
    return {"LSOA2011_CD": Words(row, codes), "DOMAIN": Words(domain, DOMAINS), "DOMAIN_RANK": rank}
