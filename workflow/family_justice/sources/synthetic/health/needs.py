"""From shares in two years and planted ratios to rates of each resident.

Conditions (mental ill health, substance use): some people are prone, and a prone person has records at a constant
rate r. Then a share p in two years means that p / (1 - exp(-2r)) of people are prone. Injury, self-harm, emergencies:
a person's rate is Z times the rate of the group, Z with a gamma distribution of mean 1 and shape k; a share p in two
years means a rate of k ((1 - p)^(-1/k) - 1) / 2 a year. Sums of such rates obey the same rule, so parts of a whole are
subtracted as rates. Children have plain Poisson rates, so that a planted ratio is the ratio of rates and of hazards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.errors import ConfigError
from family_justice.sources.synthetic.clock import Floats, Ints, Streams
from family_justice.sources.synthetic.health.parameters import (
    ADULTS,
    CHILDREN,
    SEXES,
    Adults,
    HealthParameters,
)

YEARS = 2.0
UNDER_5 = "under 5"
BEHAVIOUR_FACTORS = {UNDER_5: 0.0, "5 to 9": 1 / 3, "10 to 13": 1.0, "14 to 17": 1.0}


def rate_of_share(share: Floats, shape: float | None = None) -> Floats:
    """Return the rate a year at which a share of people has any event in two years; ``shape`` None is no frailty."""
    if shape is None:
        return -np.log1p(-share) / YEARS
    return shape * ((1 - share) ** (-1 / shape) - 1) / YEARS


def share_of_rate(rate: Floats, shape: float | None = None) -> Floats:
    """Return the share with any event in two years; the inverse of ``rate_of_share``."""
    if shape is None:
        return -np.expm1(-YEARS * rate)
    return 1 - (1 + YEARS * rate / shape) ** -shape


def by_group_and_sex(values: dict[str, dict[str, float]]) -> Floats:
    """Return a table groups x sexes in the order of ADULTS and SEXES."""
    return np.array([[values[group][sex] for sex in SEXES] for group in ADULTS])


def by_child_group(values: dict[str, float]) -> Floats:
    """Return a column in the order of CHILDREN."""
    return np.array([values[group] for group in CHILDREN])


@dataclass(frozen=True)
class Profiles:
    """Shares of adults (groups x sexes) prone to conditions. They lie one above the other on one liability:

    severe mental illness, anxiety and depression | anxiety and depression | depression only | anxiety only | neither
    """

    severe: Floats
    both: Floats
    depression: Floats
    anxiety: Floats


def profiles(adults: Adults, per_year: float) -> Profiles:
    """Return the shares of adults prone to each condition that give the shares with records in two years.

    With q_n the chance of any record at n times the rate, D, A and S prone to depression, anxiety and severe mental
    illness, and B to both of the first two: mental health = q_1 (D + A - 2B) + q_2 (B - S) + q_3 S, solved for B.
    Raises ConfigError if no overlap can give these shares.
    """
    any_, depression, anxiety, severe = (
        by_group_and_sex(leaf.value)
        for leaf in (adults.mental_health, adults.depression, adults.anxiety, adults.severe_mental_illness)
    )
    one, two, three = (-np.expm1(-YEARS * per_year * times) for times in (1, 2, 3))
    d, a, s = depression / one, anxiety / one, severe / one
    both = (one * (d + a) + (three - two) * s - any_) / (2 * one - two)
    low, high = np.maximum(np.maximum(d + a - 1, s), 0), np.minimum(np.minimum(d, a), 1)
    wrong = (both < low - 1e-9) | (both > high + 1e-9) | (d > 1)
    if wrong.any():
        places = ", ".join(f"{ADULTS[group]}.{SEXES[sex]}" for group, sex in np.argwhere(wrong))
        raise ConfigError(
            f"health.adults: no overlap of depression and anxiety gives these shares of mental_health at {places}; "
            "change mental_health, or raise needs.mental_health_records_per_year"
        )
    return Profiles(s, both, d, a)


@dataclass(frozen=True)
class Liabilities:
    """Correlated ranks of residents: how near the top of the liability (0 is the top) and how frail."""

    mental: Floats
    substance: Floats
    frailty: Floats


def draw_liabilities(health: HealthParameters, size: int, streams: Streams, name: str = "health needs") -> Liabilities:
    """Draw ranks that share a common factor, from the stream ``name``; frailty has mean 1."""
    from scipy.special import gammaincinv, ndtr

    random, correlation = streams(name), health.needs.correlation.value
    common = np.sqrt(correlation) * random.standard_normal(size)
    own = np.sqrt(1 - correlation)
    ranks = [ndtr(common + own * random.standard_normal(size)) for _ in range(3)]
    shape = health.needs.frailty_shape.value
    # The quantile function is read off a table of its values: exact to four digits, and quick.
    grid = np.linspace(0, 1, 20_001)[1:-1]
    frailty = np.interp(ranks[2], grid, gammaincinv(shape, grid) / shape)
    return Liabilities(1 - ranks[0], 1 - ranks[1], frailty)


def adult_rates(health: HealthParameters, liabilities: Liabilities, group: Ints, sex: Ints) -> dict[str, Floats]:
    """Return the yearly rate of every kind of event of every resident as an adult, before the course of time."""
    needs, adults, services = health.needs, health.adults, health.services
    per_year = needs.mental_health_records_per_year.value
    share = profiles(adults, per_year)
    severe, both, depressed, anxious = (
        table[group, sex] for table in (share.severe, share.both, share.depression, share.anxiety)
    )
    rank = liabilities.mental
    users_per_year = needs.substance_use_records_per_year.value
    users = by_group_and_sex(adults.substance_use.value)[group, sex] / -np.expm1(-YEARS * users_per_year)

    def frail(leaf_name: str) -> Floats:
        table = by_group_and_sex(getattr(adults, leaf_name).value)
        return rate_of_share(table, needs.frailty_shape.value)

    self_harm, at_emergency, assault = frail("self_harm"), frail("self_harm_emergency"), frail("assault_emergency")
    injury, admitted, emergency = frail("injury"), frail("injury_admission"), frail("emergency")
    kinds = {
        "self_harm": self_harm - at_emergency,
        "self_harm_emergency": at_emergency,
        "assault_emergency": assault,
        "injury_admission": admitted,
        "injury_emergency": injury - assault - admitted,
        "other_emergency": emergency - injury - at_emergency,
        "domestic_abuse": frail("domestic_abuse"),
    }
    _not_negative(kinds, "adults")
    contacts = {name: services.adults_per_year.value[name] for name in ADULTS}
    return {
        "depression": np.where(rank < depressed, per_year, 0.0),
        "anxiety": np.where((rank < both) | ((rank >= depressed) & (rank < depressed + anxious - both)), per_year, 0.0),
        "severe_mental_illness": np.where(rank < severe, per_year, 0.0),
        "substance_use": np.where(liabilities.substance < users, users_per_year, 0.0),
        **{kind: table[group, sex] * liabilities.frailty for kind, table in kinds.items()},
        **_contacts(contacts, ADULTS, group),
    }


def child_rates(health: HealthParameters, group: Ints, sex: Ints, age: str) -> dict[str, Floats]:
    """Return the yearly rate of every kind of event of every resident at an age of childhood.

    ``age`` is a key of CHILD_AGES, or ``UNDER_5``: then there are only accidents and contacts.

    The rates of depression, anxiety and self-harm are those of the comparison group times the planted ratio.
    """
    children = health.children
    planted: dict[str, Floats] = {}
    for kind in ("depression", "anxiety", "self_harm"):
        rates = getattr(children, f"{kind}_per_1000_years").value
        ratios = [children.rate_ratios[f"{kind}_child_{law}"].value for law in ("public", "private")]
        base = np.array([rates[name].get(age, 0.0) for name in SEXES])[sex] / 1000
        planted[kind] = base * np.array([*ratios, 1.0])[group]
    older = age not in (UNDER_5, "5 to 9")

    def plain(leaf_name: str, counted: bool = True) -> Floats:
        rate = rate_of_share(by_child_group(getattr(children, leaf_name).value))
        return rate if counted else rate * 0

    injury, emergency, assault = plain("injury"), plain("emergency"), plain("assault_emergency")
    admitted = plain("injury_admission_at_10_to_17", older)
    kinds = {
        "injury_admission": admitted,
        "injury_emergency": injury - admitted - assault,
        "assault_emergency": assault,
        "other_emergency": emergency - injury,
        "psychiatric_admission": plain("psychiatric_admission_at_10_to_17", older),
        # What the share of general-practice mental health leaves beside depression and anxiety; a third below 10.
        "behaviour": (plain("mental_health_at_10_to_17") - _mean_planted(health)) * BEHAVIOUR_FACTORS[age],
    }
    _not_negative(kinds, "children")
    contacts = {name: health.services.children_per_year.value[name] for name in CHILDREN}
    theirs = {kind: column[group] for kind, column in kinds.items()}
    return {**planted, **theirs, **_contacts(contacts, CHILDREN, group)}


def _mean_planted(health: HealthParameters) -> Floats:
    """Return the mean rate of depression and anxiety at 10 to 17, girls and boys alike, by group of children."""
    children, total = health.children, np.zeros(len(CHILDREN))
    for kind in ("depression", "anxiety"):
        rates = getattr(children, f"{kind}_per_1000_years").value
        mean = np.mean([rates[sex][age] for sex in SEXES for age in ("10 to 13", "14 to 17")]) / 1000
        ratios = [children.rate_ratios[f"{kind}_child_{law}"].value for law in ("public", "private")]
        total += mean * np.array([*ratios, 1.0])
    return total


def _contacts(per_year: dict[str, dict[str, float]], groups: tuple[str, ...], group: Ints) -> dict[str, Floats]:
    names = {"routine": "routine", "outpatient": "outpatient", "admission": "other_admission"}
    return {kind: np.array([per_year[g][name] for g in groups])[group] for name, kind in names.items()}


def _not_negative(kinds: dict[str, Floats], where: str) -> None:
    negative = sorted(kind for kind, rates in kinds.items() if (rates < 0).any())
    if negative:
        raise ConfigError(f"health.{where}: the parts leave nothing for {', '.join(negative)}; lower a part of it")
