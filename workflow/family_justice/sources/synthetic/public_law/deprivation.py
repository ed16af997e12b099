"""How deprived authorities and their small areas are, how many children live there, and how families spread over them.

latent level --domains--> scores --effects--> log rate of proceedings --volumes--> children of an authority
     \\--spread--> children by quintile --gradients of infants and others--> quintiles of families
     \\--spend, years around the authority's mean--> cases of an authority by year
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.clock import Bools, Floats, Ints
from family_justice.sources.synthetic.parameters.deprivation import DOMAINS, DOMAINS_OF_ENGLAND, DOMAINS_OF_WALES
from family_justice.sources.synthetic.parameters.model import Parameters

QUINTILES = 5
_ROUNDS = 200


@dataclass(frozen=True)
class Places:
    """Authorities (a) as they are in every run.

    Attributes
    ----------
    nation
        (a,) code of the nation.
    score
        (a, domains) standard deviations within the nation, of the domains of its index; nan for others.
    overall
        (a,) the index, in standard deviations within the nation.
    effect
        nation -> (domains,) planted log rate ratio per standard deviation of a domain.
    weight
        (a,) share of the nation's births, and of its people of any age, in an authority.
    composition
        (a, 5) share of an authority's children in each quintile; over a nation every quintile has a fifth.
    spend, within
        (a, years) thousands of pounds per child, and how far that is from the authority's mean.
    years
        (years,)
    """

    nation: Ints
    score: Floats
    overall: Floats
    effect: Mapping[int, Floats]
    weight: Floats
    composition: Floats
    spend: Floats
    within: Floats
    years: Ints


def _standardised(values: Floats) -> Floats:
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _shares_of_births(parameters: Parameters, region: np.ndarray) -> Floats:
    """Return the share of an authority in the births of its nation if those of a region were alike."""
    by_region = parameters.denominators.births_by_region.value
    weight = np.array([by_region.get(name, 1.0) for name in region])
    return np.asarray(weight / weight.sum())


def build_places(parameters: Parameters, regions: list[str], nation: Ints) -> Places:
    """Return the places: ``regions`` (a,) and ``nation`` (a,) are those of the authorities."""
    p, size = parameters.deprivation, len(nation)
    random = np.random.default_rng(p.seed_of_places.value)
    region = np.array(regions)
    level = np.array([p.level_by_region.value.get(name, 0.0) for name in regions]) + random.standard_normal(size)
    noise = random.standard_normal((size, len(DOMAINS)))
    first, last = parameters.denominators.years.value
    years = np.arange(first, last + 1)
    draws = random.standard_normal(size), random.standard_normal((size, len(years)))
    score, overall = np.full((size, len(DOMAINS)), np.nan), np.zeros(size)
    weight, composition = np.zeros(size), np.zeros((size, QUINTILES))
    effect: dict[int, Floats] = {}
    r = np.array(list(p.correlation_of_domains.value.values()))
    for code, own, weights, change in (
        (0, DOMAINS_OF_ENGLAND, p.weights_of_domains_england, p.change_of_rate_per_sd_england),
        (1, DOMAINS_OF_WALES, p.weights_of_domains_wales, p.change_of_rate_per_sd_wales),
    ):
        here, domains = np.flatnonzero(nation == code), np.array(own)
        latent = _standardised(level[here])
        made = r[domains] * latent[:, None] + np.sqrt(1 - r[domains] ** 2) * noise[np.ix_(here, domains)]
        score[np.ix_(here, domains)] = _standardised(made)
        index = np.array([weights.value.get(DOMAINS[d], 0.0) for d in domains])
        overall[here] = _standardised(score[np.ix_(here, domains)] @ index)
        born = _shares_of_births(parameters, region[here])
        effects = np.zeros(len(DOMAINS))
        effects[domains] = [p.effects_of_domains.value[DOMAINS[d]] for d in domains]
        effects *= np.log(1 + change.value) / _slope(score[here][:, domains] @ effects[domains], overall[here], born)
        effect[code] = effects
        rate = np.exp(score[here][:, domains] @ effects[domains])
        weight[here] = _in_groups(1 / rate, born)
        composition[here] = _composition(overall[here] * p.spread_of_quintiles.value, weight[here])
    spend = p.spend
    mean = (
        spend.mean.value
        + spend.more_per_sd_of_deprivation.value * overall
        + spend.sd_between_authorities.value * draws[0]
    )
    within = spend.sd_between_years.value * draws[1]
    within -= within.mean(axis=1, keepdims=True)
    return Places(nation, score, overall, effect, weight, composition, mean[:, None] + within, within, years)


def _groups(born: Floats) -> list[Ints]:
    """Return the authorities whose births per case are alike: London, the South East, the others."""
    return [np.flatnonzero(np.isclose(born, share)) for share in np.unique(born.round(12))]


def _slope(log_rate: Floats, index: Floats, born: Floats) -> float:
    """Return the slope of the log rate on the index among authorities of one group."""
    x, y = index.copy(), log_rate.copy()
    for group in _groups(born):
        x[group] -= x[group].mean()
        y[group] -= y[group].mean()
    return float((x * y).sum() / (x**2).sum())


def _in_groups(weight: Floats, born: Floats) -> Floats:
    """Return the weights, scaled so that each group has the births that it had."""
    found = weight.copy()
    for group in _groups(born):
        found[group] *= born[group].sum() / weight[group].sum()
    return found


def _composition(lean: Floats, weight: Floats) -> Floats:
    """Return shares of quintiles (a, 5), the most deprived first: leaning by ``lean``, a fifth each of the nation."""
    table = np.exp(lean[:, None] * (2 - np.arange(QUINTILES))[None, :])
    for _ in range(_ROUNDS):
        table /= table.sum(axis=1, keepdims=True)
        table *= weight.sum() / QUINTILES / (weight @ table)
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def relative_rates(composition: Floats, cases: Floats, shares: Floats) -> Floats:
    """Return the relative rates of quintiles (5,), the least deprived 1, with which families in authorities with these
    shares of cases (a,) have the national ``shares`` (5,) of quintiles."""
    rates = np.ones(QUINTILES)
    for _ in range(_ROUNDS):
        own = composition * rates
        own /= own.sum(axis=1, keepdims=True)
        rates *= shares / (cases @ own)
    return np.asarray(rates / rates[-1])


def shares_of_quintiles(parameters: Parameters, infants: float) -> tuple[Floats, Floats]:
    """Return the national shares of quintiles of families whose youngest is an infant, and of the others, if infants
    are this share of all."""
    everybody = np.array(list(parameters.areas.quintile_shares.value.values()))
    young = np.array(list(parameters.deprivation.quintile_shares_of_infants.value.values()))
    older = np.maximum(everybody - infants * young, 0.0) / max(1 - infants, 1e-9)
    return young, np.asarray(older / older.sum())


def draw_authorities(
    parameters: Parameters, places: Places, nation: Ints, year: Ints, random: np.random.Generator
) -> Ints:
    """Return an authority for each case: alike in all years but for spend, which lowers a year's number."""
    log_change = np.log(1 + parameters.deprivation.spend.change_of_rate_per_thousand.value)
    chance = np.exp(log_change * places.within)
    draw, area = random.random(len(year)), np.zeros(len(year), dtype=np.int64)
    column = np.clip(year - places.years[0], 0, len(places.years) - 1)
    for code in np.unique(nation):
        here = np.flatnonzero(places.nation == code)
        cumulative = np.cumsum(chance[here] / chance[here].sum(axis=0), axis=0)
        for place in np.unique(column[nation == code]):
            rows = np.flatnonzero((nation == code) & (column == place))
            area[rows] = here[np.minimum(np.searchsorted(cumulative[:, place], draw[rows]), len(here) - 1)]
    return area


def draw_quintiles(
    parameters: Parameters, places: Places, nation: Ints, area: Ints, is_infant: Bools, draw: Floats
) -> Ints:
    """Return the quintile of each family, by its authority and whether its youngest is an infant; ``draw`` (n,) are
    uniform."""
    quintile = np.zeros(len(area), dtype=np.int64)
    for code in np.unique(nation):
        mine = nation == code
        national = shares_of_quintiles(parameters, float(is_infant[mine].mean()))
        cases = np.bincount(area[mine], minlength=len(places.overall)) / mine.sum()
        for kind, shares in zip((True, False), national, strict=True):
            rows = np.flatnonzero(mine & (is_infant == kind))
            own = places.composition * relative_rates(places.composition, cases, shares)
            cumulative = np.cumsum(own / own.sum(axis=1, keepdims=True), axis=1)[area[rows], :-1]
            quintile[rows] = (draw[rows, None] >= cumulative).sum(axis=1)
    return quintile
