"""How long proceedings last, and which children are placed for adoption: the planted logistic model."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import Bools, Floats, Ints, completed_years, interpolate, next_working_day
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.public_law.families import Cases, Children, Mothers, youngest_and_number

SHORTEST_CASE_DAYS = 42


def draw_final_dates(parameters: Parameters, issue: Ints, random: np.random.Generator) -> Ints:
    """Return the days of the final orders: log-normal durations whose median depends on the date of issue only.

    Durations do not depend on the outcome, so that leaving out open cases does not bias the model of placement.
    """
    p = parameters.proceedings
    median = interpolate(p.median_weeks.value, issue) * 7
    days = median * np.exp(p.log_sd_of_duration.value * random.standard_normal(len(issue)))
    return next_working_day(issue + np.maximum(days, SHORTEST_CASE_DAYS).astype(np.int64))


def placement_codes(cases: Cases, mothers: Mothers, children: Children) -> dict[str, Ints]:
    """Return the code of every term of ``PLACEMENT_TERMS`` for each subject (row of ``subject_child``)."""
    case, child = cases.subject_case, cases.subject_child
    issue, mother = cases.issue[case], cases.mother[case]
    return {
        "age_at_issue": effects.infant_age(issue - children.week_of_birth[child]),
        "child_sex": children.sex[child],
        "mother_age_band": effects.age_band(completed_years(mothers.week_of_birth[mother], issue)),
        "is_subsequent_infant": np.minimum(cases.generation[case], 1),
        "father_is_party": effects.yes_code(cases.man[case] >= 0),
        "deprivation_quintile": mothers.quintile[mother],
        "jurisdiction": mothers.jurisdiction[mother],
        "issue_period": effects.period(issue),
    }


def draw_placements(
    parameters: Parameters,
    cases: Cases,
    mothers: Mothers,
    children: Children,
    area_intercepts: Floats,
    random: np.random.Generator,
) -> Bools:
    """Return whether each subject is placed for adoption if the case is completed.

    The youngest child decides: CMS records orders per case, so an order for an older sibling alone would be
    read as one for the infant. Infants of one case (twins) share the outcome; older siblings follow or do not.
    """
    p = parameters.placement
    case, child = cases.subject_case, cases.subject_child
    birth = children.week_of_birth[child]
    years = completed_years(birth, cases.issue[case])
    youngest, _ = youngest_and_number(cases, children)

    score = effects.linear_predictor(
        p.log_odds_ratios.value, placement_codes(cases, mothers, children), effects.PLACEMENT_TERMS
    )
    score += p.intercept.value + area_intercepts[cases.area[case]]
    chance = np.where(years < 1, 1 / (1 + np.exp(-score)), np.where(years < 5, p.youngest_1_to_4.value, 0.0))

    # One draw per case, compared with the chance of its youngest child (of twins: the first).
    is_youngest = birth == youngest[case]
    decider = np.full(len(cases), -1, dtype=np.int64)
    rows = np.flatnonzero(is_youngest)[::-1]
    decider[case[rows]] = rows
    case_placed = random.random(len(cases)) < chance[decider]
    infant_case = years[decider] < 1
    follows = np.where(years < 1, infant_case[case], is_youngest) | (
        (years < 6) & (random.random(len(case)) < p.older_sibling_under_6.value)
    )
    return case_placed[case] & follows
