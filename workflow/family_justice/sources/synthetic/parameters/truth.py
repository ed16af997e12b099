"""The planted truth: the log hazard, rate and odds ratios that an analysis of the population has to find again."""

from __future__ import annotations

from math import log

import numpy as np

from family_justice.sources.synthetic.parameters.deprivation import DOMAINS
from family_justice.sources.synthetic.parameters.effects import PLACEMENT_TERMS, PRIVATE_RETURN_TERMS, RETURN_TERMS
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
    returns = parameters.returns
    sets = (
        ("return_new_child", returns.new_child.log_hazard_ratios, RETURN_TERMS),
        ("return_existing_child", returns.existing_child.log_hazard_ratios, RETURN_TERMS),
        ("placement_order", parameters.placement.log_odds_ratios, PLACEMENT_TERMS),
        ("return_private_law", parameters.private_law.returns.log_hazard_ratios, PRIVATE_RETURN_TERMS),
    )
    rows = [
        (name, term, level, 0.0 if level == reference else leaf.value[term][level], leaf.source)
        for name, leaf, terms in sets
        for term, (levels, reference) in terms.items()
        for level in levels
    ]
    # Rates of health events of children in court against children who are not.
    for name, ratio in parameters.health.children.rate_ratios.items():
        law = f"{name.rpartition('_')[2]}_law"
        rows.append((name, "proceedings", "none", 0.0, ratio.source))
        rows.append((name, "proceedings", law, log(ratio.value), ratio.source))
    return rows + _places(parameters)


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
