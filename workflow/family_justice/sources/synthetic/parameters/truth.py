"""The planted truth: the log hazard, rate and odds ratios that an analysis of the population has to find again."""

from __future__ import annotations

from math import log

import numpy as np

from family_justice.sources.synthetic.health.parameters import BEFORE
from family_justice.sources.synthetic.parameters.deprivation import DOMAINS
from family_justice.sources.synthetic.parameters.effects import (
    MOVE_TERMS,
    PARTICIPATION_TERMS,
    PLACEMENT_TERMS,
    PRIVATE_RETURN_TERMS,
    RE_ENTRY_TERMS,
    RETURN_TERMS,
)
from family_justice.sources.synthetic.parameters.model import Parameters

#: Names of the domains in the research-ready tables.
NAMED = {
    "Income": "income", "Employment": "employment", "Health": "health", "Education": "education", "Housing": "housing",
    "Barriers to Housing and Services": "housing", "Access to Services": "access",
    "Physical Environment": "environment", "Living Environment": "environment",
    "Community Safety": "safety", "Crime": "safety",
}  # fmt: skip
COLUMNS = ("parameter_set", "term", "level", "value", "source")


def truth_table(parameters: Parameters) -> list[tuple[str, str, str, float, str]]:
    """Return (parameter_set, term, level, value, source) for every level of every planted term.

    A value is the log hazard, rate or odds ratio against the reference level, which stands in the table with 0.
    """
    returns, services = parameters.returns, parameters.childrens_services
    sets = (
        ("return_new_child", returns.new_child.log_hazard_ratios, RETURN_TERMS),
        ("return_existing_child", returns.existing_child.log_hazard_ratios, RETURN_TERMS),
        ("placement_order", parameters.placement.log_odds_ratios, PLACEMENT_TERMS),
        ("return_private_law", parameters.private_law.returns.log_hazard_ratios, PRIVATE_RETURN_TERMS),
        ("participation", parameters.private_law.participation.log_odds_ratios, PARTICIPATION_TERMS),
        ("re_entry", services.care.re_entry_log_hazard_ratios, RE_ENTRY_TERMS),
        ("placement_move", services.episodes.move_log_rate_ratios, MOVE_TERMS),
    )
    rows = [
        (name, term, level, 0.0 if level == reference else leaf.value[term][level], leaf.source)
        for name, leaf, terms in sets
        for term, (levels, reference) in terms.items()
        for level in levels
    ]
    # Rates of health events of children in court against children who are not: one set for each kind of event.
    for name, ratio in parameters.health.children.rate_ratios.items():
        event, _, law = name.rpartition("_")
        if law == "public":
            rows.append((event, "proceedings", "none", 0.0, ratio.source))
        rows.append((event, "proceedings", f"{law} law", log(ratio.value), ratio.source))
    return rows + _course_of_parents(parameters) + _places(parameters)


def _course_of_parents(parameters: Parameters) -> list[tuple[str, str, str, float, str]]:
    """Return the log rate ratios of parents in care proceedings around the first issue to 13 to 24 months before it:
    those of the crisis, which all conditions share, and those after it."""
    planted = parameters.health.needs.course_of_parents
    base = planted.before.value[BEFORE[0]]
    crisis = {name: value / base for name, value in planted.before.value.items()}
    sets = [("crisis_before_proceedings", crisis, planted.before.source)]
    for condition, homes in planted.after.value.items():
        for home, sexes in homes.items():
            for sex, ratios in sexes.items():
                name = f"{condition}_after_{home.replace(' ', '_')}_{sex}"
                sets.append((name, {BEFORE[0]: 1.0, **ratios}, planted.after.source))
    return [
        (name, "period", level, log(ratio), source) for name, ratios, source in sets for level, ratio in ratios.items()
    ]


def _places(parameters: Parameters) -> list[tuple[str, str, str, float, str]]:
    """Return what was planted of authorities: log rate ratios per standard deviation of a domain, of the index, and per
    thousand pounds of spend around an authority's mean; and of small areas, of families whose youngest is an infant."""
    from family_justice.sources.synthetic.public_law.families import build_areas

    p, places, rows = parameters.deprivation, build_areas(parameters).places, []
    changes = (p.change_of_rate_per_sd_england, p.change_of_rate_per_sd_wales)
    for code, change in enumerate(changes):
        nation = ("england", "wales")[code]
        own = np.flatnonzero(~np.isnan(places.score[places.nation == code][0]))
        for number in own:
            term = f"{NAMED[DOMAINS[number]]}_score"
            rows.append(
                (f"domains_{nation}", term, "", float(places.effect[code][number]), p.effects_of_domains.source)
            )
        spend = p.spend.change_of_rate_per_thousand
        rows.append((f"index_{nation}", "overall_score", "", log(1 + change.value), change.source))
        rows.append((f"index_{nation}", "spend_within", "", log(1 + spend.value), spend.source))
    return rows
