"""Denominators by local authority and year, and what is known of how deprived places are. All synthetic."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import Floats, Ints
from family_justice.sources.synthetic.parameters.denominators import AGE_BANDS
from family_justice.sources.synthetic.parameters.deprivation import DOMAINS, DOMAINS_OF_ENGLAND, DOMAINS_OF_WALES
from family_justice.sources.synthetic.public_law.families import ENGLAND, WALES, Areas
from family_justice.sources.synthetic.systems.lookups import lsoa_codes
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns, Words

#: Of children, for rates of small areas.
CHILD_BANDS = ("under 1", "1 to 4", "5 to 9", "10 to 17")


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
    everybody = _spread(people, areas.places.weight, areas)
    population = everybody.ravel()
    born = _spread(births, areas.places.weight, areas)
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
            "LIVE_BIRTHS": born.ravel(),
        },
        "AREA_FAMILIES": {
            "LA_CODE": Words(place, areas.code),
            "YEAR": year,
            "FAMILIES": _spread(families, family_weights, areas).ravel(),
        },
        "AREA_CHILDREN": _children(records, everybody, born, years),
        "AREA_DEPRIVATION": _scores(records),
        "AREA_SPEND": {
            "LA_CODE": Words(place, areas.code),
            "YEAR": year,
            "SPEND_PER_CHILD": np.rint(1000 * areas.places.spend).astype(np.int64).ravel(),
        },
        "LSOA_DOMAIN_RANK": _domain_ranks(records),
    }


def _children(records: Records, everybody: Ints, born: Ints, years: Ints) -> Columns:
    """Return children by local authority, year, quintile of the small area and age; of people (areas x years)."""
    shares, places = records.parameters.denominators.age_shares.value, records.areas.places
    ages = [
        born.astype(float),
        np.maximum(shares["0 to 4"] * everybody - born, 0.0),
        shares["5 to 9"] * everybody,
        (shares["10 to 14"] + shares["15 to 17"]) * everybody,
    ]
    number = np.stack(ages, axis=2)[:, :, None, :] * places.composition[:, None, :, None]
    place, year, quintile, band = (grid.ravel() for grid in np.indices(number.shape))
    return {
        "LA_CODE": Words(place, records.areas.code),
        "YEAR": years[year],
        "DEPRIVATION_QUINTILE": quintile + 1,
        "AGE_BAND": Words(band, CHILD_BANDS),
        "CHILDREN": np.rint(number).astype(np.int64).ravel(),
    }


def _scores(records: Records) -> Columns:
    """Return the scores of local authorities in the index of their nation and in its domains."""
    places, areas = records.areas.places, records.areas
    table = np.column_stack([places.overall, places.score])
    place, number = np.nonzero(~np.isnan(table))
    return {
        "LA_CODE": Words(place, areas.code),
        "DOMAIN": Words(number, ("Overall", *DOMAINS)),
        "SCORE": table[place, number].round(4),
    }


def _domain_ranks(records: Records) -> Columns:
    """Return each LSOA's rank within its nation in each domain, 1 is most deprived: as near its overall quintile as the
    domain goes with the others."""
    areas, random = records.areas, records.streams("domains of deprivation")
    per_quintile = records.parameters.areas.lsoas_per_quintile.value
    codes = lsoa_codes(areas, per_quintile)
    lsoa = np.arange(len(codes))
    nation, quintile = areas.jurisdiction[lsoa // (5 * per_quintile)], lsoa // per_quintile % 5
    r = records.parameters.deprivation.correlation_of_domains.value
    parts = []
    for code, domains in ((ENGLAND, DOMAINS_OF_ENGLAND), (WALES, DOMAINS_OF_WALES)):
        here = np.flatnonzero(nation == code)
        level = (quintile[here] - 2) / np.sqrt(2)  # in standard deviations
        for number in domains:
            own = r[DOMAINS[number]]
            score = own * level + np.sqrt(1 - own**2) * random.standard_normal(len(here))
            rank = np.argsort(np.argsort(score, kind="stable"), kind="stable") + 1
            parts.append(np.column_stack([here, np.full(len(here), number), rank]))
    table = np.concatenate(parts)
    row, domain, rank = table[np.lexsort((table[:, 1], table[:, 0]))].T
    return {"LSOA2011_CD": Words(row, codes), "DOMAIN": Words(domain, DOMAINS), "DOMAIN_RANK": rank}
